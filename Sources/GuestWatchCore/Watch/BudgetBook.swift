import DequeModule
import OrderedCollections

/// Every intent that counts, and the pauses after terminates. Ages by the continuous clock only (S3).
struct BudgetBook: Sendable {
  private struct Row: Sendable {
    var id: KillID
    var at: Instant
    /// nil: an operator asked.
    var rule: RuleID?
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
  /// The most intents that are kept. A window that reaches back beyond them is taken for full.
  static let cap = Restored.mostRows
  /// More than any budget allows, with room for sums.
  private static let full = Int.max / 2

  /// An intent was decided (or restored).
  mutating func spend(_ id: KillID, rule: RuleID?, vm: VMKey, at: Instant) {
    // Rows that the ledger restored come by their ids; they are kept by time.
    let place = rows.lastIndex { $0.at <= at }.map { $0 + 1 } ?? 0
    rows.insert(Row(id: id, at: at, rule: rule, vm: vm), at: place)
    while let first = rows.first, at - first.at > BudgetBook.longest { rows.removeFirst() }
    while rows.count > BudgetBook.cap { rows.removeFirst() }
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

  /// True where the rule's own budget has no room for one more intent, other than `own`.
  func isFull(_ rule: Rule, own: KillID?, now: Instant) -> Bool {
    guard let budget = rule.budget, !mutated(.forgetTheRuleBudget) else { return false }
    return count(within: budget.within, now: now, of: rule.id, besides: own) >= budget.kills
  }

  /// True where the VM's share has no room for one more intent, other than `own`.
  func isFull(vm: VMKey, _ fleet: FleetBudget, own: KillID?, now: Instant) -> Bool {
    let here = mutated(.forgetTheVMBudget) ? 0 : count(within: fleet.within, now: now, on: vm, besides: own)
    return here >= fleet.perVM
  }

  /// True where the budget of all has no room for one more intent, other than `own`.
  func isFull(_ fleet: FleetBudget, own: KillID?, now: Instant) -> Bool {
    let everywhere = mutated(.forgetTheFleetBudget) ? 0 : count(within: fleet.within, now: now, besides: own)
    return everywhere >= fleet.kills
  }

  /// True where the rule pauses on this VM.
  func cools(rule: Rule, vm: VMKey, now: Instant) -> Bool {
    guard let cooldown = rule.cooldown, let sent = lastSent[Place(rule: rule.id, vm: vm)],
      !mutated(.forgetACooldown)
    else { return false }
    return now - sent < cooldown
  }

  /// Intents in the window that ends now, the instant of its start included.
  ///
  /// - Parameters:
  ///   - of: only those of this rule.
  ///   - on: only those on this VM.
  ///   - besides: the row that is asked for, which does not count against itself.
  func count(
    within: Duration, now: Instant, of rule: RuleID? = nil, on vm: VMKey? = nil, besides own: KillID? = nil
  ) -> Int {
    if rows.count >= BudgetBook.cap, let first = rows.first, now - first.at <= within { return BudgetBook.full }
    var total = 0
    for i in rows.indices.reversed() {
      if now - rows[i].at > within { break }
      if rows[i].id != own, rule.map({ rows[i].rule == $0 }) ?? true, vm.map({ rows[i].vm == $0 }) ?? true {
        total += 1
      }
    }
    return total
  }

  /// When the oldest intent in the window leaves it; nil: there is none.
  func nextRoom(within: Duration, now: Instant, of rule: RuleID? = nil) -> Instant? {
    var oldest: Instant?
    for i in rows.indices.reversed() {
      if now - rows[i].at > within { break }
      if rule.map({ rows[i].rule == $0 }) ?? true { oldest = rows[i].at }
    }
    return oldest.map { $0 + within + .nanoseconds(1) }
  }
}
