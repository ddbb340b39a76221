/// All that an operator may ask of the decision, at one moment and as values.
public struct Overview: Hashable, Sendable {
  /// One `[[vcenter]]`.
  public struct VCenter: Hashable, Sendable {
    public var id: VCenterID
    /// It has answered since it was configured.
    public var answered: Bool
    /// Why it cannot be asked now; nil: it answers, or was not asked yet.
    public var down: Fault?
    /// False where it has no VI JSON API: it is only watched.
    public var canTerminate: Bool
  }

  /// The rows of a budget in its window.
  public struct Spent: Hashable, Sendable {
    public var used: Int
    public var kills: Int
    public var within: Duration
    /// When the oldest of them leaves the window; nil: there is none.
    public var nextRoom: Instant?
  }

  /// One rule, and what it has left.
  public struct RuleState: Hashable, Sendable {
    public var id: RuleID
    public var action: Action
    /// nil: only the budgets of all rules together apply.
    public var budget: Spent?
  }

  /// One `[[guest_login]]` that was refused and is not used somewhere.
  public struct Login: Hashable, Sendable {
    public var id: LoginID
    /// Used nowhere.
    public var isStopped: Bool
    /// VMs that refused it.
    public var quarantined: Int
    /// When a stopped one is tried on one VM.
    public var nextTry: Instant?
  }

  /// A kill without an outcome on disk.
  public struct OpenKill: Hashable, Sendable {
    public enum Step: String, Hashable, Sendable {
      case recording, terminating, verifying, closing
      /// Of an earlier life, waiting for its turn.
      case waiting
    }
    public var id: KillID
    public var cause: Cause
    public var address: VMAddress
    public var vmName: String
    /// The command is empty unless `log_commands = "full"`.
    public var process: Process
    public var decided: Now
    public var step: Step
  }

  public var snapshot: Snapshot
  public var fleet: Spent?
  public var vcenters: [VCenter] = []
  public var rules: [RuleState] = []
  public var logins: [Login] = []
  public var pauses: [Pause] = []
  public var unwatched: [Unwatched] = []
  /// The first `mostStandings`; `snapshot.candidates` counts all.
  public var standings: [Standing] = []
  public var openKills: [OpenKill] = []

  /// So many are shown: whoever has more wants a rule mended, and the decision must not be held up by the question.
  public static let mostStandings = 10_000

  public init(snapshot: Snapshot) { self.snapshot = snapshot }
}

/// What an `Overview` holds of numbers, without its lists of VMs, processes and kills: for whoever asks often.
public struct Figures: Hashable, Sendable {
  public var snapshot: Snapshot
  public var fleet: Overview.Spent?
  public var vcenters: [Overview.VCenter] = []
  public var rules: [Overview.RuleState] = []
  public var logins: [Overview.Login] = []
  /// How many VMs that some rule reaches are not watched; a cause that no VM has is not in it.
  public var unwatched: [UnwatchedCause: Int] = [:]

  public init(snapshot: Snapshot) { self.snapshot = snapshot }
}
