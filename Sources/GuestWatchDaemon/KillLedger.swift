public import GuestWatchCore

/// What the scheduler asks of the ledger. Calls come one after the other, never two at once.
public protocol KillLedger: Sendable {
  /// Returns when the step is on disk, or says why it is not.
  func write(_ kill: KillID, _ step: LedgerStep, now: Now) async -> Result<Void, LedgerFailure>
  /// Keeps what a login was answered (S10); returns when it is on disk, or says why it is not.
  func note(_ note: LoginNote, now: Now) async -> Result<Void, LedgerFailure>
  /// Notes that the daemon runs at this moment, so that rows age over boots (S3), and keeps what is known of some VMs:
  /// all of it or, where it fails, none.
  func mark(_ memories: [VMMemory], now: Now) async -> Result<Void, LedgerFailure>
  /// Forgets some of what is older than `reach`, a small portion; says why where it cannot.
  func forget(beyond reach: Duration, now: Now) async -> Result<Void, LedgerFailure>
  /// Keeps the pauses in force, in the place of all before; returns when they are on disk, or says why they are not.
  func keep(_ pauses: [Pause], now: Now) async -> Result<Void, LedgerFailure>
}
