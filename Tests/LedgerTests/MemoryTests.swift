import Glibc
import GuestWatchCore
import Testing

@testable import Ledger

/// What one life knows of VMs reaches the next: an age goes on, and never by more than what was seen to pass.
@Suite struct MemoryTests {
  private func seen(_ pid: Int64, since: Now = at(0), owner: GuestText = "backup", login: String = "linux")
    -> VMMemory.Seen
  {
    VMMemory.Seen(
      login: LoginID(login), identity: Identity(pid: pid, started: 1_795_200_000 + pid, owner: owner),
      firstSeen: since.continuous)
  }

  private func memory(
    _ vm: String, boot: Int64? = 1_790_000_000, suspend: Int64? = nil, _ seen: [VMMemory.Seen] = []
  ) -> VMMemory {
    let isEmpty = boot == nil && suspend == nil && seen.isEmpty
    return VMMemory(
      vm: VMKey(vcenter: "vc-uuid", instance: vm), moid: isEmpty ? nil : "vm-\(vm)", bootTime: boot,
      suspendTime: suspend, seen: seen)
  }

  /// A boot whose clock begins near zero, after a day in which the machine was off.
  private func later(_ seconds: Int64) -> Now {
    Now(
      continuous: Instant(nanoseconds: seconds * 1_000_000_000), wall: evening + (86_400 + seconds) * 1_000_000_000)
  }

  private func ages(_ store: LedgerStore, _ now: Now) throws -> [Duration] {
    try store.restored(now: now).memories.flatMap(\.seen).map { now.continuous - $0.firstSeen }
  }

  @Test func allOfItComesBackInOrder() async throws {
    let hostile = GuestText("ev\0il\n\u{fffd}\u{202e}'; --", doubtful: true)
    let memories = [
      memory("b", boot: nil, suspend: -5, [seen(9), seen(4, owner: hostile, login: "windows"), seen(Int64.min)]),
      memory("a", suspend: Int64.max), memory("\0'", [seen(1, owner: "")]),
    ]
    let folder = try Folder()
    let store = try folder.store()
    try require(await store.mark(memories, now: at(1)))
    store.close()
    let restored = try folder.store(at(10)).restored(now: at(10)).memories
    #expect(restored == [memories[2], memories[1], memories[0]], "by VM; in a VM as it was given")
  }

  @Test func sinceWhenAnEpochRunsIsDatedLikeWhatWasSeen() async throws {
    let folder = try Folder()
    let store = try folder.store()
    var began = memory("a", boot: nil)
    began.epochBegan = at(5).continuous
    try require(await store.mark([began], now: at(10)))
    #expect(try store.restored(now: at(20)).memories == [began], "it is no empty memory")
    store.close()
    // In another boot only the running time counts: 5 s of the one before.
    let now = later(100)
    let restored = try folder.store(now).restored(now: now).memories
    #expect(restored.map(\.epochBegan) == [now.continuous - .seconds(5)])
  }

  @Test func theLastOneCountsAndAnEmptyOneRemoves() async throws {
    let folder = try Folder()
    let store = try folder.store()
    let (a, b) = (memory("a", [seen(1), seen(2)]), memory("b", [seen(3)]))
    try require(await store.mark([a, b], now: at(1)))
    let newer = memory("a", boot: 1_790_000_100, suspend: 7, [seen(2), seen(8)])
    try require(await store.mark([newer], now: at(2)))
    #expect(try store.restored(now: at(2)).memories == [newer, b])
    // The same one may come again after a failure that hid its success.
    try require(await store.mark([newer], now: at(3)))
    #expect(try store.restored(now: at(3)).memories == [newer, b])
    try require(await store.mark([memory("a", boot: nil), memory("never", boot: nil)], now: at(4)))
    #expect(try store.restored(now: at(4)).memories == [b])
    #expect(try store.number("SELECT count(*) FROM seen") == 1, "no row is left of what was removed")
    // In one portion the order counts too.
    try require(await store.mark([memory("b", boot: nil), newer], now: at(5)))
    #expect(try store.restored(now: at(5)).memories == [newer])
  }

  @Test func withinABootTheAgeGoesOnWhileNobodyLooked() async throws {
    let folder = try Folder()
    let first = try folder.store()
    try require(await first.mark([memory("a", [seen(1, since: at(5))])], now: at(30)))
    first.close()
    let second = try folder.store(at(3600))
    #expect(try ages(second, at(3605)) == [.seconds(3600)])
    #expect(
      try second.restored(now: at(3605)).memories == [memory("a", [seen(1, since: at(5))])],
      "on the same clock it stands")
  }

  @Test func overBootsOnlyRunningTimeThatWasNotedCounts() async throws {
    let folder = try Folder()
    let first = try folder.store()
    try require(await first.mark([memory("a", [seen(1, since: at(5))])], now: at(20)))
    try require(await first.mark([], now: at(65)))
    // It ran on until 120, which nobody noted, and was off for a day.
    first.close()
    let second = try folder.store(later(20), boot: "boot-b")
    #expect(try ages(second, later(20)) == [.seconds(60)])
    #expect(try ages(second, later(50)) == [.seconds(90)])
    // The new life gives it again as it was restored: before the zero of its clock.
    let restored = try second.restored(now: later(50)).memories
    #expect(restored.first?.seen.first?.firstSeen == Instant(nanoseconds: -40_000_000_000))
    try require(await second.mark(restored, now: later(50)))
    second.close()
    let third = try folder.store(later(7), boot: "boot-c")
    #expect(try ages(third, later(8)) == [.seconds(60 + 30 + 1)])
  }

  @Test func aClockThatWentBackMakesNothingOlder() async throws {
    let folder = try Folder()
    let first = try folder.store()
    try require(await first.mark([memory("a", [seen(1, since: at(90))])], now: at(100)))
    first.close()
    #expect(try ages(try folder.store(at(40)), at(45)) == [.seconds(15)])
  }

  @Test func noAgeIsNegative() async throws {
    let folder = try Folder()
    let store = try folder.store()
    let memories = [memory("a", [seen(1, since: at(50)), seen(2)])]
    try require(await store.mark(memories, now: at(0)))
    #expect(try ages(store, at(10)) == [.zero, .seconds(10)])
  }

  /// Every mark that returned is there after a death, whole; one that did not reach the disk has left nothing.
  @Test func aDeathLeavesWholeMarks() async throws {
    let folder = try Folder()
    let store = try folder.store()
    let first = (1...40).map { memory("vm-\($0 + 100)", [seen(Int64($0)), seen(Int64($0) + 1000)]) }
    try require(await store.mark(first, now: at(1)))
    let whole = try contents(of: folder.log).count
    let second = first.map { memory($0.vm.instance, boot: 5, Array($0.seen.reversed())) }
    try require(await store.mark(second, now: at(2)))
    let log = try contents(of: folder.log)
    try #require(log.count > whole)
    var found: Set<Int> = []
    for size in stride(from: whole, to: log.count, by: (log.count - whole) / 7) + [log.count] {
      let dead = try Folder()
      try #require(mkdir(dead.state, 0o700) == 0)
      try put(try contents(of: folder.ledger), in: dead.ledger)
      try put(Array(log.prefix(size)), in: dead.log)
      let memories = try dead.store(at(5)).restored(now: at(5)).memories
      #expect(memories == first || memories == second, "cut off at \(size) of \(log.count) bytes")
      found.insert(memories == first ? 1 : 2)
    }
    #expect(found == [1, 2])
  }

  @Test func whatCannotBeWrittenChangesNothing() async throws {
    let folder = try Folder()
    let store = try folder.store()
    let first = [memory("a", [seen(1)]), memory("b")]
    try require(await store.mark(first, now: at(1)))
    let pages = try #require(try store.number("PRAGMA page_count"))
    _ = try store.number("PRAGMA max_page_count = \(pages + 2)")
    let owner = GuestText(String(repeating: "o", count: 4000))
    let second = [memory("a", [seen(2)]), memory("b", (1...20).map { seen($0, owner: owner) })]
    guard case .failure(let failure) = await store.mark(second, now: at(60)) else {
      Issue.record("it was written")
      return
    }
    #expect(failure.message.contains("cannot note the running time in \(folder.ledger): the file system is full"))
    #expect(try store.restored(now: at(60)).memories == first)
    _ = try store.number("PRAGMA max_page_count = \(pages + 1000)")
    try require(await store.mark(second, now: at(60)))
    #expect(try store.restored(now: at(60)).memories == second)
  }

  @Test func thereIsAMostOfBoth() async throws {
    let folder = try Folder()
    let store = try folder.store()
    let many = memory("many", (1...Int64(VMMemory.cap) + 5).map { seen($0) })
    try require(await store.mark([many], now: at(1)))
    #expect(try store.restored(now: at(1)).memories.first?.seen == Array(many.seen.prefix(VMMemory.cap)))
    // One that was written again is kept before one that was not.
    try require(await store.mark([memory("a", [seen(1)]), memory("b", [seen(2)])], now: at(2)))
    try require(await store.mark([memory("many")], now: at(3)))
    store.close()
    let connection = try LedgerFile.openForWriting(StateFiles(directory: folder.state), wall: evening)
    let time = try RunningTime.begin(connection, bootID: "boot-a", now: at(4))
    let memories = Memories(connection: connection, time: time)
    try memories.forget(beyond: 3)
    #expect(try memories.all(now: at(4)).map(\.vm.instance) == ["a", "b", "many"])
    try memories.forget(beyond: 2)
    #expect(try memories.all(now: at(4)).map(\.vm.instance) == ["b", "many"])
    #expect(try connection.number("SELECT count(*) FROM seen") == 1)
  }
}
