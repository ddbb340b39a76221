import ArgumentParser
import Glibc
import GuestWatchDaemon
import RuleFiles

/// `guestwatchd check`: says what is wrong with the configuration, or what was read.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Reads the configuration and every rule file and lists all mistakes.",
    discussion: """
      Mistakes go to stderr as FILE:LINE:COLUMN, on a terminal with the line they are about. Exit status 0 if the service \
      would start with these files, 78 if not. Warnings change nothing.
      """
  )

  @Option(help: ArgumentHelp("The main file.", valueName: "file"), completion: .file())
  var config = Surroundings.installedMain

  @Flag(help: "One JSON object a line on stdout: every mistake with its code, then a summary.")
  var json = false

  @Flag(name: .customLong("no-secrets"), help: "Open no secret file or credential; all else is checked.")
  var noSecrets = false

  func run() throws {
    // It reads every password, as the service does.
    keepMemoryToItself()
    var surroundings = Surroundings.ofThisProcess(.check)
    surroundings.opensSecrets = !noSecrets
    let report = CheckReport(config: config, result: loadRuleFiles(main: config, surroundings: surroundings))
    if !json { writeDiagnostics(report.result) }
    let output = StandardOutput()
    for line in (json ? report.json : report.text) ?? [] { output.line(line) }
    let isWritten = output.flush()
    if report.result.loaded == nil { throw ExitCode(EX_CONFIG) }
    guard isWritten else { throw ExitCode.failure }
  }
}

/// Every mistake to stderr; on a terminal with the line that it is about.
func writeDiagnostics(_ result: LoadResult) {
  let isTerminal = isatty(STDERR_FILENO) == 1
  let lines =
    isTerminal ? result.linesWithSource(width: terminalWidth(of: STDERR_FILENO)) : result.diagnostics.map(\.description)
  // With nobody there to read, the exit status says what is left to say.
  _ = writeAll(lines.flatMap { Array("\($0)\n".utf8) }, to: STDERR_FILENO)
}
