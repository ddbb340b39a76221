import ArgumentParser
import Glibc
import GuestWatchDaemon
import Ledger

/// `guestwatchd status`: what the running daemon knows; without one, what the ledger holds.
struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what the running daemon watches, what it is about to do, and what keeps it from doing so.",
    discussion: """
      vCenters, guest logins that were refused, pauses, budgets, open kills, every process that a rule matches with its \
      age and when it is due (or what keeps it alive), every VM that is not watched with the reason, and the last warnings \
      and errors.

      Without a daemon it says so, shows the kills that are open and the newest rows of the ledger, and exits with 69.
      """)

  @Flag(help: "One JSON object a line; \"is\" says of what.")
  var json = false
  @OptionGroup var place: Place

  /// As many as fit a terminal.
  private static let rows = 10

  func run() throws {
    let output = StandardOutput()
    let reply: ControlClient.Reply
    do throws(ControlClient.NoAnswer) { reply = try place.ask(.status) } catch {
      complain("guestwatchd: \(error); this is what the ledger holds")
      showLedger(output)
      output.flush()
      throw ExitCode(EX_UNAVAILABLE)
    }
    guard reply.isDone else {
      complain("guestwatchd: \(reply.message)")
      throw ExitCode(reply.status.rawValue)
    }
    let lines = json ? reply.lines : StatusText.lines(reply.lines, width: terminalWidth())
    for line in lines { output.line(line) }
    guard output.flush() else { throw ExitCode.failure }
  }

  /// Kills that are open, then the newest rows.
  private func showLedger(_ output: StandardOutput) {
    let table = HistoryTable(width: terminalWidth())
    do throws(LedgerError) {
      let open = try HistoryReader.rows(
        stateDirectory: place.stateDirectory, filter: HistoryFilter(outcome: .open))
      let last = try HistoryReader.rows(
        stateDirectory: place.stateDirectory, filter: HistoryFilter(limit: Status.rows))
      if json {
        for row in open + last.filter({ !open.contains($0) }) { output.line(row.json) }
        return
      }
      output.line("kills open: \(open.count); they are resolved by looking when the daemon starts")
      for row in open { output.line(table.line(row)) }
      output.line("")
      output.line(table.header)
      for row in last { output.line(table.line(row)) }
    } catch {
      complain("guestwatchd: \(error)")
    }
  }
}
