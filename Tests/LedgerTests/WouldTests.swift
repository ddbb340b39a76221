import GuestWatchCore
import Testing

@testable import Ledger

/// `history --would`: what gets a rule approved.
@Suite struct WouldTests {
  private func report(
    _ store: LedgerStore, _ number: UInt32, at second: Int64, gate: Gate = .report, name: String = "java",
    vm: String = "db-07", rule: String = "old-java", digest: UInt64? = 0xabcd_ef01_2345_6789
  ) async throws {
    var report = record(id(number), decided: at(second), vmName: vm, name: GuestText(name), rule: rule)
    report.vm.instance = "uuid-of-\(vm)"
    report.origin.rule = digest
    report.confirmed = nil
    try await store.put(id(number), .reported(report, gate: gate), at(second))
  }

  private func filled() async throws -> (Folder, LedgerStore) {
    let folder = try Folder()
    let store = try folder.store()
    try await report(store, 1, at: 0)
    try await report(store, 2, at: 60, name: "spin")
    try await report(store, 3, at: 120)
    try await report(store, 4, at: 90_000, gate: .dryRun)
    try await report(store, 5, at: 90_060, vm: "db-01")
    try await report(store, 6, at: 90_120, rule: "another")
    // Kills are none of it.
    try await store.put(id(7), .intent(record(id(7), rule: "old-java")))
    return (folder, store)
  }

  private func would(_ folder: Folder, _ filter: HistoryFilter = HistoryFilter()) throws -> [WouldKill] {
    try HistoryReader.would(stateDirectory: folder.state, filter: filter)
  }

  @Test func byRuleAndVM() async throws {
    let (folder, _) = try await filled()
    let kills = try would(folder)
    #expect(kills.map(\.rule.name) == ["another", "old-java", "old-java"])
    #expect(kills.map(\.vmName) == ["db-07", "db-01", "db-07"])
    #expect(kills.map(\.count) == [1, 1, 4])
    let last = try #require(kills.last)
    #expect(last.names == [WouldKill.Name(name: "java", count: 3), WouldKill.Name(name: "spin", count: 1)])
    #expect(last.first == at(0).wall && last.last == at(90_000).wall && last.gates == ["dry-run", "report"])
    #expect(
      last.json == #"{"rule":"old-java","rule_hash":"abcdef0123456789","newest":true,"vcenter":"lab","#
        + #""vcenter_uuid":"vc-uuid","vm":"vm-42","vm_name":"db-07","vm_uuid":"uuid-of-db-07","#
        + #""gates":["dry-run","report"],"count":4,"first":"2026-11-21T21:00:00.000Z","#
        + #""last":"2026-11-22T22:00:00.000Z","names":[{"name":"java","count":3},{"name":"spin","count":1}],"#
        + #""mixed":false}"#)
  }

  @Test func filters() async throws {
    let (folder, _) = try await filled()
    #expect(try would(folder, HistoryFilter(rule: RuleID("another"))).map(\.rule.name) == ["another"])
    #expect(try would(folder, HistoryFilter(vm: "db-01")).map(\.vmName) == ["db-01"])
    #expect(try would(folder, HistoryFilter(vm: "vm-42")).count == 3)
    #expect(try would(folder, HistoryFilter(since: at(80_000).wall, vm: "db-07")).map(\.count) == [1, 1])
    #expect(try would(folder, HistoryFilter(limit: 1)).map(\.rule.name) == ["another"])
    #expect(try would(folder, HistoryFilter(since: at(100_000).wall)) == [])
  }

  @Test func anotherTextOfARuleIsAnotherLine() async throws {
    let (folder, store) = try await filled()
    try await report(store, 8, at: 91_000, digest: 1)
    let kills = try would(folder, HistoryFilter(rule: RuleID("old-java"), limit: 0))
    #expect(kills.map(\.isNewest) == [false, false, true])
    #expect(kills.map(\.ruleWords) == ["old-java@abcdef01", "old-java@abcdef01", "old-java"])
    #expect(kills.map(\.vmName) == ["db-01", "db-07", "db-07"])
    // And back again: the text counts, not when it was first seen.
    try await report(store, 9, at: 92_000)
    #expect(try would(folder, HistoryFilter(rule: RuleID("old-java"))).map(\.ruleWords).first == "old-java@00000000")
  }

  @Test func table() async throws {
    let (folder, _) = try await filled()
    let kills = try would(folder)
    let table = WouldTable(width: 80)
    #expect(table.header == "RULE         VM            COUNT FIRST (UTC)      LAST (UTC)       PROCESSES")
    #expect(
      table.line(kills[2]) == "old-java     db-07             4 2026-11-21 21:00 2026-11-22 22:00 java x3, spin")
  }

  @Test(arguments: [0, 80, 133, 1000]) func everyLineFits(_ width: Int) async throws {
    let folder = try Folder()
    let store = try folder.store()
    for (number, name) in RoundTripTests.hostile.enumerated() {
      try await report(store, UInt32(number) + 1, at: 0, name: name, vm: name, rule: String(repeating: "r", count: 64))
    }
    let kills = try would(folder)
    #expect(!kills.isEmpty)
    for kill in kills {
      let line = WouldTable(width: width).line(kill)
      #expect(line.unicodeScalars.count <= max(80, min(width, 200)))
      #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f && $0 != "\u{202e}" })
    }
  }

  // MARK: What it costs

  /// So many rows of 10 rules, `vms` of each, a name a row of 7.
  private func large(_ rows: Int, vms: Int) async throws -> Folder {
    let folder = try Folder()
    let store = try folder.store()
    try await report(store, 1, at: 0)
    store.close()
    let connection = try Connection(path: folder.ledger, .readWrite)
    let columns =
      RecordColumns.names + [
        "boot", "decided_running", "written_wall", "written_clock", "written_running", "gate", "outcome", "closed_boot",
        "closed_wall", "closed_clock", "closed_running", "first_wall", "first_running",
      ]
    let changed = [
      "number": "n", "rule": "'rule-' || (n % 10)", "vm_uuid": "'uuid-' || (n / 10 % \(vms))",
      "vm_name": "CAST('db-' || (n / 10 % \(vms)) AS BLOB)", "name": "CAST('name-' || (n % 7) AS BLOB)",
      "decided_wall": "decided_wall + (n * 7919 % 10007) * 1000000000", "rule_hash": "n % 10",
    ]
    try connection.run(
      """
      INSERT INTO kills (\(columns.joined(separator: ", ")))
      WITH RECURSIVE numbers (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(rows))
      SELECT \(columns.map { changed[$0] ?? $0 }.joined(separator: ", ")) FROM numbers, kills WHERE id = 1
      """)
    return folder
  }

  /// Steps of SQLite's machine, the pages that it read, the most lines that were held at a time, and all of them.
  private func work(
    _ folder: Folder, _ filter: HistoryFilter = HistoryFilter()
  ) throws -> (steps: Int64, pages: Int64, held: Int, all: Int) {
    let (connection, version) = try LedgerFile.openForReading(StateFiles(directory: folder.state))
    var reading = WouldReading(connection: connection, filter: filter, indexed: version >= Schema.indexed)
    var (held, all) = (0, 0)
    while let sum = try reading.next() {
      held = max(held, sum.lineCount)
      sum.forEach { _ in all += 1 }
    }
    let cost = connection.cost
    return (cost.steps, cost.pages, held, all)
  }

  @Test("Ten times the rows cost ten times the work, and what is held are one rule's lines")
  func linear() async throws {
    let (small, large) = (try await large(1_000, vms: 50), try await large(10_000, vms: 50))
    let (few, many) = (try work(small), try work(large))
    #expect(few.all == 501 && many.all == 501)
    #expect(few.held == 50 && many.held == 50)
    #expect(many.steps < few.steps * 11 && many.steps < 10_000 * 60, "\(few) \(many)")
    // A line for each row.
    let wide = try work(try await self.large(10_000, vms: 1_000))
    #expect(wide.all == 10_000 && wide.held == 1_000 && wide.steps < many.steps * 2, "\(wide)")
    // The newest day of many, and the list of rules.
    let since = try work(large, HistoryFilter(since: at(0).wall + 9_990 * 1_000_000_000))
    #expect(since.all > 0 && since.steps < many.steps / 50, "\(since)")
  }

  @Test("Nothing is sorted, and no table is gone through")
  func plan() async throws {
    let folder = try await large(100, vms: 5)
    let (connection, _) = try LedgerFile.openForReading(StateFiles(directory: folder.state))
    for filter in [HistoryFilter(rule: RuleID("rule-1")), HistoryFilter(since: 5, rule: RuleID("rule-1"))] {
      let (sql, values) = WouldSum.query(filter, indexed: true)
      let plan = try connection.plan(sql, values)
      #expect(plan.allSatisfy { !$0.contains("TEMP B-TREE") && !$0.hasPrefix("SCAN") }, "\(plan)")
    }
    let plan = try connection.plan(WouldReading.rules(indexed: true), [])
    #expect(plan.allSatisfy { !$0.contains("TEMP B-TREE") && !$0.hasPrefix("SCAN k") }, "\(plan)")
  }

  @Test("The newest so many lines are those of all that are newest, in the order of all")
  func newest() async throws {
    let folder = try await large(3_000, vms: 100)
    let all = try would(folder)
    for limit in [1, 2, 50, 700, 5_000] {
      let newest = all.enumerated()
        .sorted {
          ($1.element.last, $0.element.vm.instance, $0.offset) < ($0.element.last, $1.element.vm.instance, $1.offset)
        }
        .prefix(limit).sorted { $0.offset < $1.offset }.map(\.element)
      #expect(try would(folder, HistoryFilter(limit: limit)) == newest, "\(limit)")
    }
  }

  @Test("A ledger of an earlier version is read all the same")
  func withoutIndexes() async throws {
    let folder = try await large(200, vms: 5)
    let (connection, _) = try LedgerFile.openForReading(StateFiles(directory: folder.state))
    var reading = WouldReading(connection: connection, filter: HistoryFilter(), indexed: false)
    var kills: [WouldKill] = []
    while let sum = try reading.next() { sum.forEach { kills.append($0) } }
    #expect(try kills == would(folder) && kills.count == 51)
  }
}
