import Testing

@testable import GuestWatchCore

@Suite("A kill by hand beside others")
struct ByHandRaceTests {
  @Test("A confirm that was under way for an operator who has gone is no confirm of a rule's kill with another login")
  func confirmOfAnother() throws {
    var stage = Stage()
    let spin = stage.spawn(500)
    stage.intercept = { effect, stage in
      // Slow, so that whoever asked can go meanwhile.
      guard case .look(let op, _, Stage.b, pid: 500, .confirm, _) = effect else { return nil }
      let timing = stage.timing()
      return [(.seconds(2), .looked(op, timing, .success(stage.look(500))))]
    }
    stage.begin([Stage.rule(), Stage.ruleB()], Stage.twoLogins)
    stage.send(.asked(.pause(Pause(rule: RuleID("r")))))
    stage.run(.seconds(30))
    stage.kill(1, spin.identity, login: Stage.b)
    stage.run(.seconds(6))
    #expect(stage.looks(.confirm).count == 1)
    stage.send(.asked(.withdraw(AskID(1))))
    stage.send(.asked(.resume(rule: nil, vms: nil)))
    #expect(stage.reports(.runaway).count == 1 && stage.killed.isEmpty)
    stage.run(.seconds(30))
    #expect(stage.killed == [500])
    let confirms = stage.log.compactMap { entry -> LoginID? in
      if case .look(_, _, let login, _, .confirm, _) = entry.effect { login } else { nil }
    }
    #expect(confirms == [Stage.b, Stage.login])
  }

  @Test("A confirm that failed for an operator who has gone is no try of the next kill")
  func triesOfAnother() {
    var (stage, hog) = Stage.withHog()
    stage.intercept = { effect, stage in
      guard case .look(let op, _, _, pid: 500, .confirm, _) = effect, stage.looks(.confirm).count == 1 else {
        return nil
      }
      let timing = stage.timing()
      return [(.seconds(2), .looked(op, timing, .failure(Fault(.guestDenied, code: "odd"))))]
    }
    stage.find(1, 500)
    stage.run(.seconds(8))
    stage.kill(2, hog.identity)
    stage.run(.seconds(1))
    #expect(stage.looks(.confirm).count == 1)
    stage.send(.asked(.withdraw(AskID(2))))
    stage.kill(3, hog.identity)
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
    #expect(stage.ends(3) == [.closed(KillID(life: 1, number: 1), .exited, nil)])
  }

  @Test("A look that failed for an operator who has gone ends nobody else's question")
  func lookOfAnother() {
    var stage = Stage()
    stage.spawn(500, "hog")
    stage.intercept = { effect, stage in
      guard case .look(let op, _, Stage.b, pid: 500, .find, _) = effect else { return nil }
      let timing = stage.timing()
      return [(.seconds(2), .looked(op, timing, .failure(Fault(.guestDenied, code: "odd"))))]
    }
    stage.begin([Stage.rule(match: "nothing", every: .seconds(600)), Stage.ruleB()], Stage.twoLogins)
    stage.run(.seconds(10))
    stage.find(1, 500, login: Stage.b)
    stage.run(.seconds(1))
    stage.send(.asked(.withdraw(AskID(1))))
    stage.find(2, 500, login: Stage.login)
    stage.run(.seconds(10))
    guard case .found(let found)? = stage.ends(2).first else {
      Issue.record("\(stage.ends(2))")
      return
    }
    #expect(found.login == Stage.login)
  }

  /// Ways in which an order that was taken comes to nothing before there is a row, and what the journal is to hear.
  static let drops: [(gate: Gate?, fault: FaultKind?, detail: String, @Sendable (inout Stage) -> Void)] = [
    (.paused, nil, "", { $0.send(.asked(.pause(Pause()))) }),
    (nil, nil, "whoever asked for it has gone", { $0.send(.asked(.withdraw(AskID(1)))) }),
    (
      nil, nil, "the VM cannot be watched now, or no rule looks at it with this login any more",
      { $0.send(.configured(Stage.configuration([Stage.rule { $0.scope.names = [glob("web-*")] }]))) }
    ),
    (
      nil, .guestDenied, "",
      { stage in
        stage.intercept = { effect, stage in
          guard case .look(let op, _, _, _, .confirm, _) = effect else { return nil }
          let timing = stage.timing()
          return [(.milliseconds(10), .looked(op, timing, .failure(Fault(.guestDenied, code: "odd"))))]
        }
      }
    ),
    (.stopping, nil, "", { $0.send(.shutdownAsked) }),
    (
      .ledger, nil, "disk full",
      { stage in
        stage.intercept = { effect, _ in
          guard case .record(let id, .intent) = effect else { return nil }
          return [(.milliseconds(1), .recorded(id, .intent, .failure(LedgerFailure("disk full"))))]
        }
      }
    ),
    (
      nil, nil, "the VM did not answer in the time that an operator is kept waiting",
      { stage in
        stage.intercept = { effect, stage in
          guard case .look(let op, _, _, _, .confirm, _) = effect else { return nil }
          let timing = stage.timing()
          return [(.seconds(30), .looked(op, timing, .failure(Fault(.unanswered, code: "Deadline"))))]
        }
      }
    ),
  ]

  @Test("What the journal said is to be killed and is not, it hears of, with the reason", arguments: drops.indices)
  func dropped(i: Int) throws {
    let (gate, fault, detail, drop) = ByHandRaceTests.drops[i]
    var (stage, hog) = Stage.withHog()
    stage.kill(1, hog.identity)
    stage.run(.seconds(2))
    drop(&stage)
    stage.run(.seconds(100))
    let said = stage.reports(.killAsked)
    try #require(said.count == 2)
    #expect(said[0].gate == nil && said[0].fault == nil && said[0].detail == "")
    #expect(said[1].gate == gate && said[1].fault?.kind == fault && said[1].detail == detail)
    #expect(said[1].demand == Stage.demand && said[1].process?.identity == hog.identity)
    #expect(stage.killed.isEmpty)
  }

  @Test("A VM that is not watched any more when the intent is on disk: the row says why nothing was sent")
  func unwatchable() {
    var (stage, hog) = Stage.withHog()
    stage.intercept = { effect, stage in
      guard case .record(let id, .intent) = effect else { return nil }
      stage.facts.power = .off
      let same = Stage.configuration([Stage.rule(match: "nothing", every: .seconds(600))])
      return [(.milliseconds(1), .configured(same)), (.seconds(1), .recorded(id, .intent, .success(())))]
    }
    stage.kill(1, hog.identity)
    stage.run(.seconds(60))
    #expect(stage.killed.isEmpty)
    let fault = Fault(.unknown, code: "not sent", detail: "the VM is not looked into any more: it is not powered on")
    #expect(stage.ends(1) == [.closed(KillID(life: 1, number: 1), .abandoned, fault)])
  }
}
