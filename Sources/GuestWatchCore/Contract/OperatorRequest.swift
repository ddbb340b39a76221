/// What an operator asks of the running daemon.
public enum OperatorRequest: Hashable, Sendable {
  /// No kill begins where it applies. One with the same rule and VMs takes its place. `by`: the peer's user id, for the
  /// journal.
  case pause(Pause, by: UInt32? = nil)
  /// Ends the pauses with exactly this rule and these VMs; with neither, all of them.
  case resume(rule: RuleID?, vms: Glob?, by: UInt32? = nil)
  /// A stopped or quarantined login may be tried again: on one VM first.
  case retryLogin(LoginID)
  /// Which process has this pid? Nothing is killed. Answered by `Effect.answer`.
  case find(AskID, Wanted)
  /// Kill exactly this process, through every gate but those of a rule. Answered by `Effect.answer`.
  case kill(AskID, KillOrder)
  /// Which VMs do rules reach? Answered by `Effect.show`.
  case vms(AskID, VMFilter)
  /// What do the rules that look at this VM with this login say of each of its processes? It is listed for that, in its turn;
  /// answered by `Effect.show`, with every row of the listing.
  case explain(AskID, VMKey, LoginID)
  /// Whoever asked has gone: what was not recorded yet does not happen.
  case withdraw(AskID)
}

/// A gate that an operator closed. Kept in the ledger: a restart does not open it.
public struct Pause: Hashable, Sendable {
  /// nil: every rule.
  public var rule: RuleID?
  /// Over VM name or moid; nil: every VM.
  public var vms: Glob?
  /// When it ends by itself; nil: when an operator says so. On the continuous clock: over reboots it ages by the running
  /// time that the ledger saw, and so never ends early.
  public var until: Instant?

  public init(rule: RuleID? = nil, vms: Glob? = nil, until: Instant? = nil) {
    self.rule = rule
    self.vms = vms
    self.until = until
  }

  /// The most pauses at once; one more is refused.
  public static let cap = 1_000
}
