import Testing

@testable import GuestWatchCore

@Suite("A kill, step by step")
struct KillTests {
  @Test("A forbidden process dies after two looks, a confirm and a durable intent (S1, S5)")
  func theWholeWay() throws {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule()])
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
    #expect(stage.outcomes == [.exited])
    // In order: two looks 5 s apart, a confirm, the intent, the terminate, its window from the confirm's send.
    let looks = stage.log.compactMap { entry -> Int64? in
      switch entry.effect {
      case .survey, .look(_, _, _, pid: 500, .check, _): entry.at
      default: nil
      }
    }
    let confirm = try #require(
      stage.log.first { if case .look(_, _, _, pid: 500, .confirm, _) = $0.effect { true } else { false } })
    let intent = try #require(
      stage.log.firstIndex { if case .record(_, .intent) = $0.effect { true } else { false } })
    let terminate = try #require(
      stage.log.firstIndex { if case .terminate = $0.effect { true } else { false } })
    #expect(looks[1] - looks[0] >= 5_000_000_000)
    #expect(looks[1] < confirm.at)
    #expect(intent < terminate)
    guard case .terminate(_, _, _, _, _, let by, let wall, _) = stage.log[terminate].effect else { return }
    #expect(by.nanoseconds == confirm.at + 5_000_000_000)
    #expect(wall == Stage.epoch * 1_000_000_000 + confirm.at - 1_000_000_000_000 + 5_000_000_000)
  }

  @Test("A newcomer on the pid between judging and confirming lives, and that is said")
  func pidReuse() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .look(_, _, _, pid: 500, .confirm, _) = effect else { return nil }
      stage.exit(500)
      stage.spawn(500, "innocent")
      return nil
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(120))
    #expect(stage.killed.isEmpty)
    #expect(stage.guest.contains { $0.name == "innocent" })
    #expect(stage.reports(.spared).first?.process?.name == "innocent")
  }

  @Test("A title that was rewritten before the confirm is judged afresh")
  func retitled() {
    var stage = Stage()
    let process = stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .look(_, _, _, pid: 500, .confirm, _) = effect else { return nil }
      stage.exit(500)
      stage.guest.append(
        Process(pid: 500, started: process.started, owner: process.owner, name: "calm", command: "calm"))
      return nil
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(120))
    #expect(stage.killed.isEmpty)
  }

  @Test("Without a durable intent there is no terminate; it comes when the ledger works again (S5)")
  func noRecordNoKill() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, _ in
      guard case .record(let id, let step) = effect else { return nil }
      return [(.milliseconds(1), .recorded(id, step.kind, .failure(LedgerFailure("disk full"))))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(120))
    #expect(stage.killed.isEmpty)
    #expect(stage.reports(.ledgerFailing).count == 1)
    stage.intercept = { _, _ in nil }
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
    #expect(stage.reports(.ledgerWorks).count == 1)
  }

  @Test("A confirm that is older than 5 s when the intent is on disk is abandoned, and given back")
  func lateIntent() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, _ in
      guard case .record(let id, .intent) = effect else { return nil }
      return [(.seconds(6), .recorded(id, .intent, .success(())))]
    }
    stage.begin([Stage.rule()]) { $0.budget = FleetBudget(kills: 1, perVM: 1) }
    stage.run(.seconds(40))
    #expect(stage.killed.isEmpty)
    #expect(!stage.outcomes.isEmpty && stage.outcomes.allSatisfy { $0 == .abandoned })
    stage.intercept = { _, _ in nil }
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
  }

  @Test("A lost answer to a terminate that worked is settled by looking")
  func lostAnswerDone() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, let pid, _, _, _) = effect else { return nil }
      stage.exit(pid)
      return [(.seconds(60), .terminated(id, stage.timing(), .unanswered))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(180))
    #expect(stage.killed == [500])
    #expect(stage.outcomes == [.gone])
  }

  @Test("A lost answer to a terminate that did nothing is settled by looking, with no blind second kill")
  func lostAnswerNotDone() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, _, _, _, _) = effect, stage.terminates.count == 1 else { return nil }
      return [(.seconds(60), .terminated(id, stage.timing(), .unanswered))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(300))
    #expect(stage.killed == [500, 500])
    #expect(stage.outcomes == [.survived, .exited])
    // 60 s without an answer, 25 s of looks, 30 s until the next try.
    #expect(stage.terminates[1].at - stage.terminates[0].at >= 115)
  }

  @Test("Survived three times is stuck, and left alone")
  func stuck() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, _, _, _, _) = effect else { return nil }
      return [(.seconds(20), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x"))))]
    }
    stage.begin([Stage.rule()]) { $0.budget = FleetBudget(kills: 100, perVM: 100) }
    stage.run(.seconds(3600))
    #expect(stage.outcomes == [.survived, .survived, .stuck])
    #expect(stage.terminates[2].at - stage.terminates[1].at >= 600)
  }

  @Test("A look after a terminate that shows another owner breaks the chain of lasting (simulation seed 2923)")
  func otherOwnerInVerify() {
    var stage = Stage()
    stage.spawn(500)
    var shown: Int64?
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, _, _, _, _):
        return [(.milliseconds(100), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x"))))]
      case .look(let op, _, _, let pid, .verify, _):
        guard shown == nil, case .running(var process) = stage.look(pid) else { return nil }
        process.owner = "eve"
        shown = stage.time
        return [(.milliseconds(100), .looked(op, stage.timing(), .success(.running(process))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule(lasting: .seconds(120), every: .seconds(10))])
    stage.run(.seconds(600))
    let again = stage.log.filter { if case .terminate = $0.effect { true } else { false } }.map(\.at)
    #expect(again.count >= 2)
    if let shown, again.count >= 2 { #expect(again[1] - shown >= 120_000_000_000) }
  }

  @Test("Another rule frees what was stuck, and not what was denied to a login (simulation seed 10598)")
  func freedButDenied() {
    func killed(denied: Bool) -> [Int64] {
      var stage = Stage()
      let process = stage.spawn(500, started: Stage.epoch - 7200)
      func row(_ number: UInt32, _ rule: String, _ outcome: Outcome) -> Restored.Row {
        Restored.Row(
          id: KillID(life: 1, number: number), rule: RuleID(rule), vm: Stage.key, process: process,
          login: Stage.login, age: .seconds(4000 - Int64(number)), outcome: outcome, closedAge: .seconds(3900))
      }
      let rows =
        (denied ? [row(1, "r", .denied)] : [])
        + [row(2, "s", .survived), row(3, "s", .survived), row(4, "s", .stuck)]
      let memory = VMMemory(vm: Stage.key, bootTime: stage.facts.bootTime, suspendTime: nil, seen: [])
      stage.begin(
        [Stage.rule(), Stage.rule("s")], restored: Restored(life: 2, rows: rows, memories: [memory]))
      stage.run(.seconds(60))
      #expect(stage.killed.isEmpty)
      stage.send(.configured(Stage.configuration([Stage.rule()])))
      stage.run(.seconds(60))
      return stage.killed
    }
    #expect(killed(denied: false) == [500])
    #expect(killed(denied: true).isEmpty)
  }

  @Test(
    "What the answer alone decides",
    arguments: [
      (KillAnswer.notSent(Fault(.unanswered, code: "late")), Outcome.abandoned),
      (.notBegun(Fault(.busy, code: "TaskInProgress")), .failed),
      (.denied(Fault(.guestDenied, code: "GuestPermissionDenied")), .denied),
      (.notFound, .alreadyGone),
    ])
  func answers(answer: KillAnswer, outcome: Outcome) {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, _, _, _, _) = effect else { return nil }
      var timing = stage.timing()
      if case .notSent = answer { timing.firstByte = nil }
      return [(.seconds(1), .terminated(id, timing, answer))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(14))
    #expect(stage.outcomes.first == outcome)
    if outcome == .denied {
      stage.run(.seconds(1000))
      #expect(stage.killed == [500])
    }
  }

  @Test("A dry run and a report rule send nothing and keep a row (S4)", arguments: [true, false])
  func nothingSent(dryRun: Bool) {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule(action: dryRun ? .terminate : .report)]) { $0.dryRun = dryRun }
    stage.run(.seconds(300))
    #expect(stage.killed.isEmpty)
    let rows = stage.log.filter { if case .record(_, .reported) = $0.effect { true } else { false } }
    #expect(rows.count == 1)
    #expect(stage.reports(.wouldKill).map(\.gate) == [dryRun ? .dryRun : .report])
  }

  @Test("A refused guest login is used once on that VM, then never again (S10)")
  func refusedLogin() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .survey(let id, _, _, _, _) = effect else { return nil }
      let fault = Fault(.guestLoginRefused, code: "InvalidGuestLogin")
      return [(.milliseconds(100), .surveyed(id, stage.timing(), .failure(fault)))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(7200))
    #expect(stage.surveys == 1)
    #expect(stage.reports(.loginQuarantined).count == 1)
    // A new secret is a new chance.
    stage.intercept = { _, _ in nil }
    stage.send(.configured(Stage.configuration([Stage.rule()]) { $0.logins[0].digest = 2 }))
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
  }

  @Test("A reload between confirm and terminate counts")
  func reloadInBetween() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, _ in
      guard case .record(let id, .intent) = effect else { return nil }
      return [
        (.milliseconds(1), .configured(Stage.configuration([Stage.rule()]) { $0.dryRun = true })),
        (.milliseconds(2), .recorded(id, .intent, .success(()))),
      ]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(60))
    #expect(stage.killed.isEmpty)
    #expect(stage.outcomes == [.abandoned])
  }

  @Test("An open intent of an earlier life is resolved by looking before anything else dies there (S5)")
  func restart() throws {
    var stage = Stage()
    let old = stage.spawn(500)
    let record = KillRecord(
      id: KillID(life: 1, number: 1), cause: .rule(RuleID("r"), .forbidden), action: .terminate, dryRun: false,
      vm: Stage.key, address: VMAddress(vcenter: Stage.vcenter, moid: "vm-1"), vmName: "db-07",
      login: Stage.login, process: old, anchors: [], decided: stage.now, confirmed: stage.now)
    let row = Restored.Row(
      id: record.id, rule: record.cause.rule, vm: record.vm, process: old, login: Stage.login, age: .seconds(5),
      outcome: nil,
      closedAge: nil)
    stage.spawn(600)
    stage.begin(
      [Stage.rule()],
      restored: Restored(
        life: 2, rows: [row], open: [.init(record: record, age: .seconds(5), answer: nil)]))
    stage.run(.seconds(40))
    #expect(stage.killed.isEmpty)
    stage.exit(500)
    stage.run(.seconds(60))
    #expect(stage.outcomes.first == .gone)
    #expect(stage.killed == [600])
    let closed = try #require(
      stage.log.firstIndex { if case .record(KillID(life: 1, number: 1), .closed) = $0.effect { true } else { false } })
    let next = try #require(stage.log.firstIndex { if case .terminate = $0.effect { true } else { false } })
    #expect(closed < next)
  }

  @Test("The daemon died in mid-kill and the process lives: unknown after 90 s, then tried again like survived")
  func restartStillThere() {
    var stage = Stage()
    let old = stage.spawn(500)
    let record = KillRecord(
      id: KillID(life: 1, number: 1), cause: .rule(RuleID("r"), .forbidden), action: .terminate, dryRun: false,
      vm: Stage.key, address: VMAddress(vcenter: Stage.vcenter, moid: "vm-1"), vmName: "db-07",
      login: Stage.login, process: old, anchors: [], decided: stage.now, confirmed: stage.now)
    stage.begin(
      [Stage.rule()], restored: Restored(life: 2, open: [.init(record: record, age: .seconds(5), answer: nil)]))
    stage.run(.seconds(240))
    #expect(stage.outcomes == [.unknown, .exited])
    #expect(stage.terminates.first.map { $0.at >= 85 + 30 } ?? false)
  }

  @Test("A terminate that takes long breaks nobody's chain of looks (simulation seed 994)")
  func openKillKeepsChains() {
    var stage = Stage()
    stage.spawn(500)
    stage.spawn(600, "slow")
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, 500, _, _, _) = effect else { return nil }
      stage.exit(500)
      return [(.seconds(60), .terminated(id, stage.timing(), .unanswered))]
    }
    stage.begin([Stage.rule(), Stage.rule("slow", match: "slow", lasting: .seconds(100))])
    stage.run(.seconds(110))
    #expect(stage.killed == [500, 600])
  }

  @Test("A zombie is closed as gone and never killed again, though it is still listed (simulation seed 183)")
  func zombie() {
    var stage = Stage()
    let alive = stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, let pid, _, _, _) = effect else { return nil }
      stage.exit(pid)
      stage.guest.append(
        Process(pid: pid, started: alive.started, owner: alive.owner, name: "spin", command: "spin"))
      return [
        (.seconds(20), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "GuestOperationsFault"))))
      ]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(1000))
    #expect(stage.killed == [500])
    #expect(stage.outcomes == [.gone])
    #expect(stage.reports(.stillListed).count == 1)
  }

  @Test("An identity that an earlier life closed as gone is never a candidate again (simulation seed 135)")
  func zombieAfterRestart() {
    var stage = Stage()
    let dead = stage.spawn(500)
    let row = Restored.Row(
      id: KillID(life: 1, number: 1), rule: RuleID("r"), vm: Stage.key, process: dead, login: Stage.login,
      age: .seconds(60), outcome: .gone, closedAge: .seconds(30))
    stage.begin([Stage.rule()], restored: Restored(life: 2, rows: [row]))
    stage.run(.seconds(300))
    #expect(stage.killed.isEmpty)
  }

  @Test("Unanswered looks after a terminate are repeated with the back-off, not at once (simulation seed 99)")
  func verifyPace() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .look(let id, _, _, _, .verify, _) = effect else { return nil }
      return [(.seconds(30), .looked(id, stage.timing(), .failure(Fault(.unanswered, code: "timeout"))))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(1000))
    let looks = stage.log.compactMap { entry -> Int64? in
      if case .look(_, _, _, _, .verify, _) = entry.effect { entry.at } else { nil }
    }
    // 1, 2, 4, 8, 16, then about 60 s after each answer, though surveys work in between.
    #expect(looks.count < 20)
    #expect(zip(looks, looks.dropFirst()).allSatisfy { $1 - $0 > 30_500_000_000 })
  }

  @Test("SIGTERM: what was sent is followed, nothing new begins")
  func shutdown() {
    var stage = Stage()
    stage.spawn(500)
    stage.spawn(501)
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, let pid, _, _, _) = effect else { return nil }
      stage.exit(pid)
      return [(.milliseconds(50), .shutdownAsked), (.seconds(5), .terminated(id, stage.timing(), .done))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(60))
    #expect(stage.killed.count == 1)
    #expect(stage.outcomes == [.exited])
    #expect(stage.log.contains { if case .stopped = $0.effect { true } else { false } })
  }
}
