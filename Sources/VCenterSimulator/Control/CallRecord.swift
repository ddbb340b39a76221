/// A call as it was received: nothing of its body but the VM and pid it names.
public struct CallRecord: Hashable, Sendable {
  /// Counts the calls from 1.
  public var number: Int
  public var method: String
  /// Path and query as they came.
  public var target: String
  /// Nil where no call has that URL.
  public var kind: CallKind?
  public var vm: String?
  public var pid: Int64?
  /// Nanoseconds since 1970.
  public var received: Int64
  /// Nanoseconds since 1970; nil: not answered yet.
  public var answered: Int64?
  /// Nil: not answered yet, or the connection was closed instead.
  public var status: Int?
  /// `error_type` or `_typeName` of a refusal.
  public var refusal: String?
  /// Whether an injected fault hit it.
  public var isFaulty = false
}

/// A terminate that was received, and which process it found.
public struct TerminateRecord: Hashable, Sendable {
  /// The number of the call.
  public var call: Int
  public var vm: String
  public var pid: Int64
  /// The process that held the pid when the terminate took effect; nil: none, or the call was refused before.
  public var hit: Victim?

  public struct Victim: Hashable, Sendable {
    public var name: String
    public var owner: String
    /// Seconds since 1970.
    public var started: Int64
  }
}

/// What was counted.
public struct SimulatorCounters: Hashable, Sendable {
  /// Guest calls under way and at most at once, per VM.
  public var guestCalls: [String: Traffic] = [:]
  public var terminates: [TerminateRecord] = []

  public struct Traffic: Hashable, Sendable {
    public var received = 0
    public var inFlight = 0
    public var mostInFlight = 0
  }
}
