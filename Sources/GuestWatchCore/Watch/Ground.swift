/// What a kill stands on: asked for anew when its confirm was answered and when its intent is on disk.
enum Ground: Sendable {
  /// A track of this rule says runaway, over this chain of looks.
  case rule(RuleID, Reason, Chain)
  /// An operator named this process.
  case demand(Standing)

  /// The chain of looks that a verdict came from. The confirm must go on with it: one that broke while the confirm waited
  /// and began anew has said nothing yet.
  struct Chain: Sendable, Equatable {
    /// When its first look was answered; never: of an earlier life, good for no terminate.
    var since: Instant
    /// For `max_instances`.
    var group: Group.Key?
  }

  /// What an operator's demand needs to go on being good.
  struct Standing: Sendable {
    var demand: Demand
    /// Who waits for an answer; nil: nobody does any more.
    var ask: AskID?
    /// When a look was answered that showed the identity first; never: of an earlier life, good for no terminate.
    var seen: Instant
    /// The VM's epoch then.
    var epoch: UInt32
    /// Not confirmed before that: dropped, for the operator has turned to something else.
    var until: Instant
    /// Whoever asked has gone before the terminate was sent.
    var isWithdrawn = false
  }

  var cause: Cause {
    switch self {
    case .rule(let rule, let reason, _): .rule(rule, reason)
    case .demand(let standing): .demand(standing.demand)
    }
  }

  var group: Group.Key? {
    switch self {
    case .rule(_, _, let chain): chain.group
    case .demand: nil
    }
  }
}

extension Ground.Chain {
  init(_ exceeded: Track.Exceeded) { self.init(since: exceeded.since, group: exceeded.group) }
}

/// In whose name gates are asked for.
enum Asker: Sendable {
  case rule(Rule)
  /// An operator. What belongs to a rule alone (its action, budget, cooldown and `not_during`) is not asked: the operator
  /// looks at what is killed, and when.
  case user(LoginID)

  var login: LoginID {
    switch self {
    case .rule(let rule): rule.login
    case .user(let login): login
    }
  }

  var rule: RuleID? {
    switch self {
    case .rule(let rule): rule.id
    case .user: nil
    }
  }
}

extension Kill {
  /// nil: an operator asked for it.
  var rule: RuleID? { ground.cause.rule }

  var group: Group.Key? { ground.group }

  /// Who waits for an answer.
  var ask: AskID? {
    switch ground {
    case .rule: nil
    case .demand(let standing): standing.ask
    }
  }

  /// Whoever asked for it has gone before the terminate was sent.
  var isWithdrawn: Bool {
    switch ground {
    case .rule: false
    case .demand(let standing): standing.isWithdrawn
    }
  }
}
