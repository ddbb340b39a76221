import GuestWatchCore
import Testing

@testable import Ledger

/// The schema grows forward, each step whole.
@Suite struct SchemaTests {
  private let next =
    "CREATE TABLE samples (id INTEGER PRIMARY KEY) STRICT; ALTER TABLE kills ADD COLUMN mourned_by TEXT;"

  @Test func aLaterVersionTakesTheRowsOver() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1))))
    store.close()
    let steps = Schema.steps + [next]
    let connection = try LedgerFile.openForWriting(StateFiles(directory: folder.state), wall: evening, steps: steps)
    #expect(try Schema.version(of: connection) == steps.count)
    #expect(try connection.number("SELECT count(*) FROM kills WHERE mourned_by IS NULL") == 1)
    #expect(try connection.number("PRAGMA application_id") == Schema.applicationID)
    // And this version refuses it.
    let error = refusal { () throws(LedgerError) in _ = try folder.store() }
    #expect(error?.description.contains("newer guestwatchd (schema \(steps.count)") == true)
  }

  @Test func aStepThatFailsLeavesTheVersionBefore() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1))))
    store.close()
    let error = refusal { () throws(LedgerError) in
      _ = try LedgerFile.openForWriting(
        StateFiles(directory: folder.state), wall: evening,
        steps: Schema.steps + ["CREATE TABLE half (id INTEGER); CREATE NONSENSE;"])
    }
    #expect(error?.exitStatus == 73)
    #expect(try folder.store(at(5)).restored(now: at(5)).open.count == 1)
  }

  @Test func aNewLedgerIsSound() throws {
    let folder = try Folder()
    let store = try folder.store()
    #expect(try store.number("SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1)
    #expect(try store.number("SELECT journal_mode = 'wal' FROM pragma_journal_mode") == 1)
    #expect(try store.number("PRAGMA foreign_keys") == 1)
  }
}
