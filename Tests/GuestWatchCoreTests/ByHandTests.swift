import Testing

@testable import GuestWatchCore

@Suite("A kill by hand")
struct ByHandTests {
  @Test(
    "The whole way: shown, asked for, looked at again 5 s after the first look, recorded, terminated, seen to be gone")
  func theWholeWay() throws {
    var (stage, hog) = Stage.withHog()
    stage.find(1, 500)
    stage.run(.seconds(1))
    let found = HandAnswer.Found(
      vm: Stage.key, address: VMAddress(vcenter: Stage.vcenter, moid: "vm-1"), vmName: "db-07", login: Stage.login,
      process: Process(pid: 500, started: hog.started, owner: "bob", name: "hog", command: ""), gate: nil,
      isStuck: false)
    #expect(stage.ends(1) == [.found(found)])
    #expect(stage.killed.isEmpty)
    let first = try #require(stage.looks(.find).first)
    stage.kill(2, hog.identity)
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
    let confirm = try #require(stage.looks(.confirm).first)
    #expect(confirm.at >= first.at + 0.1 + 5)
    let id = KillID(life: 1, number: 1)
    #expect(stage.steps(2).dropFirst() == [.recording(id), .terminating(id), .verifying(id)])
    #expect(stage.ends(2) == [.closed(id, .exited, nil)])
    let records = stage.log.compactMap { entry -> KillRecord? in
      if case .record(_, .intent(let record)) = entry.effect { record } else { nil }
    }
    #expect(records.map(\.cause) == [.demand(Stage.demand)])
    #expect(records.first?.action == .terminate && records.first?.ruleDescription == "")
    #expect(records.first?.anchors.count == 8)
    #expect(stage.reports(.killed).map(\.demand) == [Stage.demand])
    #expect(stage.reports(.killed).allSatisfy { $0.rule == nil && $0.reason == nil })
    #expect(stage.reports(.killAsked).map(\.demand) == [Stage.demand])
  }

  @Test("One that was not shown first is looked at twice all the same")
  func withoutFind() {
    var (stage, hog) = Stage.withHog()
    stage.kill(1, hog.identity)
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
    let finds = stage.looks(.find)
    let confirms = stage.looks(.confirm)
    #expect(finds.count == 1 && confirms.count == 1)
    #expect(confirms[0].at - finds[0].at >= 5)
  }

  @Test("Two looks to which the guest shows different processes: the pid alone kills nobody")
  func notThePid() {
    var (stage, hog) = Stage.withHog()
    for (ask, identity) in [
      (1, Identity(pid: 500, started: hog.started - 1, owner: "bob")),
      (2, Identity(pid: 500, started: hog.started, owner: "alice")),
    ] as [(UInt64, Identity)] {
      stage.kill(ask, identity)
      stage.run(.seconds(30))
      guard case .refused(.another(let other))? = stage.ends(ask).first else {
        Issue.record("\(stage.ends(ask))")
        continue
      }
      #expect(other.identity == hog.identity && other.command == "")
    }
    #expect(stage.killed.isEmpty)
  }

  @Test("A newcomer on the pid between what was shown and the confirm lives, and the operator hears of it")
  func pidReuse() {
    var (stage, hog) = Stage.withHog()
    stage.find(1, 500)
    stage.run(.seconds(1))
    stage.kill(2, hog.identity)
    stage.run(.seconds(2))
    stage.exit(500)
    let newcomer = stage.spawn(500, "innocent")
    stage.run(.seconds(60))
    #expect(stage.killed.isEmpty)
    guard case .refused(.another(let other))? = stage.ends(2).first else {
      Issue.record("\(stage.ends(2))")
      return
    }
    #expect(other.identity == newcomer.identity)
    #expect(stage.reports(.spared).map(\.demand) == [Stage.demand])
  }

  @Test("What ended before the confirm is not killed", arguments: [true, false])
  func ended(listed: Bool) {
    var (stage, hog) = Stage.withHog()
    stage.find(1, 500)
    stage.run(.seconds(1))
    stage.kill(2, hog.identity)
    stage.run(.seconds(2))
    if listed, let i = stage.guest.firstIndex(where: { $0.pid == 500 }) {
      stage.guest[i].finished = stage.second
    } else {
      stage.exit(500)
    }
    stage.run(.seconds(60))
    #expect(stage.killed.isEmpty)
    #expect(stage.ends(2) == [.refused(.gone)])
    stage.find(3, 500)
    stage.run(.seconds(5))
    #expect(stage.ends(3) == [.refused(.gone)])
  }

  @Test("An identity that was closed as gone is not killed again, though the guest shows it once more")
  func closedAsGone() {
    var (stage, hog) = Stage.withHog()
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let op, _, _, _, _, _, _, _):
        let timing = stage.timing()
        return [(.seconds(20), .terminated(op, timing, .ambiguous(Fault(.unknown, code: "odd"))))]
      // The guest hides it, for a while.
      case .look(let op, _, _, _, .verify, _):
        let timing = stage.timing()
        return [(.milliseconds(10), .looked(op, timing, .success(.gone)))]
      default: return nil
      }
    }
    stage.kill(1, hog.identity)
    stage.run(.seconds(60))
    #expect(stage.outcomes == [.gone])
    // Shown before, asked for again; and shown anew.
    stage.kill(2, hog.identity)
    stage.find(3, 500)
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
    #expect(stage.ends(2) == [.refused(.gone)])
    #expect(stage.ends(3) == [.refused(.gone)])
  }

  @Test("A kill in its time is dropped as a whole: what the operator saw 11 minutes ago is looked at anew")
  func shownLongAgo() {
    var (stage, hog) = Stage.withHog()
    stage.find(1, 500)
    stage.run(.seconds(660))
    stage.kill(2, hog.identity)
    stage.run(.seconds(60))
    #expect(stage.looks(.find).count == 2)
    #expect(stage.killed == [500])
  }

  @Test("A new epoch of the VM ends the order")
  func newEpoch() {
    var (stage, hog) = Stage.withHog()
    stage.find(1, 500)
    stage.run(.seconds(1))
    stage.intercept = { effect, stage in
      // The guest is slow, and an inventory comes before its answer.
      guard case .look(let op, _, _, pid: 500, .confirm, _) = effect else { return nil }
      let timing = stage.timing()
      return [(.seconds(20), .looked(op, timing, .success(stage.look(500))))]
    }
    stage.kill(2, hog.identity)
    stage.run(.seconds(6))
    stage.facts.bootTime = stage.second
    stage.send(.configured(Stage.configuration([Stage.rule(match: "nothing", every: .seconds(600))])))
    stage.run(.seconds(60))
    #expect(stage.killed.isEmpty)
    #expect(stage.ends(2) == [.refused(.changed("the VM began a new life, or is not there any more"))])
  }

  @Test("Whoever asked and has gone: before the intent nothing happens, after it the terminate is not sent")
  func withdrawn() {
    for late in [false, true] {
      var (stage, hog) = Stage.withHog()
      stage.intercept = { effect, stage in
        guard late, case .record(let id, .intent) = effect else { return nil }
        return [
          (.milliseconds(1), .asked(.withdraw(AskID(1)))), (.milliseconds(2), .recorded(id, .intent, .success(()))),
        ]
      }
      stage.kill(1, hog.identity)
      stage.run(.seconds(3))
      if !late { stage.send(.asked(.withdraw(AskID(1)))) }
      stage.run(.seconds(60))
      #expect(stage.killed.isEmpty)
      #expect(stage.outcomes == (late ? [.abandoned] : []))
      #expect(stage.ends(1).isEmpty)
    }
  }

  @Test("An operator is not kept waiting for ever, and an order does not kill when nobody expects it any more")
  func tooLate() {
    var (stage, hog) = Stage.withHog()
    stage.intercept = { effect, stage in
      guard case .look(let op, _, _, _, _, _) = effect, stage.time < 1_000_000_000_000 + 200_000_000_000 else {
        return nil
      }
      let timing = stage.timing()
      return [(.seconds(30), .looked(op, timing, .failure(Fault(.unanswered, code: "Deadline"))))]
    }
    stage.kill(1, hog.identity)
    stage.run(.seconds(95))
    #expect(stage.ends(1) == [.refused(.tooLate)])
    stage.run(.seconds(600))
    #expect(stage.killed.isEmpty)
    #expect(stage.ends(1).count == 1)
  }

  @Test("An outcome that takes long: the operator hears that it is open, and the kill is followed to its end")
  func open() {
    var (stage, hog) = Stage.withHog()
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let op, _, _, _, _, _, _, _):
        let timing = stage.timing()
        return [(.seconds(60), .terminated(op, timing, .unanswered))]
      case .look(let op, _, _, _, .verify, _) where stage.time < 1_000_000_000_000 + 300_000_000_000:
        let timing = stage.timing()
        return [(.seconds(30), .looked(op, timing, .failure(Fault(.unanswered, code: "Deadline"))))]
      default: return nil
      }
    }
    stage.kill(1, hog.identity)
    stage.run(.seconds(290))
    #expect(stage.ends(1) == [.open(KillID(life: 1, number: 1))])
    stage.exit(500)
    stage.run(.seconds(200))
    #expect(stage.outcomes == [.gone])
    #expect(stage.ends(1).count == 1)
  }

  @Test("Two operators ask about one VM at once: the second is told so")
  func busy() {
    var (stage, _) = Stage.withHog()
    stage.find(1, 500)
    stage.find(2, 500)
    stage.run(.seconds(5))
    #expect(stage.ends(2) == [.refused(.busy)])
    #expect(stage.ends(1).count == 1)
  }

  @Test("A look that fails is tried three times, one that cannot be better once", arguments: [true, false])
  func lookFails(permanent: Bool) {
    var (stage, _) = Stage.withHog()
    let fault = Fault(permanent ? .guestDenied : .transient, code: "trouble")
    stage.intercept = { effect, stage in
      guard case .look(let op, _, _, _, .find, _) = effect else { return nil }
      let timing = stage.timing()
      return [(.milliseconds(10), .looked(op, timing, .failure(fault)))]
    }
    stage.find(1, 500)
    stage.run(.seconds(60))
    #expect(stage.ends(1) == [.refused(.failed(fault))])
    #expect(stage.looks(.find).count == (permanent ? 1 : 3))
  }

  @Test("A guest that refuses the login stops it there, and an operator is told instead of asking it again (S10)")
  func refusedLogin() {
    var (stage, _) = Stage.withHog()
    stage.intercept = { effect, stage in
      guard case .look(let op, _, _, _, .find, _) = effect else { return nil }
      let timing = stage.timing()
      return [
        (.milliseconds(10), .looked(op, timing, .failure(Fault(.guestLoginRefused, code: "InvalidGuestLogin"))))
      ]
    }
    stage.find(1, 500)
    stage.run(.seconds(5))
    stage.find(2, 500)
    stage.run(.seconds(5))
    #expect(stage.ends(1).count == 1)
    #expect(stage.ends(2) == [.refused(.gate(.login))])
    #expect(stage.looks(.find).count == 1)
  }

  @Test("An open kill by hand of an earlier life is resolved by looking before anything else dies there (S5)")
  func restart() throws {
    var stage = Stage()
    let old = stage.spawn(500, "hog")
    stage.spawn(600)
    var open = Stage.openKill(old)
    open.record.cause = .demand(Stage.demand)
    let row = Restored.Row(
      id: open.record.id, rule: nil, vm: Stage.key, process: old, login: Stage.login, age: .seconds(5), outcome: nil,
      closedAge: nil)
    stage.begin([Stage.rule()], restored: Restored(life: 2, rows: [row], open: [open])) {
      $0.budget = FleetBudget(kills: 20, perVM: 1)
    }
    stage.run(.seconds(40))
    #expect(stage.killed.isEmpty)
    stage.exit(500)
    stage.run(.seconds(60))
    #expect(stage.outcomes.first == .gone)
    #expect(stage.reports(.killed).first?.demand == Stage.demand)
    // It counts for its VM like any other (S3).
    #expect(stage.killed.isEmpty)
    #expect(stage.reports(.waiting).contains { $0.gate == .vmBudget })
  }

  @Test("A daemon that stops begins no kill, and says so to who waits")
  func stopping() {
    var (stage, hog) = Stage.withHog()
    stage.kill(1, hog.identity)
    stage.run(.seconds(2))
    stage.send(.shutdownAsked)
    #expect(stage.ends(1) == [.refused(.gate(.stopping))])
    stage.find(2, 500)
    #expect(stage.ends(2) == [.refused(.gate(.stopping))])
    stage.run(.seconds(60))
    #expect(stage.killed.isEmpty)
  }

  @Test("Without a daemon only the VM that an operator asks about is looked at, and no rule acts")
  func onlyByHand() {
    var stage = Stage()
    let hog = stage.spawn(500, "hog")
    stage.spawn(600)
    stage.begin([Stage.rule(), Stage.rule("would", action: .report)]) { $0.onlyByHand = true }
    stage.run(.seconds(120))
    #expect(stage.surveys == 0 && stage.looks(.check).isEmpty)
    stage.find(1, 500)
    stage.run(.seconds(5))
    // One listing, for the oldest rows, then the look.
    #expect(stage.surveys == 1 && stage.looks(.find).count == 1)
    stage.kill(2, hog.identity)
    stage.run(.seconds(300))
    #expect(stage.killed == [500])
    #expect(stage.ends(2) == [.closed(KillID(life: 1, number: 1), .exited, nil)])
    #expect(stage.reports(.wouldKill).isEmpty && stage.reports(.waiting).isEmpty && stage.reports(.runaway).isEmpty)
  }
}
