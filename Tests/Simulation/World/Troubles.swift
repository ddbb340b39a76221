import GuestWatchCore
import VCenterModel

/// Troubles come at random and, most of them, go again.
extension World {
  mutating func enter(_ trouble: Trouble) {
    let mean = faults.troubles[trouble.rawValue]
    if mean > 0 { agenda.enter(.trouble(trouble), at: clock + random.wait(mean: mean)) }
  }

  mutating func after(_ seconds: ClosedRange<Int64>, _ mending: Mending) {
    agenda.enter(.mend(mending), at: clock + random.between(seconds) * Span.second)
  }

  mutating func makeTrouble(_ trouble: Trouble) throws(Violation) {
    guard hasFaults else { return }
    try takeTruths()
    tally.count("\(trouble)")
    switch trouble {
    case .agentRestart, .guestClockStep, .guestClockDrift, .hiding, .fork, .scripts, .reboot, .suspend, .revert,
      .snapshot, .tools, .rename, .family, .hostCutOff, .login, .privilege, .disabled:
      if let (server, moid) = anyMachine() {
        note("* \(trouble) vc\(server + 1) \(moid)")
        break_(trouble, server, moid, guestNumber(server, moid))
      }
    case .delete, .clone, .reregister, .newUUID, .twinUUID, .noUUID, .move:
      if let (server, moid) = anyMachine() {
        note("* \(trouble) vc\(server + 1) \(moid)")
        rearrange(trouble, server, moid, guestNumber(server, moid))
      }
    case .relocate, .retag, .renamePlace, .denyPlace:
      if let (server, moid) = anyMachine() {
        note("* \(trouble) vc\(server + 1) \(moid)")
        displace(trouble, server, moid)
      }
    case .rotation, .vcenterLogin, .down, .sick, .sessionsEnd, .guestSessionsEnd, .date:
      note("* \(trouble)")
      upset(trouble, random.below(servers.count))
    case .hostClockStep, .hostSlew, .hostSuspend, .hostReboot, .diskFull, .gracefulRestart, .kill, .reload, .request:
      note("* \(trouble)")
      try shake(trouble)
    }
    try takeTruths()
    enter(trouble)
  }

  /// In a guest, or of one VM.
  private mutating func break_(_ trouble: Trouble, _ server: Int, _ moid: String, _ guest: Int) {
    let at = modelTime
    switch trouble {
    case .agentRestart: servers[server].model.withGuest(moid) { $0.restartAgent(at: at) }
    case .guestClockStep:
      let step = random.between(-1_000...1_000) * random.pick(Span.millisecond, Span.second, 10 * Span.second)
      servers[server].model.withGuest(moid) { $0.stepClock(by: step) }
      // Only a new life of the agent shows it; and whoever set the guest's clock may have set ours.
      if random.chance(0.5) { servers[server].model.withGuest(moid) { $0.restartAgent(at: at) } }
      if random.chance(0.2), faults.troubles[Trouble.hostClockStep.rawValue] > 0 { hostShift += step }
    case .guestClockDrift:
      let drift = random.between(-5_000...5_000)
      servers[server].model.withGuest(moid) { $0.setDrift(drift, at: at) }
    case .hiding:
      servers[server].model.withGuest(moid) { $0.hideOthers(true, at: at) }
      after(30...900, .hiding(guest))
    case .fork: fork(guest)
    case .scripts:
      servers[server].model.update(moid) { $0.facts.tools = .executingScripts }
      after(mix.focus == .scripts ? 200...1_200 : 5...200, .scripts(guest))
    case .reboot:
      servers[server].model.switchOff(moid, at: at)
      after(1...60, .switchOn(guest))
    case .suspend:
      servers[server].model.suspend(moid, at: at)
      after(1...900, .resume(guest))
    case .snapshot:
      servers[server].model.takeSnapshot(moid, at: at)
      unfold(snapshotOf: guest)
    case .revert:
      // Without a snapshot yet one is taken: the next time is a revert.
      let moves = random.chance(mix.focus == .snapshots ? 0.2 : 0.7)
      if !servers[server].model.revert(moid, movesBootTime: moves, at: at) {
        servers[server].model.takeSnapshot(moid, at: at)
      }
    case .tools:
      let broken = random.below(3)
      servers[server].model.update(moid) { machine in
        switch broken {
        case 0: machine.facts.tools = .notRunning
        case 1: machine.facts.ready = false
        default: machine.busy = true
        }
      }
      after(5...300, .tools(guest))
    case .rename:
      let old = servers[server].model.virtualMachine(moid)?.facts.name ?? ""
      servers[server].model.update(moid) { $0.facts.name = "gone-\(guest)" }
      if !old.hasPrefix("gone") { after(30...600, .name(guest, old)) }
    case .family:
      servers[server].model.update(moid) { $0.facts.family = nil }
      after(30...600, .family(guest))
    case .hostCutOff:
      servers[server].model.update(moid) { $0.facts.connection = .disconnected }
      after(5...600, .connection(guest))
    case .login:
      let user = random.chance(0.5) ? "guestwatch" : "alice"
      toldRefusals[World.accountKey(user, guest)] = nil
      servers[server].model.update(moid) { machine in
        for i in machine.accounts.indices where machine.accounts[i].user == user {
          machine.accounts[i] = GuestAccount(
            user: user, password: "canary-other", superuser: machine.accounts[i].superuser)
        }
      }
      after(30...600, .login(guest))
    case .privilege:
      servers[server].model.setAccount(
        VCenterAccount(
          user: "svc", password: vcenterPasswords[server],
          privileges: random.chance(0.5) ? [.view, .read, .guestQuery] : [.view, .read]))
      after(60...900, .privilege(server: server))
    case .disabled:
      let what: Set<VirtualMachine.Switch> = random.chance(0.5) ? [.terminate] : [.list, .terminate]
      servers[server].model.update(moid) { $0.disabled = what }
      after(60...900, .enabled(guest))
    case .delete, .clone, .reregister, .newUUID, .twinUUID, .noUUID, .move, .relocate, .retag, .renamePlace, .denyPlace,
      .rotation, .vcenterLogin, .down, .sick,
      .sessionsEnd, .guestSessionsEnd, .date, .hostClockStep, .hostSlew, .hostSuspend, .hostReboot, .diskFull,
      .gracefulRestart, .kill, .reload, .request:
      break
    }
  }

  /// Of a whole vCenter, or of accounts.
  private mutating func upset(_ trouble: Trouble, _ server: Int) {
    switch trouble {
    case .rotation: rotate()
    case .vcenterLogin:
      secretsRotated += 1
      vcenterPasswords[server] = "canary-vcenter-\(secretsRotated + 1)"
      servers[server].model.setAccount(VCenterAccount(user: "svc", password: vcenterPasswords[server]))
      if random.chance(0.5) { servers[server].model.expireSessions() }
      after(0...900, .secrets)
    case .down:
      servers[server].isDown = true
      after(5...1_200, .up(server: server))
    case .sick:
      servers[server].sick = random.pick(
        Fault(.transient, code: "503"), Fault(.badAnswer, code: "html"), Fault(.loginRefused, code: "InvalidLogin"),
        Fault(.overCap, code: "UNABLE_TO_ALLOCATE_RESOURCE"), Fault(.unknown, code: "ERROR"))
      after(5...900, .well(server: server))
    case .sessionsEnd: servers[server].model.expireSessions()
    case .guestSessionsEnd: servers[server].model.killSessionsForGuestCalls()
    case .date:
      servers[server].dateShift = random.between(-200...200) * Span.second
      after(10...900, .date(server: server))
    case .agentRestart, .guestClockStep, .guestClockDrift, .hiding, .fork, .scripts, .reboot, .suspend, .revert,
      .snapshot, .tools, .rename, .family, .hostCutOff, .login, .privilege, .disabled, .delete, .clone, .reregister,
      .newUUID, .twinUUID, .noUUID, .move, .relocate, .retag, .renamePlace, .denyPlace, .hostClockStep, .hostSlew,
      .hostSuspend, .hostReboot, .diskFull,
      .gracefulRestart, .kill, .reload, .request:
      break
    }
  }

  /// A password changes everywhere at once; the operator enters it a little before or a good while after.
  private mutating func rotate() {
    let user = random.pick("guestwatch", "alice", #"lab\watch"#, "watch@lab.example")
    secretsRotated += 1
    let password = "canary-\(user)-\(secretsRotated + 1)"
    passwords[user] = password
    let comesFirst = random.chance(0.2)
    toldRefusals = [:]
    for s in servers.indices {
      for account in servers[s].model.directoryAccounts where account.user.lowercased() == user {
        servers[s].model.setDirectoryAccount(GuestAccount(user: account.user, password: password, lockoutAfter: 5))
      }
      for moid in servers[s].model.moids {
        servers[s].model.update(moid) { machine in
          for i in machine.accounts.indices where machine.accounts[i].user == user {
            machine.accounts[i] = GuestAccount(
              user: user, password: password, superuser: machine.accounts[i].superuser)
          }
        }
      }
    }
    agenda.enter(.mend(.secrets), at: clock + (comesFirst ? 0 : random.between(0...900)) * Span.second)
  }

  /// The daemon's host, its process and its operator.
  private mutating func shake(_ trouble: Trouble) throws(Violation) {
    switch trouble {
    case .hostClockStep: hostShift += random.between(-1_000...1_000) * random.pick(Span.millisecond, Span.second)
    case .hostSlew:
      setSlew(random.between(-500...500))
      after(100...3_000, .slew)
    case .hostSuspend:
      asleepUntil = max(asleepUntil, clock + random.between(1...1_800) * Span.second)
      agenda.enter(.hostWakes, at: asleepUntil)
    case .hostReboot:
      guard isRunning else { return }
      mustBoot = true
      try crash(restartsIn: 20_000...900_000)
    case .diskFull:
      isDiskFull = true
      after(1...600, .disk)
    case .gracefulRestart: try askToStop()
    case .kill: try crash()
    case .reload: try reload()
    case .request: try ask()
    case .agentRestart, .guestClockStep, .guestClockDrift, .hiding, .fork, .scripts, .reboot, .suspend, .revert,
      .snapshot, .tools, .rename, .family, .hostCutOff, .login, .privilege, .disabled, .delete, .clone, .reregister,
      .newUUID, .twinUUID, .noUUID, .move, .relocate, .retag, .renamePlace, .denyPlace, .rotation, .vcenterLogin, .down,
      .sick, .sessionsEnd, .guestSessionsEnd,
      .date:
      break
    }
  }

  /// The operator pauses something, opens it again, or lets a login be tried.
  private mutating func ask() throws(Violation) {
    guard isRunning else { return }
    let rule = random.chance(0.5) ? random.pick(configuration.rules)?.id : nil
    let vms = random.chance(0.5) ? nil : try? Glob(random.pick("web-*", "vm-1", "*"))
    let request: OperatorRequest
    switch random.below(5) {
    case 0, 1:
      let until = random.chance(0.7) ? now.continuous + .seconds(random.between(10...1_200)) : nil
      request = .pause(Pause(rule: rule, vms: vms, until: until))
    case 2: request = .resume(rule: rule, vms: vms)
    case 3: request = .resume(rule: nil, vms: nil)
    default: request = .retryLogin(random.pick(configuration.logins)?.id ?? LoginID("root"))
    }
    try tell(.asked(request))
  }

  /// What was to happen on it meanwhile happens now, in its order.
  mutating func wakeHost() {
    asleepUntil = 0
    for item in asleep { agenda.enter(item, at: clock) }
    asleep = []
  }

  func settledShift() -> Int64 { slew == 0 ? hostShift : hostShift + (clock - slewsSince) / 1_000_000 * slew }

  mutating func setSlew(_ partsPerMillion: Int64) {
    hostShift = settledShift()
    slewsSince = clock
    slew = partsPerMillion
  }
}
