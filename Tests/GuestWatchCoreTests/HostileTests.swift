import Testing

@testable import GuestWatchCore

/// Found by a review that looked for ways to hold others up.
@Suite("Nobody is held up by another")
struct HostileTests {
  /// One VM for each name, on the vCenter in front of its dash, each with one runaway `spin-VCENTER` as pid 500.
  private static func machines(
    _ names: [String], _ more: @escaping (Effect, inout Stage) -> [(Duration, Event)]? = { _, _ in nil }
  ) -> Stage {
    var stage = Stage()
    func facts(_ vcenter: String) -> [VMFacts] {
      names.filter { $0.hasPrefix(vcenter + "-") }.map {
        VMFacts(moid: $0, name: $0, instanceUUID: "u-\($0)", family: .linux, bootTime: Stage.epoch - 86_400)
      }
    }
    func spin(_ vm: VMAddress) -> Process {
      Process(
        pid: 500, started: Stage.epoch, owner: "bob", name: GuestText("spin-\(vm.vcenter.name)"), command: "spin -x")
    }
    var dead: Set<String> = []
    stage.intercept = { effect, stage in
      if let answers = more(effect, &stage) { return answers }
      switch effect {
      case .refresh(let op, let vcenter, _, _):
        return [(.milliseconds(100), stage.inventoryEvent(op, facts(vcenter.name), uuid: "uuid-\(vcenter.name)"))]
      case .survey(let op, let vm, _, let ends, _):
        let rows = stage.guest + (dead.contains(vm.moid) ? [] : [spin(vm)])
        return [(.milliseconds(100), .surveyed(op, stage.timing(), .success(Listing(rows: rows, showsEnds: ends))))]
      case .look(let op, let vm, _, _, _, _):
        let look: Look = dead.contains(vm.moid) ? .gone : .running(spin(vm))
        return [(.milliseconds(100), .looked(op, stage.timing(), .success(look)))]
      case .terminate(let op, _, let vm, _, _, _, _, _):
        dead.insert(vm.moid)
        return [(.milliseconds(100), .terminated(op, stage.timing(), .done))]
      default: return nil
      }
    }
    return stage
  }

  private static func two(_ c: inout Configuration) {
    c.vcenters = [VCenterEntry(id: VCenterID("a"), digest: 1), VCenterEntry(id: VCenterID("b"), digest: 2)]
    c.budget = FleetBudget(kills: 1, perVM: 1, within: .seconds(3600))
  }

  @Test("A kill that waits for a vCenter which is down keeps no room in a budget")
  func downVCenter() {
    var stage = HostileTests.machines(["a-1", "b-1"]) { effect, stage in
      switch effect {
      case .refresh(let op, VCenterID("a"), _, _) where stage.time > 1_001_000_000_000:
        return [(.milliseconds(100), .inventory(op, stage.timing(), .failure(Fault(.unreachable, code: "refused"))))]
      case .look(let op, let vm, _, _, .confirm, _) where vm.vcenter == VCenterID("a"):
        return [(.milliseconds(100), .looked(op, stage.timing(), .failure(Fault(.unreachable, code: "refused"))))]
      default: return nil
      }
    }
    stage.begin(
      [
        Stage.rule("first", match: "spin-a"), Stage.rule("second", match: "spin-b", lasting: .seconds(30)),
      ], HostileTests.two)
    stage.run(.seconds(300))
    #expect(stage.terminateAddresses.map(\.moid) == ["b-1"])
  }

  @Test("A kill that waits for a VM which was switched off keeps no room in a budget")
  func offVM() {
    var stage = HostileTests.machines(["a-1", "b-1"]) { effect, stage in
      switch effect {
      case .refresh(let op, VCenterID("a"), _, _) where stage.time > 1_010_000_000_000:
        var facts = VMFacts(
          moid: "a-1", name: "a-1", instanceUUID: "u-a-1", family: .linux, bootTime: nil)
        facts.power = .off
        return [(.milliseconds(100), stage.inventoryEvent(op, [facts], uuid: "uuid-a"))]
      case .look(let op, let vm, _, _, .confirm, _) where vm.vcenter == VCenterID("a"):
        return [(.seconds(30), .looked(op, stage.timing(), .failure(Fault(.unanswered, code: "timeout"))))]
      default: return nil
      }
    }
    let rules = [
      Stage.rule("first", match: "spin-a"), Stage.rule("second", match: "spin-b", lasting: .seconds(60)),
    ]
    stage.begin(rules, HostileTests.two)
    stage.run(.seconds(20))
    #expect(stage.looks(.confirm).count == 1)
    stage.send(.configured(Stage.configuration(rules, HostileTests.two)))
    stage.run(.seconds(600))
    #expect(stage.terminateAddresses.map(\.moid) == ["b-1"])
  }

  @Test("Those who wait for a rule's own budget take no room of all from another rule")
  func fullRule() {
    var stage = HostileTests.machines(["a-1", "a-2", "b-1"])
    stage.begin([
      Stage.rule("never", match: "spin-a") { $0.budget = Budget(kills: 0, within: .seconds(3600)) },
      Stage.rule("other", match: "spin-b", lasting: .seconds(20)),
    ]) {
      HostileTests.two(&$0)
      $0.budget = FleetBudget(kills: 2, perVM: 1, within: .seconds(3600))
    }
    stage.run(.seconds(120))
    #expect(stage.terminateAddresses.map(\.moid) == ["b-1"])
  }

  @Test("A user who changes the owner that his processes show back and forth ends no epoch")
  func ownersThatFlap() {
    var stage = Stage()
    stage.spawn(900, owner: "alice")
    var looks = 0
    stage.intercept = { effect, stage in
      guard case .survey(let op, _, _, let ends, _) = effect else { return nil }
      looks += 1
      let owner: GuestText = looks % 2 == 0 ? "bob" : "root"
      let flapping = (501...504 as ClosedRange<Int64>).map {
        Process(pid: $0, started: Stage.epoch, owner: owner, name: "flap", command: "flap")
      }
      let rows = stage.guest + flapping
      return [(.milliseconds(100), .surveyed(op, stage.timing(), .success(Listing(rows: rows, showsEnds: ends))))]
    }
    stage.begin([Stage.rule(lasting: .seconds(60))])
    stage.run(.seconds(300))
    #expect(stage.reports(.epochEnded).isEmpty)
    #expect(stage.killed == [900])
  }

  @Test("A denied process is not tried again because a listing showed it under another owner once (seed 298)")
  func deniedAndFlapping() {
    var stage = Stage()
    stage.spawn(900, owner: "alice")
    var looks = 0
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, _, _, _, _):
        let denied = KillAnswer.denied(Fault(.guestDenied, code: "GuestPermissionDenied"))
        return [(.milliseconds(100), .terminated(id, stage.timing(), denied))]
      case .survey(let op, _, _, let ends, _) where !stage.killed.isEmpty:
        looks += 1
        var rows = stage.guest
        if looks == 3 { rows[rows.count - 1].owner = "bob" }
        return [(.milliseconds(100), .surveyed(op, stage.timing(), .success(Listing(rows: rows, showsEnds: ends))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule(every: .seconds(60))])
    stage.run(.seconds(900))
    #expect(looks > 5)
    #expect(stage.outcomes == [.denied])
  }

  @Test("Nor because a listing lacked it while no rule followed it (seed 1098)")
  func deniedAndHidden() {
    var stage = Stage()
    let process = stage.spawn(900)
    stage.spawn(901, "other")
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, _, _, _, _) = effect else { return nil }
      let denied = KillAnswer.denied(Fault(.guestDenied, code: "GuestPermissionDenied"))
      return [(.milliseconds(100), .terminated(id, stage.timing(), denied))]
    }
    let rule = Stage.rule(every: .seconds(60))
    let other = Stage.rule("other", match: "nobody", every: .seconds(60))
    stage.begin([rule, other])
    stage.run(.seconds(130))
    #expect(stage.outcomes == [.denied])
    stage.send(.configured(Stage.configuration([other])))
    stage.run(.seconds(65))
    stage.exit(900)
    stage.run(.seconds(65))
    stage.guest.append(process)
    stage.run(.seconds(65))
    stage.send(.configured(Stage.configuration([rule, other])))
    stage.run(.seconds(300))
    #expect(stage.outcomes == [.denied])
  }

  @Test("A VM that waits for a rule's full budget and for that of all goes when there is room in the latter")
  func bothBudgets() {
    var stage = HostileTests.machines(["a-1", "b-1"])
    stage.begin([
      Stage.rule("never", match: "spin-b") { $0.budget = Budget(kills: 0, within: .seconds(3600)) },
      Stage.rule("first", match: "spin-a", every: .seconds(600)),
      Stage.rule("other", match: "spin-b", lasting: .seconds(30), every: .seconds(600)),
    ]) {
      HostileTests.two(&$0)
      $0.budget = FleetBudget(kills: 1, perVM: 9, within: .seconds(200))
    }
    stage.run(.seconds(400))
    #expect(stage.terminateAddresses.map(\.moid) == ["a-1", "b-1"])
  }

  @Test("Thousands of protected processes of one user cost a survey no quadratic time", .timeLimit(.minutes(1)))
  func protectedCrowd() {
    var stage = Stage()
    for pid in 1000..<5000 as Range<Int64> { stage.spawn(pid, started: Stage.epoch - 5000 + pid) }
    stage.spawn(900, started: Stage.epoch - 4500)
    stage.begin([Stage.rule(limits: .bounded(maxAge: nil, maxInstances: MaxInstances(count: 1)))]) {
      $0.protect = Protect(commands: [glob("*--work")])
    }
    stage.run(.seconds(21))
    #expect(stage.surveys >= 2)
    #expect(stage.killed.isEmpty)
  }

  @Test("Who starts a crowd that fills the list of candidates does not have another die in the place of the last")
  func crowdedOut() {
    var stage = Stage()
    for pid in [900, 901] as [Int64] { stage.spawn(pid, started: Stage.epoch - 5000 + pid) }
    for pid in 1000..<6000 as Range<Int64> { stage.spawn(pid, "crowd", owner: "eve", started: Stage.epoch - 50) }
    // The last of its group, and by pid the last of the listing: nobody follows it.
    stage.spawn(9000, started: Stage.epoch - 40)
    stage.begin([
      Stage.rule("few", limits: .bounded(maxAge: nil, maxInstances: MaxInstances(count: 1))),
      Stage.rule("crowd", match: "crowd", action: .report),
    ])
    stage.run(.seconds(60))
    #expect(stage.surveys >= 3)
    #expect(stage.killed.isEmpty)
    for pid in 1000..<6000 as Range<Int64> { stage.exit(pid) }
    stage.run(.seconds(120))
    #expect(stage.killed == [9000, 901])
  }

  @Test("Who hides from one login has not ended for another (simulation seed 2829)")
  func hiddenFromOneLogin() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .survey(let id, _, LoginID("plain"), let ends, _) = effect, stage.time > 1_015_000_000_000 else {
        return nil
      }
      // It changed its owner, and an ordinary account is shown only its own processes.
      let rows = stage.guest.filter { $0.pid != 500 }
      return [(.milliseconds(5), .surveyed(id, stage.timing(), .success(Listing(rows: rows, showsEnds: ends))))]
    }
    let rules = [
      Stage.rule("root", lasting: .seconds(60)), Stage.rule("plain", action: .report) { $0.login = LoginID("plain") },
    ]
    stage.begin(rules) { $0.logins.append(LoginEntry(id: LoginID("plain"), account: "plain", digest: 2)) }
    stage.run(.seconds(200))
    #expect(stage.killed.first == 500)
  }

  @Test("A vCenter entry that leads elsewhere after a reload proves no login there")
  func proofsOfAnotherVCenter() {
    var fleet = Fleet(
      seed: 1, vcenters: 1, vms: 40,
      logins: [LoginEntry(id: Stage.login, account: "svc", digest: 1)])
    fleet.right["svc"] = 1
    fleet.latency = .milliseconds(1)
    fleet.start()
    fleet.run(.seconds(200))
    // The entry of the same name is another vCenter now, whose guests know no such secret.
    fleet.right["svc"] = 2
    fleet.configuration.vcenters[0].digest = 99
    fleet.latency = .seconds(5)
    fleet.reload(fleet.configuration.logins)
    fleet.run(.seconds(200))
    #expect((1...3).contains(fleet.refused.count))
    #expect(fleet.violations.isEmpty)
  }

  @Test("What a login that was renamed has seen takes no place in a VM's memory for ever")
  func memoryOfAnotherLogin() {
    var stage = Stage()
    let process = stage.spawn(500)
    let dead = (0..<VMMemory.cap).map { i in
      VMMemory.Seen(
        login: LoginID("old"), identity: Identity(pid: Int64(1000 + i), started: Stage.epoch, owner: "bob"),
        firstSeen: Instant(nanoseconds: 0))
    }
    let memory = VMMemory(vm: Stage.key, bootTime: Stage.epoch - 86_400, suspendTime: nil, seen: dead)
    stage.begin(
      [Stage.rule(limits: .bounded(maxAge: .seconds(3600), maxInstances: nil))],
      restored: Restored(life: 2, memories: [memory]))
    stage.run(.seconds(60))
    let last = stage.log.compactMap { if case .remember(let memory) = $0.effect { memory } else { nil } }.last
    #expect(last?.seen.map(\.identity) == [process.identity])
  }
}
