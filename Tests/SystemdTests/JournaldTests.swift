import Foundation
import Glibc
import GuestWatchCore
import Testing

@testable import Systemd

/// What is written while a journald of our own listens, and what it then holds.
private enum Scene {
  /// Set for the process that writes under `with-journald.sh`.
  static let inside = "GUESTWATCH_TEST_INSIDE_JOURNALD"

  static let plain = JournalEntry(
    MessageID(.killed), .notice, "killed \"spin\"",
    fields: JournalEntry.Name.allCases.map { JournalEntry.Field($0, "value of \($0.rawValue)") })
  static let forged = LineTests.forgeries.map { name in
    JournalEntry(
      MessageID(.spared), .warning, "spared \(name)", fields: [.init(.event, "spared"), .init(.process, name)])
  }
  static let long = JournalEntry(
    MessageID(.waiting), .error, String(repeating: "ü", count: 10_000),
    fields: [.init(.vmName, String(repeating: "日", count: 10_000))])
}

extension Scene {
  /// More than the queue and the socket's buffer hold.
  static let burst = 3000
  static let small = JournalEntry(MessageID(.killed), .notice, "one of many", fields: [])
}

/// Runs in a process of its own under `with-journald.sh`, started by `JournaldTests`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment[Scene.inside] != nil, "only under with-journald.sh"))
struct InsideJournald {
  @Test func writes() throws {
    let destination = try LogDestination.decide(asked: nil, environment: ProcessInfo.processInfo.environment)
    #expect(destination == .journal(prefixed: true), "stderr is the journal's stream, so entries go to the journal")
    let writer = try JournalWriter(to: destination)
    for entry in [Scene.plain] + Scene.forged + [Scene.long] { writer.write(entry) }
    #expect(writer.flush(within: .seconds(20)))
    // The stream takes prefixes off again.
    let lines = try JournalWriter(
      to: LogDestination.decide(asked: .stderr, environment: ProcessInfo.processInfo.environment))
    lines.write(Scene.plain)
    #expect(lines.flush(within: .seconds(20)))
  }

  @Test func outlivesAStuckJournal() throws {
    let environment = ProcessInfo.processInfo.environment
    let journald = try #require(environment["GUESTWATCH_JOURNALD_PID"].flatMap(pid_t.init))
    let writer = try JournalWriter(to: LogDestination.decide(asked: .journal, environment: environment))
    try #require(kill(journald, SIGSTOP) == 0)
    defer { kill(journald, SIGCONT) }
    for _ in 0..<Scene.burst { writer.write(Scene.small) }
    #expect(!writer.flush(within: .milliseconds(50)))
    let backlog = writer.backlog
    // The first few are in the socket's buffer.
    #expect(backlog.waiting > JournalWriter.capacity / 2 && backlog.waiting <= JournalWriter.capacity)
    #expect(backlog.dropped > 0)
    kill(journald, SIGCONT)
    #expect(writer.flush(within: .seconds(20)))
    #expect(writer.backlog == (waiting: 0, dropped: 0))
  }
}

@Suite(
  .enabled(
    if: geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/lib/systemd/systemd-journald"),
    "needs root and systemd-journald"),
  .disabled(if: ProcessInfo.processInfo.environment[Scene.inside] != nil))
struct JournaldTests {
  /// A journal entry as `journalctl --output=json` shows it; a value is nil where it is not one text.
  private typealias Row = [String: String?]

  private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Systemd/with-journald.sh")

  /// Has a test of `InsideJournald` write; what journald then holds of ours.
  private func journal(after test: String) throws -> [Row] {
    let out = FileManager.default.temporaryDirectory.appending(path: "guestwatchd-test-\(getpid())-\(test).json")
    defer { try? FileManager.default.removeItem(at: out) }
    let process = Foundation.Process()
    process.executableURL = JournaldTests.script
    process.arguments = [
      out.path, try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
      "--testing-library", "swift-testing", "--filter", "InsideJournald/\(test)",
    ]
    process.environment = ProcessInfo.processInfo.environment.merging([Scene.inside: "1"]) { $1 }
    try process.run()
    process.waitUntilExit()
    let rows: [Row] = try String(contentsOf: out, encoding: .utf8).split(separator: "\n").map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
      return try #require(object as? [String: Any]).mapValues { $0 as? String }
    }
    // What the other process said on stderr is in the journal too.
    let said = rows.filter { $0["_TRANSPORT"] == "stdout" }.compactMap { $0["MESSAGE"] ?? nil }
    try #require(process.terminationStatus == 0, "\(said.joined(separator: "\n"))")
    return rows
  }

  @Test func whatWasWrittenIsInTheJournalAndNothingElse() throws {
    let rows = try journal(after: "writes")
    let ours = rows.filter { $0["_TRANSPORT"] == "journal" && $0["SYSLOG_IDENTIFIER"] == "guestwatchd" }
    let entries = [Scene.plain] + Scene.forged + [Scene.long]
    try #require(ours.count == entries.count)
    for (row, entry) in zip(ours, entries) {
      // journald's own begin with "_"; libsystemd adds nothing to ours.
      let fields = row.filter { !$0.key.hasPrefix("_") }
      var expected: Row = [
        "MESSAGE": entry.message, "MESSAGE_ID": entry.messageID.description,
        "PRIORITY": String(entry.priority.rawValue), "SYSLOG_IDENTIFIER": "guestwatchd",
      ]
      for field in entry.fields { expected[field.name.rawValue] = field.value }
      #expect(fields == expected)
    }
    let streamed = rows.filter { $0["_TRANSPORT"] == "stdout" && $0["MESSAGE"] == Scene.plain.message }
    #expect(streamed.map { $0["PRIORITY"] } == ["5"])
  }

  @Test func whatAStuckJournalDidNotTakeIsCountedInIt() throws {
    let messages = try journal(after: "outlivesAStuckJournal").filter { $0["SYSLOG_IDENTIFIER"] == "guestwatchd" }
      .compactMap { $0["MESSAGE"] ?? nil }
    let taken = messages.count { $0 == Scene.small.message }
    let dropped = messages.filter { $0 != Scene.small.message }.compactMap { $0.split(separator: " ").first }
      .compactMap { Int($0) }
    #expect(taken >= JournalWriter.capacity)
    #expect(dropped.count == 1)
    #expect(taken + dropped.reduce(0, +) == Scene.burst)
  }
}
