import Testing
import VCenterModel

@Suite struct GuestTests {
  @Test func `start times are whole seconds and shift only when the agent restarts`() throws {
    let lab = Lab(clockOffset: 7 * second + 400_000_000)
    lab.pass(0.7)
    let process = try #require(lab.spawn(Spawn(name: "worker", owner: "alice")))
    let first = try #require(lab.rows([process.pid]).first)
    // Uptime 3600.7 s at the start, agent's boot computed from floored values: exact to a second.
    let true_ = (process.born.wall + 7 * second + 400_000_000) / second
    #expect(abs(first.started - true_) <= 1)
    lab.guest { guest, _ in guest.stepClock(by: 100 * second) }
    #expect(lab.rows([process.pid]).first?.started == first.started)
    lab.guest { guest, now in guest.restartAgent(at: now) }
    let shifted = try #require(lab.rows([process.pid]).first)
    #expect(abs(shifted.started - first.started - 100) <= 1)
    // All shift by the same.
    #expect(lab.rows([1]).first.map { $0.started } == shifted.started - 3600)
  }

  @Test func `after a suspension newcomers look older than they are`() throws {
    let lab = Lab()
    _ = lab.rows()
    lab.model.suspend("vm-1", at: lab.now)
    #expect(lab.rows().isEmpty)
    lab.pass(900)
    lab.model.resumeVM("vm-1", at: lab.now)
    let process = try #require(lab.spawn(Spawn(name: "young", owner: "alice")))
    let row = try #require(lab.rows([process.pid]).first)
    #expect(row.started == lab.now.wall / second - 900)
    #expect(lab.model.virtualMachine("vm-1")?.facts.suspendTime != nil)
  }

  @Test func `a reboot starts anew, a revert brings back what was, as new lives`() throws {
    let lab = Lab()
    let before = try #require(lab.spawn(Spawn(name: "worker", owner: "alice")))
    lab.model.takeSnapshot("vm-1", at: lab.now)
    lab.pass(10)
    let after = try #require(lab.spawn(Spawn(name: "later", owner: "alice")))
    lab.model.revert("vm-1", at: lab.now)
    let revived = try #require(lab.model.guest("vm-1")?.process(pid: before.pid))
    #expect(revived.name == "worker" && revived.life != before.life)
    #expect(lab.model.guest("vm-1")?.process(pid: after.pid) == nil)
    lab.model.switchOff("vm-1", at: lab.now)
    lab.pass(5)
    lab.model.switchOn("vm-1", at: lab.now)
    #expect(lab.rows().map(\.pid) == [1, 2, 201, 202, 203])
    let causes = lab.model.takeTruths().compactMap { truth -> Truth.Cause? in
      if case .died(_, _, let cause) = truth.event { cause } else { nil }
    }
    #expect(causes.contains(.reverted) && causes.contains(.powerCycled))
  }

  @Test func `pids go round and rest`() throws {
    let lab = Lab(guest: SyntheticGuest.Settings(pids: 500...502, pidRest: 25 * second))
    let spawn = Spawn(name: "short", owner: "alice", livesFor: second)
    #expect((0..<3).map { _ in lab.spawn(spawn)?.pid } == [500, 501, 502])
    #expect(lab.spawn(spawn) == nil)
    lab.pass(2)
    #expect(lab.spawn(spawn) == nil)
    lab.pass(24.1)
    #expect(lab.spawn(spawn)?.pid == 500)
  }

  @Test func `an ordinary account sees only its own where others are hidden`() throws {
    let lab = Lab(guest: SyntheticGuest.Settings(hidesOthers: true))
    let mine = try #require(lab.spawn(Spawn(name: "mine", owner: "alice")))
    #expect(lab.rows(as: lab.plain).map(\.pid) == [mine.pid])
    #expect(lab.rows().count == 6)
    #expect(lab.call(.getProcess(moid: "vm-1", lab.plain, pid: 1)) == .failure(.processNotFound(pid: 1)))
  }

  @Test func `a refused guest login counts towards the lockout`() throws {
    let lab = Lab()
    let wrong = GuestCredential(user: "alice", password: "not hers")
    for _ in 0..<3 { #expect(lab.call(.validateCredentials(moid: "vm-1", wrong)) == .failure(.guestLoginRefused)) }
    #expect(lab.call(.validateCredentials(moid: "vm-1", lab.plain)) == .failure(.guestLoginRefused))
    #expect(lab.model.virtualMachine("vm-1")?.accounts.last?.locked == true)
    #expect(lab.model.counters.guestRefusals == 4)
    #expect(lab.call(.validateCredentials(moid: "vm-1", lab.root)) == .done)
    let desktop = GuestCredential(user: "guestwatch", password: "right", interactive: true)
    #expect(lab.call(.validateCredentials(moid: "vm-1", desktop)) == .failure(.guestLoginRefused))
  }

  @Test func `a directory account is locked for all guests at once`() throws {
    let lab = Lab()
    lab.model.setDirectoryAccount(GuestAccount(user: "corp\\svc", password: "x", lockoutAfter: 2))
    for moid in ["vm-1", "vm-2"] {
      lab.model.add(
        VirtualMachine(
          facts: VirtualMachine.Facts(moid: moid, name: moid), accounts: [],
          guest: .synthetic(SyntheticGuest(bootedAt: lab.now)), usesDirectory: true))
      let wrong = GuestCredential(user: "corp\\svc", password: "y")
      #expect(lab.call(.validateCredentials(moid: moid, wrong)) == .failure(.guestLoginRefused))
    }
    let right = GuestCredential(user: "corp\\svc", password: "x")
    #expect(lab.call(.validateCredentials(moid: "vm-1", right)) == .failure(.guestLoginRefused))
    #expect(lab.model.directoryAccounts[0].locked)
  }

  @Test func `the end of a program started through the API shows for five minutes and hides who has its pid`() throws {
    let lab = Lab(guest: SyntheticGuest.Settings(pids: 500...500))
    let started = lab.call(
      .startProgram(moid: "vm-1", lab.root, ProgramSpec(path: "/usr/bin/job", arguments: "-v"), via: .vi))
    #expect(started == .started(pid: 500))
    #expect(lab.rows([500]).first?.command == "/usr/bin/job -v")
    lab.pass(5)
    lab.guest { guest, now in
      guest.exit(pid: 500, at: now)
      guest.spawn(Spawn(name: "next", owner: "alice"), at: now)
    }
    let ended = try #require(lab.rows([500]).first)
    #expect(ended.name == "job" && ended.finished == lab.now.wall / second && ended.exitCode == 0)
    lab.pass(301)
    #expect(lab.rows([500]).first?.name == "next")
  }

  @Test func `an external guest is handed the calls that were admitted`() throws {
    let lab = Lab()
    lab.model.add(
      VirtualMachine(
        facts: VirtualMachine.Facts(moid: "vm-2", name: "real"),
        accounts: [GuestAccount(user: "guestwatch", password: "right")], guest: .external))
    let wrong = GuestCredential(user: "guestwatch", password: "?")
    #expect(
      lab.model.handle(.getProcess(moid: "vm-2", wrong, pid: 9), session: lab.token, at: lab.now)
        == .now(.failure(.guestLoginRefused)))
    let reply = lab.model.handle(
      .terminate(moid: "vm-2", lab.root, pid: 9, via: .vi), session: lab.token, at: lab.now)
    guard case .guest(let call) = reply else { throw Unexpected("not handed over: \(reply)") }
    #expect(call.operation == .terminate(pid: 9) && call.account.user == "guestwatch")
    #expect(lab.call(.getProcess(moid: "vm-2", lab.root, pid: 9)) == .failure(.busy(moid: "vm-2")))
    #expect(lab.model.counters.overlaps == 1)
    #expect(lab.model.finish(call.id, .noSuchProcess(pid: 9)) == .failure(.processNotFound(pid: 9)))
    #expect(lab.model.finish(call.id, .done) == nil)
  }
}
