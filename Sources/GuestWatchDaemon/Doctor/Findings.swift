import GuestWatchCore
import VSphere

/// What was found out about one vCenter; nothing is judged yet, and no secret is in it.
struct VCenterFindings: Sendable {
  /// What its certificate is checked against.
  enum Trusted: Hashable, Sendable {
    /// http, to this machine only.
    case nothing
    case fingerprint
    case authorities(file: String)
    case system
  }

  enum Login: Hashable, Sendable {
    case accepted(SessionShape)
    case failed(Fault)
    case notTried(NotTried)
  }

  enum NotTried: Hashable, Sendable {
    /// It could not even be greeted.
    case noAnswer
    /// In words; `byDaemon`: the one that runs was refused, and nothing was sent from here.
    case refused(String, byDaemon: Bool)
    /// This other vCenter refused the same account with the same password.
    case refusedElsewhere(VCenterID)
    /// Its password is a credential that this command cannot see.
    case noPassword
    case interrupted
  }

  var id: VCenterID
  var host: String
  var account: String
  var trusted: Trusted
  /// nil: there is no TLS.
  var certificate: Result<ShownCertificate, Fault>?
  var greeting: Result<Greeting, Fault>
  /// Seconds that its clock is ahead of ours; nil: it did not say.
  var ahead: Int64?
  var login: Login
  /// nil: they were not asked for.
  var rights: Result<AccountRights, Fault>?
  var facts: [SeenFact] = []
}

/// What the configuration needs of a vCenter.
struct Needs: Hashable, Sendable {
  /// Some rule that concerns it may terminate.
  var terminates: Bool
  /// Though not while this is a dry run.
  var dryRun: Bool
}

/// The VMs in scope at one vCenter, as the daemon counts them.
struct Coverage: Hashable, Sendable {
  var vms: [ScopedVM] = []
  /// Reason by id of the VM, in the daemon's words.
  var unwatched: [String: String] = [:]
  /// Why nobody knows.
  var unknown: String?

  init(vms: [ScopedVM] = [], unwatched: [String: String] = [:], unknown: String? = nil) {
    self.vms = vms
    self.unwatched = unwatched
    self.unknown = unknown
  }
}

/// What became of looking into one guest.
struct GuestFindings: Sendable {
  enum Outcome: Sendable {
    case listed(GuestListing)
    case refused(String)
    case failed(String)
    /// No VM of this family can be looked at with this login: how many there are, and why the first cannot.
    case noneWatchable(Int, String)
    /// Nothing was asked of a guest: why.
    case skipped(String)
  }

  var place: GuestPlace
  /// The account; nil: the guest finds it by a token.
  var user: String?
  var outcome: Outcome
}

/// A listing, as far as it is judged.
struct GuestListing: Hashable, Sendable {
  struct Row: Hashable, Sendable {
    var pid: Int64
    /// Seconds since 1970; nil: no time that can be written.
    var started: Int64?
    var owner: String
  }

  var rows: [Row]
  /// Seconds since 1970, by our clock.
  var listed: Int64
  var took: Duration?
  var startsDoubted: String?
  /// What vCenter says of the VM's boot.
  var bootTime: Int64?
}
