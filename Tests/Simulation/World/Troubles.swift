import GuestWatchCore
import VCenterModel

/// What goes wrong around the daemon from time to time.
enum Trouble: CaseIterable {
  case agentRestart, reboot, suspend, revert, guestClockStep, hostClockStep, tools, login, gracefulRestart, reload
  case rename
}

/// What ends a trouble.
enum Mending {
  case switchOn, resume, tools, login, name(String)
}

/// What a hostile guest does to a process that is about to be killed.
enum Meddling {
  case exit, swap, retitle
}

extension World {
  mutating func enter(_ trouble: Trouble) {
    let mean: Int64? =
      switch trouble {
      case .agentRestart: faults.agentRestart
      case .reboot: faults.reboot
      case .suspend: faults.suspend
      case .revert: faults.revert
      case .guestClockStep: faults.guestClockStep
      case .hostClockStep: faults.hostClockStep
      case .tools: faults.toolsTrouble
      case .login: faults.loginBreak
      case .gracefulRestart: faults.gracefulRestart
      case .reload: faults.reload
      case .rename: faults.rename
      }
    if let mean { agenda.enter(.trouble(trouble), at: clock + random.wait(mean: mean)) }
  }

  private mutating func anyMachine() -> String { random.pick(model.virtualMachines)?.facts.moid ?? "vm-1" }

  private mutating func after(_ seconds: ClosedRange<Int64>, _ moid: String, _ mending: Mending) {
    agenda.enter(.mend(moid: moid, mending), at: clock + random.between(seconds) * Span.second)
  }

  mutating func makeTrouble(_ trouble: Trouble) throws(Violation) {
    guard hasFaults else { return }
    try takeTruths()
    let moid = anyMachine()
    let at = modelTime
    tally.count("\(trouble)")
    note("* \(trouble) \(moid)")
    switch trouble {
    case .agentRestart: model.withGuest(moid) { $0.restartAgent(at: at) }
    case .reboot:
      model.switchOff(moid, at: at)
      after(1...60, moid, .switchOn)
    case .suspend:
      model.suspend(moid, at: at)
      after(1...900, moid, .resume)
    case .revert:
      // Without a snapshot yet one is taken: the next time is a revert.
      if !model.revert(moid, movesBootTime: random.chance(0.7), at: at) { model.takeSnapshot(moid, at: at) }
    case .guestClockStep:
      let step = random.between(-1_000...1_000) * random.pick(Span.millisecond, Span.second)
      model.withGuest(moid) { $0.stepClock(by: step) }
    case .hostClockStep: hostShift += random.between(-1_000...1_000) * random.pick(Span.millisecond, Span.second)
    case .tools:
      let broken = random.below(4)
      model.update(moid) { machine in
        switch broken {
        case 0: machine.facts.tools = .notRunning
        case 1: machine.facts.tools = .executingScripts
        case 2: machine.facts.ready = false
        default: machine.busy = true
        }
      }
      after(5...120, moid, .tools)
    case .login:
      let user = random.chance(0.5) ? "guestwatch" : "alice"
      model.update(moid) { machine in
        for i in machine.accounts.indices where machine.accounts[i].user == user { machine.accounts[i].password += "?" }
      }
      after(30...600, moid, .login)
    case .gracefulRestart: try askToStop()
    case .reload: try reload()
    case .rename:
      let old = model.virtualMachine(moid)?.facts.name ?? ""
      model.update(moid) { $0.facts.name = "other-\(moid)" }
      if !old.hasPrefix("other") { after(30...600, moid, .name(old)) }
    }
    try takeTruths()
    enter(trouble)
  }

  mutating func mend(_ moid: String, _ mending: Mending) {
    note("* mended \(moid) \(mending)")
    switch mending {
    case .switchOn: model.switchOn(moid, at: modelTime)
    case .resume: model.resumeVM(moid, at: modelTime)
    case .tools:
      model.update(moid) {
        $0.facts.tools = .running
        $0.facts.ready = true
        $0.busy = false
      }
    case .login:
      model.update(moid) { machine in
        for i in machine.accounts.indices {
          while machine.accounts[i].password.hasSuffix("?") { machine.accounts[i].password.removeLast() }
          machine.accounts[i].locked = false
        }
      }
    case .name(let name): model.update(moid) { $0.facts.name = name }
    }
  }

  /// SIGTERM; the next daemon comes a little after this one has ended.
  mutating func askToStop() throws(Violation) {
    guard isRunning else { return }
    agenda.enter(.stopOverdue(daemon: daemon), at: clock + 100 * Span.second)
    try tell(.shutdownAsked)
  }

  /// The daemon says that it is done: its sessions are closed.
  mutating func stopped() throws(Violation) {
    note("* daemon \(daemon) ended")
    for token in [tokens.vi, tokens.rest] {
      if let token { _ = model.handle(.viLogout, session: token, at: modelTime) }
    }
    // What is not on disk when its patience is over may still get there.
    while let write = writes.first, random.chance(0.5) {
      writes.removeFirst()
      try persist(write.kill, write.step)
    }
    try lay()
    if isEnding { isOver = true } else { agenda.enter(.restart, at: clock + random.between(1...30) * Span.second) }
  }

  /// The operator changes something.
  private mutating func reload() throws(Violation) {
    guard isRunning else { return }
    var new = configuration
    if let i = new.rules.indices.randomElement(with: &random) {
      switch random.below(7) {
      case 0: new.rules[i].action = new.rules[i].action == .report ? .terminate : .report
      case 1: new.rules[i].lasting = .seconds(random.pick(0, 10, 40))
      case 2: new.dryRun.toggle()
      case 3: new.rules[i].id = RuleID(new.rules[i].id.name + "x")
      case 4: new.budget.perVM = random.pick(1, 2, 10)
      case 5: new.vcenters[0].digest &+= 1
      default: new.rules[i].every = .seconds(random.pick(2, 10, 30))
      }
    }
    configuration = new
    try tell(.configured(new))
  }

  // MARK: guests

  mutating func spawnAnything(_ moid: String) {
    let spawn = Setup.spawn(mix, &random)
    let at = modelTime
    model.withGuest(moid) { _ = $0.spawn(spawn, at: at) }
  }

  /// Some process that is not of the system.
  private mutating func anyone(_ moid: String) -> GuestProcess? {
    let all: [GuestProcess] = model.guest(moid)?.processes.filter { $0.pid >= 300 } ?? []
    return random.pick(all)
  }

  mutating func churn(_ moid: String) throws(Violation) {
    guard hasFaults else { return }
    try takeTruths()
    let at = modelTime
    let someone = anyone(moid)
    switch random.below(20) {
    case 0..<11: spawnAnything(moid)
    case 11..<14:
      if let someone { model.withGuest(moid) { _ = $0.exit(pid: someone.pid, at: at) } }
    case 14, 15:
      if let someone { try meddle(moid, someone.pid, .retitle) }
    case 16, 17:
      if let someone { try meddle(moid, someone.pid, .swap) }
    case 18:
      let spawn = Setup.spawn(mix, &random)
      model.withGuest(moid) { _ = $0.spawnProgram(spawn, at: at) }
    default:
      if let someone { model.withGuest(moid) { $0.reap(pid: someone.pid, at: at) } }
    }
    try takeTruths()
    agenda.enter(.churn(moid: moid), at: clock + random.wait(mean: mix.churn))
  }

  /// A process that is about to be killed may do something at the worst moment.
  mutating func incite(_ vm: VMAddress, _ pid: Int64) {
    guard random.chance(faults.hostility) else { return }
    let meddling: Meddling = random.pick(.exit, .swap, .swap, .retitle)
    agenda.enter(
      .meddle(moid: vm.moid, pid: pid, meddling),
      at: clock + random.between(0...random.pick(300, 3_000, 8_000)) * Span.millisecond)
  }

  mutating func meddle(_ moid: String, _ pid: Int64, _ meddling: Meddling) throws(Violation) {
    guard hasFaults, pid >= 300 else { return }
    try takeTruths()
    let at = modelTime
    let newcomer = Setup.spawn(mix, &random)
    switch meddling {
    case .exit: model.withGuest(moid) { _ = $0.exit(pid: pid, at: at) }
    case .swap:
      if mix.quickReuse { model.withGuest(moid) { _ = $0.swap(pid: pid, for: newcomer, at: at) } }
    case .retitle:
      model.withGuest(moid) { $0.retitle(pid: pid, name: newcomer.name, command: newcomer.command, at: at) }
    }
    try takeTruths()
  }
}

extension Range<Int> {
  /// One of them, by our own chance; nil where there is none.
  func randomElement(with random: inout Seeded) -> Int? {
    isEmpty ? nil : lowerBound + random.below(count)
  }
}
