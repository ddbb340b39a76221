import ArgumentParser
import Glibc
import GuestWatchCore
import WatchSimulation

/// Plays seeds of the simulation and stops at the first that breaks a promise.
@main struct Simulate: AsyncParsableCommand {
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
  @Option(help: "How many seeds to play at once; the output is the same for any number.") var jobs = 1
  @Flag(help: "Go on after a seed that fails, and list them all at the end.") var keepGoing = false
  @Option(help: "How many of the last lines to print of a seed that fails.") var lines = 40
  @Option(
    help: "Look past this promise (S6) or check (S1-victim, L1-gate), to see what lies behind it; may be repeated.")
  var ignore: [String] = []
  @Flag(help: "With --seed: print only the end, not everything.") var quiet = false
  @Flag(help: "Print the hash of every seed's events and effects, and nothing else of those that pass.")
  var hashes = false

  @Flag(help: "An operator kills by hand, too.") var byHand = false

  @Option(help: "Measure instead: so many VMs with 50 processes each, surveyed every 5 minutes, for --hours.")
  var fleet: Int?
  @Option(help: "Virtual hours: of faults in a seed (2), of a fleet (24).") var hours: Int?
  #if Mutations
    @Flag(help: "Put one fault after the other into the decision and see that each is found.") var mutations = false
    @Flag(help: "With --mutations: print the table as it stands in MUTATIONS.md.") var markdown = false
    @Option(help: "With --mutations: only this one; may be repeated.") var mutation: [String] = []
  #endif

  func validate() throws {
    guard (1...64).contains(jobs) else { throw ValidationError("--jobs is 1 to 64") }
    guard seeds > 0, first.addingReportingOverflow(seeds - 1).overflow == false else {
      throw ValidationError("--seeds is 1 or more, and the last seed fits 64 bits")
    }
  }

  func run() async throws {
    #if Mutations
      if mutations { return try await tryMutations() }
    #endif
    Crash.handle()
    let started = ContinuousClock.now
    if let fleet { return try measure(fleet, since: started) }
    var summary = Summary()
    summary.byHand = byHand
    var failures: [World.Report] = []
    var progress = Progress(total: Int(clamping: seed == nil ? seeds : 1), isWanted: seed == nil && !hashes)
    let ending = await play { played in
      guard case .report(let report) = played else { return false }
      summary.add(report)
      if hashes { print("seed \(report.seed) hash \(String(report.hash, radix: 16))") }
      if let violation = report.violation {
        failures.append(report)
        progress.clear()
        tell(report, violation)
      }
      progress.show(done: summary.seeds, failed: failures.count)
      // Lines are seen when they happen, in a pipe too.
      fflush(nil)
      return report.violation == nil || keepGoing
    }
    progress.clear()
    if case .unmade(let seed, let why)? = ending {
      print("seed \(seed): the world could not be made: \(why)")
      throw ExitCode(127)
    }
    if !hashes {
      let took = ContinuousClock.now - started
      print(summary.text(took: Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18))
    }
    if !failures.isEmpty {
      print("failed: \(failures.count) of \(summary.seeds): " + failures.map { "\($0.seed)" }.joined(separator: " "))
    }
    if seed != nil, let report = summary.last { print("hash \(String(report.hash, radix: 16))") }
    if failures.contains(where: { $0.violation?.isLiveness == false }) { throw ExitCode(129) }
    if !failures.isEmpty { throw ExitCode(128) }
  }

  /// A fleet in which hardly anything is wrong: how much faster than the real one does it go?
  private func measure(_ machines: Int, since started: ContinuousClock.Instant) throws {
    var world = try World(seed: seed ?? 1, fleet: Fleet(machines: machines, hours: hours ?? 24))
    let report = world.run()
    if let violation = report.violation {
      tell(report, violation)
      throw ExitCode(violation.isLiveness ? 128 : 129)
    }
    let took = ContinuousClock.now - started
    let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
    let virtual = Double(report.span) / 1e9
    print(
      "\(machines) VMs: \(Int(virtual)) virtual s in \(seconds) s: \(Int(virtual / seconds)) times as fast; "
        + "\(report.tally.events) events, \(report.checked.terminates) terminates, hash \(String(report.hash, radix: 16))"
    )
  }

  /// What became of one seed.
  enum Played: Sendable {
    case report(World.Report)
    case unmade(seed: UInt64, why: String)
  }

  /// Plays the seeds, several at once, and hands them to `take` in their order until that says false.
  ///
  /// - Parameters:
  ///   - fresh: what every daemon begins as.
  ///   - from: the first of them that is played; nil: the first of all.
  ///   - isBrief: one that fails is not played once more for its last lines.
  /// - Returns: the first that could not be made, if any was met.
  func play(
    _ fresh: Watch = Watch(), from: UInt64? = nil, isBrief: Bool = false, _ take: (Played) -> Bool
  ) async -> Played? {
    let from = seed ?? from ?? first
    let count = seed == nil ? first + seeds - from : 1
    let settings = Settings(
      fresh: fresh, lines: lines, isLoud: seed != nil && !quiet, hours: hours, ignored: Set(ignore),
      isBrief: isBrief, byHand: byHand)
    return await withTaskGroup(of: (UInt64, Played).self) { group in
      var next: UInt64 = 0
      var due: UInt64 = 0
      var waiting: [UInt64: Played] = [:]
      func start() {
        guard next < count else { return }
        let number = next
        next += 1
        group.addTask { (number, settings.play(from + number)) }
      }
      for _ in 0..<jobs { start() }
      while let (number, played) = await group.next() {
        waiting[number] = played
        while let ready = waiting.removeValue(forKey: due) {
          due += 1
          if case .unmade = ready { return ready }
          // Those that are still being played are of no interest any more.
          if !take(ready) { return nil }
        }
        start()
      }
      return nil
    }
  }

  private struct Settings: Sendable {
    var fresh: Watch
    var lines: Int
    var isLoud: Bool
    var hours: Int?
    var ignored: Set<String>
    var isBrief: Bool
    var byHand: Bool

    func play(_ seed: UInt64) -> Played {
      Crash.begins(seed)
      do {
        var world = try World(seed: seed, kept: lines, loud: isLoud, hours: hours, ignoring: ignored, byHand: byHand)
        world.fresh = fresh
        world.replaysFailures = !isBrief
        return .report(world.run())
      } catch {
        return .unmade(seed: seed, why: "\(error)")
      }
    }
  }

  private func tell(_ report: World.Report, _ violation: Violation) {
    print("seed \(report.seed) failed at step \(report.steps)")
    for line in report.last { print("    " + line) }
    print("seed \(report.seed), step \(report.steps), \(violation)")
    print("again: make simulate SEED=\(report.seed)\(byHand ? " BY_HAND=1" : "")")
  }
}
