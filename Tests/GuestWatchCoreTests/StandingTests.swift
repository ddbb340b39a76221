import Testing

@testable import GuestWatchCore

@Suite("Where a process stands")
struct StandingTests {
  private static func only(_ stage: Stage) -> Standing.Verdict? {
    let all = stage.watch.standings(at: stage.now)
    return all.count == 1 ? all[0].verdict : nil
  }

  @Test("Within its age, then exceeded, then a runaway that a gate keeps alive")
  func age() {
    var stage = Stage()
    stage.begin([
      Stage.rule(limits: .bounded(maxAge: .seconds(100), maxInstances: nil), lasting: .seconds(60), action: .report)
    ])
    stage.run(.seconds(5))
    stage.spawn(500, started: Stage.epoch - 7200)
    stage.run(.seconds(30))
    #expect(StandingTests.only(stage) == .within(maxAge: .seconds(100), place: nil))
    let standing = stage.watch.standings(at: stage.now)[0]
    // What it claims and what is proven are two things.
    #expect(standing.claimedAge > .seconds(7000) && standing.provenAge < .seconds(40))
    stage.run(.seconds(90))
    if case .exceeded(.tooOld(limit: .seconds(100), _, _), let since, let due)? = StandingTests.only(stage) {
      #expect(due == since + .seconds(60))
    } else {
      Issue.record("\(String(describing: StandingTests.only(stage)))")
    }
    stage.run(.seconds(90))
    guard case .runaway(.tooOld, gate: .report)? = StandingTests.only(stage) else {
      Issue.record("\(String(describing: StandingTests.only(stage)))")
      return
    }
  }

  @Test("The place of each in its group, and a protected one beyond the limit")
  func places() {
    var stage = Stage()
    for pid in 500...502 as ClosedRange<Int64> { stage.spawn(pid, started: Stage.epoch + pid - 600) }
    stage.begin([
      Stage.rule(limits: .bounded(maxAge: nil, maxInstances: MaxInstances(count: 2)))
    ]) { $0.protect.commands = [glob("*--work*")] }
    stage.run(.seconds(40))
    let all = stage.watch.standings(of: Stage.key, at: stage.now)
    #expect(all.map(\.process.pid) == [500, 501, 502])
    #expect(
      all.map(\.verdict) == [
        .within(maxAge: nil, place: Standing.Place(place: 1, count: 3, limit: 2)),
        .within(maxAge: nil, place: Standing.Place(place: 2, count: 3, limit: 2)),
        .runaway(.tooMany(limit: 2, count: 3, place: 3), gate: .protected),
      ])
    // A command line is shown to nobody unless asked for.
    #expect(all.allSatisfy { $0.process.command == "" })
    #expect(stage.killed.isEmpty)
  }

  @Test("One whose kill is on its way has no gate before it")
  func underWay() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, _ in
      guard case .look(_, _, _, _, .confirm, _) = effect else { return nil }
      return []
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(15))
    #expect(StandingTests.only(stage) == .runaway(.forbidden, gate: .killOpen))
  }
}

@Suite("VMs that are not watched")
struct UnwatchedTests {
  private static func facts(_ change: (inout VMFacts) -> Void) -> VMFacts {
    var facts = Stage().facts
    change(&facts)
    return facts
  }

  @Test(
    "Each is listed with its reason",
    arguments: [
      (facts { $0.power = .off }, "it is not powered on"),
      (facts { $0.template = true }, "it is a template"),
      (facts { $0.managed = true }, "a solution manages it"),
      (facts { $0.ready = false }, "guest operations are not ready (VMware Tools)"),
      (facts { $0.biosUUID = "4206f0d1-12ab-34cd-56ef-00112233aabb" }, "the daemon itself runs on it"),
      // The same uuid with its first three fields in the other byte order.
      (facts { $0.biosUUID = "D1F00642-AB12-CD34-56EF-00112233AABB" }, "the daemon itself runs on it"),
      (facts { $0.instanceUUID = nil }, "it has no instance uuid"),
    ])
  func reasons(facts: VMFacts, reason: String) {
    var stage = Stage()
    stage.spawn(500)
    stage.facts = facts
    stage.begin([Stage.rule()]) { $0.ownMachine = "4206f0d1-12ab-34cd-56ef-00112233aabb" }
    stage.run(.seconds(60))
    #expect(stage.watch.unwatched().map(\.reason) == [reason])
    #expect(stage.surveys == 0)
    #expect(stage.killed.isEmpty)
  }

  @Test("A VM without a uuid is said once an hour, not at every inventory")
  func namelessOnce() {
    var stage = Stage()
    stage.facts.instanceUUID = nil
    stage.begin([Stage.rule()])
    stage.run(.seconds(3000))
    #expect(stage.reports(.vmParked).count == 1)
    #expect(stage.reports(.vmParked).first?.moid == "vm-1")
  }

  @Test("A VM that answers is not listed; one that is left alone is, with what it answered")
  func parked() {
    var stage = Stage()
    stage.begin([Stage.rule()])
    stage.run(.seconds(30))
    #expect(stage.watch.unwatched().isEmpty)
    let fault = Fault(.unsupported, code: "OperationDisabledByGuest")
    stage.intercept = { effect, stage in
      guard case .survey(let op, _, _, _, _) = effect else { return nil }
      return [(.milliseconds(100), .surveyed(op, stage.timing(), .failure(fault)))]
    }
    stage.run(.seconds(30))
    #expect(stage.watch.unwatched().map(\.fault) == [fault])
  }
}

@Suite("The daemon's own machine")
struct OwnMachineTests {
  @Test(
    "The same BIOS uuid in either byte order, never one that says nothing",
    arguments: [
      ("4206f0d1-12ab-34cd-56ef-00112233aabb", "4206F0D1-12AB-34CD-56EF-00112233AABB\n", true),
      ("42 06 f0 d1 12 ab 34 cd-56 ef 00 11 22 33 aa bb", "4206f0d1-12ab-34cd-56ef-00112233aabb", true),
      ("4206f0d1-12ab-34cd-56ef-00112233aabb", "4206f0d1-12ab-34cd-56ef-00112233aabc", false),
      ("00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000", false),
      ("ffffffff-ffff-ffff-ffff-ffffffffffff", "ffffffff-ffff-ffff-ffff-ffffffffffff", false),
      ("", "", false), ("none", "none", false),
    ])
  func same(own: String, other: String, isSame: Bool) {
    #expect(OwnMachine.isSame(own, other) == isSame)
  }
}
