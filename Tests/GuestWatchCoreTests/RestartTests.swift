import Testing

@testable import GuestWatchCore

@Suite("What a restart keeps")
struct RestartTests {
  @Test(
    "An answer that was on disk when the daemon died still decides",
    arguments: [
      (KillAnswer.denied(Fault(.guestDenied, code: "GuestPermissionDenied")), Outcome.denied),
      (.notSent(Fault(.unanswered, code: "late")), .abandoned),
      (.notBegun(Fault(.busy, code: "TaskInProgress")), .failed),
    ])
  func restoredAnswer(answer: KillAnswer, outcome: Outcome) {
    var stage = Stage()
    let old = stage.spawn(500)
    stage.begin([Stage.rule(action: .report)], restored: Restored(life: 2, open: [Stage.openKill(old, answer: answer)]))
    stage.run(.seconds(200))
    #expect(stage.outcomes == [outcome])
  }

  @Test("An open kill on a VM with earlier tries is looked at where it was")
  func restoredAddress() {
    var stage = Stage()
    let old = stage.spawn(500)
    let row = Restored.Row(
      id: KillID(life: 1, number: 0), rule: RuleID("r"), vm: Stage.key, process: stage.guest[9], login: Stage.login,
      age: .seconds(1000), outcome: .survived, closedAge: .seconds(900))
    // No rule reaches the VM any more.
    stage.begin(
      [Stage.rule { $0.scope = Scope(names: [glob("none")]) }],
      restored: Restored(life: 2, rows: [row], open: [Stage.openKill(old)]))
    stage.run(.seconds(10))
    #expect(!stage.looks(.resolve).isEmpty)
    #expect(stage.looks(.resolve).allSatisfy { $0.address == VMAddress(vcenter: Stage.vcenter, moid: "vm-1") })
    let asked = stage.log.contains {
      if case .refresh(_, _, let query, _) = $0.effect { query.ids.contains("vm-1") } else { false }
    }
    #expect(asked)
  }

  @Test("An open kill is not looked for at an address that no inventory of this life gave")
  func restoredMoid() {
    var stage = Stage()
    let old = stage.spawn(500)
    stage.facts.moid = "vm-9"
    stage.intercept = { effect, stage in
      switch effect {
      case .refresh(let op, _, _, _): return [(.seconds(10), stage.inventoryEvent(op, [stage.facts]))]
      case .look(let op, let address, _, _, _, _) where address.moid == "vm-1":
        // Another VM has the moid now.
        return [(.milliseconds(100), .looked(op, stage.timing(), .success(.gone)))]
      default: return nil
      }
    }
    stage.begin([Stage.rule(action: .report)], restored: Restored(life: 2, open: [Stage.openKill(old)]))
    stage.run(.seconds(200))
    #expect(stage.looks(.resolve).allSatisfy { $0.address.moid == "vm-9" })
    #expect(stage.outcomes == [.unknown])
  }

  @Test("An intent that is older than a day at the start is looked at, too (S5)")
  func restoredOld() {
    var stage = Stage()
    let old = stage.spawn(500)
    stage.exit(500)
    stage.begin([Stage.rule()], restored: Restored(life: 2, open: [Stage.openKill(old, age: .seconds(90_000))]))
    stage.run(.seconds(60))
    #expect(stage.looks(.resolve).count >= 1)
    #expect(stage.outcomes == [.gone])
  }

  @Test("Rows restored in the order of their ids, not of their ages, count all the same (S3)")
  func restoredOrder() {
    var stage = Stage()
    stage.spawn(500)
    let dead = Process(pid: 400, started: 1, owner: "bob", name: "spin", command: "")
    func row(_ n: UInt32, _ age: Int) -> Restored.Row {
      Restored.Row(
        id: KillID(life: 1, number: n), rule: RuleID("r"), vm: Stage.key, process: dead, login: Stage.login,
        age: .seconds(age), outcome: .exited, closedAge: .seconds(60))
    }
    // Kill 2 was decided before kill 1 (its confirm took long), and 3601 s ago; kill 1 100 s ago.
    stage.begin([Stage.rule()], restored: Restored(life: 2, rows: [row(1, 100), row(2, 3601)])) {
      $0.budget = FleetBudget(kills: 1, perVM: 1)
    }
    stage.run(.seconds(600))
    #expect(stage.killed.isEmpty)
  }

  @Test("The time that a row ages from is the time that its budget was spent (S3)")
  func decidedIsIntent() {
    var stage = Stage()
    stage.spawn(500)
    var away = false
    stage.intercept = { effect, stage in
      switch effect {
      case .look(let op, _, _, _, .confirm, _) where !away:
        away = true
        return [(.milliseconds(100), .looked(op, stage.timing(), .failure(Fault(.unreachable, code: "reset"))))]
      case .refresh(let op, _, _, _) where away && stage.time < 1_600_000_000_000:
        return [(.milliseconds(100), .inventory(op, stage.timing(), .failure(Fault(.unreachable, code: "reset"))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule(lasting: .zero, every: .seconds(300))])
    stage.run(.seconds(1500))
    #expect(away)
    for entry in stage.log {
      guard case .record(_, .intent(let record)) = entry.effect else { continue }
      #expect(entry.at - record.decided.continuous.nanoseconds < 10_000_000_000)
    }
    #expect(stage.killed == [500])
  }

  @Test("A restored open kill outside every scope is settled by looking")
  func restoredOutOfScope() {
    var stage = Stage()
    let old = stage.spawn(500)
    stage.exit(500)
    let row = Restored.Row(
      id: KillID(life: 1, number: 0), rule: RuleID("r"), vm: Stage.key, process: stage.guest[9], login: Stage.login,
      age: .seconds(1000), outcome: .survived, closedAge: .seconds(900))
    stage.intercept = { effect, stage in
      guard case .refresh(let op, _, let query, _) = effect else { return nil }
      let vms = query.selects(name: stage.facts.name, moid: stage.facts.moid, in: []) ? [stage.facts] : []
      return [(.milliseconds(100), stage.inventoryEvent(op, vms))]
    }
    stage.begin(
      [Stage.rule { $0.scope = Scope(names: [glob("none")]) }],
      restored: Restored(life: 2, rows: [row], open: [Stage.openKill(old)]))
    stage.run(.seconds(300))
    #expect(stage.outcomes == [.gone])
  }

  @Test("An intent whose write was reported as failed has no terminate and no open row: it is closed as abandoned")
  func failedIntentIsClosed() {
    var stage = Stage()
    stage.spawn(500)
    var first: KillID?
    stage.intercept = { effect, stage in
      guard first == nil, case .record(let id, .intent) = effect else { return nil }
      // The commit went through, its answer did not (I/O error at the fsync of a checkpoint, say).
      first = id
      return [(.milliseconds(1), .recorded(id, .intent, .failure(LedgerFailure("I/O error"))))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(120))
    let closed = stage.log.contains {
      if case .record(first, .closed(.abandoned, _, _, _)) = $0.effect { true } else { false }
    }
    #expect(closed)
  }
}
