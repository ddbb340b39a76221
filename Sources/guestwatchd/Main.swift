import ArgumentParser
import GuestWatchDaemon

/// The command. Each subcommand is thin: it says what was asked for and calls what does it.
@main
struct Guestwatchd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "guestwatchd",
    abstract: "Terminate runaway processes in VMware guests, without an agent in them.",
    discussion: """
      Exit status: 0 done; 64 bad command line; 69 no service or vCenter to ask; 73 state directory unusable; 75 another \
      daemon holds it; 78 bad, missing or empty configuration. For kill: 0 the process was told to end and exited; 69 it was \
      not, or nobody can know.
      """,
    version: "guestwatchd \(version)",
    subcommands: [
      Run.self, Init.self, Check.self, ShowConfig.self, Doctor.self, Explain.self, Ps.self, Status.self, History.self,
      PauseCommand.self, Resume.self, Kill.self, RetryLogin.self, Reload.self,
    ])
}
