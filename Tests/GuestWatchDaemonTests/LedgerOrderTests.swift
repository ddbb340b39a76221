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
}
