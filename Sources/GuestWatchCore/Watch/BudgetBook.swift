import DequeModule
import OrderedCollections

/// Every intent that counts, and the pauses after terminates. Ages by the continuous clock only (S3).
struct BudgetBook: Sendable {
  private struct Row: Sendable {
    var id: KillID
    var at: Instant
    var rule: RuleID
    var vm: VMKey
  }
  private struct Place: Hashable, Sendable {
    var rule: RuleID
    var vm: VMKey
  }

  /// By time, oldest first.
  private var rows: Deque<Row> = []
  private var lastSent: OrderedDictionary<Place, Instant> = [:]
  /// The longest duration that a configuration can name, 3650 d: older rows matter to no window.
  private static let longest = Duration.seconds(3650 * 86_400)

  /// An intent was decided (or restored).
  mutating func spend(_ id: KillID, rule: RuleID, vm: VMKey, at: Instant) {
    // Rows that the ledger restored come by their ids; they are kept by time.
    let place = rows.lastIndex { $0.at <= at }.map { $0 + 1 } ?? 0
    rows.insert(Row(id: id, at: at, rule: rule, vm: vm), at: place)
    while let first = rows.first, at - first.at > BudgetBook.longest { rows.removeFirst() }
  }

  /// The intent is given back: nothing was killed by it.
  mutating func giveBack(_ id: KillID) {
    // It is one of the newest, so look from the end.
    if let place = rows.lastIndex(where: { $0.id == id }) { rows.remove(at: place) }
  }

  /// A terminate of this rule was sent to this VM.
  mutating func sent(rule: RuleID, vm: VMKey, at: Instant) {
    let place = Place(rule: rule, vm: vm)
    if let earlier = lastSent[place], earlier >= at { return }
    lastSent[place] = at
  }

  /// The gate that is closed for one more intent, other than `own`; nil: there is room everywhere.
  func gate(rule: Rule, vm: VMKey, fleet: FleetBudget, own: KillID?, now: Instant) -> Gate? {
    if let budget = rule.budget, !mutated(.forgetTheRuleBudget),
      count(within: budget.within, now: now, where: { $0.rule == rule.id && $0.id != own }) >= budget.kills
    {
      return .ruleBudget
    }
    if !mutated(.forgetTheVMBudget),
      count(within: fleet.within, now: now, where: { $0.vm == vm && $0.id != own }) >= fleet.perVM
    {
      return .vmBudget
    }
    if !mutated(.forgetTheFleetBudget), count(within: fleet.within, now: now, where: { $0.id != own }) >= fleet.kills {
      return .fleetBudget
    }
    return nil
  }

  /// True where the rule pauses on this VM.
  func cools(rule: Rule, vm: VMKey, now: Instant) -> Bool {
    guard let cooldown = rule.cooldown, let sent = lastSent[Place(rule: rule.id, vm: vm)],
      !mutated(.forgetACooldown)
    else { return false }
    return now - sent < cooldown
  }

  /// Intents in the window that ends now, the instant of its start included.
  func count(within: Duration, now: Instant) -> Int { count(within: within, now: now, where: { _ in true }) }

  private func count(within: Duration, now: Instant, where counts: (Row) -> Bool) -> Int {
    var total = 0
    for row in rows.reversed() {
      if now - row.at > within { break }
      if counts(row) { total += 1 }
    }
    return total
  }
}
