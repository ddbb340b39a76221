import Glibc
import GuestWatchCore
import Testing

@testable import Ledger

/// What is written comes back as it was.
@Suite struct RoundTripTests {
  static let reasons: [Reason] = [
    .tooOld(limit: .seconds(7200), proven: .seconds(7201), claimed: .seconds(-5)),
    .tooMany(limit: 2, count: 9, place: 3),
    .forbidden,
  ]

  @Test(arguments: reasons) func intent(_ reason: Reason) async throws {
    let folder = try Folder()
    let store = try folder.store()
    let written = record(id(1), reason: reason)
    try await store.put(id(1), .intent(written))
    let restored = try store.restored(now: at(60))
    #expect(restored.open == [Restored.OpenKill(record: written, age: .seconds(60), answer: nil)])
    #expect(
      restored.rows == [
        Restored.Row(
          id: id(1), rule: written.cause.rule, vm: written.vm, process: written.process, login: written.login,
          age: .seconds(60), outcome: nil, closedAge: nil)
      ])
    #expect(restored.life == 1)
  }

  @Test func recordWithEverythingUnusual() async throws {
    let folder = try Folder()
    let store = try folder.store()
    var written = record(id(1))
    written.action = .report
    written.dryRun = true
    written.confirmed = nil
    written.anchors = []
    written.process.finished = .min
    written.process.pid = .max
    written.process.started = .min
    written.process.command = GuestText(String(repeating: "x", count: 5000))
    written.process.owner = GuestText("", doubtful: true)
    try await store.put(id(1), .intent(written))
    #expect(try store.restored(now: at(1)).open.map(\.record) == [written])
  }

  static let answers: [KillAnswer] = [
    .done, .notFound, .notBegun(fault), .denied(fault), .ambiguous(fault), .notSent(fault), .unanswered,
  ]

  @Test(arguments: answers) func answer(_ answer: KillAnswer) async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1))))
    try await store.put(id(1), .answered(timing(), answer), at(6))
    #expect(try store.restored(now: at(60)).open.map(\.answer) == [answer])
    let row = try #require(try folder.history().first)
    #expect(row.sent?.wall == at(1).wall)
    let came =
      switch answer {
      case .done, .notFound, .notBegun, .denied, .ambiguous: true
      case .notSent, .unanswered: false
      }
    #expect(row.answered?.wall == (came ? at(6).wall : nil))
    #expect(row.outcome == .open)
  }

  @Test func theLastAnswerCountsWhileOpen() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1))))
    try await store.put(id(1), .answered(timing(at(1), at(61)), .unanswered), at(61))
    try await store.put(id(1), .answered(timing(at(1), at(70)), .done), at(70))
    #expect(try store.restored(now: at(80)).open.map(\.answer) == [.done])
    #expect(try folder.history().map(\.answered?.wall) == [at(70).wall])
  }

  @Test(arguments: Outcome.allCases) func outcome(_ outcome: Outcome) async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1))))
    try await store.put(id(1), .answered(timing(), .done), at(6))
    try await store.put(id(1), .closed(outcome, error: fault, verified: at(7), at: at(8)), at(8))
    let restored = try store.restored(now: at(100))
    #expect(restored.open == [])
    #expect(restored.rows.map(\.outcome) == [outcome])
    #expect(restored.rows.map(\.age) == [.seconds(100)])
    #expect(restored.rows.map(\.closedAge) == [.seconds(92)])
    #expect(
      try folder.history() == [
        HistoryRow(
          id: id(1), cause: .rule(RuleID("stuck-backup"), .forbidden),
          ruleDescription: "The nightly agent never needs two hours.", vcenter: VCenterID("lab"), moid: "vm-42",
          vmName: "db-07",
          vm: VMKey(vcenter: "vc-uuid", instance: "vm-uuid"), login: LoginID("linux"), pid: 4242, name: "bkagent",
          owner: "backup", started: 1_795_200_000, command: "", action: .terminate, dryRun: false, gate: nil,
          outcome: .closed(outcome), error: fault, origin: Origin(), version: nil, count: 1, first: at(0).wall,
          mixed: false, bootID: "boot-a", closedBootID: "boot-a", decided: at(0).wall,
          confirmed: HistoryRow.Moment(wall: at(0).wall + 5_000_000, after: .zero), recorded: moment(0),
          sent: moment(1), answered: moment(6), verified: moment(7), closed: moment(8))
      ])
  }

  private func moment(_ seconds: Int64) -> HistoryRow.Moment {
    HistoryRow.Moment(wall: at(seconds).wall, after: .seconds(seconds))
  }

  @Test(arguments: [Gate.report, .dryRun]) func report(_ gate: Gate) async throws {
    let folder = try Folder()
    let store = try folder.store()
    var written = record(id(1))
    written.confirmed = nil
    written.dryRun = gate == .dryRun
    try await store.put(id(1), .reported(written, gate: gate))
    // It counts against nothing and is not open.
    var restored = try store.restored(now: at(9))
    restored.commandKey = nil
    #expect(restored == Restored(life: 1))
    let row = try #require(try folder.history().first)
    #expect(row.outcome == .reported)
    #expect(row.dryRun == (gate == .dryRun))
  }

  static let hostile = [
    "", "'); DROP TABLE kills; --", "a\0b", "\u{1b}[2J\u{202e}gpj.exe", "e\u{301} \u{e9}", "\u{fffd}\u{10ffff}",
    "\"\\\n\r\t", String(repeating: "\u{1f4a9}", count: 1024),
  ]

  @Test(arguments: hostile) func hostileText(_ text: String) async throws {
    let folder = try Folder()
    let store = try folder.store()
    var written = record(
      id(1), vmName: text, name: GuestText(text), owner: GuestText(text), command: GuestText(text))
    written.ruleDescription = text
    try await store.put(id(1), .intent(written))
    try await store.put(id(1), .answered(timing(), .ambiguous(Fault(.unknown, code: text, detail: text))), at(6))
    let open = try #require(try store.restored(now: at(9)).open.first)
    #expect(open.record == written)
    #expect(Array(open.record.vmName.utf8) == Array(text.utf8))
    #expect(Array(open.record.process.command.value.utf8) == Array(text.utf8))
    #expect(open.answer == .ambiguous(Fault(.unknown, code: text, detail: text)))
    // The filter takes the same text.
    #expect(try folder.history(HistoryFilter(vm: text)).map(\.vmName) == [text])
  }

  @Test func fileIsOnlyOurs() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1))))
    for path in [folder.ledger, folder.log, folder.state + "/lock"] {
      var found = stat()
      try #require(stat(path, &found) == 0)
      #expect(found.st_mode & 0o777 == 0o600)
    }
    var found = stat()
    try #require(stat(folder.state, &found) == 0)
    #expect(found.st_mode & 0o777 == 0o700)
  }
}
