import GuestWatchCore

/// Epochs as an inventory shows them: a boot or suspend time that moved by over 60 s. What is unset is unknown.
extension Checker {
  mutating func take(_ facts: VMFacts, _ vm: VMAddress, of vcenter: String, at now: Now) {
    if let instance = facts.instanceUUID, !instance.isEmpty {
      settle(VMKey(vcenter: vcenter, instance: instance), at: vm, now)
    }
    machines[vm, default: Machine()].facts = facts
    machines[vm]?.missing = false
    machines[vm]?.isRedirected = false
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

  /// Where what is known of a VM is kept now.
  func home(_ record: KillRecord) -> VMAddress { homes[record.vm] ?? record.address }

  /// A VM is known by its uuids: what is known of it goes with it to another address.
  private mutating func settle(_ key: VMKey, at vm: VMAddress, _ now: Now) {
    if machines[vm]?.key == key {
      homes[key] = vm
      return
    }
    if let old = homes[key], machines[old]?.key == key {
      // Through another entry: the first one keeps it, as long as it leads there.
      let isFirst = old.vcenter != vm.vcenter && configuration?.vcenters.contains { $0.id == old.vcenter } == true
      if isFirst, machines[old]?.isRedirected == false, machines[old]?.missing == false { return }
      let machine = machines.removeValue(forKey: old)
      vacate(vm)
      machines[vm] = machine
      if old.moid != vm.moid {
        // It was registered anew.
        machines[vm]?.epochShown = now.continuous
        machines[vm]?.forgetEpoch()
      }
    } else {
      vacate(vm)
      machines[vm] = away.removeValue(forKey: key) ?? Machine()
    }
    machines[vm]?.key = key
    homes[key] = vm
  }

  /// Another VM has this address now.
  private mutating func vacate(_ vm: VMAddress) {
    guard let machine = machines.removeValue(forKey: vm), let key = machine.key else { return }
    away[key] = machine
    if homes[key] == vm { homes[key] = nil }
  }

  /// A complete inventory does not have these any more.
  mutating func missing(_ inventory: Inventory, of vcenter: VCenterID) {
    let there = Set(inventory.vms.map(\.moid))
    for vm in machines.keys where vm.vcenter == vcenter && !there.contains(vm.moid) { machines[vm]?.missing = true }
  }

  /// A kill that was sent before a new epoch was shown: what came of it cannot be known, unless its own answer says it.
  func guardEpoch(_ outcome: Outcome, _ kill: Kill) throws(Violation) {
    guard let shown = machines[home(kill.record)]?.epochShown, kill.asked < shown, kill.isSent else { return }
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
    let isShown = machines[home(kill.record)]?.shown.contains { shown in
      guard shown.daemon == daemon, shown.sent.continuous >= from else { return false }
      switch shown.what {
      case .listing(let listing): return OwnRules.isComplete(listing) && listing.rows.contains { $0.pid == pid }
      case .look(.running, let looked, _): return looked == pid
      case .look: return false
      }
    }
    if isShown != true {
      try raise(
        "S5", "kill \(kill.record.id) is closed as \(outcome), but no look so late shows it still there", "S5-patience")
    }
  }
}
