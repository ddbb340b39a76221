import Testing

@testable import GuestWatchCore

@Suite("Inventories that change")
struct InventoryTests {
  @Test("A VM that was re-registered between confirm and terminate: nothing leaves for the new moid")
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

  @Test("While another VM has its instance uuid too, nothing known of a VM is forgotten (simulation seed 1141)")
  func twin() {
    var stage = Stage()
    let process = stage.spawn(500, started: Stage.epoch - 7200)
    let row = Restored.Row(
      id: KillID(life: 1, number: 1), rule: RuleID("r"), vm: Stage.key, process: process, login: Stage.login,
      age: .seconds(700), outcome: .denied, closedAge: .seconds(690))
    let memory = VMMemory(vm: Stage.key, bootTime: stage.facts.bootTime, suspendTime: nil, seen: [])
    var twins = 0
    stage.intercept = { effect, stage in
      guard case .refresh(let op, _, _, _) = effect, stage.time < 1_200_000_000_000 else { return nil }
      var other = stage.facts
      other.moid = "vm-9"
      other.bootTime = Stage.epoch - 3600
      twins += 1
      return [(.milliseconds(100), stage.inventoryEvent(op, [other, stage.facts]))]
    }
    stage.begin([Stage.rule()], restored: Restored(life: 2, rows: [row], memories: [memory]))
    stage.run(.seconds(100))
    #expect(twins > 0)
    #expect(stage.surveys() == 0)
    #expect(stage.watch.unwatched().map(\.reason) == [Unwatchable.twice.rawValue])
    stage.run(.seconds(400))
    #expect(stage.surveys() > 3)
    #expect(stage.killed.isEmpty)
  }

  @Test("A VM whose uuid cannot be read while another one claims it is not watched (simulation seed 1868)")
  func twinOfAnUnread() {
    var stage = Stage()
    var twins = 0
    stage.intercept = { effect, stage in
      guard case .refresh(let op, _, _, _) = effect, stage.time > 1_100_000_000_000 else { return nil }
      var unread = stage.facts
      unread.instanceUUID = nil
      var other = stage.facts
      other.moid = "vm-9"
      twins += 1
      return [(.milliseconds(100), stage.inventoryEvent(op, [unread, other]))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(130))
    #expect(twins > 0)
    stage.spawn(500)
    stage.run(.seconds(100))
    #expect(stage.killed.isEmpty)
    #expect(stage.watch.unwatched().map(\.reason) == [Unwatchable.twice.rawValue])
  }

  /// What an inventory says of a VM besides that its uuid cannot be read.
  enum Said: CaseIterable {
    case scripts, protected, outOfScope, unknownFamily, off
  }

  @Test("What is said of a VM whose uuid cannot be read holds (simulation seed 7140)", arguments: Said.allCases)
  func saidOfAnUnread(said: Said) {
    var stage = Stage()
    stage.facts.family = .windows
    var unread = stage.facts
    unread.instanceUUID = nil
    switch said {
    case .scripts: unread.tools = .executingScripts
    case .protected: unread.name = "hands-off"
    case .outOfScope: unread.name = "away"
    case .unknownFamily: unread.family = .unknown
    case .off: unread.power = .off
    }
    let answer = unread
    var isUnread = true
    stage.intercept = { effect, stage in
      guard isUnread, case .refresh(let op, _, _, _) = effect, stage.time > 1_100_000_000_000 else { return nil }
      return [(.milliseconds(100), stage.inventoryEvent(op, [answer]))]
    }
    // It fits where names fold, as they do on Windows alone.
    stage.begin([Stage.rule(match: "SPIN") { $0.scope.except = [glob("away")] }]) {
      $0.protect.vms = Scope(names: [glob("hands-off")])
    }
    stage.run(.seconds(130))
    stage.spawn(500)
    stage.run(.seconds(120))
    #expect(stage.killed.isEmpty)
    isUnread = false
    stage.run(.seconds(300))
    #expect(stage.killed == [500])
  }

  @Test("Hands are off a template and a VM of a solution, also where that cannot be read any more with the uuid")
  func unreadTemplate() {
    for isTemplate in [true, false] {
      var stage = Stage()
      stage.facts.biosUUID = "bios"
      var isUnread = false
      stage.intercept = { effect, stage in
        guard isUnread, case .refresh(let op, _, _, _) = effect else { return nil }
        var unread = stage.facts
        (unread.instanceUUID, unread.biosUUID) = (nil, nil)
        (unread.template, unread.managed) = (false, false)
        return [(.milliseconds(100), stage.inventoryEvent(op, [unread]))]
      }
      stage.spawn(500)
      if isTemplate { stage.facts.template = true } else { stage.facts.managed = true }
      stage.begin([Stage.rule()])
      stage.run(.seconds(100))
      isUnread = true
      stage.run(.seconds(300))
      #expect(stage.killed.isEmpty)
      #expect(stage.watch.vms.first?.facts.biosUUID == "bios")
    }
  }

  @Test(
    "A VM that was not found once does not make its runaways immortal", arguments: [LookPurpose.check, .confirm])
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

  @Test("Where another VM has the id in an incomplete inventory, the one before is not looked at there (S6, seed 279)")
  func displaced() {
    var stage = Stage()
    var other: VMFacts?
    stage.intercept = { effect, stage in
      guard case .refresh(let op, _, _, _) = effect, let other else { return nil }
      return [(.milliseconds(100), stage.inventoryEvent(op, [other], complete: false))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(60))
    other = stage.facts
    other?.instanceUUID = "other-uuid"
    stage.send(.configured(Stage.configuration([Stage.rule()])))
    stage.run(.seconds(60))
    // One VM is surveyed every 10 s, not two.
    #expect((5...7).contains(stage.surveys(from: 61)))
  }

  @Test("A VM that was out of sight rests all the same after a look that was not answered (S6, seed 34)")
  func restsWhenItIsBack() {
    var stage = Stage()
    var isSilent = false
    var gaveUp: Int64?
    stage.intercept = { effect, stage in
      guard case .survey(let op, _, _, _, let by) = effect, isSilent else { return nil }
      isSilent = false
      gaveUp = by.nanoseconds
      let silent = Event.surveyed(op, stage.timing(), .failure(Fault(.unanswered, code: "deadline")))
      return [(by - stage.now.continuous, silent)]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(60))
    isSilent = true
    stage.run(.seconds(15))
    for ready in [false, true] {
      stage.facts.ready = ready
      stage.send(.configured(Stage.configuration([Stage.rule()])))
      stage.run(.seconds(25))
    }
    stage.run(.seconds(40))
    guard let gaveUp else {
      Issue.record("no survey was left unanswered")
      return
    }
    let next = stage.log.first { entry in
      guard case .survey = entry.effect else { return false }
      return entry.at >= gaveUp
    }
    #expect(next.map { $0.at >= gaveUp + KillTiming.rest.nanoseconds } == true)
  }

  @Test("A VM that an incomplete inventory lacks is surveyed on after its vCenter was down (L2)")
  func incompleteAfterDown() {
    var stage = Stage()
    var broken = false
    stage.intercept = { effect, stage in
      switch effect {
      case .survey(let op, _, _, _, _) where stage.time > 1_030_000_000_000 && !broken:
        broken = true
        return [(.milliseconds(100), .surveyed(op, stage.timing(), .failure(Fault(.unreachable, code: "reset"))))]
      case .refresh(let op, _, _, _) where broken:
        return [(.milliseconds(100), stage.inventoryEvent(op, [], complete: false))]
      default: return nil
      }
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(900))
    #expect(broken)
    #expect(stage.surveys(from: 100) >= 40)
  }

  @Test("A VM that was renamed out of scope is not gone: its kill keeps its outcome")
  func renamed() {
    var stage = Stage()
    var held: OpID?
    stage.intercept = { effect, stage in
      switch effect {
      case .refresh(let op, _, _, _) where stage.time > 1_100_000_000_000 && held == nil:
        held = op
        return []
      case .terminate(let id, _, _, _, let pid, _, _, _):
        stage.exit(pid)
        guard let op = held else { return nil }
        // The query was made before there was a kill, and asks by name; the VM has another name now.
        return [
          (.milliseconds(100), stage.inventoryEvent(op, [])),
          (.milliseconds(200), .terminated(id, stage.timing(), .done)),
        ]
      default: return nil
      }
    }
    stage.begin([Stage.rule { $0.scope = Scope(names: [glob("db-*")]) }])
    stage.run(.seconds(125))
    stage.spawn(500)
    stage.run(.seconds(60))
    #expect(stage.outcomes == [.exited])
  }

  @Test("A VM whose instance uuid changed: still one operation in flight on it (S6)")
  func twoOperations() {
    var stage = Stage()
    var open = 0
    var most = 0
    stage.intercept = { effect, stage in
      switch effect {
      case .refresh where stage.time > 1_100_000_000_000:
        stage.facts.instanceUUID = "changed"
        return nil
      case .survey(let op, _, _, let ends, _):
        open += 1
        most = max(most, open)
        return [(.seconds(9), .surveyed(op, stage.timing(), .success(Listing(rows: stage.guest, showsEnds: ends))))]
      default: return nil
      }
    }
    var counting = false
    stage.begin([Stage.rule()])
    while stage.time < 1_400_000_000_000 {
      let before = stage.log.count
      stage.run(.milliseconds(50))
      for entry in stage.log[before...] { if case .survey = entry.effect { counting = true } }
    }
    _ = counting
    // Overlap by the log: a survey that was sent less than 9 s after the one before.
    let sent = stage.log.compactMap { entry -> Int64? in
      if case .survey = entry.effect { entry.at } else { nil }
    }
    let overlaps = zip(sent, sent.dropFirst()).filter { $1 - $0 < 9_000_000_000 }
    #expect(overlaps.isEmpty)
  }

  @Test("A VM that has an earlier uuid again: still one operation in flight on it (S6, simulation seed 5627)")
  func earlierUUID() {
    var stage = Stage()
    let first = stage.facts.instanceUUID
    stage.intercept = { effect, stage in
      switch effect {
      case .refresh:
        let refresh = (stage.time - 1_000_000_000_000) / 120_000_000_000
        stage.facts.instanceUUID = refresh % 2 == 0 ? first : "changed"
        return nil
      case .survey(let op, _, _, _, _):
        return [(.seconds(30), .surveyed(op, stage.timing(), .failure(Fault(.unanswered, code: "no answer"))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule(every: .seconds(10))])
    stage.run(.seconds(7200))
    let sent = stage.log.compactMap { entry -> Int64? in
      if case .survey = entry.effect { entry.at } else { nil }
    }
    // The deadline of each, and the rest of 30 s after it: whatever the VM is called meanwhile.
    #expect(zip(sent, sent.dropFirst()).allSatisfy { $1 - $0 >= 60_000_000_000 })
    #expect(sent.count > 60)
    let keys = Set(stage.watch.vms.map(\.key.instance))
    #expect(keys == [first ?? "", "changed"])
  }

  @Test("A VM with another uuid waits as long as it takes for the operation in flight to be answered (S6, seed 2714)")
  func otherUUIDWhileAsleep() {
    var stage = Stage()
    var sent = 0
    stage.intercept = { effect, stage in
      switch effect {
      case .refresh:
        if stage.time > 1_000_000_000_000 + 60_000_000_000 { stage.facts.instanceUUID = "changed" }
        return nil
      case .survey(let op, _, _, _, _):
        sent += 1
        let fault = Fault(.unanswered, code: "no answer")
        // This machine slept: the deadline is heard of long after it.
        return sent == 1 ? [(.seconds(1_000), .surveyed(op, stage.timing(), .failure(fault)))] : nil
      default: return nil
      }
    }
    stage.begin([Stage.rule(every: .seconds(10))])
    stage.run(.seconds(1_000))
    #expect(sent == 1)
    stage.run(.seconds(29))
    #expect(sent == 1)
    stage.run(.seconds(60))
    #expect(sent > 2)
  }

  @Test("VMs that are gone for good are forgotten")
  func growth() {
    var stage = Stage()
    var n = 0
    stage.intercept = { effect, stage in
      guard case .refresh(let op, _, _, _) = effect else { return nil }
      n += 1
      return [
        (
          .milliseconds(100),
          stage.inventoryEvent(op, [VMFacts(moid: "vm-\(n)", name: "clone", instanceUUID: "u\(n)", family: .linux)])
        )
      ]
    }
    stage.begin([Stage.rule(every: .seconds(600))])
    stage.run(.seconds(120 * 200))
    #expect(n > 150)
    #expect(stage.watch.vms.count < 40)
  }

  @Test("Two entries of one vCenter: a rule that names the second one is not deaf")
  func twoEntries() {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule { $0.vcenters = [VCenterID("second")] }]) {
      $0.vcenters.append(VCenterEntry(id: VCenterID("second")))
    }
    stage.run(.seconds(300))
    #expect(stage.surveys + stage.reports(.scopeEmpty).count > 0)
  }

  @Test("A refresh that waited for a slot is not forgotten when the vCenter goes down")
  func refreshForgotten() {
    var stage = Stage()
    stage.intercept = { effect, stage in
      // The survey is in flight when the refresh (every 120 s) comes due, takes the only slot, and fails.
      guard case .survey(let op, _, _, _, _) = effect, stage.time > 1_110_000_000_000, stage.time < 1_121_000_000_000
      else { return nil }
      return [(.seconds(15), .surveyed(op, stage.timing(), .failure(Fault(.unreachable, code: "reset"))))]
    }
    stage.begin([Stage.rule()]) { $0.vcenters[0].maxInFlight = 1 }
    stage.run(.seconds(900))
    #expect(stage.surveys(from: 200) >= 50)
  }

  @Test("A VM that comes back under another id was registered anew: what it showed before counts for nothing")
  func registeredAnewWhileAway() {
    var stage = Stage()
    stage.spawn(500)
    var refreshes = 0
    stage.intercept = { effect, stage in
      guard case .refresh(let op, _, _, _) = effect else { return nil }
      refreshes += 1
      if refreshes == 3 { stage.facts.moid = "vm-9" }
      return [(.milliseconds(100), stage.inventoryEvent(op, refreshes == 2 ? [] : [stage.facts]))]
    }
    stage.begin([Stage.rule(limits: .bounded(maxAge: .seconds(300), maxInstances: nil), action: .report)])
    stage.run(.seconds(230))
    let epoch = stage.watch.vms.first?.epoch
    stage.run(.seconds(30))
    #expect(refreshes == 3)
    #expect(stage.watch.vms.count == 1)
    #expect(stage.watch.vms.first?.epoch == epoch.map { $0 + 1 })
    #expect(stage.watch.vms.first?.epochBegan != nil)
  }
}
