import Foundation
import Testing

/// Only where it says how often do they run.
private let wantedCrashes = number("GUESTWATCH_CRASHES")

private func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

/// `make crash-test`: the built daemon killed by SIGKILL at random moments, again and again, while processes run away; and
/// then everything that the ledger says held against what the simulator received and who really died.
///
/// Several worlds side by side (`GUESTWATCH_WORLDS`): nearly all of the time is waiting. It takes minutes, so it runs only
/// where `GUESTWATCH_CRASHES` says how often. `GUESTWATCH_TEST_SEED`: draws the same again.
@Suite("Many crashes", .enabled(if: wantedCrashes != nil, "make crash-test runs it")) struct ManyCrashes {
  /// Random moments must have met every phase of a kill by then.
  private static let enough = 200

  @Test(
    "kill -9 at random moments: every terminate has its one row and a true outcome, no budget is exceeded, nobody else dies",
    .timeLimit(.minutes(60)))
  func manyCrashes() async throws {
    let crashes = try #require(wantedCrashes)
    let seed = number("GUESTWATCH_TEST_SEED").map { UInt64($0) } ?? UInt64.random(in: 1...999_999)
    let worlds = max(1, number("GUESTWATCH_WORLDS") ?? 4)
    say("crash test: seed \(seed), \(crashes) crashes in \(worlds) worlds")
    let count = CrashCount(of: crashes)
    var dice = Dice(seed: seed)
    let draws = (1...worlds).map { number in (number, dice.split()) }
    let reports = await withTaskGroup(of: CrashReport.self) { group in
      for (number, dice) in draws {
        group.addTask { await Self.play("world \(number)", dice, count) }
      }
      let ticker = Task { await count.tell() }
      defer { ticker.cancel() }
      return await group.reduce(into: []) { $0.append($1) }
    }
    var report = CrashReport(reports)
    let took = await count.elapsed
    if crashes >= Self.enough { report.noteWhatWasMissed() }
    if report.crashes != crashes { report.faults.append("there were \(report.crashes) crashes, not \(crashes)") }
    say(report.summary(seed: seed, worlds: worlds, took: took))
    for fault in report.faults { Issue.record("seed \(seed): \(fault)") }
  }

  private static func play(_ name: String, _ dice: Dice, _ count: CrashCount) async -> CrashReport {
    var dice = dice
    let plan = CrashPlan(&dice)
    var report = CrashReport()
    do {
      try await World.with(plan.scenario, plan.settings) { world in
        let lives = CrashWorld(name, plan, world, dice)
        do {
          try await lives.run { await count.next() }
          report = try await CrashReport(lives)
        } catch {
          report.crashes = await lives.deaths.count
          report.faults = await lives.faults + ["\(name): \(error)\n\(await world.account())"]
        }
        if !report.faults.isEmpty {
          let folder = await lives.keepEvidence()
          report.faults.append("\(name): \(plan); what it left is in \(folder)")
        }
      }
    } catch {
      report.faults.append("\(name): \(error)")
    }
    return report
  }
}

/// How many crashes are left, for all worlds together.
actor CrashCount {
  private let all: Int
  private var begun = 0
  private let started = ContinuousClock.now

  init(of all: Int) { self.all = all }

  func next() -> Bool {
    guard begun < all else { return false }
    begun += 1
    return true
  }

  var elapsed: Duration { ContinuousClock.now - started }

  /// A line of progress now and then.
  func tell() async {
    while (try? await Task.sleep(for: .seconds(15))) != nil {
      let what = begun < all ? "\(begun) of \(all) crashes" : "all \(all) crashes, now the last lives close every kill"
      say("crash test: \(what), \(Int(elapsed / .seconds(1))) s")
    }
  }
}

/// Prints it, and writes it at once to where `scripts/crash-test` reads.
private func say(_ text: String) {
  print(text)
  guard let path = ProcessInfo.processInfo.environment["GUESTWATCH_CRASH_STORY"],
    let file = FileHandle(forWritingAtPath: path)
  else { return }
  file.seekToEndOfFile()
  file.write(Data((text + "\n").utf8))
}
