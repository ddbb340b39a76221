import Glibc
import GuestWatchCore
import Testing

@testable import Ledger

/// S5: after a death at any moment, the next start knows what was begun.
@Suite struct RestartTests {
  /// What lies on disk right now, as a start after `kill -9` would find it.
  private func copy(_ folder: Folder) throws -> Folder {
    let other = try Folder()
    try #require(mkdir(other.state, 0o700) == 0)
    try put(try contents(of: folder.ledger), in: other.ledger)
    try put(try contents(of: folder.log), in: other.log)
    return other
  }

  @Test func openIntentsComeBack() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1))))
    try await store.put(id(2), .intent(record(id(2), pid: 77)))
    try await store.put(id(2), .answered(timing(), .ambiguous(fault)), at(6))
    try await store.put(id(3), .intent(record(id(3), pid: 78)))
    try await store.put(id(3), .closed(.exited, error: nil, verified: nil, at: at(7)), at(7))
    let dead = try copy(folder)
    let next = try dead.store(at(20))
    let restored = try next.restored(now: at(20))
    #expect(restored.life == 2)
    #expect(
      restored.open == [
        Restored.OpenKill(record: record(id(1)), age: .seconds(20), answer: nil),
        Restored.OpenKill(
          record: record(id(2), pid: 77), age: .seconds(20), answer: .ambiguous(fault), answerTook: .seconds(5)),
      ])
    #expect(restored.rows.map(\.outcome) == [nil, nil, .exited])
    // Its outcome is written in the next life.
    try await next.put(id(1), .closed(.unknown, error: nil, verified: at(90), at: at(91)), at(91))
    #expect(try dead.history().map(\.outcome) == [.closed(.unknown), .open, .closed(.exited)])
  }

  @Test func aWriteThatReturnedIsOnDisk() async throws {
    let folder = try Folder()
    let store = try folder.store()
    // FULL: each commit waits until the log is on the disk, not only in the page cache.
    #expect(try store.number("PRAGMA synchronous") == 2)
    for number in 1...5 as ClosedRange<UInt32> {
      try await store.put(id(number), .intent(record(id(number))))
      #expect(try folder.history().count == Int(number))
      let dead = try copy(folder)
      #expect(try dead.history().count == Int(number))
    }
  }

  @Test func historyReadsTheLogOfADeadDaemon() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1))))
    let dead = try copy(folder)
    #expect(try dead.history().map(\.outcome) == [.open])
    // Reading changed neither file.
    #expect(try contents(of: dead.ledger) == contents(of: folder.ledger))
    #expect(try contents(of: dead.log) == contents(of: folder.log))
  }

  @Test func closingLeavesOneFile() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1))))
    store.close()
    #expect(access(folder.log, F_OK) != 0)
    #expect(try folder.history().count == 1)
    #expect(try await store.refuse(id(2), .intent(record(id(2)))).contains("was closed"))
    #expect(refusal { () throws(LedgerError) in _ = try store.restored(now: at(0)) } != nil)
  }

  @Test func aStartThatDiedWhileItMadeTheLedger() throws {
    let folder = try Folder()
    try #require(mkdir(folder.state, 0o700) == 0)
    try put(Array("half".utf8), in: folder.ledger + ".new")
    try put(Array("half".utf8), in: folder.ledger + ".new-journal")
    let store = try folder.store()
    #expect(store.life == 1)
    #expect(access(folder.ledger + ".new", F_OK) != 0)
  }
}
