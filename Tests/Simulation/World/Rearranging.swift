import GuestWatchCore
import VCenterModel

/// The inventory changes under the daemon: VMs are deleted, cloned, moved, registered anew.
extension World {
  mutating func rearrange(_ trouble: Trouble, _ server: Int, _ moid: String, _ guest: Int) {
    let at = modelTime
    let everywhere = servers.reduce(0) { $0 + $1.model.machineCount }
    switch trouble {
    case .delete:
      guard everywhere > 1 else { return }
      servers[server].model.switchOff(moid, at: at)
      servers[server].model.remove(moid)
      homes[guest] = nil
    case .clone:
      guard everywhere < 24 else { return }
      clone(server, moid, at)
    case .reregister, .move:
      guard var machine = servers[server].model.take(moid) else { return }
      homes[guest] = nil
      let other = trouble == .move ? random.below(servers.count) : server
      // Within one vCenter a move changes nothing that we are shown; over vCenters the id is another.
      if trouble == .reregister || other != server { machine.facts.moid = freshMoid() }
      limbo.append((guest, other, machine))
      after(random.chance(0.5) ? 0...2 : 1...600, .back(limbo: guest))
    case .newUUID:
      uuids += 1
      let uuid = "fresh-\(uuids)"
      servers[server].model.update(moid) { $0.facts.instanceUUID = uuid }
    case .twinUUID:
      guard let (_, twin) = anyMachine(), let model = servers[server].model.virtualMachine(twin), twin != moid else {
        return
      }
      let old = servers[server].model.virtualMachine(moid)?.facts.instanceUUID
      servers[server].model.update(moid) { $0.facts.instanceUUID = model.facts.instanceUUID }
      after(5...900, .uuid(guest, old))
    case .noUUID:
      let old = servers[server].model.virtualMachine(moid)?.facts.instanceUUID
      servers[server].model.update(moid) { $0.facts.instanceUUID = nil }
      if old != nil { after(5...900, .uuid(guest, old)) }
    case .relocate, .retag, .renamePlace, .denyPlace, .agentRestart, .guestClockStep, .guestClockDrift, .hiding, .fork,
      .scripts, .reboot, .suspend, .revert,
      .snapshot, .tools, .rename, .family, .hostCutOff, .login, .privilege, .disabled, .rotation, .vcenterLogin, .down,
      .sick, .sessionsEnd, .guestSessionsEnd, .date, .hostClockStep, .hostSlew, .hostSuspend, .hostReboot, .diskFull,
      .gracefulRestart, .kill, .reload, .request:
      break
    }
  }

  private mutating func freshMoid() -> String {
    moids += 1
    return "vm-9\(moids)"
  }

  /// A running copy, with an instance uuid of its own or, for a while, none that is.
  private mutating func clone(_ server: Int, _ moid: String, _ at: ModelTime) {
    let number = nextGuest
    guard var machine = servers[server].model.virtualMachine(moid),
      let copy = servers[server].model.withGuest(moid, { $0.cloned(number: number, at: at) })
    else { return }
    nextGuest += 1
    uuids += 1
    let twin = random.chance(0.3)
    let uuid = "clone-\(uuids)"
    machine.facts.moid = freshMoid()
    machine.facts.name = random.pick("web-c\(number)", "db-c\(number)")
    machine.guest = .synthetic(copy)
    if !twin { machine.facts.instanceUUID = uuid } else { after(1...300, .uuid(number, uuid)) }
    servers[server].model.add(machine)
    homes[number] = (server, machine.facts.moid)
    agenda.enter(.churn(guest: number), at: clock + random.wait(mean: mix.churn))
  }

  mutating func comeBack(limbo guest: Int) {
    guard let i = limbo.firstIndex(where: { $0.number == guest }) else { return }
    let back = limbo.remove(at: i)
    var machine = back.machine
    // A folder or host of the vCenter that it came from.
    if !servers[back.server].folders.contains(machine.facts.folder) { machine.facts.folder = Places.firstVMFolder }
    if !servers[back.server].hosts.contains(machine.facts.host) { machine.facts.host = Places.firstHost }
    servers[back.server].model.add(machine)
    homes[guest] = (back.server, back.machine.facts.moid)
  }
}
