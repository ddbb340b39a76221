import GuestWatchCore
import Testing

@testable import VSphere

@Suite("What doctor reads") struct ExaminingTests {
  typealias S = VCenterScript
  private static let roleList = "GET /sdk/vim25/8.0.3.0/AuthorizationManager/Auth/roleList"
  private static let currentSession = "GET /sdk/vim25/8.0.3.0/SessionManager/Sessions/currentSession"
  private static let unknownVM = "GET /api/vcenter/vm?vms=vm-0"
  private static let content = S.serviceContent.replacing(
    #""about":{"apiType":"VirtualCenter","#,
    with:
      #""authorizationManager":{"value":"Auth"},"about":{"apiType":"VirtualCenter","version":"8.0.3","build":"7\u001b","#
      + #""apiVersion":"8.0.3.0","#)
  private static let roles = """
    [{"_typeName":"AuthorizationRole","roleId":-5,"system":true,"name":"NoAccess","info":{"label":"x","summary":"x"}},
    {"roleId":7,"system":false,"name":"watch\\u001b[2J","privilege":["System.View","VirtualMachine.GuestOperations.Query"]}]
    """
  private static let rights = """
    {"objects":[{"obj":{"type":"VirtualMachine","value":"vm-1"},"propSet":[
    {"name":"effectiveRole","val":{"_typeName":"ArrayOfInt","_value":[7,-5]}},
    {"name":"runtime.bootTime","val":{"_typeName":"dateTime","_value":"2026-01-02T03:04:05Z"}}]},
    {"obj":{"type":"VirtualMachine","value":"vm-2"},"missingSet":[
    {"path":"effectiveRole","fault":{"_typeName":"NoPermission","privilegeId":"System.View"}}]}]}
    """

  private func script(_ more: [String: Reply] = [:]) -> ScriptedServer.Script {
    S.except(
      [
        S.content: .json(Self.content), Self.roleList: .json(Self.roles), S.properties: .json(Self.rights),
        Self.unknownVM: .json("[]"),
      ].merging(more) { $1 })
  }

  private func greeting(_ bench: Bench) async throws -> Greeting {
    let (_, result) = await bench.client.greet(by: bench.clock.after(.seconds(20)))
    return try result.get()
  }

  @Test("A greeting sends no password and opens no session, and tells the release")
  func greet() async throws {
    try await withVCenter(script()) { bench in
      let greeting = try await greeting(bench)
      #expect(bench.server.lines == [S.hello, S.content])
      #expect(greeting.release == "8.0.3.0" && greeting.hasHello && greeting.version == "8.0.3")
      #expect(greeting.build == #"7\u{1b}"# && greeting.apiVersion == "8.0.3.0")
      for request in bench.server.requests {
        #expect(!request.body.contains("vc-pass") && request.header("authorization") == nil)
      }
    }
  }

  @Test("Older ones: without hello, and without VI JSON")
  func older() async throws {
    let first = "POST /sdk/vim25/8.0.1.0/ServiceInstance/ServiceInstance/RetrieveServiceContent"
    try await withVCenter(script([S.hello: .html(404), first: .json(Self.content)])) { bench in
      let greeting = try await greeting(bench)
      #expect(greeting.release == "8.0.1.0" && !greeting.hasHello)
    }
    try await withVCenter(script([S.hello: .html(404), first: .html(404)])) { bench in
      let greeting = try await greeting(bench)
      #expect(greeting.release == nil && !greeting.hasHello)
      let rights = await bench.client.rights(on: ["vm-1"], at: greeting, by: bench.clock.after(.seconds(20)))
      #expect(rights.fault != nil)
    }
    let host = #"{"about":{"apiType":"HostAgent"}}"#
    try await withVCenter(script([S.content: .json(host)])) { bench in
      #expect(await bench.client.greet(by: bench.clock.after(.seconds(20))).1.fault?.code == "apiType")
    }
  }

  @Test("A password that is refused is sent once, and nothing after it")
  func refused() async throws {
    try await withVCenter(script([S.login: .fault("InvalidLogin")])) { bench in
      let result = await bench.client.open(by: bench.clock.after(.seconds(40)))
      #expect(result.fault?.kind == .loginRefused)
      #expect(bench.server.lines == [S.hello, S.content, S.login])
      bench.server.clear()
      await bench.client.logOut(by: bench.clock.after(.seconds(5)))
      #expect(bench.server.lines.isEmpty)
    }
  }

  @Test("Roles and what they hold, by property reads alone, boxed or bare")
  func rights() async throws {
    for roles in [Self.roles, #"{"_typeName":"ArrayOfAuthorizationRole","_value":\#(Self.roles)}"#] {
      try await withVCenter(script([Self.roleList: .json(roles)])) { bench in
        let greeting = try await greeting(bench)
        let shape = try await bench.client.open(by: bench.clock.after(.seconds(40))).get()
        #expect(shape == SessionShape(isShared: true, hasVIJSON: true))
        bench.server.clear()
        let rights = try await bench.client.rights(
          on: ["vm-1", "vm-2"], at: greeting, by: bench.clock.after(.seconds(40))
        ).get()
        #expect(bench.server.lines == [Self.roleList, S.properties])
        #expect(
          rights.roles == [
            RoleFacts(id: -5, name: "NoAccess", privileges: []),
            RoleFacts(
              id: 7, name: #"watch\u{1b}[2J"#, privileges: ["System.View", "VirtualMachine.GuestOperations.Query"]),
          ])
        #expect(
          rights.vms == [
            VMRights(moid: "vm-1", roles: [7, -5], bootTime: 1_767_323_045), VMRights(moid: "vm-2", roles: nil),
          ])
      }
    }
  }

  @Test("Rights that cannot be read say why")
  func noRights() async throws {
    try await withVCenter(script([Self.roleList: .fault("NoPermission")])) { bench in
      let greeting = try await greeting(bench)
      let rights = await bench.client.rights(on: ["vm-1"], at: greeting, by: bench.clock.after(.seconds(40)))
      #expect(rights.fault?.kind == .notPermitted)
    }
  }

  @Test("Every open fact has an answer; the probes send no password, reach no guest and change nothing")
  func probes() async throws {
    let none = Reply.rest("UNAUTHENTICATED", status: 401)
    let script: ScriptedServer.Script = { request in
      switch request.line {
      case Self.roleList where request.header("vmware-api-session-id") == nil: return .fault("NotAuthenticated")
      case S.probe where request.header("vmware-api-session-id") == nil: return none
      case S.hello where request.body.contains("guestwatchd"): return .rest("INVALID_ARGUMENT", status: 400)
      case S.properties: return .json("null")
      default: return self.script()(request)
      }
    }
    try await withVCenter(script) { bench in
      let greeting = try await greeting(bench)
      let shape = try await bench.client.open(by: bench.clock.after(.seconds(40))).get()
      bench.server.clear()
      let seen = await bench.client.openFacts(
        shape, at: greeting, knowing: ["vm-1"], by: bench.clock.after(.seconds(60)))
      #expect(seen.map(\.fact) == OpenFact.allCases)
      let results = Dictionary(seen.map { ($0.fact, $0.result) }, uniquingKeysWith: { first, _ in first })
      for fact in [OpenFact.passwordLogin, .viRefusal, .unknownID, .unknownField, .nullForNone] {
        #expect(results[fact] == .holds, "\(fact)")
      }
      // It came without a challenge.
      #expect(results[.sessionRefusal] == .doesNotHold)
      for fact in [OpenFact.restTokenForVI, .folderDepth, .windows, .killTimedOut] {
        #expect(results[fact] == .cannotBeSeen, "\(fact)")
      }
      for request in bench.server.requests {
        #expect(!request.body.contains("pass") && request.header("authorization") == nil)
        #expect(!request.target.contains("guest/") && !request.target.contains("InGuest") && request.method != "DELETE")
      }
    }
  }

  @Test("With two sessions it shows whether that of REST serves VI JSON", arguments: [true, false])
  func restToken(serves: Bool) async throws {
    let answers = [
      S.probe: Reply.rest("UNAUTHENTICATED", status: 401),
      Self.currentSession: serves ? .json(#"{"key":"k"}"#) : .json("null"),
    ]
    try await withVCenter(script(answers)) { bench in
      let greeting = try await greeting(bench)
      let shape = try await bench.client.open(by: bench.clock.after(.seconds(40))).get()
      #expect(!shape.isShared)
      let seen = await bench.client.openFacts(shape, at: greeting, knowing: [], by: bench.clock.after(.seconds(60)))
      #expect(seen.first { $0.fact == .restTokenForVI }?.result == (serves ? .holds : .doesNotHold))
      #expect(
        bench.server.requests.last { $0.line == Self.currentSession }?.header("vmware-api-session-id") == S.restToken)
    }
  }
}
