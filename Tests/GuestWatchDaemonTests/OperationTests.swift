import GuestWatchCore
import Testing

@testable import GuestWatchDaemon

@Suite("Each operation is answered exactly once")
struct OperationTests {
  @Test("Effects are carried out in their order, and each answer comes back as its event")
  func everyKindIsAnswered() {
    let bench = Bench { event, now in
      let by = now.continuous + .seconds(30)
      guard case .configured = event else { return [] }
      return [
        .ready, .refresh(op(1), lab, ScopeQuery(scopes: [], ids: ["vm-42"]), by: by), .survey(2, by: by),
        .look(3, by: by), .terminate(4, at: now, by: by), .status(Snapshot(vmsInScope: 3)),
      ]
    }
    let client = bench.client("A")
    bench.start(bench.link("lab", client))

    #expect(bench.heard == ["began", "configured", "inventory", "surveyed", "looked", "terminated"])
    #expect(
      bench.journal.lines("A ") == [
        "A inventory", "A survey vm-42 linux", "A look vm-42 linux 77", "A terminate vm-42 linux 77",
      ])
    #expect(bench.journal.lines("READY", "STATUS") == ["READY", "STATUS 3"])
    // Deadlines that passed long ago ask for nothing any more.
    bench.pass(.seconds(300))
    #expect(bench.heard.count == 6)
  }

  @Test("Answers carry the operation, its timing and its result as the client gave them")
  func answersArePassedOn() throws {
    let bench = Bench { event, now in
      guard case .configured = event else { return [] }
      return [.survey(9, by: now.continuous + .seconds(30))]
    }
    let gate = Barrier()
    let client = bench.client("A", gate: gate)
    bench.start(bench.link("lab", client))
    let sent = bench.clock.now()
    bench.pass(.seconds(3))
    bench.open(gate)

    guard case .surveyed(let id, let timing, .failure(let fault))? = bench.script.heard.all.last else {
      Issue.record("no answer to the survey: \(bench.heard)")
      return
    }
    #expect(id == op(9))
    #expect(timing == Timing(firstByte: sent, ended: bench.clock.now()))
    #expect(fault == Fault(.busy, code: "RESOURCE_BUSY"))
  }

  @Test("A client that hangs is answered for half a second after its deadline; what it says later is dropped")
  func hangingLook() {
    let gate = Barrier()
    let bench = Bench { event, now in
      guard case .configured = event else { return [] }
      return [.look(1, by: now.continuous + .seconds(30))]
    }
    let client = bench.client("A", gate: gate)
    bench.start(bench.link("lab", client))
    let begun = bench.clock.now()

    bench.pass(.milliseconds(30_499))
    #expect(bench.heard == ["began", "configured"])
    bench.pass(.milliseconds(1))
    guard case .looked(op(1), let timing, .failure(let fault))? = bench.script.heard.all.last else {
      Issue.record("not answered at its deadline: \(bench.heard)")
      return
    }
    #expect(fault.kind == .unanswered)
    #expect(timing.firstByte == begun, "something may have been sent: never nil")
    #expect(timing.ended == bench.clock.now())

    bench.open(gate)
    #expect(bench.heard.count == 3)
  }

  @Test("A terminate's late answer is fed as a second event")
  func lateTerminate() {
    let gate = Barrier()
    let bench = Bench { event, now in
      guard case .configured = event else { return [] }
      return [.terminate(1, at: now, by: now.continuous + .seconds(60))]
    }
    let client = bench.client("A", gate: gate)
    bench.start(bench.link("lab", client))
    bench.pass(.seconds(61))
    bench.open(gate)
    bench.open(gate)

    let answers = bench.script.heard.all.compactMap { event -> KillAnswer? in
      if case .terminated(op(1), _, let answer) = event { answer } else { nil }
    }
    #expect(answers == [.unanswered, .done])
  }

  @Test("What no configuration knows is answered, and surely unsent")
  func unknownVCenterAndLogin() {
    let elsewhere = VMAddress(vcenter: VCenterID("gone"), moid: "vm-1")
    let bench = Bench { event, now in
      let by = now.continuous + .seconds(30)
      guard case .configured = event else { return [] }
      return [
        .refresh(op(1), VCenterID("gone"), ScopeQuery(scopes: []), by: by),
        .look(op(2), elsewhere, linux, pid: 5, .check, by: by),
        .survey(op(3), vm42, LoginID("windows"), showingEnds: true, by: by),
        .terminate(
          op(4), kill1, elsewhere, linux, pid: 5, firstByteBy: by, firstByteByWall: .max, by: by),
      ]
    }
    let client = bench.client("A")
    bench.start(bench.link("lab", client))

    #expect(bench.heard == ["began", "configured", "inventory", "looked", "surveyed", "terminated"])
    #expect(bench.journal.lines("A ").isEmpty)
    guard case .terminated(_, let timing, .notSent(let fault))? = bench.script.heard.all.last else {
      Issue.record("a terminate that nobody could send was \(bench.script.heard.all.last?.name ?? "not answered")")
      return
    }
    #expect(timing.firstByte == nil)
    #expect(fault.kind == .badRequest)
    #expect(fault.detail.contains("gone"))
  }

  @Test(
    "An effect that is asked for by an answer is carried out after those before it, without end and without recursion")
  func longChain() {
    let length: UInt64 = 20_000
    let bench = Bench { event, now in
      let by = now.continuous + .seconds(30)
      switch event {
      case .configured: return [.survey(1, by: by)]
      case .surveyed(let id, _, _) where id.number < length: return [.survey(id.number + 1, by: by)]
      default: return []
      }
    }
    let client = bench.client("A")
    bench.start(bench.link("lab", client))
    #expect(bench.journal.lines("A survey").count == Int(length))
    #expect(bench.clock.sleeping < 5, "alarms do not pile up")
  }
}
