/// Why a process is a runaway, with the figures.
public enum Reason: Hashable, Sendable {
  /// The proven age is over `max_age`. `claimed` is what `now - started` says.
  case tooOld(limit: Duration, proven: Duration, claimed: Duration)
  /// `count` processes match where `limit` may; this one is number `place` in `keep` order, counted from 1.
  case tooMany(limit: Int, count: Int, place: Int)
  /// The rule forbids every process that matches.
  case forbidden
}

/// What keeps a runaway from being killed for now.
public enum Gate: String, Hashable, Sendable, CaseIterable {
  /// The rule's action is report.
  case report
  case dryRun = "dry-run"
  /// An operator paused it.
  case paused
  case protected
  case ruleBudget = "rule-budget"
  case vmBudget = "vm-budget"
  case fleetBudget = "fleet-budget"
  case cooldown
  /// The rule's `not_during` says so, or our wall clock is not trusted and the rule has a `not_during`.
  case notDuring = "not-during"
  /// VMware Tools executes power scripts: the VM is about to change its state.
  case toolsBusy = "tools-busy"
  /// vCenter has no VI JSON: nothing can be terminated there.
  case noTerminate = "no-terminate"
  /// An outcome or an intent could not be written; no kill without a record.
  case ledger
  /// Another kill is open on the VM or in the group.
  case killOpen = "kill-open"
  /// Tried before on this identity, and the wait until the next try is not over.
  case retryWait = "retry-wait"
  case stuck
  case denied
  /// The guest login is stopped on this VM or everywhere.
  case login
  /// The daemon is stopping.
  case stopping
}

/// How a kill ended. Exactly one for each terminate that left (design.md, section 4, step 7).
public enum Outcome: String, Hashable, Sendable, CaseIterable {
  /// Done and then gone.
  case exited
  /// It had ended before the terminate came.
  case alreadyGone = "already-gone"
  /// No usable answer, and later not there: the cause is unknown.
  case gone
  /// The same identity is still there 25 s after.
  case survived
  /// Survived three times; left alone.
  case stuck
  /// The guest or vCenter does not allow it.
  case denied
  /// Nothing was begun for certain.
  case failed
  /// Never sent.
  case abandoned
  /// It cannot be known.
  case unknown

  /// True where the intent is given back to the budgets (S3).
  public var givesBack: Bool {
    switch self {
    case .abandoned, .failed, .alreadyGone, .denied: true
    case .exited, .gone, .survived, .stuck, .unknown: false
    }
  }
}

/// A row of the oldest processes of a guest: they tell an agent restart (all starts shift) from an exit.
public struct Anchor: Hashable, Sendable {
  public var pid: Int64
  public var started: Int64

  public init(pid: Int64, started: Int64) {
    self.pid = pid
    self.started = started
  }
}

/// What is written down before a terminate leaves, and of a runaway that is only reported.
public struct KillRecord: Hashable, Sendable {
  public var id: KillID
  public var cause: Cause
  /// Empty where an operator asked.
  public var ruleDescription: String
  public var action: Action
  public var dryRun: Bool
  public var vm: VMKey
  public var address: VMAddress
  public var vmName: String
  public var login: LoginID
  /// As the confirm showed it (as the survey did, where it is only reported). The command is empty unless
  /// `log_commands = "full"`.
  public var process: Process
  /// (pid, started) of the 8 oldest rows of the last complete listing.
  public var anchors: [Anchor]
  /// When it was decided.
  public var decided: Now
  /// When the confirm was answered; nil where it is only reported.
  public var confirmed: Now?
  public var origin: Origin

  public init(
    id: KillID, cause: Cause, ruleDescription: String = "", action: Action, dryRun: Bool, vm: VMKey,
    address: VMAddress, vmName: String, login: LoginID, process: Process, anchors: [Anchor], decided: Now,
    confirmed: Now?, origin: Origin = Origin()
  ) {
    self.id = id
    self.cause = cause
    self.ruleDescription = ruleDescription
    self.action = action
    self.dryRun = dryRun
    self.vm = vm
    self.address = address
    self.vmName = vmName
    self.login = login
    self.process = process
    self.anchors = anchors
    self.decided = decided
    self.confirmed = confirmed
    self.origin = origin
  }
}

/// One thing to be written in the ledger.
public enum LedgerStep: Hashable, Sendable {
  /// Before the terminate: durable (on disk) before it is confirmed with `Event.recorded`.
  case intent(KillRecord)
  /// The terminate was answered, or given up.
  case answered(Timing, KillAnswer)
  /// The one outcome. `verified` is when the look that proved it was answered; nil where no look did.
  case closed(Outcome, error: Fault?, verified: Now?, at: Now)
  /// A runaway that a closed gate (`report`, `dry-run`) keeps from being killed: counted, no budget spent.
  case reported(KillRecord, gate: Gate)

  /// Which step it is, without its data.
  public enum Kind: String, Hashable, Sendable { case intent, answered, closed, reported }
  public var kind: Kind {
    switch self {
    case .intent: .intent
    case .answered: .answered
    case .closed: .closed
    case .reported: .reported
    }
  }
}

/// Why something could not be written.
public struct LedgerFailure: Error, Hashable, Sendable {
  /// What the operator is told: what, where, why.
  public var message: String
  public init(_ message: String) { self.message = message }
}

/// What the ledger knew when the daemon started. Ages are running time that the ledger saw (S3): within a boot by the
/// continuous clock, over boots by the marks.
public struct Restored: Hashable, Sendable {
  /// A row that counts against budgets, cooldowns and retry waits.
  public struct Row: Hashable, Sendable {
    public var id: KillID
    /// nil: an operator asked. It counts for the VM and the fleet, for no rule.
    public var rule: RuleID?
    public var vm: VMKey
    public var process: Process
    public var login: LoginID
    /// How long ago the intent was decided, 0 or more.
    public var age: Duration
    /// nil: still open.
    public var outcome: Outcome?
    /// How long ago it was closed; nil while open.
    public var closedAge: Duration?

    public init(
      id: KillID, rule: RuleID?, vm: VMKey, process: Process, login: LoginID, age: Duration, outcome: Outcome?,
      closedAge: Duration?
    ) {
      self.id = id
      self.rule = rule
      self.vm = vm
      self.process = process
      self.login = login
      self.age = age
      self.outcome = outcome
      self.closedAge = closedAge
    }
  }

  /// A kill whose outcome is not known yet.
  public struct OpenKill: Hashable, Sendable {
    public var record: KillRecord
    /// How long ago the intent was written.
    public var age: Duration
    /// How the terminate was answered, where that was still written.
    public var answer: KillAnswer?
    /// How long the terminate took from its first byte to its answer; nil: not known.
    public var answerTook: Duration?

    public init(record: KillRecord, age: Duration, answer: KillAnswer?, answerTook: Duration? = nil) {
      self.record = record
      self.age = age
      self.answer = answer
      self.answerTook = answerTook
    }
  }

  /// The life of this start: one more than the last one's.
  public var life: UInt32
  /// All rows with an intent that any window, cooldown, retry wait or `stuck` may still need, oldest first. Of those that
  /// only windows and cooldowns need, the newest `mostRows`.
  public var rows: [Row]
  /// The most intents that windows count; a window that reaches back beyond them is full.
  public static let mostRows = 100_000
  public var open: [OpenKill]
  /// Guests that refused a login, oldest first.
  public var refusals: [LoginRefusal]
  public var standings: [LoginStanding]
  public var vcenterRefusals: [VCenterRefusal]
  /// What earlier lives knew of VMs, at most one of each.
  public var memories: [VMMemory]
  public var pauses: [Pause]
  /// For the digests of command lines; nil: none are made.
  public var commandKey: CommandKey?

  public init(
    life: UInt32, rows: [Row] = [], open: [OpenKill] = [], refusals: [LoginRefusal] = [],
    standings: [LoginStanding] = [], vcenterRefusals: [VCenterRefusal] = [], memories: [VMMemory] = [],
    pauses: [Pause] = [], commandKey: CommandKey? = nil
  ) {
    self.life = life
    self.rows = rows
    self.open = open
    self.refusals = refusals
    self.standings = standings
    self.vcenterRefusals = vcenterRefusals
    self.memories = memories
    self.pauses = pauses
    self.commandKey = commandKey
  }
}
