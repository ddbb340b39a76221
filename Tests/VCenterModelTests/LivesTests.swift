import Testing
import VCenterModel

/// What guests do by themselves, and what is done to them as a whole.
@Suite struct LivesTests {
  private func born(_ truths: [Truth]) -> [(guest: Int, life: Truth.Life, pid: Int64, restored: Truth.Life?)] {
    truths.compactMap { truth in
      if case .born(let life, let pid, _, let restored) = truth.event {
        (truth.guest, life, pid, restored)
      } else {
        nil
      }
    }
  }

  @Test func `a supervisor starts its process again with another pid`() throws {
    let lab = Lab()
    let old = try #require(lab.spawn(Spawn(name: "worker", owner: "alice", respawnsAfter: 2 * second)))
    _ = lab.model.takeTruths()
    lab.guest { guest, now in guest.exit(pid: old.pid, at: now) }
    lab.pass(1.9)
    #expect(lab.rows().allSatisfy { $0.name != "worker" })
    lab.pass(0.2)
    lab.model.advance(to: lab.now)
    let row = try #require(lab.rows().first { $0.name == "worker" })
    #expect(row.pid != old.pid)
    #expect(row.owner == "alice")
    #expect(born(lab.model.takeTruths()).map(\.pid) == [row.pid])
  }

  @Test func `a clone shows the same rows and lives lives of its own`() throws {
    let lab = Lab()
    let worker = try #require(lab.spawn(Spawn(name: "worker", owner: "alice")))
    let before = lab.rows()
    let now = lab.now
    let cloned = lab.model.withGuest("vm-1") { $0.cloned(number: 7, at: now) }
    let copy = try #require(cloned)
    var machine = try #require(lab.model.virtualMachine("vm-1"))
    machine.facts.moid = "vm-2"
    machine.guest = .synthetic(copy)
    lab.model.add(machine)
    let news = born(lab.model.takeTruths()).filter { $0.guest == 7 }
    #expect(news.contains { $0.pid == worker.pid && $0.restored == worker.life && $0.life != worker.life })
    let rows = lab.model.withGuest("vm-2") { $0.rows(at: now) }
    #expect(Set(rows ?? []) == Set(before))
    lab.guest { guest, now in guest.exit(pid: worker.pid, at: now) }
    #expect(lab.model.guest("vm-2")?.process(pid: worker.pid)?.isZombie == false)
  }

  @Test func `a VM that is registered anew keeps its guest`() throws {
    let lab = Lab()
    let worker = try #require(lab.spawn(Spawn(name: "worker", owner: "alice", livesFor: 10 * second)))
    let taken = lab.model.take("vm-1")
    var machine = try #require(taken)
    #expect(lab.rows().isEmpty)
    lab.pass(5)
    machine.facts.moid = "vm-9"
    lab.model.add(machine)
    #expect(lab.model.guest("vm-9")?.isAlive(worker.life, pid: worker.pid) == true)
    lab.pass(6)
    lab.model.advance(to: lab.now)
    #expect(lab.model.guest("vm-9")?.isAlive(worker.life, pid: worker.pid) == false)
  }

  @Test func `another owner is another identity of the same life`() throws {
    let lab = Lab()
    let worker = try #require(lab.spawn(Spawn(name: "worker", owner: "root")))
    let before = try #require(lab.rows([worker.pid]).first)
    lab.guest { guest, now in guest.setOwner(pid: worker.pid, to: "alice", at: now) }
    let after = try #require(lab.rows([worker.pid]).first)
    #expect(before.owner == "root" && after.owner == "alice")
    #expect(before.started == after.started)
    #expect(lab.model.guest("vm-1")?.process(pid: worker.pid)?.life == worker.life)
  }

  @Test func `an ordinary account sees its own alone while others are hidden`() {
    let lab = Lab()
    _ = lab.spawn(Spawn(name: "hers", owner: "alice"))
    let all = lab.rows(as: lab.plain).count
    lab.guest { guest, at in guest.hideOthers(true, at: at) }
    #expect(lab.rows(as: lab.plain).map(\.name) == ["hers"])
    #expect(lab.rows().count == all)
    lab.guest { guest, at in guest.hideOthers(false, at: at) }
    #expect(lab.rows(as: lab.plain).count == all)
  }

  @Test func `a clock that drifts is off by what it gained, and only a new agent shows it`() throws {
    let lab = Lab()
    let worker = try #require(lab.spawn(Spawn(name: "worker", owner: "alice")))
    let before = try #require(lab.rows([worker.pid]).first?.started)
    lab.guest { guest, now in guest.setDrift(10_000, at: now) }
    lab.pass(1_000)
    #expect(lab.rows([worker.pid]).first?.started == before)
    lab.guest { guest, now in guest.restartAgent(at: now) }
    #expect(lab.rows([worker.pid]).first.map { (9...11).contains($0.started - before) } == true)
  }

  @Test func `a listing is the same as long as nothing changed, and its version says so`() throws {
    let lab = Lab()
    _ = lab.rows()
    let version = try #require(lab.model.rowsVersion("vm-1"))
    let rows = lab.rows()
    lab.pass(100)
    #expect(lab.rows() == rows)
    #expect(lab.model.rowsVersion("vm-1") == version)
    let worker = try #require(lab.spawn(Spawn(name: "worker", owner: "alice")))
    lab.guest { guest, now in guest.retitle(pid: worker.pid, name: "other", at: now) }
    #expect(lab.rows().contains { $0.name == "other" })
    #expect(lab.model.rowsVersion("vm-1").map { $0 > version } == true)
  }
}
