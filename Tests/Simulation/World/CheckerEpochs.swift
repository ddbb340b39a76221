import GuestWatchCore

/// Epochs as an inventory shows them: a boot or suspend time that moved by over 60 s. What is unset is unknown.
extension Checker {
  mutating func take(_ facts: VMFacts, _ vm: VMAddress, at now: Now) {
    machines[vm, default: Machine()].facts = facts
    machines[vm]?.missing = false
    guard let instance = facts.instanceUUID else { return }
    guard let before = machines[vm]?.boot, before.instance == instance else {
      machines[vm]?.boot = (instance, facts.bootTime, facts.suspendTime)
      return
    }
    func moved(_ old: Int64?, _ new: Int64?) -> Bool {
      if let old, let new { abs(new - old) > 60 } else { false }
    }
    if moved(before.boot, facts.bootTime) || moved(before.suspend, facts.suspendTime) {
      machines[vm]?.epochShown = now.continuous
      machines[vm]?.sightings = [:]
      machines[vm]?.listed = [:]
      machines[vm]?.absent = []
    }
    machines[vm]?.boot = (instance, facts.bootTime ?? before.boot, facts.suspendTime ?? before.suspend)
  }

  /// A complete inventory does not have these any more.
  mutating func missing(_ inventory: Inventory, of vcenter: VCenterID) {
    let there = Set(inventory.vms.map(\.moid))
    for vm in machines.keys where vm.vcenter == vcenter && !there.contains(vm.moid) { machines[vm]?.missing = true }
  }

  /// A kill that was sent before a new epoch was shown: what came of it cannot be known, unless its own answer says it.
  func guardEpoch(_ outcome: Outcome, _ kill: Kill) throws(Violation) {
    guard let shown = machines[kill.record.address]?.epochShown, kill.asked < shown, kill.isSent else { return }
    switch outcome {
    case .unknown, .denied, .failed, .abandoned, .alreadyGone: break
    case .exited, .gone, .survived, .stuck:
      try raise(
        "S5", "kill \(kill.record.id) is closed as \(outcome), but its VM began a new epoch since", "S5-epoch")
    }
  }

  /// It can only be said to have survived by a look that was sent 25 s after the answer, or, where the daemon died before
  /// it had one, 90 s after the intent.
  func guardPatience(_ outcome: Outcome, _ kill: Kill, at now: Now) throws(Violation) {
    guard outcome == .survived || outcome == .stuck else { return }
    let from = kill.daemon == daemon ? (kill.answered ?? kill.asked) + .seconds(25) : kill.asked + .seconds(90)
    let pid = kill.record.process.pid
    let isShown = machines[kill.record.address]?.shown.contains { shown in
      guard shown.daemon == daemon, shown.sent.continuous >= from else { return false }
      switch shown.what {
      case .listing(let listing): return OwnRules.isComplete(listing) && listing.rows.contains { $0.pid == pid }
      case .look(.running, let looked, _): return looked == pid
      case .look: return false
      }
    }
    if isShown != true {
      throw Violation("S5", "kill \(kill.record.id) is closed as \(outcome), but no look so late shows it still there")
    }
  }
}
