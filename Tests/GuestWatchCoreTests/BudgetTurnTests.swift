import Testing

@testable import GuestWatchCore

/// Many VMs with the same runaway and one budget.
@Suite("Turns at a budget")
struct BudgetTurnTests {
  /// The VMs on which terminates were sent, in order.
  private static func killed(_ stage: Stage) -> [String] { stage.terminateAddresses.map(\.moid) }

  private static func begin(_ count: Int, endless: Set<String>, _ change: @escaping (inout Configuration) -> Void)
    -> Stage
  {
    var stage = Stage()
    let machines = (0..<count).map { i in
      VMFacts(
        moid: "vm-\(i)", name: "db-\(i)", instanceUUID: "uuid-\(i)", family: .linux, bootTime: Stage.epoch - 86_400)
    }
    var alive: [String: Int64] = [:]
    for machine in machines { alive[machine.moid] = 500 }
    func rows(_ moid: String, _ stage: Stage) -> [Process] {
      stage.guest
        + (alive[moid].map {
          [Process(pid: $0, started: Stage.epoch, owner: "bob", name: "spin", command: "spin")]
        } ?? [])
    }
    stage.intercept = { effect, stage in
      switch effect {
      case .refresh(let op, _, _, _): return [(.milliseconds(100), stage.inventoryEvent(op, machines))]
      case .survey(let op, let vm, _, let ends, _):
        return [
          (
            .milliseconds(100),
            .surveyed(op, stage.timing(), .success(Listing(rows: rows(vm.moid, stage), showsEnds: ends)))
          )
        ]
      case .look(let op, let vm, _, let pid, _, _):
        let row = rows(vm.moid, stage).first { $0.pid == pid }
        return [(.milliseconds(100), .looked(op, stage.timing(), .success(row.map { .running($0) } ?? .gone)))]
      case .terminate(let op, _, let vm, _, let pid, _, _, _):
        alive[vm.moid] = endless.contains(vm.moid) ? pid + 1 : nil
        return [(.milliseconds(100), .terminated(op, stage.timing(), .done))]
      default: return nil
      }
    }
    stage.begin([Stage.rule()], change)
    return stage
  }

  @Test("A VM with ever new runaways does not use up what others wait for")
  func fewestFirst() {
    var stage = BudgetTurnTests.begin(6, endless: ["vm-0", "vm-1"]) {
      $0.budget = FleetBudget(kills: 2, perVM: 1000, within: .seconds(100))
    }
    stage.run(.seconds(350))
    let killed = BudgetTurnTests.killed(stage)
    #expect(killed.count == 8)
    // Each VM has had one before any has its second.
    #expect(Set(killed.prefix(6)) == Set((0..<6).map { "vm-\($0)" }))
  }

  @Test("Room is taken when it appears, not at the next survey")
  func atOnce() {
    var stage = BudgetTurnTests.begin(3, endless: []) { configuration in
      configuration.budget = FleetBudget(kills: 1, perVM: 1000, within: .seconds(30))
      configuration.rules[0].every = .seconds(15)
    }
    stage.run(.seconds(300))
    let times = stage.terminates.map(\.at)
    #expect(times.count == 3)
    #expect(times[1] - times[0] < 31.5 && times[2] - times[1] < 31.5)
  }

  @Test("A confirm under way has its place; there are no more looks than room")
  func reserved() {
    var stage = BudgetTurnTests.begin(20, endless: []) {
      $0.budget = FleetBudget(kills: 3, perVM: 1000, within: .seconds(3600))
    }
    stage.run(.seconds(120))
    #expect(BudgetTurnTests.killed(stage).count == 3)
    #expect(stage.looks(.confirm).count == 3)
    // Those that wait say so once.
    #expect(stage.reports(.waiting).count { $0.gate == .fleetBudget } == 17)
  }

  @Test("A rule's own budget has turns of its own, and holds up no other rule")
  func ruleBudget() {
    var stage = BudgetTurnTests.begin(4, endless: []) { configuration in
      configuration.budget = FleetBudget(kills: 100, perVM: 100, within: .seconds(100))
      configuration.rules[0].budget = Budget(kills: 1, within: .seconds(100))
      configuration.rules[0].scope.except = [glob("vm-3")]
      configuration.rules.append(Stage.rule("free") { $0.scope = Scope(ids: ["vm-3"]) })
    }
    stage.run(.seconds(60))
    #expect(BudgetTurnTests.killed(stage).count == 2)
    #expect(BudgetTurnTests.killed(stage).contains("vm-3"))
    stage.run(.seconds(250))
    #expect(BudgetTurnTests.killed(stage).count == 4)
  }

  @Test("Who waits for a rule that never kills holds up no other (simulation seed 86)")
  func neverKills() {
    var stage = BudgetTurnTests.begin(4, endless: []) { configuration in
      configuration.budget = FleetBudget(kills: 1, perVM: 100, within: .seconds(30))
      configuration.rules[0].scope = Scope(ids: ["vm-0", "vm-1"])
      configuration.rules[0].budget = Budget(kills: 0, within: .seconds(30))
      configuration.rules.append(Stage.rule("free") { $0.scope = Scope(ids: ["vm-2", "vm-3"]) })
    }
    stage.run(.seconds(120))
    #expect(Set(BudgetTurnTests.killed(stage)) == ["vm-2", "vm-3"])
  }

  @Test("An intent is given back when its outcome is on disk, not before (S3, simulation seed 1174)")
  func givenBackOnDisk() {
    var stage = BudgetTurnTests.begin(2, endless: []) {
      $0.budget = FleetBudget(kills: 1, perVM: 10, within: .seconds(3600))
    }
    let usual = stage.intercept
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let op, _, _, _, _, _, _, _):
        _ = usual(effect, &stage)
        return [(.milliseconds(100), .terminated(op, stage.timing(), .notFound))]
      // A slow disk.
      case .record(let id, .closed): return [(.seconds(40), .recorded(id, .closed, .success(())))]
      default: return usual(effect, &stage)
      }
    }
    stage.run(.seconds(45))
    #expect(stage.terminates.count == 1)
    stage.run(.seconds(60))
    #expect(stage.terminates.count == 2)
  }

  @Test("A larger budget is used at once after a reload")
  func reload() {
    var stage = BudgetTurnTests.begin(5, endless: []) {
      $0.budget = FleetBudget(kills: 1, perVM: 10, within: .seconds(3600))
    }
    stage.run(.seconds(60))
    #expect(BudgetTurnTests.killed(stage).count == 1)
    stage.send(
      .configured(
        Stage.configuration([Stage.rule()]) { $0.budget = FleetBudget(kills: 5, perVM: 10, within: .seconds(3600)) }))
    stage.run(.seconds(5))
    #expect(BudgetTurnTests.killed(stage).count == 5)
  }
}
