import OrderedCollections

/// What the guest agent does with a synthetic guest when it is called (vsphere-api.md 8.1 to 8.3).
extension SyntheticGuest {
  /// A terminate under way.
  struct Termination: Hashable, Sendable {
    enum Phase: Hashable, Sendable {
      /// SIGTERM was sent; SIGKILL follows at that uptime.
      case asked(until: Int64)
      /// SIGKILL was sent; the agent gives up at that uptime.
      case forced(until: Int64)
    }

    var call: CallID
    var pid: Int64
    /// Who held the pid when the call came.
    var first: Truth.Life
    var agentLife: Int
    var phase: Phase
  }

  /// The agent looks again after that long.
  static let pollInterval = 100 * Span.millisecond

  /// Lists what the account may see.
  mutating func list(pids: [Int64]?, as account: GuestAccount, at: ModelTime) -> [ProcessInfo] {
    advance(to: at)
    computeBoot(at: at)
    let isWhole = pids == nil && (account.superuser || !settings.hidesOthers)
    if isWhole, let shown, shown.version == version { return shown.rows }
    let wanted = pids.map(Set.init)
    var hidden = Set<Int64>()
    var rows: [ProcessInfo] = []
    // The agent's own entries come first and hide whoever has their pid now.
    for program in state.programs {
      hidden.insert(program.pid)
      rows.append(row(of: program))
    }
    for process in state.processes.values where !hidden.contains(process.pid) {
      if maySee(process, account) { rows.append(row(of: process)) }
    }
    if isWhole { shown = (version, rows) }
    return wanted.map { wanted in rows.filter { wanted.contains($0.pid) } } ?? rows
  }

  /// What the agent would list to root at that moment.
  public mutating func rows(at: ModelTime) -> [ProcessInfo] {
    list(pids: nil, as: GuestAccount(user: "root", password: ""), at: at)
  }

  /// One process; nil: the account sees none with this pid.
  mutating func get(pid: Int64, as account: GuestAccount, at: ModelTime) -> ProcessInfo? {
    advance(to: at)
    computeBoot(at: at)
    // The agent's own entries come first and hide whoever has their pid now.
    if let program = state.programs.first(where: { $0.pid == pid }) { return row(of: program) }
    guard let process = state.processes[pid], maySee(process, account) else { return nil }
    return row(of: process)
  }

  /// Starts a program through the agent, which keeps an entry of its own for it.
  mutating func startProgram(_ spec: ProgramSpec, as account: GuestAccount, at: ModelTime) -> Int64? {
    advance(to: at)
    computeBoot(at: at)
    let name = spec.path.split(separator: "/").last.map(String.init) ?? spec.path
    let command = spec.arguments.isEmpty ? spec.path : "\(spec.path) \(spec.arguments)"
    guard let process = start(Spawn(name: name, owner: account.user, command: command), at: at) else { return nil }
    keepEntry(of: process, at: at)
    return process.pid
  }

  /// Starts a process as if it had been asked for through the API: the agent keeps an entry for it.
  @discardableResult
  public mutating func spawnProgram(_ spawn: Spawn, at: ModelTime) -> GuestProcess? {
    advance(to: at)
    guard frozen == nil, let process = start(spawn, at: at) else { return nil }
    keepEntry(of: process, at: at)
    return process
  }

  private mutating func keepEntry(of process: GuestProcess, at: ModelTime) {
    touch()
    state.programs.removeAll { $0.pid == process.pid }
    state.programs.append(
      StartedProgram(
        pid: process.pid, life: process.life, name: process.name, owner: process.owner, command: process.command,
        started: clock(at: at)))
  }

  /// A terminate arrives: refused at once, or under way.
  mutating func beginTermination(
    _ call: CallID, pid: Int64, as account: GuestAccount, at: ModelTime
  ) -> Result<Termination, ModelError> {
    advance(to: at)
    let holder = state.processes[pid]
    news.append((at, .terminateReceived(call, pid: pid, holder: holder?.life, account: account.user)))
    // 0, -1 and its own group are refused by the agent; any other negative pid would signal a group: never here.
    if pid == 0 || pid == -1 { return .failure(.guestPermissionDenied) }
    if pid < 0 { return .failure(.invalidArgument(name: "pid")) }
    guard let holder else { return .failure(.processNotFound(pid: pid)) }
    if settings.base.contains(where: { $0.pid == pid && $0.name.hasPrefix("vmtoolsd") }) {
      return .failure(.guestPermissionDenied)
    }
    guard account.superuser || holder.owner == account.user else { return .failure(.guestPermissionDenied) }
    let now = uptime(at: at)
    signal(.term, holder, call: call, first: holder.life, at: at)
    return .success(
      Termination(
        call: call, pid: pid, first: holder.life, agentLife: agentLife,
        phase: .asked(until: now + 5 * Span.second)))
  }

  /// The agent looks again. nil: not yet; it looks once more after `pollInterval`.
  mutating func poll(_ termination: inout Termination, at: ModelTime) -> Result<Void, ModelError>? {
    advance(to: at)
    guard termination.agentLife == agentLife else { return .failure(.toolsNotRunning) }
    // A zombie still has its row: the agent takes it for running. And whoever has the pid now is taken for the victim.
    guard let holder = state.processes[termination.pid] else { return .success(()) }
    let now = uptime(at: at)
    switch termination.phase {
    case .asked(let until):
      if now >= until {
        signal(.kill, holder, call: termination.call, first: termination.first, at: at)
        termination.phase = .forced(until: now + 15 * Span.second)
      }
    case .forced(let until):
      if now >= until { return .failure(.couldNotTerminate(pid: termination.pid)) }
    }
    return nil
  }

  private mutating func signal(
    _ signal: Truth.Signal, _ process: GuestProcess, call: CallID, first: Truth.Life, at: ModelTime
  ) {
    news.append((at, .signalled(call, process.life, signal)))
    guard !process.isZombie else { return }
    let delay: Int64
    switch (process.temper, signal) {
    case (.yields(let after), .term), (.ignores(let after), .kill): delay = after
    case (.yields, .kill): delay = 0
    case (.ignores, .term), (.unkillable, _): return
    }
    let cause: Truth.Cause = process.life == first ? .terminated(call) : .escalated(call)
    state.deaths.append((uptime(at: at) + max(delay, 0), process.life, process.pid, cause))
    advance(to: at)
  }

  private func maySee(_ process: GuestProcess, _ account: GuestAccount) -> Bool {
    account.superuser || !settings.hidesOthers || process.owner == account.user
  }

  private func row(of program: StartedProgram) -> ProcessInfo {
    ProcessInfo(
      pid: program.pid, name: program.name, owner: program.owner, command: program.command, started: program.started,
      finished: program.finished, exitCode: program.exitCode)
  }

  private func row(of process: GuestProcess) -> ProcessInfo {
    ProcessInfo(
      pid: process.pid, name: process.name, owner: process.owner, command: process.command,
      started: (state.agentBoot ?? 0) + process.startUptime.flooredSeconds)
  }

  /// Once per agent life, at its first listing: whole seconds minus whole seconds, hence the second of error.
  private mutating func computeBoot(at: ModelTime) {
    guard state.agentBoot == nil else { return }
    state.agentBoot = clock(at: at) - uptime(at: at).flooredSeconds
    touch()
  }
}
