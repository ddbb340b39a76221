import Testing

@testable import GuestWatchCore

@Suite("The gates of a kill by hand")
struct ByHandGateTests {
  /// Each closes one gate for an operator.
  static let closed: [(Gate, @Sendable (inout Stage, inout Configuration) -> Void)] = [
    (.dryRun, { $1.dryRun = true }),
    (.protected, { $1.protect.owners = [glob("bo*")] }),
    (.protected, { $1.protect.commands = [glob("*--work")] }),
    (.vmBudget, { $1.budget.perVM = 0 }),
    (.fleetBudget, { $1.budget.kills = 0 }),
    (.toolsBusy, { stage, _ in stage.facts.tools = .executingScripts }),
  ]

  @Test("A closed gate is shown before the question, and keeps the process alive", arguments: closed.indices)
  func closedGate(i: Int) {
    let (gate, close) = ByHandGateTests.closed[i]
    var stage = Stage()
    let hog = stage.spawn(500, "hog")
    var configuration = Stage.configuration([Stage.rule(match: "nothing", every: .seconds(600))])
    close(&stage, &configuration)
    stage.send(.began(seed: 7, restored: Restored(life: 1)))
    stage.send(.configured(configuration))
    stage.run(.seconds(10))
    stage.find(1, 500)
    stage.run(.seconds(5))
    guard case .found(let found)? = stage.ends(1).first else {
      Issue.record("\(stage.ends(1))")
      return
    }
    #expect(found.gate == gate)
    stage.kill(2, hog.identity)
    stage.run(.seconds(60))
    #expect(stage.ends(2) == [.refused(.gate(gate))])
    #expect(stage.killed.isEmpty && stage.outcomes.isEmpty)
    #expect(stage.reports(.killAsked).map(\.gate) == [gate])
  }

  @Test("A gate that closes after the order is asked again at the confirm, and once more when the intent is on disk")
  func closesLater() {
    for late in [false, true] {
      var (stage, hog) = Stage.withHog()
      stage.intercept = { effect, stage in
        guard late, case .record(let id, .intent) = effect else { return nil }
        return [
          (.milliseconds(1), .asked(.pause(Pause()))), (.milliseconds(2), .recorded(id, .intent, .success(()))),
        ]
      }
      stage.kill(1, hog.identity)
      stage.run(.seconds(2))
      if !late { stage.send(.asked(.pause(Pause(vms: glob("db-*"))))) }
      stage.run(.seconds(60))
      #expect(stage.killed.isEmpty)
      if late {
        #expect(
          stage.ends(1) == [
            .closed(
              KillID(life: 1, number: 1), .abandoned, Fault(.unknown, code: "not sent", detail: "gate paused"))
          ])
      } else {
        #expect(stage.ends(1) == [.refused(.gate(.paused))])
      }
    }
  }

  @Test("Pauses that name a rule are about that rule, all others are about operators too")
  func pauses() {
    for (pause, dies) in [
      (Pause(), false), (Pause(vms: glob("vm-1")), false), (Pause(vms: glob("web-*")), true),
      (Pause(rule: RuleID("r")), true), (Pause(rule: RuleID("r"), vms: glob("*")), true),
    ] {
      var (stage, hog) = Stage.withHog()
      stage.send(.asked(.pause(pause, by: 0)))
      stage.kill(1, hog.identity)
      stage.run(.seconds(60))
      #expect(stage.killed == (dies ? [500] : []))
      #expect(stage.reports(.paused).first?.detail.hasSuffix("asked for by uid 0") == true)
    }
  }

  @Test("What belongs to a rule alone keeps no operator from a kill")
  func rulesOwn() {
    let rule = Stage.rule(match: "hog", lasting: .seconds(86_400), every: .seconds(600), action: .report) {
      $0.budget = Budget(kills: 0, within: .seconds(3600))
      $0.cooldown = .seconds(86_400)
      $0.notDuring = [QuietTime()]
    }
    var (stage, hog) = Stage.withHog(rules: [rule])
    stage.kill(1, hog.identity)
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
  }

  @Test("A kill by hand counts for VM and fleet, and for no rule: neither its budget nor its cooldown")
  func counts() {
    let rule = Stage.rule {
      $0.budget = Budget(kills: 1, within: .seconds(86_400))
      $0.cooldown = .seconds(86_400)
    }
    var (stage, hog) = Stage.withHog(rules: [rule]) {
      $0.budget = FleetBudget(kills: 2, perVM: 2, within: .seconds(86_400))
    }
    stage.kill(1, hog.identity)
    stage.run(.seconds(30))
    stage.spawn(600)
    stage.run(.seconds(60))
    #expect(stage.killed == [500, 600])
    let third = stage.spawn(700, "hog")
    stage.kill(2, third.identity)
    stage.run(.seconds(30))
    #expect(stage.ends(2) == [.refused(.gate(.vmBudget))])
  }

  @Test("Nothing that carries the system dies by hand (S2)", arguments: [1, 3] as [Int64])
  func builtIn(pid: Int64) throws {
    var (stage, _) = Stage.withHog()
    let system = try #require(stage.guest.first { $0.pid == pid })
    stage.kill(1, system.identity)
    stage.run(.seconds(30))
    #expect(stage.ends(1) == [.refused(.gate(.protected))])
    stage.spawn(900, "systemd", owner: "root")
    let systemd = try #require(stage.guest.first { $0.pid == 900 })
    stage.kill(2, systemd.identity)
    stage.run(.seconds(30))
    #expect(stage.ends(2) == [.refused(.gate(.protected))])
    #expect(stage.killed.isEmpty)
  }

  @Test("One that takes a protected name before the confirm is spared")
  func retitled() throws {
    var (stage, hog) = Stage.withHog { $0.protect.names = [glob("postgres")] }
    stage.kill(1, hog.identity)
    stage.run(.seconds(3))
    let i = try #require(stage.guest.firstIndex { $0.pid == 500 })
    stage.guest[i].name = "postgres"
    stage.run(.seconds(30))
    #expect(stage.ends(1) == [.refused(.gate(.protected))])
    #expect(stage.killed.isEmpty)
  }

  @Test("VMs that are never touched are not even looked at for an operator")
  func untouchable() {
    for (change, why) in [
      ({ $0.template = true }, "it is a template"), ({ $0.managed = true }, "a solution manages it"),
      ({ $0.biosUUID = "42000000-0000-4000-8000-00000000000a" }, "the daemon itself runs on it"),
      ({ $0.power = .off }, "it is not powered on"),
    ] as [((inout VMFacts) -> Void, String)] {
      var stage = Stage()
      let hog = stage.spawn(500, "hog")
      change(&stage.facts)
      stage.begin([Stage.rule(match: "nothing")]) { $0.ownMachine = "42000000-0000-4000-8000-00000000000a" }
      stage.run(.seconds(10))
      stage.find(1, 500)
      stage.kill(2, hog.identity)
      stage.run(.seconds(30))
      #expect(stage.ends(1) == [.refused(.unwatched(why, nil))])
      #expect(stage.ends(2) == [.refused(.unwatched(why, nil))])
      #expect(stage.looks(.find).isEmpty && stage.killed.isEmpty)
    }
  }

  @Test(
    "One that is stuck for its rule may be tried by an operator, in the pace of all tries; it stays stuck for the rule")
  func stuck() {
    var stage = Stage()
    let spin = stage.spawn(500)
    let rows = [(1, Outcome.survived, 2100), (2, .survived, 1400), (3, .stuck, 700)].map { number, outcome, age in
      Restored.Row(
        id: KillID(life: 1, number: number), rule: RuleID("r"), vm: Stage.key, process: spin, login: Stage.login,
        age: .seconds(age), outcome: outcome, closedAge: .seconds(age - 400))
    }
    stage.intercept = { effect, stage in
      guard case .terminate(let op, _, _, _, _, _, _, _) = effect else { return nil }
      let timing = stage.timing()
      return [(.milliseconds(100), .terminated(op, timing, .done))]
    }
    stage.begin([Stage.rule()], restored: Restored(life: 2, rows: rows), big)
    stage.run(.seconds(20))
    stage.find(1, 500)
    stage.run(.seconds(1))
    guard case .found(let found)? = stage.ends(1).first else {
      Issue.record("\(stage.ends(1))")
      return
    }
    #expect(found.isStuck && found.gate == .retryWait)
    stage.kill(2, spin.identity)
    stage.run(.seconds(1))
    #expect(stage.ends(2) == [.refused(.gate(.retryWait))])
    stage.run(.seconds(400))
    stage.kill(3, spin.identity)
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
    #expect(stage.ends(3) == [.closed(KillID(life: 2, number: 1), .stuck, nil)])
    stage.run(.seconds(2000))
    #expect(stage.killed == [500])
  }

  @Test("Denied is denied, for an operator too")
  func denied() {
    var stage = Stage()
    let hog = stage.spawn(500, "hog")
    let row = Restored.Row(
      id: KillID(life: 1, number: 1), rule: nil, vm: Stage.key, process: hog, login: Stage.login, age: .seconds(700),
      outcome: .denied, closedAge: .seconds(700))
    stage.begin([Stage.rule(match: "nothing")], restored: Restored(life: 2, rows: [row]))
    stage.run(.seconds(10))
    stage.kill(1, hog.identity)
    stage.run(.seconds(30))
    #expect(stage.ends(1) == [.refused(.gate(.denied))])
  }

  @Test("While a rule's kill is open on the VM an operator waits, and the other way round")
  func oneAtATime() {
    var stage = Stage()
    let hog = stage.spawn(400, "hog")
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .terminate(let op, _, _, _, let pid, _, _, _) = effect else { return nil }
      let timing = stage.timing()
      stage.exit(pid)
      return [(.seconds(20), .terminated(op, timing, .done))]
    }
    stage.begin([Stage.rule()], big)
    stage.run(.seconds(15))
    #expect(stage.killed == [500])
    stage.kill(1, hog.identity)
    stage.run(.seconds(25))
    #expect(stage.ends(1) == [.refused(.gate(.killOpen))] || stage.ends(1).isEmpty)
    stage.run(.seconds(20))
    stage.kill(2, hog.identity)
    stage.spawn(600)
    stage.run(.seconds(60))
    #expect(stage.killed == [500, 400, 600])
  }

  @Test("Nothing without a record: an intent that cannot be written is no kill, and the operator is told")
  func ledger() {
    var (stage, hog) = Stage.withHog()
    stage.intercept = { effect, stage in
      guard case .record(let id, .intent) = effect else { return nil }
      return [(.milliseconds(1), .recorded(id, .intent, .failure(LedgerFailure("disk full"))))]
    }
    stage.kill(1, hog.identity)
    stage.run(.seconds(7))
    #expect(stage.ends(1) == [.refused(.notRecorded("disk full"))])
    stage.kill(2, hog.identity)
    stage.run(.seconds(1))
    #expect(stage.ends(2) == [.refused(.gate(.ledger))])
    stage.run(.seconds(60))
    #expect(stage.killed.isEmpty)
  }
}
