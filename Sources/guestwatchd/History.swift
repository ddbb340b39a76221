import ArgumentParser
import Glibc
import GuestWatchCore
import GuestWatchDaemon
import Ledger
import RuleFiles

/// `guestwatchd history`: what the ledger holds, for people and for programs.
struct History: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what was killed or reported, when, why and how it ended (newest last).",
    discussion: """
      Reads the ledger in the state directory; it works beside a running daemon, without one, and with a broken \
      configuration. What is only reported is one row a day for each rule, VM and process name, with its count.

      --would says for each rule and VM what the rule would have killed while its action was report, or in dry run: how \
      often, from when to when, and which processes. A rule whose text was changed since is shown as RULE@DIGITS, the \
      beginning of its rule_hash. --follow shows the newest rows and then goes on: each new row, and each open one again \
      when it is closed, until it is interrupted or nobody reads any more.
      """)

  @Option(
    help: "Taken for the sake of the other commands; history does not read the configuration.", completion: .file())
  var config = Surroundings.installedMain

  @Option(
    help: "The state directory (default: $STATE_DIRECTORY, else /var/lib/guestwatchd).", completion: .directory)
  var state: String?

  @Option(help: "Show the newest so many rows; 0 shows all (default: 50; --would: 0).")
  var limit: Int?

  @Option(
    help: "Only rows decided since then: how long ago (2h30m, 7d) or when in UTC (2026-11-21, 2026-11-21T21:36).")
  var since: String?

  @Option(help: "Only rows of this VM: its exact name or managed object id.")
  var vm: String?

  @Option(help: "Only rows of this rule.")
  var rule: String?

  @Option(
    help: "Only rows with this outcome (\(HistoryOutcome.all.map(\.word).joined(separator: ", "))).",
    completion: .list(HistoryOutcome.all.map(\.word)))
  var outcome: String?

  @Flag(help: "One JSON object a line instead of a table.")
  var json = false

  @Flag(help: "What each rule in report mode or dry run would have killed, by rule and VM.")
  var would = false

  @Flag(help: "Go on: show each new row, and each that is closed, as it comes.")
  var follow = false

  func validate() throws {
    guard !(would && follow) else { throw ValidationError("--would and --follow cannot be asked for together") }
    guard !(would && outcome != nil) else {
      throw ValidationError("--would is about reported rows only; leave --outcome away")
    }
    guard limit ?? 0 >= 0 else { throw ValidationError("--limit must be 0 (all rows) or more") }
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
      outcome: outcome.flatMap { HistoryOutcome($0) }, limit: limit ?? (would ? 0 : 50))
    let output = StandardOutput()
    do throws(LedgerError) {
      if follow { return try showAndFollow(filter, output) }
      if would { try showWould(filter, output) } else { try show(filter, output) }
    } catch {
      output.flush()
      complain("guestwatchd: \(error)")
      throw ExitCode(error.exitStatus)
    }
    guard output.flush() else { throw ExitCode.failure }
  }

  private func show(_ filter: HistoryFilter, _ output: StandardOutput) throws(LedgerError) {
    if json {
      return try HistoryReader.forEach(stateDirectory: stateDirectory, filter: filter) { output.line($0.json) }
    }
    let table = HistoryTable(width: terminalWidth())
    // The titles come when it is known that the ledger can be read; alone, they say that it has no such row.
    var waiting: String? = table.header
    try HistoryReader.forEach(stateDirectory: stateDirectory, filter: filter) { row in
      waiting.take().map(output.line)
      output.line(table.line(row))
    }
    waiting.map(output.line)
  }

  private func showWould(_ filter: HistoryFilter, _ output: StandardOutput) throws(LedgerError) {
    let table = WouldTable(width: terminalWidth())
    // As in `show`.
    var waiting: String? = json ? nil : table.header
    try HistoryReader.forEachWould(stateDirectory: stateDirectory, filter: filter) { kill in
      waiting.take().map(output.line)
      output.line(json ? kill.json : table.line(kill))
    }
    waiting.map(output.line)
  }

  /// A quarter of a second behind the daemon at most; a look costs next to nothing where nothing was written.
  private static let followEvery: Int32 = 250

  private func showAndFollow(_ filter: HistoryFilter, _ output: StandardOutput) throws(LedgerError) {
    let patience = Patience()
    var follower = HistoryFollower(stateDirectory: stateDirectory, filter: filter)
    let table = HistoryTable(width: terminalWidth())
    var waiting: String? = json ? nil : table.header
    while true {
      let rows = try follower.next()
      waiting.take().map(output.line)
      for row in rows { output.line(json ? row.json : table.line(row)) }
      // Whoever has seen enough closes the pipe, or interrupts: both are an end, no failure.
      guard output.flush(), patience.wait(milliseconds: Self.followEvery) else { return }
    }
  }

  private var stateDirectory: String { StateDirectory.path(state) }
}

/// Unix nanoseconds.
private func wallClock() -> Int64 {
  var now = timespec()
  clock_gettime(CLOCK_REALTIME, &now)
  return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
}
