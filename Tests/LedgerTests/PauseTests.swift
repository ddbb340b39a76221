import GuestWatchCore
import Testing

@testable import Ledger

/// A gate that an operator closed stays closed over restarts and reboots, and no pause ends early.
@Suite struct PauseTests {
  private func later(_ seconds: Int64) -> Now {
    Now(continuous: Instant(nanoseconds: seconds * 1_000_000_000), wall: evening)
  }

  @Test func theyComeBackInOrderAndWhole() async throws {
    let folder = try Folder()
    let store = try folder.store()
    let pauses = [
      Pause(), Pause(rule: RuleID("stuck-backup"), vms: try Glob("db-[!0]*\0\u{e9}"), until: at(600).continuous),
      Pause(vms: try Glob("vm-42"), until: .never), Pause(rule: RuleID("stuck-backup")),
    ]
    try require(await store.keep([Pause(rule: RuleID("before"))], now: at(1)))
    try require(await store.keep(pauses, now: at(2)))
    #expect(try store.restored(now: at(3)).pauses == pauses)
    store.close()
    let next = try folder.store(at(10))
    #expect(try next.restored(now: at(10)).pauses == pauses)
    try require(await next.keep([], now: at(11)))
    #expect(try next.restored(now: at(11)).pauses == [])
  }

  @Test func overABootOnlyRunningTimeCounts() async throws {
    let folder = try Folder()
    let first = try folder.store()
    try require(await first.keep([Pause(until: at(600).continuous)], now: at(0)))
    // Noted until 100; it ran on until 300, which nobody noted.
    try require(await first.mark([], now: at(100)))
    first.close()
    let second = try folder.store(later(20), boot: "boot-b")
    #expect(try second.restored(now: later(20)).pauses == [Pause(until: later(20 + 500).continuous)])
    #expect(try second.restored(now: later(90)).pauses == [Pause(until: later(20 + 500).continuous)])
  }

  @Test func oneThatIsOverIsGivenToBeSaid() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try require(await store.keep([Pause(until: at(60).continuous)], now: at(0)))
    #expect(try store.restored(now: at(100)).pauses == [Pause(until: at(60).continuous)])
  }

  @Test func neverStaysNeverOverBoots() async throws {
    let folder = try Folder()
    let first = try folder.store()
    try require(await first.keep([Pause(until: .never)], now: at(0)))
    try require(await first.mark([], now: at(5000)))
    first.close()
    let until = try #require(try folder.store(later(5), boot: "boot-b").restored(now: later(5)).pauses.first?.until)
    #expect(until - later(5).continuous > .seconds(200 * 365 * 86_400))
  }

  /// Left out, it would open a gate.
  @Test func oneThatMakesNoSenseIsAnError() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try require(await store.keep([Pause(vms: try Glob("db-*"))], now: at(0)))
    store.close()
    try Connection(path: folder.ledger, .readWrite).run("UPDATE pauses SET vms = CAST('db-[' AS BLOB)")
    let next = try folder.store(at(1))
    let error = refusal { () throws(LedgerError) in _ = try next.restored(now: at(1)) }
    #expect(error?.exitStatus == 73)
    #expect(error?.description.contains("a pause holds a pattern that is none") == true)
  }

  @Test func whatCannotBeWrittenChangesNothing() async throws {
    let folder = try Folder()
    let store = try folder.store()
    let before = [Pause(rule: RuleID("stuck-backup"))]
    try require(await store.keep(before, now: at(0)))
    let other = try Connection(path: folder.ledger, .readWrite)
    try other.run("BEGIN IMMEDIATE")
    guard case .failure(let failure) = await store.keep([], now: at(1)) else {
      Issue.record("it was written")
      return
    }
    #expect(failure.message.contains("cannot keep the pauses in \(folder.ledger): another program holds the database"))
    try other.run("ROLLBACK")
    #expect(try store.restored(now: at(1)).pauses == before)
  }
}
