/// Which VMs a rule (or `[protect] vms`, or a guest login) reaches. OR in a list, AND between the keys that are given.
public struct Scope: Hashable, Sendable {
  /// Globs over VM names; nil: not given.
  public var names: [Glob]?
  /// Exact managed object ids; nil: not given.
  public var ids: [String]?
  /// VM folders by name or path; nil: not given.
  public var folders: [String]?
  /// Clusters by name; nil: not given.
  public var clusters: [String]?
  /// Tags as "category:name"; nil: not given.
  public var tags: [String]?
  /// Globs over VM name or id, taken away last.
  public var except: [Glob]

  public init(
    names: [Glob]? = nil, ids: [String]? = nil, folders: [String]? = nil, clusters: [String]? = nil,
    tags: [String]? = nil, except: [Glob] = []
  ) {
    self.names = names
    self.ids = ids
    self.folders = folders
    self.clusters = clusters
    self.tags = tags
    self.except = except
  }

  /// What vCenter must be asked for to know which VMs are meant, in the order of the keys.
  public var selectors: [Selector] {
    (folders ?? []).map(Selector.folder) + (clusters ?? []).map(Selector.cluster) + (tags ?? []).map(Selector.tag)
  }

  /// True where the VM is in scope. A scope without any selector reaches nothing.
  public func reaches(_ vm: VMFacts) -> Bool { reaches(name: vm.name, moid: vm.moid, in: vm.selectors) }

  /// The same of a VM of which no more is known; `selectors`: those that hold it.
  public func reaches(name: String, moid: String, in selectors: Set<Selector>) -> Bool {
    if names == nil && ids == nil && folders == nil && clusters == nil && tags == nil { return false }
    if let names, !names.contains(where: { $0.matches(name, folded: false) }) { return false }
    if let ids, !ids.contains(moid) { return false }
    if let folders, !folders.contains(where: { selectors.contains(.folder($0)) }) { return false }
    if let clusters, !clusters.contains(where: { selectors.contains(.cluster($0)) }) { return false }
    if let tags, !tags.contains(where: { selectors.contains(.tag($0)) }) { return false }
    return !except.contains { $0.matches(name, folded: false) || $0.matches(moid, folded: false) }
  }
}

/// Which processes: AND between the keys that are given, OR in a list.
public struct Match: Hashable, Sendable {
  public var names: [Glob]?
  public var owners: [Glob]?
  public var commands: [Glob]?
  /// One exact process; nil: not given.
  public var exactly: Exactly?

  public init(
    names: [Glob]? = nil, owners: [Glob]? = nil, commands: [Glob]? = nil, exactly: Exactly? = nil
  ) {
    self.names = names
    self.owners = owners
    self.commands = commands
    self.exactly = exactly
  }
}

/// `match.pid` with `match.started`.
public struct Exactly: Hashable, Sendable {
  /// 5 or more.
  public var pid: Int64
  /// Seconds since 1970, on the guest's clock.
  public var started: Int64

  public init(pid: Int64, started: Int64) {
    self.pid = pid
    self.started = started
  }
}

/// What of `max_instances` stays.
public enum Keep: String, Hashable, Sendable { case oldest, newest }

/// Over whom `max_instances` counts.
public enum Per: String, Hashable, Sendable { case owner, vm }

/// What makes a matching process a runaway; any one that is exceeded is enough.
public enum Limits: Hashable, Sendable {
  /// Any match is exceeded.
  case forbidden
  /// At least one of the two is given.
  case bounded(maxAge: Duration?, maxInstances: MaxInstances?)
}

/// `max_instances` with its `keep` and `per`.
public struct MaxInstances: Hashable, Sendable {
  /// How many may be there, 1 or more.
  public var count: Int
  public var keep: Keep
  public var per: Per

  public init(count: Int, keep: Keep = .oldest, per: Per = .owner) {
    self.count = count
    self.keep = keep
    self.per = per
  }
}

/// What a rule does with a runaway.
public enum Action: String, Hashable, Sendable { case report, terminate }

/// The most kills in a sliding window.
public struct Budget: Hashable, Sendable {
  /// 0 or more; 0 never kills.
  public var kills: Int
  /// Length of the window.
  public var within: Duration

  public init(kills: Int, within: Duration) {
    self.kills = kills
    self.within = within
  }
}

/// One `[[rule]]`, compiled.
public struct Rule: Hashable, Sendable {
  public var id: RuleID
  public var description: String
  /// The account for looking and killing.
  public var login: LoginID
  /// The vCenters it reaches; nil: every one.
  public var vcenters: [VCenterID]?
  public var scope: Scope
  public var match: Match
  public var unless: [Match]
  public var limits: Limits
  /// How long the limit must be exceeded over an unbroken chain of looks; zero: two looks 5 s apart are enough.
  public var lasting: Duration
  /// How often its VMs are surveyed, 1 s or more.
  public var every: Duration
  public var action: Action
  /// This rule's own budget over all VMs; nil: only those of `[budget]`.
  public var budget: Budget?
  /// The pause on a VM after a terminate that this rule sent there; nil: none.
  public var cooldown: Duration?
  /// When it kills nothing, in `Configuration.timeZone`; `lasting` goes on counting.
  public var notDuring: [QuietTime]

  public init(
    id: RuleID, description: String = "", login: LoginID, vcenters: [VCenterID]? = nil, scope: Scope, match: Match,
    unless: [Match] = [], limits: Limits, lasting: Duration = .zero, every: Duration, action: Action = .report,
    budget: Budget? = nil, cooldown: Duration? = nil, notDuring: [QuietTime] = []
  ) {
    self.id = id
    self.description = description
    self.login = login
    self.vcenters = vcenters
    self.scope = scope
    self.match = match
    self.unless = unless
    self.limits = limits
    self.lasting = lasting
    self.every = every
    self.action = action
    self.budget = budget
    self.cooldown = cooldown
    self.notDuring = notDuring
  }

  /// True where a reload keeps the state of this rule (S7): scope, match, unless, limits, login, vCenter and action are
  /// equal.
  public func keepsState(of old: Rule) -> Bool {
    id == old.id && scope == old.scope && match == old.match && unless == old.unless && limits == old.limits
      && login == old.login && vcenters == old.vcenters && action == old.action
  }

  /// True where the rule's scope reaches this VM of this vCenter.
  public func reaches(_ vm: VMFacts, of vcenter: VCenterID) -> Bool {
    (vcenters?.contains(vcenter) ?? true) && scope.reaches(vm)
  }
}
