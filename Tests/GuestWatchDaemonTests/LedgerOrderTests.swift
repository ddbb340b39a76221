import GuestWatchCore
import GuestWatchDaemon
import Testing

@Suite("Steps reach the ledger in order, off the actor")
struct LedgerOrderTests {
  @Test("An outcome never overtakes its intent, and each is confirmed once it is written")
  func orderOfSteps() {
    let gate = Barrier()
    let bench = Bench(ledger: { FakeLedger(journal: $0, gate: gate) }) { event, now in
      switch event {
      case .configured:
        [
          .intent(at: now), .record(kill1, .answered(Timing(firstByte: now, ended: now), .done)),
          .closed(.exited, at: now), .wake(at: now.continuous + .seconds(1)),
        ]
      default: []
      }
    }
    bench.start(bench.link("lab", bench.client("A")))
    #expect(bench.journal.lines("ledger") == ["ledger begins 1-1 intent"])

    // The disk is slow; the actor goes on.
    bench.pass(.seconds(1))
    #expect(bench.heard == ["began", "configured", "timeCame"])

    bench.open(gate)
    #expect(
      bench.journal.lines("ledger") == [
        "ledger begins 1-1 intent", "ledger wrote 1-1 intent", "ledger begins 1-1 answered",
        "ledger wrote 1-1 answered", "ledger begins 1-1 closed", "ledger wrote 1-1 closed",
      ])
    #expect(bench.heard.suffix(3) == ["recorded 1-1 intent", "recorded 1-1 answered", "recorded 1-1 closed"])
  }

  @Test("A step that cannot be written is answered with why")
  func refused() {
    let bench = Bench(ledger: { FakeLedger(journal: $0, refuses: true) }) { event, now in
      guard case .configured = event else { return [] }
      return [.intent(at: now)]
    }
    bench.start(bench.link("lab", bench.client("A")))
    guard case .recorded(kill1, .intent, .failure(let failure))? = bench.script.heard.all.last else {
      Issue.record("not answered: \(bench.heard)")
      return
    }
    #expect(failure.message == "disk full")
  }

  @Test("Marks do not pile up while the disk hangs")
  func marksWait() {
    let gate = Barrier()
    let bench = Bench(ledger: { FakeLedger(journal: $0, gate: gate) }) { event, now in
      guard case .configured = event else { return [] }
      return [.intent(at: now)]
    }
    bench.start(bench.link("lab", bench.client("A")))
    bench.pass(.seconds(600))
    #expect(bench.journal.lines("mark").count == 1)
    bench.open(gate)
    #expect(bench.journal.lines("mark").count == 2)
  }

  @Test("A ledger that cannot be marked is said to fail, once, before any kill needs it")
  func markFails() {
    let bench = Bench(ledger: { FakeLedger(journal: $0, refuses: true) }) { _, _ in [] }
    bench.start(bench.link("lab", bench.client("A")))
    bench.pass(.seconds(600))
    #expect(bench.journal.lines("report ledger") == ["report ledger-failing error: disk full"])
  }

  @Test("Steps, marks and notes fail together: the journal says so once, and STATUS until all of it works")
  func oneVoice() {
    let shelf = Shelf()
    shelf.refuse(next: 3)
    let answer: @Sendable (Event, Now) -> [Effect] = { event, now in
      switch event {
      case .configured: [.status(.test(ledgerFailing: false)), .wake(at: now.continuous + .seconds(90))]
      // The decision meets it with an intent of its own, while marks fail.
      case .timeCame:
        [
          .report(Report(.ledgerFailing, .error, detail: "no room")), .status(.test(ledgerFailing: true)),
          .intent(at: now),
        ]
      case .recorded: [.report(Report(.ledgerWorks, .info)), .status(.test(ledgerFailing: false))]
      default: []
      }
    }
    let bench = Bench(ledger: { FakeLedger(journal: $0, shelf: shelf) }, answer)
    bench.start(bench.link("lab", bench.client("A")))
    let said = { bench.journal.lines("report ledger", "STATUS") }
    #expect(said() == ["STATUS 4", "report ledger-failing error: disk full", "STATUS 4 LEDGER FAILING"])
    // Its step was written at 90 s; the marks of 60 s and of 120 s fail still.
    bench.pass(.seconds(125))
    #expect(said().filter { $0.hasPrefix("report") }.count == 1)
    #expect(said().last == "STATUS 4 LEDGER FAILING")
    bench.pass(.seconds(60))
    #expect(said().suffix(2) == ["report ledger-works info: ", "STATUS 4"])
    bench.pass(.seconds(600))
    #expect(said().suffix(2) == ["report ledger-works info: ", "STATUS 4"])
  }

  @Test("With each mark some of what is old is forgotten, and never what the configuration reaches back to")
  func forgetting() {
    var configuration = Configuration.test
    configuration.budget.within = .seconds(3 * 86_400)
    configuration.rules = [
      Rule(
        id: RuleID("r"), login: linux, scope: Scope(ids: ["vm-1"]), match: Match(), limits: .forbidden,
        every: .seconds(60), budget: Budget(kills: 1, within: .seconds(5 * 86_400)), cooldown: .seconds(7 * 86_400))
    ]
    func reach(_ keep: Duration) -> Duration {
      Setup<FakeLink>(configuration: configuration, links: [], keep: keep).reach
    }
    #expect(reach(.seconds(400 * 86_400)) == .seconds(400 * 86_400))
    #expect(reach(.seconds(1)) == .seconds(7 * 86_400))
    configuration.rules[0].cooldown = nil
    #expect(reach(.seconds(1)) == .seconds(5 * 86_400))
    configuration.rules = []
    #expect(reach(.seconds(1)) == .seconds(3 * 86_400))
    configuration.budget.within = .seconds(60)
    #expect(reach(.seconds(1)) == .seconds(86_400))

    let shelf = Shelf()
    let bench = Bench(ledger: { FakeLedger(journal: $0, shelf: shelf) }) { _, _ in [] }
    bench.start(bench.link("lab", bench.client("A")))
    bench.pass(.seconds(120))
    #expect(shelf.reaches == Array(repeating: .seconds(400 * 86_400), count: 3))
    // Not on a disk that takes no mark.
    shelf.refuse(next: 1)
    bench.pass(.seconds(60))
    #expect(shelf.reaches.count == 3)
  }
}

extension Snapshot {
  fileprivate static func test(ledgerFailing: Bool) -> Snapshot {
    Snapshot(
      vmsInScope: 4, vmsWatched: 4, vmsLate: 0, candidates: 0, openKills: 0, killsInWindow: 0, killsAllowed: 1,
      dryRun: false, rules: 1, vcentersDown: [], loginsStopped: [], ledgerFailing: ledgerFailing, clockTrusted: true)
  }
}
