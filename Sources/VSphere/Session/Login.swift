import GuestWatchCore
import NIOHTTP1

/// The steps of a login (vsphere-api.md, sections 3.1, 3.2, 5.1-5.3 and 6), each sent at most once.
struct Login: Sendable {
  let wire: Wire
  let connection: VCenterConnection
  let clock: CallClock
  let refusals: LoginRefusals

  var account: LoginRefusals.Account { LoginRefusals.Account(connection) }

  /// The releases that we ask for, newest first: those since VI JSON is there (8.0 U1). All guest calls have had one
  /// shape since long before, so any of them will do.
  static let releases = ["9.1.1.0", "9.1.0.0", "9.0.0.0", "8.0.3.1", "8.0.3.0", "8.0.2.0", oldest]

  /// The first with VI JSON.
  static let oldest = "8.0.1.0"

  /// How long the logout of a session may take that stands in the way or failed half-way; what is left then ends by
  /// vCenter's idle timeout.
  static let logOutTime: Duration = .seconds(5)

  /// What is left of a session of which a half died.
  struct Remains: Sendable {
    /// The living halves.
    var vi: VISession?
    var rest: String?
    /// A VI JSON session that refused our calls but may still be open on the other side: it is logged out before the
    /// new login, for sessions that pile up eat vCenter's limit, and where that is reached the old one is in the way.
    var abandoned: VISession?
    var vcenterUUID = ""
  }

  /// Makes whole what is missing in `remains`, and says what remains of it where that fails.
  func run(
    generation: UInt64, remains: Remains
  ) async -> (result: Result<OpenSession, Fault>, remains: Remains) {
    var remains = remains
    do throws(Fault) {
      return (.success(try await open(generation, &remains)), remains)
    } catch {
      return (.failure(error), remains)
    }
  }

  private func open(_ generation: UInt64, _ remains: inout Remains) async throws(Fault) -> OpenSession {
    var vi = remains.vi
    var uuid = remains.vcenterUUID
    if vi == nil, let service = try await service() {
      uuid = service.vcenterUUID
      if let abandoned = remains.abandoned, await ended(abandoned) { remains.abandoned = nil }
      vi = try await asking { () async throws(Fault) in try await viLogin(service) }
    }
    do {
      guard let opened = vi else {
        let token = try await restToken(living: remains.rest)
        return OpenSession(
          generation: generation, vi: nil, rest: token, shared: false, vcenterUUID: connection.authority)
      }
      var living = opened
      if remains.vi == nil { living.processManager = try await processManager(opened) }
      if let rest = remains.rest {
        return OpenSession(generation: generation, vi: living, rest: rest, shared: false, vcenterUUID: uuid)
      }
      // One that was shared is never left half alive, so a living half is known to stand alone.
      let shared = remains.vi == nil ? try await restAccepts(living.token) : false
      let token = shared ? living.token : try await restToken(living: nil)
      return OpenSession(generation: generation, vi: living, rest: token, shared: shared, vcenterUUID: uuid)
    } catch {
      if remains.vi == nil, let vi { await undo(vi) }
      throw error
    }
  }

  /// What the service content says: anonymous, before the login.
  private struct Service {
    var release: String
    var sessionManager: String
    var propertyCollector: String
    var viewManager: String?
    var rootFolder: String?
    var guestOperationsManager: String?
    var vcenterUUID: String
  }

  /// Asks which release the vCenter speaks; nil: it has no VI JSON.
  private func service() async throws(Fault) -> Service? {
    let first = FirstContact(wire: wire)
    guard let release = try await first.hello() else {
      // Older than 8.0 U2: hello is not there. 8.0 U1 has VI JSON all the same.
      return try await service(first, release: Login.oldest, mayLack: true)
    }
    if release.isEmpty { return nil }
    guard Login.releases.contains(release) else { throw badAnswer("hello names a release that was not asked for") }
    return try await service(first, release: release, mayLack: false)
  }

  private func service(_ first: FirstContact, release: String, mayLack: Bool) async throws(Fault) -> Service? {
    guard let answer = try await first.content(release: release, mayLack: mayLack) else { return nil }
    guard let body = answer.json, let apiType = body["about"]["apiType"].string,
      let sessions = body["sessionManager"]["value"].string, let properties = body["propertyCollector"]["value"].string
    else { throw badAnswer("the service content lacks its managers") }
    guard apiType == "VirtualCenter" else {
      throw Fault(
        .badRequest, code: "apiType", detail: shown("\(connection.host) is not a vCenter but \(apiType); correct url"))
    }
    guard let uuid = body["about"]["instanceUuid"].string, !uuid.isEmpty else {
      throw badAnswer("the service content has no instanceUuid")
    }
    return Service(
      release: release, sessionManager: sessions, propertyCollector: properties,
      viewManager: body["viewManager"]["value"].string, rootFolder: body["rootFolder"]["value"].string,
      guestOperationsManager: body["guestOperationsManager"]["value"].string, vcenterUUID: uuid)
  }

  private func viLogin(_ service: Service) async throws(Fault) -> VISession {
    let path = VISession.path(release: service.release, "SessionManager", service.sessionManager, "Login")
    let body = JSONOut.object([
      ("userName", .string(connection.userName)), ("password", .string(connection.password.revealed)),
    ])
    // The process manager is read with the session that is open then, so that a failure there can log it out.
    func session(_ token: String) -> VISession {
      VISession(
        release: service.release, token: token, sessionManager: service.sessionManager,
        propertyCollector: service.propertyCollector, viewManager: service.viewManager, rootFolder: service.rootFolder,
        processManager: service.guestOperationsManager)
    }
    let trace = Trace()
    let answer: HTTPAnswer
    switch await wire.send(HTTPCall(.POST, path, body: body), noting: trace) {
    case .success(let whole): answer = whole
    case .failure(let fault):
      // The head opened a session, and its body was lost.
      if let token = trace.token { await undo(session(token)) }
      throw fault
    }
    guard answer.status == 200 else {
      let fault = VIFault(answer)
      // There is no session yet that could be dead.
      if fault.saysSessionIsDead { throw refused(fault.code, fault.message) }
      if answer.status == 503 { throw Fault(.noSession, code: fault.fault.code, detail: fault.fault.detail) }
      throw fault.fault
    }
    guard let token = answer.token else { throw badAnswer("Login was answered without a session token") }
    return session(token)
  }

  /// `opened` still holds the GuestOperationsManager in the place of its process manager.
  private func processManager(_ opened: VISession) async throws(Fault) -> String? {
    guard let operations = opened.processManager else { return nil }
    let path = opened.path("GuestOperationsManager", operations, "processManager")
    let answer = try await wire.send(HTTPCall(.GET, path, token: opened.token)).get()
    guard answer.status == 200 || answer.status == 204 else { throw VIFault(answer).fault }
    if answer.body.isEmpty { return nil }
    guard let body = answer.json else { throw badAnswer("processManager is not JSON") }
    if body.isNull { return nil }
    guard let moid = body["value"].string else { throw badAnswer("processManager is not a reference") }
    return moid
  }

  /// True where REST knows the VI JSON token: 8.0 U3 and later.
  private func restAccepts(_ token: String) async throws(Fault) -> Bool {
    let answer = try await wire.send(HTTPCall(.GET, "/api/session", token: token)).get()
    if answer.status == 200 { return true }
    let error = RESTError(answer)
    if error.isUnauthenticated { return false }
    throw error.fault(about: .login)
  }

  private func restToken(living: String?) async throws(Fault) -> String {
    if let living { return living }
    return try await asking { () async throws(Fault) in try await restLogin() }
  }

  /// Runs a step that sends the password.
  private func asking<Value: Sendable>(
    _ step: () async throws(Fault) -> Value
  ) async throws(Fault) -> Value {
    try await refusals.enter(account, clock)
    do {
      let value = try await step()
      refusals.left(account, refusal: nil, at: clock().continuous)
      return value
    } catch {
      refusals.left(account, refusal: error.kind == .loginRefused ? error : nil, at: clock().continuous)
      throw error
    }
  }

  private func restLogin() async throws(Fault) -> String {
    let call = HTTPCall(.POST, "/api/session", basic: (connection.userName, connection.password))
    let answer = try await wire.send(call).get()
    guard answer.status == 201 || answer.status == 200 else {
      let error = RESTError(answer)
      if error.isUnauthenticated { throw refused(error.code, error.message) }
      throw error.fault(about: .session)
    }
    guard let token = answer.json?.string, !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw badAnswer("the session has no token that fits a header")
    }
    return token
  }

  /// Logs out at both APIs; what fails is left to the idle timeout.
  func logOut(_ session: OpenSession) async {
    if let vi = session.vi { await logOut(vi) }
    if session.vi == nil || !session.shared {
      _ = await wire.send(HTTPCall(.DELETE, "/api/session", token: session.rest))
    }
  }

  /// True where vCenter answered, whatever it said: then it is over.
  @discardableResult
  private func logOut(_ vi: VISession) async -> Bool {
    let path = vi.path("SessionManager", vi.sessionManager, "Logout")
    switch await wire.send(HTTPCall(.POST, path, token: vi.token, body: .object([]))) {
    case .success: return true
    case .failure: return false
    }
  }

  /// Logs out, but not for longer than `logOutTime`; true where that was answered.
  private func ended(_ vi: VISession) async -> Bool {
    await within(clock().continuous + Login.logOutTime, on: clock) { await logOut(vi) } ?? false
  }

  /// A login that ends half-way leaves nothing open. In a task of its own, for the one that logs in may be cancelled.
  private func undo(_ vi: VISession) async {
    let login = self
    _ = await Task { await login.ended(vi) }.value
  }

  private func refused(_ code: String, _ message: String) -> Fault {
    Fault(
      .loginRefused, code: shown(code),
      detail: shown("vCenter refused \(connection.userName); check username and password (\(message))"))
  }
}
