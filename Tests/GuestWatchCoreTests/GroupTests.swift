import Testing

@testable import GuestWatchCore

@Suite("Groups by owner")
struct GroupTests {
  @Test("Owners are told apart by their bytes: two that look alike are two groups")
  func canonical() {
    var stage = Stage()
    stage.spawn(500, owner: "caf\u{e9}")
    stage.spawn(501, owner: "cafe\u{301}")
    stage.begin([Stage.rule(limits: .bounded(maxAge: nil, maxInstances: MaxInstances(count: 1)))])
    stage.run(.seconds(120))
    #expect(stage.killed.isEmpty)
  }

  @Test("Processes whose owner is unknown are not one owner's")
  func unknownOwners() {
    var stage = Stage()
    stage.spawn(500, owner: "")
    stage.spawn(501, owner: "")
    stage.begin([Stage.rule(limits: .bounded(maxAge: nil, maxInstances: MaxInstances(count: 1)))])
    stage.run(.seconds(120))
    #expect(stage.killed.isEmpty)
  }
}

@Suite("The victim of a group")
struct VictimTests {
  @Test("One that is too old and comes later is the victim, not one before it (simulation seed 103)")
  func olderComesFirst() {
    var stage = Stage()
    stage.begin([
      Stage.rule(
        limits: .bounded(maxAge: .seconds(60), maxInstances: MaxInstances(count: 1)), lasting: .seconds(15))
    ])
    stage.run(.seconds(5))
    for pid in 500...503 as ClosedRange<Int64> { stage.spawn(pid, started: stage.second + pid - 503) }
    stage.run(.seconds(400))
    // The last of the order first, whether for its age or for their number; the first for its age alone.
    #expect(stage.killed.first == 503)
    #expect(stage.killed.prefix(3) == [503, 502, 501])
  }

  @Test("While the last one waits for a retry, none before it dies for number")
  func noReplacement() {
    var stage = Stage()
    for pid in 500...502 as ClosedRange<Int64> { stage.spawn(pid, started: Stage.epoch + pid - 600) }
    stage.intercept = { effect, stage in
      // The last one does not die of it.
      guard case .terminate(let op, _, _, _, 502, _, _, _) = effect else { return nil }
      return [(.seconds(20), .terminated(op, stage.timing(), .done))]
    }
    stage.begin([Stage.rule(limits: .bounded(maxAge: nil, maxInstances: MaxInstances(count: 1)))])
    stage.run(.seconds(90))
    #expect(Set(stage.killed) == [502])
  }

  @Test("A reload between intent and terminate may free one that comes later: then nothing is sent")
  func freedByReload() {
    var stage = Stage()
    for pid in 500...502 as ClosedRange<Int64> {
      stage.spawn(pid, pid == 502 ? "spin-kept" : "spin", started: Stage.epoch + pid - 600)
    }
    let rules = [
      Stage.rule(match: "spin*", limits: .bounded(maxAge: nil, maxInstances: MaxInstances(count: 1)))
    ]
    stage.intercept = { effect, stage in
      guard case .record(let id, .intent(let record)) = effect, record.process.pid == 501 else { return nil }
      return [
        (.milliseconds(10), .configured(Stage.configuration(rules))),
        (.milliseconds(20), .recorded(id, .intent, .success(()))),
      ]
    }
    stage.begin(rules) { $0.protect = Protect(names: [glob("spin-kept")]) }
    stage.run(.seconds(15))
    #expect(stage.outcomes.first == .abandoned)
    stage.run(.seconds(60))
    #expect(stage.killed.first == 502)
  }
}
