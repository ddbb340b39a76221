import GuestWatchCore
import NIOHTTP1

/// What anybody may ask a vCenter, without a password and without a session (vsphere-api.md, sections 3.2 and 5.1).
struct FirstContact: Sendable {
  let wire: Wire
  var trace: Trace?

  /// Answers to a path that an older vCenter does not have.
  private static let unknownPath: Set<Int> = [400, 401, 403, 404, 405, 501]

  /// Which of our releases the vCenter speaks; empty: none, it has no VI JSON. nil: it is older than 8.0 U2 and has no hello.
  func hello() async throws(Fault) -> String? {
    let wanted = JSONOut.object([("api_releases", .array(Login.releases.map(JSONOut.string)))])
    let call = HTTPCall(.POST, "/api/vcenter/system?action=hello", body: wanted)
    let answer = try await wire.send(call, noting: trace).get()
    if Self.unknownPath.contains(answer.status) { return nil }
    guard answer.status == 200 else { throw RESTError(answer).fault(about: .login) }
    guard let release = answer.json?["api_release"].string else { throw badAnswer("hello without api_release") }
    return release
  }

  /// The service content as it came.
  ///
  /// - Parameter mayLack: an answer that says that there is no such address means that there is no VI JSON: nil.
  func content(release: String, mayLack: Bool) async throws(Fault) -> HTTPAnswer? {
    let path = VISession.path(release: release, "ServiceInstance", "ServiceInstance", "RetrieveServiceContent")
    let answer = try await wire.send(HTTPCall(.POST, path, body: .object([])), noting: trace).get()
    if answer.status == 200 { return answer }
    let fault = VIFault(answer)
    if mayLack, fault.type == nil, Self.unknownPath.contains(answer.status) { return nil }
    throw fault.fault
  }
}
