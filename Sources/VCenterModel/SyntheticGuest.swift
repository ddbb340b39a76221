import OrderedCollections

/// A guest operating system with its agent as a value: a process table on the guest's own clock.
///
/// Times are passed in and must not go backwards. Nothing happens by itself: `advance` (which every call does first)
/// carries out the deaths that have become due, each at its own exact time.
public struct SyntheticGuest: Sendable {
  /// What stays the same through power cycles and snapshots.
  public struct Settings: Hashable, Sendable {
    /// Names the guest among all guests that there are: in its truths, and in the numbers of its lives.
    public var number: Int
    /// Pids that are given out, in a circle. A small range brings reuse.
    public var pids: ClosedRange<Int64>
    /// A pid rests that long after its process is gone before it is given out again, in nanoseconds.
    public var pidRest: Int64
    /// Processes that are there after each boot. The one named `vmtoolsd` is the agent.
    public var base: [Spawn]
    /// Ordinary accounts see only their own processes (`hidepid`).
    public var hidesOthers: Bool

    public init(
      number: Int = 0, pids: ClosedRange<Int64> = 400...32_767, pidRest: Int64 = 0, base: [Spawn] = Settings.linux,
      hidesOthers: Bool = false
    ) {
      self.number = number
      self.pids = pids
      self.pidRest = pidRest
      self.base = base
      self.hidesOthers = hidesOthers
    }

    /// What every Windows guest has.
    public static let windows = [
      Spawn(name: "System", owner: #"NT AUTHORITY\SYSTEM"#, pid: 4, temper: .unkillable),
      Spawn(name: "smss.exe", owner: #"NT AUTHORITY\SYSTEM"#, command: #"\SystemRoot\System32\smss.exe"#, pid: 244),
      Spawn(
        name: "csrss.exe", owner: #"NT AUTHORITY\SYSTEM"#, command: "csrss.exe ObjectDirectory=\\Windows", pid: 248),
      Spawn(name: "services.exe", owner: #"NT AUTHORITY\SYSTEM"#, command: "services.exe", pid: 252),
      Spawn(
        name: "svchost.exe", owner: #"NT AUTHORITY\LOCAL SERVICE"#, command: "svchost.exe -k LocalService", pid: 256),
      Spawn(
        name: "vmtoolsd.exe", owner: #"NT AUTHORITY\SYSTEM"#,
        command: #""C:\Program Files\VMware\VMware Tools\vmtoolsd.exe" -n vmsvc"#, pid: 260, temper: .unkillable),
    ]

    /// What every Linux guest has.
    public static let linux = [
      Spawn(name: "systemd", owner: "root", command: "/sbin/init", pid: 1, temper: .unkillable),
      Spawn(name: "kthreadd", owner: "root", pid: 2, temper: .unkillable),
      Spawn(
        name: "systemd-journald", owner: "root", command: "/lib/systemd/systemd-journald", pid: 201,
        temper: .yields(after: 50 * Span.millisecond)),
      Spawn(name: "vmtoolsd", owner: "root", command: "/usr/bin/vmtoolsd", pid: 202, temper: .unkillable),
      Spawn(
        name: "sshd", owner: "root", command: "sshd: /usr/sbin/sshd -D", pid: 203,
        temper: .yields(after: 50 * Span.millisecond)),
    ]
  }

  /// What a snapshot keeps and a power cycle loses.
  struct State: Sendable {
    var processes: OrderedDictionary<Int64, GuestProcess> = [:]
    /// Deaths to come, by guest uptime.
    var deaths: [(uptime: Int64, life: Truth.Life, pid: Int64, cause: Truth.Cause)] = []
    /// Zombies to be collected, by guest uptime.
    var reapings: [(uptime: Int64, life: Truth.Life, pid: Int64)] = []
    /// Processes that a supervisor is about to start, by guest uptime.
    var births: [(uptime: Int64, spawn: Spawn)] = []
    /// When pids became free, by guest uptime.
    var freed: [Int64: Int64] = [:]
    var nextPID: Int64
    var programs: [StartedProgram] = []
    /// What the agent takes for the boot time, seconds since 1970; nil: not computed yet in its life.
    var agentBoot: Int64?
    /// The clock (continuous) reads this when the guest's uptime is 0.
    var uptimeZero: Int64
  }

  public private(set) var settings: Settings
  var state: State
  /// Uptime at which the guest stands still; nil: it runs.
  var frozen: Int64?
  /// The guest's clock minus the wall clock, in nanoseconds, at `driftsSince`.
  public private(set) var clockOffset: Int64
  /// How much faster its clock runs than the right one, in parts of a million.
  public private(set) var drift: Int64 = 0
  private var driftsSince: Int64 = 0
  /// Moves on whenever the rows of a listing are others than before.
  public private(set) var version: UInt64 = 1
  /// What a listing to a superuser showed at that version.
  var shown: (version: UInt64, rows: [ProcessInfo])?
  /// Counts the agent's lives: a call that spans two of them fails.
  private(set) var agentLife = 1
  private var nextLife: Truth.Life
  private var snapshot: (state: State, uptime: Int64)?
  /// What happened since it was last taken.
  var news: [(at: ModelTime, event: Truth.Event)] = []

  /// A guest that boots at `at`. `clockOffset` in nanoseconds is how far its clock is ahead of the wall clock.
  public init(settings: Settings = Settings(), bootedAt at: ModelTime, clockOffset: Int64 = 0) {
    self.settings = settings
    self.clockOffset = clockOffset
    nextLife = Truth.Life(settings.number) << 32 + 1
    state = State(nextPID: settings.pids.lowerBound, uptimeZero: at.continuous)
    for spawn in settings.base { _ = start(spawn, at: at) }
    if settings.hidesOthers { news.append((at, .hidesOthers(true))) }
  }

  // MARK: time

  /// Nanoseconds since the boot, not counting suspensions.
  public func uptime(at: ModelTime) -> Int64 { frozen ?? (at.continuous - state.uptimeZero) }

  /// The guest's clock in whole seconds since 1970.
  public func clock(at: ModelTime) -> Int64 { (at.wall + offset(at: at)).flooredSeconds }

  private func offset(at: ModelTime) -> Int64 {
    drift == 0 ? clockOffset : clockOffset + (at.continuous - driftsSince) / 1_000_000 * drift
  }

  /// When the next thing happens by itself, on the continuous clock.
  var nextDue: Int64 {
    if frozen != nil { return .max }
    var due = Int64.max
    for death in state.deaths where death.uptime < due { due = death.uptime }
    for reaping in state.reapings where reaping.uptime < due { due = reaping.uptime }
    for birth in state.births where birth.uptime < due { due = birth.uptime }
    for program in state.programs {
      if let ended = program.finishedUptime { due = min(due, ended + SyntheticGuest.entryStays + 1) }
    }
    return due == .max ? .max : due + state.uptimeZero
  }

  /// The rows of a listing are not what they were.
  mutating func touch() { version += 1 }

  /// An ended program's entry is listed for that long (vsphere-api.md 8.1).
  static let entryStays = 300 * Span.second

  /// Carries out what has become due.
  public mutating func advance(to at: ModelTime) {
    guard nextDue <= at.continuous else { return }
    let now = uptime(at: at)
    while true {
      // In the order of time; at one instant deaths come before reapings, these before births, and earlier entries first.
      let death = state.deaths.indices.min { state.deaths[$0].uptime < state.deaths[$1].uptime }
      let reaping = state.reapings.indices.min { state.reapings[$0].uptime < state.reapings[$1].uptime }
      let birth = state.births.indices.min { state.births[$0].uptime < state.births[$1].uptime }
      let deathDue = death.map { state.deaths[$0].uptime } ?? .max
      let reapingDue = reaping.map { state.reapings[$0].uptime } ?? .max
      let birthDue = birth.map { state.births[$0].uptime } ?? .max
      if let birth, birthDue <= now, birthDue < deathDue, birthDue < reapingDue {
        let entry = state.births.remove(at: birth)
        _ = start(entry.spawn, at: at.advanced(by: entry.uptime - now))
      } else if let death, deathDue <= now, deathDue <= reapingDue {
        let entry = state.deaths.remove(at: death)
        end(life: entry.life, pid: entry.pid, entry.cause, at: at.advanced(by: entry.uptime - now))
      } else if let reaping, reapingDue <= now {
        let entry = state.reapings.remove(at: reaping)
        if state.processes[entry.pid]?.life == entry.life { remove(entry.pid, uptime: entry.uptime) }
      } else {
        break
      }
    }
    let before = state.programs.count
    state.programs.removeAll { program in
      program.finishedUptime.map { now - $0 > SyntheticGuest.entryStays } ?? false
    }
    if state.programs.count != before { touch() }
  }

  // MARK: what a guest does by itself

  /// Starts a process. nil: no pid is free (or the one that was asked for is taken).
  @discardableResult
  public mutating func spawn(_ spawn: Spawn, at: ModelTime) -> GuestProcess? {
    advance(to: at)
    guard frozen == nil else { return nil }
    return start(spawn, at: at)
  }

  /// Ends a process by itself. False: there is none with this pid, or it is a zombie already.
  @discardableResult
  public mutating func exit(pid: Int64, at: ModelTime) -> Bool {
    advance(to: at)
    guard frozen == nil, let process = state.processes[pid], !process.isZombie else { return false }
    end(life: process.life, pid: pid, .exited, at: at)
    return true
  }

  /// Collects a zombie.
  public mutating func reap(pid: Int64, at: ModelTime) {
    advance(to: at)
    if frozen == nil, state.processes[pid]?.isZombie == true { remove(pid, uptime: uptime(at: at)) }
  }

  /// A process writes another name or command over its own.
  public mutating func retitle(pid: Int64, name: String? = nil, command: String? = nil, at: ModelTime) {
    advance(to: at)
    guard frozen == nil, state.processes[pid]?.isZombie == false else { return }
    touch()
    if let name { state.processes[pid]?.name = name }
    if let command { state.processes[pid]?.command = command }
  }

  /// A process goes over to another account, as a daemon does that gives up its rights.
  public mutating func setOwner(pid: Int64, to owner: String, at: ModelTime) {
    advance(to: at)
    guard frozen == nil, state.processes[pid]?.isZombie == false else { return }
    touch()
    state.processes[pid]?.owner = owner
  }

  /// The process ends and a newcomer takes its pid at once. nil: there was none.
  @discardableResult
  public mutating func swap(pid: Int64, for newcomer: Spawn, at: ModelTime) -> GuestProcess? {
    advance(to: at)
    guard frozen == nil, let old = state.processes[pid] else { return nil }
    if !old.isZombie { end(life: old.life, pid: pid, .exited, at: at) }
    if state.processes[pid] != nil { remove(pid, uptime: uptime(at: at)) }
    var newcomer = newcomer
    newcomer.pid = pid
    return start(newcomer, at: at)
  }

  /// The guest's clock steps by `nanoseconds`. Start times stay as the agent computed them, until it restarts.
  public mutating func stepClock(by nanoseconds: Int64) { clockOffset += nanoseconds }

  /// From now on the guest's clock runs that much faster than the right one, in parts of a million.
  public mutating func setDrift(_ partsPerMillion: Int64, at: ModelTime) {
    clockOffset = offset(at: at)
    driftsSince = at.continuous
    drift = partsPerMillion
  }

  /// `hidepid` is switched on or off.
  public mutating func hideOthers(_ hides: Bool, at: ModelTime) {
    settings.hidesOthers = hides
    news.append((at, .hidesOthers(hides)))
  }

  /// The guest agent restarts: it computes the boot time anew and forgets the programs it started.
  public mutating func restartAgent(at: ModelTime) {
    advance(to: at)
    guard frozen == nil else { return }
    state.agentBoot = nil
    state.programs = []
    touch()
    agentLife += 1
    news.append((at, .agentRestarted))
  }

  // MARK: what the VM does to it

  mutating func suspend(at: ModelTime) {
    advance(to: at)
    guard frozen == nil else { return }
    frozen = uptime(at: at)
    news.append((at, .suspended))
  }

  mutating func resume(at: ModelTime) {
    guard let uptime = frozen else { return }
    frozen = nil
    state.uptimeZero = at.continuous - uptime
    news.append((at, .resumed))
  }

  mutating func switchOff(at: ModelTime) {
    advance(to: at)
    for process in state.processes.values where !process.isZombie {
      news.append((at, .died(process.life, pid: process.pid, .powerCycled)))
    }
    state = State(nextPID: settings.pids.lowerBound, uptimeZero: at.continuous)
    touch()
    frozen = 0
    agentLife += 1
    news.append((at, .switchedOff))
  }

  mutating func switchOn(at: ModelTime) {
    frozen = nil
    state = State(nextPID: settings.pids.lowerBound, uptimeZero: at.continuous)
    touch()
    news.append((at, .switchedOn))
    for spawn in settings.base { _ = start(spawn, at: at) }
  }

  mutating func takeSnapshot(at: ModelTime) {
    advance(to: at)
    snapshot = (state, uptime(at: at))
    news.append((at, .snapshotTaken))
  }

  /// Back to the snapshot, running. False: there is none.
  mutating func revert(at: ModelTime) -> Bool {
    guard let snapshot else { return false }
    advance(to: at)
    for process in state.processes.values where !process.isZombie {
      news.append((at, .died(process.life, pid: process.pid, .reverted)))
    }
    frozen = nil
    state = snapshot.state
    state.uptimeZero = at.continuous - snapshot.uptime
    agentLife += 1
    news.append((at, .snapshotReverted))
    beginAnew(at: at)
    return true
  }

  /// A running copy of the guest as it is now (an instant clone), with a number of its own.
  public mutating func cloned(number: Int, at: ModelTime) -> SyntheticGuest {
    advance(to: at)
    var copy = self
    copy.settings.number = number
    copy.nextLife = Truth.Life(number) << 32 + 1
    copy.snapshot = nil
    copy.news = []
    copy.agentLife = 1
    copy.beginAnew(at: at)
    return copy
  }

  /// Everything in the table lives once more.
  private mutating func beginAnew(at: ModelTime) {
    touch()
    // Each is a new life: what is decided about one before the revert must not be carried out on the one after.
    var renamed: [Truth.Life: Truth.Life] = [:]
    for pid in state.processes.keys {
      guard var process = state.processes[pid] else { continue }
      let before = process.life
      renamed[before] = nextLife
      process.life = nextLife
      state.processes[pid] = process
      nextLife += 1
      if !process.isZombie {
        news.append((at, .born(process.life, pid: pid, owner: process.owner, restored: before)))
      }
    }
    for i in state.deaths.indices { state.deaths[i].life = renamed[state.deaths[i].life] ?? state.deaths[i].life }
    // A terminate that was under way in the snapshot has no agent any more that could finish it.
    state.deaths.removeAll { if case .exited = $0.cause { false } else { true } }
    for i in state.reapings.indices {
      state.reapings[i].life = renamed[state.reapings[i].life] ?? state.reapings[i].life
    }
    for i in state.programs.indices {
      state.programs[i].life = renamed[state.programs[i].life] ?? state.programs[i].life
    }
  }

  // MARK: what is there

  /// Every row of the process table, zombies too, in the order of their starts.
  public var processes: [GuestProcess] { Array(state.processes.values) }

  /// The pids of every row, in the order of the starts.
  public var pids: [Int64] { Array(state.processes.keys) }

  /// The process that holds the pid, a zombie too.
  public func process(pid: Int64) -> GuestProcess? { state.processes[pid] }

  /// Which life each pid holds, zombies too.
  public var lives: [Int64: Truth.Life] {
    Dictionary(uniqueKeysWithValues: state.processes.values.lazy.map { ($0.pid, $0.life) })
  }

  /// True where that life is not over.
  public func isAlive(_ life: Truth.Life, pid: Int64) -> Bool {
    guard let process = state.processes[pid] else { return false }
    return process.life == life && !process.isZombie
  }

  // MARK: births and deaths

  mutating func start(_ spawn: Spawn, at: ModelTime) -> GuestProcess? {
    let uptime = uptime(at: at)
    guard let pid = spawn.pid ?? freePID(uptime: uptime), state.processes[pid] == nil else { return nil }
    let process = GuestProcess(
      life: nextLife, pid: pid, owner: spawn.owner, name: spawn.name, command: spawn.command, startUptime: uptime,
      born: at, temper: spawn.temper, zombieFor: spawn.zombieFor,
      respawn: spawn.respawnsAfter.map {
        Respawn(after: $0, name: spawn.name, command: spawn.command, livesFor: spawn.livesFor)
      })
    nextLife += 1
    touch()
    state.processes[pid] = process
    if let span = spawn.livesFor { state.deaths.append((uptime + span, process.life, pid, .exited)) }
    news.append((at, .born(process.life, pid: pid, owner: spawn.owner, restored: nil)))
    return process
  }

  private mutating func freePID(uptime: Int64) -> Int64? {
    var pid = state.nextPID
    for _ in settings.pids {
      if pid > settings.pids.upperBound { pid = settings.pids.lowerBound }
      let rested = state.freed[pid].map { uptime - $0 >= settings.pidRest } ?? true
      if rested, state.processes[pid] == nil {
        state.nextPID = pid + 1
        return pid
      }
      pid += 1
    }
    return nil
  }

  private mutating func end(life: Truth.Life, pid: Int64, _ cause: Truth.Cause, at: ModelTime) {
    guard var process = state.processes[pid], process.life == life, !process.isZombie else { return }
    let uptime = uptime(at: at)
    touch()
    if let respawn = process.respawn {
      state.births.append(
        (
          uptime + respawn.after,
          Spawn(
            name: respawn.name, owner: process.owner, command: respawn.command, temper: process.temper,
            zombieFor: process.zombieFor, livesFor: respawn.livesFor, respawnsAfter: respawn.after)
        ))
    }
    news.append((at, .died(life, pid: pid, cause)))
    if let i = state.programs.firstIndex(where: { $0.life == life }) {
      state.programs[i].finished = clock(at: at)
      state.programs[i].finishedUptime = uptime
      state.programs[i].exitCode = if case .exited = cause { 0 } else { -1 }
    }
    state.deaths.removeAll { $0.life == life }
    if let zombieFor = process.zombieFor {
      process.isZombie = true
      process.name = String(process.name.prefix(15))
      process.command = process.name
      state.processes[pid] = process
      state.reapings.append((uptime + zombieFor, life, pid))
    } else {
      remove(pid, uptime: uptime)
    }
  }

  private mutating func remove(_ pid: Int64, uptime: Int64) {
    state.processes.removeValue(forKey: pid)
    touch()
    state.freed[pid] = uptime
  }
}

extension Int64 {
  /// Nanoseconds in whole seconds, rounded down.
  var flooredSeconds: Int64 {
    let (quotient, rest) = quotientAndRemainder(dividingBy: Span.second)
    return rest < 0 ? quotient - 1 : quotient
  }
}
