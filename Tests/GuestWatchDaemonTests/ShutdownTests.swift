import GuestWatchCore
import GuestWatchDaemon
import Testing

@Suite("The end")
struct ShutdownTests {
  private func shutdown(_ bench: Bench) {
    bench.scheduler.askShutdown()
    bench.executor.drain()
  }

  @Test("STOPPING=1, the decision is told, it stops, all log out side by side, the ledger is complete, run returns")
  func order() {
    let leaveGate = Barrier()
    let bench = Bench { event, now in
      switch event {
      case .configured: [.survey(1, by: now.continuous + .seconds(30))]
      case .shutdownAsked: [.closed(.unknown, at: now)]
      case .recorded: [.stopped]
      default: []
      }
    }
    bench.start(
      bench.link("lab", bench.client("A", leaveGate: leaveGate)),
      bench.link("two", bench.client("B", leaveGate: leaveGate)))
    shutdown(bench)

    #expect(
      bench.journal.lines("STOPPING", "ledger", "A leave", "B leave") == [
        "STOPPING", "ledger begins 1-1 closed", "ledger wrote 1-1 closed", "A leave", "B leave",
      ])
    #expect(!bench.hasEnded)
    // A second SIGTERM, and a SIGHUP, change nothing.
    shutdown(bench)
    bench.scheduler.askReload()
    bench.open(leaveGate)
    #expect(bench.hasEnded)
    #expect(bench.journal.lines("STOPPING").count == 1)
    #expect(bench.journal.lines("RELOADING").isEmpty)
    #expect(bench.journal.all.suffix(2) == ["A left", "B left"])
    #expect(bench.clock.sleeping == 0, "nothing is left behind")
  }

  @Test("A terminate that was sent is waited for")
  func waitsForTerminate() {
    let gate = Barrier()
    let bench = Bench { event, now in
      switch event {
      case .configured: [.terminate(1, at: now, by: now.continuous + .seconds(60))]
      case .terminated: [.stopped]
      default: []
      }
    }
    bench.start(bench.link("lab", bench.client("A", gate: gate)))
    shutdown(bench)
    bench.pass(.seconds(24))
    #expect(bench.journal.lines("A leave").isEmpty)
    bench.open(gate)
    #expect(bench.journal.lines("A leave") == ["A leave"])
    #expect(bench.hasEnded)
  }

  @Test("... for 25 s at most; then its intent stays open")
  func waitsNoLonger() {
    let gate = Barrier()
    let bench = Bench { event, now in
      if case .configured = event { [.terminate(1, at: now, by: now.continuous + .seconds(60))] } else { [] }
    }
    bench.start(bench.link("lab", bench.client("A", gate: gate)))
    shutdown(bench)
    bench.pass(.seconds(10))
    // A second SIGTERM neither cuts it short nor gives more time.
    shutdown(bench)
    bench.pass(.milliseconds(14_999))
    #expect(bench.journal.lines("A leave").isEmpty)
    bench.pass(.milliseconds(1))
    #expect(bench.journal.lines("A leave") == ["A leave"])
    #expect(bench.journal.lines("STOPPING").count == 1)
    bench.open(gate)
    #expect(bench.hasEnded)
    #expect(bench.heard == ["began", "configured", "shutdownAsked"])
  }

  @Test("A step that the decision asked for before it stopped is on disk when run returns")
  func ledgerIsComplete() {
    let gate = Barrier()
    let bench = Bench(ledger: { FakeLedger(journal: $0, gate: gate) }) { event, now in
      if case .shutdownAsked = event { [.closed(.unknown, at: now), .stopped] } else { [] }
    }
    bench.start(bench.link("lab", bench.client("A")))
    shutdown(bench)
    #expect(!bench.hasEnded)
    bench.open(gate)
    #expect(bench.hasEnded)
    #expect(bench.journal.lines("ledger wrote", "mark").suffix(2) == ["ledger wrote 1-1 closed", "mark"])
  }

  @Test("Clients that a reload was just making are closed too")
  func duringReload() {
    let gate = Barrier()
    let bench = Bench(source: { journal in
      FakeSource(
        journal, gate: gate,
        { present in
          let link = FakeLink(
            vcenter: lab, client: FakeClient("B", journal), logins: ["linux"], clock: present[0].clock)
          return .loaded(Setup(configuration: .test, links: [link]))
        })
    }) { event, _ in
      if case .shutdownAsked = event { [.stopped] } else { [] }
    }
    bench.start(bench.link("lab", bench.client("A")))
    bench.scheduler.askReload()
    shutdown(bench)
    #expect(!bench.hasEnded)
    bench.open(gate)
    #expect(bench.hasEnded)
    #expect(bench.journal.lines("A leave", "B leave").sorted() == ["A leave", "B leave"])
    #expect(bench.heard == ["began", "configured", "shutdownAsked"], "the new configuration is not taken any more")
  }
}
