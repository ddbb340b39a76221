import GuestWatchCore
import VCenterModel

/// What a seed is about, where it is about one thing. Some faults of the decision show only where two rare things meet; in
/// one seed of four one of them is common.
public enum Focus: Hashable, Sendable, CaseIterable {
  /// Nobody knows the families of the guests, and names come in any case.
  case strangers
  /// Tools execute scripts for a long time.
  case scripts
  /// While an intent is on its way to a slow disk, something happens that speaks against it.
  case interference
  /// Most processes do not end when they are asked to, and the daemon does not live long.
  case stubbornness
  /// Every rule has quiet times, and the clock of the host steps.
  case nights
  /// Rules are changed all the time, in ways that change nothing of what they want.
  case rewriting
  /// Guests go back to snapshots.
  case snapshots
  /// VMs are moved about and tagged, and places are renamed or may not be read.
  case placing
  /// Somebody starts thousands of processes at once.
  case swarms

  /// Drawn from a generator of its own: the other seeds are what they would be without any focus.
  static func drawn(_ random: inout Seeded) -> Focus? {
    if random.chance(0.25) { return random.pick(allCases.filter { $0 != .swarms }) }
    // It takes long, and one seed in a hundred is enough for what it shows.
    return random.chance(0.01) ? .swarms : nil
  }
}

extension Mix {
  mutating func adjust(to focus: Focus?, _ random: inout Seeded) {
    guard let focus, !isQuiet else { return }
    self.focus = focus
    func often(_ trouble: Trouble, _ seconds: ClosedRange<Int64>) {
      troubles[trouble.rawValue] = random.between(seconds) * Span.second
    }
    switch focus {
    case .strangers: break
    case .scripts: often(.scripts, 60...400)
    case .interference: slowDisk = true
    case .stubbornness: often(.kill, 200...900)
    case .nights: often(.hostClockStep, 150...900)
    case .rewriting: often(.reload, 60...300)
    case .snapshots:
      often(.snapshot, 100...400)
      often(.revert, 300...900)
    case .placing:
      often(.relocate, 100...600)
      often(.retag, 100...600)
      often(.renamePlace, 300...1_500)
      often(.denyPlace, 300...1_500)
      often(.reload, 150...900)
    case .swarms: often(.fork, 1_200...2_400)
    }
  }
}

extension World {
  /// After a snapshot some of those that it keeps end, a survey shows that they are gone, and then all of them come back
  /// at once without a new boot time. Between them lives who was there all the time, and is not the one that he was.
  mutating func unfold(snapshotOf guest: Int) {
    guard faults.focus == .snapshots, let (s, moid) = homes[guest] else { return }
    let all = servers[s].model.look(at: moid) { guest in guest.pids.filter { $0 >= 300 } }
    var pids = all ?? []
    let survey = max(every.nanoseconds, 10 * Span.second)
    for _ in 0..<(3 + random.below(4)) where !pids.isEmpty {
      let pid = pids.remove(at: random.below(pids.count))
      agenda.enter(.meddle(guest: guest, pid: pid, .exit), at: clock + random.between(0...survey / 2))
    }
    agenda.enter(
      .meddle(guest: guest, pid: 300, .revert), at: clock + survey + survey / 2 + random.between(0...survey * 2))
  }
}

/// What happens right when an intent is written down.
enum Interference {
  /// The operator closes a gate, for a while.
  case pause, dryRun
  /// The VM is suspended and goes on at once, which ends its epoch as soon as an inventory shows it.
  case nap
  /// The operator enters the vCenter anew: nobody knows whether it is the same one.
  case redirect
}

extension World {
  mutating func interfere(with record: KillRecord) {
    guard faults.focus == .interference, random.chance(0.6) else { return }
    let most: Int64 = random.pick(50, 1_000, 3_000)
    agenda.enter(
      .interfere(random.pick(.pause, .dryRun, .nap, .redirect, .redirect), record.address),
      at: clock + random.between(0...most) * Span.millisecond)
  }

  mutating func happen(_ interference: Interference, to vm: VMAddress) throws(Violation) {
    guard hasFaults, isRunning else { return }
    note("* \(interference) right after an intent")
    switch interference {
    case .pause:
      try tell(.asked(.pause(Pause(until: now.continuous + .seconds(random.between(5...60))))))
    case .dryRun:
      if configuration.dryRun { return }
      configuration.dryRun = true
      after(5...60, .dryRun)
      try tell(.configured(configuration))
    case .redirect:
      guard let i = configuration.vcenters.firstIndex(where: { $0.id == vm.vcenter }),
        let entrance = entrances[configuration.vcenters[i].digest]
      else { return }
      secretsEntered += 1
      configuration.vcenters[i] = entry(vm.vcenter, entrance, maxInFlight: configuration.vcenters[i].maxInFlight)
      try tell(.configured(configuration))
    case .nap:
      guard let entry = configuration.vcenters.first(where: { $0.id == vm.vcenter }),
        let server = entrances[entry.digest]?.server
      else { return }
      let at = modelTime
      servers[server].model.suspend(vm.moid, at: at)
      agenda.enter(.mend(.resume(guestNumber(server, vm.moid))), at: clock + 200 * Span.millisecond)
      // A reload asks for an inventory at once.
      agenda.enter(.reloadUnchanged, at: clock + 300 * Span.millisecond)
      try takeTruths()
    }
  }
}
