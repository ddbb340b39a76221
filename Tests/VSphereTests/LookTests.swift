import GuestWatchCore
import Testing

@testable import VSphere

@Suite struct LookTests {
  typealias S = VCenterScript
  /// 2026-01-02T03:04:05Z
  static let started: Int64 = 1_767_323_045

  @Test func getPairsTheAnswerWithItsPID() async throws {
    try await withVCenter { bench in
      let (_, result) = await bench.get()
      let expected = Process(
        pid: 42, started: LookTests.started, owner: "root", name: "sleep", command: "sleep 1000")
      #expect(result.value == .running(expected))
      #expect(
        bench.server.requests.last?.body
          == #"{"credentials":{"type":"USERNAME_PASSWORD","interactive_session":false,"#
          + #""user_name":"guest-svc","password":"guest-pass"}}"#)
    }
  }

  @Test func anEntryWithAnEndIsFinished() async throws {
    let ended = Reply.json(
      #"{"name":"a","owner":"b","command":"c","started":"2026-01-02T03:04:05Z","#
        + #""finished":"2026-01-02T03:04:06Z","exit_code":-1}"#)
    try await withVCenter(S.except([S.get: ended])) { bench in
      guard case .finished(let process) = await bench.get().1.value else {
        Issue.record("not finished")
        return
      }
      #expect(process.finished == LookTests.started + 1)
    }
  }

  @Test func notFoundWithThePIDIsGone() async throws {
    let gone = Reply.rest("NOT_FOUND", status: 404, data: #"{"pid":42}"#)
    try await withVCenter(S.except([S.get: gone])) { bench in
      #expect(await bench.get().1.value == .gone)
      #expect(bench.server.lines == S.loginLines + [S.get])
    }
  }

  @Test func notFoundWithAnotherPIDProvesNothing() async throws {
    let other = Reply.rest("NOT_FOUND", status: 404, data: #"{"pid":43}"#)
    try await withVCenter(S.except([S.get: other])) { bench in
      #expect(await bench.get().1.fault?.kind == .badAnswer)
    }
  }

  @Test(arguments: [
    (Reply.json(#"[{"vm":"vm-1","name":"a","power_state":"POWERED_ON"}]"#), Look.gone as Look?),
    (.json("[]"), .vmGone), (.json("null"), .vmGone), (.html(503), nil), (.rest("NOT_FOUND", status: 404), nil),
  ])
  func notFoundWithoutAPIDAsksForTheVM(list: Reply, look: Look?) async throws {
    let script = S.except([S.get: .rest("NOT_FOUND", status: 404), "GET /api/vcenter/vm?vms=vm-1": list])
    try await withVCenter(script) { bench in
      let (_, result) = await bench.get()
      #expect(result.value == look)
      #expect(bench.server.lines == S.loginLines + [S.get, "GET /api/vcenter/vm?vms=vm-1"])
    }
  }

  @Test func aPageThatIsNotTheAPIsProvesNothing() async throws {
    try await withVCenter(S.except([S.get: .html(404)])) { bench in
      #expect(await bench.get().1.fault?.kind == .badRequest)
      #expect(bench.server.lines == S.loginLines + [S.get])
    }
  }

  @Test func vijsonShowsEnds() async throws {
    try await withVCenter { bench in
      let listing = try #require(await bench.listEnds().1.value)
      #expect(listing.showsEnds && listing.complete)
      #expect(listing.rows.map(\.finished) == [nil, LookTests.started + 60])
      #expect(
        bench.server.requests.last?.body
          == #"{"vm":{"_typeName":"ManagedObjectReference","type":"VirtualMachine","value":"vm-1"},"#
          + #""auth":{"_typeName":"NamePasswordAuthentication","interactiveSession":false,"#
          + #""username":"guest-svc","password":"guest-pass"}}"#)
    }
  }

  @Test(arguments: [nil, "svc"] as [String?]) func looksWithASAMLToken(name: String?) async throws {
    let login = GuestCredential.samlToken(Secret("token"), userName: name)
    try await withVCenter { bench in
      let by = bench.clock.after(.seconds(90))
      #expect(await bench.client.look(moid: "vm-1", login: login, pid: 42, by: by).1.value != nil)
      #expect(
        bench.server.requests.last?.body
          == #"{"credentials":{"type":"SAML_BEARER_TOKEN","interactive_session":false,"saml_token":"token""#
          + (name == nil ? "}}" : #","user_name":"svc"}}"#))
      let survey = await bench.client.survey(moid: "vm-1", login: login, showingEnds: true, by: by)
      #expect(survey.1.value?.complete == true)
      #expect(
        bench.server.requests.last?.body
          == #"{"vm":{"_typeName":"ManagedObjectReference","type":"VirtualMachine","value":"vm-1"},"#
          + #""auth":{"_typeName":"SAMLTokenAuthentication","interactiveSession":false,"token":"token""#
          + (name == nil ? "}}" : #","username":"svc"}}"#))
    }
  }

  @Test(arguments: ["null", "[]"]) func noneIsEmptyAndProvesNothing(body: String) async throws {
    try await withVCenter(S.except([S.list: .json(body), S.viList: .json(body)])) { bench in
      let rest = try #require(await bench.list().1.value)
      let vi = try #require(await bench.listEnds().1.value)
      #expect(rest.rows.isEmpty && !rest.complete && vi.rows.isEmpty && !vi.complete)
    }
  }

  @Test func oneHostileRowDoesNotHideTheOthers() async throws {
    let rows = Reply.json(
      #"[{"name":"\ud800evil\u0000","pid":66,"owner":"x","command":"\#(String(repeating: "c", count: 9000))","#
        + #""started":"2026-01-02T03:04:05Z"},"#
        + #"{"name":"sleep","pid":42,"owner":"root","command":"s","started":"2026-01-02T03:04:05.123456789+02:00"}]"#)
    try await withVCenter(S.except([S.list: rows])) { bench in
      let listing = try #require(await bench.list().1.value)
      #expect(listing.complete)
      #expect(listing.rows[0].name == GuestText("\u{FFFD}evil\u{0}", doubtful: true))
      #expect(listing.rows[0].command.doubtful && listing.rows[0].command.value.utf8.count == GuestText.cap)
      #expect(listing.rows[1].started == LookTests.started - 7200)
      #expect(!listing.rows[1].name.doubtful)
    }
  }
}
