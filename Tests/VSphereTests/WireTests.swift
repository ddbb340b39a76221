import GuestWatchCore
import Testing

@testable import VSphere

/// Deadlines over whole calls, and answers that are none.
@Suite struct WireTests {
  typealias S = VCenterScript

  @Test func aDrippingBodyEndsAtTheDeadline() async throws {
    try await withVCenter { bench in
      _ = await bench.list()
      bench.server.follow(S.except([S.list: .drip(everyMilliseconds: 20)]))
      let call = Task { await bench.list(.seconds(60)) }
      while bench.server.drips < 3 { await Task.yield() }
      bench.clock.add(.seconds(60))
      let (timing, result) = await call.value
      #expect(result.fault?.kind == .unanswered)
      #expect(timing.firstByte != nil)
    }
  }

  @Test func silenceEndsAtTheDeadline() async throws {
    try await withVCenter { bench in
      _ = await bench.list()
      bench.server.clear()
      bench.server.follow(S.except([S.list: .silence]))
      let call = Task { await bench.list(.seconds(60)) }
      while bench.server.lines.isEmpty { await Task.yield() }
      bench.clock.add(.seconds(60))
      let (timing, result) = await call.value
      #expect(result.fault?.kind == .unanswered)
      #expect(timing.firstByte != nil)
    }
  }

  @Test func aPassedDeadlineSendsNothing() async throws {
    try await withVCenter { bench in
      let (timing, result) = await bench.list(.zero)
      #expect(result.fault?.kind == .unanswered)
      #expect(timing.firstByte == nil)
      #expect(bench.server.connections == 0)
    }
  }

  @Test func cancellationEndsTheCall() async throws {
    try await withVCenter(S.except([S.list: .silence])) { bench in
      let task = Task { await bench.list(.seconds(60)) }
      while !bench.server.lines.contains(S.list) { await Task.yield() }
      task.cancel()
      #expect(await task.value.1.fault?.kind == .unanswered)
    }
  }

  static let broken: [(Reply, FaultKind)] = [
    (.cutBody(status: 200, promised: 1000, body: "[]"), .badAnswer),
    (.flood, .badAnswer),
    (.hangUp, .unreachable),
    (
      .answer(
        status: 200, headers: [("content-type", "text/html")],
        body: "[]"), .badAnswer
    ),
  ]

  @Test(arguments: broken) func brokenAnswers(reply: Reply, kind: FaultKind) async throws {
    try await withVCenter(S.except([S.list: reply])) { bench in
      let (_, result) = await bench.list()
      #expect(result.fault?.kind == kind)
      #expect(bench.server.lines.filter { $0 == S.list }.count == 1)
    }
  }

  @Test func redirectsAreNotFollowed() async throws {
    let away = Reply.answer(status: 307, headers: [("location", "/elsewhere")], body: "")
    try await withVCenter(S.except([S.list: away])) { bench in
      #expect(await bench.list().1.fault?.kind == .badAnswer)
      #expect(!bench.server.lines.contains { $0.hasSuffix("/elsewhere") })
    }
  }

  @Test func nobodyThereIsUnreachable() async throws {
    let nobody = try RefusingPort()
    let clock = TestClock()
    let client = try VCenterClient(
      connection: VCenterConnection(
        id: VCenterID("lab"), scheme: .http, host: "127.0.0.1", port: nobody.port, userName: "u",
        password: Secret("p")), clock: clock.forCalls)
    let (timing, result) = await client.look(moid: "vm-1", login: guest, pid: 42, by: clock.after(.seconds(90)))
    #expect(result.fault?.kind == .unreachable)
    #expect(timing.firstByte == nil)
    await client.shutDown()
    withExtendedLifetime(nobody) {}
  }

  @Test(arguments: ["vcenter.example.com", "127.0.0.1.example.com", "127.evil", "10.0.0.1", "::2", "127.0.0.256"])
  func httpToOthersIsRefused(host: String) {
    let fault = #expect(throws: Fault.self) {
      try VCenterClient(
        connection: VCenterConnection(
          id: VCenterID("lab"), scheme: .http, host: host, userName: "u", password: Secret("p")),
        clock: TestClock().forCalls)
    }
    #expect(fault?.code == "url")
  }

  @Test func idsAreEncoded() async throws {
    try await withVCenter { bench in
      _ = await bench.client.survey(
        moid: "../x?y&z/é", login: guest, showingEnds: false, by: bench.clock.after(.seconds(90)))
      #expect(
        bench.server.lines.last
          == "POST /api/vcenter/vm/..%2Fx%3Fy%26z%2F%C3%A9/guest/processes?action=list")
    }
  }
}
