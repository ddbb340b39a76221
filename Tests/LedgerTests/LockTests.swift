import Glibc
import GuestWatchCore
import Testing

@testable import Ledger

/// S6: one daemon per state directory.
@Suite struct LockTests {
  @Test func aSecondOpenIsHeld() throws {
    let folder = try Folder()
    let store = try folder.store()
    let error = refusal { () throws(LedgerError) in _ = try folder.store() }
    #expect(error == .held(directory: folder.state, by: "process \(getpid())"))
    #expect(error?.exitStatus == 75)
    #expect(store.life == 1)
    store.close()
    // The refused one counted no life.
    #expect(try folder.store().life == 2)
  }

  @Test func anotherProcessIsKeptOut() throws {
    let folder = try Folder()
    let store = try folder.store()
    #expect(try run(["flock", "--nonblock", folder.state + "/lock", "true"]) == 1)
    store.close()
    #expect(try run(["flock", "--nonblock", folder.state + "/lock", "true"]) == 0)
  }

  @Test func anotherProcessKeepsUsOut() throws {
    let folder = try Folder()
    try #require(mkdir(folder.state, 0o700) == 0)
    let channel = try makeChannel()
    // Says a word when it has the lock, and holds it until its input ends.
    let child = try spawn(["flock", folder.state + "/lock", "sh", "-c", "echo; cat"], channel: channel.theirs)
    close(channel.theirs)
    var byte: UInt8 = 0
    #expect(read(channel.ours, &byte, 1) == 1)
    let error = refusal { () throws(LedgerError) in _ = try folder.store() }
    #expect(error == .held(directory: folder.state, by: nil))
    #expect(access(folder.ledger, F_OK) != 0)
    close(channel.ours)
    var status: Int32 = 0
    #expect(waitpid(child, &status, 0) == child)
    #expect(try folder.store().life == 1)
  }

  @Test func childrenDoNotInheritTheLock() throws {
    let folder = try Folder()
    let store = try folder.store()
    let channel = try makeChannel()
    let child = try spawn(["cat"], channel: channel.theirs)
    close(channel.theirs)
    store.close()
    #expect(try folder.store().life == 2)
    close(channel.ours)
    var status: Int32 = 0
    #expect(waitpid(child, &status, 0) == child)
  }

  @Test(arguments: ["lock", "ledger.db"]) func nothingIsWrittenToAFileThatWasRemoved(_ name: String) async throws {
    let folder = try Folder()
    let store = try folder.store()
    let path = folder.state + "/" + name
    try #require(rename(path, path + ".away") == 0)
    #expect(try await store.refuse(id(1), .intent(record(id(1)))).contains("moved, removed or replaced"))
    try put([], in: path)
    #expect(try await store.refuse(id(1), .intent(record(id(1)))).contains("moved, removed or replaced"))
    // Put back, all is as before.
    try #require(rename(path + ".away", path) == 0)
    try await store.put(id(1), .intent(record(id(1))))
  }

  @Test func oneFolderIsMadeButNoTree() throws {
    let folder = try Folder()
    let error = refusal { () throws(LedgerError) in
      _ = try LedgerStore.open(stateDirectory: folder.path + "/no/such", now: at(0), bootID: "boot-a")
    }
    #expect(error?.exitStatus == 73)
    #expect(error?.description.contains("No such file or directory") == true)
    #expect(try LedgerStore.open(stateDirectory: folder.path + "/one/", now: at(0), bootID: "boot-a").life == 1)
  }

  @Test("Root, where the directory is the service's, leaves it all that it made", .enabled(if: geteuid() == 0))
  func rootLeavesTheFiles() async throws {
    let folder = try Folder()
    try #require(mkdir(folder.state, 0o700) == 0 && chown(folder.state, 12_345, 23_456) == 0)
    let store = try folder.store()
    try require(await store.mark([], now: at(1)))
    for name in ["lock", "ledger.db", "ledger.db-wal", "ledger.db-shm"] {
      var found = stat()
      try #require(lstat(folder.state + "/" + name, &found) == 0, "\(name)")
      #expect(found.st_uid == 12_345 && found.st_gid == 23_456 && found.st_mode & 0o777 == 0o600, "\(name)")
    }
    store.close()
  }
}
