import Glibc
import GuestWatchCore
import Testing

@testable import Ledger

/// A damaged ledger is kept as a copy, once for each damage, whatever becomes of the original.
@Suite struct DamagedCopyTests {
  /// A ledger with a log beside it whose last page is cut off.
  private func damaged(_ folder: Folder) async throws {
    let living = try Folder()
    let store = try living.store()
    let command = GuestText(String(repeating: "x", count: 3000))
    for number in 1...40 as ClosedRange<UInt32> {
      try await store.put(id(number), .intent(record(id(number), command: command)))
    }
    store.close()
    let next = try living.store()
    try await next.put(id(99), .intent(record(id(99))))
    try #require(mkdir(folder.state, 0o700) == 0)
    try put(Array(try contents(of: living.ledger).prefix(20_000)), in: folder.ledger)
    try put(try contents(of: living.log), in: folder.log)
    next.close()
  }

  private func copies(_ folder: Folder) throws -> [String] {
    let directory = try #require(opendir(folder.state))
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      names.append(
        withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names.filter { $0.hasPrefix("ledger.db.damaged-") }.sorted()
  }

  private func refuse(_ folder: Folder, at moment: Now) throws -> String {
    let error = refusal { () throws(LedgerError) in _ = try folder.store(moment) }
    #expect(error?.exitStatus == 73)
    return error?.description ?? ""
  }

  @Test func oneCopyForEachDamage() async throws {
    let folder = try Folder()
    try await damaged(folder)
    let (ledger, log) = (try contents(of: folder.ledger), try contents(of: folder.log))
    let text = try refuse(folder, at: at(0))
    let name = "ledger.db.damaged-2026-11-21T210000Z"
    #expect(try copies(folder) == [name, name + "-wal"])
    #expect(text.contains("was left as it is; a copy is kept as \(folder.state)/\(name); restore a backup"), "\(text)")
    #expect(text.contains("move \(folder.ledger) and \(folder.log) away"), "\(text)")
    #expect(try contents(of: folder.state + "/" + name) == ledger)
    #expect(try contents(of: folder.state + "/" + name + "-wal") == log)
    var found = stat()
    #expect(stat(folder.state + "/" + name, &found) == 0 && found.st_mode & 0o777 == 0o600)

    // A service manager tries again and again.
    for second in 1...5 as ClosedRange<Int64> { #expect(try refuse(folder, at: at(second)) == text) }
    #expect(try copies(folder).count == 2)
    #expect(try contents(of: folder.ledger) == ledger)

    // Somebody tries to mend it and makes it worse.
    try put(Array(ledger.prefix(10_000)), in: folder.ledger)
    #expect(try refuse(folder, at: at(0)).contains("\(name)-2"))
    #expect(try copies(folder) == [name, name + "-2", name + "-2-wal", name + "-wal"])
    #expect(try contents(of: folder.state + "/" + name) == ledger)

    // As told: both moved away, a new ledger is made, and the copies stay.
    try #require(unlink(folder.ledger) == 0 && unlink(folder.log) == 0)
    #expect(try folder.store(at(9)).life == 1)
    #expect(try copies(folder).count == 4)
  }

  @Test func aRowThatCannotBeIsDamageToo() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1))))
    _ = try store.number("UPDATE kills SET action = 'praise'")
    let error = refusal { () throws(LedgerError) in _ = try store.restored(now: at(0)) }
    #expect(error?.description.contains("a copy is kept as") == true)
    #expect(try copies(folder).count == 2)
  }

  @Test(.enabled(if: Folder.mayMount, "mounting needs root")) func noRoomForACopy() async throws {
    let folder = try Folder()
    try #require(folder.mountSmall(kilobytes: 512))
    try await damaged(folder)
    var left = statvfs()
    try #require(statvfs(folder.path, &left) == 0)
    let ballast = folder.path + "/ballast"
    // SQLite's shared memory takes 32 KB before it can see the damage.
    try put([UInt8](repeating: 0, count: Int(left.f_bavail * UInt(left.f_bsize)) - (40 << 10)), in: ballast)
    let text = try refuse(folder, at: at(0))
    #expect(text.contains("no copy of it could be kept (\(folder.state)/ledger.db.damaged-"), "\(text)")
    #expect(text.contains("No space left on device, free some space there and start again"), "\(text)")
    // No half of a copy stays.
    #expect(try copies(folder) == [])
    try #require(unlink(ballast) == 0)
    #expect(try refuse(folder, at: at(1)).contains("a copy is kept as"))
    #expect(try copies(folder).count == 2)
  }

  @Test func readingKeepsNoCopy() async throws {
    let folder = try Folder()
    try await damaged(folder)
    #expect(refusal { () throws(LedgerError) in _ = try folder.history() }?.description.contains("is damaged") == true)
    #expect(try copies(folder) == [])
  }

  @Test func aSoundLedgerKeepsNone() async throws {
    let folder = try Folder()
    for _ in 1...3 { try folder.store().close() }
    #expect(try copies(folder) == [])
  }
}
