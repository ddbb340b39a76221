import ArgumentParser
import VCenterSimulator

@main
struct Command: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vcenter-simulator",
    abstract: "A vCenter for tests and demos: both APIs over HTTPS, with real local processes as guests.",
    subcommands: [Serve.self, Sweep.self], defaultSubcommand: Serve.self)
}

/// What a simulator that was killed leaves behind is ended by this; it is started by the simulator itself.
struct Sweep: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "__sweep", shouldDisplay: false)

  @Argument var mark: String

  func run() { Remains.sweep(mark: mark) }
}
