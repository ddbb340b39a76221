import GuestWatchCore
import Testing

@testable import VSphere

/// A row of the tables of vsphere-api.md: what comes, what it means, and how many requests a call makes for it.
struct Row: Sendable, CustomTestStringConvertible {
  var code: String
  var reply: Reply
  var kind: FaultKind
  var requests = 1
  var testDescription: String { code }
}

/// Every error of the two seed pages and of the tables 2, 3.8, 7.1 and 7.2.
@Suite struct FaultTableTests {
  static let guestREST: [Row] = [
    // the page of `get`: all that it lists
    Row(
      code: "NOT_ALLOWED_IN_CURRENT_STATE", reply: .rest("NOT_ALLOWED_IN_CURRENT_STATE", status: 400),
      kind: .wrongState),
    Row(code: "UNSUPPORTED", reply: .rest("UNSUPPORTED", status: 400), kind: .unsupported),
    Row(code: "UNAUTHENTICATED", reply: .rest("UNAUTHENTICATED", status: 401), kind: .guestLoginRefused, requests: 2),
    Row(code: "NOT_FOUND", reply: .rest("NOT_FOUND", status: 404), kind: .vmGone),
    Row(code: "RESOURCE_BUSY", reply: .rest("RESOURCE_BUSY", status: 500), kind: .busy),
    Row(code: "SERVICE_UNAVAILABLE", reply: .rest("SERVICE_UNAVAILABLE", status: 503), kind: .toolsUnavailable),
    // the rest of `error_type`
    Row(code: "ERROR", reply: .rest("ERROR", status: 500), kind: .unknown),
    Row(code: "ALREADY_EXISTS", reply: .rest("ALREADY_EXISTS", status: 400), kind: .unknown),
    Row(code: "ALREADY_IN_DESIRED_STATE", reply: .rest("ALREADY_IN_DESIRED_STATE", status: 400), kind: .unknown),
    Row(code: "CANCELED", reply: .rest("CANCELED", status: 400), kind: .unknown),
    Row(code: "CONCURRENT_CHANGE", reply: .rest("CONCURRENT_CHANGE", status: 400), kind: .busy),
    Row(code: "FEATURE_IN_USE", reply: .rest("FEATURE_IN_USE", status: 400), kind: .unknown),
    Row(code: "INTERNAL_SERVER_ERROR", reply: .rest("INTERNAL_SERVER_ERROR", status: 500), kind: .unknown),
    Row(code: "INVALID_ARGUMENT", reply: .rest("INVALID_ARGUMENT", status: 400), kind: .badRequest),
    Row(
      code: "INVALID_ELEMENT_CONFIGURATION", reply: .rest("INVALID_ELEMENT_CONFIGURATION", status: 400),
      kind: .badRequest),
    Row(code: "INVALID_ELEMENT_TYPE", reply: .rest("INVALID_ELEMENT_TYPE", status: 400), kind: .badRequest),
    Row(code: "INVALID_REQUEST", reply: .rest("INVALID_REQUEST", status: 400), kind: .badRequest),
    Row(code: "OPERATION_NOT_FOUND", reply: .rest("OPERATION_NOT_FOUND", status: 404), kind: .badRequest),
    Row(code: "RESOURCE_IN_USE", reply: .rest("RESOURCE_IN_USE", status: 400), kind: .busy),
    Row(code: "RESOURCE_INACCESSIBLE", reply: .rest("RESOURCE_INACCESSIBLE", status: 500), kind: .wrongState),
    Row(code: "TIMED_OUT", reply: .rest("TIMED_OUT", status: 504), kind: .transient),
    Row(
      code: "UNABLE_TO_ALLOCATE_RESOURCE", reply: .rest("UNABLE_TO_ALLOCATE_RESOURCE", status: 500), kind: .unknown),
    Row(code: "UNAUTHORIZED", reply: .rest("UNAUTHORIZED", status: 403), kind: .notPermitted),
    Row(code: "UNEXPECTED_INPUT", reply: .rest("UNEXPECTED_INPUT", status: 400), kind: .badRequest),
    Row(code: "UNVERIFIED_PEER", reply: .rest("UNVERIFIED_PEER", status: 400), kind: .unknown),
    // the type counts, not the status: sources disagree about these
    Row(code: "RESOURCE_BUSY", reply: .rest("RESOURCE_BUSY", status: 400), kind: .busy),
    Row(code: "RESOURCE_INACCESSIBLE", reply: .rest("RESOURCE_INACCESSIBLE", status: 400), kind: .wrongState),
    // no type, or one that is not known: the status
    Row(code: "HTTP 429", reply: .empty(429), kind: .transient),
    Row(code: "HTTP 502", reply: .html(502), kind: .transient),
    Row(code: "HTTP 503", reply: .html(503), kind: .transient),
    Row(code: "HTTP 504", reply: .html(504), kind: .transient),
    Row(code: "HTTP 500", reply: .html(500), kind: .transient),
    Row(code: "HTTP 404", reply: .html(404), kind: .badRequest),
    Row(code: "HTTP 403", reply: .html(403), kind: .notPermitted),
    Row(code: "HTTP 401", reply: .html(401), kind: .guestLoginRefused, requests: 2),
    Row(code: "HTTP 302", reply: .answer(status: 302, headers: [("location", "/login")], body: ""), kind: .badAnswer),
    Row(code: "NEW_TYPE", reply: .rest("NEW_TYPE", status: 500), kind: .unknown),
    // a 200 that is none
    Row(code: "HTTP 200", reply: .html(200), kind: .badAnswer),
    Row(code: "HTTP 200", reply: .json("[{"), kind: .badAnswer),
    Row(code: "HTTP 200", reply: .json(""), kind: .badAnswer),
    Row(code: "body", reply: .json(#"{"value":[]}"#), kind: .badAnswer),
    Row(
      code: "body", reply: .json(#"[{"name":"a","owner":"b","command":"c","started":"2026-01-02T03:04:05Z"}]"#),
      kind: .badAnswer),
    Row(
      code: "body", reply: .json(#"[{"pid":42,"name":"a","owner":"b","command":"c","started":"yesterday"}]"#),
      kind: .badAnswer),
    Row(
      code: "body",
      reply: .json(#"[{"pid":"42","name":"a","owner":"b","command":"c","started":"2026-01-02T03:04:05Z"}]"#),
      kind: .badAnswer),
  ]

  @Test(arguments: guestREST) func surveyOverREST(row: Row) async throws {
    try await withVCenter { bench in
      _ = await bench.list()
      bench.server.follow(VCenterScript.except([VCenterScript.list: row.reply]))
      bench.server.clear()
      let (timing, result) = await bench.list()
      #expect(result.fault?.kind == row.kind)
      #expect(result.fault?.code == row.code)
      #expect(timing.firstByte != nil)
      #expect(bench.server.lines == Array([VCenterScript.list, VCenterScript.probe].prefix(row.requests)))
    }
  }

  static let viFaults: [Row] = [
    // the page of TerminateProcessInGuest: all that it lists
    Row(code: "GuestOperationsFault", reply: .fault("GuestOperationsFault"), kind: .unknown),
    Row(code: "GuestOperationsUnavailable", reply: .fault("GuestOperationsUnavailable"), kind: .toolsUnavailable),
    Row(code: "InvalidPowerState", reply: .fault("InvalidPowerState"), kind: .wrongState),
    Row(code: "InvalidState", reply: .fault("InvalidState"), kind: .wrongState),
    Row(code: "GuestProcessNotFound", reply: .fault("GuestProcessNotFound"), kind: .unknown),
    Row(code: "TaskInProgress", reply: .fault("TaskInProgress"), kind: .busy),
    Row(code: "GuestPermissionDenied", reply: .fault("GuestPermissionDenied"), kind: .guestDenied),
    Row(code: "InvalidGuestLogin", reply: .fault("InvalidGuestLogin"), kind: .guestLoginRefused),
    Row(code: "GuestComponentsOutOfDate", reply: .fault("GuestComponentsOutOfDate"), kind: .unsupported),
    Row(code: "OperationNotSupportedByGuest", reply: .fault("OperationNotSupportedByGuest"), kind: .unsupported),
    Row(code: "OperationDisabledByGuest", reply: .fault("OperationDisabledByGuest"), kind: .unsupported),
    // the rest of table 7.2
    Row(code: "NoPermission", reply: .fault("NoPermission"), kind: .notPermitted),
    Row(code: "InvalidLogin", reply: .fault("InvalidLogin"), kind: .loginRefused),
    Row(code: "QuestionPending", reply: .fault("QuestionPending"), kind: .wrongState),
    Row(code: "InvalidVmState", reply: .fault("InvalidVmState"), kind: .wrongState),
    Row(code: "TooManyGuestLogons", reply: .fault("TooManyGuestLogons"), kind: .guestLoginTrouble),
    Row(code: "GuestMultipleMappings", reply: .fault("GuestMultipleMappings"), kind: .guestLoginTrouble),
    Row(code: "GuestAuthenticationChallenge", reply: .fault("GuestAuthenticationChallenge"), kind: .guestLoginTrouble),
    Row(code: "ManagedObjectNotFound", reply: .fault("ManagedObjectNotFound"), kind: .vmGone),
    Row(
      code: "ManagedObjectNotFound",
      reply: .fault("ManagedObjectNotFound", more: #","obj":{"type":"VirtualMachine","value":"vm-1"}"#), kind: .vmGone),
    Row(
      code: "ManagedObjectNotFound",
      reply: .fault("ManagedObjectNotFound", more: #","obj":{"type":"GuestProcessManager","value":"x"}"#),
      kind: .badRequest),
    Row(code: "InvalidArgument", reply: .fault("InvalidArgument"), kind: .badRequest),
    Row(code: "InvalidRequest", reply: .fault("InvalidRequest"), kind: .badRequest),
    Row(code: "InvalidType", reply: .fault("InvalidType"), kind: .badRequest),
    Row(code: "MethodNotFound", reply: .fault("MethodNotFound"), kind: .badRequest),
    Row(code: "NotSupported", reply: .fault("NotSupported"), kind: .badRequest),
    Row(code: "InvalidProperty", reply: .fault("InvalidProperty"), kind: .badRequest),
    Row(code: "HostNotConnected", reply: .fault("HostNotConnected"), kind: .transient),
    Row(code: "HostNotReachable", reply: .fault("HostNotReachable"), kind: .transient),
    Row(code: "HostCommunication", reply: .fault("HostCommunication"), kind: .transient),
    Row(code: "SystemError", reply: .fault("SystemError"), kind: .unknown),
    Row(code: "UnexpectedFault", reply: .fault("UnexpectedFault"), kind: .unknown),
    Row(code: "RequestCanceled", reply: .fault("RequestCanceled"), kind: .unknown),
    Row(code: "RuntimeFault", reply: .fault("RuntimeFault"), kind: .unknown),
    Row(code: "FaultOfTomorrow", reply: .fault("FaultOfTomorrow"), kind: .unknown),
    // no type
    Row(code: "HTTP 500", reply: .html(500), kind: .transient),
    Row(code: "HTTP 502", reply: .html(502), kind: .transient),
    Row(code: "HTTP 503", reply: .html(503), kind: .transient),
    Row(code: "HTTP 504", reply: .html(504), kind: .transient),
    Row(code: "HTTP 404", reply: .html(404), kind: .badRequest),
    Row(code: "HTTP 200", reply: .html(200), kind: .badAnswer),
    Row(code: "HTTP 200", reply: .json("[{]"), kind: .badAnswer),
    Row(code: "body", reply: .json(#"{"_typeName":"ArrayOfGuestProcessInfo"}"#), kind: .badAnswer),
    Row(code: "body", reply: .json(#"[{"pid":42,"name":"a","owner":"b","cmdLine":"c"}]"#), kind: .badAnswer),
  ]

  @Test(arguments: viFaults) func surveyOverVIJSON(row: Row) async throws {
    try await withVCenter { bench in
      _ = await bench.listEnds()
      bench.server.follow(VCenterScript.except([VCenterScript.viList: row.reply]))
      bench.server.clear()
      let (_, result) = await bench.listEnds()
      #expect(result.fault?.kind == row.kind)
      #expect(result.fault?.code == row.code)
      #expect(bench.server.lines == [VCenterScript.viList])
    }
  }

  /// What an error means for a call that asks no guest, where that differs.
  static let vcenterREST: [Row] = [
    Row(code: "SERVICE_UNAVAILABLE", reply: .rest("SERVICE_UNAVAILABLE", status: 503), kind: .transient),
    Row(code: "UNSUPPORTED", reply: .rest("UNSUPPORTED", status: 400), kind: .badRequest),
    Row(code: "UNAUTHORIZED", reply: .rest("UNAUTHORIZED", status: 403), kind: .notPermitted),
    Row(code: "INVALID_ARGUMENT", reply: .rest("INVALID_ARGUMENT", status: 400), kind: .badRequest),
    Row(code: "HTTP 200", reply: .html(200), kind: .badAnswer),
  ]

  @Test(arguments: vcenterREST) func inventoryList(row: Row) async throws {
    try await withVCenter(VCenterScript.except(["GET /api/vcenter/vm": row.reply])) { bench in
      let query = ScopeQuery(scopes: [Scope(names: [try Glob("*")])])
      let (_, result) = await bench.client.inventory(query, by: bench.clock.after(.seconds(90)))
      #expect(result.fault?.kind == row.kind)
      #expect(result.fault?.code == row.code)
      #expect(bench.server.lines == VCenterScript.loginLines + ["GET /api/vcenter/vm"])
    }
  }

  /// The one error of a list that is no failure: it is split, here in vain.
  @Test(arguments: [400, 500]) func moreThanOneListHolds(status: Int) async throws {
    let list = "GET /api/vcenter/vm"
    let tooMany = Reply.rest("UNABLE_TO_ALLOCATE_RESOURCE", status: status)
    try await withVCenter(VCenterScript.except([list: tooMany, "GET /api/vcenter/host": tooMany])) { bench in
      let query = ScopeQuery(scopes: [Scope(names: [try Glob("*")])])
      let (_, result) = await bench.client.inventory(query, by: bench.clock.after(.seconds(90)))
      #expect(result.fault?.kind == .overCap)
      #expect(bench.server.lines == VCenterScript.loginLines + [list, "GET /api/vcenter/host"])
    }
  }

  @Test func detailIsTheFirstMessageEscapedAndCapped() async throws {
    let long = String(repeating: "x", count: 1000)
    let reply = Reply.json(
      #"{"error_type":"ERROR","messages":[{"default_message":"a\n\u001b[31m\#(long)"},{"default_message":"b"}]}"#,
      status: 500)
    try await withVCenter(VCenterScript.except([VCenterScript.list: reply])) { bench in
      let (_, result) = await bench.list()
      let detail = try #require(result.fault?.detail)
      #expect(detail.hasPrefix(#"a\u{a}\u{1b}[31mxxx"#))
      #expect(detail.utf8.count <= 256)
    }
  }

  @Test func missingPrivilegeIsNamed() async throws {
    let reply = Reply.fault("NoPermission", more: #","privilegeId":"VirtualMachine.GuestOperations.Query""#)
    try await withVCenter(VCenterScript.except([VCenterScript.viList: reply])) { bench in
      let (_, result) = await bench.listEnds()
      #expect(result.fault?.detail.contains("VirtualMachine.GuestOperations.Query") == true)
    }
  }
}

extension Reply {
  /// A page of something that stands before the API.
  static func html(_ status: Int) -> Reply {
    .answer(status: status, headers: [("content-type", "text/html; charset=utf-8")], body: "<html>no</html>")
  }
}
