import GuestWatchCore
import GuestWatchDaemon
import Testing

@Suite("Wakes, marks and the watchdog")
struct TimeTests {
  @Test("The last wake counts, an earlier as well as a later one, and each comes once")
  func wakeIsReplaced() {
    let bench = Bench { event, now in
      switch event {
      case .configured:
        return [
          .wake(at: now.continuous + .seconds(2)), .wake(at: now.continuous + .seconds(9)),
          .look(1, by: now.continuous + .seconds(30)),
        ]
      case .looked: return [.wake(at: now.continuous + .seconds(5))]
      default: return []
      }
    }
    bench.start(bench.link("lab", bench.client("A")))
    let begun = bench.clock.now().continuous
    bench.pass(.milliseconds(4_999))
    #expect(!bench.heard.contains("timeCame"))
    bench.pass(.milliseconds(1))
    #expect(bench.heard.filter { $0 == "timeCame" }.count == 1)
    bench.pass(.seconds(20))
    #expect(bench.heard.filter { $0 == "timeCame" }.count == 1)
    #expect(bench.clock.now().continuous - begun == .seconds(25))
  }

  @Test("A wake that has passed comes at once, `never` does not come")
  func pastAndNever() {
    let bench = Bench { event, now in
      switch event {
      case .configured: [.wake(at: now.continuous - .seconds(1))]
      case .timeCame: [.wake(at: .never)]
      default: []
      }
    }
    bench.start(bench.link("lab", bench.client("A")))
    bench.pass(.zero)
    #expect(bench.heard == ["began", "configured", "timeCame"])
    bench.pass(.seconds(1000))
    #expect(bench.heard.count == 3)
  }

  @Test("The ledger is marked at the start and every minute; an idle daemon feeds the watchdog every 10 s")
  func idle() {
    let bench = Bench { _, _ in [] }
    bench.start(bench.link("lab", bench.client("A")))
    #expect(bench.journal.lines("mark").count == 1)
    bench.pass(.seconds(600))
    #expect(bench.journal.lines("mark").count == 11)
    #expect(bench.journal.lines("WATCHDOG").count == 60)
  }

  @Test("L4: no WATCHDOG=1 while an operation outlives its deadline; it comes again when the operation is back")
  func hangingOperation() {
    let gate = Barrier()
    let bench = Bench { event, now in
      guard case .configured = event else { return [] }
      return [.survey(1, by: now.continuous + .seconds(30))]
    }
    bench.start(bench.link("lab", bench.client("A", gate: gate)))
    bench.pass(.seconds(30))
    #expect(bench.journal.lines("WATCHDOG").count == 3)
    bench.pass(.seconds(60))
    #expect(bench.journal.lines("WATCHDOG").count == 3)
    let said = bench.journal.lines("report limit-reached")
    #expect(said.count == 1, "said once, not at every beat")
    #expect(said.first?.contains("operation 1.1 (survey of lab:vm-42)") == true)
    bench.open(gate)
    bench.pass(.seconds(10))
    #expect(bench.journal.lines("WATCHDOG").count == 4)
  }

  @Test("L4: no WATCHDOG=1 while the ledger's disk hangs")
  func hangingDisk() {
    let gate = Barrier()
    let bench = Bench(ledger: { FakeLedger(journal: $0, gate: gate) }) { event, now in
      guard case .configured = event else { return [] }
      return [.closed(.exited, at: now)]
    }
    bench.start(bench.link("lab", bench.client("A")))
    bench.pass(.seconds(30))
    #expect(bench.journal.lines("WATCHDOG").count == 3)
    bench.pass(.seconds(20))
    #expect(bench.journal.lines("WATCHDOG").count == 3)
    bench.open(gate)
    bench.pass(.seconds(10))
    #expect(bench.journal.lines("WATCHDOG").count == 4)
  }

  @Test("L4: a beat that comes late is left out, the next one is not")
  func lateBeat() {
    let bench = Bench { _, _ in [] }
    bench.start(bench.link("lab", bench.client("A")))
    bench.clock.jump(by: .seconds(16))
    bench.pass(.zero)
    #expect(bench.journal.lines("WATCHDOG").isEmpty)
    bench.pass(.seconds(10))
    #expect(bench.journal.lines("WATCHDOG").count == 1)
  }
}
