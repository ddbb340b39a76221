import Testing

@testable import GuestWatchCore

/// A snapshot comes back and nothing of vCenter's tells: only that three are there again that had gone.
@Suite("A revert that only the processes tell of")
struct RevertTests {
  @Test("It is known although any number of others began and ended meanwhile (S8)", arguments: [0, 70, 300])
  func amongMany(others: Int) {
    var stage = Stage()
    stage.spawn(107, "system")
    stage.spawn(108, "system")
    stage.spawn(109, "system")
    stage.spawn(500)
    let snapshot = stage.guest
    stage.begin([Stage.rule()])
    stage.run(.seconds(30))
    #expect(stage.killed == [500])
    stage.exit(107)
    stage.exit(108)
    stage.exit(109)
    stage.run(.seconds(20))
    for pid in 0..<Int64(others) { stage.spawn(900 + pid, "cron") }
    stage.run(.seconds(12))
    stage.guest.removeAll { $0.name == "cron" }
    stage.run(.seconds(12))
    stage.guest = snapshot
    stage.run(.seconds(120))
    #expect(stage.reports(.epochEnded).count == 1)
    #expect(stage.killed == [500, 500])
  }

  @Test("What was tried in the life before is no try on who has its name now")
  func triesStartAnew() {
    var stage = Stage()
    stage.intercept = { effect, stage in
      // The first does nothing, and while it is looked at what became of it the VM is reverted.
      guard case .terminate(let id, _, _, _, _, _, _, _) = effect, stage.killed.count == 1 else { return nil }
      stage.facts.suspendTime = Stage.epoch
      return [(.milliseconds(100), .terminated(id, stage.timing(), .done))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(100))
    stage.spawn(500)
    stage.run(.seconds(60))
    #expect(stage.reports(.epochEnded).count == 1)
    #expect(stage.outcomes == [.unknown, .exited])
    // After a try on the same process it would be 30 s.
    #expect(stage.killed == [500, 500] && stage.terminates[1].at < 140)
  }
}
