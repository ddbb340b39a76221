import Testing

@testable import GuestWatchCore

@Suite("Reloads")
struct ReloadTests {
  @Test("A vCenter entry that changed between confirm and terminate: nothing leaves")
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

  @Test(
    "A kill that waits for its confirm when a reload makes lasting longer begins anew: no confirm is part of a verdict")
  func longerLasting() throws {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .look(let op, _, _, _, .confirm, _) = effect, stage.looks(.confirm).count == 1 else { return nil }
      let timing = stage.timing()
      return [(.milliseconds(10), .looked(op, timing, .failure(Fault(.transient, code: "503"))))]
    }
    stage.begin([Stage.rule(lasting: .seconds(15))])
    while stage.looks(.confirm).isEmpty { stage.run(.milliseconds(100)) }
    // It failed, and is tried again in a second: by then this much will have passed.
    stage.send(.configured(Stage.configuration([Stage.rule(lasting: .milliseconds(15_700))])))
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
    let confirms = stage.looks(.confirm).map(\.at)
    let others = stage.looks(.check).map(\.at)
    #expect(confirms.count == 2 && others.contains { $0 > confirms[0] && $0 < confirms[1] }, "\(confirms) \(others)")
  }

  @Test("An inventory that the old vCenter answered after a reload is not believed of the new one")
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

  @Test("A row that the disk did not take is given again without its command line once a reload forbids it")
  func commandsOfRowsThatWait() {
    var stage = Stage()
    stage.spawn(500)
    var given: [String] = []
    stage.intercept = { effect, _ in
      guard case .record(let id, .reported(let record, _)) = effect else { return nil }
      given.append(record.process.command.value)
      return [(.milliseconds(1), .recorded(id, .reported, .failure(LedgerFailure("disk full"))))]
    }
    let rule = Stage.rule { $0.action = .report }
    stage.begin([rule]) { $0.logCommands = .full }
    stage.run(.seconds(20))
    #expect(Set(given) == ["/usr/bin/spin --work"])
    let before = given.count
    stage.send(.configured(Stage.configuration([rule])))
    stage.run(.seconds(20))
    #expect(given.count > before && given[before...].allSatisfy(\.isEmpty))
  }

  @Test("After a reload to another vCenter nothing is asked of it by the old one's moids")
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

  @Test("A VM that waited for a slot of a vCenter that a reload took away and gave back is looked at again")
  func queuedForEver() {
    var stage = Stage()
    stage.intercept = { effect, stage in
      switch effect {
      case .refresh(let op, Stage.vcenter, _, _):
        var second = stage.facts
        second.moid = "vm-2"
        second.instanceUUID = "second"
        return [(.milliseconds(100), stage.inventoryEvent(op, [stage.facts, second]))]
      case .refresh(let op, _, _, _):
        return [(.milliseconds(100), stage.inventoryEvent(op, [], uuid: "other"))]
      case .survey(let op, _, _, let ends, _) where stage.time < 1_003_000_000_000:
        return [(.seconds(20), .surveyed(op, stage.timing(), .success(Listing(rows: stage.guest, showsEnds: ends))))]
      default: return nil
      }
    }
    let rules = [Stage.rule()]
    stage.begin(rules) { $0.vcenters[0].maxInFlight = 1 }
    stage.run(.seconds(3))
    stage.send(.configured(Stage.configuration(rules) { $0.vcenters = [VCenterEntry(id: VCenterID("x"))] }))
    stage.run(.seconds(3))
    stage.send(.configured(Stage.configuration(rules) { $0.vcenters[0].maxInFlight = 1 }))
    stage.run(.seconds(600))
    #expect(stage.surveys(moid: "vm-1", from: 30) >= 10)
    #expect(stage.surveys(moid: "vm-2", from: 30) >= 10)
  }

  @Test("Reloads do not repeat a refused vCenter login")
  func refusedVCenter() {
    var stage = Stage()
    var refreshes = 0
    stage.intercept = { effect, stage in
      guard case .refresh(let op, _, _, _) = effect else { return nil }
      refreshes += 1
      return [
        (.milliseconds(100), .inventory(op, stage.timing(), .failure(Fault(.loginRefused, code: "InvalidLogin"))))
      ]
    }
    stage.begin([Stage.rule()])
    for _ in 0..<10 {
      stage.run(.seconds(2))
      stage.send(.configured(Stage.configuration([Stage.rule()])))
    }
    #expect(refreshes <= 2)
  }

  @Test("A login is not sent to a VM that a reload took out of its scope (a confirm in its back-off)")
  func loginScope() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .look(let op, _, _, _, .confirm, _) = effect, stage.looks(.confirm).count == 1 else { return nil }
      return [(.milliseconds(100), .looked(op, stage.timing(), .failure(Fault(.transient, code: "503"))))]
    }
    stage.begin([Stage.rule()])
    while stage.looks(.confirm).isEmpty { stage.run(.milliseconds(100)) }
    stage.run(.milliseconds(200))
    stage.send(.configured(Stage.configuration([Stage.rule()]) { $0.logins[0].scope = Scope(ids: ["vm-77"]) }))
    stage.run(.seconds(60))
    #expect(stage.looks(.confirm).count == 1)
  }

  @Test("What a kill's old secret is answered proves nothing of a new one (S10)")
  func oldSecret() {
    var stage = Stage()
    stage.spawn(500)
    var reloaded = false
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, let pid, _, _, _):
        stage.exit(pid)
        reloaded = true
        return [
          (.milliseconds(100), .terminated(id, stage.timing(), .done)),
          (.milliseconds(200), .configured(Stage.configuration([Stage.rule()]) { $0.logins[0].digest = 2 })),
        ]
      case .survey where reloaded: return []
      default: return nil
      }
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(30))
    #expect(stage.outcomes == [.exited])
    let book = stage.watch.logins
    let state = book.credential(Stage.login).flatMap { book.state($0) }
    #expect(state?.proven.isEmpty == true)
    #expect(stage.looks(.verify).count == 1)
  }

  @Test("A reload to a longer every does not mend a chain that was broken (S7)")
  func chainByReload() {
    var stage = Stage()
    stage.spawn(500)
    var silent = false
    stage.intercept = { effect, stage in
      guard silent, case .survey(let id, _, _, _, _) = effect else { return nil }
      return [(.milliseconds(100), .surveyed(id, stage.timing(), .failure(Fault(.transient, code: "503"))))]
    }
    stage.begin([Stage.rule(lasting: .seconds(200), every: .seconds(10))])
    stage.run(.seconds(100))
    silent = true
    stage.run(.seconds(80))
    stage.send(.configured(Stage.configuration([Stage.rule(lasting: .seconds(200), every: .seconds(60))])))
    silent = false
    stage.run(.seconds(190))
    #expect(stage.killed.isEmpty)
  }

  @Test("A kill that was sent before its vCenter entry changed is not looked for in the new one by the old id")
  func verifyAfterChange() {
    var stage = Stage()
    stage.spawn(500)
    var moved = false
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, _, _, _, _):
        moved = true
        return [
          (.milliseconds(100), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x")))),
          (.milliseconds(200), .configured(Stage.configuration([Stage.rule()]) { $0.vcenters[0].digest = 99 })),
        ]
      case .refresh(let op, _, _, _) where moved:
        // The new entry leads nowhere.
        return [(.seconds(1), .inventory(op, stage.timing(), .failure(Fault(.unreachable, code: "refused"))))]
      case .look(let op, _, _, _, .verify, _) where moved:
        return [(.milliseconds(100), .looked(op, stage.timing(), .failure(Fault(.transient, code: "503"))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(600))
    let looks = stage.looks(.verify).map(\.at)
    #expect(looks.allSatisfy { $0 < stage.terminates[0].at + 90 })
    #expect(stage.outcomes.isEmpty)
  }
}
