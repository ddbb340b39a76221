/// How a process takes signals. Times in nanoseconds.
public enum Temper: Hashable, Sendable {
  /// Ends that long after SIGTERM.
  case yields(after: Int64)
  /// Ignores SIGTERM; ends that long after SIGKILL.
  case ignores(killedAfter: Int64)
  /// Stays even after SIGKILL (uninterruptible sleep).
  case unkillable
}

/// A process to be started in a synthetic guest.
public struct Spawn: Hashable, Sendable {
  public var name: String
  public var owner: String
  public var command: String
  /// A pid of its own (kernel, init); nil: the next free one.
  public var pid: Int64?
  public var temper: Temper
  /// After its death the row stays for that long as a zombie, its command shrunk to the short name; nil: not at all.
  public var zombieFor: Int64?
  /// Ends by itself after that long; nil: never.
  public var livesFor: Int64?
  /// A supervisor starts it again, with another pid, that long after its death; nil: never.
  public var respawnsAfter: Int64?

  public init(
    name: String, owner: String, command: String? = nil, pid: Int64? = nil, temper: Temper = .yields(after: 20_000_000),
    zombieFor: Int64? = nil, livesFor: Int64? = nil, respawnsAfter: Int64? = nil
  ) {
    self.name = name
    self.owner = owner
    self.command = command ?? name
    self.pid = pid
    self.temper = temper
    self.zombieFor = zombieFor
    self.livesFor = livesFor
    self.respawnsAfter = respawnsAfter
  }
}

/// A process of a synthetic guest, with what only the model knows of it.
public struct GuestProcess: Hashable, Sendable {
  /// Unique within the VM, for ever.
  public internal(set) var life: Truth.Life
  public let pid: Int64
  public var owner: String
  public var name: String
  public var command: String
  /// Guest uptime at its start, in nanoseconds: its start time as the kernel counts it.
  public let startUptime: Int64
  /// When it began in truth. For one that came back with a snapshot: when it first began.
  public let born: ModelTime
  public let temper: Temper
  public let zombieFor: Int64?
  /// What its supervisor starts when it has died, and how long after; nil: it has none.
  let respawn: Respawn?
  /// Dead, but its parent has not collected it: the row is still there.
  public internal(set) var isZombie = false
}

/// What a supervisor does about a death.
struct Respawn: Hashable, Sendable {
  var after: Int64
  var name: String
  var command: String
  var livesFor: Int64?
}

/// An entry of the agent's own table of programs started through the API: kept for five minutes after the end.
struct StartedProgram: Hashable, Sendable {
  var pid: Int64
  var life: Truth.Life
  var name: String
  var owner: String
  var command: String
  /// Guest clock at launch, seconds since 1970.
  var started: Int64
  /// Guest clock at its end, seconds since 1970.
  var finished: Int64?
  /// Guest uptime at its end, in nanoseconds.
  var finishedUptime: Int64?
  var exitCode: Int64?
}
