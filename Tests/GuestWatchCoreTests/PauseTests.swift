import Testing

@testable import GuestWatchCore

@Suite("Pauses")
struct PauseTests {
  static func kept(_ stage: Stage) -> [Pause]? {
    stage.log.last { if case .keepPauses = $0.effect { true } else { false } }.flatMap {
      if case .keepPauses(let pauses) = $0.effect { pauses } else { nil }
    }
  }

  @Test("A pause keeps everything alive, says so once, and is kept; after it the kill comes")
  func pause() {
    var stage = Stage()
    stage.begin([Stage.rule()])
    stage.run(.seconds(5))
    stage.spawn(500)
    stage.send(.asked(.pause(Pause())))
    #expect(PauseTests.kept(stage) == [Pause()])
    stage.run(.seconds(300))
    #expect(stage.killed.isEmpty)
    #expect(stage.reports(.waiting).map(\.gate) == [.paused])
    stage.send(.asked(.resume(rule: nil, vms: nil)))
    #expect(PauseTests.kept(stage) == [])
    stage.run(.seconds(5))
    #expect(stage.killed == [500])
    #expect(stage.reports(.resumed).count == 1)
  }

  @Test("A pause ends by itself, and one of an earlier life goes on", arguments: [true, false])
  func ends(restored: Bool) {
    var stage = Stage()
    stage.spawn(500)
    let pause = Pause(until: stage.now.continuous + .seconds(100))
    stage.begin([Stage.rule()], restored: Restored(life: 1, pauses: restored ? [pause] : []))
    if !restored { stage.send(.asked(.pause(pause))) }
    stage.run(.seconds(99))
    #expect(stage.killed.isEmpty)
    stage.run(.seconds(3))
    #expect(stage.killed == [500])
    #expect(PauseTests.kept(stage) == [])
  }

  @Test(
    "A pause covers the rule and the VMs that it names",
    arguments: [
      (Pause(rule: RuleID("r")), false), (Pause(rule: RuleID("other")), true), (Pause(vms: glob("db-*")), false),
      (Pause(vms: glob("vm-1")), false), (Pause(vms: glob("web-*")), true),
      (Pause(rule: RuleID("other"), vms: glob("db-*")), true),
    ])
  func covers(pause: Pause, dies: Bool) {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule()])
    stage.send(.asked(.pause(pause)))
    stage.run(.seconds(60))
    #expect(stage.killed == (dies ? [500] : []))
  }

  @Test("A pause that comes between the intent and the terminate stops it")
  func lastMoment() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, _ in
      guard case .record(let id, .intent) = effect else { return nil }
      return [(.milliseconds(1), .asked(.pause(Pause()))), (.milliseconds(2), .recorded(id, .intent, .success(())))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(60))
    #expect(stage.killed.isEmpty)
    #expect(stage.outcomes == [.abandoned])
  }

  @Test("Pauses do not pile up")
  func bounded() {
    var book = PauseBook()
    for i in 0..<Pause.cap { _ = book.add(Pause(rule: RuleID("r\(i)"))) }
    let more = book.add(Pause(rule: RuleID("one more")))
    #expect(!more)
    let again = book.add(Pause(rule: RuleID("r7"), until: Instant(nanoseconds: 1)))
    #expect(again)
    #expect(book.pauses.count == Pause.cap)
  }

  @Test("A pause of everything that ends does not end the pause of a rule that was asked for before (seed 258)")
  func overlapping() {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule()])
    let all = Pause(until: stage.now.continuous + .seconds(60))
    stage.send(.asked(.pause(Pause(rule: RuleID("r")))))
    stage.send(.asked(.pause(all)))
    #expect(PauseTests.kept(stage) == [Pause(rule: RuleID("r")), all])
    stage.run(.seconds(300))
    #expect(PauseTests.kept(stage) == [Pause(rule: RuleID("r"))])
    #expect(stage.killed.isEmpty)
  }
}
