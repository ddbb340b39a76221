import GuestWatchCore
import NIOHTTP1
import Testing

@testable import VSphere

/// The `Date` of answers, against which our clock is held: what says nothing is as if there were none.
@Suite("The Date of an answer is taken or says nothing") struct DateTests {
  typealias S = VCenterScript

  static let dates: [(String?, Int64?)] = [
    (nil, nil), ("", nil), ("now", nil), (String(repeating: "9", count: 7000), nil), ("0", nil), ("1767323045", nil),
    ("Fri, 02 Jan 2026 03:04:05 GMT", 1_767_323_045),
    // in the past and in the future by years: said, and for the core to judge
    ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
    ("Mon, 01 Jan 0001 00:00:00 GMT", -62_135_596_800), ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
    ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_799), ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
    // the obsolete forms of HTTP, other zones, RFC 3339, what never was
    ("Sunday, 06-Nov-94 08:49:37 GMT", nil), ("Sun Nov  6 08:49:37 1994", nil),
    ("Sun, 06 Nov 1994 08:49:37 +0000", nil), ("Sun, 06 Nov 1994 08:49:37 CET", nil),
    ("Sun, 06 Nov 1994 08:49:37", nil), ("2026-01-02T03:04:05Z", nil), ("Sun, 31 Feb 2026 08:49:37 GMT", nil),
    ("Sun, 06 Nov 1994 24:49:37 GMT", nil), ("Sun, 06 nov 1994 08:49:37 GMT", nil),
    ("Sun, 6 Nov 1994 08:49:37 GMT", nil), ("Sun,  06 Nov 1994 08:49:37 GMT", nil),
    ("Sun, 06 Nov 1994 08:49:37 GMT, 07", nil), ("So, 06 Nov 1994 08:49:37 GMT", nil),
  ]

  @Test(arguments: dates) func date(header: String?, seconds: Int64?) async throws {
    let headers = header.map { [("date", $0)] } ?? []
    let script = S.except([
      S.list: .json("[]", headers: headers), S.terminate: .answer(status: 204, headers: headers, body: ""),
    ])
    try await withVCenter(script) { bench in
      #expect(await bench.list().0.date == seconds)
      #expect(await bench.kill().0.date == seconds)
    }
  }

  /// Half a minute later it is half a minute later there too: else a slow answer would look like a clock that is wrong.
  @Test func theDateOfASlowAnswerAges() async throws {
    let clock = TestClock()
    let headers: HTTPHeaders = ["date": "Fri, 02 Jan 2026 03:04:05 GMT"]
    let trace = Trace()
    trace.dated(HeardDate(headers, at: clock.now))
    let shot = Shot(firstByteBy: clock.after(.seconds(5)), firstByteByWall: .max, clock: { clock.now })
    #expect(shot.mayLeave())
    shot.dated(by: headers)
    clock.add(.seconds(40))
    shot.giveUp()
    clock.add(.seconds(1))
    #expect(await shot.ended().1.date == 1_767_323_085)
    #expect(trace.timing(ended: clock.now).date == 1_767_323_086)
    // A later answer that has none takes nothing back.
    trace.dated(HeardDate([:], at: clock.now))
    #expect(trace.timing(ended: clock.now).date == 1_767_323_086)
  }

  /// An inventory is many answers, and only the first is dated here.
  @Test func theDateOfAnInventoryAges() async throws {
    let gate = Gate()
    let list = "GET /api/vcenter/vm?vms=vm-1"
    let row = #"[{"vm":"vm-1","name":"a","power_state":"POWERED_ON"}]"#
    let script = S.except([
      list: .json(row, headers: [("date", "Fri, 02 Jan 2026 03:04:05 GMT")]), S.properties: .held(gate, .json("null")),
    ])
    try await withVCenter(script) { bench in
      let by = bench.clock.after(.seconds(90))
      let call = Task { await bench.client.inventory(ScopeQuery(scopes: [], ids: ["vm-1"]), by: by).0 }
      while !bench.server.lines.contains(S.properties) { await Task.yield() }
      bench.clock.add(.seconds(45))
      gate.open()
      #expect(await call.value.date == 1_767_323_090)
    }
  }
}
