import GuestWatchCore
import NIOHTTP1

/// Surveys and checks: the calls that read a guest's processes.
struct GuestLooks: Sendable {
  let calls: SessionCalls
  let moid: String
  let login: GuestCredential
  let trace: Trace

  /// `list` over REST (vsphere-api.md, 3.8).
  func list(_ session: OpenSession) async -> Attempt<Listing> {
    let path = "/api/vcenter/vm/\(percentEncoded(moid))/guest/processes?action=list"
    switch await guestCall(path, session) {
    case .failed(let fault): return .failed(fault)
    case .dead(let api, let fault): return .dead(api, fault)
    case .value(.error(let error)): return .failed(error.fault(about: .guest))
    case .value(.body(let body)):
      do throws(Fault) { return .value(try GuestRows.listing(body, .rest)) } catch { return .failed(error) }
    }
  }

  /// `get` over REST (3.9).
  func get(_ session: OpenSession, pid: Int64) async -> Attempt<Look> {
    let path = "/api/vcenter/vm/\(percentEncoded(moid))/guest/processes/\(pid)?action=get"
    switch await guestCall(path, session) {
    case .failed(let fault): return .failed(fault)
    case .dead(let api, let fault): return .dead(api, fault)
    case .value(.body(let body)):
      do throws(Fault) { return .value(try GuestRows.look(body, pid: pid)) } catch { return .failed(error) }
    case .value(.error(let error)):
      guard error.isNotFound else { return .failed(error.fault(about: .guest)) }
      if let named = error.pid {
        return named == pid ? .value(.gone) : .failed(badAnswer("asked for process \(pid), answered about \(named)"))
      }
      return await goneOrVMGone(session)
    }
  }

  /// `ListProcessesInGuest` over VI JSON (5.4): it shows who has ended.
  func listShowingEnds(_ session: OpenSession, _ vi: VISession, _ processManager: String) async -> Attempt<Listing> {
    let body = JSONOut.object([
      ("vm", .reference(type: "VirtualMachine", moid)), ("auth", login.vi),
    ])
    let path = vi.path("GuestProcessManager", processManager, "ListProcessesInGuest")
    switch await calls.vi(path, body: body, session: session, token: vi.token, noting: trace) {
    case .failed(let fault): return .failed(fault)
    case .dead(let api, let fault): return .dead(api, fault)
    case .value(nil): return .value(Listing(rows: [], showsEnds: true))
    case .value(let body?):
      do throws(Fault) { return .value(try GuestRows.listing(body, .vi)) } catch { return .failed(error) }
    }
  }

  private enum GuestAnswer: Sendable {
    /// What says that it is JSON.
    case body([UInt8])
    case error(RESTError)
  }

  /// One REST call with guest credentials. Its 401 means a dead session or a refused guest login; `GET /api/session`
  /// tells which (7.3), and a refused login is never tried again to find out.
  private func guestCall(_ path: String, _ session: OpenSession) async -> Attempt<GuestAnswer> {
    let body = JSONOut.object([("credentials", login.rest)])
    let answer: HTTPAnswer
    switch await calls.rest(.POST, path, body: body, session: session, noting: trace) {
    case .failure(let fault): return .failed(fault)
    case .success(let whole): answer = whole
    }
    if answer.status == 200 {
      guard answer.mayBeJSON else { return .failed(badAnswer("the answer is not JSON", status: 200)) }
      return .value(.body(answer.body))
    }
    let error = RESTError(answer)
    guard error.isUnauthenticated else { return .value(.error(error)) }
    switch await calls.restJSON("/api/session", session: session) {
    case .value: return .value(.error(error))
    case .dead: return .dead(.rest, error.fault(about: .vcenter))
    case .failed(let fault):
      // Neither accepted nor refused, as far as can be known: not a reason to try the login again at once.
      return .failed(
        Fault(
          .guestLoginTrouble, code: shown(error.code),
          detail: shown("guest or session refused; the check of the session failed too (\(fault.code))")))
    }
  }

  /// A 404 that names no pid: is it the process or the VM that is not there?
  private func goneOrVMGone(_ session: OpenSession) async -> Attempt<Look> {
    switch await calls.restJSON("/api/vcenter/vm?vms=\(percentEncoded(moid))", session: session) {
    case .failed(let fault): return .failed(fault)
    case .dead(let api, let fault): return .dead(api, fault)
    case .value(let body):
      guard let rows = body.isNull ? [] : body.array else { return .failed(badAnswer("the VM list is not an array")) }
      return .value(rows.contains { $0["vm"].string == moid } ? .gone : .vmGone)
    }
  }
}
