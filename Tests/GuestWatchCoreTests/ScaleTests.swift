import Testing

@testable import GuestWatchCore

/// Work is counted, not timed: what grows with the fleet must not be done for every event.
@Suite("Work that grows with the fleet")
struct ScaleTests {
  @Test("The state in numbers is said once a second at most, and the last change is said")
  func status() {
    var stage = Stage()
    stage.spawn(500)
    let vms = (0..<200).map {
      VMFacts(
        moid: "vm-\($0)", name: "db-\($0)", instanceUUID: "u-\($0)", family: .linux, bootTime: Stage.epoch - 86_400)
    }
    stage.intercept = { effect, stage in
      guard case .refresh(let op, _, _, _) = effect else { return nil }
      return [(.milliseconds(100), stage.inventoryEvent(op, vms))]
    }
    stage.begin([Stage.rule(every: .seconds(60), action: .report)])
    stage.run(.seconds(20))
    let said = stage.log.compactMap { entry -> (at: Int64, snapshot: Snapshot)? in
      guard case .status(let snapshot) = entry.effect else { return nil }
      return (entry.at, snapshot)
    }
    #expect(zip(said, said.dropFirst()).allSatisfy { $1.at - $0.at >= 1_000_000_000 })
    #expect(said.last?.snapshot.candidates == 200)
    #expect(said.count <= 21)
  }

  @Test("VMs that wait until their login is proven on their vCenter are not asked at each answer of another one")
  func unproven() {
    var fleet = Fleet(
      seed: 3, vcenters: 2, vms: 100, logins: [LoginEntry(id: LoginID("linux"), account: "linux", digest: 1)])
    fleet.right = ["linux": 1]
    // The second vCenter's guests answer late, and nothing about the login.
    for vm in fleet.places[1].vms {
      fleet.deafVMs.insert(vm)
      fleet.slow.insert("\(vm) linux")
    }
    fleet.start()
    fleet.run(.seconds(300))
    #expect(fleet.violations == [])
    #expect(fleet.uses.count > 300)
    #expect(fleet.watch.attended < fleet.uses.count * 8)
  }
}
