import Glibc
import GuestWatchCore
import Testing

@testable import Ledger

/// `history --follow`: each row once when it comes, and once more when it is closed.
@Suite struct FollowTests {
  private func shown(_ follower: inout HistoryFollower) throws -> [String] {
    try follower.next().map { "\($0.id.number) \($0.outcome.word)" }
  }

  @Test func newRowsAndClosedOnes() async throws {
    let folder = try Folder()
    let store = try folder.store()
    for number in 1...4 as ClosedRange<UInt32> { try await store.put(id(number), .intent(record(id(number)))) }
    try await store.put(id(4), .closed(.exited, error: nil, verified: nil, at: at(1)))
    var follower = HistoryFollower(stateDirectory: folder.state, filter: HistoryFilter(limit: 2))
    #expect(try shown(&follower) == ["3 open", "4 exited"])
    #expect(try shown(&follower) == [])
    try require(await store.mark([], now: at(2)))
    #expect(try shown(&follower) == [])
    try await store.put(id(5), .intent(record(id(5))), at(3))
    #expect(try shown(&follower) == ["5 open"])
    try await store.put(id(5), .answered(timing(), .done), at(4))
    #expect(try shown(&follower) == [])
    // One that was not among the first rows is told all the same.
    try await store.put(id(1), .closed(.gone, error: nil, verified: nil, at: at(5)), at(5))
    try await store.put(id(5), .closed(.exited, error: nil, verified: nil, at: at(5)), at(5))
    try await store.put(id(6), .intent(record(id(6))), at(5))
    try await store.put(id(6), .closed(.denied, error: nil, verified: nil, at: at(5)), at(5))
    #expect(try shown(&follower) == ["1 gone", "5 exited", "6 denied"])
    #expect(try shown(&follower) == [])
  }

  @Test func reportsAreToldAsTheyAreCounted() async throws {
    let folder = try Folder()
    let store = try folder.store()
    var follower = HistoryFollower(stateDirectory: folder.state, filter: HistoryFilter())
    #expect(try shown(&follower) == [])
    for number in 1...3 as ClosedRange<UInt32> {
      try await store.put(id(number), .reported(record(id(number)), gate: .report))
      #expect(try follower.next().map(\.count) == [Int64(number)])
    }
  }

  @Test func filters() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1), rule: "a")))
    try await store.put(id(2), .intent(record(id(2), rule: "b")))
    var byRule = HistoryFollower(stateDirectory: folder.state, filter: HistoryFilter(rule: RuleID("b")))
    var byOutcome = HistoryFollower(
      stateDirectory: folder.state, filter: HistoryFilter(vm: "db-07", outcome: .closed(.exited)))
    #expect(try shown(&byRule) == ["2 open"])
    #expect(try shown(&byOutcome) == [])
    for number in 1...2 as ClosedRange<UInt32> {
      try await store.put(id(number), .closed(.exited, error: nil, verified: nil, at: at(1)), at(1))
    }
    try await store.put(id(3), .intent(record(id(3), rule: "a")))
    #expect(try shown(&byRule) == ["2 exited"])
    #expect(try shown(&byOutcome) == ["1 exited", "2 exited"])
  }

  @Test func aFarListing() async throws {
    let folder = try Folder()
    let store = try folder.store()
    _ = try store.number("PRAGMA synchronous = OFF")
    let rows = UInt32(HistoryPages.portion) * 2 + 7
    for number in 1...rows {
      try await store.put(id(number), .intent(record(id(number), decided: at(Int64(number)))))
    }
    let all = try folder.history().map(\.id.number)
    #expect(all == Array(1...rows))
    let most = HistoryPages.portion + 5
    #expect(try folder.history(HistoryFilter(limit: most)).map(\.id.number) == Array(all.suffix(most)))
    let vm = HistoryFilter(vm: "db-07", limit: HistoryPages.portion)
    #expect(try folder.history(vm).map(\.id.number) == Array(all.suffix(HistoryPages.portion)))
    var follower = HistoryFollower(stateDirectory: folder.state, filter: HistoryFilter())
    #expect(try follower.next().count == Int(rows))
    #expect(try follower.next().isEmpty)
  }

  @Test func aNewLedgerInItsPlace() async throws {
    let folder = try Folder()
    let first = try folder.store()
    for number in 1...3 as ClosedRange<UInt32> { try await first.put(id(number), .intent(record(id(number)))) }
    var follower = HistoryFollower(stateDirectory: folder.state, filter: HistoryFilter())
    #expect(try shown(&follower).count == 3)
    first.close()
    try #require(rename(folder.ledger, folder.ledger + ".old") == 0)
    #expect(refusal { () throws(LedgerError) in _ = try follower.next() }?.exitStatus == 73)
    _ = unlink(folder.log)
    let second = try folder.store()
    #expect(try shown(&follower) == [])
    try await second.put(id(1), .intent(record(id(1))))
    #expect(try shown(&follower) == ["1 open"])
  }

  /// Whoever pages through the history for hours does not keep the daemon from moving its log into the file.
  @Test func whoReadsSlowlyHoldsNothing() async throws {
    let folder = try Folder()
    let store = try folder.store()
    for number in 1...5 as ClosedRange<UInt32> { try await store.put(id(number), .intent(record(id(number)))) }
    var follower = HistoryFollower(stateDirectory: folder.state, filter: HistoryFilter())
    #expect(try shown(&follower).count == 5)
    var moved: [Int64?] = []
    try HistoryReader.forEach(stateDirectory: folder.state, filter: HistoryFilter()) { _ in
      // 0: nobody was in the way.
      moved.append(try? store.number("PRAGMA wal_checkpoint(TRUNCATE)"))
    }
    #expect(moved == [0, 0, 0, 0, 0])
  }
}
