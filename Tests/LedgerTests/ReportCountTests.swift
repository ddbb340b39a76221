import GuestWatchCore
import Testing

@testable import Ledger

/// Runaways that are only reported are counted; kills never are.
@Suite struct ReportCountTests {
  private func report(
    _ store: LedgerStore, _ number: UInt32, at second: Int64 = 0, gate: Gate = .report,
    _ change: (inout KillRecord) -> Void = { _ in }
  ) async throws {
    var report = record(id(number), decided: at(second), pid: Int64(number) + 1000)
    report.confirmed = nil
    change(&report)
    try await store.put(id(number), .reported(report, gate: gate), at(second))
  }

  @Test func oneRowForWhatComesAgainAndAgain() async throws {
    let folder = try Folder()
    let store = try folder.store()
    for number in 1...1000 as ClosedRange<UInt32> { try await report(store, number, at: Int64(number) * 60) }
    let row = try #require(try folder.history().first)
    #expect(try folder.history().count == 1)
    #expect(row.count == 1000 && row.outcome == .reported && row.gate == .report && !row.mixed)
    // The row is the last sighting, so that its id leads to the newest line of the journal.
    #expect(row.id == id(1000) && row.pid == 2000 && row.decided == at(60_000).wall && row.first == at(60).wall)
    #expect(row.json.contains(#""count":1000,"first":"2026-11-21T21:01:00.000Z""#))
    #expect(try store.restored(now: at(60_000)).rows == [])
  }

  @Test func whatDiffersIsARowOfItsOwn() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await report(store, 1)
    try await report(store, 2) { $0.cause = .rule(RuleID("other"), .forbidden) }
    try await report(store, 3) { $0.vm.instance = "vm-2" }
    try await report(store, 4) { $0.vm.vcenter = "vc-2" }
    try await report(store, 5) { $0.process.name = "bkagent2" }
    try await report(store, 6, gate: .dryRun)
    try await report(store, 7) { $0.origin.rule = 1 }
    #expect(try folder.history().map(\.count) == [1, 1, 1, 1, 1, 1, 1])
    // Whatever else differs is one more sighting: the VM was renamed, another user started it.
    try await report(store, 8) {
      $0.vmName = "renamed"
      $0.process.owner = "eve"
      $0.cause = .rule(RuleID("stuck-backup"), .tooMany(limit: 1, count: 2, place: 2))
    }
    #expect(try folder.history().map(\.id.number) == [2, 3, 4, 5, 6, 7, 8])
    #expect(try folder.history().last?.count == 2)
  }

  @Test func aDayToARow() async throws {
    let folder = try Folder()
    let store = try folder.store()
    for number in 1...72 as ClosedRange<UInt32> { try await report(store, number, at: Int64(number) * 3600) }
    #expect(try folder.history().map(\.count) == [24, 24, 24])
  }

  @Test func aKillIsNeverCountedTogether() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await report(store, 1)
    try await store.put(id(2), .intent(record(id(2))))
    try await report(store, 3)
    try await store.put(id(4), .intent(record(id(4))))
    try await store.put(id(4), .closed(.exited, error: nil, verified: nil, at: at(1)), at(1))
    try await store.put(id(5), .intent(record(id(5))))
    try await report(store, 6)
    #expect(try folder.history().map(\.id.number) == [2, 4, 5, 6])
    #expect(try folder.history().map(\.count) == [1, 1, 1, 3])
  }

  @Test func oneThatComesAgainIsCountedOnce() async throws {
    let folder = try Folder()
    let store = try folder.store()
    for number in [1, 2, 1, 3, 2, 1, 3] as [UInt32] { try await report(store, number) }
    #expect(try folder.history().map(\.count) == [3])
    store.close()
    // The ids of the next life are others, though the numbers begin anew.
    let next = try folder.store(at(9))
    try await next.put(
      id(1, life: 2), .reported(record(id(1, life: 2), decided: at(9)), gate: .report), at(9))
    #expect(try folder.history().map(\.count) == [4])
  }

  @Test func namesAreBounded() async throws {
    let folder = try Folder()
    let store = try folder.store()
    for number in 1...300 as ClosedRange<UInt32> {
      try await report(store, number) { $0.process.name = GuestText("x\(number)") }
    }
    let rows = try folder.history()
    #expect(rows.count == 101)
    #expect(rows.prefix(100).allSatisfy { $0.count == 1 && !$0.mixed })
    #expect(rows.last?.mixed == true && rows.last?.count == 200 && rows.last?.name == "x300")
    // Names that have a row keep it.
    try await report(store, 301) { $0.process.name = "x7" }
    #expect(try folder.history().last?.count == 2 && folder.history().count == 101)
    // Another VM is not crowded out.
    try await report(store, 302) { ($0.vm.instance, $0.process.name) = ("vm-2", "y") }
    #expect(try folder.history().last?.mixed == false)
  }

  @Test func whatWasOnlyReportedCannotBeClosed() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await report(store, 1)
    let closed = LedgerStep.closed(.exited, error: nil, verified: nil, at: at(1))
    #expect(try await store.refuse(id(1), closed).contains("it was closed as reported before"))
    #expect(try await store.refuse(id(1), .answered(timing(), .done)).contains("only reported"))
  }
}
