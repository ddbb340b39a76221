import Testing

@testable import GuestWatchCore

@Suite("Which VM an operator means")
struct ByHandVMTests {
  /// Two VMs called alike, and one whose name is another's id.
  static func twins(_ stage: inout Stage, _ effect: Effect) -> [(Duration, Event)]? {
    guard case .refresh(let op, _, _, _) = effect else { return nil }
    let vms = [("vm-1", "db-07"), ("vm-2", "db-07"), ("vm-3", "vm-1"), ("vm-4", "web-01")].map {
      VMFacts(moid: $0, name: $1, instanceUUID: "uuid-\($0)", family: .linux, bootTime: 1)
    }
    return [(.milliseconds(10), stage.inventoryEvent(op, vms))]
  }

  @Test("By name, by id, or by vCenter and id; what is called alike is listed")
  func names() {
    var stage = Stage()
    stage.spawn(500, "hog")
    stage.intercept = { ByHandVMTests.twins(&$1, $0) }
    stage.begin([Stage.rule(match: "nothing")])
    stage.run(.seconds(5))
    for (ask, vm, moid) in [(1, "vm-2", "vm-2"), (2, "web-01", "vm-4"), (3, "lab:vm-1", "vm-1")]
      as [(UInt64, String, String)]
    {
      stage.find(ask, 500, vm: vm)
      stage.run(.seconds(5))
      guard case .found(let found)? = stage.ends(ask).first else {
        Issue.record("\(vm): \(stage.ends(ask))")
        continue
      }
      #expect(found.address == VMAddress(vcenter: Stage.vcenter, moid: moid))
    }
    for (ask, vm, moids) in [(4, "db-07", ["vm-1", "vm-2"]), (5, "vm-1", ["vm-1", "vm-3"])]
      as [(UInt64, String, [String])]
    {
      stage.find(ask, 500, vm: vm)
      guard case .refused(.ambiguousVM(let names, let unheard))? = stage.ends(ask).first else {
        Issue.record("\(vm): \(stage.ends(ask))")
        continue
      }
      #expect(names.map(\.address.moid) == moids && unheard.isEmpty)
    }
    stage.find(6, 500, vm: "db-*")
    #expect(stage.ends(6) == [.refused(.unknownVM(unheard: []))])
    #expect(stage.killed.isEmpty)
  }

  @Test("A VM that no rule reaches is not looked into")
  func outOfScope() {
    var (stage, _) = Stage.withHog(rules: [Stage.rule { $0.scope.except = [glob("db-*")] }])
    stage.find(1, 500)
    stage.run(.seconds(5))
    #expect(stage.ends(1) == [.refused(.unknownVM(unheard: []))])
    stage.kill(2, Identity(pid: 500, started: 1, owner: "bob"))
    stage.run(.seconds(5))
    #expect(stage.looks(.find).isEmpty && stage.killed.isEmpty && stage.surveys == 0)
    #expect(stage.ends(2).count == 1)
  }

  @Test("A name waits for vCenters that have not answered yet; while one cannot, only vCenter and id are good enough")
  func unheard() {
    var stage = Stage()
    stage.spawn(500, "hog")
    let other = VCenterID("other")
    stage.intercept = { effect, stage in
      guard case .refresh(let op, let vcenter, _, _) = effect, vcenter == other else { return nil }
      let timing = stage.timing()
      return [(.seconds(20), .inventory(op, timing, .failure(Fault(.unreachable, code: "refused"))))]
    }
    stage.begin([Stage.rule(match: "nothing")]) { $0.vcenters.append(VCenterEntry(id: other)) }
    stage.find(1, 500)
    stage.find(2, 500, vm: "nobody")
    stage.run(.seconds(15))
    #expect(stage.ends(1).isEmpty)
    stage.run(.seconds(100))
    guard case .refused(.ambiguousVM(let names, let unheard))? = stage.ends(1).first else {
      Issue.record("\(stage.ends(1))")
      return
    }
    #expect(names.map(\.address.moid) == ["vm-1"] && unheard == [other])
    #expect(stage.ends(2) == [.refused(.unknownVM(unheard: [other]))])
    stage.find(3, 500, vm: "lab:vm-1")
    stage.run(.seconds(5))
    guard case .found? = stage.ends(3).first else {
      Issue.record("\(stage.ends(3))")
      return
    }
  }

  @Test("A vCenter that no rule reaches has no VM of that name, and is not waited for")
  func idleVCenter() {
    var stage = Stage()
    stage.spawn(500, "hog")
    stage.begin([Stage.rule(match: "nothing") { $0.vcenters = [Stage.vcenter] }]) {
      $0.vcenters.append(VCenterEntry(id: VCenterID("idle")))
    }
    stage.run(.seconds(5))
    stage.find(1, 500)
    stage.run(.seconds(5))
    guard case .found? = stage.ends(1).first else {
      Issue.record("\(stage.ends(1))")
      return
    }
  }

  @Test("Where rules look with several logins one must be named, and it must be one of them")
  func logins() {
    var stage = Stage()
    stage.spawn(500, "hog")
    stage.begin([Stage.rule(match: "nothing"), Stage.ruleB()], Stage.twoLogins)
    stage.run(.seconds(5))
    stage.find(1, 500)
    #expect(stage.ends(1) == [.refused(.loginNeeded([Stage.login, Stage.b]))])
    stage.find(2, 500, login: LoginID("root"))
    #expect(stage.ends(2) == [.refused(.loginElsewhere(LoginID("root"), [Stage.login, Stage.b]))])
    stage.find(3, 500, login: Stage.b)
    stage.run(.seconds(5))
    guard case .found(let found)? = stage.ends(3).first else {
      Issue.record("\(stage.ends(3))")
      return
    }
    #expect(found.login == Stage.b)
  }

  @Test("A rule that reaches the VM no more takes its login away from the operator, too")
  func ruleGone() {
    var (stage, hog) = Stage.withHog()
    stage.kill(1, hog.identity)
    stage.run(.seconds(3))
    stage.send(.configured(Stage.configuration([Stage.rule { $0.scope.names = [glob("web-*")] }])))
    stage.run(.seconds(30))
    #expect(stage.killed.isEmpty)
    #expect(stage.ends(1).count == 1)
    if case .refused(.changed)? = stage.ends(1).first {} else { Issue.record("\(stage.ends(1))") }
  }
}
