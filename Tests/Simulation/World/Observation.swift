public import GuestWatchCore
public import VCenterModel

/// What the checker is told. It sees both sides: what the daemon asked and was shown, and what really happened.
public enum Observation: Sendable {
  /// A daemon starts; these kills were open in the ledger.
  case daemonBegan(open: [KillID])
  /// The daemon's host boots: its continuous clock reads that many nanoseconds less than the true one from now on.
  case hostBooted(ahead: Int64)
  /// The daemon ended: everything in flight on its side is forgotten.
  case daemonEnded
  /// The daemon asks for something.
  case effect(Effect)
  /// The daemon is told something.
  case event(Event)
  /// A step is on disk.
  case durable(KillID, LedgerStep)
  /// These pauses are on disk, and no others.
  case kept([Pause])
  /// A look or survey was carried out in a guest, whatever VM it belongs to now, and at that moment these lives held these pids.
  case executed(OpID, guest: Int = 0, lives: [Int64: Truth.Life])
  /// A terminate reached the guest as this call.
  case reached(OpID, CallID)
  /// Something really happened.
  case truth(Truth)
}
