import GuestWatchCore
import Testing

@testable import Ledger

/// Which rows are shown, and how.
@Suite struct HistoryTests {
  @Test func filters() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1), vmName: "db-1", rule: "a")))
    try await store.put(id(1), .closed(.exited, error: nil, verified: nil, at: at(1)), at(1))
    try await store.put(id(2), .intent(record(id(2), decided: at(10), vmName: "db-2", rule: "b")), at(10))
    try await store.put(id(3), .reported(record(id(3), decided: at(20), vmName: "db-1", rule: "b"), gate: .report))
    let shown = { (filter: HistoryFilter) in try folder.history(filter).map(\.id.number) }
    #expect(try shown(HistoryFilter()) == [1, 2, 3])
    #expect(try shown(HistoryFilter(limit: 2)) == [2, 3])
    #expect(try shown(HistoryFilter(limit: 9)) == [1, 2, 3])
    #expect(try shown(HistoryFilter(since: at(10).wall)) == [2, 3])
    #expect(try shown(HistoryFilter(vm: "db-1")) == [1, 3])
    #expect(try shown(HistoryFilter(vm: "vm-42", limit: 1)) == [3])
    #expect(try shown(HistoryFilter(vm: "vm-4")) == [])
    #expect(try shown(HistoryFilter(rule: RuleID("b"))) == [2, 3])
    #expect(try shown(HistoryFilter(outcome: .open)) == [2])
    #expect(try shown(HistoryFilter(outcome: .reported)) == [3])
    #expect(try shown(HistoryFilter(outcome: .closed(.exited))) == [1])
    #expect(try shown(HistoryFilter(since: 0, vm: "db-1", rule: RuleID("b"), outcome: .reported, limit: 5)) == [3])
  }

  @Test func outcomeWords() {
    #expect(HistoryOutcome.all.count == Outcome.allCases.count + 2)
    for outcome in HistoryOutcome.all { #expect(HistoryOutcome(outcome.word) == outcome) }
    #expect(HistoryOutcome("killed") == nil)
  }

  private let row = HistoryRow(
    id: id(12, life: 3),
    cause: .rule(
      RuleID("stuck-backup"), .tooOld(limit: .seconds(7200), proven: .seconds(7500), claimed: .seconds(90_000))),
    ruleDescription: "why",
    vcenter: VCenterID("lab"), moid: "vm-42", vmName: "db-07", vm: VMKey(vcenter: "u-1", instance: "u-2"),
    login: LoginID("linux"), pid: 4242, name: "bk\"agent\u{1b}[31m\u{202e}", owner: "DOM\\backup",
    started: 1_795_200_000, command: "", action: .terminate, dryRun: false, gate: nil, outcome: .closed(.alreadyGone),
    error: fault, origin: Origin(rule: 255, configuration: .max, command: 1), version: "0.1.0",
    count: 1, first: evening, mixed: false, bootID: "boot-a", closedBootID: "boot-b", decided: evening + 123_999_999,
    confirmed: HistoryRow.Moment(wall: evening + 1_000_000_000, after: .nanoseconds(-120_900)),
    recorded: HistoryRow.Moment(wall: evening + 2_000_000_000, after: .milliseconds(2_500)), sent: nil, answered: nil,
    verified: HistoryRow.Moment(wall: -1, after: nil),
    closed: HistoryRow.Moment(wall: evening + 3_000_000_000, after: nil))

  @Test func json() {
    #expect(
      row.json == #"{"kill_id":"3-12","rule":"stuck-backup","reason":"its age 2h5m is over max_age 2h "#
        + #"(the guest claims 1d1h)","vcenter":"lab","vm":"vm-42","vm_name":"db-07","pid":4242,"#
        + #""name":"bk\"agent\u001b[31m\u202e","owner":"DOM\\backup","started":"2026-11-20T18:40:00Z","#
        + #""action":"terminate","outcome":"already-gone","#
        + #""error":"guest-denied (GuestPermissionDenied): no: \"never\"\nagain","dry_run":false,"#
        + #""decided":"2026-11-21T21:00:00.123Z","confirmed":"2026-11-21T21:00:01.000Z","sent":null,"#
        + #""answered":null,"verified":"1969-12-31T23:59:59.999Z","recorded":"2026-11-21T21:00:02.000Z","#
        + #""closed":"2026-11-21T21:00:03.000Z","boot_id":"boot-a","closed_boot_id":"boot-b","#
        + #""confirmed_after":-0.000120,"recorded_after":2.500000,"sent_after":null,"answered_after":null,"#
        + #""verified_after":null,"closed_after":null,"asked_by":"rule","gate":null,"count":1,"#
        + #""first":"2026-11-21T21:00:00.000Z","mixed":false,"guest_login":"linux","vcenter_uuid":"u-1","#
        + #""vm_uuid":"u-2","description":"why","command":null,"command_hash":"0000000000000001","#
        + #""rule_hash":"00000000000000ff","config_hash":"ffffffffffffffff","version":"0.1.0"}"#)
  }

  @Test func table() {
    let narrow = HistoryTable(width: 80)
    #expect(narrow.header == "DECIDED (UTC)    OUTCOME      VM             PID PROCESS    RULE       WHY")
    #expect(
      narrow.line(row) == "2026-11-21 21:00 already-gone db-07         4242 bk\"agent~  stuck-bac~ 2h5m>2h")
    let wide = HistoryTable(width: 120)
    #expect(wide.line(row).hasPrefix("2026-11-21 21:00:00 3-12      already-gone db-07 "))
  }

  @Test(arguments: [
    (1 as Int64, "reported"), (2, "reported x2"), (99, "reported x99"), (100, "report x100"), (9_999, "report x9999"),
    (10_000, "report x10k"), (999_999, "report x999k"), (1_000_000, "report x1M+"), (.max, "report x1M+"),
  ])
  func countedReports(_ count: Int64, _ cell: String) {
    var counted = row
    counted.outcome = .reported
    counted.count = count
    let padded = cell + String(repeating: " ", count: 12 - cell.utf8.count)
    let line = HistoryTable(width: 80).line(counted)
    #expect(line.hasPrefix("2026-11-21 21:00 \(padded) db-07 "), "\(line)")
  }

  @Test(arguments: [0, 79, 80, 99, 100, 133, 200, 1000]) func everyLineFits(_ width: Int) {
    let table = HistoryTable(width: width)
    for name in RoundTripTests.hostile + [String(repeating: "界", count: 300), "ab界界界界界界界界界界界"] {
      var hostile = row
      hostile.name = GuestText(name)
      hostile.vmName = name
      hostile.pid = .min
      let rule = RuleID(String(repeating: "r", count: 64))
      for cause in [
        Cause.rule(rule, .tooMany(limit: .max, count: .max, place: .max)), .demand(Demand(uid: .max, why: name)),
      ] {
        hostile.cause = cause
        let line = table.line(hostile)
        let columns = line.unicodeScalars.reduce(0) {
          $0 + ($1 == "界" || $1 == "\u{1f4a9}" ? 2 : $1 == "\u{301}" ? 0 : 1)
        }
        #expect(columns <= max(80, min(width, 200)))
        #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f && $0 != "\u{202e}" })
      }
    }
  }
}
