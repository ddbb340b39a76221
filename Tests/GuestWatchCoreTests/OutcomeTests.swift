import Testing

@testable import GuestWatchCore

@Suite("Outcomes and their order")
struct OutcomeTests {
  @Test("Survived needs a look that was sent 25 s after, not one that was answered then")
  func survivedTooEarly() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, _, _, _, _):
        return [(.milliseconds(100), .terminated(id, stage.timing(), .ambiguous(Fault(.unreachable, code: "reset"))))]
      case .look(let op, _, _, let pid, .verify, _):
        let sent =
          stage.timing().firstByte!.continuous.nanoseconds
          - stage.log.last { if case .terminate = $0.effect { true } else { false } }!.at
        guard sent > 15_000_000_000, sent < 18_000_000_000 else { return nil }
        let alive = stage.look(pid)
        let timing = stage.timing()
        stage.exit(pid)  // SIGKILL comes at 20 s; nothing looks in between.
        return [(.milliseconds(9500), .looked(op, timing, .success(alive)))]
      default: return nil
      }
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(120))
    #expect(stage.outcomes.first == .gone)
  }

  @Test("The outcome is not written before the answer that stands before it")
  func overtakes() {
    var stage = Stage()
    stage.spawn(500)
    var order: [LedgerStep.Kind] = []
    stage.intercept = { effect, stage in
      guard case .record(let id, let step) = effect else { return nil }
      if step.kind == .answered && stage.time < 1_030_000_000_000 {
        return [(.milliseconds(1), .recorded(id, .answered, .failure(LedgerFailure("busy"))))]
      }
      order.append(step.kind)
      return nil
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(120))
    #expect(order.prefix(3) == [.intent, .answered, .closed])
  }

  @Test(
    "SIGTERM while a confirm, an intent, a terminate, a verify is under way: stopped within 25 s, no new terminate",
    arguments: [0, 1, 2, 3])
  func stopAnywhere(_ where_: Int) {
    var stage = Stage()
    stage.spawn(500)
    var asked = false
    stage.intercept = { effect, stage in
      let here: Bool =
        switch effect {
        case .look(_, _, _, _, .confirm, _): where_ == 0
        case .record(_, .intent): where_ == 1
        case .terminate: where_ == 2
        case .look(_, _, _, _, .verify, _): where_ == 3
        default: false
        }
      if here && !asked {
        asked = true
        stage.answer(.shutdownAsked, after: .nanoseconds(1))
      }
      return nil
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(60))
    #expect(asked)
    #expect(stage.killed.count == (where_ >= 2 ? 1 : 0))
    #expect(stage.outcomes == [[], [.abandoned], [.exited], [.exited]][where_])
    #expect(stage.log.contains { if case .stopped = $0.effect { true } else { false } })
  }

  @Test("Double and late answers change nothing")
  func doubles() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, let pid, _, _, _):
        stage.exit(pid)
        let t = stage.timing()
        return [
          (.milliseconds(10), .terminated(id, t, .done)),
          (.milliseconds(20), .terminated(id, t, .denied(Fault(.guestDenied, code: "x")))),
          (.seconds(3), .terminated(id, t, .notFound)),
        ]
      case .record(let id, let step):
        return [
          (.milliseconds(1), .recorded(id, step.kind, .success(()))),
          (.milliseconds(2), .recorded(id, step.kind, .success(()))),
        ]
      default: return nil
      }
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(120))
    #expect(stage.killed == [500])
    #expect(stage.outcomes == [.exited])
  }

  @Test("The anchors of an intent are those of the last listing, also where the confirm ended a row")
  func restartSameEffects() {
    // Determinism over the whole kill path with faults drawn from a fixed list.
    func run() -> [String] {
      var stage = Stage()
      for i: Int64 in 0..<6 { stage.spawn(500 + i, owner: i % 2 == 0 ? "bob" : "eve") }
      var n = 0
      stage.intercept = { effect, stage in
        n += 1
        switch effect {
        case .look(let op, _, _, _, _, _) where n % 5 == 0:
          return [(.milliseconds(100), .looked(op, stage.timing(), .failure(Fault(.transient, code: "503"))))]
        case .terminate(let id, _, _, _, _, _, _, _) where n % 2 == 0:
          return [(.seconds(3), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x"))))]
        default: return nil
        }
      }
      stage.begin([Stage.rule(limits: .bounded(maxAge: .seconds(30), maxInstances: MaxInstances(count: 1)))], big)
      stage.run(.seconds(1800))
      return stage.log.map { "\($0.at) \($0.effect)" }
    }
    #expect(run() == run())
  }
}
