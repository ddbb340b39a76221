import Glibc
public import VCenterModel

/// A guest whose processes are children of this simulator: listed from `/proc`, really signalled, only ever its own.
///
/// A process belongs to the guest when the guest started it, when its parent belongs to it, or when its environment carries
/// the mark that only this guest's programs are started with. Everything else on this machine is invisible to it, so it can
/// neither be listed nor signalled.
public actor RealGuest {
  /// The VM's managed object id.
  public nonisolated let moid: String
  private let launcher: Launcher
  private let timing: GuestTiming
  private let clock: any Clock<Duration>
  /// Seconds since 1970 on the guest's clock.
  private let wallSeconds: @Sendable () -> Int64

  /// What was started here and is not yet waited for.
  private var roots: [Root] = []
  /// Every program that was ever started here, by its number: what outlives its root still has that root's owner.
  private var programs: [GuestProgram] = []
  /// Numbers of programs that are being set up: not shown yet.
  private var hidden: Set<Int> = []
  /// Pids that are shown instead of the kernel's.
  private var presented: [LocalIdentity: Int64] = [:]
  /// Pids that are changing hands right now: they are never free, as a pid that is reused between two looks is not.
  private var changing: Set<Int64> = []
  /// When this machine booted, in the guest's clock: read once in an agent's life (vsphere-api.md, 8.2).
  private var bootSeconds: Int64?

  private struct Root {
    var number: Int
    var identity: LocalIdentity
  }

  /// A process of the guest as found.
  private struct Member {
    var entry: ProcessEntry
    var pid: Int64
    var owner: String
  }

  public init(
    moid: String, launcher: Launcher, timing: GuestTiming, clock: any Clock<Duration> = ContinuousClock(),
    wallSeconds: @escaping @Sendable () -> Int64
  ) {
    self.moid = moid
    self.launcher = launcher
    self.timing = timing
    self.clock = clock
    self.wallSeconds = wallSeconds
  }

  // MARK: what the guest agent does

  /// Carries out a guest call that the model let through.
  public func perform(_ operation: GuestCall.Operation, as account: GuestAccount) async -> GuestResult {
    switch operation {
    case .list(let pids):
      guard let pids else { return .processes(processes()) }
      return .processes(processes().filter { pids.contains($0.pid) })
    case .get(let pid):
      guard let process = process(pid) else { return .noSuchProcess(pid: pid) }
      return .process(process)
    case .terminate(let pid):
      return await terminate(pid, as: account)
    case .start:
      return .notStarted
    }
  }

  /// Every process of the guest, by presented pid.
  public func processes() -> [ProcessInfo] {
    members().sorted { $0.pid < $1.pid }.map(info)
  }

  /// The process that is shown under a pid now.
  public func process(_ pid: Int64) -> ProcessInfo? {
    member(pid).map(info)
  }

  /// The pid by which this machine knows the process that is shown under a pid.
  public func localPID(_ pid: Int64) -> Int32? { member(pid)?.entry.identity.pid }

  /// SIGTERM, and as long as somebody holds the pid after the grace: SIGKILL (vsphere-api.md, 8.3). As in the real agent the
  /// pid alone counts, so that a newcomer that takes it over in between is taken for the old process.
  private func terminate(_ pid: Int64, as account: GuestAccount) async -> GuestResult {
    guard let victim = member(pid) else { return .noSuchProcess(pid: pid) }
    guard account.superuser || victim.owner == account.user else { return .notPermitted }
    switch signal(victim.entry.identity, SIGTERM) {
    case 0: break
    case EPERM: return .notPermitted
    default: return .noSuchProcess(pid: pid)
    }
    if await vanishes(pid, within: timing.grace) { return .done }
    if let holder = member(pid) { _ = signal(holder.entry.identity, SIGKILL) }
    return await vanishes(pid, within: timing.patience) ? .done : .timedOut
  }

  /// Whether nobody holds the pid any more, looked at until the time is over.
  private func vanishes(_ pid: Int64, within limit: Duration) async -> Bool {
    var left = limit
    var holder = member(pid)
    while changing.contains(pid) || holder != nil {
      guard left > .zero else { return false }
      // A cancelled sleep returns at once: the server is being stopped, and its end kills the process anyway.
      guard (try? await clock.sleep(for: timing.interval)) != nil else { return false }
      left -= timing.interval
      reap()
      // While the one that held the pid lives, nobody else has it: one read, where a search reads all of them.
      if let known = holder?.entry.identity, ProcessTable.startTicks(of: known.pid) == known.startTicks { continue }
      holder = member(pid)
    }
    return true
  }

  // MARK: what a scenario or a test does to the guest

  /// Starts a program in the guest.
  /// - Parameter pid: what the guest shows as its pid; nil: the kernel's.
  public func start(_ program: GuestProgram, presentedAs pid: Int64? = nil) async throws(SimulatorError) -> ProcessInfo
  {
    let root = try await launch(program)
    presented[root.identity] = pid
    hidden.remove(root.number)
    return try shown(root)
  }

  /// Kills the process that is shown under a pid, with SIGKILL, and waits until it is gone.
  /// - Returns: what it was; nil where no process has that pid.
  @discardableResult
  public func kill(_ pid: Int64) async -> ProcessInfo? {
    guard let victim = member(pid) else { return nil }
    _ = signal(victim.entry.identity, SIGKILL)
    await gone([victim.entry.identity])
    return info(victim)
  }

  /// Gives a pid to another process: the one that had it dies, and a program started for this is shown under it.
  /// - Returns: the one that had it, and the newcomer; nil where no process has that pid.
  public func swap(
    _ pid: Int64, for program: GuestProgram
  ) async throws(SimulatorError) -> (old: ProcessInfo, newcomer: ProcessInfo)? {
    guard let old = member(pid) else { return nil }
    // The newcomer is ready before the old one dies, and hidden until then.
    let root = try await launch(program)
    changing.insert(pid)
    defer { changing.remove(pid) }
    _ = signal(old.entry.identity, SIGKILL)
    await gone([old.entry.identity])
    presented[root.identity] = pid
    hidden.remove(root.number)
    return (info(old), try shown(root))
  }

  /// The guest agent starts anew: start times are computed from a clock that is read anew.
  /// - Parameter shift: seconds by which the guest's clock was stepped meanwhile.
  public func restartAgent(shift: Int64 = 0) {
    bootSeconds = bootNow() + shift
  }

  /// Kills everything that belongs to the guest and waits until it is gone.
  public func shutdown() async {
    // What is killed may have started something just before; a few rounds find it.
    for _ in 0..<10 {
      let left = members(withHidden: true).map(\.entry.identity)
      if left.isEmpty {
        // What is just becoming a program may be ours: it shows its mark soon.
        let all = ProcessTable.pids().lazy.compactMap(ProcessTable.entry)
        guard all.contains(where: ProcessTable.isBecomingAProgram) else { return }
        try? await Task.sleep(for: .milliseconds(10), clock: .continuous)
      }
      for identity in left { _ = signal(identity, SIGKILL) }
      await gone(left)
    }
  }

  /// Waits for children that have ended, so that they do not stay as zombies.
  public func reap() {
    roots.removeAll { root in
      var status: Int32 = 0
      let waited = waitpid(root.identity.pid, &status, WNOHANG)
      return waited == root.identity.pid || (waited < 0 && errno == ECHILD)
    }
  }

  private func launch(_ program: GuestProgram) async throws(SimulatorError) -> Root {
    let number = programs.count
    programs.append(program)
    hidden.insert(number)
    let root = Root(number: number, identity: try await launcher.launch(program, vm: moid, root: number))
    roots.append(root)
    return root
  }

  private func shown(_ root: Root) throws(SimulatorError) -> ProcessInfo {
    guard let entry = ProcessTable.entry(of: root.identity.pid), entry.identity == root.identity else {
      throw SimulatorError("\(programs[root.number].arguments[0].debugDescription) ended right after its start")
    }
    return info(member(entry, root: root.number))
  }

  // MARK: looking

  /// The processes of this guest, found in one pass over `/proc`.
  private func members(withHidden: Bool = false) -> [Member] {
    reap()
    let entries = ProcessTable.pids().compactMap(ProcessTable.entry)
    var rootOf: [Int32: Int] = [:]
    for root in roots { rootOf[root.identity.pid] = root.number }
    for entry in entries where rootOf[entry.identity.pid] == nil {
      rootOf[entry.identity.pid] = markedRoot(of: entry.identity.pid)
    }
    // Children that dropped the mark belong where their parent does; a parent may have the higher pid.
    var grew = true
    while grew {
      grew = false
      for entry in entries where rootOf[entry.identity.pid] == nil {
        guard let root = rootOf[entry.parent] else { continue }
        rootOf[entry.identity.pid] = root
        grew = true
      }
    }
    return entries.compactMap { entry in
      guard let root = rootOf[entry.identity.pid], withHidden || !hidden.contains(root) else { return nil }
      return member(entry, root: root)
    }
  }

  private func member(_ pid: Int64) -> Member? {
    members().first { $0.pid == pid }
  }

  private func member(_ entry: ProcessEntry, root: Int) -> Member {
    Member(
      entry: entry, pid: presented[entry.identity] ?? Int64(entry.identity.pid),
      owner: programs[root].owner ?? ProcessTable.userName(entry.userID))
  }

  /// The number in the mark of a process, where it is one of this guest's.
  private func markedRoot(of pid: Int32) -> Int? {
    guard let mark = ProcessTable.environment(of: pid, Launcher.mark) else { return nil }
    let prefix = "\(launcher.token)/\(moid)/"
    guard mark.hasPrefix(prefix), let number = Int(mark.dropFirst(prefix.count)), programs.indices.contains(number)
    else { return nil }
    return number
  }

  private func info(_ member: Member) -> ProcessInfo {
    ProcessInfo(
      pid: member.pid, name: member.entry.name, owner: member.owner, command: member.entry.command,
      started: started(member.entry.identity))
  }

  private func started(_ identity: LocalIdentity) -> Int64 {
    let boot = bootSeconds ?? bootNow()
    bootSeconds = boot
    return boot + Int64(identity.startTicks / ProcessTable.ticksPerSecond)
  }

  private func bootNow() -> Int64 { wallSeconds() - (ProcessTable.uptime() ?? 0) }

  /// Signals the one process that is meant, through a pidfd; 0 or an errno.
  private func signal(_ identity: LocalIdentity, _ signal: Int32) -> Int32 {
    guard let handle = ProcessHandle(identity) else { return ESRCH }
    return handle.send(signal)
  }

  /// Waits until the processes, which were sent SIGKILL, are gone; 5 s for what the kernel cannot end at once. That is this
  /// machine's time, not the guest's.
  private func gone(_ identities: [LocalIdentity]) async {
    for _ in 0..<500 {
      reap()
      if !identities.contains(where: { ProcessTable.startTicks(of: $0.pid) == $0.startTicks }) { return }
      guard (try? await Task.sleep(for: .milliseconds(10), clock: .continuous)) != nil else { return }
    }
  }
}
