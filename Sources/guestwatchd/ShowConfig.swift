import ArgumentParser
import Glibc
import RuleFiles

/// `guestwatchd show-config`: what the files come to.
struct ShowConfig: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show-config",
    abstract: "Prints the whole configuration as one TOML file, with where each value came from.",
    discussion: """
      It holds every default and the rules of all files, and reads back to the same. Secrets are not opened: only where they \
      are kept is printed. Exit status 78 if there is a mistake in the files.
      """
  )

  @Option(help: ArgumentHelp("The main file.", valueName: "file"), completion: .file())
  var config = Surroundings.installedMain

  func run() throws {
    var surroundings = Surroundings.ofThisProcess(.check)
    surroundings.opensSecrets = false
    let result = loadRuleFiles(main: config, surroundings: surroundings)
    writeDiagnostics(result)
    guard let loaded = result.loaded else { throw ExitCode(EX_CONFIG) }
    let output = StandardOutput()
    // The text ends its last line itself.
    output.line(String(loaded.shown().dropLast()))
    guard output.flush() else { throw ExitCode.failure }
  }
}
