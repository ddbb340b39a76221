import Testing

@testable import GuestWatchCore

/// One login of a VM fails for a reason of its own.
@Suite("A login that is left alone, and the VM's other one")
struct LeftAloneTests {
  private static let denied = Fault(.guestDenied, code: "GuestPermissionDenied")

  private static func denyFromTheSecond(_ stage: inout Stage) {
    stage.intercept = { effect, stage in
      guard case .survey(let op, _, Stage.login, _, _) = effect, stage.surveys() > 1 else { return nil }
      return [(.milliseconds(100), .surveyed(op, stage.timing(), .failure(denied)))]
    }
  }

  @Test(
    "A login that is denied after its first listing is left alone for an hour, whatever was due (L2, L3)",
    arguments: [
      (processes: 3, limits: Limits.forbidden),
      (processes: 2, limits: .bounded(maxAge: nil, maxInstances: MaxInstances(count: 1))),
    ] as [(processes: Int64, limits: Limits)])
  func denied(processes: Int64, limits: Limits) {
    var stage = Stage()
    for pid in 0..<processes { stage.spawn(500 + pid) }
    Self.denyFromTheSecond(&stage)
    stage.begin([Stage.rule(limits: limits, every: .seconds(60)), Stage.ruleB()], Stage.twoLogins)
    stage.run(.seconds(300))
    #expect(stage.surveys() <= 3)
    #expect(stage.surveys(Stage.b) >= 25)
  }

  @Test("A VM whose only login is denied is listed with that reason, until it works again")
  func listed() {
    var stage = Stage()
    Self.denyFromTheSecond(&stage)
    stage.begin([Stage.rule()])
    stage.run(.seconds(60))
    #expect(
      stage.watch.unwatched().map(\.reason) == ["the guest denies what is asked with every login that reaches it"])
    #expect(stage.watch.unwatched().map(\.fault) == [Self.denied])
    stage.intercept = { _, _ in nil }
    stage.run(.seconds(3600))
    #expect(stage.watch.unwatched().isEmpty)
  }

  @Test(
    "Surveys that always fail with one login keep those with the other from nothing (L2, L3)",
    arguments: [FaultKind.noCredential, .badAnswer, .unknown, .guestLoginTrouble])
  func alwaysFails(kind: FaultKind) {
    var stage = Stage()
    stage.intercept = { effect, stage in
      guard case .survey(let op, _, Stage.login, _, _) = effect else { return nil }
      let timing = kind == .noCredential ? Timing(firstByte: nil, ended: stage.now) : stage.timing()
      return [(.milliseconds(10), .surveyed(op, timing, .failure(Fault(kind, code: "x"))))]
    }
    stage.begin([Stage.rule(), Stage.ruleB()], Stage.twoLogins)
    stage.run(.seconds(3600))
    #expect(stage.surveys(Stage.b) >= 50)
    #expect(stage.surveys() >= 50)
  }

  @Test("An open kill whose login is in no configuration any more holds up nothing on its VM (L3)")
  func loginIsGone() {
    var stage = Stage()
    let old = stage.spawn(600, "old")
    var open = Stage.openKill(old)
    open.record.login = LoginID("gone")
    stage.intercept = { effect, stage in
      guard case .look(let op, _, LoginID("gone"), _, _, _) = effect else { return nil }
      let fault = Fault(.badRequest, code: "NotConfigured")
      return [(.zero, .looked(op, Timing(firstByte: nil, ended: stage.now), .failure(fault)))]
    }
    stage.begin([Stage.rule(action: .report)], restored: Restored(life: 2, open: [open]))
    stage.run(.seconds(3600))
    #expect(stage.surveys() > 300)
    #expect(stage.outcomes.isEmpty && stage.looks(.resolve).isEmpty)
    // It is given up after a day, as any that nobody can look for.
    stage.run(.seconds(86_400))
    #expect(stage.outcomes == [.unknown])
  }

  @Test("An open kill whose login comes back with a reload is looked for then")
  func loginComesBack() {
    var stage = Stage()
    let old = stage.spawn(600, "old")
    stage.exit(600)
    var open = Stage.openKill(old)
    open.record.login = Stage.b
    stage.begin([Stage.rule(action: .report)], restored: Restored(life: 2, open: [open]))
    stage.run(.seconds(600))
    #expect(stage.outcomes.isEmpty)
    stage.send(.configured(Stage.configuration([Stage.rule(action: .report), Stage.ruleB()], Stage.twoLogins)))
    stage.run(.seconds(120))
    #expect(stage.outcomes == [.gone])
  }
}
