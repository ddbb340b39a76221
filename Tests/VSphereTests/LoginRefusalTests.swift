import GuestWatchCore
import Testing

@testable import VSphere

/// Several vCenters that ask one directory: a wrong password must not lock the account there.
@Suite("Refused vCenter logins are counted per account, over all vCenters") struct LoginRefusalTests {
  typealias S = VCenterScript

  /// Clients of one daemon; for what they send it makes no difference that it is one server.
  private func withClients(
    _ count: Int, _ script: @escaping ScriptedServer.Script, _ test: ([Bench], LoginRefusals) async throws -> Void
  ) async throws {
    let server = try await ScriptedServer.start(script)
    let clock = TestClock()
    let refusals = LoginRefusals()
    let benches = try (0..<count).map { _ in
      Bench(server: server, client: try client("SVC@vsphere.local", "vc-pass", server, clock, refusals), clock: clock)
    }
    let failure: (any Error)?
    do {
      try await test(benches, refusals)
      failure = nil
    } catch {
      failure = error
    }
    for bench in benches { await bench.client.shutDown() }
    await server.stop()
    if let failure { throw failure }
  }

  private func client(
    _ userName: String, _ password: String, _ server: ScriptedServer, _ clock: TestClock, _ refusals: LoginRefusals
  ) throws -> VCenterClient {
    try VCenterClient(
      connection: VCenterConnection(
        id: VCenterID("lab"), scheme: .http, host: "127.0.0.1", port: server.port, userName: userName,
        password: Secret(password)), clock: clock.forCalls, refusals: refusals)
  }

  private static func tries(_ bench: Bench) -> Int { bench.server.lines.filter { $0 == S.login }.count }

  @Test func twoTriesInAll() async throws {
    try await withClients(3, S.except([S.login: .fault("InvalidLogin")])) { benches, refusals in
      for _ in 0..<3 {
        for bench in benches { #expect(await bench.list().1.fault?.kind == .loginRefused) }
      }
      let one = benches[0]
      #expect(LoginRefusalTests.tries(one) == 2)
      // The same account in other letters; another name and another password are other accounts.
      for (name, password, tried) in [
        ("svc@VSPHERE.local", "vc-pass", 0), ("other", "vc-pass", 1), ("svc@vsphere.local", "new", 1),
      ] {
        one.server.clear()
        let other = try client(name, password, one.server, one.clock, refusals)
        _ = await Bench(server: one.server, client: other, clock: one.clock).list()
        #expect(LoginRefusalTests.tries(one) == tried)
        await other.shutDown()
      }
      // After the rest one try, by one of them.
      one.clock.add(LoginRefusals.rest)
      one.server.clear()
      for bench in benches { #expect(await bench.list().1.fault?.kind == .loginRefused) }
      #expect(LoginRefusalTests.tries(one) == 1)
      one.clock.add(LoginRefusals.rest)
      one.server.follow(S.healthy)
      for bench in benches { #expect(await bench.list().1.value != nil) }
    }
  }

  @Test func tenAtOnceAreTwoTries() async throws {
    let gate = Gate()
    try await withClients(10, S.except([S.login: .held(gate, .fault("InvalidLogin"))])) { benches, _ in
      let calls = benches.map { bench in Task { await bench.list().1 } }
      while LoginRefusalTests.tries(benches[0]) < 2
        || benches[0].server.lines.filter({ $0 == S.content }).count < 10
      { await Task.yield() }
      gate.open()
      for call in calls { #expect(await call.value.fault?.kind == .loginRefused) }
      #expect(LoginRefusalTests.tries(benches[0]) == 2)
    }
  }

  @Test func tenAtOnceThatAreAcceptedAllGetIn() async throws {
    try await withClients(10, S.healthy) { benches, _ in
      let calls = benches.map { bench in Task { await bench.list().1 } }
      for call in calls { #expect(await call.value.value != nil) }
      #expect(LoginRefusalTests.tries(benches[0]) == 10)
    }
  }

  /// Trouble that says nothing of the account ends no rest and begins none, and lets the next one in.
  @Test func otherTroubleIsNoRefusal() async throws {
    try await withClients(4, S.except([S.login: .html(503)])) { benches, _ in
      for _ in 0..<2 {
        let calls = benches.map { bench in Task { await bench.list().1 } }
        for call in calls { #expect(await call.value.fault?.kind == .noSession) }
      }
      #expect(LoginRefusalTests.tries(benches[0]) == 8)
    }
  }

  /// Who waits for his turn stops waiting at his deadline, and the turn of nobody is lost.
  @Test func waitingEndsAtTheDeadline() async throws {
    let gate = Gate()
    try await withClients(3, S.except([S.login: .held(gate, S.healthy(.line(S.login)))])) { benches, _ in
      let calls = benches.map { bench in Task { await bench.list().1 } }
      while benches[0].server.lines.filter({ $0 == S.content }).count < 3 { await Task.yield() }
      while LoginRefusalTests.tries(benches[0]) < 2 { await Task.yield() }
      benches[0].clock.add(SessionKeeper.loginDeadline)
      for call in calls { #expect(await call.value.fault?.kind == .unanswered) }
      #expect(LoginRefusalTests.tries(benches[0]) == 2)
      gate.open()
      for bench in benches { #expect(await bench.list().1.value != nil) }
    }
  }

  /// A vCenter that hangs before it is asked for the password holds up no other.
  @Test func oneThatHangsHoldsUpNobody() async throws {
    let hanging = S.turns([S.hello: Array(repeating: .silence, count: 3) + [S.healthy(.line(S.hello))]])
    try await withClients(5, hanging) { benches, _ in
      let stuck = benches[..<3].map { bench in Task { await bench.list().1 } }
      while benches[0].server.lines.filter({ $0 == S.hello }).count < 3 { await Task.yield() }
      for bench in benches[3...] { #expect(await bench.list().1.value != nil) }
      for call in stuck { call.cancel() }
      for call in stuck { _ = await call.value }
    }
  }
}
