import Testing
import VCenterModel

@Suite struct TerminationTests {
  /// What the truth says about that life's end.
  private func cause(of life: Truth.Life, in truths: [Truth]) -> Truth.Cause? {
    for truth in truths {
      if case .died(let dead, _, let cause) = truth.event, dead == life { return cause }
    }
    return nil
  }

  private func seconds(from: ModelTime, to: ModelTime) -> Double {
    Double(to.continuous - from.continuous) / Double(second)
  }

  @Test func `a process that yields is gone at the next look of the agent`() throws {
    let lab = Lab()
    let process = try #require(lab.spawn(Spawn(name: "worker", owner: "alice", temper: .yields(after: 250_000_000))))
    let sent = lab.now
    #expect(lab.kill(process.pid) == .done)
    #expect(seconds(from: sent, to: lab.now) == 0.3)
    guard case .terminated? = cause(of: process.life, in: lab.model.takeTruths()) else {
      throw Unexpected("not terminated")
    }
    #expect(lab.kill(process.pid) == .failure(.processNotFound(pid: process.pid)))
  }

  @Test func `one that ignores SIGTERM dies of SIGKILL after five seconds`() throws {
    let lab = Lab()
    let process = try #require(lab.spawn(Spawn(name: "deaf", owner: "alice", temper: .ignores(killedAfter: 0))))
    let sent = lab.now
    #expect(lab.kill(process.pid) == .done)
    #expect((5.0...5.3).contains(seconds(from: sent, to: lab.now)))
  }

  @Test func `an unkillable one survives twenty seconds, and the agent serves nobody else meanwhile`() throws {
    let lab = Lab(overlap: .waits)
    let process = try #require(lab.spawn(Spawn(name: "stuck", owner: "alice", temper: .unkillable)))
    let sent = lab.now
    let terminate = Request.terminate(moid: "vm-1", lab.root, pid: process.pid, via: .vi)
    guard case .later(_, let id) = lab.model.handle(terminate, session: lab.token, at: lab.now) else {
      throw Unexpected("answered at once")
    }
    lab.pass(1)
    let look = Request.getProcess(moid: "vm-1", lab.root, pid: 1)
    guard case .later(_, let waiting) = lab.model.handle(look, session: lab.token, at: lab.now) else {
      throw Unexpected("a second call was served")
    }
    #expect(lab.model.counters.overlaps == 1)
    var answer: Response?
    while answer == nil {
      lab.pass(0.1)
      if case .later? = lab.model.resume(waiting, at: lab.now) {} else { Issue.record("served too early") }
      if case .now(let response)? = lab.model.resume(id, at: lab.now) { answer = response }
      if seconds(from: sent, to: lab.now) > 60 { break }
    }
    #expect(answer == .failure(.couldNotTerminate(pid: process.pid)))
    #expect((20.0...20.5).contains(seconds(from: sent, to: lab.now)))
    guard case .now(.process)? = lab.model.resume(waiting, at: lab.now) else { throw Unexpected("never served") }
    #expect(lab.model.guest("vm-1")?.isAlive(process.life, pid: process.pid) == true)
  }

  @Test func `a pid reused between two polls: the newcomer is taken for the old one and killed`() throws {
    let lab = Lab()
    let old = try #require(lab.spawn(Spawn(name: "deaf", owner: "alice", temper: .ignores(killedAfter: 0))))
    let terminate = Request.terminate(moid: "vm-1", lab.root, pid: old.pid, via: .vi)
    guard case .later(let at, let id) = lab.model.handle(terminate, session: lab.token, at: lab.now) else {
      throw Unexpected("answered at once")
    }
    lab.now = at
    lab.pass(0.05)
    lab.guest { guest, now in guest.swap(pid: old.pid, for: Spawn(name: "newcomer", owner: "bob"), at: now) }
    let newcomer = try #require(lab.model.guest("vm-1")?.process(pid: old.pid))
    while case .later(let at, _)? = lab.model.resume(id, at: lab.now) { lab.now = at }
    let truths = lab.model.takeTruths()
    #expect(cause(of: old.life, in: truths) == .exited)
    #expect(cause(of: newcomer.life, in: truths) == .escalated(id))
  }

  @Test func `a zombie shrinks, keeps its owner and counts as running for the agent`() throws {
    let lab = Lab()
    let process = try #require(
      lab.spawn(
        Spawn(name: "worker-with-long-name", owner: "alice", command: "/opt/worker --x", zombieFor: 600 * second)))
    #expect(lab.kill(process.pid) == .failure(.couldNotTerminate(pid: process.pid)))
    let row = try #require(lab.rows([process.pid]).first)
    #expect(row.command == "worker-with-lon" && row.name == row.command && row.owner == "alice")
    #expect(lab.model.guest("vm-1")?.isAlive(process.life, pid: process.pid) == false)
    lab.pass(600)
    #expect(lab.rows([process.pid]).isEmpty)
  }

  @Test func `only the owner and root may, and nobody may the agent`() throws {
    let lab = Lab()
    let hers = try #require(lab.spawn(Spawn(name: "hers", owner: "alice")))
    let his = try #require(lab.spawn(Spawn(name: "his", owner: "bob")))
    #expect(lab.kill(his.pid, as: lab.plain) == .failure(.guestPermissionDenied))
    #expect(lab.kill(hers.pid, as: lab.plain) == .done)
    #expect(lab.kill(202) == .failure(.guestPermissionDenied))
    #expect(lab.kill(0) == .failure(.guestPermissionDenied))
    #expect(lab.kill(-7) == .failure(.invalidArgument(name: "pid")))
    lab.model.update("vm-1") { $0.disabled = [.terminate] }
    #expect(lab.kill(his.pid) == .failure(.disabledByGuest))
  }

  @Test func `what the VM does meanwhile ends the call`() throws {
    let lab = Lab()
    let stuck = Spawn(name: "stuck", owner: "alice", temper: .unkillable)
    func begin(_ lab: Lab) throws -> CallID {
      let pid = try #require(lab.spawn(stuck)).pid
      let request = Request.terminate(moid: "vm-1", lab.root, pid: pid, via: .vi)
      guard case .later(_, let id) = lab.model.handle(request, session: lab.token, at: lab.now) else {
        throw Unexpected("answered at once")
      }
      lab.pass(1)
      return id
    }
    let first = try begin(lab)
    lab.guest { guest, now in guest.restartAgent(at: now) }
    #expect(lab.model.resume(first, at: lab.now) == .now(.failure(.toolsNotRunning)))
    let second = try begin(lab)
    lab.model.suspend("vm-1", at: lab.now)
    #expect(lab.model.resume(second, at: lab.now) == .now(.failure(.powerState(moid: "vm-1", .suspended))))
    lab.model.resumeVM("vm-1", at: lab.now)
    let third = try begin(lab)
    lab.model.remove("vm-1")
    #expect(
      lab.model.resume(third, at: lab.now)
        == .now(.failure(.objectNotFound(type: "VirtualMachine", value: "vm-1"))))
    #expect(lab.model.resume(third, at: lab.now) == nil)
  }

  @Test func `the truth tells who held the pid of each terminate`() throws {
    let lab = Lab()
    let process = try #require(lab.spawn(Spawn(name: "worker", owner: "alice")))
    _ = lab.model.takeTruths()
    _ = lab.kill(process.pid)
    _ = lab.kill(process.pid)
    let holders = lab.model.takeTruths().compactMap { truth -> Truth.Life?? in
      if case .terminateReceived(_, _, let holder, _) = truth.event { .some(holder) } else { nil }
    }
    #expect(holders == [process.life, nil])
    #expect(lab.model.takeTruths().isEmpty)
  }

}
