import GuestWatchCore
import NIOHTTP1

/// How one attempt of a call ended.
enum Attempt<Value: Sendable>: Sendable {
  case value(Value)
  case failed(Fault)
  /// The session is dead: the call may be made once more with a new one.
  case dead(API, Fault)

  func map<Other: Sendable>(_ change: (Value) -> Other) -> Attempt<Other> {
    switch self {
    case .value(let value): .value(change(value))
    case .failed(let fault): .failed(fault)
    case .dead(let api, let fault): .dead(api, fault)
    }
  }
}

/// Calls with a session: what a dead one means is decided here, once for all of them.
struct SessionCalls: Sendable {
  let wire: Wire
  let keeper: SessionKeeper

  /// Makes a call that may be repeated: where the session turns out to be dead, it is made anew and the call sent once
  /// more, never twice more.
  func call<Value: Sendable>(
    _ attempt: @Sendable (OpenSession) async -> Attempt<Value>
  ) async -> Result<Value, Fault> {
    var replayed = false
    while true {
      let session: OpenSession
      do throws(Fault) {
        session = try await keeper.session()
      } catch {
        return .failure(error)
      }
      switch await attempt(session) {
      case .value(let value): return .success(value)
      case .failed(let fault): return .failure(fault)
      case .dead(let api, let fault):
        await keeper.markDead(session, at: api)
        if replayed {
          return .failure(
            Fault(.sessionLost, code: fault.code, detail: "vCenter does not accept a session that was just opened"))
        }
        replayed = true
      }
    }
  }

  /// One request to the Automation API.
  func rest(
    _ method: HTTPMethod, _ path: String, body: JSONOut? = nil, session: OpenSession, noting trace: Trace? = nil
  ) async -> Result<HTTPAnswer, Fault> {
    let result = await wire.send(HTTPCall(method, path, token: session.rest, body: body), noting: trace)
    if case .success(let answer) = result, let token = answer.token, token != session.rest {
      await keeper.refresh(token, of: session, at: .rest)
    }
    return result
  }

  /// A call of the Automation API that asks no guest: its body as JSON. A GET, or a POST where there is a body to send.
  func restJSON(
    _ path: String, body: JSONOut? = nil, about subject: RESTError.Subject = .vcenter, session: OpenSession,
    noting trace: Trace? = nil
  ) async -> Attempt<JSON> {
    switch await rest(body == nil ? .GET : .POST, path, body: body, session: session, noting: trace) {
    case .failure(let fault): return .failed(fault)
    case .success(let answer):
      if answer.status == 200 {
        guard let json = answer.json else { return .failed(badAnswer("the answer is not JSON", status: 200)) }
        return .value(json)
      }
      let error = RESTError(answer)
      let fault = error.fault(about: subject)
      return error.isUnauthenticated ? .dead(.rest, fault) : .failed(fault)
    }
  }

  /// One of several calls of VI JSON that belong together, so that all must be made with the same session: POST calls a
  /// method, GET reads a property.
  func vi(
    _ method: HTTPMethod, _ type: String, _ moid: String, _ member: String, body: JSONOut?, _ session: OpenSession,
    noting trace: Trace? = nil
  ) async -> Attempt<JSON> {
    // Its token may have been replaced since the first of them.
    let now = await keeper.existing
    let session = now?.generation == session.generation ? now ?? session : session
    guard let vi = session.vi else { return .failed(noVIJSON) }
    return await viJSON(
      vi.path(type, moid, member), by: method, body: body, session: session, token: vi.token, noting: trace)
  }

  /// A call of the VI JSON API that answers with a value; an empty body is `.null`.
  func viJSON(
    _ path: String, by method: HTTPMethod = .POST, body: JSONOut?, session: OpenSession, token: String,
    noting trace: Trace? = nil
  ) async -> Attempt<JSON> {
    switch await vi(path, by: method, body: body, session: session, token: token, noting: trace) {
    case .failed(let fault): return .failed(fault)
    case .dead(let api, let fault): return .dead(api, fault)
    case .value(nil): return .value(.null)
    case .value(let body?):
      guard let json = try? JSONReader.read(body) else {
        return .failed(badAnswer("the answer is not JSON", status: 200))
      }
      return .value(json)
    }
  }

  /// The same, for who reads the body himself; nil: there is none, which both APIs say for "none" too.
  func vi(
    _ path: String, by method: HTTPMethod = .POST, body: JSONOut?, session: OpenSession, token: String,
    noting trace: Trace? = nil
  ) async -> Attempt<[UInt8]?> {
    switch await wire.send(HTTPCall(method, path, token: token, body: body), noting: trace) {
    case .failure(let fault): return .failed(fault)
    case .success(let answer):
      if let token = answer.token, token != session.vi?.token {
        await keeper.refresh(token, of: session, at: .vi)
      }
      switch answer.status {
      case 200:
        if answer.body.isEmpty { return .value(nil) }
        guard answer.mayBeJSON else { return .failed(badAnswer("the answer is not JSON", status: 200)) }
        return .value(answer.body)
      case 204: return .value(nil)
      default:
        let fault = VIFault(answer)
        return fault.saysSessionIsDead ? .dead(.vi, fault.fault) : .failed(fault.fault)
      }
    }
  }
}
