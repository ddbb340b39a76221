import GuestWatchCore
import Synchronization

@testable import VSphere

/// How the scripted vCenter behaves where a test does not say otherwise.
enum VCenterScript {
  static let token = "0123456789abcdef0123456789abcdef01234567"
  static let restToken = "b00db39f948d13ea1e59b4d6fce56389"

  static let hello = "POST /api/vcenter/system?action=hello"
  static let content = "POST /sdk/vim25/8.0.3.0/ServiceInstance/ServiceInstance/RetrieveServiceContent"
  static let login = "POST /sdk/vim25/8.0.3.0/SessionManager/Sessions/Login"
  static let logout = "POST /sdk/vim25/8.0.3.0/SessionManager/Sessions/Logout"
  static let processManager = "GET /sdk/vim25/8.0.3.0/GuestOperationsManager/GuestOps/processManager"
  static let probe = "GET /api/session"
  static let restLogin = "POST /api/session"
  static let restLogout = "DELETE /api/session"
  static let list = "POST /api/vcenter/vm/vm-1/guest/processes?action=list"
  static let get = "POST /api/vcenter/vm/vm-1/guest/processes/42?action=get"
  static let viList = "POST /sdk/vim25/8.0.3.0/GuestProcessManager/GuestProcs/ListProcessesInGuest"
  static let terminate = "POST /sdk/vim25/8.0.3.0/GuestProcessManager/GuestProcs/TerminateProcessInGuest"
  static let properties = "POST /sdk/vim25/8.0.3.0/PropertyCollector/Props/RetrievePropertiesEx"
  static let moreProperties = "POST /sdk/vim25/8.0.3.0/PropertyCollector/Props/ContinueRetrievePropertiesEx"

  /// What a login sends to a vCenter with shared sessions, in its order.
  static let loginLines = [hello, content, login, processManager, probe]

  /// What it sends when a session of before died: it ends that one first, in case it is still open on the other side and
  /// takes the place of the new one.
  static let reloginLines = [hello, content, logout, login, processManager, probe]

  static let serviceContent = """
    {"_typeName":"ServiceContent","about":{"apiType":"VirtualCenter","instanceUuid":"vc-uuid"},
    "sessionManager":{"type":"SessionManager","value":"Sessions"},
    "propertyCollector":{"type":"PropertyCollector","value":"Props"},
    "guestOperationsManager":{"type":"GuestOperationsManager","value":"GuestOps"}}
    """

  static let process = """
    {"name":"sleep","owner":"root","command":"sleep 1000","started":"2026-01-02T03:04:05.678Z"}
    """

  /// A vCenter 8.0 U3 on which all goes well.
  @Sendable static func healthy(_ request: Received) -> Reply {
    switch request.line {
    case hello: .json(#"{"api_release":"8.0.3.0"}"#)
    case content: .json(serviceContent)
    case login: .json(#"{"_typeName":"UserSession","key":"k"}"#, headers: [("vmware-api-session-id", token)])
    case logout, restLogout: .empty(204)
    case processManager: .json(#"{"type":"GuestProcessManager","value":"GuestProcs"}"#)
    case probe: .json(#"{"user":"VSPHERE.LOCAL\\svc"}"#)
    case restLogin: .json("\"\(restToken)\"", status: 201)
    case list:
      .json(#"[{"name":"sleep","pid":42,"owner":"root","command":"sleep 1000","started":"2026-01-02T03:04:05Z"}]"#)
    case get: .json(process)
    case viList:
      .json(
        """
        [{"_typeName":"GuestProcessInfo","name":"sleep","pid":42,"owner":"root","cmdLine":"sleep 1000",
        "startTime":"2026-01-02T03:04:05.678901Z"},
        {"name":"done","pid":43,"owner":"root","cmdLine":"done","startTime":"2026-01-02T03:04:05Z",
        "endTime":"2026-01-02T03:05:05Z","exitCode":0}]
        """)
    case terminate: .empty(204)
    default: .rest("NOT_FOUND", status: 404)
    }
  }

  /// `healthy`, except for some requests.
  static func except(_ answers: [String: Reply]) -> ScriptedServer.Script {
    { request in answers[request.line] ?? healthy(request) }
  }

  /// `healthy`, except that some requests are answered in turn; the last answer stays.
  static func turns(_ answers: [String: [Reply]]) -> ScriptedServer.Script {
    let used = Used()
    return { request in
      guard let replies = answers[request.line] else { return healthy(request) }
      return replies[min(used.next(request.line), replies.count - 1)]
    }
  }

  final class Used: Sendable {
    private let counts = Mutex<[String: Int]>([:])
    func next(_ line: String) -> Int {
      counts.withLock { counts in
        defer { counts[line, default: 0] += 1 }
        return counts[line, default: 0]
      }
    }
  }
}

let guest = GuestCredential(userName: "guest-svc", password: Secret("guest-pass"))

/// A client and the server it talks to, for one test.
struct Bench: Sendable {
  let server: ScriptedServer
  let client: VCenterClient
  let clock: TestClock

  func list(_ duration: Duration = .seconds(90)) async -> (Timing, Result<Listing, Fault>) {
    await client.survey(moid: "vm-1", login: guest, showingEnds: false, by: clock.after(duration))
  }

  func listEnds() async -> (Timing, Result<Listing, Fault>) {
    await client.survey(moid: "vm-1", login: guest, showingEnds: true, by: clock.after(.seconds(90)))
  }

  func get() async -> (Timing, Result<Look, Fault>) {
    await client.look(moid: "vm-1", login: guest, pid: 42, by: clock.after(.seconds(90)))
  }

  func kill(
    pid: Int64 = 42, firstByte: Duration = .seconds(60), wall: Duration = .seconds(60), by: Duration = .seconds(90)
  ) async -> (Timing, KillAnswer) {
    await client.terminate(
      moid: "vm-1", login: guest, pid: pid, firstByteBy: clock.after(firstByte),
      firstByteByWall: clock.now.wall + wall.nanoseconds, by: clock.after(by))
  }
}

/// Runs a test against a scripted vCenter over plain HTTP and cleans up after it.
func withVCenter(
  _ script: @escaping ScriptedServer.Script = VCenterScript.healthy, _ test: (Bench) async throws -> Void
) async throws {
  let server = try await ScriptedServer.start(script)
  let clock = TestClock()
  let client = try VCenterClient(
    connection: VCenterConnection(
      id: VCenterID("lab"), scheme: .http, host: "127.0.0.1", port: server.port, userName: "svc@vsphere.local",
      password: Secret("vc-pass")), clock: clock.forCalls)
  let failure: (any Error)?
  do {
    try await test(Bench(server: server, client: client, clock: clock))
    failure = nil
  } catch {
    failure = error
  }
  await client.shutDown()
  await server.stop()
  if let failure { throw failure }
}

extension Result where Failure == Fault {
  var fault: Fault? { if case .failure(let fault) = self { fault } else { nil } }
  var value: Success? { if case .success(let value) = self { value } else { nil } }
}
