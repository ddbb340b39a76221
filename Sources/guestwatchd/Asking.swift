import ArgumentParser
import Glibc
import GuestWatchCore
import GuestWatchDaemon
import RuleFiles

/// Where the daemon is that a command asks.
struct Place: ParsableArguments {
  @Option(help: "The running daemon has read its own; this one counts where none runs.", completion: .file())
  var config = Surroundings.installedMain

  @Option(
    help: "The daemon's state directory (default: $STATE_DIRECTORY, else /var/lib/guestwatchd).", completion: .directory
  )
  var state: String?

  var stateDirectory: String { StateDirectory.path(state) }

  /// As the service manager gives it; there may be several in it.
  var runtimeDirectory: String? { variable("RUNTIME_DIRECTORY") }

  /// Of a daemon that a command is itself, where none runs.
  var aloneOptions: Daemon.Options {
    Daemon.Options(
      config: config, state: stateDirectory, log: nil,
      environment: runtimeDirectory.map { ["RUNTIME_DIRECTORY": $0] } ?? [:],
      surroundings: .ofThisProcess(.run, standingIn: true))
  }

  /// Asks the daemon; `onStep` is called with each step on the way.
  func ask(
    _ question: Question, onStep: (String) -> Void = { _ in }, onLine: ((String) -> Void)? = nil
  ) throws(ControlClient.NoAnswer) -> ControlClient.Reply {
    try ControlClient.ask(
      question,
      at: ControlAddress.ofCommand(
        state: stateDirectory, runtime: runtimeDirectory, usual: StateDirectory.named(state) == nil),
      onStep: onStep, onLine: onLine)
  }

  /// Asks the daemon what is only looked at; `onLine` takes each line of its answer.
  func ask(
    _ question: ViewQuestion, _ onLine: @escaping @Sendable (String) -> Void
  ) -> Result<ControlClient.Reply, ControlClient.NoAnswer> {
    do throws(ControlClient.NoAnswer) { return .success(try ask(.view(question), onLine: onLine)) } catch {
      return .failure(error)
    }
  }

  /// Asks the daemon and says what it answered.
  func askAndTell(_ question: Question) throws {
    let reply: ControlClient.Reply
    do throws(ControlClient.NoAnswer) { reply = try ask(question) } catch {
      complain("guestwatchd: \(error)")
      throw ExitCode(EX_UNAVAILABLE)
    }
    if reply.isDone {
      let output = StandardOutput()
      for line in [reply.message] + reply.notes { output.line(line) }
      guard output.flush() else { throw ExitCode.failure }
      return
    }
    complain("guestwatchd: \(reply.message)")
    for note in reply.notes { complain(note) }
    throw ExitCode(reply.status.rawValue)
  }
}

/// Throws where `--vm` is no GLOB.
func validateVMs(_ pattern: String?) throws {
  guard let pattern, (try? Glob(pattern)) == nil else { return }
  throw ValidationError("--vm must be a name or moid, with * for any run, ? for one character and [a-z] for one of")
}

/// Which gates are meant.
struct Gates: ParsableArguments {
  @Option(name: .customLong("vm"), help: ArgumentHelp("Only VMs whose name or moid fits.", valueName: "glob"))
  var vms: String?

  @Option(help: ArgumentHelp("Only this rule.", valueName: "name"))
  var rule: String?

  func validate() throws {
    try validateVMs(vms)
  }

  var ruleID: RuleID? { rule.map { RuleID($0) } }
  var glob: Glob? { vms.flatMap { try? Glob($0) } }
}

/// `guestwatchd pause`: no kill begins until it is resumed.
struct PauseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause",
    abstract: "Have the running daemon begin no kill, for all or for some rules and VMs.",
    discussion: """
      Watching goes on, and what would have been killed is reported. It is answered when it is on disk: a restart of the \
      daemon, or of the machine, does not end it. A terminate that was sent already is followed to its outcome. The same \
      rule and VMs again take the place of the pause before.
      """)

  @Option(name: .customLong("for"), help: "Ends by itself after that long: 30m, 2h (default: when it is resumed).")
  var lasting: String?
  @OptionGroup var gates: Gates
  @OptionGroup var place: Place

  func validate() throws {
    if let lasting, (try? duration(lasting)) == nil {
      throw ValidationError("--for must be a duration from 1s to 3650d, such as 30m or 2h30m")
    }
  }

  func run() throws {
    try place.askAndTell(
      .pause(rule: gates.ruleID, vms: gates.glob, lasting: lasting.flatMap { try? duration($0) }))
  }
}

/// `guestwatchd resume`: ends pauses.
struct Resume: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "End pauses: all of them, or the one of exactly this rule and these VMs.",
    discussion: "It is answered when it is on disk. `guestwatchd status` lists the pauses in force.")

  @OptionGroup var gates: Gates
  @OptionGroup var place: Place

  func run() throws { try place.askAndTell(.resume(rule: gates.ruleID, vms: gates.glob)) }
}

/// `guestwatchd retry-login`: an operator has mended an account.
struct RetryLogin: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry-login",
    abstract: "Let a guest login that was refused be tried again, on one VM first.",
    discussion: """
      For an account that was unlocked or given its rights: a new secret in the configuration needs no more than a reload.
      """)

  @Argument(help: ArgumentHelp("The name of the [[guest_login]].", valueName: "name"))
  var login: String
  @OptionGroup var place: Place

  func run() throws { try place.askAndTell(.retryLogin(LoginID(login))) }
}

/// `guestwatchd reload`: as SIGHUP, with an answer.
struct Reload: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have the running daemon load its configuration anew and say what came of it.",
    discussion: "Exit status 0 if it was taken; 78 if it has mistakes: they go to stderr, and the one before stays.")

  @OptionGroup var place: Place

  func run() throws { try place.askAndTell(.reload) }
}
