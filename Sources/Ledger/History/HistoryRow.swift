public import GuestWatchCore

/// One row of the ledger as `history` shows it. Times are wall times in nanoseconds since 1970, UTC.
public struct HistoryRow: Hashable, Sendable {
  public var id: KillID
  public var rule: RuleID
  public var reason: Reason
  public var vcenter: VCenterID
  public var moid: String
  public var vmName: String
  public var pid: Int64
  public var name: GuestText
  public var owner: GuestText
  /// Seconds since 1970 on the guest's clock.
  public var started: Int64
  public var action: Action
  public var dryRun: Bool
  public var outcome: HistoryOutcome
  /// The error that the outcome names; of an open row, that of its last answer.
  public var error: Fault?
  public var decided: Int64
  public var confirmed: Int64?
  /// When the first byte of the terminate left; nil: it never did, or the daemon died before it could be written.
  public var sent: Int64?
  /// nil: no answer came before the outcome.
  public var answered: Int64?
  /// When the look that proved the outcome was answered.
  public var verified: Int64?

  public init(
    id: KillID, rule: RuleID, reason: Reason, vcenter: VCenterID, moid: String, vmName: String, pid: Int64,
    name: GuestText, owner: GuestText, started: Int64, action: Action, dryRun: Bool, outcome: HistoryOutcome,
    error: Fault?, decided: Int64, confirmed: Int64?, sent: Int64?, answered: Int64?, verified: Int64?
  ) {
    self.id = id
    self.rule = rule
    self.reason = reason
    self.vcenter = vcenter
    self.moid = moid
    self.vmName = vmName
    self.pid = pid
    self.name = name
    self.owner = owner
    self.started = started
    self.action = action
    self.dryRun = dryRun
    self.outcome = outcome
    self.error = error
    self.decided = decided
    self.confirmed = confirmed
    self.sent = sent
    self.answered = answered
    self.verified = verified
  }
}
