import ArgumentParser
import GuestWatchDaemon
import RuleFiles
import Systemd

/// `guestwatchd run`: the service.
struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Watch guests and terminate runaways until SIGTERM; SIGHUP loads the rule files anew.",
    discussion: """
      Started by systemd it is a notify service. It logs to the journal where stderr goes there, else to stderr.
      """)

  @Option(help: "The configuration; its rules.d lies beside it.", completion: .file())
  var config = Surroundings.installedMain

  @Option(
    help: "The state directory (default: $STATE_DIRECTORY, else /var/lib/guestwatchd).", completion: .directory)
  var state: String?

  @Option(help: "Where the log goes: journal or stderr (default: the journal where stderr goes there).")
  var log: Log?

  enum Log: String, ExpressibleByArgument, CaseIterable { case journal, stderr }

  func run() async throws {
    let names = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM", "RUNTIME_DIRECTORY"]
    let environment = names.compactMap { name in variable(name).map { (name, $0) } }
    let options = Daemon.Options(
      config: config, state: StateDirectory.path(state), log: asked,
      environment: Dictionary(environment, uniquingKeysWith: { first, _ in first }),
      surroundings: .ofThisProcess(.run))
    let status = await Daemon(options).run()
    guard status == .done else { throw ExitCode(status.rawValue) }
  }

  private var asked: LogDestination.Asked? {
    switch log {
    case .journal: .journal
    case .stderr: .stderr
    case nil: nil
    }
  }
}
