import Testing

@testable import GuestWatchCore

@Suite("What one life leaves to the next")
struct MemoryTests {
  static let hour = Limits.bounded(maxAge: .seconds(3600), maxInstances: nil)

  /// The last memory that was given.
  static func memory(_ stage: Stage) -> VMMemory? {
    stage.log.last { if case .remember = $0.effect { true } else { false } }.flatMap {
      if case .remember(let memory) = $0.effect { memory } else { nil }
    }
  }

  /// Where the stage's clock begins.
  static let zero = Instant(nanoseconds: 1_000_000_000_000)

  /// What an earlier life left that had seen this one process for so long.
  static func seen(_ process: Process, for age: Duration, as moid: String? = nil, boot: Int64?) -> VMMemory {
    VMMemory(
      vm: Stage.key, moid: moid, bootTime: boot, suspendTime: nil,
      seen: [VMMemory.Seen(login: Stage.login, identity: process.identity, firstSeen: zero - age)])
  }

  @Test("Since when an identity is seen goes to the ledger, once it is followed for its age")
  func remembers() {
    var stage = Stage()
    let process = stage.spawn(500)
    stage.begin([Stage.rule(limits: MemoryTests.hour)])
    stage.run(.seconds(60))
    let memory = MemoryTests.memory(stage)
    #expect(memory?.seen.map(\.identity) == [process.identity])
    #expect(memory?.bootTime == stage.facts.bootTime)
    #expect(memory?.seen.first.map { $0.firstSeen > MemoryTests.zero } ?? false)
    // Nothing changed since, so nothing is said.
    let count = stage.log.count { if case .remember = $0.effect { true } else { false } }
    stage.run(.seconds(600))
    #expect(stage.log.count { if case .remember = $0.effect { true } else { false } } == count)
    stage.exit(500)
    stage.run(.seconds(60))
    #expect(MemoryTests.memory(stage)?.seen.isEmpty == true)
  }

  @Test("A restart costs no age", arguments: [true, false])
  func restart(knowsBoot: Bool) {
    var stage = Stage()
    let process = stage.spawn(500, started: Stage.epoch - 7200)
    let memory = MemoryTests.seen(process, for: .seconds(3500), boot: knowsBoot ? stage.facts.bootTime : nil)
    stage.begin([Stage.rule(limits: MemoryTests.hour)], restored: Restored(life: 2, memories: [memory]))
    stage.run(.seconds(95))
    #expect(stage.killed.isEmpty)
    stage.run(.seconds(40))
    #expect(stage.killed == [500])
  }

  @Test("Memory of another epoch counts for nothing: the VM was reset while nobody looked (S8)")
  func resetMeanwhile() {
    var stage = Stage()
    let process = stage.spawn(500, started: Stage.epoch - 7200)
    let memory = MemoryTests.seen(process, for: .seconds(3590), boot: Stage.epoch - 90_000)
    stage.begin([Stage.rule(limits: MemoryTests.hour)], restored: Restored(life: 2, memories: [memory]))
    stage.run(.seconds(3500))
    #expect(stage.killed.isEmpty)
  }

  @Test("A first suspend while nobody looked ends the epoch, too")
  func suspendMeanwhile() {
    var stage = Stage()
    let process = stage.spawn(500, started: Stage.epoch - 7200)
    let memory = MemoryTests.seen(process, for: .seconds(3590), boot: stage.facts.bootTime)
    stage.facts.suspendTime = Stage.epoch - 600
    stage.begin([Stage.rule(limits: MemoryTests.hour)], restored: Restored(life: 2, memories: [memory]))
    stage.run(.seconds(3500))
    #expect(stage.killed.isEmpty)
  }

  @Test("Nor does memory of a VM that was registered anew meanwhile (simulation seed 310)")
  func registeredAnew() {
    var stage = Stage()
    let process = stage.spawn(500, started: Stage.epoch - 7200)
    let memory = MemoryTests.seen(process, for: .seconds(3590), as: "vm-7", boot: stage.facts.bootTime)
    stage.begin([Stage.rule(limits: MemoryTests.hour)], restored: Restored(life: 2, memories: [memory]))
    stage.run(.seconds(3500))
    #expect(stage.killed.isEmpty)
    #expect(MemoryTests.memory(stage)?.moid == "vm-1")
    stage.run(.seconds(200))
    #expect(stage.killed == [500])
  }

  @Test(
    "What was closed in an earlier epoch says nothing of today's identities (simulation seed 86)",
    arguments: [
      Outcome.exited, .stuck, .denied,
    ])
  func closedBefore(outcome: Outcome) {
    var stage = Stage()
    // Killed yesterday; a revert brought the very same process back, and then the daemon was restarted.
    let process = stage.spawn(500, started: Stage.epoch - 7200)
    let row = Restored.Row(
      id: KillID(life: 1, number: 1), rule: RuleID("r"), vm: Stage.key, process: process, login: Stage.login,
      age: .seconds(7000), outcome: outcome, closedAge: .seconds(6900))
    func memory(_ began: Instant?) -> VMMemory {
      VMMemory(vm: Stage.key, bootTime: stage.facts.bootTime, suspendTime: nil, epochBegan: began, seen: [])
    }
    var same = stage
    stage.begin(
      [Stage.rule()],
      restored: Restored(life: 2, rows: [row], memories: [memory(MemoryTests.zero - .seconds(600))]))
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
    same.begin([Stage.rule()], restored: Restored(life: 2, rows: [row], memories: [memory(nil)]))
    same.run(.seconds(60))
    #expect(same.killed.isEmpty)
  }

  @Test("An open kill of an epoch that ended is closed as unknown, whatever is there now")
  func openKillOfBefore() {
    var stage = Stage()
    let process = stage.spawn(500)
    let memory = VMMemory(
      vm: Stage.key, bootTime: stage.facts.bootTime, suspendTime: nil, epochBegan: MemoryTests.zero - .seconds(2),
      seen: [])
    stage.begin(
      [Stage.rule(action: .report)],
      restored: Restored(life: 2, open: [Stage.openKill(process, answer: .done)], memories: [memory]))
    stage.run(.seconds(5))
    #expect(stage.outcomes == [.unknown])
    #expect(stage.looks(.resolve).isEmpty)
  }

  @Test("A new epoch goes to the ledger with the memory of it")
  func epochIsKept() {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule(limits: MemoryTests.hour)])
    stage.run(.seconds(60))
    #expect(MemoryTests.memory(stage)?.epochBegan == nil)
    stage.facts.bootTime = Stage.epoch + 30
    stage.run(.seconds(120))
    #expect(MemoryTests.memory(stage).flatMap(\.epochBegan).map { $0 > MemoryTests.zero } ?? false)
  }

  @Test("An open kill of an earlier life is not closed as gone where the VM was reset since")
  func openKillReset() {
    var stage = Stage()
    let process = Process(pid: 500, started: Stage.epoch - 50, owner: "bob", name: "spin", command: "")
    let memory = VMMemory(vm: Stage.key, bootTime: Stage.epoch - 90_000, suspendTime: nil, seen: [])
    stage.begin(
      [Stage.rule(action: .report)],
      restored: Restored(life: 2, open: [Stage.openKill(process, answer: .done)], memories: [memory]))
    stage.run(.seconds(200))
    #expect(stage.outcomes == [.unknown])
  }

  @Test("Memory that no listing has answered for yet is not lost")
  func kept() {
    var stage = Stage()
    let process = stage.spawn(500)
    let memory = MemoryTests.seen(process, for: .zero, boot: nil)
    stage.intercept = { effect, stage in
      guard case .survey(let op, _, _, _, _) = effect else { return nil }
      return [(.seconds(1), .surveyed(op, stage.timing(), .failure(Fault(.transient, code: "503"))))]
    }
    stage.begin([Stage.rule(limits: MemoryTests.hour)], restored: Restored(life: 2, memories: [memory]))
    stage.run(.seconds(300))
    #expect(MemoryTests.memory(stage)?.seen == memory.seen)
  }

  @Test("A VM that is not in the inventory for an hour leaves no memory")
  func forgotten() {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule(limits: MemoryTests.hour)])
    stage.run(.seconds(60))
    stage.intercept = { effect, stage in
      guard case .refresh(let op, _, _, _) = effect else { return nil }
      return [(.milliseconds(100), stage.inventoryEvent(op, []))]
    }
    stage.run(.seconds(4200))
    #expect(MemoryTests.memory(stage) == VMMemory(vm: Stage.key, bootTime: nil, suspendTime: nil, seen: []))
  }

  @Test("A VM whose vCenter does not answer is not forgotten")
  func notForgotten() {
    var stage = Stage()
    let row = Restored.Row(
      id: KillID(life: 1, number: 1), rule: RuleID("r"), vm: VMKey(vcenter: "other-uuid", instance: "x"),
      process: stage.guest[9], login: Stage.login, age: .seconds(100), outcome: .stuck, closedAge: .seconds(90))
    stage.begin([Stage.rule()], restored: Restored(life: 2, rows: [row]))
    stage.run(.seconds(8000))
    #expect(stage.watch.places[row.vm] != nil)
  }
}

@Suite("Epochs by what a guest shows")
struct ComebackTests {
  @Test("Three identities that come back end the epoch", arguments: [2, 3])
  func comeback(count: Int) {
    var stage = Stage()
    stage.spawn(500, started: Stage.epoch - 50)
    for pid in 600..<(600 + Int64(count)) { stage.spawn(pid, "other", started: Stage.epoch - 40) }
    stage.begin([Stage.rule(limits: .bounded(maxAge: .seconds(100), maxInstances: nil))])
    stage.run(.seconds(30))
    let others = stage.guest.filter { $0.pid >= 600 }
    stage.guest.removeAll { $0.pid >= 600 }
    stage.run(.seconds(30))
    stage.guest += others
    stage.run(.seconds(55))
    #expect(stage.reports(.epochEnded).count == (count == 3 ? 1 : 0))
    // Seen began anew with the epoch.
    #expect(stage.killed == (count == 3 ? [] : [500]))
    stage.run(.seconds(80))
    #expect(stage.killed == [500])
  }

  @Test("A get with another start holds the candidate until a survey decides")
  func held() {
    var stage = Stage()
    let process = stage.spawn(500)
    stage.begin([Stage.rule(limits: .bounded(maxAge: .seconds(50), maxInstances: nil), every: .seconds(600))])
    stage.run(.seconds(20))
    // The agent restarts: all starts move by the same second.
    stage.run(.seconds(25))
    for i in stage.guest.indices { stage.guest[i].started += 1 }
    stage.run(.seconds(8))
    // The check at 50 s showed another start; the survey after it knew it again, with what was seen.
    #expect(stage.watch.vms[0].views[0].candidates.first?.firstSeen.nanoseconds ?? .max < 1_005_000_000_000)
    #expect(stage.watch.vms[0].views[0].candidates.first?.process.started == process.started + 1)
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
  }
}

@Suite("Trust in our clock")
struct ClockTrustTests {
  @Test("Silence agrees with nothing")
  func silence() {
    var clock = ClockTrust()
    func at(_ seconds: Int64, step: Int64 = 0) -> Now {
      Now(continuous: Instant(nanoseconds: seconds * 1_000_000_000), wall: (seconds + step) * 1_000_000_000)
    }
    _ = clock.read(at(0))
    _ = clock.hear(0, at: at(0))
    #expect(clock.trusted)
    _ = clock.read(at(10, step: 100))
    #expect(!clock.trusted)
    _ = clock.read(at(400, step: 100))
    #expect(!clock.trusted)
    _ = clock.hear(501, at: at(401, step: 100))
    #expect(clock.trusted)
  }
}
