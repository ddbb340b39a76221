import Testing

@testable import GuestWatchCore

@Suite("Nothing is repeated without a pause")
struct PaceTests {
  @Test(
    "Verify looks that fail for good are not repeated without a pause",
    arguments: [FaultKind.notPermitted, .guestDenied, .badRequest, .unsupported, .overCap])
  func verifyLoop(kind: FaultKind) {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, _, _, _, _):
        return [(.milliseconds(100), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x"))))]
      case .look(let op, _, _, _, .verify, _):
        return [(.milliseconds(100), .looked(op, stage.timing(), .failure(Fault(kind, code: "y"))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(300))
    #expect(stage.looks(.verify).count < 30)
  }

  @Test("A guest that denies the kill of one process after the other is asked ever more slowly (simulation seed 5476)")
  func oneDenialAfterTheOther() {
    var stage = Stage()
    for pid in Int64(500)..<900 { stage.spawn(pid) }
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, let pid, _, _, _) = effect, pid < 890 else { return nil }
      let fault = Fault(.guestDenied, code: "GuestPermissionDenied")
      return [(.milliseconds(100), .terminated(id, stage.timing(), .denied(fault)))]
    }
    stage.begin([Stage.rule()]) { $0.budget = FleetBudget(kills: 1_000, perVM: 1_000) }
    stage.run(.seconds(3_600))
    let sent = stage.terminates.map(\.at)
    #expect((100...130).contains(sent.count), "\(sent.count)")
    let gaps = zip(sent, sent.dropFirst()).map { $1 - $0 }
    // The first ones may be denied for what they are; L1 leaves 50 s for each.
    #expect(gaps.prefix(3).allSatisfy { $0 < 10 } && gaps.allSatisfy { $0 < 45 }, "\(gaps)")
    #expect(gaps.dropFirst(6).allSatisfy { $0 > 20 }, "\(gaps)")
  }

  @Test("Of more processes that were tried than are kept none is forgotten: nobody else is tried, and that is said")
  func manyTried() {
    var stage = Stage()
    let first = Int64(10_000)
    let rows = (0..<Int64(VMState.attemptsCap)).map { i in
      Restored.Row(
        id: KillID(life: 1, number: UInt32(i)), rule: RuleID("r"), vm: Stage.key, process: stage.spawn(first + i),
        login: Stage.login, age: .seconds(7_200), outcome: .denied, closedAge: .seconds(7_100))
    }
    let memory = VMMemory(vm: Stage.key, bootTime: stage.facts.bootTime, suspendTime: nil, seen: [])
    stage.begin([Stage.rule(every: .seconds(60))], restored: Restored(life: 2, rows: rows, memories: [memory])) {
      $0.budget = FleetBudget(kills: 1_000, perVM: 1_000)
    }
    stage.spawn(500)
    stage.run(.seconds(400))
    #expect(stage.killed.isEmpty)
    #expect(stage.reports(.limitReached).map(\.detail) == ["processes that were tried"])
    stage.exit(first)
    stage.run(.seconds(200))
    #expect(stage.killed == [500])
  }

  @Test("One that is allowed ends the pause after denials")
  func allowedAgain() {
    var stage = Stage()
    for pid in Int64(500)..<520 { stage.spawn(pid) }
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, let pid, _, _, _) = effect, !pid.isMultiple(of: 4) else { return nil }
      let fault = Fault(.guestDenied, code: "GuestPermissionDenied")
      return [(.milliseconds(100), .terminated(id, stage.timing(), .denied(fault)))]
    }
    stage.begin([Stage.rule()]) { $0.budget = FleetBudget(kills: 1_000, perVM: 1_000) }
    stage.run(.seconds(200))
    #expect(Set(stage.killed) == Set(500..<520))
  }

  @Test("A login that a reload removed and the guest refuses is not used again (S10)")
  func removedLoginRefused() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, _, _, _, _):
        return [
          (.milliseconds(100), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x")))),
          (
            .milliseconds(200),
            .configured(
              Stage.configuration([]) { $0.logins = [LoginEntry(id: LoginID("new"), account: "other", digest: 5)] })
          ),
        ]
      case .look(let op, _, _, _, .verify, _):
        return [
          (
            .milliseconds(100),
            .looked(op, stage.timing(), .failure(Fault(.guestLoginRefused, code: "InvalidGuestLogin")))
          )
        ]
      default: return nil
      }
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(90))
    #expect(stage.looks(.verify).count == 1)
  }

  @Test("Max_age with max_instances: a check that the age is not believed any more is not repeated for ever")
  func checkLoop() {
    var stage = Stage()
    stage.spawn(500, started: Stage.epoch - 7200)
    stage.spawn(600, "other", started: Stage.epoch - 60)
    stage.spawn(601, "other", started: Stage.epoch - 61)
    stage.begin([
      Stage.rule(
        limits: .bounded(maxAge: .seconds(3600), maxInstances: MaxInstances(count: 5)), lasting: .seconds(30),
        every: .seconds(60))
    ])
    stage.run(.seconds(20))
    stage.wallStep = 86_400_000_000_000
    stage.run(.seconds(300))
    #expect(stage.looks(.check).count < 20)
    #expect(stage.surveys(from: 100) >= 2)
  }

  @Test("The same at the confirm")
  func confirmLoop() {
    var stage = Stage()
    stage.spawn(500, started: Stage.epoch - 7200)
    stage.spawn(600, "other", started: Stage.epoch - 60)
    stage.spawn(601, "other", started: Stage.epoch - 61)
    stage.intercept = { effect, stage in
      if case .look(_, _, _, _, .confirm, _) = effect { stage.wallStep = 86_400_000_000_000 }
      return nil
    }
    stage.begin([
      Stage.rule(
        limits: .bounded(maxAge: .seconds(3600), maxInstances: MaxInstances(count: 5)), every: .seconds(60))
    ])
    stage.run(.seconds(300))
    #expect(stage.looks(.confirm).count < 10)
  }

  @Test(
    "What was not sent or not begun is tried again with a back-off that grows",
    arguments: [
      KillAnswer.notSent(Fault(.sessionLost, code: "no session")), .notBegun(Fault(.busy, code: "TaskInProgress")),
    ])
  func backOff(answer: KillAnswer) {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, _, _, _, _) = effect else { return nil }
      var timing = stage.timing()
      if case .notSent = answer { timing.firstByte = nil }
      return [(.milliseconds(10), .terminated(id, timing, answer))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(600))
    #expect(stage.killed.count < 30)
  }

  @Test("Surveys go on while the looks after a terminate fail (L2)")
  func surveysGoOn() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, _, _, _, _):
        return [(.milliseconds(100), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x"))))]
      case .look(let op, _, _, _, .verify, _):
        return [(.milliseconds(100), .looked(op, stage.timing(), .failure(Fault(.unknown, code: "500"))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(900))
    #expect(stage.surveys(from: 100) >= 10)
  }

  @Test("A kill whose login was refused does not hold up the VM's other logins (L3)")
  func refusedKillLogin() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, _, _, _, _):
        return [(.milliseconds(100), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x"))))]
      case .look(let op, _, _, _, .verify, _):
        return [(.milliseconds(100), .looked(op, stage.timing(), .failure(Fault(.guestLoginRefused, code: "no"))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule(), Stage.ruleB()], Stage.twoLogins)
    stage.run(.seconds(900))
    #expect(stage.surveys(Stage.b, from: 100) >= 40)
  }

  @Test("A failed call says nothing about the clock")
  func clockByFailure() {
    var stage = Stage()
    let old = stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .refresh: return []
      case .look(let op, _, _, _, _, _):
        return [
          (
            .milliseconds(100),
            .looked(op, Timing(firstByte: nil, ended: stage.now), .failure(Fault(.unreachable, code: "no")))
          )
        ]
      default: return nil
      }
    }
    stage.begin([Stage.rule()], restored: Restored(life: 2, open: [Stage.openKill(old)]))
    stage.run(.seconds(2))
    #expect(!stage.watch.clock.trusted)
  }

  @Test("The vCenter's guests are left alone while the ledger keeps failing an intent: no hot loop")
  func intentFails() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .record(let id, let step) = effect else { return nil }
      return [(.milliseconds(1), .recorded(id, step.kind, .failure(LedgerFailure("disk full"))))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(600))
    #expect(stage.looks(.confirm).count < 70)
  }

  @Test("A kill is said as stopped by its ledger once, and a wake is always asked for while something is due")
  func wakes() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .refresh(let op, _, _, _) where stage.time > 1_050_000_000_000 && stage.time < 1_500_000_000_000:
        return [(.seconds(30), .inventory(op, stage.timing(), .failure(Fault(.unanswered, code: "t"))))]
      case .survey(let op, _, _, _, _) where stage.time > 1_050_000_000_000 && stage.time < 1_500_000_000_000:
        return [(.seconds(30), .surveyed(op, stage.timing(), .failure(Fault(.unanswered, code: "t"))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule(lasting: .seconds(100))])
    stage.run(.seconds(1000))
    #expect(stage.killed == [500])
  }

  @Test("A start in year 1 or 9999 is a doubt, not a crash", arguments: [-62_135_596_800, 253_402_300_799])
  func year(started: Int64) {
    var stage = Stage()
    stage.begin([Stage.rule()])
    stage.run(.seconds(30))
    stage.spawn(500, "other", started: started)
    stage.run(.seconds(60))
    #expect(stage.reports(.startsDoubted).count == 1)
  }

  @Test("All starts in year 1")
  func allStarts() {
    var stage = Stage()
    for i in stage.guest.indices { stage.guest[i].started = -62_135_596_800 }
    stage.begin([Stage.rule()])
    stage.run(.seconds(60))
    #expect(stage.surveys > 2)
  }
}
