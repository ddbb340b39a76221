/// Something an operator should know, as values; the words are made at the edge, where guest text is escaped.
public struct Report: Hashable, Sendable {
  /// What happened. Each has a `MESSAGE_ID` of its own; the raw value is `GUESTWATCH_EVENT`.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    // processes
    /// A runaway was found and its kill begins.
    case runaway
    /// The intent of a kill is on disk and its terminate leaves now: the first entry with the kill's id.
    case terminating
    /// A runaway is there, but a gate is closed (`gate`); said once per gate and candidate.
    case waiting
    /// What would have been killed, were it not for `report` or `dry-run` (`gate`).
    case wouldKill = "would-kill"
    /// The confirm showed another identity on the pid, or none: the newcomer is spared.
    case spared
    /// A kill was closed with `outcome`.
    case killed
    /// An operator asked for a kill; `gate` or `detail` says why it does not begin.
    case killAsked = "kill-asked"
    /// The match ended before its second look; first sighting per rule, VM and name an hour.
    case shortLived = "short-lived"
    /// An identity that was closed as gone is still listed 5 minutes later.
    case stillListed = "still-listed"

    // guest logins and VMs
    /// A guest refused a login: not used on that VM any more.
    case loginQuarantined = "login-quarantined"
    /// Refusals in a row stopped an account everywhere; `detail` says when it is tried next.
    case loginStopped = "login-stopped"
    /// A stopped login is tried on one VM, by the timer or because an operator asked (`detail`).
    case loginTried = "login-tried"
    /// A guest accepted a login after refusals: it is used again, but not on VMs that refused it.
    case loginBelieved = "login-believed"
    /// The token of a login cannot be read (`fault`): nothing is asked with it until it can.
    case loginUnreadable = "login-unreadable"
    case loginReadable = "login-readable"
    /// A VM cannot be watched for now; `fault` or `detail` says why.
    case vmParked = "vm-parked"
    case vmWatched = "vm-watched"
    /// A new epoch: power cycle, revert, clone, or the like.
    case epochEnded = "epoch-ended"
    /// Start times of a VM are not believed any more in this epoch; `detail` says what speaks against them.
    case startsDoubted = "starts-doubted"

    // vCenters
    case vcenterUp = "vcenter-up"
    /// A vCenter cannot be asked; `fault` says why.
    case vcenterDown = "vcenter-down"
    /// vCenter refused our login; `detail` says when it is tried again.
    case vcenterLoginRefused = "vcenter-login-refused"
    /// No VI JSON: it is only watched.
    case watchOnly = "watch-only"
    /// A rule's scope reaches no VM; or a `selector` of a login's scope or, without a login, of `[protect] vms` holds none
    /// that a rule reaches.
    case scopeEmpty = "scope-empty"
    /// A vCenter cannot say which VMs a `selector` holds (`trouble`): it chooses none there.
    case selectorUnresolved = "selector-unresolved"

    // the daemon
    case clockDoubted = "clock-doubted"
    case clockTrusted = "clock-trusted"
    /// The ledger cannot be written: there are no kills until it can.
    case ledgerFailing = "ledger-failing"
    case ledgerWorks = "ledger-works"
    /// The file with the metrics cannot be written, or not in time (`detail`); said by the scheduler, once until it can.
    case metricsFailing = "metrics-failing"
    case metricsWork = "metrics-work"
    /// Said by the scheduler.
    case started, stopping
    /// An operator closed a gate (`detail` says for what), or opened it again.
    case paused, resumed
    case configured = "configuration-loaded"
    case configurationRefused = "configuration-refused"
    /// A limit on something that can grow was reached; `detail` names it.
    case limitReached = "limit-reached"
  }

  /// How loud: `info` for changes of state, `notice` for kills, `warning` for what needs a look, `error` for what needs
  /// a hand.
  public enum Level: String, Hashable, Sendable { case info, notice, warning, error }

  public var kind: Kind
  public var level: Level
  public var rule: RuleID?
  public var vcenter: VCenterID?
  /// The managed object id.
  public var moid: String?
  public var vmName: String?
  public var login: LoginID?
  /// The command is empty unless `log_commands = "full"`.
  public var process: Process?
  public var killID: KillID?
  public var reason: Reason?
  /// Who asked for the kill, where no rule did.
  public var demand: Demand?
  public var gate: Gate?
  public var outcome: Outcome?
  public var fault: Fault?
  /// More, in words of ours (never guest text): for a newcomer what differs, for a doubt what speaks against.
  public var detail: String
  /// When the closed gate opens by itself; nil: it does not, or nobody can know.
  public var opens: Opening?
  /// A folder, cluster or tag that the configuration names.
  public var selector: Selector?
  public var trouble: SelectorTrouble?

  public init(
    _ kind: Kind, _ level: Level, rule: RuleID? = nil, vcenter: VCenterID? = nil, moid: String? = nil,
    vmName: String? = nil, login: LoginID? = nil, process: Process? = nil, killID: KillID? = nil,
    reason: Reason? = nil, demand: Demand? = nil, gate: Gate? = nil, outcome: Outcome? = nil, fault: Fault? = nil,
    detail: String = "", opens: Opening? = nil, selector: Selector? = nil, trouble: SelectorTrouble? = nil
  ) {
    self.kind = kind
    self.level = level
    self.rule = rule
    self.vcenter = vcenter
    self.moid = moid
    self.vmName = vmName
    self.login = login
    self.process = process
    self.killID = killID
    self.reason = reason
    self.demand = demand
    self.gate = gate
    self.outcome = outcome
    self.fault = fault
    self.detail = detail
    self.opens = opens
    self.selector = selector
    self.trouble = trouble
  }
}

/// An instant with what clocks in the operator's time zone show then.
public struct Opening: Hashable, Sendable {
  /// Seconds since 1970.
  public var at: Int64
  /// Seconds that local time is ahead of UTC at that instant.
  public var offset: Int64

  public init(at: Int64, offset: Int64) {
    self.at = at
    self.offset = offset
  }
}

/// The state in numbers: what an operator would ask first.
public struct Snapshot: Hashable, Sendable {
  /// VMs that some rule reaches.
  public var vmsInScope: Int
  /// Of those, how many are surveyed.
  public var vmsWatched: Int
  /// Of those, how many wait for their survey longer than promised (L2): there are too few slots, or answers are slow.
  public var vmsLate: Int
  /// Processes that match a rule and are being followed.
  public var candidates: Int
  /// Kills without an outcome.
  public var openKills: Int
  /// Intents in the window of `[budget]`, and how many it allows.
  public var killsInWindow: Int
  public var killsAllowed: Int
  public var dryRun: Bool
  public var rules: Int
  /// vCenters that cannot be asked now, in configuration order.
  public var vcentersDown: [VCenterID]
  /// Accounts that are stopped or quarantined somewhere.
  public var loginsStopped: [LoginID]
  public var ledgerFailing: Bool
  public var clockTrusted: Bool

  public init(
    vmsInScope: Int = 0, vmsWatched: Int = 0, vmsLate: Int = 0, candidates: Int = 0, openKills: Int = 0,
    killsInWindow: Int = 0,
    killsAllowed: Int = 0, dryRun: Bool = false, rules: Int = 0, vcentersDown: [VCenterID] = [],
    loginsStopped: [LoginID] = [], ledgerFailing: Bool = false, clockTrusted: Bool = true
  ) {
    self.vmsInScope = vmsInScope
    self.vmsWatched = vmsWatched
    self.vmsLate = vmsLate
    self.candidates = candidates
    self.openKills = openKills
    self.killsInWindow = killsInWindow
    self.killsAllowed = killsAllowed
    self.dryRun = dryRun
    self.rules = rules
    self.vcentersDown = vcentersDown
    self.loginsStopped = loginsStopped
    self.ledgerFailing = ledgerFailing
    self.clockTrusted = clockTrusted
  }
}
