import GuestWatchCore
import Testing

@testable import VSphere

/// No session is left behind: not at the end, not by a login that fails half-way, not by one that replaces another.
@Suite struct SessionEndTests {
  typealias S = VCenterScript

  /// Logins and logouts of both APIs, in their order.
  private static func doors(_ bench: Bench) -> [String] {
    bench.server.lines.filter { [S.login, S.logout, S.restLogin, S.restLogout].contains($0) }
  }

  /// A call whose login is under way, and a logout that began then, with 5 s for it.
  private static func logOutUnderALogin(_ bench: Bench) async -> (
    call: Task<Result<Listing, Fault>, Never>, logOut: Task<Void, Never>, by: Instant
  ) {
    let call = Task { await bench.list().1 }
    while !bench.server.lines.contains(S.login) { await Task.yield() }
    let by = bench.clock.after(.seconds(5))
    return (call, Task { await bench.client.logOut(by: by) }, by)
  }

  @Test func afterLogOutNothingLogsIn() async throws {
    try await withVCenter { bench in
      _ = await bench.list()
      await bench.client.logOut(by: bench.clock.after(.seconds(5)))
      bench.server.clear()
      #expect(await bench.list().1.fault?.code == "shut-down")
      #expect(await bench.listEnds().1.fault?.code == "shut-down")
      #expect(TerminateTests.said(await bench.kill().1) == .notSent)
      await bench.client.logOut(by: bench.clock.after(.seconds(5)))
      #expect(bench.server.lines.isEmpty)
    }
  }

  /// The logout makes the session of a call dead that is under way: it must not be answered with a new login.
  @Test(arguments: [true, false]) func logOutWithACallInFlight(overVIJSON: Bool) async throws {
    let gate = Gate()
    let line = overVIJSON ? S.viList : S.list
    let dead: Reply = overVIJSON ? .fault("NotAuthenticated") : .rest("UNAUTHENTICATED", status: 401)
    let script = S.turns([
      S.probe: [.json("{}"), .rest("UNAUTHENTICATED", status: 401)], line: [.held(gate, dead)],
    ])
    try await withVCenter(script) { bench in
      let call = Task { overVIJSON ? await bench.listEnds().1 : await bench.list().1 }
      while !bench.server.lines.contains(line) { await Task.yield() }
      await bench.client.logOut(by: bench.clock.after(.seconds(5)))
      gate.open()
      #expect(await call.value.fault?.code == "shut-down")
      #expect(SessionEndTests.doors(bench) == [S.login, S.logout])
    }
  }

  /// Who waits for a login when the end comes does not get its session, which is ended at once.
  @Test func logOutDuringALogin() async throws {
    let gate = Gate()
    try await withVCenter(S.except([S.login: .held(gate, S.healthy(.line(S.login)))])) { bench in
      let (call, logOut, _) = await SessionEndTests.logOutUnderALogin(bench)
      #expect(await call.value.fault?.code == "shut-down")
      gate.open()
      await logOut.value
      #expect(!bench.server.lines.contains(S.list))
      #expect(SessionEndTests.doors(bench) == [S.login, S.logout])
    }
  }

  /// The login comes when nobody waits for it any more.
  @Test func aLoginThatOutlivesTheLogOutIsEnded() async throws {
    let gate = Gate()
    try await withVCenter(S.except([S.login: .held(gate, S.healthy(.line(S.login)))])) { bench in
      let (call, logOut, by) = await SessionEndTests.logOutUnderALogin(bench)
      while !bench.clock.isAwaited(by) { await Task.yield() }
      bench.clock.add(.seconds(5))
      await logOut.value
      _ = await call.value
      gate.open()
      while !bench.server.lines.contains(S.logout) { await Task.yield() }
      #expect(SessionEndTests.doors(bench) == [S.login, S.logout])
    }
  }

  /// Where the number of sessions is limited, the old one stands in the way of the new one.
  @Test func theOldSessionIsEndedBeforeTheNewLogin() async throws {
    let script = S.turns([S.viList: [.fault("NotAuthenticated"), .json("[]")]])
    try await withVCenter(script) { bench in
      _ = await bench.listEnds()
      #expect(SessionEndTests.doors(bench) == [S.login, S.logout, S.login])
      #expect(bench.server.lines == S.loginLines + [S.viList] + S.reloginLines + [S.viList])
    }
  }

  /// The known state (vsphere-api.md, 6): guest calls are refused for good while others still work, also with the answer to
  /// the logout. One new login, one more try, no third.
  @Test func whereNotEvenANewLoginHelps() async throws {
    try await withVCenter(S.except([S.viList: .fault("NotAuthenticated")])) { bench in
      #expect(await bench.listEnds().1.fault?.kind == .sessionLost)
      #expect(bench.server.lines.filter { $0 == S.viList }.count == 2)
      #expect(SessionEndTests.doors(bench) == [S.login, S.logout, S.login])
      await bench.client.logOut(by: bench.clock.after(.seconds(5)))
      #expect(SessionEndTests.doors(bench) == [S.login, S.logout, S.login, S.logout])
    }
  }

  /// An old session that cannot be ended does not keep the new one from being opened.
  @Test(arguments: [Reply.silence, .hangUp, .html(500), .fault("NotAuthenticated")])
  func aLogOutThatFails(reply: Reply) async throws {
    let script = S.turns([S.viList: [.fault("NotAuthenticated"), .json("[]")], S.logout: [reply]])
    try await withVCenter(script) { bench in
      let call = Task { await bench.listEnds().1 }
      while !bench.server.lines.contains(S.logout) { await Task.yield() }
      if case .silence = reply {
        let end = bench.clock.after(Login.logOutTime)
        while !bench.clock.isAwaited(end) { await Task.yield() }
        bench.clock.add(Login.logOutTime)
      }
      #expect(await call.value.value != nil)
      #expect(SessionEndTests.doors(bench) == [S.login, S.logout, S.login])
    }
  }

  @Test func whatIsEndedIsNotEndedAgainByTheNextTry() async throws {
    let login = S.healthy(.line(S.login))
    let script = S.turns([S.viList: [.fault("NotAuthenticated"), .json("[]")], S.login: [login, .html(503), login]])
    try await withVCenter(script) { bench in
      #expect(await bench.listEnds().1.fault?.kind == .noSession)
      #expect(await bench.listEnds().1.value != nil)
      #expect(SessionEndTests.doors(bench) == [S.login, S.logout, S.login, S.login])
    }
  }

  /// The head of the answer has the token, and the body is lost: the session is open all the same.
  @Test(arguments: [true, false]) func aLoginWhoseAnswerIsCut(inTime: Bool) async throws {
    let headers = [("vmware-api-session-id", S.token)]
    let cut = inTime ? Reply.cutBody(status: 200, promised: 1000, body: "{", headers: headers) : .drippingLogin
    try await withVCenter(S.except([S.login: cut])) { bench in
      let call = Task { await bench.list().1 }
      if !inTime {
        while bench.server.drips < 3 { await Task.yield() }
        bench.clock.add(SessionKeeper.loginDeadline)
      }
      #expect(await call.value.fault?.kind == (inTime ? .badAnswer : .unanswered))
      while !bench.server.lines.contains(S.logout) { await Task.yield() }
      #expect(SessionEndTests.doors(bench) == [S.login, S.logout])
      #expect(bench.server.requests.last { $0.line == S.logout }?.header("vmware-api-session-id") == S.token)
    }
  }

  /// What fails after the login ends it, whatever fails and however often: else a limit of sessions eats itself up.
  @Test(arguments: [
    (S.processManager, Reply.html(503)), (S.processManager, .fault("NoPermission")), (S.processManager, .json("7")),
    (S.probe, .rest("SERVICE_UNAVAILABLE", status: 503)), (S.probe, .html(404)), (S.probe, .hangUp),
    (S.restLogin, .rest("SERVICE_UNAVAILABLE", status: 503)),
    (S.restLogin, .rest("UNABLE_TO_ALLOCATE_RESOURCE", status: 500)), (S.restLogin, .json("null", status: 201)),
  ])
  func aLoginThatFailsHalfWay(line: String, reply: Reply) async throws {
    var answers = [line: reply]
    if line == S.restLogin { answers[S.probe] = .rest("UNAUTHENTICATED", status: 401) }
    try await withVCenter(S.except(answers)) { bench in
      for _ in 0..<5 { #expect(await bench.list().1.fault != nil) }
      let doors = SessionEndTests.doors(bench).filter { $0 != S.restLogin }
      #expect(doors == Array(repeating: [S.login, S.logout], count: 5).flatMap { $0 })
      #expect(!bench.server.lines.contains(S.list))
    }
  }

  /// The deadline of the login comes after its first half.
  @Test func aLoginThatHangsHalfWay() async throws {
    try await withVCenter(S.except([S.probe: .silence])) { bench in
      let call = Task { await bench.list().1 }
      while !bench.server.lines.contains(S.probe) { await Task.yield() }
      bench.clock.add(SessionKeeper.loginDeadline)
      #expect(await call.value.fault?.kind == .unanswered)
      while !bench.server.lines.contains(S.logout) { await Task.yield() }
      #expect(SessionEndTests.doors(bench) == [S.login, S.logout])
    }
  }

  /// Many calls find the same session dead; one login serves them all, and late news of the old one end no new one.
  @Test func manyFindItDeadAndOneLogsIn() async throws {
    let gate = Gate()
    let healthy = S.healthy(.line(S.viList))
    let script = S.turns([
      S.viList: Array(repeating: .held(gate, .fault("NotAuthenticated")), count: 20) + [healthy]
    ])
    try await withVCenter(script) { bench in
      _ = await bench.list()
      let calls = (0..<20).map { _ in Task { await bench.listEnds().1 } }
      while bench.server.lines.filter({ $0 == S.viList }).count < 20 { await Task.yield() }
      gate.open()
      for call in calls { #expect(await call.value.value != nil) }
      #expect(SessionEndTests.doors(bench) == [S.login, S.logout, S.login])
      #expect(bench.server.lines.filter { $0 == S.viList }.count == 40)
    }
  }
}

extension Reply {
  /// The head of an answer to Login, and a body that does not end.
  static let drippingLogin = Reply.drip(
    everyMilliseconds: 20, headers: [("vmware-api-session-id", VCenterScript.token)])
}
