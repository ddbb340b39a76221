import ArgumentParser
import Glibc
import GuestWatchCore
import Ledger

/// `guestwatchd history`: what the ledger holds, for people and for programs.
struct History: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what was killed or reported, when, why and how it ended (newest last).",
    discussion: """
      Reads the ledger in the state directory; it works beside a running daemon, without one, and with a broken \
      configuration.
      """)

  @Option(help: "Taken for the sake of the other commands; history does not read the configuration.")
  var config = "/etc/guestwatchd/guestwatchd.toml"

  @Option(help: "The state directory (default: $STATE_DIRECTORY, else /var/lib/guestwatchd).")
  var state: String?

  @Option(help: "Show the newest so many rows; 0 shows all.")
  var limit = 50

  @Option(
    help: "Only rows decided since then: how long ago (2h30m, 7d) or when in UTC (2026-11-21, 2026-11-21T21:36).")
  var since: String?

  @Option(help: "Only rows of this VM: its exact name or managed object id.")
  var vm: String?

  @Option(help: "Only rows of this rule.")
  var rule: String?

  @Option(help: "Only rows with this outcome (\(HistoryOutcome.all.map(\.word).joined(separator: ", "))).")
  var outcome: String?

  @Flag(help: "One JSON object a line instead of a table.")
  var json = false

  func validate() throws {
    guard limit >= 0 else { throw ValidationError("--limit must be 0 (all rows) or more") }
    guard outcome.map({ HistoryOutcome($0) != nil }) ?? true else {
      throw ValidationError("--outcome must be one of \(HistoryOutcome.all.map(\.word).joined(separator: ", "))")
    }
    guard since.map({ historySince($0, now: wallClock()) != nil }) ?? true else {
      throw ValidationError("--since must be a duration (2h30m, 7d) or a time in UTC (2026-11-21, 2026-11-21T21:36)")
    }
  }

  func run() throws {
    let filter = HistoryFilter(
      since: since.flatMap { historySince($0, now: wallClock()) }, vm: vm, rule: rule.map { RuleID($0) },
      outcome: outcome.flatMap { HistoryOutcome($0) }, limit: limit)
    let output = StandardOutput()
    do {
      if json {
        try HistoryReader.forEach(stateDirectory: stateDirectory, filter: filter) { output.line($0.json) }
      } else {
        let table = HistoryTable(width: terminalWidth())
        // The titles come when it is known that the ledger can be read; alone, they say that it has no such row.
        var waiting: String? = table.header
        try HistoryReader.forEach(stateDirectory: stateDirectory, filter: filter) { row in
          waiting.take().map(output.line)
          output.line(table.line(row))
        }
        waiting.map(output.line)
      }
    } catch {
      output.flush()
      var message = "guestwatchd: \(error)\n"
      message.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
      throw ExitCode(error.exitStatus)
    }
    guard output.flush() else { throw ExitCode.failure }
  }

  private var stateDirectory: String {
    if let state { return state }
    // systemd gives several, separated by colons, where a unit asks for several; the first is the daemon's.
    if let given = getenv("STATE_DIRECTORY"), given[0] != 0 {
      return String(String(cString: given).prefix { $0 != ":" })
    }
    return "/var/lib/guestwatchd"
  }
}

/// Unix nanoseconds.
private func wallClock() -> Int64 {
  var now = timespec()
  clock_gettime(CLOCK_REALTIME, &now)
  return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
}

/// The columns of the terminal on stdout; `$COLUMNS` where there is none, else 80.
private func terminalWidth() -> Int {
  var size = winsize()
  if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
  return getenv("COLUMNS").flatMap { Int(String(cString: $0)) } ?? 80
}

/// Lines to stdout in large pieces: a million rows are a million lines.
private final class StandardOutput {
  private var waiting: [UInt8] = []
  private var works = true

  func line(_ text: String) {
    waiting += text.utf8
    waiting.append(UInt8(ascii: "\n"))
    if waiting.count >= 64 << 10 { flush() }
  }

  /// False where stdout does not take what was written (a full disk behind `>`).
  @discardableResult
  func flush() -> Bool {
    var rest = waiting[...]
    while works, !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count >= 0 { rest = rest.dropFirst(count) } else if errno != EINTR { works = false }
    }
    waiting.removeAll(keepingCapacity: true)
    return works
  }
}
