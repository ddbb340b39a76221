/// Which VMs an operator wants to look at.
public struct VMFilter: Hashable, Sendable {
  /// Over a VM's name, its moid, or `VCENTER:MOID`; nil: all that rules reach.
  public var vms: Glob?
  /// Only where this rule looks; nil: any.
  public var rule: RuleID?
  public var login: LoginID?

  public init(vms: Glob? = nil, rule: RuleID? = nil, login: LoginID? = nil) {
    self.vms = vms
    self.rule = rule
    self.login = login
  }

  func selects(_ name: String, _ address: VMAddress) -> Bool {
    vms.map {
      $0.matches(name, folded: false) || $0.matches(address.moid, folded: false)
        || $0.matches(address.description, folded: false)
    } ?? true
  }
}

/// A VM that rules reach, and one of the logins that they look with.
public struct ReachedVM: Hashable, Sendable {
  public var vm: VMKey
  public var address: VMAddress
  public var name: String
  public var login: LoginID
  /// The smallest `every` of the rules that look with this login.
  public var every: Duration
  public var rules: [RuleID]
  public var family: GuestFamily

  public init(
    vm: VMKey, address: VMAddress, name: String, login: LoginID, every: Duration, rules: [RuleID],
    family: GuestFamily = .unknown
  ) {
    self.vm = vm
    self.address = address
    self.name = name
    self.login = login
    self.every = every
    self.rules = rules
    self.family = family
  }
}

/// The VMs that rules reach, as far as it is known.
public struct Reach: Hashable, Sendable {
  /// One for each VM and login.
  public var vms: [ReachedVM] = []
  /// VMs among them that cannot be watched at all.
  public var nameless: [Unwatched] = []
  /// vCenters that have shown no VMs yet, or do not answer now, with the reason where it is known.
  public var silent: [VCenterTrouble] = []
  /// Where nothing was found: the names that are there, at most `Reach.mostNames`.
  public var names: [String] = []

  public static let mostNames = 1_000

  public init() {}
}

/// A vCenter that could not be asked.
public struct VCenterTrouble: Hashable, Sendable {
  public var id: VCenterID
  /// nil: it has not answered yet.
  public var fault: Fault?

  public init(id: VCenterID, fault: Fault?) {
    self.id = id
    self.fault = fault
  }
}

/// What an operator is told who only looks: one for each question. None of them has anything to do with a kill.
public enum ViewAnswer: Hashable, Sendable {
  case reached(Reach)
  case explained(Explanation)
  case refused(NoView)

  /// Why a VM could not be looked at.
  public enum NoView: Hashable, Sendable {
    /// It cannot be looked at now: why, in words of ours, and what was answered, where that is the reason.
    case unwatched(String, Fault?)
    /// The guest login is stopped on this VM or everywhere.
    case login
    /// The VM is not there any more, or no rule looks at it with this login.
    case changed(String)
    /// The listing failed.
    case failed(Fault)
    /// It was not listed in the time that an operator is kept waiting.
    case tooLate
    case stopping
  }
}
