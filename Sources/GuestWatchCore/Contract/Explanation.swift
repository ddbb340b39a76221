/// A key of `match`, of an `unless` table or of `[protect]`.
public enum MatchKey: String, Hashable, Sendable, CaseIterable {
  case pid, started, name, owner, command
}

/// Why a rule does not match a process: the first condition that fails.
public enum Mismatch: Hashable, Sendable {
  /// This key of `match` does not fit.
  case match(MatchKey)
  /// This table of `unless` fits, counted from 0.
  case unless(Int)
}

/// What protects a process.
public enum Protector: Hashable, Sendable {
  /// Its pid, or what it is to its system.
  case builtIn
  /// A glob of `[protect]`, counted from 0.
  case listed(MatchKey, Int)
}

/// A limit that is exceeded.
public struct Excess: Hashable, Sendable {
  public var reason: Reason
  /// When the first look of the unbroken chain was answered that shows it exceeded.
  public var since: Instant
  /// When it will have lasted long enough.
  public var due: Instant
  /// It has: the rule acts, unless a gate is closed.
  public var isRunaway: Bool
}

/// Where a process stands that a rule matches.
public struct Fit: Hashable, Sendable {
  /// nil: it is within its limits.
  public var excess: Excess?
  /// When its age exceeds `max_age` and when the rule would act on that, if nothing else is learned; nil: never, or it does.
  public var exceeds: Instant?
  public var due: Instant?
  /// For `max_instances`; nil where the rule has none.
  public var place: Standing.Place?
  /// Every gate that is closed now, in the order in which they are asked; empty where its kill is under way.
  public var gates: [Gate] = []
  public var isBeingKilled = false
}

/// What keeps alive all that a rule matches on a VM.
public struct RuleGates: Hashable, Sendable {
  /// In the order in which they are asked; each is also among the gates of every process, unless its kill is under way.
  public var gates: [Gate]
  /// When `not_during` is over; nil: it is not among the gates, it has no end, or the clock is not trusted.
  public var opens: Opening?
}

/// What one rule says of one process of a listing.
public enum Judgement: Hashable, Sendable {
  case mismatch(Mismatch)
  /// It fits, but the guest or an outcome shows that it has ended.
  case ended
  /// It fits, but the VM has more that fit than can be followed.
  case beyondCap
  case fits(Fit)
}

/// One process of a listing.
public struct ExplainedProcess: Hashable, Sendable {
  /// The command is empty unless `log_commands = "full"`.
  public var process: Process
  /// What `now - started` says, and what is proven.
  public var claimedAge: Duration
  public var provenAge: Duration
}

/// One complete listing of a VM, and what was made of it: every row can be asked for. A value that nothing acts on.
public struct Explanation: Hashable, Sendable, CustomStringConvertible {
  public var vm: VMKey
  public var address: VMAddress
  public var vmName: String
  public var family: GuestFamily
  public var login: LoginID
  /// The smallest `every` of the rules that look with this login.
  public var every: Duration
  /// When the listing was sent and when it was answered.
  public var sent: Now
  public var listed: Now
  /// When it was judged.
  public var at: Now
  /// False: *shown* ages count nothing, and `not_during` keeps its gate closed.
  public var clockTrusted: Bool
  /// What speaks against the VM's start times; nil: nothing so far.
  public var doubt: String?
  public var dryRun: Bool
  /// Those that look at this VM with this login, in rule order.
  public var rules: [Rule]
  /// One for each of them.
  public var gates: [RuleGates]
  public var protect: Protect

  /// By pid.
  var rows: [Process]
  /// One for each row.
  var memory: [RowMemory]
  var ended: Set<Ended.Name>
  /// By pid, one for each rule that matches it: what is followed.
  var fits: [Int64: [(rule: RuleID, fit: Fit)]]
  var showsCommands: Bool

  /// How many processes were listed.
  public var count: Int { rows.count }
  /// The pid of a row, 0 ..< `count`.
  public func pid(_ row: Int) -> Int64 { rows[row].pid }

  /// What a rule, 0 ..< `rules.count`, says of a row, 0 ..< `count`. Computed when it is asked for, by what the decision
  /// itself judges with.
  public func judgement(of row: Int, by rule: Int) -> Judgement {
    let process = rows[row]
    if let mismatch = Verdicts.mismatch(process, rules[rule], family) { return .mismatch(mismatch) }
    if let fit = fits[process.pid]?.first(where: { $0.rule == rules[rule].id })?.fit { return .fits(fit) }
    return process.finished != nil || ended.contains(Ended.Name(process.identity)) ? .ended : .beyondCap
  }

  /// The process of a row, 0 ..< `count`.
  public func process(_ row: Int) -> ExplainedProcess {
    let process = rows[row]
    let seen = memory[row]
    var explained = ExplainedProcess(
      process: process, claimedAge: ProvenAge.claimed(started: process.started, at: at),
      provenAge: ProvenAge.of(
        started: process.started, firstSeen: seen.firstSeen, evidence: seen.evidence, at: at,
        believed: clockTrusted && doubt == nil))
    if !showsCommands { explained.process.command = GuestText("", doubtful: process.command.doubtful) }
    return explained
  }

  /// What protects the process of a row; nil: nothing does.
  public func protector(of row: Int) -> Protector? { Protection.protector(of: rows[row], protect, family: family) }

  /// Without what was listed: it holds command lines.
  public var description: String { "\(rows.count) processes of \(address) with login \(login)" }

  public static func == (a: Explanation, b: Explanation) -> Bool {
    a.vm == b.vm && a.login == b.login && a.sent == b.sent && a.listed == b.listed && a.at == b.at && a.rows == b.rows
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(vm)
    hasher.combine(login)
    hasher.combine(at)
  }
}
