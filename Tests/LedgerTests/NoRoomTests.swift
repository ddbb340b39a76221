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
