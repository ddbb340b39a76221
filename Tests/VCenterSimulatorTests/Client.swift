import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import VCenterModel

@testable import VCenterSimulator

/// A client of a simulator in this process, over real HTTPS with the simulator's own CA.
struct Client: Sendable {
  static let user = "svc@vsphere.local"
  static let password = "vcenter-secret"
  static let guestPassword = "guest-secret"

  let http: HTTPClient
  let running: Simulator.Running
  var token: String?
  /// Where the simulator is asked for.
  var base: String

  struct Answer: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: [UInt8]

    var json: JSON? { try? JSON(parsing: body) }
    var text: String { String(decoding: body, as: UTF8.self) }
    /// `error_type` or `_typeName` of a refusal.
    var refusal: String? {
      guard case .string(let name)? = json?["error_type"] ?? json?["_typeName"] else { return nil }
      return name
    }
  }

  /// Runs a simulator and a client for it, and ends both.
  static func with<Result: Sendable>(
    _ scenario: Scenario, loggedIn: Bool = true, clocks: Clocks = .machine,
    _ body: @Sendable (Client) async throws -> Result
  ) async throws -> Result {
    try await Simulator.run(scenario, clocks: clocks) { running in
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.trustRoots = .certificates(
        try NIOSSLCertificate.fromPEMBytes(Array(running.certificatePEM.utf8)))
      var configuration = HTTPClient.Configuration()
      configuration.tlsConfiguration = tls
      configuration.httpVersion = .http1Only
      // By default the library tries a bad certificate again for 10 s.
      configuration.connectionPool.retryConnectionEstablishment = false
      let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
      do {
        var client = Client(http: http, running: running, base: running.url)
        if loggedIn { try await client.logIn() }
        let result = try await body(client)
        try await http.shutdown()
        return result
      } catch {
        try await http.shutdown()
        throw error
      }
    }
  }

  mutating func logIn() async throws {
    let answer = try await vi("SessionManager/SessionManager/Login", Client.login)
    token = answer.headers.first(name: "vmware-api-session-id")
  }

  static let login: JSON = ["userName": .string(user), "password": .string(password)]

  /// One request; `body` as it is to be sent.
  func send(
    _ method: HTTPMethod, _ path: String, body: [UInt8]? = nil, type: String? = "application/json",
    headers: [(String, String)] = []
  ) async throws -> Answer {
    try await send(method, url: base + path, body: body, type: type, headers: headers)
  }

  private func send(
    _ method: HTTPMethod, url: String, body: [UInt8]?, type: String?, headers: [(String, String)]
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: url)
    request.method = method
    if let token { request.headers.add(name: "vmware-api-session-id", value: token) }
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    if let body {
      if let type { request.headers.add(name: "content-type", value: type) }
      request.body = .bytes(ByteBuffer(bytes: body))
    }
    let response = try await http.execute(request, timeout: .seconds(600))
    let bytes = try await response.body.collect(upTo: 1 << 20)
    return Answer(
      status: Int(response.status.code), headers: response.headers, body: Array(bytes.readableBytesView))
  }

  func rest(_ method: HTTPMethod, _ path: String, _ body: JSON? = nil) async throws -> Answer {
    try await send(method, "/api" + path, body: body?.bytes)
  }

  func vi(_ path: String, _ body: JSON? = nil) async throws -> Answer {
    try await send(.POST, "/sdk/vim25/8.0.3.0/" + path, body: body?.bytes)
  }

  func control(_ method: HTTPMethod, _ path: String, _ body: JSON? = nil) async throws -> Answer {
    try await control(method, path, body, token: running.controlToken)
  }

  func control(_ method: HTTPMethod, _ path: String, _ body: JSON? = nil, token: String?) async throws -> Answer {
    try await send(
      method, url: running.controlURL + path, body: body?.bytes, type: "application/json",
      headers: token.map { [("x-control-token", $0)] } ?? [])
  }

  // MARK: guest calls

  static func credentials(password: String = guestPassword) -> JSON {
    [
      "credentials": [
        "type": "USERNAME_PASSWORD", "interactive_session": false, "user_name": "root", "password": .string(password),
      ]
    ]
  }

  static func guest(_ vm: String, _ more: [JSON.Member] = [], password: String = guestPassword) -> JSON {
    .object(
      [
        JSON.Member("vm", ["_typeName": "ManagedObjectReference", "type": "VirtualMachine", "value": .string(vm)]),
        JSON.Member(
          "auth",
          [
            "_typeName": "NamePasswordAuthentication", "interactiveSession": false, "username": "root",
            "password": .string(password),
          ]),
      ] + more)
  }

  func list(_ vm: String) async throws -> Answer {
    try await rest(.POST, "/vcenter/vm/\(vm)/guest/processes?action=list", Client.credentials())
  }

  func get(_ vm: String, _ pid: Int64) async throws -> Answer {
    try await rest(.POST, "/vcenter/vm/\(vm)/guest/processes/\(pid)?action=get", Client.credentials())
  }

  func terminate(_ vm: String, _ pid: Int64) async throws -> Answer {
    try await vi(
      "GuestProcessManager/guestOperationsProcessManager/TerminateProcessInGuest",
      Client.guest(vm, [JSON.Member("pid", .integer(pid))]))
  }

  /// The pids of a guest, by name.
  func pids(_ vm: String) async throws -> [String: Int64] {
    guard case .array(let rows)? = try await list(vm).json else { return [:] }
    var pids: [String: Int64] = [:]
    for row in rows {
      guard case .string(let name)? = row["name"], case .integer(let pid)? = row["pid"] else { continue }
      pids[name] = pid
    }
    return pids
  }
}

extension Scenario {
  /// One VM with a real guest, `vm-1`.
  static func real(
    _ processes: [RealProcess], killScale: Double = 0.02, superuser: Bool = true,
    settings: VCenterModel.Settings = VCenterModel.Settings()
  ) -> Scenario {
    Scenario(
      settings: settings, killScale: killScale,
      accounts: [VCenterAccount(user: Client.user, password: Client.password)],
      machines: [
        Machine(
          VirtualMachine.Facts(moid: "vm-1", name: "real", instanceUUID: "50-1", biosUUID: "42-1"),
          accounts: [
            GuestAccount(user: "root", password: Client.guestPassword, superuser: superuser, lockoutAfter: 0)
          ],
          guest: .real(processes))
      ])
  }

  /// So many VMs with synthetic guests, `vm-1` and up, each with one process `job` of pid 500.
  static func synthetic(
    _ count: Int = 1, settings: VCenterModel.Settings = VCenterModel.Settings()
  ) -> Scenario {
    Scenario(
      settings: settings, accounts: [VCenterAccount(user: Client.user, password: Client.password)],
      machines: (1...count).map { number in
        Machine(
          VirtualMachine.Facts(moid: "vm-\(number)", name: "db \(number)", instanceUUID: "50-\(number)"),
          accounts: [GuestAccount(user: "root", password: Client.guestPassword, lockoutAfter: 0)],
          guest: .synthetic([
            SyntheticProcess(Spawn(name: "job", owner: "backup", command: "job --full", pid: 500), age: .seconds(60))
          ]))
      })
  }
}

/// A program that sleeps long enough for every test and shows a name of its own.
func sleeper(_ name: String, ignoresTerminate: Bool = false, owner: String? = nil) -> GuestProgram {
  GuestProgram(["/bin/sleep", "600"], name: name, ignoresTerminate: ignoresTerminate, owner: owner)
}
