import GuestWatchCore
import Testing

@testable import VSphere

@Suite struct SessionTests {
  typealias S = VCenterScript

  @Test func sharedSessionLogsInOnceAndOutOnce() async throws {
    try await withVCenter { bench in
      let (timing, result) = await bench.list()
      #expect(result.value?.rows.map(\.pid) == [42])
      #expect(timing.firstByte != nil)
      #expect(bench.server.lines == S.loginLines + [S.list])
      #expect(bench.server.requests.last?.header("vmware-api-session-id") == S.token)
      #expect(bench.server.requests[2].body == #"{"userName":"svc@vsphere.local","password":"vc-pass"}"#)
      bench.server.clear()
      await bench.client.logOut(by: bench.clock.after(.seconds(5)))
      #expect(bench.server.lines == [S.logout])
      #expect(bench.server.requests[0].header("vmware-api-session-id") == S.token)
    }
  }

  @Test func separateSessionsBefore80U3() async throws {
    try await withVCenter(S.except([S.probe: .rest("UNAUTHENTICATED", status: 401)])) { bench in
      _ = await bench.listEnds()
      #expect(bench.server.lines == S.loginLines + [S.restLogin, S.viList])
      #expect(
        bench.server.requests[5].header("authorization") == "Basic c3ZjQHZzcGhlcmUubG9jYWw6dmMtcGFzcw==")
      #expect(bench.server.requests[6].header("vmware-api-session-id") == S.token)
      bench.server.clear()
      await bench.client.logOut(by: bench.clock.after(.seconds(5)))
      #expect(bench.server.lines == [S.logout, S.restLogout])
    }
  }

  @Test func olderThan80U2SpeaksTheFirstRelease() async throws {
    let old = "POST /sdk/vim25/8.0.1.0/ServiceInstance/ServiceInstance/RetrieveServiceContent"
    let script = S.except([
      S.hello: .rest("OPERATION_NOT_FOUND", status: 404), old: .json(S.serviceContent),
      "POST /sdk/vim25/8.0.1.0/SessionManager/Sessions/Login": .json("{}", headers: [("vmware-api-session-id", "t")]),
      "GET /sdk/vim25/8.0.1.0/GuestOperationsManager/GuestOps/processManager": .json(#"{"value":"P"}"#),
      "POST /sdk/vim25/8.0.1.0/GuestProcessManager/P/ListProcessesInGuest": .json("null"),
    ])
    try await withVCenter(script) { bench in
      let (_, result) = await bench.listEnds()
      #expect(result.value?.rows.isEmpty == true)
      #expect(result.value?.showsEnds == true)
      #expect(result.value?.complete == false)
    }
  }

  @Test func withoutVIJSONItIsRESTAloneAndNothingIsTerminated() async throws {
    let old = "POST /sdk/vim25/8.0.1.0/ServiceInstance/ServiceInstance/RetrieveServiceContent"
    try await withVCenter(S.except([S.hello: .rest("NOT_FOUND", status: 404), old: .html(404)])) { bench in
      let (_, result) = await bench.listEnds()
      #expect(result.value?.showsEnds == false)
      #expect(bench.server.lines == [S.hello, old, S.restLogin, S.list])
      bench.server.clear()
      let (_, answer) = await bench.kill()
      #expect(TerminateTests.said(answer) == .notSent)
      #expect(bench.server.lines.isEmpty)
      await bench.client.logOut(by: bench.clock.after(.seconds(5)))
      #expect(bench.server.lines == [S.restLogout])
    }
  }

  @Test func aVCenterThatGainsVIJSONIsFoundByALaterInventory() async throws {
    let query = ScopeQuery(scopes: [Scope(names: [try Glob("*")])])
    let list = "GET /api/vcenter/vm"
    try await withVCenter(S.except([S.hello: .html(404), list: .json("[]")])) { bench in
      let (_, before) = await bench.client.inventory(query, by: bench.clock.after(.seconds(90)))
      #expect(before.value?.canTerminate == false)
      bench.server.follow(S.except([list: .json("[]")]))
      bench.clock.add(.seconds(300))
      let (_, early) = await bench.client.inventory(query, by: bench.clock.after(.seconds(90)))
      #expect(early.value?.canTerminate == false)
      bench.clock.add(.seconds(301))
      bench.server.clear()
      let (_, after) = await bench.client.inventory(query, by: bench.clock.after(.seconds(90)))
      #expect(after.value?.canTerminate == true)
      #expect(after.value?.vcenterUUID == "vc-uuid")
      #expect(bench.server.lines == [S.hello, S.content, S.login, S.processManager, list])
    }
  }

  @Test(arguments: [#""""#, #""a b""#, #""a\r\nx: y""#, "{}", "null"]) func aRESTTokenThatIsNone(body: String)
    async throws
  {
    let no = Reply.rest("UNAUTHENTICATED", status: 401)
    try await withVCenter(S.except([S.probe: no, S.restLogin: .json(body, status: 201)])) { bench in
      #expect(await bench.list().1.fault?.kind == .badAnswer)
    }
  }

  @Test func anESXiHostIsNoVCenter() async throws {
    let host = #"{"about":{"apiType":"HostAgent"},"sessionManager":{"value":"a"},"propertyCollector":{"value":"b"}}"#
    try await withVCenter(S.except([S.content: .json(host)])) { bench in
      let (_, result) = await bench.list()
      #expect(result.fault?.kind == .badRequest)
      #expect(result.fault?.code == "apiType")
      #expect(bench.server.lines == [S.hello, S.content])
    }
  }

  @Test func manyCallersOneLogin() async throws {
    try await withVCenter { bench in
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<20 { group.addTask { #expect(await bench.list().1.value != nil) } }
      }
      #expect(bench.server.lines.filter { $0 == S.login }.count == 1)
      #expect(bench.server.lines.filter { $0 == S.list }.count == 20)
    }
  }

  @Test func a401OnAGuestCallWithALiveSessionIsTheGuestsAndIsNotTriedAgain() async throws {
    try await withVCenter(S.except([S.get: .rest("UNAUTHENTICATED", status: 401)])) { bench in
      let (_, result) = await bench.get()
      #expect(result.fault?.kind == .guestLoginRefused)
      #expect(bench.server.lines == S.loginLines + [S.get, S.probe])
    }
  }

  @Test func a401OnAGuestCallWithADeadSessionLogsInAnewAndReplaysOnce() async throws {
    let script = S.turns([
      S.get: [.rest("UNAUTHENTICATED", status: 401), .json(S.process)],
      S.probe: [.json("{}"), .rest("UNAUTHENTICATED", status: 401), .json("{}")],
    ])
    try await withVCenter(script) { bench in
      let (_, result) = await bench.get()
      #expect(result.value != nil)
      #expect(bench.server.lines == S.loginLines + [S.get, S.probe] + S.reloginLines + [S.get])
    }
  }

  @Test func aSessionThatDiesTwiceIsLost() async throws {
    let script = S.turns([
      S.get: [.rest("UNAUTHENTICATED", status: 401)],
      S.probe: [
        .json("{}"), .rest("UNAUTHENTICATED", status: 401), .json("{}"), .rest("UNAUTHENTICATED", status: 401),
      ],
    ])
    try await withVCenter(script) { bench in
      let (_, result) = await bench.get()
      #expect(result.fault?.kind == .sessionLost)
      #expect(bench.server.lines.filter { $0 == S.get }.count == 2)
      #expect(bench.server.lines.filter { $0 == S.login }.count == 2)
    }
  }

  @Test func a401WhoseProbeFailsIsNeitherAcceptedNorRefused() async throws {
    let script = S.turns([
      S.get: [.rest("UNAUTHENTICATED", status: 401)], S.probe: [.json("{}"), .html(503)],
    ])
    try await withVCenter(script) { bench in
      let (_, result) = await bench.get()
      #expect(result.fault?.kind == .guestLoginTrouble)
      #expect(bench.server.lines.filter { $0 == S.get }.count == 1)
    }
  }

  @Test func notAuthenticatedLogsInAnewReplaysAndEndsTheOldSession() async throws {
    let script = S.turns([S.viList: [.fault("NotAuthenticated"), .json("[]")]])
    try await withVCenter(script) { bench in
      let (_, result) = await bench.listEnds()
      #expect(result.value?.rows.isEmpty == true)
      #expect(
        bench.server.lines
          == S.loginLines + [S.viList] + S.reloginLines + [S.viList])
    }
  }

  @Test func onlyTheDeadHalfOfSeparateSessionsIsMadeAnew() async throws {
    let script = S.turns([
      S.viList: [.fault("NotAuthenticated"), .json("[]")], S.probe: [.rest("UNAUTHENTICATED", status: 401)],
    ])
    try await withVCenter(script) { bench in
      let (_, result) = await bench.listEnds()
      #expect(result.value != nil)
      #expect(bench.server.lines.filter { $0 == S.login }.count == 2)
      #expect(bench.server.lines.filter { $0 == S.restLogin }.count == 1)
    }
  }

  @Test func a401OfVIJSONIsADeadSession() async throws {
    try await withVCenter(S.turns([S.viList: [.html(401), .json("[]")]])) { bench in
      #expect(await bench.listEnds().1.value != nil)
      #expect(bench.server.lines.filter { $0 == S.login }.count == 2)
    }
  }

  @Test func aNewTokenInAnAnswerIsTaken() async throws {
    let script = S.except([S.viList: .json("[]", headers: [("vmware-api-session-id", "newer")])])
    try await withVCenter(script) { bench in
      _ = await bench.listEnds()
      bench.server.clear()
      _ = await bench.list()
      #expect(bench.server.requests.first?.header("vmware-api-session-id") == "newer")
      #expect(bench.server.lines == [S.list])
    }
  }

  @Test func twoRefusalsStopTheLoginUntilItsRestIsOver() async throws {
    try await withVCenter(S.except([S.login: .fault("InvalidLogin")])) { bench in
      for attempt in 1...4 {
        let (timing, result) = await bench.list()
        #expect(result.fault?.kind == .loginRefused)
        #expect(timing.firstByte == nil)
        #expect(bench.server.lines.filter { $0 == S.login }.count == min(attempt, 2))
      }
      bench.clock.add(.seconds(29 * 60))
      _ = await bench.list()
      #expect(bench.server.lines.filter { $0 == S.login }.count == 2)
      bench.clock.add(.seconds(61))
      _ = await bench.list()
      _ = await bench.list()
      #expect(bench.server.lines.filter { $0 == S.login }.count == 3)
      bench.clock.add(.seconds(31 * 60))
      bench.server.follow(S.healthy)
      #expect(await bench.list().1.value != nil)
    }
  }

  @Test func aRefusedRESTLoginEndsTheVIJSONSessionAndCounts() async throws {
    let no = Reply.rest("UNAUTHENTICATED", status: 401)
    try await withVCenter(S.except([S.probe: no, S.restLogin: no])) { bench in
      for _ in 0..<3 { #expect(await bench.list().1.fault?.kind == .loginRefused) }
      #expect(bench.server.lines.filter { $0 == S.restLogin }.count == 2)
      #expect(bench.server.lines.filter { $0 == S.logout }.count == 2)
    }
  }

  static let loginTrouble: [(String, Reply, FaultKind)] = [
    (S.hello, .html(503), .transient),
    (S.hello, .json(#"{"api_release":"../x"}"#), .badAnswer),
    (S.content, .html(503), .transient),
    (S.content, .html(404), .badRequest),
    (S.login, .html(503), .noSession),
    (S.login, .html(401), .loginRefused),
    (S.login, .fault("NoPermission"), .notPermitted),
    (S.login, .fault("PasswordExpired"), .loginRefused),
    (S.login, .json("{}"), .badAnswer),
    (S.processManager, .html(503), .transient),
    (S.probe, .rest("SERVICE_UNAVAILABLE", status: 503), .transient),
    (S.login, .hangUp, .unreachable),
  ]

  @Test(arguments: loginTrouble) func troubleAtLogin(line: String, reply: Reply, kind: FaultKind) async throws {
    try await withVCenter(S.except([line: reply])) { bench in
      let (_, result) = await bench.list()
      #expect(result.fault?.kind == kind)
      #expect(!bench.server.lines.contains(S.list))
      // Trouble is not refusal: it may be tried again at once.
      if kind != .loginRefused {
        bench.server.follow(S.healthy)
        #expect(await bench.list().1.value != nil)
      }
    }
  }

  @Test func aCallerThatGivesUpDoesNotEndTheLoginOfOthers() async throws {
    let gate = Gate()
    try await withVCenter { request in
      let reply = S.healthy(request)
      return request.line == S.login ? .held(gate, reply) : reply
    } _: { bench in
      let first = Task { await bench.list() }
      while !bench.server.lines.contains(S.content) { await Task.yield() }
      let second = Task { await bench.list() }
      first.cancel()
      #expect(await first.value.1.fault?.kind == .unanswered)
      gate.open()
      #expect(await second.value.1.value != nil)
      #expect(bench.server.lines.filter { $0 == S.login }.count == 1)
    }
  }

  @Test func logOutWaitsForALoginButNotBeyondItsDeadline() async throws {
    let gate = Gate()
    try await withVCenter { request in
      let reply = S.healthy(request)
      return request.line == S.login ? .held(gate, reply) : reply
    } _: { bench in
      let call = Task { await bench.list() }
      while !bench.server.lines.contains(S.login) { await Task.yield() }
      let by = bench.clock.after(.seconds(5))
      let logOut = Task { await bench.client.logOut(by: by) }
      while !bench.clock.isAwaited(by) { await Task.yield() }
      bench.clock.add(.seconds(5))
      await logOut.value
      #expect(!bench.server.lines.contains(S.logout))
      gate.open()
      await bench.client.logOut(by: bench.clock.after(.seconds(90)))
      #expect(bench.server.lines.contains(S.logout))
      _ = await call.value
    }
  }

  @Test func nothingSecretIsLogged() async throws {
    let log = LogOfTest()
    let server = try await ScriptedServer.start(
      S.turns([
        S.login: [.fault("InvalidLogin"), S.healthy(.line(S.login))],
        S.viList: [.fault("NotAuthenticated"), .json("[]")],
      ]))
    let clock = TestClock()
    let client = try VCenterClient(
      connection: VCenterConnection(
        id: VCenterID("lab"), scheme: .http, host: "127.0.0.1", port: server.port, userName: "svc",
        password: Secret("vc-pass")), clock: clock.forCalls, logger: log.logger)
    let bench = Bench(server: server, client: client, clock: clock)
    #expect(await bench.list().1.fault?.kind == .loginRefused)
    #expect(await bench.list().1.value != nil)
    #expect(await bench.listEnds().1.value != nil)
    #expect(await bench.kill().1 == .done)
    await client.logOut(by: clock.after(.seconds(5)))
    await client.shutDown()
    await server.stop()
    let text = log.text
    #expect(text.contains("logged in to vCenter") && text.contains("the vCenter session is dead"))
    for secret in ["vc-pass", "guest-pass", S.token, "guest-svc"] { #expect(!text.contains(secret)) }
  }

  @Test func afterShutDownNothingIsSent() async throws {
    try await withVCenter { bench in
      await bench.client.shutDown()
      #expect(await bench.list().1.fault?.code == "shut-down")
      #expect(bench.server.connections == 0)
    }
  }

  @Test func secretsDoNotPrint() {
    let connection = VCenterConnection(id: VCenterID("a"), host: "h", userName: "u", password: Secret("hidden"))
    var dumped = ""
    dump((connection, GuestCredential(userName: "g", password: Secret("hidden"))), to: &dumped)
    let token = GuestCredential.samlToken(Secret("hidden"), userName: nil)
    dump(token, to: &dumped)
    #expect(!dumped.contains("hidden") && !"\(token)".contains("hidden"))
    #expect("\(token)" == "guest login by SAML token")
    #expect("\(GuestCredential.samlToken(Secret("x"), userName: "svc"))" == "guest login svc")
    #expect(!"\(connection) \(guest)".contains("pass\""))
    #expect(!String(reflecting: (connection, guest)).contains("hidden"))
    #expect(!String(reflecting: (connection, guest)).contains("guest-pass"))
  }
}
