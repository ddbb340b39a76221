import OrderedCollections

/// A VM with a runaway that only a budget keeps alive.
struct BudgetWaiter: Sendable {
  var rule: RuleID
  var due: Instant
  /// Of several runaways one that waits for the budget of all stands for the VM: it may go while a rule's is full.
  var gate: Gate
}

/// Whose turn it is where a budget has no room for all: the VM with the fewest kills in the window first, then who is due
/// the longest (design.md, section 5). So no VM with ever new runaways uses up what others wait for.
extension Watch {
  /// The budget gate for one more kill, with the confirms under way and those that come first taken into account.
  func budgetGate(_ rule: Rule, _ place: Int, due: Instant, _ now: Now) -> Gate? {
    guard let configuration else { return .stopping }
    let key = vms[place].key
    let reserved = reservations(except: key)
    let fleetRoom = fleetRoom(configuration.budget, reserved, now)
    let ownRoom = ruleRoom(rule.id, reserved, now)
    if fleetRoom <= 0 { return .fleetBudget }
    if ownRoom <= 0 { return .ruleBudget }
    guard !budgetWaiters.isEmpty else { return nil }
    let mine = budgetRank(key, due, now)
    var ahead: OrderedDictionary<RuleID, (all: Int, fleet: Int)> = [:]
    for (other, waiter) in budgetWaiters where other != key && budgetRank(other, waiter.due, now) < mine {
      ahead[waiter.rule, default: (0, 0)].all += 1
      if waiter.gate == .fleetBudget { ahead[waiter.rule, default: (0, 0)].fleet += 1 }
    }
    // Of those who wait for their rule's own budget, no more can go first than that has room for.
    let first = ahead.reduce(0) { $0 + min($1.value.fleet, ruleRoom($1.key, reserved, now)) }
    if first >= fleetRoom { return .fleetBudget }
    return ahead[rule.id, default: (0, 0)].all >= ownRoom ? .ruleBudget : nil
  }

  /// The room in the budget of all.
  private func fleetRoom(_ fleet: FleetBudget, _ reserved: [Kill], _ now: Now) -> Int {
    fleet.kills - budgets.count(within: fleet.within, now: now.continuous) - reserved.count
  }

  /// The room in a rule's own budget; without bounds where it has none.
  private func ruleRoom(_ id: RuleID, _ reserved: [Kill], _ now: Now) -> Int {
    guard let own = rule(id)?.budget else { return .max }
    let taken = budgets.count(within: own.within, now: now.continuous, of: id) + reserved.count { $0.rule == id }
    return max(own.kills - taken, 0)
  }

  /// True where the budget of all has a place for one more by hand, beside the confirms under way. An operator has no turn to
  /// wait for: while somebody waits, there is no room.
  func hasFleetRoom(_ place: Int, _ now: Now) -> Bool {
    guard let fleet = configuration?.budget else { return false }
    return fleetRoom(fleet, reservations(except: vms[place].key), now) > 0
  }

  /// The kills that are being confirmed: each will want a place. Those that cannot be confirmed now keep none: a VM, login
  /// or vCenter that is not there would hold up all others.
  private func reservations(except key: VMKey? = nil) -> [Kill] {
    confirming.compactMap { other in
      guard other != key, let place = places[other], let kill = vms[place].kill, kill.id == nil,
        vms[place].watchable, let vcenter = vcenters[vms[place].address.vcenter], vcenter.down == nil,
        !vms[place].waits.contains(where: { $0.login == kill.login })
      else { return nil }
      return kill
    }
  }

  private func budgetRank(_ key: VMKey, _ due: Instant, _ now: Now) -> (Int, Instant, Int) {
    let within = configuration?.budget.within ?? .zero
    return (budgets.count(within: within, now: now.continuous, on: key), due, places[key] ?? .max)
  }

  /// Gives what room there is to those who wait for it, where anything about it has changed.
  mutating func takeBudgetTurns(_ now: Now) {
    confirming.removeAll { key in places[key].map { vms[$0].kill == nil || vms[$0].kill?.id != nil } ?? true }
    guard !budgetWaiters.isEmpty, shutdown == nil else { return }
    let state = budgetState(now)
    guard state != lastBudgetState else { return }
    lastBudgetState = state
    // Where there is no room for anybody, nobody need be asked.
    guard hasBudgetRoom(now) else { return }
    let reserved = reservations()
    let rooms = OrderedDictionary(uniqueKeysWithValues: waitedFor().map { ($0.id, ruleRoom($0.id, reserved, now)) })
    guard rooms.values.contains(where: { $0 > 0 }) else { return }
    let ranked = budgetWaiters.filter { rooms[$0.value.rule] != 0 }.sorted {
      budgetRank($0.key, $0.value.due, now) < budgetRank($1.key, $1.value.due, now)
    }
    for (key, _) in ranked {
      // Asked anew: it may have gone, or wait for something else by now.
      budgetWaiters.removeValue(forKey: key)
      guard let place = places[key] else { continue }
      decide(place, now)
      book(place, now)
      if !hasBudgetRoom(now) { break }
    }
    lastBudgetState = budgetState(now)
  }

  /// True where the budget of all has room.
  private func hasBudgetRoom(_ now: Now) -> Bool {
    guard let fleet = configuration?.budget else { return false }
    return fleetRoom(fleet, reservations(), now) > 0
  }

  /// Everything that decides on turns, in few numbers.
  private func budgetState(_ now: Now) -> [Int] {
    guard let configuration else { return [] }
    var state = [
      configuration.budget.kills, budgets.count(within: configuration.budget.within, now: now.continuous),
      reservations().count, budgetWaiters.count,
    ]
    for rule in waitedFor() {
      guard let own = rule.budget else { continue }
      state += [own.kills, budgets.count(within: own.within, now: now.continuous, of: rule.id)]
    }
    return state
  }

  /// The rules that somebody waits for, each once.
  private func waitedFor() -> [Rule] {
    OrderedSet(budgetWaiters.values.map(\.rule)).compactMap { rule($0) }
  }

  /// When a window that somebody waits for lets go of a kill.
  func nextBudgetRoom(_ now: Now) -> Instant? {
    guard !budgetWaiters.isEmpty, let configuration else { return nil }
    var next = budgets.nextRoom(within: configuration.budget.within, now: now.continuous)
    for rule in waitedFor() {
      guard let own = rule.budget else { continue }
      let room = budgets.nextRoom(within: own.within, now: now.continuous, of: rule.id)
      next = [next, room].compactMap { $0 }.min()
    }
    return next
  }
}
