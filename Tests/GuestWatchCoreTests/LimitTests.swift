import Testing

@testable import GuestWatchCore

@Suite("Limits")
struct LimitTests {
  static let minute = Duration.seconds(60)

  @Test("What the first listing shows is as old as we have seen it, whatever the guest's clock says (S8)")
  func firstListing() {
    var stage = Stage()
    // Launched through the API while the guest's clock was two hours behind: nothing in a listing tells.
    stage.spawn(500, started: Stage.epoch - 7200)
    stage.spawn(600, "other", started: Stage.epoch - 60)
    stage.spawn(601, "other", started: Stage.epoch - 61)
    stage.begin([Stage.rule(limits: .bounded(maxAge: .seconds(3600), maxInstances: nil))])
    stage.run(.seconds(3500))
    #expect(stage.killed.isEmpty)
    stage.run(.seconds(200))
    #expect(stage.killed == [500])
  }

  @Test("What the listing before lacked is as old as the guest's own clock proves")
  func shownAge() {
    var stage = Stage()
    stage.begin([
      Stage.rule(limits: .bounded(maxAge: .seconds(700), maxInstances: nil), every: .seconds(600))
    ])
    stage.run(.seconds(30))
    stage.spawn(500)
    // The guest's uptime goes on: newer rows are the evidence.
    stage.run(.seconds(540))
    stage.spawn(600, "other")
    stage.spawn(601, "other")
    // Seen at 600 s, it would be old enough at 1300 s; the guest's clock proves it at 732 s and a little.
    stage.run(.seconds(230))
    #expect(stage.killed == [500])
  }

  @Test("A start time alone proves nothing: without evidence the age is what we have seen")
  func seenAge() {
    var stage = Stage()
    stage.spawn(500, started: Stage.epoch - 7200)
    stage.guest.removeAll { $0.pid != 500 }
    stage.begin([Stage.rule(limits: .bounded(maxAge: .seconds(60), maxInstances: nil))])
    stage.run(.seconds(55))
    #expect(stage.killed.isEmpty)
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
    #expect(stage.terminates[0].at >= 60)
  }

  @Test("A newcomer that claims to be old puts all start times of the epoch in doubt (S8)")
  func doubt() {
    var stage = Stage()
    stage.spawn(600, "other")
    stage.spawn(601, "other")
    stage.begin([Stage.rule(limits: .bounded(maxAge: .seconds(3600), maxInstances: nil))])
    stage.run(.seconds(30))
    stage.spawn(500, started: Stage.epoch - 7200)
    stage.spawn(602, "other")
    stage.spawn(603, "other")
    stage.run(.seconds(3500))
    #expect(stage.killed.isEmpty)
    #expect(stage.reports(.startsDoubted).count == 1)
  }

  /// Seed 5968: a revert that nothing tells of brings one back that a kill ended, and then hundreds of others end.
  @Test("What ended and is still listed is not forgotten for what ends after it (S1)")
  func stillListedIsKept() {
    var stage = Stage()
    let process = stage.spawn(500)
    stage.begin([Stage.rule(), Stage.rule("brief", match: "brief", action: .report)])
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
    stage.guest.append(process)
    var pid: Int64 = 1000
    for _ in 0..<12 {
      for _ in 0..<50 {
        pid += 1
        stage.spawn(pid, "brief")
      }
      stage.run(.seconds(10))
      stage.guest.removeAll { $0.name == "brief" }
      stage.run(.seconds(10))
    }
    #expect(stage.watch.vms[0].ended.count == VMState.endedCap)
    #expect(stage.killed == [500])
  }

  @Test("A step of our wall clock makes nothing old (S8)")
  func wallStep() {
    var stage = Stage()
    stage.spawn(500)
    stage.spawn(600, "other")
    stage.spawn(601, "other")
    stage.begin([Stage.rule(limits: .bounded(maxAge: .seconds(3600), maxInstances: nil))])
    stage.run(.seconds(30))
    stage.wallStep = 86_400_000_000_000
    stage.run(.seconds(1200))
    #expect(stage.killed.isEmpty)
    #expect(stage.reports(.clockDoubted).count == 1)
  }

  @Test("Of max_instances the newest dies first, one at a time, and the allowed ones live")
  func maxInstances() {
    var stage = Stage()
    for i: Int64 in 0..<4 { stage.spawn(500 + i, started: Stage.epoch - 100 + i * 10) }
    stage.begin([Stage.rule(limits: .bounded(maxAge: nil, maxInstances: MaxInstances(count: 2)))])
    stage.run(.seconds(120))
    #expect(stage.killed == [503, 502])
    #expect(stage.guest.filter { $0.name == "spin" }.map(\.pid) == [500, 501])
  }

  @Test("keep = newest kills the oldest; another owner's do not count")
  func keepNewest() {
    var stage = Stage()
    for i: Int64 in 0..<3 { stage.spawn(500 + i, started: Stage.epoch - 100 + i * 10) }
    stage.spawn(600, owner: "eve", started: Stage.epoch - 500)
    stage.begin([Stage.rule(limits: .bounded(maxAge: nil, maxInstances: MaxInstances(count: 2, keep: .newest)))])
    stage.run(.seconds(120))
    #expect(stage.killed == [500])
  }

  @Test("A protected one beyond the limit is passed over, never replaced by one within it")
  func protectedInGroup() {
    var stage = Stage()
    for i: Int64 in 0..<3 { stage.spawn(500 + i, started: Stage.epoch - 100 + i * 10) }
    stage.guest[stage.guest.count - 1].command = "/usr/bin/spin --precious"
    stage.begin([Stage.rule(limits: .bounded(maxAge: nil, maxInstances: MaxInstances(count: 2)))]) {
      $0.protect.commands = [glob("*precious*")]
    }
    stage.run(.seconds(120))
    #expect(stage.killed.isEmpty)
    #expect(stage.reports(.waiting).map(\.gate) == [.protected])
  }

  @Test("lasting is a duration over an unbroken chain of looks")
  func lasting() {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule(lasting: .seconds(300), every: .seconds(30))])
    stage.run(.seconds(299))
    #expect(stage.killed.isEmpty)
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
  }

  @Test("A gap in the looks starts lasting anew")
  func gap() {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule(lasting: .seconds(300), every: .seconds(30))])
    stage.run(.seconds(250))
    stage.intercept = { effect, stage in
      guard case .survey(let id, _, _, _, _) = effect else { return nil }
      return [(.milliseconds(100), .surveyed(id, stage.timing(), .failure(Fault(.transient, code: "503"))))]
    }
    stage.run(.seconds(100))
    stage.intercept = { _, _ in nil }
    stage.run(.seconds(290))
    #expect(stage.killed.isEmpty)
    stage.run(.seconds(120))
    #expect(stage.killed == [500])
  }

  @Test("Budgets hold in any window: per VM, per rule, for all (S3)", arguments: ["vm", "rule", "fleet"])
  func budgets(kind: String) {
    var stage = Stage()
    for i: Int64 in 0..<5 { stage.spawn(500 + i) }
    let rule = Stage.rule { if kind == "rule" { $0.budget = Budget(kills: 2, within: .seconds(600)) } }
    stage.begin([rule]) {
      $0.budget = FleetBudget(
        kills: kind == "fleet" ? 2 : 100, perVM: kind == "vm" ? 2 : 100, within: .seconds(600))
    }
    stage.run(.seconds(590))
    #expect(stage.killed.count == 2)
    #expect(
      stage.reports(.waiting).contains { ["vm-budget", "rule-budget", "fleet-budget"].contains($0.gate?.rawValue) })
    stage.run(.seconds(600))
    #expect(stage.killed.count == 4)
    #expect(stage.terminates[2].at - stage.terminates[0].at > 600)
  }

  @Test("Budgets and cooldowns outlive a restart (S3)")
  func restoredBudget() {
    var stage = Stage()
    let dead = Process(pid: 400, started: 1, owner: "bob", name: "spin", command: "")
    stage.spawn(500)
    let row = Restored.Row(
      id: KillID(life: 1, number: 1), rule: RuleID("r"), vm: Stage.key, process: dead, login: Stage.login,
      age: .seconds(100), outcome: .exited, closedAge: .seconds(90))
    stage.begin([Stage.rule { $0.cooldown = .seconds(300) }], restored: Restored(life: 2, rows: [row]))
    stage.run(.seconds(190))
    #expect(stage.killed.isEmpty)
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
  }

  @Test("Nothing built in is ever killed, whatever its owner calls it (S2)")
  func builtIn() {
    var stage = Stage()
    stage.spawn(700, "vmtoolsd", owner: "root")
    stage.spawn(701, "systemd", owner: "root")
    stage.spawn(702, "kworker/0:1", owner: "root")
    stage.spawn(703, "lsass.exe", owner: "NT AUTHORITY\\SYSTEM")
    stage.spawn(704, "svchost", owner: "")
    stage.spawn(705, "vmtoolsd", owner: "mallory")
    stage.begin([Stage.rule(match: "?*") { $0.match.owners = nil }]) {
      $0.budget = FleetBudget(kills: 1000, perVM: 1000)
      $0.protect.names = [glob("system-*")]
    }
    stage.run(.seconds(600))
    #expect(stage.killed == [705])
  }

  @Test("unless excepts, and doubtful text is excepted and protected, never matched")
  func unlessAndDoubt() {
    var stage = Stage()
    stage.spawn(500)
    stage.spawn(501)
    stage.guest[stage.guest.count - 1].command = "/usr/bin/spin --keep"
    stage.spawn(502)
    stage.guest[stage.guest.count - 1].command = GuestText("/usr/bin/spin", doubtful: true)
    stage.spawn(503)
    stage.guest[stage.guest.count - 1].name = GuestText("spin", doubtful: true)
    stage.begin([Stage.rule { $0.unless = [Match(commands: [glob("*--keep*")])] }])
    stage.run(.seconds(120))
    #expect(stage.killed == [500])
  }

  @Test("A reboot ends the epoch: what was followed starts anew")
  func epoch() {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule(lasting: .seconds(200), every: .seconds(20))])
    stage.run(.seconds(60))
    stage.facts.bootTime = Stage.epoch + 50
    stage.run(.seconds(240))
    #expect(stage.reports(.epochEnded).count == 1)
    #expect(stage.killed.isEmpty)
    stage.run(.seconds(240))
    #expect(stage.killed == [500])
  }

  @Test(
    "No start time that a guest can claim harms", arguments: [Int64.max, Int64.min, 253_402_300_799, -62_135_596_800])
  func absurdStarts(started: Int64) {
    var stage = Stage()
    stage.spawn(500)
    for pid: Int64 in 900..<904 {
      stage.guest.append(
        Process(pid: pid, started: started, owner: "eve", name: "spin", command: "spin", finished: nil))
    }
    stage.facts.bootTime = started
    stage.begin([
      Stage.rule(
        limits: .bounded(maxAge: .seconds(60), maxInstances: MaxInstances(count: 2)))
    ]) { $0.budget = FleetBudget(kills: 100, perVM: 100) }
    stage.run(.seconds(200))
    #expect(stage.killed.contains(500))
  }

  @Test(
    "An agent restart that shifts all starts is no new process: seen is kept, lasting starts anew (S8)",
    arguments: [1, -1, 600, -600])
  func agentRestart(shift: Int64) {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule(limits: .bounded(maxAge: .seconds(100), maxInstances: nil))])
    stage.run(.seconds(90))
    for i in stage.guest.indices { stage.guest[i].started += shift }
    stage.run(.seconds(40))
    // Had its age started anew, it would live until second 190.
    #expect(stage.killed == [500])
    #expect(stage.terminates.allSatisfy { $0.at > 100 })
  }

  @Test("Tries outlive an agent restart (simulation seed 1694)")
  func agentRestartKeepsTries() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, _, _, _, _) = effect else { return nil }
      return [(.seconds(20), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x"))))]
    }
    stage.begin([Stage.rule()]) { $0.budget = FleetBudget(kills: 100, perVM: 100) }
    for _ in 0..<100 where stage.outcomes.count < 2 { stage.run(.seconds(10)) }
    for i in stage.guest.indices { stage.guest[i].started -= 1 }
    let before = stage.killed.count
    stage.run(.seconds(500))
    #expect(stage.killed.count == before)
    stage.run(.seconds(300))
    #expect(stage.outcomes == [.survived, .survived, .stuck])
  }

  @Test("So does the try during which the agent restarts (simulation seed 26)")
  func agentRestartDuringAKill() {
    var stage = Stage()
    stage.spawn(500)
    var shifted = false
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, _, _, _, _) = effect else { return nil }
      if stage.killed.count == 2, !shifted {
        shifted = true
        for i in stage.guest.indices { stage.guest[i].started -= 1 }
      }
      return [(.seconds(20), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x"))))]
    }
    stage.begin([Stage.rule()], big)
    for _ in 0..<100 where stage.outcomes.count < 2 { stage.run(.seconds(10)) }
    #expect(shifted)
    let before = stage.killed.count
    stage.run(.seconds(500))
    #expect(stage.killed.count == before)
    stage.run(.seconds(300))
    #expect(stage.outcomes == [.survived, .survived, .stuck])
  }

  @Test(
    "Nor are tries or ends forgotten where a revert brings back the start of before an agent restart (simulation seed 103)",
    arguments: [true, false])
  func revertedToBeforeAnAgentRestart(dies: Bool) {
    var stage = Stage()
    let before = stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, _, _, _, _) = effect else { return nil }
      // The agent restarts in mid-kill, and the guest's clock had drifted.
      if stage.killed.count == 1 {
        for i in stage.guest.indices { stage.guest[i].started += 259 }
      }
      if dies {
        for i in stage.guest.indices where stage.guest[i].pid == 500 { stage.guest[i].finished = stage.second }
      }
      return [(.seconds(20), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x"))))]
    }
    stage.begin([Stage.rule()], big)
    for _ in 0..<100 where stage.outcomes.isEmpty { stage.run(.seconds(10)) }
    #expect(stage.outcomes == [dies ? .gone : .survived])
    stage.run(.seconds(10))
    // Reverted to before that: too few are left to tell that all starts moved.
    stage.guest.removeAll { $0.pid == 500 || $0.pid > 101 }
    for i in stage.guest.indices { stage.guest[i].started -= 259 }
    stage.guest.append(before)
    stage.run(.seconds(3600))
    #expect(stage.reports(.epochEnded).isEmpty)
    #expect(stage.outcomes == (dies ? [.gone] : [.survived, .survived, .stuck]))
  }

  @Test("A second between two clocks of a guest is no other process after a terminate (simulation seed 31)")
  func startedThroughTheAPI() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, _, _, _, _) = effect else { return nil }
      // The agent restarts and shows it by the kernel's clock; all others stand.
      for i in stage.guest.indices where stage.guest[i].pid == 500 && stage.killed.count == 1 {
        stage.guest[i].started += 1
      }
      return [(.seconds(20), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x"))))]
    }
    stage.begin([Stage.rule()], big)
    for _ in 0..<100 where stage.outcomes.isEmpty { stage.run(.seconds(10)) }
    #expect(stage.outcomes == [.survived])
  }

  @Test("Where the agent restarts, another start proves no end: the clock stepped before it (simulation seed 1542)")
  func clockSteppedBeforeTheAgentRestarts() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .terminate(let id, _, _, _, _, _, _, _) = effect else { return nil }
      // What had begun before the step moves by it; what began after it does not.
      for i in stage.guest.indices where stage.killed.count == 1 {
        stage.guest[i].started += stage.guest[i].pid == 500 ? -3 : 600
      }
      return [(.seconds(20), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x"))))]
    }
    stage.begin([Stage.rule()], big)
    for _ in 0..<100 where stage.outcomes.isEmpty { stage.run(.seconds(10)) }
    #expect(stage.outcomes == [.unknown])
  }

  @Test("The same events give the same effects")
  func deterministic() {
    func run() -> [String] {
      var stage = Stage()
      for i: Int64 in 0..<5 { stage.spawn(500 + i) }
      stage.begin([Stage.rule()])
      stage.run(.seconds(600))
      return stage.log.map { "\($0.at) \($0.effect)" }
    }
    #expect(run() == run())
  }
}
