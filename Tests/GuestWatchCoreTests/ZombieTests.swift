import Testing

@testable import GuestWatchCore

@Suite("Zombies")
struct ZombieTests {
  @Test("A zombie that was closed as exited is not terminated again")
  func zombieAgain() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, let pid, _, _, _):
        stage.bare(pid)
        return [(.milliseconds(100), .terminated(id, stage.timing(), .done))]
      case .survey(let id, _, _, _, _) where stage.killed.count == 1 && stage.time < 1_015_000_000_000:
        return [(.milliseconds(100), .surveyed(id, stage.timing(), .failure(Fault(.transient, code: "503"))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule()], big)
    stage.run(.seconds(120))
    #expect(stage.killed == [500])
    #expect(stage.outcomes == [.exited])
  }

  @Test("An ordinary kill is not followed by a second confirm and a false spared")
  func falseSpared() {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule()])
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
    #expect(stage.reports(.spared).isEmpty)
    #expect(stage.looks(.confirm).count == 1)
  }

  @Test("One that was closed as exited and lies there as a zombie does not count in its group")
  func zombieInGroup() {
    var stage = Stage()
    for i: Int64 in 0..<3 { stage.spawn(500 + i, started: Stage.epoch - 100 + i * 10) }
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, let pid, _, _, _) = effect else { return nil }
      stage.bare(pid)
      return [(.milliseconds(100), .terminated(id, stage.timing(), .done))]
    }
    stage.begin([Stage.rule(limits: .bounded(maxAge: nil, maxInstances: MaxInstances(count: 2)))], big)
    stage.run(.seconds(60))
    #expect(stage.killed == [502])
    #expect(stage.outcomes == [.exited])
    stage.exit(500)
    stage.run(.seconds(30))
    stage.spawn(503)
    stage.run(.seconds(60))
    // Two live: 501 and 503. Two are allowed.
    #expect(stage.killed == [502])
  }
  @Test(
    "Nor where the guest shows the dead one under another owner (simulation seed 119)")
  func zombieOfAnotherOwner() {
    var stage = Stage()
    for i: Int64 in 0..<3 { stage.spawn(500 + i, started: Stage.epoch - 100 + i * 10) }
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, let pid, _, _, _) = effect else { return nil }
      stage.bare(pid)
      if let i = stage.guest.firstIndex(where: { $0.pid == pid }) { stage.guest[i].owner = "1000" }
      return [(.milliseconds(100), .terminated(id, stage.timing(), .done))]
    }
    let rule = Stage.rule(limits: .bounded(maxAge: nil, maxInstances: MaxInstances(count: 2, per: .vm)))
    stage.begin([rule], big)
    stage.run(.seconds(60))
    #expect(stage.killed == [502])
    #expect(stage.outcomes == [.exited])
    stage.exit(500)
    stage.run(.seconds(30))
    stage.spawn(503)
    stage.run(.seconds(60))
    #expect(stage.killed == [502])
  }
}
