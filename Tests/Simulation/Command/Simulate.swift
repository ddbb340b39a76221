import ArgumentParser
import WatchSimulation

/// Plays seeds of the simulation and stops at the first that breaks a promise.
@main struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Plays the decision against a model of vCenter in virtual time, one seed after the other.",
    discussion: """
      Exit codes: 0 every seed passed, 129 a safety promise was broken (S1 to S10), 128 something did not come about \
      (L1, L2), 127 a seed could not be played to its end.
      """)

  @Option(help: "How many seeds to play.") var seeds: UInt64 = 100
  @Option(help: "The first of them.") var first: UInt64 = 1
  @Option(help: "Play this one alone and print everything that happens.") var seed: UInt64?
  @Flag(help: "Go on after a seed that fails, and list them all at the end.") var keepGoing = false
  @Option(help: "How many of the last lines to print of a seed that fails.") var lines = 40
  @Flag(help: "With --seed: print only the end, not everything.") var quiet = false

  func run() throws {
    let seeds = seed.map { $0...$0 } ?? first...(first + max(self.seeds, 1) - 1)
    var summary = Summary()
    var failures: [World.Report] = []
    for seed in seeds {
      var world: World
      do {
        world = try World(seed: seed, kept: lines, loud: self.seed != nil && !quiet)
      } catch {
        print("seed \(seed): the world could not be made: \(error)")
        throw ExitCode(127)
      }
      let report = world.run()
      summary.add(report)
      if let violation = report.violation {
        failures.append(report)
        tell(report, violation)
        if !keepGoing { break }
      }
      if summary.seeds % 50 == 0 { print("\(summary.line), \(failures.count) failed") }
    }
    print(summary.text)
    if self.seed != nil, let report = summary.last { print("hash \(String(report.hash, radix: 16))") }
    if failures.contains(where: { $0.violation?.isLiveness == false }) { throw ExitCode(129) }
    if !failures.isEmpty { throw ExitCode(128) }
  }

  private func tell(_ report: World.Report, _ violation: Violation) {
    print("seed \(report.seed) failed at step \(report.steps)")
    for line in report.last { print("    " + line) }
    print("seed \(report.seed), step \(report.steps), \(violation)")
    print("again: simulate --seed \(report.seed)")
  }
}
