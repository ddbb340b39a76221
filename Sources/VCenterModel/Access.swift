import OrderedCollections

/// Sessions, accounts and rights.
extension VCenterModel {
  /// Sessions that are open at that moment, oldest first.
  public mutating func openSessions(at: ModelTime) -> [SessionInfo] {
    expire(at: at)
    return sessions.open.values.map(\.info)
  }

  /// The accounts as they are now: refusals in a row, locked or not.
  public var vcenterAccounts: [VCenterAccount] { Array(accounts.values) }

  /// Adds an account, or puts another in the place of the one with this user name.
  public mutating func setAccount(_ account: VCenterAccount) { accounts[account.user] = account }

  /// Accounts of the directory that guests with `usesDirectory` ask, as they are now.
  public var directoryAccounts: [GuestAccount] { Array(directory.values) }

  /// Adds an account to the directory, or puts another in the place of the one with this user name.
  public mutating func setDirectoryAccount(_ account: GuestAccount) { directory[account.user] = account }

  /// Ends every session by force, as a restart of the vCenter does.
  public mutating func expireSessions() {
    counters.expirations += sessions.open.count
    sessions.removeAll()
    dropOrphans()
  }

  /// Ends sessions that were idle for too long.
  mutating func expire(at: ModelTime) {
    let ended = sessions.expire(at: at)
    if ended > 0 { dropOrphans() }
    counters.expirations += ended
  }

  /// Views and unread pages die with their session.
  mutating func dropOrphans() {
    views.removeAll { sessions.open[$0.value.token] == nil }
    pages.removeAll { sessions.open[$0.value.token] == nil }
  }

  /// From now on guest calls with the sessions that are open are refused as NotAuthenticated, while everything else
  /// goes on working (vsphere-api.md 6). New sessions are not touched.
  public mutating func killSessionsForGuestCalls() { sessions.killGuestCalls() }

  mutating func hello(_ releases: [String]) throws(ModelError) -> String {
    guard settings.release.hasHello else { throw .noSuchCall }
    guard (1...128).contains(releases.count), releases.allSatisfy({ $0.count <= 64 }) else {
      throw .invalidArgument(name: "api_releases")
    }
    return releases.first { settings.release.speaks($0) } ?? ""
  }

  var serviceContent: ServiceContent {
    ServiceContent(
      instanceUUID: settings.instanceUUID,
      version: settings.release.numbers.prefix(3).map(String.init).joined(separator: "."),
      apiVersion: settings.release.description, build: "24022515", rootFolder: ManagedObjects.rootFolder,
      propertyCollector: ManagedObjects.propertyCollector, sessionManager: ManagedObjects.sessionManager,
      viewManager: ManagedObjects.viewManager, guestOperationsManager: ManagedObjects.guestOperationsManager,
      authorizationManager: ManagedObjects.authorizationManager)
  }

  mutating func logIn(
    _ user: String, _ password: String, _ api: API, at: ModelTime
  ) throws(ModelError) -> Response {
    guard var account = accounts[user] else {
      counters.loginRefusals += 1
      throw .loginRefused
    }
    let admitted = account.admits(password)
    accounts[user] = account
    guard admitted else {
      counters.loginRefusals += 1
      throw .loginRefused
    }
    guard sessions.open.count < settings.sessionLimit else { throw .serviceUnavailable }
    counters.logins += 1
    let made = sessions.create(user, api, at: at)
    return .loggedIn(made.info, token: made.token)
  }

  mutating func use(_ token: String?, for api: API, at: ModelTime) throws(ModelError) -> Session {
    guard let session = sessions.use(token, for: api, shared: settings.release.sharesSessions, at: at) else {
      throw .notAuthenticated
    }
    return session
  }

  mutating func useForGuest(_ token: String?, for api: API, at: ModelTime) throws(ModelError) -> Session {
    let session = try use(token, for: api, at: at)
    if session.guestCallsDead { throw .notAuthenticated }
    return session
  }

  func require(_ privilege: Privilege, of session: Session, on moid: String) throws(ModelError) {
    guard accounts[session.info.user]?.privileges.contains(privilege) == true,
      machines[moid]?.facts.withheld.contains(privilege) != true
    else {
      throw .noPermission(moid: moid, privilege: privilege.rawValue)
    }
  }
}

/// The well-known ids. Clients must not know them, but take them from the service content.
enum ManagedObjects {
  static let rootFolder = Places.rootFolder
  static let propertyCollector = "propertyCollector"
  static let sessionManager = "SessionManager"
  static let viewManager = "ViewManager"
  static let guestOperationsManager = "guestOperationsManager"
  static let authorizationManager = "AuthorizationManager"
  static let processManager = "guestOperationsProcessManager"
  static let authManager = "guestOperationsAuthManager"
}
