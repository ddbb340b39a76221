import Foundation

/// The figures and the faults of one world, or of several together.
struct CrashReport: Sendable {
  var crashes = 0
  var lives = 0
  var beforeReady = 0
  var terminates = 0
  var outcomes: [String: Int] = [:]
  /// Rows whose terminate never reached the simulator, by outcome.
  var unsent: [String: Int] = [:]
  var phases: [DeathPhase: Int] = [:]
  var weather: [String: Int] = [:]
  var fullest: [String: [(seen: Int, allowed: Int)]] = [:]
  /// From an intent to its terminate at the simulator.
  var slowestTerminate: TimeInterval = 0
  var died = 0
  var guests = 0
  var slowestStart = Duration.zero
  var loginsFreed = 0
  var faults: [String] = []

  init() {}

  init(_ world: CrashWorld) async throws {
    let deaths = await world.deaths
    let members = await world.population.members
    let name = world.name
    let judgement = try Judgement(
      world.plan, rows: Array(await world.book.rows.values), deaths: deaths, calls: await world.calls,
      hits: await world.hits,
      members: members)
    crashes = deaths.count
    lives = deaths.count + 1
    beforeReady = deaths.count { $0.ready == nil }
    terminates = judgement.calls.terminates.count
    for kill in judgement.kills {
      outcomes[kill.row.outcome, default: 0] += 1
      if kill.terminate == nil { unsent[kill.row.outcome, default: 0] += 1 }
    }
    for phase in judgement.phases() { phases[phase, default: 0] += 1 }
    for death in deaths { weather[death.weather.rawValue, default: 0] += 1 }
    fullest = judgement.fullest.mapValues { [$0] }
    slowestTerminate = judgement.slowestTerminate
    died = members.count { $0.dead != nil }
    guests = members.count
    slowestStart = await world.slowestStart
    loginsFreed = await world.loginsFreed
    faults = await world.faults + judgement.faults.map { "\(name): \($0)" }
  }

  /// Adds them up.
  init(_ reports: [CrashReport]) {
    for report in reports {
      crashes += report.crashes
      lives += report.lives
      beforeReady += report.beforeReady
      terminates += report.terminates
      outcomes.merge(report.outcomes, uniquingKeysWith: +)
      unsent.merge(report.unsent, uniquingKeysWith: +)
      phases.merge(report.phases, uniquingKeysWith: +)
      weather.merge(report.weather, uniquingKeysWith: +)
      fullest.merge(report.fullest, uniquingKeysWith: +)
      slowestTerminate = max(slowestTerminate, report.slowestTerminate)
      died += report.died
      guests += report.guests
      slowestStart = max(slowestStart, report.slowestStart)
      loginsFreed += report.loginsFreed
      faults += report.faults
    }
  }

  /// What was never put to the test is a fault too: a phase that no death has met, a budget that nobody would have missed.
  mutating func noteWhatWasMissed() {
    for phase in DeathPhase.wanted where phases[phase] == nil {
      faults.append("no death met this phase: \(phase.rawValue)")
    }
    for what in ["of all", "of a VM", "of a rule"]
    where !(fullest[what] ?? []).contains(where: { $0.seen >= $0.allowed }) {
      faults.append("no budget \(what) was ever used up")
    }
  }

  func summary(seed: UInt64, worlds: Int, took: Duration) -> String {
    let seconds = Int(took / .seconds(1))
    var lines = [
      "crash test: seed \(seed), \(worlds) worlds, \(seconds) s",
      "  \(crashes) crashes, \(lives) lives (\(beforeReady) ended before READY=1; the slowest start took \(shown(slowestStart / .seconds(1))) s)",
      "  lives by weather: \(listed(weather)); a login that crashes had stopped was freed \(loginsFreed) times",
      "  \(guests) processes, \(died) of them died; terminates received: \(terminates), "
        + "\(shown(slowestTerminate)) s after their intent at most",
      "  rows: \(outcomes.values.reduce(0, +)): \(listed(outcomes))",
      "  intents whose terminate was never received: \(unsent.values.reduce(0, +)): \(listed(unsent))",
      "  fullest windows: "
        + fullest.sorted { $0.key < $1.key }.map { what, seen in
          "\(what) " + seen.map { "\($0.seen)/\($0.allowed)" }.joined(separator: " ")
        }.joined(separator: "; "),
      "  deaths by phase, one count for each VM:",
    ]
    for phase in DeathPhase.allCases {
      lines.append("    \(String(phases[phase] ?? 0).leftPadded(5))  \(phase.rawValue)")
    }
    lines.append("crash test: \(faults.isEmpty ? "nothing was wrong" : "\(faults.count) faults")")
    return lines.joined(separator: "\n")
  }

  private func shown(_ seconds: Double) -> String { seconds.formatted(.number.precision(.fractionLength(2))) }

  private func listed(_ counts: [String: Int]) -> String {
    counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }
}

extension String {
  fileprivate func leftPadded(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
