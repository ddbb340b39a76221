import OrderedCollections

/// A vCenter as a value, on a given clock: inventory, sessions of both APIs, accounts and guests.
///
/// Calls come in as `Request` and go out as `Reply`. Moments must not go backwards (except `wall`). Nothing happens by
/// itself: sessions expire and processes die when the next call or `advance` finds that they have. The same seed and
/// calls give the same answers, tokens included.
public struct VCenterModel: Sendable {
  /// What happens to a guest call on a VM on which another is under way (UNVERIFIED which; the agent serves one).
  public enum Overlap: Hashable, Sendable {
    /// Refused: RESOURCE_BUSY, TaskInProgress.
    case refused
    /// It waits until the guest is free.
    case waits
  }

  public struct Settings: Hashable, Sendable {
    public var release: Release
    /// `about.instanceUuid`.
    public var instanceUUID: String
    /// Idle for longer than that, in nanoseconds, a session is dead. Real ones: 30 or 120 min.
    public var idleLimit: Int64
    /// From that many open sessions on, a login is answered with `serviceUnavailable`.
    public var sessionLimit: Int
    /// `RetrievePropertiesEx` answers at most so many objects at once.
    public var pageSize: Int
    /// `GET /api/vcenter/vm` lists at most so many.
    public var listCap: Int
    /// `RetrievePropertiesEx` answers 200 to a dead session, every property missing as NotAuthenticated.
    public var answersDeadSessions: Bool
    public var overlap: Overlap
    /// Makes the tokens.
    public var seed: UInt64
    /// The number of the first guest call: with several vCenters each has numbers of its own.
    public var firstCall: UInt64

    public init(
      release: Release = .v8u3, instanceUUID: String = "5e4a6f1c-0f4e-4f0e-9a0b-7d1e0c2b3a49",
      idleLimit: Int64 = 1800 * 1_000_000_000, sessionLimit: Int = 550, pageSize: Int = 100, listCap: Int = 4000,
      answersDeadSessions: Bool = true, overlap: Overlap = .refused, seed: UInt64 = 1,
      firstCall: UInt64 = 1
    ) {
      self.release = release
      self.instanceUUID = instanceUUID
      self.idleLimit = idleLimit
      self.sessionLimit = sessionLimit
      self.pageSize = pageSize
      self.listCap = listCap
      self.answersDeadSessions = answersDeadSessions
      self.overlap = overlap
      self.seed = seed
      self.firstCall = firstCall
    }
  }

  /// What was counted since the beginning.
  public struct Counters: Hashable, Sendable {
    public var logins = 0
    public var loginRefusals = 0
    public var logouts = 0
    /// Sessions that ended by themselves or by force.
    public var expirations = 0
    /// Guest calls that reached a guest's login.
    public var guestLogins = 0
    public var guestRefusals = 0
    /// Terminates that reached a guest agent.
    public var terminates = 0
    /// Guest calls that came while another was under way on the VM.
    public var overlaps = 0
  }

  public let settings: Settings
  public internal(set) var counters = Counters()
  /// Datacenters, folders, clusters and hosts; where the VMs are in them is in their facts.
  public var places = Places()
  /// Categories, tags and what they are attached to.
  public var tags = Tags()
  var machines: OrderedDictionary<String, VirtualMachine> = [:]
  var accounts: OrderedDictionary<String, VCenterAccount> = [:]
  var directory: OrderedDictionary<String, GuestAccount> = [:]
  var sessions: Sessions
  /// Container views by their ids.
  var views: OrderedDictionary<String, ContainerView> = [:]
  var pages: OrderedDictionary<String, PropertyRest> = [:]
  var open: OrderedDictionary<CallID, OpenCall> = [:]
  private var nextCall: UInt64
  /// No guest has anything to do by itself before that, on the continuous clock.
  var nextDue = Int64.min
  var nextObject: UInt64 = 1
  private var truths: [Truth] = []

  public init(settings: Settings, accounts: [VCenterAccount]) {
    self.settings = settings
    nextCall = settings.firstCall
    sessions = Sessions(idleLimit: settings.idleLimit, seed: settings.seed)
    for account in accounts { self.accounts[account.user] = account }
  }

  /// Takes one call. `session` is the value of the `vmware-api-session-id` header.
  public mutating func handle(_ request: Request, session token: String?, at: ModelTime) -> Reply {
    do throws(ModelError) {
      return try answer(request, token, at: at)
    } catch {
      return .now(.failure(error))
    }
  }

  mutating func newCall() -> CallID {
    defer { nextCall += 1 }
    return CallID(number: nextCall)
  }

  /// Takes what a guest noted down into the log of the truth.
  mutating func collect(_ moid: String, _ guest: Int, _ news: [(at: ModelTime, event: Truth.Event)]) {
    for entry in news { truths.append(Truth(guest: guest, moid: moid, at: entry.at, event: entry.event)) }
  }

  /// True where something happened that was not taken yet.
  public var hasTruths: Bool { !truths.isEmpty }

  /// What really happened since this was last called, in order per VM. It grows until it is taken.
  public mutating func takeTruths() -> [Truth] {
    defer { truths = [] }
    return truths
  }

  private mutating func answer(_ request: Request, _ token: String?, at: ModelTime) throws(ModelError) -> Reply {
    expire(at: at)
    if request.api == .vi, !settings.release.hasVIJSON { throw .noSuchCall }
    switch request {
    case .hello(let releases): return .now(.release(try hello(releases)))
    case .serviceContent: return .now(.serviceContent(serviceContent))
    case .viLogin(let user, let password): return .now(try logIn(user, password, .vi, at: at))
    case .restCreateSession(let user, let password): return .now(try logIn(user, password, .rest, at: at))
    case .viLogout, .restDeleteSession:
      _ = try use(token, for: request.api, at: at)
      if let token { sessions.remove(token) }
      dropOrphans()
      counters.logouts += 1
      return .now(.done)
    case .currentSession:
      return .now(.session(sessions.use(token, for: .vi, shared: settings.release.sharesSessions, at: at)?.info))
    case .restGetSession: return .now(.session(try use(token, for: .rest, at: at).info))
    case .processManager: return .now(.object(ManagedObjects.processManager))
    case .authManager: return .now(.object(ManagedObjects.authManager))
    case .roleList:
      try require(.view, of: try use(token, for: .vi, at: at), on: Places.rootFolder)
      return .now(.roles(roles))
    case .listVMs(let filter):
      try require(.read, of: try use(token, for: .rest, at: at), on: "group-d1")
      return .now(.vms(try list(filter)))
    case .vm(let moid): return .now(.vm(try facts(moid, try use(token, for: .rest, at: at))))
    case .tools(let moid): return .now(.tools(try facts(moid, try use(token, for: .rest, at: at)).tools))
    case .guestOperations(let moid):
      guard let ready = try facts(moid, try use(token, for: .rest, at: at)).ready else { throw .serviceUnavailable }
      return .now(.guestOperationsReady(ready))
    case .guestIdentity(let moid):
      return .now(.guestIdentity(try identity(of: try facts(moid, try use(token, for: .rest, at: at)))))
    case .places(let call):
      try require(.read, of: try use(token, for: .rest, at: at), on: Places.rootFolder)
      return .now(.places(try list(call)))
    case .tagging(let call):
      try require(.read, of: try use(token, for: .rest, at: at), on: Places.rootFolder)
      return .now(.tagging(try answer(call)))
    case .createView(let query):
      try require(.view, of: try use(token, for: .vi, at: at), on: query.container.id)
      return .now(.object(try makeView(query, token ?? "")))
    case .viewContents(let view):
      _ = try use(token, for: .vi, at: at)
      return .now(.objects(try contents(ofView: view)))
    case .destroyView(let view):
      _ = try use(token, for: .vi, at: at)
      guard views.removeValue(forKey: view) != nil else { throw .objectNotFound(type: "ContainerView", value: view) }
      return .now(.done)
    case .retrieveProperties(let query):
      guard sessions.use(token, for: .vi, shared: settings.release.sharesSessions, at: at) != nil else {
        if settings.answersDeadSessions { return .now(.properties(try unauthenticatedPage(query))) }
        throw .notAuthenticated
      }
      return .now(.properties(try page(query, token ?? "")))
    case .continueRetrieve(let page):
      _ = try use(token, for: .vi, at: at)
      guard let rest = pages.removeValue(forKey: page) else { throw .invalidProperty(path: "token") }
      return .now(.properties(nextPage(rest)))
    case .cancelRetrieve(let page):
      _ = try use(token, for: .vi, at: at)
      guard pages.removeValue(forKey: page) != nil else { throw .invalidProperty(path: "token") }
      return .now(.done)
    case .listProcesses(let moid, let credential, let api, let pids):
      let session = try useForGuest(token, for: api, at: at)
      return try begin(.list(pids: pids), moid, credential, session, at: at)
    case .getProcess(let moid, let credential, let pid):
      let session = try useForGuest(token, for: .rest, at: at)
      return try begin(.get(pid: pid), moid, credential, session, at: at)
    case .terminate(let moid, let credential, let pid, let api):
      let session = try useForGuest(token, for: api, at: at)
      return try begin(.terminate(pid: pid), moid, credential, session, at: at)
    case .startProgram(let moid, let credential, let spec, let api):
      let session = try useForGuest(token, for: api, at: at)
      return try begin(.start(spec), moid, credential, session, at: at)
    case .validateCredentials(let moid, let credential):
      let session = try useForGuest(token, for: .vi, at: at)
      _ = try admit(moid, credential, needs: .guestQuery, session, at: at)
      return .now(.done)
    }
  }
}
