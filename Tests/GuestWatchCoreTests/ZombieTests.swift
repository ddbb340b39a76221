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

  @Test(
    "One that was closed as exited and lies there as a zombie does not count in its group",
    arguments: [(per: Per.owner, owner: nil), (per: .vm, owner: "1000")] as [(per: Per, owner: GuestText?)])
  func zombieInGroup(per: Per, owner: GuestText?) {
    var stage = Stage()
    for i: Int64 in 0..<3 { stage.spawn(500 + i, started: Stage.epoch - 100 + i * 10) }
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, let pid, _, _, _) = effect else { return nil }
      stage.bare(pid)
      // The guest may show the dead one under another owner (simulation seed 119).
      if let owner, let i = stage.guest.firstIndex(where: { $0.pid == pid }) { stage.guest[i].owner = owner }
      return [(.milliseconds(100), .terminated(id, stage.timing(), .done))]
    }
    let limits = Limits.bounded(maxAge: nil, maxInstances: MaxInstances(count: 2, per: per))
    stage.begin([Stage.rule(limits: limits)], big)
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

  @Test("Nor does it count once hundreds of others have ended, for it is still listed (S1)")
  func zombieAmongMany() {
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
    stage.exit(500)
    var pid: Int64 = 1_000
    for _ in 0..<6 {
      for _ in 0..<100 {
        pid += 1
        stage.spawn(pid, owner: "u\(pid)")
      }
      stage.run(.seconds(12))
      stage.guest.removeAll { $0.pid > 1_000 }
      stage.run(.seconds(12))
    }
    stage.spawn(503)
    stage.run(.seconds(60))
    #expect(stage.killed == [502])
  }
}
