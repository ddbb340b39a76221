import Glibc

/// What reading depends on besides the files.
public struct Surroundings: Sendable {
  public enum Purpose: Sendable, Hashable {
    /// Someone asks whether the files are good; systemd's credentials need not be there.
    case check
    /// The daemon is about to act on them.
    case run
  }

  public var purpose: Purpose
  /// False: no secret file or credential is opened, each counts as empty. What is loaded so may be looked at, never run.
  public var opensSecrets = true
  /// The main file of the installed service: only with it count the rule files of `dropIns`.
  public var defaultMain = Surroundings.installedMain
  /// Folders of rule files that stand behind the one beside the main file, the first before the second.
  public var dropIns = Surroundings.installedDropIns
  /// `$CREDENTIALS_DIRECTORY`; nil where it is unset or empty.
  public var credentialsDirectory: String?
  /// The groups that are the service's own: they may read secret files.
  public var serviceGroups: [UInt32]
  /// The time zones of the system.
  public var zones: ZoneSources

  public init(
    purpose: Purpose, credentialsDirectory: String?, serviceGroups: [UInt32], zones: ZoneSources = ZoneSources()
  ) {
    self.purpose = purpose
    self.credentialsDirectory = credentialsDirectory
    self.serviceGroups = serviceGroups
    self.zones = zones
  }

  /// Where every command looks unless it is told otherwise.
  public static let installedMain = "/etc/guestwatchd/guestwatchd.toml"
  /// Rules until the next boot, and rules of packages. /run/guestwatchd itself belongs to the service and is emptied when
  /// that stops.
  public static let installedDropIns = ["/run/guestwatchd.d/rules.d", "/usr/lib/guestwatchd/rules.d"]

  /// The account that the systemd unit runs the daemon as.
  static let serviceAccount = "guestwatchd"

  /// Asks this process.
  ///
  /// - Parameter standingIn: a command that does in the place of the service what needs its secrets; a check does so always.
  ///   Where root does, the group of the service's account counts too: the files are for the service.
  public static func ofThisProcess(_ purpose: Purpose, standingIn: Bool = false) -> Surroundings {
    let own = groups(
      user: geteuid(), group: getegid(), standingIn: standingIn || purpose == .check,
      account: { group(ofAccount: serviceAccount) })
    let folder = getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) }
    return Surroundings(
      purpose: purpose, credentialsDirectory: folder?.isEmpty == false ? folder : nil, serviceGroups: own)
  }

  /// The groups that are the service's own, for a process of `user` and `group`.
  package static func groups(user: UInt32, group: UInt32, standingIn: Bool, account: () -> UInt32?) -> [UInt32] {
    guard standingIn, user == 0, let account = account() else { return [group] }
    return [group, account]
  }

  private static func group(ofAccount name: String) -> UInt32? {
    var account = passwd()
    var found: UnsafeMutablePointer<passwd>?
    // Entries of directories can be long; what does not fit counts as not found.
    var space = [CChar](repeating: 0, count: 65_536)
    guard getpwnam_r(name, &account, &space, space.count, &found) == 0, found != nil else { return nil }
    return account.pw_gid
  }
}
