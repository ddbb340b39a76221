import Glibc
import GuestWatchCore
import Testing

@testable import Ledger

/// Writes that cannot be: no success without the row, and all is well when there is room again.
@Suite struct NoRoomTests {
  @Test func aFileThatMayNotGrow() async throws {
    let folder = try Folder()
    let store = try folder.store()
    let pages = try #require(try store.number("PRAGMA page_count"))
    _ = try store.number("PRAGMA max_page_count = \(pages + 4)")
    try await fill(store, folder) { _ = try store.number("PRAGMA max_page_count = \(pages + 100_000)") }
  }

  @Test(.enabled(if: Folder.mayMount, "mounting needs root")) func aFullFileSystem() async throws {
    let folder = try Folder()
    try #require(folder.mountSmall(kilobytes: 512))
    let store = try folder.store()
    let ballast = folder.path + "/ballast"
    try put([UInt8](repeating: 0, count: 200 << 10), in: ballast)
    try await fill(store, folder) { try #require(unlink(ballast) == 0) }
  }

  /// Writes until it fails, makes room, and requires that nothing was lost and the failed step can be written.
  private func fill(_ store: LedgerStore, _ folder: Folder, makeRoom: () throws -> Void) async throws {
    let command = GuestText(String(repeating: "x", count: 4000))
    var number: UInt32 = 0
    var message: String?
    while message == nil, number < 1000 {
      number += 1
      let result = await store.write(id(number), .intent(record(id(number), command: command)), now: at(0))
      if case .failure(let failure) = result { message = failure.message }
    }
    let text = try #require(message)
    #expect(text.contains("cannot write \"intent\" of kill 1-\(number) in \(folder.ledger)"))
    #expect(text.contains("the file system is full"), "\(text)")
    #expect(try folder.history().count == Int(number) - 1)
    #expect(try await store.refuse(id(number), .intent(record(id(number), command: command))) == text)
    try makeRoom()
    try await store.put(id(number), .intent(record(id(number), command: command)))
    #expect(try folder.history().map(\.id) == (1...number).map { id($0) })
    #expect(try store.restored(now: at(0)).open.count == Int(number))
    store.close()
    #expect(try folder.store().restored(now: at(0)).open.count == Int(number))
  }

  @Test(.enabled(if: Folder.mayMount, "mounting needs root")) func aReadOnlyFileSystem() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1))))
    store.close()
    try put([], in: folder.log)
    try #require(folder.makeReadOnly())
    let error = refusal { () throws(LedgerError) in _ = try folder.store() }
    #expect(error?.exitStatus == 73)
    #expect(error?.description.contains("Read-only file system") == true)
    // People can still read.
    #expect(try folder.history().map(\.id) == [id(1)])
    folder.reopen()
    #expect(try folder.store().life == 2)
  }

  @Test(.enabled(if: Folder.mayMount, "mounting needs root")) func aDeadDaemonOnAReadOnlyFileSystem() async throws {
    let living = try Folder()
    let store = try living.store()
    try await store.put(id(1), .intent(record(id(1))))
    let folder = try Folder()
    try #require(try run(["cp", "-r", living.state, folder.state]) == 0)
    try #require(folder.makeReadOnly())
    #expect(try folder.history().map(\.id) == [id(1)])
  }

  @Test(.enabled(if: geteuid() != 0, "root may write everywhere")) func aFolderThatMayNotBeWritten() throws {
    let folder = try Folder()
    try #require(mkdir(folder.state, 0o500) == 0)
    let error = refusal { () throws(LedgerError) in _ = try folder.store() }
    #expect(error?.exitStatus == 73)
    #expect(error?.description.contains("Permission denied") == true)
  }

  @Test(arguments: [0, 100, 4096, 20_000]) func aFileThatIsCutOffWhileTheDaemonRuns(_ size: Int) async throws {
    let folder = try Folder()
    let first = try folder.store()
    let command = GuestText(String(repeating: "x", count: 4000))
    for number in 1...10 as ClosedRange<UInt32> {
      try await first.put(id(number), .intent(record(id(number), command: command)))
    }
    first.close()
    let store = try folder.store(at(5))
    try await store.put(id(11), .intent(record(id(11))), at(5))
    let whole = try contents(of: folder.ledger)
    try #require(truncate(folder.ledger, size) == 0)
    let message = try await store.refuse(id(12), .intent(record(id(12))), at(6))
    #expect(
      message.contains("was cut off while the daemon runs (\(size) of \(whole.count) bytes are left)"), "\(message)")
    store.close()
    #expect(refusal { () throws(LedgerError) in _ = try folder.store(at(7)) }?.exitStatus == 73)
    // What was cut off comes back: nothing is lost.
    let log = try contents(of: folder.log)
    let mended = try Folder()
    try #require(mkdir(mended.state, 0o700) == 0)
    try put(whole, in: mended.ledger)
    try put(log, in: mended.log)
    #expect(try mended.store(at(8)).restored(now: at(8)).open.map(\.record.id) == (1...11).map { id($0) })
  }

  @Test(.enabled(if: Folder.mayMount, "mounting needs root")) func aFullFileSystemTakesOutcomesLater() async throws {
    let folder = try Folder()
    try #require(folder.mountSmall(kilobytes: 512))
    let store = try folder.store()
    for number in 1...3 as ClosedRange<UInt32> { try await store.put(id(number), .intent(record(id(number)))) }
    let ballast = folder.path + "/ballast"
    var left = statvfs()
    try #require(statvfs(folder.path, &left) == 0)
    try put([UInt8](repeating: 0, count: Int(left.f_bavail * UInt(left.f_bsize))), in: ballast)
    // Each is refused until there is room, then written once, whatever was tried before.
    let closed = LedgerStep.closed(.exited, error: nil, verified: nil, at: at(1))
    var written: [UInt32] = []
    for _ in 1...3 {
      for number in 1...3 as ClosedRange<UInt32> {
        if case .success = await store.write(id(number), closed, now: at(1)) { written.append(number) }
      }
    }
    try #require(unlink(ballast) == 0)
    for number in 1...3 as ClosedRange<UInt32> { try await store.put(id(number), closed, at(1)) }
    try require(await store.forget(beyond: .seconds(1_000_000), now: at(2)))
    #expect(written.isEmpty || Set(written).count < 3, "the disk was full")
    #expect(try folder.history().map(\.outcome) == Array(repeating: .closed(.exited), count: 3))
  }

  /// A whole ledger's life beside an operator's `sqlite3` that holds it: each write fails in words, none is half done.
  @Test func everyWriteOnALockedDatabase() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1))))
    let other = try Connection(path: folder.ledger, .readWrite)
    try other.run("BEGIN IMMEDIATE")
    async let closed = store.write(id(1), .closed(.exited, error: nil, verified: nil, at: at(1)), now: at(1))
    async let reported = store.write(id(2), .reported(record(id(2)), gate: .report), now: at(1))
    async let marked = store.mark([], now: at(1))
    async let forgotten = store.forget(beyond: .seconds(1), now: at(1))
    for result in await [closed, reported, marked, forgotten] {
      guard case .failure(let failure) = result else {
        Issue.record("it was written")
        continue
      }
      #expect(failure.message.contains("another program holds the database"), "\(failure.message)")
    }
    #expect(try folder.history().map(\.outcome) == [.open])
    try other.run("ROLLBACK")
    try await store.put(id(1), .closed(.exited, error: nil, verified: nil, at: at(1)), at(1))
    #expect(try folder.history().map(\.outcome) == [.closed(.exited)])
  }

  @Test func aProgramThatHoldsTheDatabase() async throws {
    let folder = try Folder()
    let store = try folder.store()
    let other = try Connection(path: folder.ledger, .readWrite)
    try other.run("BEGIN IMMEDIATE")
    let message = try await store.refuse(id(1), .intent(record(id(1))))
    #expect(message.contains("another program holds the database"), "\(message)")
    // People can still read.
    #expect(try folder.history() == [])
    try other.run("ROLLBACK")
    try await store.put(id(1), .intent(record(id(1))))
  }
}
