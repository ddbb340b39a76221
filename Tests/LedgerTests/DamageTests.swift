import Glibc
import GuestWatchCore
import Testing

@testable import Ledger

/// A ledger that cannot be used is refused in clear words, and left as it is.
@Suite struct DamageTests {
  /// A sound, closed ledger of some pages.
  private func ledger(rows: UInt32 = 40) async throws -> Folder {
    let folder = try Folder()
    let store = try folder.store()
    for number in 1...rows {
      let command = GuestText(String(repeating: "x", count: 2000))
      try await store.put(id(number), .intent(record(id(number), command: command)))
    }
    store.close()
    return folder
  }

  private func expectRefused(_ folder: Folder, _ words: String, _ place: SourceLocation = #_sourceLocation) throws {
    let before = try contents(of: folder.ledger)
    let error = refusal(place) { () throws(LedgerError) in _ = try folder.store() }
    #expect(error?.exitStatus == 73, sourceLocation: place)
    let text = error?.description ?? ""
    #expect(text.contains(words) && text.contains(folder.ledger), "\(text)", sourceLocation: place)
    #expect(try contents(of: folder.ledger) == before, sourceLocation: place)
    // The lock was given back.
    #expect(try run(["flock", "--nonblock", folder.state + "/lock", "true"]) == 0, sourceLocation: place)
  }

  @Test func empty() async throws {
    let folder = try await ledger()
    try put([], in: folder.ledger)
    try expectRefused(folder, "is damaged (it is empty)")
    #expect(refusal { () throws(LedgerError) in _ = try folder.history() }?.exitStatus == 73)
  }

  @Test(arguments: [1, 50, 99, 100, 2048, 4096, 20_000]) func truncated(_ size: Int) async throws {
    let folder = try await ledger()
    try put(Array(try contents(of: folder.ledger).prefix(size)), in: folder.ledger)
    try expectRefused(folder, "is damaged (")
  }

  @Test func garbage() async throws {
    let folder = try await ledger()
    try put((0..<8192).map { UInt8(truncatingIfNeeded: $0 &* 31) }, in: folder.ledger)
    try expectRefused(folder, "is damaged (")
    let error = refusal { () throws(LedgerError) in _ = try folder.history() }
    #expect(error?.exitStatus == 73)
    #expect(error?.description.contains("is damaged (") == true)
  }

  @Test func garbledPages() async throws {
    let folder = try await ledger()
    var bytes = try contents(of: folder.ledger)
    for place in 4096..<(bytes.count - 4096) { bytes[place] ^= 0x5a }
    try put(bytes, in: folder.ledger)
    try expectRefused(folder, "is damaged (")
  }

  @Test func damageBesideALogIsNotWrittenOver() async throws {
    let folder = try await ledger()
    let store = try folder.store()
    try await store.put(id(99), .intent(record(id(99))))
    let (file, log) = (try contents(of: folder.ledger), try contents(of: folder.log))
    let dead = try Folder()
    try #require(mkdir(dead.state, 0o700) == 0)
    try put(Array(file.prefix(20_000)), in: dead.ledger)
    try put(log, in: dead.log)
    try expectRefused(dead, "is damaged (")
    #expect(try contents(of: dead.log) == log)
  }

  @Test func aLogWithoutItsLedger() async throws {
    let folder = try await ledger()
    let store = try folder.store()
    try await store.put(id(99), .intent(record(id(99))))
    let log = try contents(of: folder.log)
    let other = try Folder()
    try #require(mkdir(other.state, 0o700) == 0)
    try put(log, in: other.log)
    let error = refusal { () throws(LedgerError) in _ = try other.store() }
    #expect(error?.description.contains("is missing") == true)
    #expect(access(other.ledger, F_OK) != 0)
    #expect(try contents(of: other.log) == log)
  }

  @Test func anEmptyLogIsNone() async throws {
    let folder = try await ledger(rows: 1)
    #expect(try folder.history().count == 1)
    try put([], in: folder.log)
    try #require(unlink(folder.ledger) == 0)
    #expect(try folder.store().life == 1)
  }

  @Test func notALedger() throws {
    let folder = try Folder()
    try #require(mkdir(folder.state, 0o700) == 0)
    try #require(try run(["cp", try someDatabase(folder), folder.ledger]) == 0)
    try expectRefused(folder, "but not a ledger of guestwatchd")
  }

  /// A SQLite database of somebody else's: a ledger without its mark.
  private func someDatabase(_ folder: Folder) throws -> String {
    let other = folder.path + "/other"
    let store = try LedgerStore.open(stateDirectory: other, now: at(0), bootID: "boot-a")
    _ = try store.number("PRAGMA application_id = 7")
    store.close()
    return other + "/ledger.db"
  }

  @Test func notAFile() throws {
    let folder = try Folder()
    try #require(mkdir(folder.state, 0o700) == 0 && symlink("/dev/null", folder.ledger) == 0)
    let error = refusal { () throws(LedgerError) in _ = try folder.store() }
    #expect(error?.description.contains("is not a plain file") == true)
  }

  @Test func aNewerSchemaIsRefused() async throws {
    let folder = try await ledger()
    let store = try folder.store()
    _ = try store.number("PRAGMA user_version = 99")
    store.close()
    try expectRefused(folder, "written by a newer guestwatchd (schema 99")
    let error = refusal { () throws(LedgerError) in _ = try folder.history() }
    #expect(error?.description.contains("newer guestwatchd") == true)
  }

  @Test func aSchemaWithoutAVersionIsDamage() async throws {
    let folder = try await ledger()
    let store = try folder.store()
    _ = try store.number("PRAGMA user_version = 0")
    store.close()
    try expectRefused(folder, "is damaged (its schema has no version)")
  }

  @Test func aWordOfNobodyIsDamage() async throws {
    let folder = try await ledger(rows: 1)
    let store = try folder.store()
    _ = try store.number("UPDATE kills SET action = 'praise'")
    let words = "a row holds an action that this version does not know"
    #expect(
      refusal { () throws(LedgerError) in _ = try store.restored(now: at(0)) }?.description.contains(words) == true)
    #expect(refusal { () throws(LedgerError) in _ = try folder.history() }?.description.contains(words) == true)
  }

  @Test func noLedgerAtAll() throws {
    let folder = try Folder()
    let error = refusal { () throws(LedgerError) in _ = try folder.history() }
    #expect(error?.exitStatus == 73)
    #expect(error?.description.contains("there is no ledger in \(folder.state)") == true)
    // Reading makes nothing.
    #expect(access(folder.state, F_OK) != 0)
  }
}
