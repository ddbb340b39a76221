import Testing

@testable import GuestWatchCore

extension Stage {
  func looks(_ wanted: LookPurpose) -> [(at: Double, address: VMAddress, pid: Int64)] {
    log.compactMap { entry in
      guard case .look(_, let address, _, let pid, let purpose, _) = entry.effect, purpose == wanted else { return nil }
      return (Double(entry.at - 1_000_000_000_000) / 1e9, address, pid)
    }
  }
  func surveys(_ login: LoginID = Stage.login, moid: String = "vm-1", from: Double = 0) -> Int {
    log.count { entry in
      guard case .survey(_, let address, let by, _, _) = entry.effect else { return false }
      return by == login && address.moid == moid && Double(entry.at - 1_000_000_000_000) / 1e9 >= from
    }
  }
  var terminateAddresses: [VMAddress] {
    log.compactMap { entry in
      guard case .terminate(_, _, let address, _, _, _, _, _) = entry.effect else { return nil }
      return address
    }
  }
  mutating func bare(_ pid: Int64) {
    guard let i = guest.firstIndex(where: { $0.pid == pid }) else { return }
    guest[i].command = guest[i].name
  }
  static func openKill(
    _ process: Process, age: Duration = .seconds(5), answer: KillAnswer? = nil, moid: String = "vm-1"
  )
    -> Restored.OpenKill
  {
    let now = Now(continuous: Instant(nanoseconds: 1_000_000_000_000), wall: Stage.epoch * 1_000_000_000)
    let record = KillRecord(
      id: KillID(life: 1, number: 1), rule: RuleID("r"), ruleDescription: "", action: .terminate, dryRun: false,
      reason: .forbidden, vm: Stage.key, address: VMAddress(vcenter: Stage.vcenter, moid: moid), vmName: "db-07",
      login: Stage.login, process: process, anchors: [], decided: now, confirmed: now)
    return .init(record: record, age: age, answer: answer)
  }
  func inventoryEvent(_ op: OpID, _ vms: [VMFacts], uuid: String = "vc-uuid", complete: Bool = true) -> Event {
    .inventory(
      op, timing(), .success(Inventory(vcenterUUID: uuid, canTerminate: true, vms: vms, complete: complete)))
  }
}

@Sendable func big(_ c: inout Configuration) { c.budget = FleetBudget(kills: 1000, perVM: 1000) }

@Suite("Review") struct Review1 {
  // 01
  @Test("01a a zombie that was closed as exited is not terminated again")
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
  @Test("01b an ordinary kill is not followed by a second confirm and a false spared")
  func falseSpared() {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule()])
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
    #expect(stage.reports(.spared).isEmpty)
    #expect(stage.looks(.confirm).count == 1)
  }
  // 02
  @Test("02a a vCenter entry that changed between confirm and terminate: nothing leaves")
  func otherVCenter() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, _ in
      guard case .record(let id, .intent) = effect else { return nil }
      return [
        (.milliseconds(1), .configured(Stage.configuration([Stage.rule()]) { $0.vcenters[0].digest = 99 })),
        (.milliseconds(2), .recorded(id, .intent, .success(()))),
      ]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(13))
    // It was dropped; what died later was shown and confirmed by the vCenter as it is now.
    #expect(stage.outcomes.first == .abandoned)
    #expect(stage.looks(.confirm).count > stage.killed.count)
  }
  @Test("02b an inventory that the old vCenter answered after a reload is not believed of the new one")
  func oldInventory() {
    var stage = Stage()
    stage.spawn(500)
    var refreshes = 0
    stage.intercept = { effect, stage in
      guard case .refresh(let op, _, _, _) = effect else { return nil }
      refreshes += 1
      if refreshes == 1 { return [(.seconds(5), stage.inventoryEvent(op, [stage.facts]))] }
      // The new vCenter: its vm-1 is another VM, out of scope.
      return [
        (
          .milliseconds(100),
          stage.inventoryEvent(op, [VMFacts(moid: "vm-1", name: "web", instanceUUID: "x")], uuid: "B")
        )
      ]
    }
    let rule = Stage.rule { $0.scope = Scope(names: [glob("db-*")]) }
    stage.begin([rule])
    stage.run(.seconds(1))
    stage.send(.configured(Stage.configuration([rule]) { $0.vcenters[0].digest = 99 }))
    stage.run(.seconds(60))
    #expect(stage.surveys == 0)
    #expect(stage.killed.isEmpty)
  }
  @Test("02c after a reload to another vCenter nothing is asked of it by the old one's moids")
  func oldMoids() {
    var stage = Stage()
    stage.spawn(500)
    var moved = false
    stage.intercept = { effect, stage in
      guard moved, case .refresh(let op, _, _, _) = effect else { return nil }
      return [
        (.seconds(25), stage.inventoryEvent(op, [VMFacts(moid: "vm-1", name: "web", instanceUUID: "x")], uuid: "B"))
      ]
    }
    let rule = Stage.rule { $0.scope = Scope(names: [glob("db-*")]) }
    stage.begin([rule])
    stage.run(.seconds(3))
    moved = true
    stage.send(.configured(Stage.configuration([rule]) { $0.vcenters[0].digest = 99 }))
    let before = stage.surveys
    stage.run(.seconds(60))
    #expect(stage.surveys == before)
    #expect(stage.killed.isEmpty)
  }
  // 03
  @Test("03 a VM that was re-registered between confirm and terminate: nothing leaves for the new moid")
  func reRegistered() {
    var stage = Stage()
    var held: OpID?
    stage.intercept = { effect, stage in
      switch effect {
      case .refresh(let op, _, _, _) where stage.time > 1_100_000_000_000:
        held = op
        return []
      case .record(let id, .intent):
        guard let op = held else { return nil }
        held = nil
        var facts = stage.facts
        facts.moid = "vm-2"
        return [
          (.milliseconds(1), stage.inventoryEvent(op, [facts])),
          (.milliseconds(2), .recorded(id, .intent, .success(()))),
        ]
      default: return nil
      }
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(125))
    #expect(held != nil)
    stage.spawn(500)
    stage.run(.seconds(15))
    #expect(stage.looks(.confirm).first?.address.moid == "vm-1")
    #expect(!stage.terminateAddresses.contains { $0.moid == "vm-2" })
  }
  // 04
  @Test(
    "04a verify looks that fail for good are not repeated without a pause",
    arguments: [FaultKind.notPermitted, .guestDenied, .badRequest, .unsupported, .overCap])
  func verifyLoop(kind: FaultKind) {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, _, _, _, _):
        return [(.milliseconds(100), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x"))))]
      case .look(let op, _, _, _, .verify, _):
        return [(.milliseconds(100), .looked(op, stage.timing(), .failure(Fault(kind, code: "y"))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(300))
    #expect(stage.looks(.verify).count < 30)
  }
  @Test("04b a login that a reload removed and the guest refuses is not used again (S10)")
  func removedLoginRefused() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, _, _, _, _):
        return [
          (.milliseconds(100), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x")))),
          (
            .milliseconds(200),
            .configured(
              Stage.configuration([]) { $0.logins = [LoginEntry(id: LoginID("new"), account: "other", digest: 5)] })
          ),
        ]
      case .look(let op, _, _, _, .verify, _):
        return [
          (
            .milliseconds(100),
            .looked(op, stage.timing(), .failure(Fault(.guestLoginRefused, code: "InvalidGuestLogin")))
          )
        ]
      default: return nil
      }
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(90))
    #expect(stage.looks(.verify).count == 1)
  }
  // 05
  @Test("05a max_age with max_instances: a check that the age is not believed any more is not repeated for ever")
  func checkLoop() {
    var stage = Stage()
    stage.spawn(500, started: Stage.epoch - 7200)
    stage.spawn(600, "other", started: Stage.epoch - 60)
    stage.spawn(601, "other", started: Stage.epoch - 61)
    stage.begin([
      Stage.rule(
        limits: .bounded(maxAge: .seconds(3600), maxInstances: MaxInstances(count: 5)), lasting: .seconds(30),
        every: .seconds(60))
    ])
    stage.run(.seconds(20))
    stage.wallStep = 86_400_000_000_000
    stage.run(.seconds(300))
    #expect(stage.looks(.check).count < 20)
    #expect(stage.surveys(from: 100) >= 2)
  }
  @Test("05b the same at the confirm")
  func confirmLoop() {
    var stage = Stage()
    stage.spawn(500, started: Stage.epoch - 7200)
    stage.spawn(600, "other", started: Stage.epoch - 60)
    stage.spawn(601, "other", started: Stage.epoch - 61)
    stage.intercept = { effect, stage in
      if case .look(_, _, _, _, .confirm, _) = effect { stage.wallStep = 86_400_000_000_000 }
      return nil
    }
    stage.begin([
      Stage.rule(
        limits: .bounded(maxAge: .seconds(3600), maxInstances: MaxInstances(count: 5)), every: .seconds(60))
    ])
    stage.run(.seconds(300))
    #expect(stage.looks(.confirm).count < 10)
  }
  // 06
  @Test("06 one that was closed as exited and lies there as a zombie does not count in its group")
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
  // 07
  @Test(
    "07 a VM that was not found once does not make its runaways immortal", arguments: [LookPurpose.check, .confirm])
  func vmGoneOnce(purpose: LookPurpose) {
    var stage = Stage()
    stage.spawn(500)
    var said = false
    stage.intercept = { effect, stage in
      guard !said, case .look(let op, _, _, _, purpose, _) = effect else { return nil }
      said = true
      return [(.milliseconds(100), .looked(op, stage.timing(), .success(.vmGone)))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(900))
    #expect(said)
    #expect(stage.killed == [500])
  }
  // 08
  @Test(
    "08 what was not sent or not begun is tried again with a back-off that grows",
    arguments: [
      KillAnswer.notSent(Fault(.sessionLost, code: "no session")), .notBegun(Fault(.busy, code: "TaskInProgress")),
    ])
  func backOff(answer: KillAnswer) {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, _, _, _, _) = effect else { return nil }
      var timing = stage.timing()
      if case .notSent = answer { timing.firstByte = nil }
      return [(.milliseconds(10), .terminated(id, timing, answer))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(600))
    #expect(stage.killed.count < 30)
  }
  // 09
  @Test(
    "09 an answer that was on disk when the daemon died still decides",
    arguments: [
      (KillAnswer.denied(Fault(.guestDenied, code: "GuestPermissionDenied")), Outcome.denied),
      (.notSent(Fault(.unanswered, code: "late")), .abandoned),
      (.notBegun(Fault(.busy, code: "TaskInProgress")), .failed),
    ])
  func restoredAnswer(answer: KillAnswer, outcome: Outcome) {
    var stage = Stage()
    let old = stage.spawn(500)
    stage.begin([Stage.rule(action: .report)], restored: Restored(life: 2, open: [Stage.openKill(old, answer: answer)]))
    stage.run(.seconds(200))
    #expect(stage.outcomes == [outcome])
  }
  // 10
  @Test("10 an open kill on a VM with earlier tries is looked at where it was")
  func restoredAddress() {
    var stage = Stage()
    let old = stage.spawn(500)
    let row = Restored.Row(
      id: KillID(life: 1, number: 0), rule: RuleID("r"), vm: Stage.key, process: stage.guest[9], login: Stage.login,
      age: .seconds(1000), outcome: .survived, closedAge: .seconds(900))
    // No rule reaches the VM any more.
    stage.begin(
      [Stage.rule { $0.scope = Scope(names: [glob("none")]) }],
      restored: Restored(life: 2, rows: [row], open: [Stage.openKill(old)]))
    stage.run(.seconds(10))
    print("T10", stage.looks(.resolve).map { $0.address })
    #expect(!stage.looks(.resolve).isEmpty)
    #expect(stage.looks(.resolve).allSatisfy { $0.address == VMAddress(vcenter: Stage.vcenter, moid: "vm-1") })
    let asked = stage.log.contains {
      if case .refresh(_, _, let query, _) = $0.effect { query.ids.contains("vm-1") } else { false }
    }
    #expect(asked)
  }
}
