public import GuestWatchCore

/// One row of the ledger as `history` shows it. Wall times are nanoseconds since 1970, UTC.
public struct HistoryRow: Hashable, Sendable {
  /// When a step was done.
  public struct Moment: Hashable, Sendable {
    public var wall: Int64
    /// How long after `decided`, by the continuous clock; nil where the machine has booted in between.
    public var after: Duration?

    public init(wall: Int64, after: Duration?) {
      self.wall = wall
      self.after = after
    }
  }

  public var id: KillID
  public var cause: Cause
  /// Empty where an operator asked.
  public var ruleDescription: String
  public var vcenter: VCenterID
  public var moid: String
  public var vmName: String
  public var vm: VMKey
  public var login: LoginID
  public var pid: Int64
  public var name: GuestText
  public var owner: GuestText
  /// Seconds since 1970 on the guest's clock.
  public var started: Int64
  /// Empty unless `log_commands = "full"`.
  public var command: GuestText
  public var action: Action
  public var dryRun: Bool
  /// What kept it from being killed, where it was only reported.
  public var gate: Gate?
  public var outcome: HistoryOutcome
  /// The error that the outcome names; of an open row, that of its last answer.
  public var error: Fault?
  public var origin: Origin
  /// The version of the daemon that decided; nil: not known.
  public var version: String?

  /// How many sightings this row stands for: 1, unless it was only reported. The row is the last of them.
  public var count: Int64
  /// When the first of them was decided.
  public var first: Int64
  /// They had more than one name.
  public var mixed: Bool

  /// The boot that the steps belong to.
  public var bootID: String
  /// The boot in which it was closed and what was seen before; nil while it is open.
  public var closedBootID: String?
  public var decided: Int64
  public var confirmed: Moment?
  /// When the intent was given to the disk.
  public var recorded: Moment
  /// When the first byte of the terminate left; nil: it never did, or the daemon died before it could be written.
  public var sent: Moment?
  /// nil: no answer came before the outcome.
  public var answered: Moment?
  /// When the look that proved the outcome was answered.
  public var verified: Moment?
  public var closed: Moment?
}
