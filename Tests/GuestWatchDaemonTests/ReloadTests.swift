import GuestWatchCore
import GuestWatchDaemon
import Testing

@Suite("A reload")
struct ReloadTests {
  private func reload(_ bench: Bench) {
    bench.scheduler.askReload()
    bench.executor.drain()
  }

  private static func loaded(_ links: [FakeLink], warnings: [String] = []) -> LoadOutcome<FakeLink> {
    .loaded(Setup(configuration: .test, links: links, warnings: warnings))
  }

  @Test("A bad file changes nothing, says why with every diagnostic, and ends what it announced")
  func refused() {
    let bench = Bench(source: {
      FakeSource($0, { _ in .refused(["/etc/r.toml:3:7: error: no", "/etc/r.toml:9:1: error: nor this"]) })
    }) { _, _ in [] }
    bench.start(bench.link("lab", bench.client("A")))
    reload(bench)

    #expect(bench.heard == ["began", "configured"])
    #expect(
      bench.journal.lines("RELOADING", "READY", "load", "report configuration-refused", "A ") == [
        "RELOADING", "load", "report configuration-refused error: /etc/r.toml:3:7: error: no",
        "report configuration-refused error: /etc/r.toml:9:1: error: nor this",
        "READY",
      ])
    bench.pass(.seconds(300))
    #expect(bench.journal.lines("A ").isEmpty, "the session stays")
  }

  @Test("Clients with unchanged settings stay, removed ones are logged out, new ones are used")
  func keepsAndReplaces() {
    let box = Journal()
    let bench = Bench(source: { journal in
      FakeSource(
        journal,
        { present in
          let clock = present[0].clock
          let new = FakeLink(
            vcenter: VCenterID("new"), client: FakeClient("C", journal), logins: ["linux"], clock: clock)
          return Self.loaded([present[0], new], warnings: ["/etc/r.toml:1:1: warning: short"])
        })
    }) { event, now in
      guard case .configured = event else { return [] }
      box.note("configured")
      let n = UInt64(box.all.count) * 10
      let by = now.continuous + .seconds(30)
      let query = ScopeQuery(scopes: [])
      return ["lab", "old", "new"].enumerated().map { offset, name in
        .refresh(op(n + UInt64(offset)), VCenterID(name), query, by: by)
      }
    }
    bench.start(bench.link("lab", bench.client("A")), bench.link("old", bench.client("B")))
    #expect(bench.journal.lines("A", "B", "C") == ["A inventory", "B inventory"])
    reload(bench)

    #expect(
      bench.journal.lines("A", "B", "C").suffix(4).sorted() == ["A inventory", "B leave", "B left", "C inventory"])
    #expect(bench.heard.filter { $0 == "configured" }.count == 2)
    #expect(bench.journal.lines("report configuration-loaded info").count == 2)
    #expect(bench.journal.lines("report configuration-loaded warning").count == 1)
    #expect(bench.journal.lines("RELOADING", "READY") == ["RELOADING", "READY"])
  }

  @Test("A replaced client is logged out only after the operations that use it")
  func waitsForOperations() {
    let gate = Barrier()
    let bench = Bench(source: { journal in
      FakeSource(
        journal,
        { present in
          Self.loaded([
            FakeLink(vcenter: lab, client: FakeClient("B", journal), logins: ["linux"], clock: present[0].clock)
          ])
        })
    }) { event, now in
      if case .began = event { [.survey(1, by: now.continuous + .seconds(30))] } else { [] }
    }
    bench.start(bench.link("lab", bench.client("A", gate: gate)))
    reload(bench)
    #expect(bench.journal.lines("A ") == ["A survey vm-42 linux"])
    bench.open(gate)
    #expect(bench.journal.lines("A ") == ["A survey vm-42 linux", "A leave", "A left"])
    #expect(bench.heard.last == "surveyed", "its answer still counts")
  }

  /// A kill that is sent over client A at the start; the reload replaces A by B (or only the login), then a verify look.
  private func benchWithKill(logins: [String], newVCenter: VCenterID = lab) -> Bench {
    Bench(source: { journal in
      FakeSource(
        journal,
        { present in
          Self.loaded([
            FakeLink(
              vcenter: newVCenter, client: FakeClient("B", journal), logins: logins, clock: present[0].clock)
          ])
        })
    }) { event, now in
      let by = now.continuous + .seconds(30)
      switch event {
      case .began: return [.terminate(1, at: now, by: now.continuous + .seconds(60))]
      case .configured: return [.wake(at: now.continuous + .seconds(20))]
      case .timeCame:
        let number = UInt64(now.continuous.nanoseconds / 1_000_000_000)
        return [
          .look(number, .verify, by: by), .look(number + 100_000, .check, by: by),
          .wake(at: now.continuous + .seconds(60)),
        ]
      default: return []
      }
    }
  }

  @Test("A kill that was sent keeps its client and login for its verify looks, 90 s at most")
  func killKeepsClient() {
    let bench = benchWithKill(logins: ["linux"])
    bench.start(bench.link("lab", bench.client("A")))
    reload(bench)
    bench.pass(.seconds(30))
    #expect(
      bench.journal.lines("A ", "B ") == [
        "A terminate vm-42 linux 77", "A look vm-42 linux 77", "B look vm-42 linux 77",
      ])
    // 80 s after: still A. Then nothing holds A any more.
    bench.pass(.seconds(59))
    #expect(bench.journal.lines("A ").count == 3)
    #expect(bench.journal.lines("A leave").isEmpty)
    bench.pass(.seconds(2))
    #expect(bench.journal.lines("A leave") == ["A leave"])
    bench.pass(.seconds(60))
    #expect(bench.journal.lines("A look").count == 2)
    #expect(bench.journal.lines("B look").count == 4)
  }

  @Test("A kill that was sent is still verified where its vCenter is not configured any more")
  func killKeepsRemovedVCenter() {
    let bench = benchWithKill(logins: ["linux"], newVCenter: VCenterID("other"))
    bench.start(bench.link("lab", bench.client("A")))
    reload(bench)
    bench.pass(.seconds(30))
    #expect(bench.journal.lines("A look").count == 2)
    #expect(bench.journal.lines("B ").isEmpty)
  }

  @Test("The client of a kill is logged out as soon as the kill is closed")
  func closedKillFreesClient() {
    let bench = Bench(source: { journal in
      FakeSource(journal, { _ in Self.loaded([]) })
    }) { event, now in
      switch event {
      case .began: [.terminate(1, at: now, by: now.continuous + .seconds(60))]
      case .configured: [.wake(at: now.continuous + .seconds(20))]
      case .timeCame: [.closed(.exited, at: now)]
      default: []
      }
    }
    bench.start(bench.link("lab", bench.client("A")))
    reload(bench)
    bench.pass(.seconds(19))
    #expect(bench.journal.lines("A leave").isEmpty)
    bench.pass(.seconds(1))
    #expect(bench.journal.lines("A leave") == ["A leave"])
  }

  @Test("Reloads that are asked for while one runs are served by one more")
  func manyAtOnce() {
    let gate = Barrier()
    let bench = Bench(source: {
      FakeSource($0, gate: gate, { .loaded(Setup(configuration: .test, links: $0)) })
    }) { _, _ in [] }
    bench.start(bench.link("lab", bench.client("A")))
    for _ in 0..<5 { reload(bench) }
    #expect(bench.journal.lines("load") == ["load"])
    bench.open(gate)
    #expect(
      bench.journal.lines("RELOADING", "READY", "load") == [
        "RELOADING", "load", "READY", "RELOADING", "load", "READY",
      ])
    #expect(bench.heard == ["began", "configured", "configured"], "the second was refused")
  }
}
