/// Where one process that matches a rule stands: the verdict of its last look, with the reason.
public struct Standing: Hashable, Sendable {
  public enum Verdict: Hashable, Sendable {
    /// No limit is exceeded. `place` is nil where the rule has no `max_instances`, or no listing has ranked it yet.
    case within(maxAge: Duration?, place: Place?)
    /// A limit is exceeded since then, but not for long enough before `due`.
    case exceeded(Reason, since: Instant, due: Instant)
    /// A runaway. `gate` keeps it alive; nil: its kill is on its way.
    case runaway(Reason, gate: Gate?)
  }

  /// The place in `keep` order, counted from 1.
  public struct Place: Hashable, Sendable {
    public var place: Int
    public var count: Int
    public var limit: Int

    public init(place: Int, count: Int, limit: Int) {
      self.place = place
      self.count = count
      self.limit = limit
    }
  }

  public var vm: VMKey
  public var address: VMAddress
  public var vmName: String
  public var rule: RuleID
  public var login: LoginID
  /// As the last look showed it. The command is empty unless `log_commands = "full"`.
  public var process: Process
  /// What `now - started` says, and what is proven.
  public var claimedAge: Duration
  public var provenAge: Duration
  public var verdict: Verdict
}

/// A VM that some rule reaches and that is not surveyed now.
public struct Unwatched: Hashable, Sendable {
  public var vcenter: VCenterID
  public var moid: String
  public var name: String
  /// Why, in words of ours.
  public var reason: String
  /// What the vCenter or the guest answered, where that is the reason.
  public var fault: Fault?
}

/// Why a VM that some rule reaches is not surveyed now.
public enum UnwatchedCause: Hashable, Sendable, CaseIterable {
  /// It is the VM itself.
  case vm(Unwatchable)
  case vcenterDown, leftAlone, loginsStopped
  /// The guest denies what is asked with each login that is not stopped there.
  case loginsDenied

  public static let allCases: [UnwatchedCause] =
    Unwatchable.allCases.map { .vm($0) } + [.vcenterDown, .leftAlone, .loginsStopped, .loginsDenied]

  /// For people.
  var words: String {
    switch self {
    case .vm(let why): why.rawValue
    case .vcenterDown: "its vCenter cannot be asked"
    case .leftAlone: "it is left alone for an hour"
    case .loginsStopped: "every guest login that reaches it is stopped there"
    case .loginsDenied: "the guest denies what is asked with every login that reaches it"
    }
  }
}
