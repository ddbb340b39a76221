import GuestWatchCore
import Testing

@testable import VSphere

@Suite struct TerminateTests {
  enum Said: Sendable, Equatable { case done, notFound, notBegun, denied, ambiguous, notSent, unanswered }

  static func said(_ answer: KillAnswer) -> Said {
    switch answer {
    case .done: .done
    case .notFound: .notFound
    case .notBegun: .notBegun
    case .denied: .denied
    case .ambiguous: .ambiguous
    case .notSent: .notSent
    case .unanswered: .unanswered
    }
  }

  /// Every fault of the page of TerminateProcessInGuest, and whatever else may come.
  static let table: [(Reply, Said, FaultKind?)] = [
    (.empty(204), .done, nil),
    (.fault("GuestOperationsFault"), .ambiguous, .unknown),
    (.fault("GuestOperationsUnavailable"), .ambiguous, .toolsUnavailable),
    (.fault("InvalidPowerState"), .ambiguous, .wrongState),
    (.fault("InvalidState"), .ambiguous, .wrongState),
    (.fault("GuestProcessNotFound", more: #","pid":42"#), .notFound, nil),
    (.fault("TaskInProgress"), .notBegun, .busy),
    (.fault("GuestPermissionDenied"), .denied, .guestDenied),
    (.fault("InvalidGuestLogin"), .denied, .guestLoginRefused),
    (.fault("GuestComponentsOutOfDate"), .denied, .unsupported),
    (.fault("OperationNotSupportedByGuest"), .denied, .unsupported),
    (.fault("OperationDisabledByGuest"), .denied, .unsupported),
    (.fault("NotAuthenticated"), .notBegun, .sessionLost),
    (.fault("NoPermission"), .denied, .notPermitted),
    (.fault("ManagedObjectNotFound"), .ambiguous, .vmGone),
    (.fault("GuestMultipleMappings"), .ambiguous, .guestLoginTrouble),
    (.fault("SystemError"), .ambiguous, .unknown),
    (.fault("FaultOfTomorrow"), .ambiguous, .unknown),
    (.fault("GuestProcessNotFound", status: 503), .ambiguous, .unknown),
    (.fault("TaskInProgress", status: 200), .ambiguous, .busy),
    (.json("null"), .ambiguous, .badAnswer),
    (.html(502), .ambiguous, .transient),
    (.html(401), .ambiguous, .sessionLost),
    (.html(500), .ambiguous, .transient),
    (.answer(status: 302, headers: [("location", "/")], body: ""), .ambiguous, .badAnswer),
    (.cutBody(status: 500, promised: 100, body: #"{"_typeName":"#), .ambiguous, .badAnswer),
    (.hangUp, .ambiguous, .unreachable),
  ]

  @Test(arguments: table) func answers(reply: Reply, said: Said, kind: FaultKind?) async throws {
    try await withVCenter(VCenterScript.except([VCenterScript.terminate: reply])) { bench in
      _ = await bench.list()
      bench.server.clear()
      let (timing, answer) = await bench.kill()
      #expect(TerminateTests.said(answer) == said)
      #expect(answer.fault?.kind == kind)
      #expect(timing.firstByte != nil)
      #expect(bench.server.lines == [VCenterScript.terminate])
    }
  }

  @Test func requestIsExactlyAsTheAPIHasIt() async throws {
    try await withVCenter { bench in
      _ = await bench.list()
      bench.server.clear()
      _ = await bench.kill()
      let request = try #require(bench.server.requests.first)
      #expect(
        request.body
          == #"{"vm":{"_typeName":"ManagedObjectReference","type":"VirtualMachine","value":"vm-1"},"#
          + #""auth":{"_typeName":"NamePasswordAuthentication","interactiveSession":false,"#
          + #""username":"guest-svc","password":"guest-pass"},"pid":42}"#)
      #expect(request.header("vmware-api-session-id") == VCenterScript.token)
      #expect(request.header("connection") == "close")
      #expect(request.header("host") == "127.0.0.1:\(bench.server.port)")
    }
  }

  /// Table 4 of vsphere-api.md: a token, with and without a name.
  @Test(arguments: [nil, "svc\"name"] as [String?]) func aTerminateWithASAMLToken(name: String?) async throws {
    let login = GuestCredential.samlToken(Secret("<saml a=\"b\">\u{E9}\n</saml>"), userName: name)
    try await withVCenter { bench in
      _ = await bench.list()
      bench.server.clear()
      let answer = await bench.client.terminate(
        moid: "vm-1", login: login, pid: 42, firstByteBy: bench.clock.after(.seconds(5)),
        firstByteByWall: .max, by: bench.clock.after(.seconds(60)))
      #expect(answer.1 == .done)
      #expect(
        bench.server.requests.first?.body
          == #"{"vm":{"_typeName":"ManagedObjectReference","type":"VirtualMachine","value":"vm-1"},"#
          + #""auth":{"_typeName":"SAMLTokenAuthentication","interactiveSession":false,"#
          + #""token":"<saml a=\"b\">é\u000a</saml>""# + (name == nil ? "" : #","username":"svc\"name""#)
          + #"},"pid":42}"#)
    }
  }

  @Test func neverLogsIn() async throws {
    try await withVCenter { bench in
      let (timing, answer) = await bench.kill()
      #expect(TerminateTests.said(answer) == .notSent)
      #expect(answer.fault?.kind == .sessionLost)
      #expect(timing.firstByte == nil)
      #expect(bench.server.connections == 0)
    }
  }

  @Test func deadSessionIsNotReplayedAndTheNextLookLogsInAnew() async throws {
    try await withVCenter(VCenterScript.except([VCenterScript.terminate: .fault("NotAuthenticated")])) { bench in
      _ = await bench.list()
      _ = await bench.kill()
      bench.server.clear()
      let (_, second) = await bench.kill()
      #expect(TerminateTests.said(second) == .notSent)
      #expect(bench.server.lines.isEmpty)
      let (_, result) = await bench.list()
      #expect(result.value != nil)
      #expect(bench.server.lines.filter { $0 == VCenterScript.login }.count == 1)
    }
  }

  @Test(arguments: [Int64(-5), -1, 0, 1, 4]) func systemPIDsAreRefusedHere(pid: Int64) async throws {
    try await withVCenter { bench in
      _ = await bench.list()
      bench.server.clear()
      let (_, answer) = await bench.kill(pid: pid)
      #expect(TerminateTests.said(answer) == .notSent)
      #expect(bench.server.lines.isEmpty)
    }
  }

  @Test func aLateFirstByteNeverLeaves() async throws {
    try await withVCenter { bench in
      _ = await bench.list()
      bench.server.clear()
      let (timing, continuous) = await bench.kill(firstByte: .zero)
      #expect(TerminateTests.said(continuous) == .notSent)
      #expect(timing.firstByte == nil)
      let (_, wall) = await bench.kill(wall: .zero)
      #expect(TerminateTests.said(wall) == .notSent)
      let (_, whole) = await bench.kill(by: .zero)
      #expect(TerminateTests.said(whole) == .notSent)
      #expect(bench.server.lines.isEmpty)
    }
  }

  @Test func noAnswerAfterTheFirstByteIsUnanswered() async throws {
    try await withVCenter(VCenterScript.except([VCenterScript.terminate: .silence])) { bench in
      _ = await bench.list()
      bench.server.clear()
      let call = Task { await bench.kill(by: .seconds(60)) }
      while bench.server.lines.isEmpty { await Task.yield() }
      bench.clock.add(.seconds(60))
      let (timing, answer) = await call.value
      #expect(answer == .unanswered)
      #expect(timing.firstByte != nil)
      #expect(bench.server.lines == [VCenterScript.terminate])
    }
  }

  @Test func aDrippingAnswerIsUnanswered() async throws {
    let drip = Reply.drip(everyMilliseconds: 20)
    try await withVCenter(VCenterScript.except([VCenterScript.terminate: drip])) { bench in
      _ = await bench.list()
      let call = Task { await bench.kill(by: .seconds(60)) }
      while bench.server.drips < 3 { await Task.yield() }
      bench.clock.add(.seconds(60))
      let (_, answer) = await call.value
      #expect(answer == .unanswered)
    }
  }

  @Test func cancelledAfterTheFirstByteIsUnanswered() async throws {
    try await withVCenter(VCenterScript.except([VCenterScript.terminate: .silence])) { bench in
      _ = await bench.list()
      bench.server.clear()
      let task = Task { await bench.kill() }
      while bench.server.lines.isEmpty { await Task.yield() }
      task.cancel()
      let (_, answer) = await task.value
      #expect(answer == .unanswered)
    }
  }

  @Test func manyAtOnceEachOnceAndNeverQueued() async throws {
    let tokens = VCenterScript.except([VCenterScript.list: .silence])
    try await withVCenter { bench in
      _ = await bench.list()
      bench.server.follow(tokens)
      // Looks that hang hold their connections; terminates do not wait for them.
      let hanging = (0..<70).map { _ in Task { await bench.list(.seconds(30)) } }
      bench.server.clear()
      let answers = await withTaskGroup(of: KillAnswer.self) { group in
        for pid in Int64(100)..<120 { group.addTask { await bench.kill(pid: pid).1 } }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(answers == Array(repeating: .done, count: 20))
      let kills = bench.server.requests.filter { $0.line == VCenterScript.terminate }
      #expect(Set(kills.map(\.body)).count == 20)
      #expect(kills.count == 20)
      for task in hanging { task.cancel() }
    }
  }
}

extension KillAnswer {
  var fault: Fault? {
    switch self {
    case .notBegun(let fault), .denied(let fault), .ambiguous(let fault), .notSent(let fault): fault
    case .done, .notFound, .unanswered: nil
    }
  }
}
