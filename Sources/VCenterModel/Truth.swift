/// What really happened in a guest, which no call shows: for checkers of whoever only sees the calls.
public struct Truth: Hashable, Sendable {
  /// Names one life of a process for ever: pids come back, this number never does. Unique within its guest, and over all
  /// guests that have different numbers.
  public typealias Life = UInt64

  /// What ended a life.
  public enum Cause: Hashable, Sendable {
    /// It ended by itself.
    case exited
    /// A terminate was asked for its pid while it held it.
    case terminated(CallID)
    /// It took over a pid while a terminate of the one before was under way, and the agent killed it for that one
    /// (vsphere-api.md 8.3).
    case escalated(CallID)
    /// The VM was switched off or reset.
    case powerCycled
    /// The VM went back to a snapshot.
    case reverted
  }

  public enum Signal: String, Hashable, Sendable { case term, kill }

  public enum Event: Hashable, Sendable {
    /// A process began. `restored`: it came back with a snapshot, in which it was that life.
    case born(Life, pid: Int64, owner: String, restored: Life?)
    /// A process died. Its row may stay: as a zombie, or as an ended API-started one.
    case died(Life, pid: Int64, Cause)
    /// A terminate reached the guest agent while that life (nil: none) held the pid.
    case terminateReceived(CallID, pid: Int64, holder: Life?, account: String)
    /// The agent sent a signal.
    case signalled(CallID, Life, Signal)
    case agentRestarted
    /// Ordinary accounts see only their own processes (`hidepid`), or all again.
    case hidesOthers(Bool)
    case suspended, resumed, switchedOff, switchedOn, snapshotTaken, snapshotReverted
  }

  /// The guest that it happened in (`SyntheticGuest.Settings.number`): it stays the same when the VM gets another moid, another
  /// instance uuid or another vCenter.
  public var guest: Int
  public var moid: String
  public var at: ModelTime
  public var event: Event

  public init(guest: Int = 0, moid: String, at: ModelTime, event: Event) {
    self.guest = guest
    self.moid = moid
    self.at = at
    self.event = event
  }
}
