import Testing

@testable import GuestWatchCore

@Suite("Review 2") struct Review2 {
  static let b = LoginID("b")
  static func twoLogins(_ c: inout Configuration) {
    c.budget = FleetBudget(kills: 1000, perVM: 1000)
    c.logins.append(LoginEntry(id: b, account: "b", digest: 2))
  }
  static func ruleB(_ name: String = "rb") -> Rule {
    Stage.rule(name, match: "other", action: .report) { $0.login = b }
  }
  // 11
  @Test("11 a listing with another login, which does not see the process, forgets no tries")
  func otherLoginForgets() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, _, _, _, _):
        return [(.seconds(20), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x"))))]
      case .survey(let id, _, Review2.b, let ends, _):
        let rows = stage.guest.filter { $0.pid != 500 }
        return [(.milliseconds(100), .surveyed(id, stage.timing(), .success(Listing(rows: rows, showsEnds: ends))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule(), Self.ruleB()], Self.twoLogins)
    stage.run(.seconds(3600))
    #expect(stage.outcomes == [.survived, .survived, .stuck])
  }
  // 12
  @Test("12a surveys go on while the looks after a terminate fail (L2)")
  func surveysGoOn() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, _, _, _, _):
        return [(.milliseconds(100), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x"))))]
      case .look(let op, _, _, _, .verify, _):
        return [(.milliseconds(100), .looked(op, stage.timing(), .failure(Fault(.unknown, code: "500"))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(900))
    #expect(stage.surveys(from: 100) >= 10)
  }
  @Test("12b a kill whose login was refused does not hold up the VM's other logins (L3)")
  func refusedKillLogin() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, _, _, _, _):
        return [(.milliseconds(100), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x"))))]
      case .look(let op, _, _, _, .verify, _):
        return [(.milliseconds(100), .looked(op, stage.timing(), .failure(Fault(.guestLoginRefused, code: "no"))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule(), Self.ruleB()], Self.twoLogins)
    stage.run(.seconds(900))
    #expect(stage.surveys(Self.b, from: 100) >= 40)
  }
  // 13
  @Test("13 survived needs a look that was sent 25 s after, not one that was answered then")
  func survivedTooEarly() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, _, _, _, _):
        return [(.milliseconds(100), .terminated(id, stage.timing(), .ambiguous(Fault(.unreachable, code: "reset"))))]
      case .look(let op, _, _, let pid, .verify, _):
        let sent =
          stage.timing().firstByte!.continuous.nanoseconds
          - stage.log.last { if case .terminate = $0.effect { true } else { false } }!.at
        guard sent > 15_000_000_000, sent < 18_000_000_000 else { return nil }
        let alive = stage.look(pid)
        let timing = stage.timing()
        stage.exit(pid)  // SIGKILL comes at 20 s; nothing looks in between.
        return [(.milliseconds(9500), .looked(op, timing, .success(alive)))]
      default: return nil
      }
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(120))
    #expect(stage.outcomes.first == .gone)
  }
  // 14
  @Test("14a an open kill is not looked for at an address that no inventory of this life gave")
  func restoredMoid() {
    var stage = Stage()
    let old = stage.spawn(500)
    stage.facts.moid = "vm-9"
    stage.intercept = { effect, stage in
      switch effect {
      case .refresh(let op, _, _, _): return [(.seconds(10), stage.inventoryEvent(op, [stage.facts]))]
      case .look(let op, let address, _, _, _, _) where address.moid == "vm-1":
        // Another VM has the moid now.
        return [(.milliseconds(100), .looked(op, stage.timing(), .success(.gone)))]
      default: return nil
      }
    }
    stage.begin([Stage.rule(action: .report)], restored: Restored(life: 2, open: [Stage.openKill(old)]))
    stage.run(.seconds(200))
    #expect(stage.looks(.resolve).allSatisfy { $0.address.moid == "vm-9" })
    #expect(stage.outcomes == [.unknown])
  }
  @Test("14b an intent that is older than a day at the start is looked at, too (S5)")
  func restoredOld() {
    var stage = Stage()
    let old = stage.spawn(500)
    stage.exit(500)
    stage.begin([Stage.rule()], restored: Restored(life: 2, open: [Stage.openKill(old, age: .seconds(90_000))]))
    stage.run(.seconds(60))
    #expect(stage.looks(.resolve).count >= 1)
    #expect(stage.outcomes == [.gone])
  }
  // 15
  @Test("15 a VM that waited for a slot of a vCenter that a reload took away and gave back is looked at again")
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
  // 16
  @Test("16 reloads do not repeat a refused vCenter login")
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
  // 17
  @Test("17 a VM that an incomplete inventory lacks is surveyed on after its vCenter was down (L2)")
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
  // 18
  @Test("18 a login is not sent to a VM that a reload took out of its scope (a confirm in its back-off)")
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
  // 19
  @Test("19 a login that may not list does not hold up the VM's other login (L3)")
  func deniedLoginParks() {
    var stage = Stage()
    stage.intercept = { effect, stage in
      guard case .survey(let op, _, Review2.b, _, _) = effect else { return nil }
      return [(.milliseconds(100), .surveyed(op, stage.timing(), .failure(Fault(.guestDenied, code: "no"))))]
    }
    stage.begin([Stage.rule(), Self.ruleB()], Self.twoLogins)
    stage.run(.seconds(3600))
    #expect(stage.surveys() >= 200)
  }
  // 20
  @Test("20 the outcome is not written before the answer that stands before it")
  func overtakes() {
    var stage = Stage()
    stage.spawn(500)
    var order: [LedgerStep.Kind] = []
    stage.intercept = { effect, stage in
      guard case .record(let id, let step) = effect else { return nil }
      if step.kind == .answered && stage.time < 1_030_000_000_000 {
        return [(.milliseconds(1), .recorded(id, .answered, .failure(LedgerFailure("busy"))))]
      }
      order.append(step.kind)
      return nil
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(120))
    #expect(order.prefix(3) == [.intent, .answered, .closed])
  }
  // 21
  @Test("21 owners are told apart by their bytes: two that look alike are two groups")
  func canonical() {
    var stage = Stage()
    stage.spawn(500, owner: "caf\u{e9}")
    stage.spawn(501, owner: "cafe\u{301}")
    stage.begin([Stage.rule(limits: .bounded(maxAge: nil, maxInstances: MaxInstances(count: 1)))])
    stage.run(.seconds(120))
    #expect(stage.killed.isEmpty)
  }
  @Test("21b processes whose owner is unknown are not one owner's")
  func unknownOwners() {
    var stage = Stage()
    stage.spawn(500, owner: "")
    stage.spawn(501, owner: "")
    stage.begin([Stage.rule(limits: .bounded(maxAge: nil, maxInstances: MaxInstances(count: 1)))])
    stage.run(.seconds(120))
    #expect(stage.killed.isEmpty)
  }
  // 22
  @Test("22 rows restored in the order of their ids, not of their ages, count all the same (S3)")
  func restoredOrder() {
    var stage = Stage()
    stage.spawn(500)
    let dead = Process(pid: 400, started: 1, owner: "bob", name: "spin", command: "")
    func row(_ n: UInt32, _ age: Int) -> Restored.Row {
      Restored.Row(
        id: KillID(life: 1, number: n), rule: RuleID("r"), vm: Stage.key, process: dead, login: Stage.login,
        age: .seconds(age), outcome: .exited, closedAge: .seconds(60))
    }
    // Kill 2 was decided before kill 1 (its confirm took long), and 3601 s ago; kill 1 100 s ago.
    stage.begin([Stage.rule()], restored: Restored(life: 2, rows: [row(1, 100), row(2, 3601)])) {
      $0.budget = FleetBudget(kills: 1, perVM: 1)
    }
    stage.run(.seconds(600))
    #expect(stage.killed.isEmpty)
  }
  @Test("22b the time that a row ages from is the time that its budget was spent (S3)")
  func decidedIsIntent() {
    var stage = Stage()
    stage.spawn(500)
    var away = false
    stage.intercept = { effect, stage in
      switch effect {
      case .look(let op, _, _, _, .confirm, _) where !away:
        away = true
        return [(.milliseconds(100), .looked(op, stage.timing(), .failure(Fault(.unreachable, code: "reset"))))]
      case .refresh(let op, _, _, _) where away && stage.time < 1_600_000_000_000:
        return [(.milliseconds(100), .inventory(op, stage.timing(), .failure(Fault(.unreachable, code: "reset"))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule(lasting: .zero, every: .seconds(300))])
    stage.run(.seconds(1500))
    #expect(away)
    for entry in stage.log {
      guard case .record(_, .intent(let record)) = entry.effect else { continue }
      #expect(entry.at - record.decided.continuous.nanoseconds < 10_000_000_000)
    }
    #expect(stage.killed == [500])
  }
  // 23
  @Test("23 what a kill's old secret is answered proves nothing of a new one (S10)")
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
    var book = stage.watch.logins
    _ = book.occupy(Stage.login, vcenter: Stage.vcenter)
    #expect(!book.hasSlot(Stage.login, vcenter: Stage.vcenter))
  }
  // 24
  @Test("24 a VM that was renamed out of scope is not gone: its kill keeps its outcome")
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
  // 25
  @Test("25 a VM whose instance uuid changed: still one operation in flight on it (S6)")
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
  // 26
  @Test("26 VMs that are gone for good are forgotten")
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
  // 27
  @Test("27 a failed call says nothing about the clock")
  func clockByFailure() {
    var stage = Stage()
    let old = stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .refresh: return []
      case .look(let op, _, _, _, _, _):
        return [
          (
            .milliseconds(100),
            .looked(op, Timing(firstByte: nil, ended: stage.now), .failure(Fault(.unreachable, code: "no")))
          )
        ]
      default: return nil
      }
    }
    stage.begin([Stage.rule()], restored: Restored(life: 2, open: [Stage.openKill(old)]))
    stage.run(.seconds(2))
    #expect(!stage.watch.clock.trusted)
  }
  // 28
  @Test("28 an owner that could not be read once does not make a runaway immortal")
  func ownerFlaps() {
    var stage = Stage()
    let process = stage.spawn(500)
    var n = 0
    stage.intercept = { effect, stage in
      guard case .survey(let id, _, _, let ends, _) = effect else { return nil }
      n += 1
      guard n == 2 else { return nil }
      var rows = stage.guest
      rows[rows.count - 1].owner = ""
      return [(.milliseconds(100), .surveyed(id, stage.timing(), .success(Listing(rows: rows, showsEnds: ends))))]
    }
    stage.begin([Stage.rule(lasting: .seconds(60))])
    stage.run(.seconds(900))
    #expect(n > 3)
    #expect(stage.killed == [process.pid])
  }
  // 29
  @Test("29 two entries of one vCenter: a rule that names the second one is not deaf")
  func twoEntries() {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule { $0.vcenters = [VCenterID("second")] }]) {
      $0.vcenters.append(VCenterEntry(id: VCenterID("second")))
    }
    stage.run(.seconds(300))
    #expect(stage.surveys + stage.reports(.scopeEmpty).count > 0)
  }
  // 30
  @Test("30 a reload to a longer every does not mend a chain that was broken (S7)")
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
}

@Suite("Review 3") struct Review3 {
  @Test("31 a refresh that waited for a slot is not forgotten when the vCenter goes down")
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
  @Test("33 a restored open kill outside every scope is settled by looking")
  func restoredOutOfScope() {
    var stage = Stage()
    let old = stage.spawn(500)
    stage.exit(500)
    let row = Restored.Row(
      id: KillID(life: 1, number: 0), rule: RuleID("r"), vm: Stage.key, process: stage.guest[9], login: Stage.login,
      age: .seconds(1000), outcome: .survived, closedAge: .seconds(900))
    stage.intercept = { effect, stage in
      guard case .refresh(let op, _, let query, _) = effect else { return nil }
      let vms = query.selects(name: stage.facts.name, moid: stage.facts.moid) ? [stage.facts] : []
      return [(.milliseconds(100), stage.inventoryEvent(op, vms))]
    }
    stage.begin(
      [Stage.rule { $0.scope = Scope(names: [glob("none")]) }],
      restored: Restored(life: 2, rows: [row], open: [Stage.openKill(old)]))
    stage.run(.seconds(300))
    #expect(stage.outcomes == [.gone])
  }
  @Test("34 the vCenter's guests are left alone while the ledger keeps failing an intent: no hot loop")
  func intentFails() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .record(let id, let step) = effect else { return nil }
      return [(.milliseconds(1), .recorded(id, step.kind, .failure(LedgerFailure("disk full"))))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(600))
    #expect(stage.looks(.confirm).count < 70)
  }
  @Test(
    "35 SIGTERM while a confirm, an intent, a terminate, a verify is under way: stopped within 25 s, no new terminate",
    arguments: [0, 1, 2, 3])
  func stopAnywhere(_ where_: Int) {
    var stage = Stage()
    stage.spawn(500)
    var asked = false
    stage.intercept = { effect, stage in
      let here: Bool =
        switch effect {
        case .look(_, _, _, _, .confirm, _): where_ == 0
        case .record(_, .intent): where_ == 1
        case .terminate: where_ == 2
        case .look(_, _, _, _, .verify, _): where_ == 3
        default: false
        }
      if here && !asked {
        asked = true
        stage.answer(.shutdownAsked, after: .nanoseconds(1))
      }
      return nil
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(60))
    #expect(asked)
    #expect(stage.killed.count == (where_ >= 2 ? 1 : 0))
    #expect(stage.outcomes == [[], [.abandoned], [.exited], [.exited]][where_])
    #expect(stage.log.contains { if case .stopped = $0.effect { true } else { false } })
  }
  @Test("36 double and late answers change nothing")
  func doubles() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, let pid, _, _, _):
        stage.exit(pid)
        let t = stage.timing()
        return [
          (.milliseconds(10), .terminated(id, t, .done)),
          (.milliseconds(20), .terminated(id, t, .denied(Fault(.guestDenied, code: "x")))),
          (.seconds(3), .terminated(id, t, .notFound)),
        ]
      case .record(let id, let step):
        return [
          (.milliseconds(1), .recorded(id, step.kind, .success(()))),
          (.milliseconds(2), .recorded(id, step.kind, .success(()))),
        ]
      default: return nil
      }
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(120))
    #expect(stage.killed == [500])
    #expect(stage.outcomes == [.exited])
  }
}

@Suite("Review 4") struct Review4 {
  @Test("40 an intent whose write was reported as failed has no terminate and no open row: it is closed as abandoned")
  func failedIntentIsClosed() {
    var stage = Stage()
    stage.spawn(500)
    var first: KillID?
    stage.intercept = { effect, stage in
      guard first == nil, case .record(let id, .intent) = effect else { return nil }
      // The commit went through, its answer did not (I/O error at the fsync of a checkpoint, say).
      first = id
      return [(.milliseconds(1), .recorded(id, .intent, .failure(LedgerFailure("I/O error"))))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(120))
    let closed = stage.log.contains {
      if case .record(first, .closed(.abandoned, _, _, _)) = $0.effect { true } else { false }
    }
    #expect(closed)
  }
  @Test("41 the anchors of an intent are those of the last listing, also where the confirm ended a row")
  func restartSameEffects() {
    // Determinism over the whole kill path with faults drawn from a fixed list.
    func run() -> [String] {
      var stage = Stage()
      for i: Int64 in 0..<6 { stage.spawn(500 + i, owner: i % 2 == 0 ? "bob" : "eve") }
      var n = 0
      stage.intercept = { effect, stage in
        n += 1
        switch effect {
        case .look(let op, _, _, _, _, _) where n % 5 == 0:
          return [(.milliseconds(100), .looked(op, stage.timing(), .failure(Fault(.transient, code: "503"))))]
        case .terminate(let id, _, _, _, _, _, _, _) where n % 2 == 0:
          return [(.seconds(3), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x"))))]
        default: return nil
        }
      }
      stage.begin([Stage.rule(limits: .bounded(maxAge: .seconds(30), maxInstances: MaxInstances(count: 1)))], big)
      stage.run(.seconds(1800))
      return stage.log.map { "\($0.at) \($0.effect)" }
    }
    #expect(run() == run())
  }
  @Test("42 a kill is said as stopped by its ledger once, and a wake is always asked for while something is due")
  func wakes() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .refresh(let op, _, _, _) where stage.time > 1_050_000_000_000 && stage.time < 1_500_000_000_000:
        return [(.seconds(30), .inventory(op, stage.timing(), .failure(Fault(.unanswered, code: "t"))))]
      case .survey(let op, _, _, _, _) where stage.time > 1_050_000_000_000 && stage.time < 1_500_000_000_000:
        return [(.seconds(30), .surveyed(op, stage.timing(), .failure(Fault(.unanswered, code: "t"))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule(lasting: .seconds(100))])
    stage.run(.seconds(1000))
    #expect(stage.killed == [500])
  }
  @Test(
    "43 a refusal of a login that stays configured is never repeated on that VM, whatever asked", arguments: [0, 1, 2])
  func refusedOnce(_ which: Int) {
    var stage = Stage()
    stage.spawn(500)
    var refused = 0
    stage.intercept = { effect, stage in
      let fault = Fault(.guestLoginRefused, code: "InvalidGuestLogin")
      switch effect {
      case .look(let op, _, _, _, .check, _) where which == 0, .look(let op, _, _, _, .confirm, _) where which == 1:
        refused += 1
        return [(.milliseconds(100), .looked(op, stage.timing(), .failure(fault)))]
      case .terminate(let id, _, _, _, _, _, _, _) where which == 2:
        refused += 1
        return [(.milliseconds(100), .terminated(id, stage.timing(), .denied(fault)))]
      default:
        if refused > 0 {
          switch effect {
          case .look, .survey, .terminate: refused += 100
          default: break
          }
        }
        return nil
      }
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(4000))
    #expect(refused == 1)
  }
}
