import ArgumentParser
import Glibc
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
  @Option(help: "Look past this promise (S6, contract), to see what lies behind it; may be repeated.")
  var ignore: [String] = []
  @Flag(help: "With --seed: print only the end, not everything.") var quiet = false

  #if Mutations
    @Flag(help: "Put one fault after the other into the decision and see that each is found.") var mutations = false
    @Flag(help: "With --mutations: print the table as it stands in MUTATIONS.md.") var markdown = false
    @Option(help: "With --mutations: only these; may be repeated.") var mutation: [String] = []
  #endif

  func run() throws {
    #if Mutations
      if mutations { return try tryMutations() }
    #endif
    let seeds = seed.map { $0...$0 } ?? first...(first + max(self.seeds, 1) - 1)
    Crash.handle()
    var summary = Summary()
    var failures: [World.Report] = []
    for seed in seeds {
      Crash.seed = seed
      var world: World
      do {
        world = try World(seed: seed, kept: lines, loud: self.seed != nil && !quiet, ignoring: Set(ignore))
      } catch {
        print("seed \(seed): the world could not be made: \(error)")
        throw ExitCode(127)
      }
      let report = world.run()
      summary.add(report)
      // Lines are seen when they happen, in a pipe too.
      defer { fflush(nil) }
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

/// A trap in the decision must not look like a broken promise: it ends with 127 and says which seed it was.
enum Crash {
  /// Read by the signal handler; written by the only thread there is.
  nonisolated(unsafe) static var seed: UInt64 = 0

  static func handle() {
    seed = 0
    for number in [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE] {
      signal(number) { _ in
        // Nothing may be allocated here: the digits are put together by hand.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
          var rest = Crash.seed
          var at = 20
          repeat {
            at -= 1
            digits[at] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
          } while rest > 0
          let text: StaticString = "the simulation crashed in seed "
          _ = write(2, text.utf8Start, text.utf8CodeUnitCount)
          if let base = digits.baseAddress { _ = write(2, base + at, 20 - at) }
          let end: StaticString = "\n"
          _ = write(2, end.utf8Start, end.utf8CodeUnitCount)
        }
        _exit(127)
      }
    }
  }
}
