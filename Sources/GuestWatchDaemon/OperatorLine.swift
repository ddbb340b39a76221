public import GuestWatchCore

/// How the scheduler speaks to the operator and to the service manager. No call blocks.
public protocol OperatorLine: Sendable {
  /// To the journal, or to stderr.
  func report(_ report: Report, at now: Now)
  /// From now on these are told, too.
  func notify(_ targets: [NotifyTarget])
  /// `STATUS=`.
  func status(_ snapshot: Snapshot)
  /// `READY=1`: after the start, and after a reload whether it was taken or refused.
  func ready()
  /// `RELOADING=1`.
  func reloading()
  /// `STOPPING=1`.
  func stopping()
  /// `WATCHDOG=1`.
  func alive()
}

extension OperatorLine {
  /// Most have nobody else to tell.
  public func notify(_ targets: [NotifyTarget]) {}
}
