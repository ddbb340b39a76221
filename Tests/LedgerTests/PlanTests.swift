import CSQLite
import GuestWatchCore
import Testing

@testable import Ledger

/// What a question costs does not grow with the ledger: by SQLite's plan and by what it did, no clock is asked.
@Suite struct PlanTests {
  /// Every filter alone, some together.
  private static let filters: [HistoryFilter] = {
    let (vm, rule) = ("db-07", RuleID("rule-3"))
    return [
      HistoryFilter(limit: 50), HistoryFilter(vm: vm, limit: 50), HistoryFilter(vm: "vm-none", limit: 50),
      HistoryFilter(rule: rule, limit: 50), HistoryFilter(rule: RuleID("none"), limit: 50),
      HistoryFilter(since: 0, limit: 50), HistoryFilter(since: .max, limit: 50),
      HistoryFilter(outcome: .open, limit: 50), HistoryFilter(outcome: .reported, limit: 50),
      HistoryFilter(outcome: .closed(.stuck), limit: 50),
      HistoryFilter(since: at(100).wall, vm: vm, limit: 50), HistoryFilter(since: at(100).wall, rule: rule, limit: 50),
    ]
  }()

  /// Kills of ten rules on a hundred VMs, one in a thousand stuck.
  private func filled(_ rows: Int) async throws -> Folder {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1))))
    try await store.put(id(1), .closed(.exited, error: nil, verified: nil, at: at(1)))
    store.close()
    try multiply(folder, rows)
    return folder
  }

  private func multiply(_ folder: Folder, _ rows: Int) throws {
    let connection = try Connection(path: folder.ledger, .readWrite)
    let columns =
      RecordColumns.names + [
        "boot", "decided_running", "written_wall", "written_clock", "written_running", "outcome", "closed_boot",
        "closed_wall", "closed_clock", "closed_running",
      ]
    let changed = [
      "number": "n", "rule": "'rule-' || (n % 10)", "moid": "'vm-' || (n % 100)",
      "vm_name": "CAST('db-' || (n % 100) AS BLOB)", "pid": "n", "decided_wall": "decided_wall + n * 1000000000",
      "decided_running": "decided_running + n * 1000000000",
      "outcome": "CASE WHEN n % 1000 = 0 THEN 'stuck' ELSE 'exited' END",
    ]
    try connection.run(
      """
      INSERT INTO kills (\(columns.joined(separator: ", ")))
      WITH RECURSIVE numbers (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(rows))
      SELECT \(columns.map { changed[$0] ?? $0 }.joined(separator: ", ")) FROM numbers, kills WHERE id = 1
      """)
  }

  /// Rows of SQLite's work for the first rows of a filter: steps of its machine.
  private func work(_ folder: Folder, _ filter: HistoryFilter) throws -> (steps: Int64, pages: Int64, rows: Int) {
    let (connection, version) = try LedgerFile.openForReading(StateFiles(directory: folder.state))
    var pages = HistoryPages(connection: connection, filter: filter, indexed: version >= Schema.indexed)
    var rows = 0
    while true {
      let next = try pages.next()
      if next.isEmpty { break }
      rows += next.count
    }
    let cost = connection.cost
    return (cost.steps, cost.pages, rows)
  }

  @Test func fiftyRowsCostTheSameInALargeLedger() async throws {
    let small = try await filled(2_000)
    let large = try await filled(20_000)
    for filter in Self.filters {
      let (few, many) = (try work(small, filter), try work(large, filter))
      // Ten times the rows: an index grows by a level at most.
      #expect(many.steps <= few.steps * 2 + 5_000, "\(filter): \(few) \(many)")
      #expect(many.steps < 20_000, "\(filter): \(many)")
      #expect(many.pages < 500, "\(filter): \(many)")
    }
    #expect(try work(large, HistoryFilter(limit: 50)).rows == 50)
    #expect(try work(large, HistoryFilter(vm: "db-7", limit: 50)).rows == 50)
    #expect(try work(large, HistoryFilter(outcome: .closed(.stuck), limit: 50)).rows == 20)
  }

  @Test func everyQuestionGoesByAnIndex() async throws {
    let folder = try await filled(10)
    let (connection, _) = try LedgerFile.openForReading(StateFiles(directory: folder.state))
    for filter in Self.filters {
      let (sql, values) = filter.places(indexed: true)
      for order in [" ORDER BY wall DESC, id DESC LIMIT 50", " ORDER BY wall, id LIMIT 1000"] {
        let plan = try connection.plan(sql + order, values)
        // No table is gone through, and nothing is sorted: the first rows are there at once.
        #expect(plan.allSatisfy { !$0.contains("TEMP B-TREE") || $0.contains("RIGHT PART") }, "\(filter): \(plan)")
        #expect(plan.allSatisfy { !$0.hasPrefix("SCAN") || $0.contains("COVERING INDEX kills_decided") }, "\(plan)")
        #expect(plan.contains { $0.contains("INDEX kills_") }, "\(plan)")
      }
    }
  }

  @Test func theDaemonsOwnQuestionsGoByAnIndex() async throws {
    let folder = try await filled(10)
    let (connection, _) = try LedgerFile.openForReading(StateFiles(directory: folder.state))
    for sql in [
      "SELECT id, outcome, gate IS NOT NULL FROM kills WHERE life = 1 AND number = 1",
      "SELECT id FROM kills WHERE outcome IS NULL ORDER BY id", "SELECT id FROM kills WHERE id > 5 ORDER BY id",
      "SELECT id FROM kills WHERE gate IS NULL AND decided_running >= 5",
      "SELECT id FROM kills INDEXED BY kills_outcome WHERE outcome IN (\(Restoring.lasting))",
      "SELECT max(id) FROM answers WHERE kill = 1 AND after_outcome = 0",
    ] {
      let plan = try connection.plan(sql, [])
      #expect(plan.allSatisfy { !$0.hasPrefix("SCAN") }, "\(sql): \(plan)")
    }
  }
}
