/// How much of a command line may be written to journal, ledger and output.
public enum LogCommands: String, Hashable, Sendable { case name, full }

/// `[budget]`: one sliding window for all rules, VMs and vCenters together, and per VM.
public struct FleetBudget: Hashable, Sendable {
  public var kills: Int
  public var perVM: Int
  public var within: Duration

  public init(kills: Int = 20, perVM: Int = 3, within: Duration = .seconds(3600)) {
    self.kills = kills
    self.perVM = perVM
    self.within = within
  }
}

/// `[protect]`: any hit in any list protects; always in addition to what is built in (S2).
public struct Protect: Hashable, Sendable {
  public var names: [Glob]
  public var owners: [Glob]
  public var commands: [Glob]
  /// VMs that are never touched; nil: none.
  public var vms: Scope?

  public init(names: [Glob] = [], owners: [Glob] = [], commands: [Glob] = [], vms: Scope? = nil) {
    self.names = names
    self.owners = owners
    self.commands = commands
    self.vms = vms
  }
}

/// What the decision needs to know of a `[[vcenter]]`.
public struct VCenterEntry: Hashable, Sendable {
  public var id: VCenterID
  /// The most requests in flight, 1...1024.
  public var maxInFlight: Int
  /// Digest of url, user name and secret: where it changed, refusals of the old login do not count any more.
  public var digest: UInt64

  public init(id: VCenterID, maxInFlight: Int = 64, digest: UInt64 = 0) {
    self.id = id
    self.maxInFlight = maxInFlight
    self.digest = digest
  }
}

/// What the decision needs to know of a `[[guest_login]]`.
public struct LoginEntry: Hashable, Sendable {
  public var id: LoginID
  /// The account, case folded: refusals count per account.
  public var account: String
  /// True where a directory (AD, LDAP, sssd) holds the account: lockout policies count over all VMs.
  public var directory: Bool
  /// The most operations in flight with this login.
  public var maxInFlight: Int
  /// Outside these VMs the login is never sent; nil: everywhere.
  public var scope: Scope?
  /// Digest of user name and secret: where it changed, the account gets a new chance.
  public var digest: UInt64

  public init(
    id: LoginID, account: String, directory: Bool = false, maxInFlight: Int = 64, scope: Scope? = nil,
    digest: UInt64 = 0
  ) {
    self.id = id
    self.account = account
    self.directory = directory
    self.maxInFlight = maxInFlight
    self.scope = scope
    self.digest = digest
  }
}

/// All that the operator asked for, compiled and free of secrets.
public struct Configuration: Hashable, Sendable {
  /// No terminate is sent; rows say reported; spends no budget.
  public var dryRun: Bool
  public var logCommands: LogCommands
  public var budget: FleetBudget
  public var protect: Protect
  public var vcenters: [VCenterEntry]
  public var logins: [LoginEntry]
  /// In rule order: by file, then by place in it.
  public var rules: [Rule]
  /// BIOS uuid of the machine that the daemon runs on, where that is a VM: it is never in scope. nil: not known.
  public var ownMachine: String?
  /// In which `not_during` is meant; UTC where no rule has one.
  public var timeZone: TimeZoneRules
  /// For the ledger; nil: not made from files.
  public var digests: ConfigurationDigests?
  /// A run for what an operator asks, without a daemon: no rule acts, and a VM is only looked at where an operator asks or
  /// a kill is open.
  public var onlyByHand = false

  public init(
    dryRun: Bool = false, logCommands: LogCommands = .name, budget: FleetBudget = FleetBudget(),
    protect: Protect = Protect(), vcenters: [VCenterEntry], logins: [LoginEntry], rules: [Rule],
    ownMachine: String? = nil, timeZone: TimeZoneRules = .utc, digests: ConfigurationDigests? = nil
  ) {
    self.dryRun = dryRun
    self.logCommands = logCommands
    self.budget = budget
    self.protect = protect
    self.vcenters = vcenters
    self.logins = logins
    self.rules = rules
    self.ownMachine = ownMachine
    self.timeZone = timeZone
    self.digests = digests
  }
}
