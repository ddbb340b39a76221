import Foundation
import GuestWatchCore
import NIOSSL
import Testing

@testable import VSphere

/// Certificates of a test: a CA, a server certificate for `localhost` (DNS name only: one with the address would pass
/// under every name), and a CA that signed nothing.
struct TestCertificates: Sendable {
  let folder: URL

  var ca: String { folder.appendingPathComponent("ca.pem").path }
  var otherCA: String { folder.appendingPathComponent("other.pem").path }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("vsphere-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for name in ["ca", "other"] {
      try openssl(
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
        "/CN=test \(name)", "-keyout", "\(name).key", "-out", "\(name).pem")
    }
    for name in ["localhost", "vcenter.example.com"] {
      try Data("subjectAltName=DNS:\(name)\n".utf8).write(to: folder.appendingPathComponent("\(name).ext"))
      try openssl(
        "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=\(name)",
        "-keyout", "\(name).key", "-out", "\(name).csr")
      try openssl(
        "x509", "-req", "-in", "\(name).csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
        "-extfile", "\(name).ext", "-out", "\(name).pem")
    }
  }

  /// What openssl says the fingerprint of a server's certificate is, in the client's writing.
  func fingerprint(of name: String) throws -> String {
    try openssl("x509", "-in", "\(name).pem", "-outform", "DER", "-out", "\(name).der")
    try openssl("dgst", "-sha256", "-r", "-out", "\(name).sha", "\(name).der")
    return String(try String(contentsOf: folder.appendingPathComponent("\(name).sha"), encoding: .utf8).prefix(64))
  }

  private func openssl(_ arguments: String...) throws {
    let process = Foundation.Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    process.currentDirectoryURL = folder
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "openssl \(arguments.joined(separator: " "))")
  }

  /// - Parameter newest: The newest TLS that it speaks.
  func server(for name: String, newest: TLSVersion = .tlsv13) throws -> NIOSSLContext {
    let chain = try NIOSSLCertificate.fromPEMFile(folder.appendingPathComponent("\(name).pem").path)
    let key = try NIOSSLPrivateKey(file: folder.appendingPathComponent("\(name).key").path, format: .pem)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = .tlsv1
    configuration.maximumTLSVersion = newest
    return try NIOSSLContext(configuration: configuration)
  }

  /// A certificate for `localhost` in the place of the good one: over since yesterday, or signed by itself.
  func replaceLocalhost(expired: Bool) throws {
    if expired {
      try openssl(
        "x509", "-req", "-in", "localhost.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "-1",
        "-extfile", "localhost.ext", "-out", "localhost.pem")
    } else {
      try openssl(
        "x509", "-req", "-in", "localhost.csr", "-signkey", "localhost.key", "-days", "2", "-extfile", "localhost.ext",
        "-out", "localhost.pem")
    }
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }
}

@Suite struct TLSTests {
  typealias S = VCenterScript

  private func withTLS(
    certificate: String = "localhost", newest: TLSVersion = .tlsv13,
    replacing: (TestCertificates) throws -> Void = { _ in },
    fingerprints: (TestCertificates) throws -> [String] = { _ in [] },
    caFile: (TestCertificates) -> String? = { _ in nil },
    accepting: @escaping @Sendable (TestClock) -> Void = { _ in }, _ test: (Bench) async throws -> Void
  ) async throws {
    let certificates = try TestCertificates()
    defer { certificates.remove() }
    try replacing(certificates)
    let clock = TestClock()
    let server = try await ScriptedServer.start(
      tls: certificates.server(for: certificate, newest: newest), accepting: { accepting(clock) }, S.healthy)
    let client = try VCenterClient(
      connection: VCenterConnection(
        id: VCenterID("lab"), host: "localhost", port: server.port, userName: "u", password: Secret("p"),
        caFile: caFile(certificates), fingerprints: fingerprints(certificates)), clock: clock.forCalls)
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

  @Test func theRightCAAndNameWorkForLooksAndTerminates() async throws {
    try await withTLS(caFile: \.ca) { bench in
      #expect(await bench.list().1.value?.rows.count == 1)
      let (timing, answer) = await bench.kill()
      #expect(answer == .done)
      #expect(timing.firstByte != nil)
      #expect(bench.server.lines == S.loginLines + [S.list, S.terminate])
    }
  }

  @Test func anotherCAIsUntrustedAndNothingIsSent() async throws {
    try await withTLS(caFile: \.otherCA) { bench in
      let (timing, result) = await bench.list()
      #expect(result.fault?.kind == .untrusted)
      #expect(timing.firstByte == nil)
      #expect(bench.server.lines.isEmpty)
      // Not tried again in the hope of a better certificate.
      #expect(bench.server.connections == 1)
    }
  }

  @Test func theSystemRootsDoNotKnowATestCA() async throws {
    try await withTLS(caFile: { _ in nil }) { bench in
      #expect(await bench.list().1.fault?.kind == .untrusted)
      #expect(bench.server.lines.isEmpty)
    }
  }

  @Test func anotherNameIsUntrustedAndNothingIsSent() async throws {
    try await withTLS(certificate: "vcenter.example.com", caFile: \.ca) { bench in
      #expect(await bench.list().1.fault?.kind == .untrusted)
      #expect(bench.server.lines.isEmpty)
    }
  }

  @Test(arguments: [true, false]) func aCertificateThatIsOverOrSignedByItself(expired: Bool) async throws {
    try await withTLS(replacing: { try $0.replaceLocalhost(expired: expired) }, caFile: \.ca) { bench in
      for _ in 0..<2 {
        #expect(await bench.list().1.fault?.kind == .untrusted)
        #expect(await bench.listEnds().1.fault?.kind == .untrusted)
      }
      #expect(bench.server.lines.isEmpty)
    }
  }

  @Test(arguments: [TLSVersion.tlsv1, .tlsv11, .tlsv12, .tlsv13]) func oldTLSIsRefused(version: TLSVersion) async throws
  {
    try await withTLS(newest: version, caFile: \.ca) { bench in
      let isOld = version == .tlsv1 || version == .tlsv11
      #expect(await bench.list().1.fault?.kind == (isOld ? .untrusted : nil))
      #expect(bench.server.lines.isEmpty == isOld)
    }
  }

  /// Nothing that was trusted before is a reason to trust another certificate now, and a terminate least of all.
  @Test(arguments: [true, false]) func aCertificateThatChangesUnderASession(byFingerprint: Bool) async throws {
    let certificates = try TestCertificates()
    defer { certificates.remove() }
    let clock = TestClock()
    let first = try await ScriptedServer.start(tls: certificates.server(for: "localhost"), S.healthy)
    let client = try VCenterClient(
      connection: VCenterConnection(
        id: VCenterID("lab"), host: "localhost", port: first.port, userName: "u", password: Secret("p"),
        caFile: byFingerprint ? nil : certificates.ca,
        fingerprints: byFingerprint ? [try certificates.fingerprint(of: "localhost")] : []), clock: clock.forCalls)
    let bench = Bench(server: first, client: client, clock: clock)
    #expect(await bench.list().1.value != nil)
    #expect(await bench.kill().1 == .done)
    // The connection of the looks stays; whoever connects anew meets somebody else.
    await first.stop()
    let other = try await ScriptedServer.start(
      port: first.port, tls: certificates.server(for: "vcenter.example.com"), S.healthy)
    let (timing, answer) = await bench.kill()
    #expect(TerminateTests.said(answer) == .notSent && answer.fault?.kind == .untrusted)
    #expect(timing.firstByte == nil)
    let calls = (0..<8).map { _ in Task { await bench.list().1 } }
    for call in calls {
      if let fault = await call.value.fault { #expect(fault.kind == .untrusted) }
    }
    #expect(other.connections > 1 && other.lines.isEmpty)
    await client.shutDown()
    await other.stop()
  }

  /// Neither its CA nor its name would be acceptable.
  @Test func theNamedCertificateWorksForLooksAndTerminates() async throws {
    let other = String(repeating: "0", count: 64)
    try await withTLS(
      certificate: "vcenter.example.com", fingerprints: { [other, try $0.fingerprint(of: "vcenter.example.com")] }
    ) { bench in
      #expect(await bench.list().1.value?.rows.count == 1)
      #expect(await bench.kill().1 == .done)
      #expect(bench.server.lines == S.loginLines + [S.list, S.terminate])
    }
  }

  @Test func anotherCertificateIsUntrustedAndNothingIsSent() async throws {
    var shown = ""
    try await withTLS(fingerprints: {
      shown = try $0.fingerprint(of: "localhost")
      return [try $0.fingerprint(of: "vcenter.example.com")]
    }) { bench in
      let (timing, result) = await bench.list()
      #expect(result.fault?.kind == .untrusted && result.fault?.code == "fingerprint_sha256")
      #expect(result.fault?.detail.contains(shown) == true, "so that it can be compared")
      #expect(timing.firstByte == nil)
      #expect(bench.server.lines.isEmpty)
      #expect(bench.server.connections == 1)
    }
  }

  @Test func aTerminateTrustsNoOtherFingerprint() async throws {
    let certificates = try TestCertificates()
    defer { certificates.remove() }
    let server = try await ScriptedServer.start(tls: certificates.server(for: "localhost"), S.healthy)
    let clock = TestClock()
    let connection = VCenterConnection(
      id: VCenterID("lab"), host: "localhost", port: server.port, userName: "u", password: Secret("p"))
    let trust = try Trust(fingerprints: [try certificates.fingerprint(of: "vcenter.example.com")])
    let terminator = try Terminator(to: connection, trusting: trust, clock: clock.forCalls)
    let result = await terminator.send(
      Terminator.Order(
        path: "/x", token: "t", body: .object([]), pid: 42, firstByteBy: clock.after(.seconds(5)),
        firstByteByWall: clock.now.wall + 5_000_000_000, by: clock.after(.seconds(10))))
    #expect(TerminateTests.said(result.answer) == .notSent)
    #expect(result.answer.fault?.code == "fingerprint_sha256")
    #expect(result.timing.firstByte == nil)
    #expect(server.lines.isEmpty)
    await server.stop()
  }

  @Test(arguments: ["vcenter.example.com", "localhost"])
  func aTerminateTrustsNoMoreThanALook(certificate: String) async throws {
    let certificates = try TestCertificates()
    defer { certificates.remove() }
    let server = try await ScriptedServer.start(tls: certificates.server(for: certificate), S.healthy)
    let clock = TestClock()
    let connection = VCenterConnection(
      id: VCenterID("lab"), host: "localhost", port: server.port, userName: "u", password: Secret("p"))
    let wrongCA = certificate == "localhost"
    let trust = try Trust(caFile: wrongCA ? certificates.otherCA : certificates.ca)
    let terminator = try Terminator(to: connection, trusting: trust, clock: clock.forCalls)
    let result = await terminator.send(
      Terminator.Order(
        path: "/x", token: "t", body: .object([]), pid: 42, firstByteBy: clock.after(.seconds(5)),
        firstByteByWall: clock.now.wall + 5_000_000_000, by: clock.after(.seconds(10))))
    #expect(TerminateTests.said(result.answer) == .notSent)
    #expect(result.answer.fault?.kind == .untrusted)
    #expect(result.timing.firstByte == nil)
    #expect(server.lines.isEmpty)
    await server.stop()
  }

  @Test func aTerminateOverTLSWhoseAnswerNeverComesIsTornDown() async throws {
    try await withTLS(caFile: \.ca) { bench in
      _ = await bench.list()
      bench.server.follow(S.except([S.terminate: .silence]))
      let before = bench.server.connections
      let call = Task { await bench.kill(by: .seconds(60)) }
      while bench.server.lines.last != S.terminate { await Task.yield() }
      bench.clock.add(.seconds(60))
      let (timing, answer) = await call.value
      #expect(answer == .unanswered)
      #expect(timing.firstByte != nil)
      #expect(bench.server.connections == before + 1)
      while !bench.server.ended.contains(S.terminate) { await Task.yield() }
    }
  }

  /// The clock passes the limit while the connection is made, and no timer has fired: the look at the clock in the step
  /// that writes is all that holds it back.
  @Test(arguments: [true, false]) func aHandshakeThatEndsTooLateSendsNothing(onTheWallOnly: Bool) async throws {
    let late = Gate.Flag()
    try await withTLS(caFile: \.ca) { clock in
      guard late.isSet else { return }
      if onTheWallOnly { clock.step(.seconds(6)) } else { clock.jump(.seconds(6)) }
    } _: { bench in
      _ = await bench.list()
      bench.server.clear()
      late.set()
      let before = bench.server.connections
      let (timing, answer) = await bench.kill(firstByte: .seconds(5), wall: .seconds(5), by: .seconds(60))
      #expect(TerminateTests.said(answer) == .notSent)
      #expect(timing.firstByte == nil)
      #expect(bench.server.connections == before + 1)
      #expect(bench.server.lines.isEmpty)
    }
  }

  /// The other side accepts and then says nothing: the time for the first byte ends the call, long before its deadline.
  @Test func aHandshakeThatNeverEndsIsGivenUpInTime() async throws {
    try await withTLS(caFile: \.ca) { bench in
      _ = await bench.list()
      bench.server.clear()
      let mute = try await MuteServer.start()
      let connection = VCenterConnection(
        id: VCenterID("lab"), host: "localhost", port: mute.port, userName: "u", password: Secret("p"))
      let clock = bench.clock
      let terminator = try Terminator(to: connection, trusting: try Trust(), clock: clock.forCalls)
      let late = clock.after(.seconds(5))
      let order = Terminator.Order(
        path: "/x", token: "t", body: .object([]), pid: 42, firstByteBy: late,
        firstByteByWall: clock.now.wall + 5_000_000_000, by: clock.after(.seconds(60)))
      let call = Task { await terminator.send(order) }
      while mute.connections == 0 { await Task.yield() }
      clock.add(.seconds(5))
      let result = await call.value
      #expect(TerminateTests.said(result.answer) == .notSent)
      #expect(result.timing.ended.continuous == late)
      await mute.stop()
    }
  }

  @Test(arguments: [nil, "not a certificate\n"] as [String?])
  func aMissingOrBrokenCAFileIsAnErrorAtOnce(content: String?) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("ca-\(UUID().uuidString).pem")
    if let content { try Data(content.utf8).write(to: path) }
    defer { try? FileManager.default.removeItem(at: path) }
    let fault = #expect(throws: Fault.self) {
      try VCenterClient(
        connection: VCenterConnection(
          id: VCenterID("lab"), host: "localhost", userName: "u", password: Secret("p"), caFile: path.path),
        clock: TestClock().forCalls)
    }
    #expect(fault?.kind == .untrusted && fault?.code == "ca_file")
    #expect(fault?.detail.contains(path.lastPathComponent) == true)
  }
}
