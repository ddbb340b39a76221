import GuestWatchCore
import VCenterModel

/// What guests do by themselves.
extension World {
  private func isWindows(_ guest: Int) -> Bool {
    guard let (s, moid) = homes[guest] else { return false }
    return servers[s].model.look(at: moid) { $0.settings.base.first?.pid == 4 } ?? false
  }

  mutating func spawnAnything(_ guest: Int) {
    guard let (s, moid) = homes[guest], servers[s].model.processCount(moid) < crowd else { return }
    let spawn = Setup.spawn(mix, windows: isWindows(guest), &random)
    let at = modelTime
    servers[s].model.withGuest(moid) { _ = $0.spawn(spawn, at: at) }
  }

  /// Some process that is not of the system.
  private mutating func anyone(_ guest: Int) -> GuestProcess? {
    guard let (s, moid) = homes[guest] else { return nil }
    let all = servers[s].model.look(at: moid) { guest in guest.pids.filter { $0 >= 300 } }
    guard let pid = random.pick(all ?? []) else { return nil }
    return servers[s].model.look(at: moid) { $0.process(pid: pid) } ?? nil
  }

  mutating func churn(_ guest: Int) throws(Violation) {
    guard hasFaults else { return }
    guard let (s, moid) = homes[guest] else {
      // In no vCenter for a while, or for ever.
      if limbo.contains(where: { $0.number == guest }) {
        agenda.enter(.churn(guest: guest), at: clock + random.wait(mean: mix.churn))
      }
      return
    }
    let at = modelTime
    let someone = anyone(guest)
    switch random.below(20) {
    case 0..<11: spawnAnything(guest)
    case 11..<14:
      if let someone { servers[s].model.withGuest(moid) { _ = $0.exit(pid: someone.pid, at: at) } }
    case 14, 15:
      if let someone { try meddle(guest, someone.pid, .retitle) }
    case 16, 17:
      if let someone { try meddle(guest, someone.pid, random.chance(0.1) ? .setuid : .swap) }
    case 18:
      let spawn = Setup.spawn(mix, windows: isWindows(guest), &random)
      servers[s].model.withGuest(moid) { _ = $0.spawnProgram(spawn, at: at) }
    default:
      if let someone { servers[s].model.withGuest(moid) { $0.reap(pid: someone.pid, at: at) } }
    }
    try takeTruths()
    agenda.enter(.churn(guest: guest), at: clock + random.wait(mean: mix.churn))
  }

  /// A process starts copies of itself, as a shell that has gone wrong does.
  mutating func fork(_ guest: Int) {
    if faults.focus == .swarms { return swarm(guest) }
    guard let (s, moid) = homes[guest], let parent = anyone(guest), !parent.isZombie else { return }
    let at = modelTime
    let child = Spawn(
      name: parent.name, owner: parent.owner, command: parent.command, temper: parent.temper,
      zombieFor: parent.zombieFor)
    for _ in 0..<(1 + random.below(6)) where servers[s].model.processCount(moid) < crowd {
      servers[s].model.withGuest(moid) { _ = $0.spawn(child, at: at) }
    }
  }

  /// A process that is about to be killed may do something at the worst moment.
  mutating func incite(_ vm: VMAddress, _ pid: Int64) {
    guard random.chance(faults.hostility), let entry = configuration.vcenters.first(where: { $0.id == vm.vcenter }),
      let server = entrances[entry.digest]?.server
    else { return }
    let meddling: Meddling = random.pick(
      .exit, .swap, .swap, .swap, .retitle, .retitle, .setuid, random.pick(.restartAgent, .revert, .suspend))
    agenda.enter(
      .meddle(guest: guestNumber(server, vm.moid), pid: pid, meddling),
      at: clock + random.between(0...random.pick(300, 3_000, 8_000)) * Span.millisecond)
  }

  mutating func meddle(_ guest: Int, _ pid: Int64, _ meddling: Meddling) throws(Violation) {
    guard hasFaults, pid >= 300, let (s, moid) = homes[guest] else { return }
    try takeTruths()
    let at = modelTime
    let newcomer = Setup.spawn(mix, windows: isWindows(guest), &random)
    switch meddling {
    case .exit: servers[s].model.withGuest(moid) { _ = $0.exit(pid: pid, at: at) }
    case .swap:
      if mix.quickReuse { servers[s].model.withGuest(moid) { _ = $0.swap(pid: pid, for: newcomer, at: at) } }
    case .retitle:
      servers[s].model.withGuest(moid) { $0.retitle(pid: pid, name: newcomer.name, command: newcomer.command, at: at) }
    case .setuid:
      servers[s].model.withGuest(moid) { $0.setOwner(pid: pid, to: newcomer.owner, at: at) }
    case .restartAgent:
      if mix.troubles[Trouble.agentRestart.rawValue] > 0 {
        servers[s].model.withGuest(moid) { $0.restartAgent(at: at) }
      }
    case .revert:
      if mix.troubles[Trouble.revert.rawValue] > 0 {
        servers[s].model.revert(moid, movesBootTime: mix.focus != .snapshots, at: at)
      }
    case .suspend:
      guard mix.troubles[Trouble.suspend.rawValue] > 0 else { break }
      servers[s].model.suspend(moid, at: at)
      after(1...60, .resume(guest))
    }
    try takeTruths()
  }
}
