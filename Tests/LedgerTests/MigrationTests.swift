import GuestWatchCore
import Testing

@testable import Ledger

/// Files of released versions, with rows as those versions wrote them.
@Suite struct MigrationTests {
  private static let columns = """
    life, number, rule, rule_description, action, dry_run, reason, vcenter, vcenter_uuid, vm_uuid, moid, vm_name, login,
    pid, started, owner, owner_doubtful, name, name_doubtful, command, command_doubtful, anchors, decided_wall,
    decided_clock, confirmed_wall, confirmed_clock, boot, decided_running, written_wall, written_clock, written_running,
    gate, outcome, closed_boot, closed_wall, closed_clock, closed_running
    """

  private static func row(_ number: Int, gate: String = "NULL", outcome: String = "NULL", closed: Int64? = nil)
    -> String
  {
    let decided = at(Int64(number))
    let (wall, clock) = (decided.wall, decided.continuous.nanoseconds)
    let running = clock - at(0).continuous.nanoseconds
    let end = closed.map { "1, \(wall + $0), \(clock + $0), \(running + $0)" } ?? "NULL, NULL, NULL, NULL"
    return """
      INSERT INTO kills (\(columns)) VALUES (1, \(number), 'stuck-backup',
        CAST('The nightly agent never needs two hours.' AS BLOB), 'terminate', 0, 'forbidden', 'lab', 'vc-uuid', 'vm-uuid',
        'vm-42', CAST('db-07' AS BLOB), 'linux', 4242, 1795200000, CAST('backup' AS BLOB), 0, CAST('bkagent' AS BLOB), 0,
        x'', 0, '[[1,1790000000],[7,-3]]', \(wall), \(clock), \(wall + 5_000_000), \(clock), 1, \(running), \(wall),
        \(clock), \(running), \(gate), \(outcome), \(end));
      """
  }

  /// An open kill, one that exited, one that was reported twice, an answer, a memory, a pause and a refusal.
  private static let rows =
    "INSERT INTO boots VALUES (1, 'boot-a', \(at(0).continuous.nanoseconds), \(at(60).continuous.nanoseconds), 0, 0);"
    + "UPDATE counters SET value = 1;" + row(1, outcome: "'exited'", closed: 3_000_000_000) + row(2)
    + row(3, gate: "'report'", outcome: "'reported'", closed: 0)
    + row(4, gate: "'report'", outcome: "'reported'", closed: 0)
      + """
      INSERT INTO answers (kill, boot, answer, first_byte_wall, first_byte_clock, ended_wall, ended_clock, after_outcome)
        VALUES (2, 1, 'done', 5, 1000000000, 6, 2000000000, 0);
      INSERT INTO memories (id, vcenter, instance, boot_time, suspend_time, epoch_running, running)
        VALUES (1, CAST('vc-uuid' AS BLOB), CAST('vm-uuid' AS BLOB), 17, NULL, 5, 9);
      INSERT INTO pauses VALUES (0, 'stuck-backup', NULL, NULL);
      INSERT INTO login_refusals VALUES (CAST('vc-uuid' AS BLOB), CAST('vm-uuid' AS BLOB), 'linux', CAST('bob' AS BLOB), 7, 1, 3);
      """

  private func file(version: Int) throws -> Folder {
    let folder = try Folder()
    let files = StateFiles(directory: folder.state)
    let connection = try {
      try StateLock(files).drop()
      return try LedgerFile.openForWriting(files, wall: evening, steps: Array(Schema.steps.prefix(version)))
    }()
    try connection.runScript(Self.rows)
    return folder
  }

  @Test(arguments: [1, 2, 3]) func everyRowIsTakenOver(_ version: Int) async throws {
    let folder = try file(version: version)
    // The new command reads it before the new daemon has run.
    let before = try folder.history()
    #expect(before.map(\.outcome) == [.closed(.exited), .open, .reported, .reported])
    #expect(try folder.history(HistoryFilter(vm: "db-07", outcome: .open, limit: 9)).map(\.id) == [id(2)])

    let store = try folder.store(at(60))
    #expect(store.life == 2)
    #expect(try store.number("PRAGMA user_version") == Int64(Schema.steps.count))
    #expect(try store.number("SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1)
    #expect(try store.number("SELECT count(*) FROM pragma_foreign_key_check") == 0)
    let restored = try store.restored(now: at(60))
    #expect(restored.open.map(\.record) == [record(id(2), decided: at(2))])
    #expect(restored.open.map(\.answer) == [.done])
    #expect(restored.rows.map(\.id) == [id(1), id(2)] && restored.rows.map(\.outcome) == [.exited, nil])
    #expect(restored.memories.map(\.bootTime) == [17] && restored.pauses.count == 1 && restored.refusals.count == 1)
    #expect(restored.commandKey != nil)
    #expect(try folder.history() == before)
    let old = try #require(before.first)
    #expect(old.origin == Origin() && old.version == nil && old.count == 1 && old.first == old.decided)

    // What was open is closed, what was reported is counted on.
    try await store.put(id(2), .closed(.exited, error: nil, verified: at(61), at: at(61)), at(61))
    try await store.put(
      id(1, life: 2), .reported(record(id(1, life: 2), decided: at(62)), gate: .report), at(62))
    #expect(try folder.history().map(\.outcome) == [.closed(.exited), .closed(.exited), .reported, .reported])
    #expect(try folder.history().last?.count == 2 && folder.history().last?.first == at(4).wall)
    store.close()
    #expect(try folder.store(at(70)).restored(now: at(70)).open == [])
  }

  @Test func releasedStepsAreNeverChanged() {
    // FNV-1a of the texts; a new step adds its own when it is released.
    let sums = Schema.steps.prefix(2).map { step in
      step.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }
    #expect(sums == [8_382_887_468_146_748_425, 220_138_156_348_284_161])
  }
}

extension StateLock {
  /// Gives it back at once: only its folder was wanted.
  fileprivate consuming func drop() {}
}
