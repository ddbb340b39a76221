/// What stands behind a kill: exactly one of the two, from the decision to the last word in the ledger.
public enum Cause: Hashable, Sendable {
  /// A rule, which calls the process a runaway.
  case rule(RuleID, Reason)
  /// An operator, who named this process.
  case demand(Demand)

  /// The rule; nil: an operator asked. For counting and finding; what decides switches over both.
  public var rule: RuleID? {
    switch self {
    case .rule(let rule, _): rule
    case .demand: nil
    }
  }

  /// Why the rule calls it a runaway; nil: an operator asked.
  public var reason: Reason? {
    switch self {
    case .rule(_, let reason): reason
    case .demand: nil
    }
  }

  /// The operator's word; nil: a rule asked.
  public var demand: Demand? {
    switch self {
    case .rule: nil
    case .demand(let demand): demand
    }
  }
}

/// An operator's word for one kill.
public struct Demand: Hashable, Sendable {
  /// The user id of the peer on the control socket, or of the command's own process.
  public var uid: UInt32
  /// Why, in the operator's words: foreign text, at most `GuestText.cap` bytes.
  public let why: String

  public init(uid: UInt32, why: String) {
    self.uid = uid
    self.why = GuestText(why).value
  }
}
