import GuestWatchCore
import NIOSSL
import Synchronization
import Testing

@testable import VSphere

/// `[[notify]] webhook`, against a receiver with TLS.
@Suite struct WebhookTests {
  /// What a test works with.
  struct Bench {
    let server: ScriptedServer
    let webhook: Webhook
    let clock: TestClock

    func post(_ body: String = "{}", within limit: Duration = .seconds(30)) async -> Result<
      Webhook.Answer, Webhook.Trouble
    > {
      await webhook.post(Array(body.utf8), by: clock.after(limit))
    }
  }

  private func with(
    token: String? = nil, newest: TLSVersion = .tlsv13, caFile: (TestCertificates) -> String? = { $0.ca },
    fingerprints: (TestCertificates) throws -> [String] = { _ in [] },
    _ script: @escaping ScriptedServer.Script, _ test: (Bench) async throws -> Void
  ) async throws {
    let certificates = try TestCertificates()
    defer { certificates.remove() }
    let clock = TestClock()
    let server = try await ScriptedServer.start(tls: certificates.server(for: "localhost", newest: newest), script)
    let pins = try fingerprints(certificates)
    let webhook = Webhook(
      url: Secret("https://localhost:\(server.port)/services/T0@x?a=%20b"), token: token.map { Secret($0) },
      trusting: try WebhookTrust(caFile: pins.isEmpty ? caFile(certificates) : nil, fingerprints: pins),
      agent: "guestwatchd/9.9", clock: clock.forCalls)
    let failure: (any Error)?
    do {
      try await test(Bench(server: server, webhook: webhook, clock: clock))
      failure = nil
    } catch {
      failure = error
    }
    await webhook.shutDown()
    await server.stop()
    if let failure { throw failure }
  }

  @Test func itPostsJSONAndSaysWhoItIs() async throws {
    try await with(token: "s3cret~", { _ in .empty(204) }) { bench in
      let answer = await bench.post(#"{"event":"killed"}"#)
      #expect(answer == .success(Webhook.Answer(status: 204, retryAfter: nil, beginning: "")))
      let request = try #require(bench.server.requests.first)
      #expect(request.line == "POST /services/T0@x?a=%20b")
      #expect(request.body == #"{"event":"killed"}"#)
      #expect(request.header("content-type") == "application/json")
      #expect(request.header("user-agent") == "guestwatchd/9.9")
      #expect(request.header("authorization") == "Bearer s3cret~")
      #expect(request.header("host") == "localhost:\(bench.server.port)")
      // The connection is used again, and a token is not made up.
      _ = await bench.post()
      #expect(bench.server.connections == 1)
    }
    try await with({ _ in .empty(200) }) { bench in
      _ = await bench.post()
      #expect(bench.server.requests.first?.header("authorization") == nil)
    }
  }

  @Test func aRedirectIsAnAnswerAndNotFollowed() async throws {
    try await with({ _ in .answer(status: 307, headers: [("location", "/elsewhere")], body: "") }) { bench in
      let answer = try await bench.post().get()
      #expect(answer.status == 307)
      #expect(bench.server.lines == ["POST /services/T0@x?a=%20b"])
    }
  }

  @Test func answersSayWhenToComeAgainAndWhatIsWrong() async throws {
    try await with({ _ in .answer(status: 429, headers: [("retry-after", "17")], body: "slow down\n") }) { bench in
      #expect(
        await bench.post() == .success(Webhook.Answer(status: 429, retryAfter: .seconds(17), beginning: "slow down\n")))
    }
  }

  @Test func ofAnAnswerWithoutEndOnlyTheBeginningIsRead() async throws {
    try await with({ _ in .flood }) { bench in
      let answer = try await bench.post().get()
      #expect(answer.status == 200)
      #expect(answer.beginning.utf8.count == Webhook.mostRead)
    }
  }

  @Test func anAnswerThatDripsIsAnAnswer() async throws {
    try await with({ _ in .drip(everyMilliseconds: 5) }) { bench in
      let post = Task { await bench.post() }
      // The clock stands still: only when the body has been waited for long enough does it move.
      while !bench.clock.isAwaited(bench.clock.after(Webhook.bodyWithin)) { await Task.yield() }
      bench.clock.add(Webhook.bodyWithin)
      let answer = try await post.value.get()
      #expect(answer.status == 200)
    }
  }

  @Test func silenceEndsAtTheDeadline() async throws {
    try await with({ _ in .silence }) { bench in
      let deadline = bench.clock.after(.seconds(30))
      let post = Task { await bench.post() }
      while bench.server.requests.isEmpty || !bench.clock.isAwaited(deadline) { await Task.yield() }
      bench.clock.add(.seconds(30))
      #expect(await post.value == .failure(.unanswered))
    }
  }

  @Test func aCancelledTaskGivesUp() async throws {
    try await with({ _ in .silence }) { bench in
      let post = Task { await bench.post() }
      while bench.server.requests.isEmpty { await Task.yield() }
      post.cancel()
      #expect(await post.value == .failure(.unanswered))
    }
  }

  @Test func aReceiverThatHangsUpOrIsNotThere() async throws {
    try await with({ _ in .hangUp }) { bench in
      guard case .failure(.unreachable) = await bench.post() else {
        Issue.record("it answered")
        return
      }
    }
    let port = try RefusingPort()
    let webhook = Webhook(
      url: Secret("https://localhost:\(port.port)/services/hunter2"), token: nil, trusting: try WebhookTrust(),
      agent: "x", clock: TestClock().forCalls)
    let answer = await webhook.post([], by: Instant(nanoseconds: .max))
    await webhook.shutDown()
    guard case .failure(.unreachable(let code)) = answer else {
      Issue.record("\(answer)")
      return
    }
    #expect(!code.isEmpty && !code.contains("hunter2"))
  }

  @Test func whoeverIsNotTrustedIsSentNothing() async throws {
    try await with(caFile: \.otherCA, { _ in .empty(200) }) { bench in
      guard case .failure(.untrusted) = await bench.post() else {
        Issue.record("it was trusted")
        return
      }
      #expect(bench.server.lines.isEmpty)
    }
    try await with(newest: .tlsv11, { _ in .empty(200) }) { bench in
      #expect((try? await bench.post().get()) == nil)
      #expect(bench.server.lines.isEmpty)
    }
    try await with(fingerprints: { _ in [String(repeating: "0", count: 64)] }, { _ in .empty(200) }) { bench in
      #expect(await bench.post() == .failure(.untrusted("fingerprint_sha256")))
      #expect(bench.server.lines.isEmpty)
    }
  }

  @Test func aFingerprintTakesThePlaceOfTheChain() async throws {
    try await with(fingerprints: { [try $0.fingerprint(of: "localhost")] }, { _ in .empty(200) }) { bench in
      let answer = try await bench.post().get()
      #expect(answer.status == 200)
    }
  }

  @Test func aCAFileIsReadAtOnce() {
    #expect(throws: Fault.self) { try WebhookTrust(caFile: "/no/such/file") }
  }

  @Test(
    arguments: [
      ("0", 0), ("120", 120), ("99999999999999999999", 365 * 86_400), ("Tue, 14 Nov 2023 22:14:20 GMT", 60),
      ("Tue, 14 Nov 2023 22:13:00 GMT", 0), ("Fri, 14 Nov 9999 22:13:20 GMT", 365 * 86_400), ("", nil), ("-1", nil),
      ("1.5", nil), ("soon", nil), ("12 ", nil), ("Tuesday, 14-Nov-23 22:14:20 GMT", nil),
    ] as [(String, Int64?)])
  func readsRetryAfter(_ text: String, _ seconds: Int64?) {
    // 2023-11-14 22:13:20
    let now = Now(continuous: Instant(nanoseconds: 0), wall: 1_700_000_000_000_000_000)
    #expect(retryAfter(text, now: now) == seconds.map { Duration.seconds($0) })
  }
}
