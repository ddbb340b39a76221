import GuestWatchCore

/// Epochs as an inventory shows them: a boot or suspend time that moved by over 60 s. What is unset is unknown.
extension Checker {
  mutating func take(_ inventory: Inventory, of vcenter: VCenterID, _ answer: Answered, at now: Now) {
    var places: [VMKey: [VMAddress]] = [:]
    var readers: [VMKey: Int] = [:]
    for facts in inventory.vms {
      let vm = VMAddress(vcenter: vcenter, moid: facts.moid)
      if let read = Checker.key(facts, of: inventory.vcenterUUID) { readers[read, default: 0] += 1 }
      // One whose uuid cannot be read is still the one that it was.
      guard let key = Checker.key(facts, of: inventory.vcenterUUID) ?? machines[vm]?.key else { continue }
      places[key, default: []].append(vm)
    }
    for facts in inventory.vms {
      let vm = VMAddress(vcenter: vcenter, moid: facts.moid)
      let key = Checker.key(facts, of: inventory.vcenterUUID)
      // A clone that still has the uuid of the first: it is not watched, and takes nothing away from the one that is known.
      // Where none of them is known, nobody can say which is the first.
      let all = key.flatMap { places[$0] } ?? []
      let known = key.flatMap { homes[$0] }.flatMap { all.contains($0) ? $0 : nil } ?? (all.count == 1 ? vm : nil)
      take(facts, vm, vm == known ? key : nil, answer, isAlone: all.count < 2, at: now)
      // Only this one says so. A daemon that has not seen the known one alone may take this for it, as one that was
      // registered anew.
      if let key, vm != known, readers[key] == 1 { keys[vm] = key }
    }
  }

  private static func key(_ facts: VMFacts, of vcenter: String) -> VMKey? {
    guard let instance = facts.instanceUUID, !instance.isEmpty else { return nil }
    return VMKey(vcenter: vcenter, instance: instance)
  }

  /// - Parameter isAlone: no other VM shows its uuid. Of several nobody need know which one is meant, so no epoch of any of
  ///   them ends; when there is one again, what it shows is held against what was known before.
  private mutating func take(
    _ facts: VMFacts, _ vm: VMAddress, _ key: VMKey?, _ answer: Answered, isAlone: Bool, at now: Now
  ) {
    if let key {
      keys[vm] = key
      settle(key, at: vm, now)
    } else if let uuid = facts.instanceUUID, !uuid.isEmpty, machines[vm]?.key?.instance != uuid {
      // Another VM than the one that was known there.
      keys[vm] = nil
      vacate(vm)
    }
    let old = machines[vm]?.facts
    if old?.name != facts.name || old?.instanceUUID != facts.instanceUUID || machines[vm]?.missing == true {
      machines[vm, default: Machine()].unsettle(now.continuous)
    }
    machines[vm, default: Machine()].facts = facts
    machines[vm]?.place(facts, answer)
    machines[vm]?.shownAt = now.continuous
    machines[vm]?.missing = false
    machines[vm]?.isRedirected = false
    if isAlone { compare(facts, vm, at: now.continuous) }
  }

  /// Holds what an inventory shows of the VM against what was known of it.
  private mutating func compare(_ facts: VMFacts, _ vm: VMAddress, at: Instant) {
    guard let instance = facts.instanceUUID else { return }
    if let moid = machines[vm]?.lostMoid {
      machines[vm]?.lostMoid = nil
      if moid != vm.moid { beginEpoch(vm, at) }
    }
    guard let before = machines[vm]?.boot, before.instance == instance else {
      machines[vm]?.boot = (instance, facts.bootTime, facts.suspendTime)
      return
    }
    func moved(_ old: Int64?, _ new: Int64?) -> Bool {
      if let old, let new { abs(new - old) > 60 } else { false }
    }
    // Unread is unknown; but a first suspend that lies after the boot that was known tells of a suspend since.
    let firstSuspend =
      if before.suspend == nil, let suspend = facts.suspendTime, let boot = before.boot { suspend > boot } else {
        false
      }
    if moved(before.boot, facts.bootTime) || moved(before.suspend, facts.suspendTime) || firstSuspend {
      beginEpoch(vm, at)
    }
    machines[vm]?.boot = (instance, facts.bootTime ?? before.boot, facts.suspendTime ?? before.suspend)
  }

  /// Where what is known of a VM is kept now.
  func home(_ record: KillRecord) -> VMAddress { homes[record.vm] ?? record.address }
  func home(_ vm: VMAddress) -> VMAddress { keys[vm].flatMap { homes[$0] } ?? vm }

  /// The daemon asks for a VM at this address. Of two entries that lead to it the daemon may take either: what is known of
  /// the VM goes with it, and what this entry has shown of it since counts.
  mutating func adopt(_ vm: VMAddress) {
    guard let key = keys[vm], let old = homes[key], old != vm, var machine = machines.removeValue(forKey: old) else {
      return
    }
    let other = machines.removeValue(forKey: vm)
    if let facts = other?.facts, let at = other?.shownAt, at >= machine.shownAt {
      machine.facts = facts
      machine.shownAt = at
      machine.missing = other?.missing ?? false
    }
    machine.placed = other?.placed ?? [:]
    machine.isRedirected = other?.isRedirected ?? machine.isRedirected
    machine.key = key
    machine.unsettle(machine.shownAt)
    machines[vm] = machine
    homes[key] = vm
    guard let facts = machine.facts else { return }
    if old.moid != vm.moid { beginEpoch(vm, machine.shownAt) }
    compare(facts, vm, at: machine.shownAt)
  }

  mutating func beginEpoch(_ vm: VMAddress, _ at: Instant) {
    guard let machine = machines[vm] else { return }
    machines[vm]?.before.append(
      Machine.Before(at: at, epoch: machine.epoch, epochShown: machine.epochShown, sightings: machine.sightings))
    machines[vm]?.epochShown = at
    machines[vm]?.forgetEpoch()
  }

  /// A life begins: it cannot know of an epoch where the memory of it did not get to the disk. What it compares the next
  /// inventory with is what it was told.
  mutating func forgetLostEpochs(_ restored: Restored) {
    for vm in machines.keys {
      guard let key = machines[vm]?.key, machines[vm]?.before.isEmpty == false else { continue }
      let memory = restored.memories.first { $0.vm == key }
      let kept = memory?.epochBegan.map(onTrueClock)
      var isLost = false
      while let last = machines[vm]?.before.popLast() {
        if let kept, kept + .seconds(1) >= last.at { break }
        isLost = true
        machines[vm]?.epoch = last.epoch
        machines[vm]?.epochShown = last.epochShown
        machines[vm]?.sightings.merge(last.sightings) { new, old in old.merging(new) { first, _ in first } }
      }
      machines[vm]?.before = []
      if isLost {
        machines[vm]?.boot = memory.map { (key.instance, $0.bootTime, $0.suspendTime) }
        machines[vm]?.lostMoid = memory?.moid
      }
    }
  }

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
      let busy = vacate(vm, for: key)
      machines[vm] = machine
      if let busy { machines[vm]?.inFlight = busy }
      if old.vcenter != vm.vcenter { machines[vm]?.placed = [:] }
      machines[vm]?.unsettle(now.continuous)
      if old.moid != vm.moid {
        // It was registered anew.
        beginEpoch(vm, now.continuous)
      }
    } else {
      let busy = vacate(vm, for: key)
      machines[vm] = away.removeValue(forKey: key) ?? Machine()
      if let busy { machines[vm]?.inFlight = busy }
      // It was registered anew while it was away.
      if let before = machines[vm]?.facts?.moid, before != vm.moid { beginEpoch(vm, now.continuous) }
      machines[vm]?.unsettle(now.continuous)
    }
    machines[vm]?.key = key
    homes[key] = vm
  }

  /// Another VM has this address now, or the same one another uuid.
  ///
  /// - Returns: what is in flight there, where that is the same vCenter's: in the guest behind the address it is still the
  ///   only operation that may be (S6), whatever the VM is called.
  @discardableResult private mutating func vacate(_ vm: VMAddress, for other: VMKey? = nil) -> OpID? {
    guard let machine = machines.removeValue(forKey: vm), let key = machine.key else { return nil }
    away[key] = machine
    away[key]?.placed = [:]
    if homes[key] == vm { homes[key] = nil }
    guard let other, other.vcenter == key.vcenter else { return nil }
    away[key]?.inFlight = nil
    return machine.inFlight
  }

  /// A complete inventory does not have these any more.
  mutating func missing(_ inventory: Inventory, of vcenter: VCenterID) {
    let there = Set(inventory.vms.map(\.moid))
    for vm in machines.keys where vm.vcenter == vcenter && !there.contains(vm.moid) {
      machines[vm]?.missing = true
      machines[vm]?.placed = [:]
    }
  }

  /// A kill that was sent before a new epoch was shown: what came of it cannot be known, unless its own answer says it.
  func guardEpoch(_ outcome: Outcome, _ kill: Kill) throws(Violation) {
    guard let shown = machines[home(kill.record)]?.epochShown, kill.asked < shown, kill.isSent else { return }
    // Found and said before that, it only waited for the disk.
    if let said = kill.said, kill.saidIn == daemon, said < shown { return }
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
