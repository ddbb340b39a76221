import GuestWatchCore
import Testing

@testable import VSphere

/// One row for every error type, every fault and every status without a usable body: what each kind of call makes of it,
/// how many requests it makes for that, and whether it gives the session up.
///
/// One after the other: hundreds of servers and clients at once would make each other's connections time out.
@Suite(.serialized) struct EveryErrorTests {
  typealias S = VCenterScript

  /// What a call did: what it answered, the requests from its first to its last, and whether the next call logs in anew.
  struct Did: Equatable, CustomStringConvertible {
    var kind: FaultKind?
    var requests: [String]
    var gaveUp: Bool
    var description: String { "\(kind.map { "\($0)" } ?? "none") \(requests) gave up: \(gaveUp)" }
  }

  /// Logs in, makes a call that is answered with `reply`, and a healthy one after it.
  private func done(
    _ line: String, _ reply: Reply, _ call: @Sendable (Bench, SessionCalls) async -> FaultKind?
  ) async throws -> Did {
    var did: Did?
    try await withVCenter { bench in
      // The same session for calls that no function of the client makes alone.
      let connection = VCenterConnection(
        id: VCenterID("lab"), scheme: .http, host: "127.0.0.1", port: bench.server.port, userName: "u",
        password: Secret("p"))
      let wire = Wire(to: connection, trusting: try Trust(), clock: { [clock = bench.clock] in clock.now })
      let keeper = SessionKeeper(
        login: Login(
          wire: wire, connection: connection, clock: bench.clock.forCalls, refusals: LoginRefusals()),
        clock: bench.clock.forCalls,
        logger: nil)
      let calls = SessionCalls(wire: wire, keeper: keeper)
      _ = await bench.list()
      _ = try await keeper.session()
      bench.server.clear()
      bench.server.follow(S.except([line: reply]))
      let kind = await call(bench, calls)
      let requests = bench.server.lines
      bench.server.follow(S.healthy)
      bench.server.clear()
      _ = await bench.list()
      _ = try await keeper.session()
      did = Did(kind: kind, requests: requests, gaveUp: bench.server.lines.contains(S.login))
      await wire.shutDown()
    }
    return try #require(did)
  }

  static let vms = "GET /api/vcenter/vm"
  private static let oneVM = "GET /api/vcenter/vm?vms=vm-1"
  private static let renewed = [S.hello, S.content, S.logout, S.login, S.processManager, S.probe]

  // MARK: The Automation API

  struct REST: Sendable, CustomTestStringConvertible {
    var name: String
    var reply: Reply
    /// A survey or a look.
    var guest: FaultKind?
    /// A call that asks no guest.
    var vcenter: FaultKind
    /// `POST /api/session`.
    var login: FaultKind
    var testDescription: String { name }

    init(_ type: String, _ status: Int, guest: FaultKind?, vcenter: FaultKind, login: FaultKind) {
      name = type
      reply = .rest(type, status: status)
      (self.guest, self.vcenter, self.login) = (guest, vcenter, login)
    }

    init(_ name: String, _ reply: Reply, guest: FaultKind?, vcenter: FaultKind, login: FaultKind) {
      self.name = name
      self.reply = reply
      (self.guest, self.vcenter, self.login) = (guest, vcenter, login)
    }
  }

  /// All 25 values of `error_type` (vsphere-api.md, 2), then types by the other status that some source has.
  static let types: [REST] = [
    REST("ERROR", 500, guest: .unknown, vcenter: .unknown, login: .unknown),
    REST("ALREADY_EXISTS", 400, guest: .unknown, vcenter: .unknown, login: .unknown),
    REST("ALREADY_IN_DESIRED_STATE", 400, guest: .unknown, vcenter: .unknown, login: .unknown),
    REST("CANCELED", 400, guest: .unknown, vcenter: .unknown, login: .unknown),
    REST("CONCURRENT_CHANGE", 400, guest: .busy, vcenter: .busy, login: .busy),
    REST("FEATURE_IN_USE", 400, guest: .unknown, vcenter: .unknown, login: .unknown),
    REST("INTERNAL_SERVER_ERROR", 500, guest: .unknown, vcenter: .unknown, login: .unknown),
    REST("INVALID_ARGUMENT", 400, guest: .badRequest, vcenter: .badRequest, login: .badRequest),
    REST("INVALID_ELEMENT_CONFIGURATION", 400, guest: .badRequest, vcenter: .badRequest, login: .badRequest),
    REST("INVALID_ELEMENT_TYPE", 400, guest: .badRequest, vcenter: .badRequest, login: .badRequest),
    REST("INVALID_REQUEST", 400, guest: .badRequest, vcenter: .badRequest, login: .badRequest),
    REST("NOT_ALLOWED_IN_CURRENT_STATE", 400, guest: .wrongState, vcenter: .wrongState, login: .wrongState),
    REST("NOT_FOUND", 404, guest: .vmGone, vcenter: .badRequest, login: .badRequest),
    REST("OPERATION_NOT_FOUND", 404, guest: .badRequest, vcenter: .badRequest, login: .badRequest),
    REST("RESOURCE_BUSY", 500, guest: .busy, vcenter: .busy, login: .busy),
    REST("RESOURCE_IN_USE", 400, guest: .busy, vcenter: .busy, login: .busy),
    REST("RESOURCE_INACCESSIBLE", 500, guest: .wrongState, vcenter: .wrongState, login: .wrongState),
    REST("SERVICE_UNAVAILABLE", 503, guest: .toolsUnavailable, vcenter: .transient, login: .noSession),
    REST("TIMED_OUT", 504, guest: .transient, vcenter: .transient, login: .transient),
    // At login it can be no list that is too long; perhaps a limit of sessions.
    REST("UNABLE_TO_ALLOCATE_RESOURCE", 500, guest: .unknown, vcenter: .overCap, login: .noSession),
    REST("UNAUTHENTICATED", 401, guest: .guestLoginRefused, vcenter: .sessionLost, login: .loginRefused),
    REST("UNAUTHORIZED", 403, guest: .notPermitted, vcenter: .notPermitted, login: .notPermitted),
    REST("UNEXPECTED_INPUT", 400, guest: .badRequest, vcenter: .badRequest, login: .badRequest),
    REST("UNSUPPORTED", 400, guest: .unsupported, vcenter: .badRequest, login: .badRequest),
    REST("UNVERIFIED_PEER", 400, guest: .unknown, vcenter: .unknown, login: .unknown),
    REST("RESOURCE_BUSY", 400, guest: .busy, vcenter: .busy, login: .busy),
    REST("RESOURCE_INACCESSIBLE", 400, guest: .wrongState, vcenter: .wrongState, login: .wrongState),
    REST("UNABLE_TO_ALLOCATE_RESOURCE", 400, guest: .unknown, vcenter: .overCap, login: .noSession),
    // The type counts, not the status.
    REST("UNAUTHENTICATED", 500, guest: .guestLoginRefused, vcenter: .sessionLost, login: .loginRefused),
    REST("NOT_FOUND", 500, guest: .vmGone, vcenter: .badRequest, login: .badRequest),
    REST("SERVICE_UNAVAILABLE", 401, guest: .toolsUnavailable, vcenter: .transient, login: .noSession),
    // One of tomorrow: the status counts, and what that does not tell either is unknown.
    REST("TOMORROW", 401, guest: .guestLoginRefused, vcenter: .sessionLost, login: .loginRefused),
    REST("TOMORROW", 403, guest: .notPermitted, vcenter: .notPermitted, login: .notPermitted),
    REST("TOMORROW", 404, guest: .vmGone, vcenter: .badRequest, login: .badRequest),
    REST("TOMORROW", 418, guest: .badRequest, vcenter: .badRequest, login: .badRequest),
    REST("TOMORROW", 500, guest: .unknown, vcenter: .unknown, login: .unknown),
    REST("TOMORROW", 503, guest: .toolsUnavailable, vcenter: .transient, login: .noSession),
  ]

  /// What a proxy, or a vCenter that is not up, says in the place of the API.
  static let statuses: [REST] =
    [
      (401, FaultKind.guestLoginRefused, .sessionLost, .loginRefused),
      (403, .notPermitted, .notPermitted, .notPermitted),
      (400, .badRequest, .badRequest, .badRequest), (404, .badRequest, .badRequest, .badRequest),
      (405, .badRequest, .badRequest, .badRequest), (408, .transient, .transient, .transient),
      (429, .transient, .transient, .transient), (500, .transient, .transient, .transient),
      (502, .transient, .transient, .transient), (503, .transient, .transient, .noSession),
      (504, .transient, .transient, .transient), (599, .transient, .transient, .transient),
      (200, .badAnswer, .badAnswer, .badAnswer), (204, .badAnswer, .badAnswer, .badAnswer),
      (301, .badAnswer, .badAnswer, .badAnswer), (302, .badAnswer, .badAnswer, .badAnswer),
      (304, .badAnswer, .badAnswer, .badAnswer), (307, .badAnswer, .badAnswer, .badAnswer),
      (308, .badAnswer, .badAnswer, .badAnswer),
    ].flatMap { (row: (status: Int, guest: FaultKind, vcenter: FaultKind, login: FaultKind)) in
      pages(row.status).map { REST($0, $1, guest: row.guest, vcenter: row.vcenter, login: row.login) }
    } + [
      REST(
        "500 with JSON that is cut", .json(#"{"error_type":"#, status: 500), guest: .transient, vcenter: .transient,
        login: .transient),
      REST(
        "404 with JSON that says nothing", .json("{}", status: 404), guest: .vmGone, vcenter: .badRequest,
        login: .badRequest),
      REST(
        "503 with JSON that says nothing", .json("{}", status: 503), guest: .toolsUnavailable, vcenter: .transient,
        login: .noSession),
    ]

  private static func pages(_ status: Int) -> [(String, Reply)] {
    // These have no body.
    if status == 204 || status == 304 { return [("\(status)", .empty(status))] }
    let away = (300..<400).contains(status) ? [("location", "/elsewhere")] : []
    return [
      (
        "\(status) with HTML",
        .answer(status: status, headers: away + [("content-type", "text/html")], body: "<html>\(status)</html>")
      ),
      ("\(status) with nothing", .answer(status: status, headers: away, body: "")),
    ]
  }

  @Test(arguments: types + statuses) func survey(row: REST) async throws {
    let did = try await done(S.list, row.reply) { bench, _ in await bench.list().1.fault?.kind }
    let probes = row.guest == .guestLoginRefused ? [S.probe] : []
    #expect(did == Did(kind: row.guest, requests: [S.list] + probes, gaveUp: false))
  }

  @Test(arguments: types + statuses) func look(row: REST) async throws {
    let did = try await done(S.get, row.reply) { bench, _ in await bench.get().1.fault?.kind }
    switch row.guest {
    case .guestLoginRefused: #expect(did == Did(kind: row.guest, requests: [S.get, S.probe], gaveUp: false))
    // Whether the VM or the process is not there: the script's VM list is another 404.
    case .vmGone: #expect(did == Did(kind: .badRequest, requests: [S.get, EveryErrorTests.oneVM], gaveUp: false))
    default: #expect(did == Did(kind: row.guest, requests: [S.get], gaveUp: false))
    }
  }

  @Test(arguments: types + statuses) func callThatAsksNoGuest(row: REST) async throws {
    let vms = EveryErrorTests.vms
    let did = try await done(vms, row.reply) { _, calls in
      await calls.call { session in await calls.restJSON("/api/vcenter/vm", session: session) }.fault?.kind
    }
    if row.vcenter == .sessionLost {
      // The second session is given up too; what is left is logged out before the third login.
      #expect(did == Did(kind: .sessionLost, requests: [vms] + EveryErrorTests.renewed + [vms], gaveUp: true))
    } else {
      #expect(did == Did(kind: row.vcenter, requests: [vms], gaveUp: false))
    }
  }

  @Test(arguments: types + statuses) func login(row: REST) async throws {
    let no = Reply.rest("UNAUTHENTICATED", status: 401)
    try await withVCenter(S.except([S.probe: no, S.restLogin: row.reply])) { bench in
      #expect(await bench.list().1.fault?.kind == row.login)
      #expect(bench.server.lines == S.loginLines + [S.restLogin, S.logout])
    }
  }

  // MARK: VI JSON

  struct VI: Sendable, CustomTestStringConvertible {
    var name: String
    var reply: Reply
    /// What it means.
    var kind: FaultKind
    /// What it says of a terminate.
    var kill: TerminateTests.Said
    var login: FaultKind
    var testDescription: String { name }

    init(_ type: String, _ kind: FaultKind, _ kill: TerminateTests.Said = .ambiguous, login: FaultKind? = nil) {
      self.init(type, .fault(type), kind, kill, login: login)
    }

    init(
      _ name: String, _ reply: Reply, _ kind: FaultKind, _ kill: TerminateTests.Said = .ambiguous,
      login: FaultKind? = nil
    ) {
      self.name = name
      self.reply = reply
      self.kind = kind
      self.kill = kill
      self.login = login ?? kind
    }
  }

  /// The table of vsphere-api.md, 7.2, and all kinds of these that the vendor's types know.
  static let faults: [VI] = [
    VI("NotAuthenticated", .sessionLost, .notBegun, login: .loginRefused),
    VI("NoPermission", .notPermitted, .denied),
    VI("InvalidLogin", .loginRefused), VI("PasswordExpired", .loginRefused),
    VI("InvalidClientCertificate", .loginRefused), VI("InvalidLocale", .badRequest),
    VI("InvalidGuestLogin", .guestLoginRefused, .denied),
    VI("GuestPermissionDenied", .guestDenied, .denied),
    VI("GuestProcessNotFound", .unknown, .notFound),
    VI("GuestOperationsUnavailable", .toolsUnavailable),
    VI("InvalidPowerState", .wrongState), VI("InvalidState", .wrongState), VI("QuestionPending", .wrongState),
    VI("InvalidVmState", .wrongState), VI("InvalidHostState", .wrongState),
    VI("InvalidHostConnectionState", .wrongState), VI("InvalidDatastoreState", .wrongState),
    VI("CannotPowerOffVmInCluster", .wrongState), VI("EncryptionKeyRequired", .wrongState),
    VI("MksConnectionLimitReached", .wrongState), VI("NoActiveHostInCluster", .wrongState),
    VI("OvfConsumerPowerOnFault", .wrongState), VI("VmPowerOnDisabled", .wrongState),
    VI("TaskInProgress", .busy, .notBegun), VI("VAppTaskInProgress", .busy),
    VI("GuestComponentsOutOfDate", .unsupported, .denied), VI("OperationNotSupportedByGuest", .unsupported, .denied),
    VI("OperationDisabledByGuest", .unsupported, .denied),
    VI("TooManyGuestLogons", .guestLoginTrouble), VI("GuestMultipleMappings", .guestLoginTrouble),
    VI("GuestAuthenticationChallenge", .guestLoginTrouble),
    VI("GuestOperationsFault", .unknown), VI("GuestRegistryFault", .unknown), VI("GuestRegistryKeyFault", .unknown),
    VI("ManagedObjectNotFound", .vmGone),
    VI("InvalidArgument", .badRequest), VI("InvalidIndexArgument", .badRequest), VI("IncompatibleSetting", .badRequest),
    VI("InvalidRequest", .badRequest), VI("InvalidType", .badRequest), VI("MethodNotFound", .badRequest),
    VI("NotSupported", .badRequest), VI("NotImplemented", .badRequest), VI("InvalidProperty", .badRequest),
    VI("HostAccessRestrictedToManagementServer", .badRequest),
    VI("HostNotConnected", .transient), VI("HostNotReachable", .transient), VI("HostCommunication", .transient),
    VI("SystemError", .unknown), VI("UnexpectedFault", .unknown), VI("RequestCanceled", .unknown),
    VI("RuntimeFault", .unknown), VI("VimFault", .unknown), VI("MethodFault", .unknown),
    VI("MethodDisabled", .unknown), VI("RestrictedByAdministrator", .unknown), VI("Tomorrow", .unknown),
    VI("", .unknown),
  ]

  /// Answers without a type.
  static let typeless: [VI] =
    [
      (401, FaultKind.sessionLost, FaultKind.loginRefused), (403, .notPermitted, .notPermitted),
      (400, .badRequest, .badRequest), (404, .badRequest, .badRequest), (408, .transient, .transient),
      (429, .transient, .transient), (500, .transient, .transient), (502, .transient, .transient),
      (503, .transient, .noSession), (504, .transient, .transient), (301, .badAnswer, .badAnswer),
      (302, .badAnswer, .badAnswer), (304, .badAnswer, .badAnswer), (307, .badAnswer, .badAnswer),
      (308, .badAnswer, .badAnswer),
    ].flatMap { (row: (status: Int, kind: FaultKind, login: FaultKind)) in
      (pages(row.status) + [("\(row.status) with another type", .json(#"{"_typeName":7}"#, status: row.status))])
        .map { VI($0, $1, row.kind, login: row.login) }
    }

  @Test(arguments: faults + typeless) func surveyThatShowsEnds(row: VI) async throws {
    let did = try await done(S.viList, row.reply) { bench, _ in await bench.listEnds().1.fault?.kind }
    if row.kind == .sessionLost {
      #expect(
        did == Did(kind: .sessionLost, requests: [S.viList] + EveryErrorTests.renewed + [S.viList], gaveUp: true))
    } else {
      #expect(did == Did(kind: row.kind, requests: [S.viList], gaveUp: false))
    }
  }

  @Test(arguments: faults + typeless) func terminate(row: VI) async throws {
    let did = try await done(S.terminate, row.reply) { bench, _ in
      let answer = await bench.kill().1
      #expect(TerminateTests.said(answer) == row.kill)
      return answer.fault?.kind
    }
    // It is never sent twice; where the session is dead the next call makes a new one.
    let kind = row.kill == .notFound ? nil : row.kind
    #expect(did == Did(kind: kind, requests: [S.terminate], gaveUp: row.kind == .sessionLost))
  }

  @Test(arguments: faults + typeless) func loginOverVIJSON(row: VI) async throws {
    try await withVCenter(S.except([S.login: row.reply])) { bench in
      #expect(await bench.list().1.fault?.kind == row.login)
      #expect(bench.server.lines == [S.hello, S.content, S.login])
    }
  }

  /// 200 or 204 where a list is asked for: nothing, or nothing that can be used.
  @Test func successesThatAreNone() async throws {
    let replies: [(Reply, FaultKind?)] = [
      (.empty(204), nil), (.empty(200), nil), (.json("null"), nil), (.json("[]"), nil), (.html(200), .badAnswer),
      (.json("[{"), .badAnswer), (.json("{}"), .badAnswer), (.json(#"{"_typeName":"NotAuthenticated"}"#), .badAnswer),
    ]
    for (reply, kind) in replies {
      let did = try await done(S.viList, reply) { bench, _ in
        let result = await bench.listEnds().1
        if let listing = result.value { #expect(listing.rows.isEmpty && !listing.complete) }
        return result.fault?.kind
      }
      #expect(did == Did(kind: kind, requests: [S.viList], gaveUp: false))
      // And to a terminate all but 204 without a doubt proves nothing.
      if case .answer(204, _, _) = reply { continue }
      let kill = try await done(S.terminate, reply) { bench, _ in
        let answer = await bench.kill().1
        #expect(TerminateTests.said(answer) == .ambiguous)
        return answer.fault?.kind
      }
      #expect(kill.requests == [S.terminate] && !kill.gaveUp)
    }
  }

  /// The fault names a pid: that of another process says nothing about ours.
  @Test func notFoundAboutAnotherProcess() async throws {
    for (pid, said) in [
      ("42", TerminateTests.Said.notFound), ("43", .ambiguous), ("null", .notFound), (#""42""#, .ambiguous),
    ] {
      let reply = Reply.fault("GuestProcessNotFound", more: #","pid":\#(pid)"#)
      let did = try await done(S.terminate, reply) { bench, _ in
        let answer = await bench.kill().1
        #expect(TerminateTests.said(answer) == said)
        return answer.fault?.kind
      }
      #expect(did.requests == [S.terminate])
    }
  }
}
