import Glibc
import NIOHTTP1
import Testing
import VCenterModel

@testable import VCenterSimulator

@Suite struct RealGuestTests {
  @Test func aGuestListsItsOwnProcessesAndNothingElse() async throws {
    let programs = [
      Scenario.RealProcess(sleeper("job-a")),
      Scenario.RealProcess(sleeper("job-b", owner: "alice")),
      Scenario.RealProcess(GuestProgram(["/bin/sleep", "600"])),
    ]
    try await Client.with(.real(programs)) { client async throws in
      guard case .array(let rows)? = try await client.list("vm-1").json else {
        Issue.record("no list")
        return
      }
      let names = rows.compactMap { $0["name"] }
      #expect(Set(names) == ["job-a", "job-b", "sleep"])
      #expect(rows.contains { $0["name"] == "job-b" && $0["owner"] == "alice" && $0["command"] == "job-b 600" })
      #expect(rows.contains { $0["name"] == "sleep" && $0["command"] == "/bin/sleep 600" })
      for row in rows {
        guard case .object(let members) = row else { continue }
        #expect(members.map(\.name) == ["pid", "name", "owner", "command", "started"])
      }
    }
  }

  @Test func whatAProgramStartsBelongsToItsGuestAndItsOwner() async throws {
    let shell = GuestProgram(["/bin/bash", "-c", "env -i /bin/sleep 601; true"], owner: "alice")
    try await Client.with(.real([.init(shell)])) { client async throws in
      // Its child drops the environment; it is found by its parent.
      var child: JSON?
      while child == nil {
        guard case .array(let rows)? = try await client.list("vm-1").json else { break }
        child = rows.first { $0["command"] == "/bin/sleep 601" }
      }
      #expect(child?["owner"] == "alice")
    }
  }

  @Test func getHasNoPid() async throws {
    try await Client.with(.real([.init(sleeper("job"))])) { client async throws in
      let pid = try #require(try await client.pids("vm-1")["job"])
      let answer = try await client.get("vm-1", pid)
      guard case .object(let members)? = answer.json else {
        Issue.record("no object")
        return
      }
      #expect(members.map(\.name) == ["name", "owner", "command", "started"])
      let gone = try await client.get("vm-1", 1 << 22 + 1)
      #expect(gone.status == 404)
      #expect(gone.json?["data"] == ["pid": .integer(1 << 22 + 1)])
    }
  }

  @Test func startTimesAreWholeSecondsThatStayUntilTheAgentRestarts() async throws {
    try await Client.with(.real([.init(sleeper("job"))])) { client async throws in
      let pid = try #require(try await client.pids("vm-1")["job"])
      let first = try await client.get("vm-1", pid).json?["started"]
      #expect(try await client.get("vm-1", pid).json?["started"] == first)
      let before = try await client.running.vcenter.processes(on: "vm-1")[0].started
      _ = try await client.control(.POST, "/guests/vm-1/restart-agent", ["shift_s": 100])
      let after = try await client.running.vcenter.processes(on: "vm-1")[0].started
      #expect((99...101).contains(after - before))
    }
  }

  @Test(arguments: [false, true]) func aTerminateReallyEndsIt(stubborn: Bool) async throws {
    let programs = [
      Scenario.RealProcess(sleeper("victim", ignoresTerminate: stubborn)), Scenario.RealProcess(sleeper("bystander")),
    ]
    let clock = GraceClock()
    try await Client.with(.real(programs, killScale: 1), clocks: clock.clocks) { client async throws in
      let pids = try await client.pids("vm-1")
      let pid = try #require(pids["victim"])
      let start = try #require(ProcessTable.startTicks(of: Int32(pid)))
      async let terminated = client.terminate("vm-1", pid)
      if stubborn {
        clock.allow(GraceClock.waitsBeforeKill - 1)
        while !clock.holds { await Task.yield() }
        #expect(ProcessTable.entry(of: Int32(pid))?.name == "victim", "SIGTERM alone does not end it")
        clock.allow(1)
      }
      // The kernel may take its time; the agent has no less patience than that.
      while let entry = ProcessTable.entry(of: Int32(pid)), entry.name == "victim", entry.state != UInt8(ascii: "Z") {
        await Task.yield()
      }
      clock.open()
      let answer = try await terminated
      #expect(answer.status == 204)
      #expect(answer.body.isEmpty)
      #expect(ProcessTable.startTicks(of: Int32(pid)) != start)
      #expect(try await client.pids("vm-1") == ["bystander": pids["bystander"]])
      let hit = await client.running.vcenter.counted.terminates.map(\.hit?.name)
      #expect(hit == ["victim"])
      #expect(try await client.terminate("vm-1", pid).refusal == "GuestProcessNotFound")
    }
  }

  @Test func aPidThatIsNotOursIsNeverSignalled() async throws {
    let stranger = try ChildProcess.spawn(["/bin/sleep", "602"], environment: [])
    guard let handle = ProcessHandle(stranger) else {
      Issue.record("the stranger is gone")
      return
    }
    defer {
      _ = handle.send(SIGKILL)
      var status: Int32 = 0
      waitpid(stranger.pid, &status, 0)
    }
    try await Client.with(.real([.init(sleeper("job"))])) { client async throws in
      for pid in [Int64(stranger.pid), Int64(getpid()), 1, 0, -1, -Int64(stranger.pid), .max] {
        let answer = try await client.terminate("vm-1", pid)
        #expect(answer.refusal == "GuestProcessNotFound")
      }
      let pids = try await client.pids("vm-1")
      #expect(pids.count == 1)
    }
    let ended = handle.hasEnded
    #expect(!ended)
  }

  @Test func aHandleMeansOneProcessAndNotItsPid() throws {
    let child = try ChildProcess.spawn(["/bin/sleep", "603"], environment: [])
    // Another start time is another process, whatever its pid.
    if ProcessHandle(LocalIdentity(pid: child.pid, startTicks: child.startTicks + 1)) != nil {
      Issue.record("a handle of a process that is not there")
    }
    guard let handle = ProcessHandle(child) else {
      Issue.record("no handle of a child")
      return
    }
    let endedBefore = handle.hasEnded
    #expect(!endedBefore)
    let sent = handle.send(SIGKILL)
    #expect(sent == 0)
    var status: Int32 = 0
    waitpid(child.pid, &status, 0)
    let endedAfter = handle.hasEnded
    #expect(endedAfter)
    let late = handle.send(SIGTERM)
    #expect(late == ESRCH)
  }

  @Test func anOrdinaryAccountEndsOnlyItsOwn() async throws {
    let programs = [
      Scenario.RealProcess(sleeper("theirs", owner: "alice")), Scenario.RealProcess(sleeper("mine", owner: "root")),
    ]
    try await Client.with(.real(programs, superuser: false)) { client async throws in
      let pids = try await client.pids("vm-1")
      #expect(try await client.terminate("vm-1", try #require(pids["theirs"])).refusal == "GuestPermissionDenied")
      #expect(try await client.terminate("vm-1", try #require(pids["mine"])).status == 204)
      #expect(try await client.pids("vm-1") == ["theirs": pids["theirs"]])
    }
  }

  @Test func aPidCanChangeHands() async throws {
    let old = Scenario.RealProcess(sleeper("old"), label: "old", pid: 4242)
    try await Client.with(.real([old])) { client async throws in
      #expect(client.running.pids == ["vm-1": ["old": 4242]])
      let answer = try await client.control(
        .POST, "/guests/vm-1/swap", ["pid": 4242, "argv": ["/bin/sleep", "600"], "name": "newcomer"])
      #expect(answer.json?["old"]?["name"] == "old")
      #expect(answer.json?["newcomer"]?["pid"] == 4242)
      #expect(try await client.pids("vm-1") == ["newcomer": 4242])
      // The label was the old one's.
      #expect(await client.running.vcenter.labels == ["vm-1": [:]])
      #expect(try await client.get("vm-1", 4242).json?["name"] == "newcomer")
      #expect(try await client.terminate("vm-1", 4242).status == 204)
      #expect(try await client.pids("vm-1") == [:])
    }
  }

  /// vsphere-api.md, 8.3: the agent takes a newcomer on the pid for the old process and sends it SIGKILL after the grace.
  @Test func aNewcomerOnThePidOfATerminateUnderWayDies() async throws {
    let old = Scenario.RealProcess(sleeper("old", ignoresTerminate: true), pid: 4242)
    let clock = GraceClock()
    try await Client.with(.real([old], killScale: 1), clocks: clock.clocks) { client async throws in
      async let terminated = client.terminate("vm-1", 4242)
      while !clock.holds { await Task.yield() }
      let newcomer = sleeper("newcomer", ignoresTerminate: true)
      _ = try await client.running.vcenter.swap(4242, on: "vm-1", for: newcomer)
      clock.open()
      #expect(try await terminated.status == 204)
      #expect(try await client.pids("vm-1") == [:])
    }
  }

  @Test func aProgramThatCannotBeStartedIsAnError() async {
    await #expect(throws: SimulatorError.self) {
      try await Client.with(.real([.init(GuestProgram(["/no/such/program"]))])) { _ in }
    }
  }

  @Test func nothingIsLeftAtTheEnd() async throws {
    let programs = [
      Scenario.RealProcess(sleeper("stubborn", ignoresTerminate: true)),
      Scenario.RealProcess(GuestProgram(["/bin/bash", "-c", "trap '' TERM; (sleep 604 &); sleep 605; true"])),
    ]
    let mark = try await Client.with(.real(programs)) { client async throws in
      while try await client.running.vcenter.processes(on: "vm-1").count < 4 { await Task.yield() }
      return client.running.processMark
    }
    #expect(carriers(of: mark).isEmpty)
  }

  @Test func theSweeperEndsWhatTheKernelDoesNot() throws {
    // A process that only the mark knows, as after a SIGKILL of the simulator.
    let mark = "GUESTWATCHD_TEST_MARK=\(UInt64.random(in: .min ... .max))"
    let marked = try ChildProcess.spawn(["/bin/sleep", "606"], environment: [mark + "/vm-1/0"])
    let unmarked = try ChildProcess.spawn(["/bin/sleep", "606"], environment: [mark + "0/vm-1/0"])
    // A started process shows no environment until it has become its program.
    for child in [marked, unmarked] { while ProcessTable.entry(of: child.pid)?.arguments == [] { sched_yield() } }
    guard let survivor = ProcessHandle(unmarked), let victim = ProcessHandle(marked) else {
      Issue.record("the processes did not start")
      return
    }
    Remains.kill(mark: mark)
    var status: Int32 = 0
    waitpid(marked.pid, &status, 0)
    let (victimEnded, survivorEnded) = (victim.hasEnded, survivor.hasEnded)
    #expect(victimEnded)
    #expect(!survivorEnded)
    _ = survivor.send(SIGKILL)
    waitpid(unmarked.pid, &status, 0)
  }

  /// Pids whose environment carries the mark of a simulator.
  private func carriers(of mark: String) -> [Int32] {
    let parts = mark.split(separator: "=").map(String.init)
    return ProcessTable.pids().filter { pid in
      ProcessTable.environment(of: pid, parts[0])?.hasPrefix(parts[1]) == true
    }
  }
}
