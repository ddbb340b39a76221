import GuestWatchCore
import Testing

@testable import Ledger

/// S3: rows age by continuous time only, over boots by the running time that the ledger saw.
@Suite struct RunningTimeTests {
  @Test func livesAreCounted() throws {
    let folder = try Folder()
    for life in 1...3 {
      let store = try folder.store()
      #expect(store.life == life)
      #expect(try store.restored(now: at(0)).life == life)
      store.close()
    }
  }

  @Test func withinABootTheClockCounts() async throws {
    let folder = try Folder()
    let first = try folder.store()
    try await first.put(id(1), .intent(record(id(1))))
    try await first.put(id(1), .closed(.exited, error: nil, verified: nil, at: at(10)), at(10))
    first.close()
    // An hour later, of which no mark was made: the same boot, so the clock knows.
    let second = try folder.store(at(3600))
    let row = try #require(try second.restored(now: at(3605)).rows.first)
    #expect(row.age == .seconds(3605))
    #expect(row.closedAge == .seconds(3595))
  }

  @Test(arguments: [-86_400 * 400, 86_400 * 400] as [Int64]) func aWallStepChangesNothing(_ step: Int64) async throws {
    let folder = try Folder()
    let first = try folder.store()
    try await first.put(id(1), .intent(record(id(1))))
    try require(await first.mark([], now: at(30, step: step)))
    first.close()
    let second = try folder.store(at(60, step: step))
    #expect(try second.restored(now: at(60, step: step)).rows.map(\.age) == [.seconds(60)])
    second.close()
    let third = try folder.store(Now(continuous: Instant(nanoseconds: 5), wall: 0), boot: "boot-b")
    #expect(
      try third.restored(now: Now(continuous: Instant(nanoseconds: 1_000_000_005), wall: .max)).rows.map(\.age)
        == [.seconds(61)])
  }

  @Test func overBootsOnlyWhatWasSeenCounts() async throws {
    let folder = try Folder()
    let first = try folder.store()
    try await first.put(id(1), .intent(record(id(1), decided: at(5))), at(6))
    try require(await first.mark([], now: at(65)))
    first.close()
    // Boot b starts anew near zero; the machine was off for a day of wall time. It was up 20 s before we came.
    let b = { (seconds: Int64) in
      Now(continuous: Instant(nanoseconds: seconds * 1_000_000_000), wall: evening + (86_400 + seconds) * 1_000_000_000)
    }
    let second = try folder.store(b(20), boot: "boot-b")
    #expect(try second.restored(now: b(20)).open.map(\.age) == [.seconds(59)])
    #expect(try second.restored(now: b(50)).rows.map(\.age) == [.seconds(60 + 30)])
    try require(await second.mark([], now: b(80)))
    // Another intent after the last mark: its own write is a mark.
    try await second.put(id(1, life: 2), .intent(record(id(1, life: 2), decided: b(100))), b(110))
    second.close()
    let third = try folder.store(b(7), boot: "boot-c")
    #expect(try third.restored(now: b(8)).rows.map(\.age) == [.seconds(60 + 90 + 1), .seconds(11)])
  }

  @Test func aClosingInALaterBootHasItsOwnAge() async throws {
    let folder = try Folder()
    let first = try folder.store()
    try await first.put(id(1), .intent(record(id(1))))
    first.close()
    let second = try folder.store(at(-900), boot: "boot-b")
    try await second.put(id(1), .closed(.unknown, error: nil, verified: nil, at: at(-800)), at(-800))
    let row = try #require(try second.restored(now: at(-700)).rows.first)
    #expect(row.age == .seconds(200))
    #expect(row.closedAge == .seconds(100))
  }

  @Test func aClockThatWentBackIsAnotherBoot() async throws {
    let folder = try Folder()
    let first = try folder.store()
    try await first.put(id(1), .intent(record(id(1))))
    try require(await first.mark([], now: at(100)))
    first.close()
    let second = try folder.store(at(40))
    #expect(try second.restored(now: at(40)).rows.map(\.age) == [.seconds(100)])
    #expect(try second.restored(now: at(45)).rows.map(\.age) == [.seconds(105)])
  }

  @Test func noAgeIsNegative() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1), decided: at(50))))
    #expect(try store.restored(now: at(10)).rows.map(\.age) == [.zero])
  }

  @Test func oldRowsAreLeftOutButOpenOnes() async throws {
    let folder = try Folder()
    let store = try folder.store()
    for number in 1...3 as ClosedRange<UInt32> {
      try await store.put(id(number), .intent(record(id(number), decided: at(Int64(number) * 100))))
    }
    for number in 2...3 as ClosedRange<UInt32> {
      try await store.put(id(number), .closed(.exited, error: nil, verified: nil, at: at(400)), at(400))
    }
    let reached = { (reach: Int64) in
      try store.restored(now: at(400), reach: .seconds(reach)).rows.map(\.id.number)
    }
    #expect(try reached(99) == [1])
    #expect(try reached(100) == [1, 3])
    #expect(try reached(200) == [1, 2, 3])
    #expect(try store.restored(now: at(400), reach: .seconds(Int64.max)).rows.count == 3)
    #expect(try store.restored(now: at(400)).rows.count == 3)
  }

  @Test func noMoreThanWindowsCount() async throws {
    let folder = try Folder()
    let store = try folder.store()
    let outcomes: [Outcome?] = [nil, .stuck, .exited, .exited, .abandoned, .gone, .failed, .denied, .exited]
    for (number, outcome) in zip((1 as UInt32)..., outcomes) {
      let kill = id(number)
      try await store.put(kill, .intent(record(kill, decided: at(Int64(number)), pid: Int64(number))))
      guard let outcome else { continue }
      try await store.put(kill, .closed(outcome, error: nil, verified: nil, at: at(Int64(number))))
    }
    let restored = { (most: Int) in
      try store.restored(now: at(400), reach: .seconds(1000), most: most).rows.map(\.id.number)
    }
    // What is given back does not count, and comes along; so do the open one, and the one that is stuck or denied.
    #expect(try restored(1) == [1, 2, 8, 9])
    #expect(try restored(2) == [1, 2, 6, 7, 8, 9])
    #expect(try restored(3) == [1, 2, 4, 5, 6, 7, 8, 9])
    #expect(try restored(100) == Array(1...9))
  }
}
