import ArgumentParser
import Glibc
import GuestWatchCore
import GuestWatchDaemon
import RuleFiles

/// `guestwatchd check`: says what is wrong with the configuration, or what was read.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Reads the configuration and every rule file and lists all mistakes.",
    discussion: """
      Mistakes go to stderr as FILE:LINE:COLUMN. Exit status 0 if the service would start with these files, 78 if not.
      Warnings change nothing.
      """
  )

  @Option(help: ArgumentHelp("The main file.", valueName: "file"))
  var config = "/etc/guestwatchd/guestwatchd.toml"

  func run() throws {
    // It reads every password, as the service does.
    keepMemoryToItself()
    let result = loadRuleFiles(main: config, surroundings: .ofThisProcess(.check))
    for diagnostic in result.diagnostics { writeToStandardError("\(diagnostic)\n") }
    guard let loaded = result.loaded else { throw ExitCode(EX_CONFIG) }
    print("\(config): \(summary(of: loaded))")
  }

  private func writeToStandardError(_ text: String) {
    var left = Array(text.utf8)[...]
    while !left.isEmpty {
      let count = left.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
      // With nobody there to read, the exit status says what is left to say.
      if count < 0, errno != EINTR { return }
      if count > 0 { left = left.dropFirst(count) }
    }
  }
}

/// One line about what was read: "4 rules in 3 files, 1 vCenter, 2 guest logins".
private func summary(of loaded: LoadedConfiguration) -> String {
  let configuration = loaded.configuration
  let terminating = configuration.rules.count { $0.action == .terminate }
  let parts = [
    "\(counted(configuration.rules.count, "rule")) (\(terminating) may terminate) in \(counted(loaded.files.count, "file"))",
    counted(configuration.vcenters.count, "vCenter"),
    counted(configuration.logins.count, "guest login"),
  ]
  // Only then does it matter, and then an operator wants to see which it is.
  let zone = configuration.rules.contains { !$0.notDuring.isEmpty } ? ", time zone \(configuration.timeZone.name)" : ""
  return parts.joined(separator: ", ") + zone + (configuration.dryRun ? ", dry run" : "")
}

private func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
