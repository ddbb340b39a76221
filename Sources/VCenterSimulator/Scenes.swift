public import VCenterModel

/// What a scenario, a test or a demo does to the vCenter and its guests, and what it sees of them.
extension SimulatedVCenter {
  /// Makes `guest` carry out the guest calls of its VM, which must be `external` in the model.
  public func attach(_ guest: RealGuest) { guests[guest.moid] = guest }

  // MARK: troubles

  public func arm(_ fault: InjectedFault) -> Int { troubles.arm(fault) }
  public func arm(_ hook: Hook) -> Int { troubles.arm(hook) }
  /// False where nothing is armed under that number.
  public func disarm(_ id: Int) -> Bool { troubles.disarm(id) }
  /// Lets go of a call that the fault of that number holds (or will hold).
  public func release(_ id: Int) { troubles.release(id) }

  // MARK: what happened

  /// The calls from a number on.
  public func calls(from number: Int = 1) -> [CallRecord] { Array(calls.dropFirst(max(0, number - 1))) }
  public var counted: SimulatorCounters { counters }
  public var modelCounters: VCenterModel.Counters { model.counters }
  public func openSessions() -> [SessionInfo] { model.openSessions(at: clocks.now()) }
  public var virtualMachines: [VirtualMachine] { model.virtualMachines }

  /// How every account stands: refusals in a row, locked or not; `vm` nil for the vCenter and the directory.
  func accountStates() -> [(user: String, vm: String?, refusals: Int, locked: Bool)] {
    var states = model.vcenterAccounts.map {
      (user: $0.user, vm: String?.none, refusals: $0.refusals, locked: $0.locked)
    }
    states += model.directoryAccounts.map { ($0.user, nil, $0.refusals, $0.locked) }
    for machine in model.virtualMachines {
      states += machine.accounts.map { ($0.user, machine.facts.moid, $0.refusals, $0.locked) }
    }
    return states
  }

  /// Changes the model: inventory, accounts, sessions, power, synthetic guests.
  public func change<Result: Sendable>(
    _ body: @Sendable (inout VCenterModel, ModelTime) -> Result
  ) -> Result {
    body(&model, clocks.now())
  }

  // MARK: guests

  /// Remembers what the scenario calls a process.
  func label(_ pid: Int64, on vm: String, _ label: String?) { labels[vm, default: [:]][pid] = label }

  /// The processes of a guest as its agent would list them.
  public func processes(on vm: String) async throws(SimulatorError) -> [ProcessInfo] {
    if let guest = guests[vm] { return await guest.processes() }
    model.advance(to: clocks.now())
    guard let guest = model.guest(vm) else { throw noSuchVM(vm) }
    return guest.processes.map(Self.info)
  }

  /// Starts a program in a real guest; in a synthetic one a process that looks as if.
  /// - Parameter pid: what the guest shows as its pid; nil: the kernel's, or the next free one.
  @discardableResult
  public func start(
    _ program: GuestProgram, presentedAs pid: Int64? = nil, on vm: String
  ) async throws(SimulatorError) -> ProcessInfo {
    if let guest = guests[vm] { return try await guest.start(program, presentedAs: pid) }
    let now = clocks.now()
    var spawn = program.spawn
    spawn.pid = pid
    guard let started = model.withGuest(vm, { $0.spawn(spawn, at: now) }) else { throw noSuchVM(vm) }
    guard let started else { throw SimulatorError("no process can start on \(vm.debugDescription): is the pid taken?") }
    return Self.info(started)
  }

  /// Ends the process that is shown under a pid, as if by itself.
  /// - Returns: what it was.
  @discardableResult
  public func kill(_ pid: Int64, on vm: String) async throws(SimulatorError) -> ProcessInfo {
    if let guest = guests[vm] {
      guard let old = await guest.kill(pid) else { throw noSuchProcess(pid, vm) }
      return old
    }
    let now = clocks.now()
    guard let old = model.guest(vm)?.process(pid: pid), model.withGuest(vm, { $0.exit(pid: pid, at: now) }) == true
    else { throw noSuchProcess(pid, vm) }
    return Self.info(old)
  }

  /// Gives a pid to another process: the one that has it ends, the newcomer is shown under it.
  @discardableResult
  public func swap(
    _ pid: Int64, on vm: String, for program: GuestProgram
  ) async throws(SimulatorError) -> (old: ProcessInfo, newcomer: ProcessInfo) {
    if let guest = guests[vm] {
      guard let swapped = try await guest.swap(pid, for: program) else { throw noSuchProcess(pid, vm) }
      label(pid, on: vm, nil)
      return swapped
    }
    let now = clocks.now()
    guard let old = model.guest(vm)?.process(pid: pid),
      let newcomer = model.withGuest(vm, { $0.swap(pid: pid, for: program.spawn, at: now) }) ?? nil
    else { throw noSuchProcess(pid, vm) }
    label(pid, on: vm, nil)
    return (Self.info(old), Self.info(newcomer))
  }

  /// The guest agent starts anew.
  /// - Parameter shift: seconds by which the guest's clock was stepped meanwhile.
  public func restartAgent(on vm: String, shift: Int64) async throws(SimulatorError) {
    if let guest = guests[vm] { return await guest.restartAgent(shift: shift) }
    let now = clocks.now()
    let done: Void? = model.withGuest(vm) { guest in
      guest.stepClock(by: shift * 1_000_000_000)
      guest.restartAgent(at: now)
    }
    guard done != nil else { throw noSuchVM(vm) }
  }

  /// The pid by which this machine knows a process of a real guest.
  func localPID(_ pid: Int64, on vm: String) async -> Int32? { await guests[vm]?.localPID(pid) }

  /// Waits for children of the real guests that have ended.
  func reap() async {
    for guest in guests.values { await guest.reap() }
  }

  /// Kills all processes of the real guests.
  func shutdown() async {
    for guest in guests.values { await guest.shutdown() }
  }

  private func noSuchVM(_ vm: String) -> SimulatorError { SimulatorError("there is no VM \(vm.debugDescription)") }

  private func noSuchProcess(_ pid: Int64, _ vm: String) -> SimulatorError {
    SimulatorError("no process has the pid \(pid) on \(vm.debugDescription)")
  }

  private static func info(_ process: GuestProcess) -> ProcessInfo {
    ProcessInfo(
      pid: process.pid, name: process.name, owner: process.owner, command: process.command,
      started: process.born.wall / 1_000_000_000)
  }
}

extension GuestProgram {
  /// What a synthetic guest shows of it.
  fileprivate var spawn: Spawn {
    let shown = name ?? arguments.first ?? ""
    let short = shown.hasPrefix("/") ? shown.split(separator: "/").last.map(String.init) ?? shown : shown
    // As fast as the model's own processes end.
    let ends: Int64 = 20_000_000
    return Spawn(
      name: short, owner: owner ?? "root", command: ([shown] + arguments.dropFirst()).joined(separator: " "),
      temper: ignoresTerminate ? .ignores(killedAfter: ends) : .yields(after: ends))
  }
}
