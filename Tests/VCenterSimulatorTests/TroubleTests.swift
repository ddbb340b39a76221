import NIOHTTP1
import Testing
import VCenterModel

@testable import VCenterSimulator

@Suite struct TroubleTests {
  @Test func injectedErrorsHaveNoEffectAndEnd() async throws {
    try await Client.with(.synthetic(2)) { client async throws in
      let faults: [JSON] = [
        ["calls": "terminate", "vm": "vm-1", "fault": "TaskInProgress", "fields": ["task": "task-1"]],
        ["calls": "rest.process.get", "error_type": "NOT_FOUND", "data_pid": 500],
        ["calls": "rest.process.get", "error_type": "RESOURCE_BUSY", "status": 400],
        ["calls": "rest.vm.list", "gateway": 502],
      ]
      for fault in faults { #expect(try await client.control(.POST, "/faults", fault).status == 200) }
      let busy = try await client.terminate("vm-1", 500)
      #expect(busy.status == 500)
      #expect(busy.json?["task"] == "task-1")
      #expect(await client.running.vcenter.counted.terminates.isEmpty)
      let gone = try await client.get("vm-1", 500)
      #expect(gone.status == 404)
      #expect(gone.json?["data"]?["pid"] == 500)
      #expect(try await client.get("vm-1", 500).status == 400)
      let page = try await client.rest(.GET, "/vcenter/vm")
      #expect(page.status == 502)
      #expect(page.headers.first(name: "content-type") == "text/html")
      // Each hit once.
      #expect(try await client.get("vm-1", 500).status == 200)
      #expect(try await client.rest(.GET, "/vcenter/vm").status == 200)
      #expect(try await client.terminate("vm-1", 500).status == 204)
    }
  }

  @Test func aConnectionIsClosedBeforeOrAfterTheEffect() async throws {
    try await Client.with(.synthetic(2)) { client async throws in
      _ = try await client.control(.POST, "/faults", ["calls": "terminate", "drop": "before"])
      await #expect(throws: (any Error).self) { try await client.terminate("vm-1", 500) }
      #expect(try await client.pids("vm-1")["job"] == 500)
      _ = try await client.control(.POST, "/faults", ["calls": "terminate", "drop": "after"])
      await #expect(throws: (any Error).self) { try await client.terminate("vm-1", 500) }
      #expect(try await client.pids("vm-1")["job"] == nil)
      let statuses = await client.running.vcenter.calls().filter { $0.kind?.isTerminate == true }.map(\.status)
      #expect(statuses == [nil, nil])
    }
  }

  @Test func anAnswerCanBeCut() async throws {
    try await Client.with(.synthetic()) { client async throws in
      _ = try await client.control(.POST, "/faults", ["calls": "look", "cut": 10])
      await #expect(throws: (any Error).self) { try await client.list("vm-1") }
      #expect(try await client.list("vm-1").status == 200)
    }
  }

  @Test func faultsSkipRepeatAndAreDisarmed() async throws {
    try await Client.with(.synthetic()) { client async throws in
      let armed = try await client.control(
        .POST, "/faults", ["calls": "rest.process.*", "error_type": "UNSUPPORTED", "skip": 1, "times": 0])
      #expect(try await client.list("vm-1").status == 200)
      for _ in 0..<3 { #expect(try await client.list("vm-1").status == 400) }
      #expect(try await client.control(.POST, "/disarm", ["id": armed.json?["id"] ?? .null]).status == 200)
      #expect(try await client.list("vm-1").status == 200)
      #expect(try await client.control(.POST, "/disarm", ["id": 99]).status == 400)
    }
  }

  @Test func anAnswerIsHeldUntilItIsReleased() async throws {
    try await Client.with(.synthetic()) { client async throws in
      let vcenter = client.running.vcenter
      let armed = try await client.control(.POST, "/faults", ["calls": "terminate", "hold": "after"])
      async let held = client.terminate("vm-1", 500)
      while try await client.pids("vm-1")["job"] != nil { await Task.yield() }
      let call = await vcenter.calls().last { $0.kind?.isTerminate == true }
      #expect(call?.answered == nil)
      _ = try await client.control(.POST, "/release", ["id": armed.json?["id"] ?? .null])
      #expect(try await held.status == 204)
    }
  }

  @Test func guestCallsThatOverlapAreCounted() async throws {
    let stubborn = Scenario.RealProcess(sleeper("stubborn", ignoresTerminate: true))
    let clock = GraceClock()
    try await Client.with(.real([stubborn], killScale: 1), clocks: clock.clocks) { client async throws in
      let pid = try #require(try await client.pids("vm-1")["stubborn"])
      async let terminated = client.terminate("vm-1", pid)
      while !clock.holds { await Task.yield() }
      // The agent serves one call at a time.
      #expect(try await client.list("vm-1").refusal == "RESOURCE_BUSY")
      clock.open()
      #expect(try await terminated.status == 204)
      let traffic = await client.running.vcenter.counted.guestCalls["vm-1"]
      #expect(traffic?.mostInFlight == 2)
      #expect(traffic?.inFlight == 0)
    }
  }

  /// The heart of the demo's second act: the pid changes hands between the look and the confirm.
  @Test func aHookSwapsAPidRightBeforeACall() async throws {
    let old = Scenario.RealProcess(sleeper("old"), label: "old")
    try await Client.with(.real([old])) { client async throws in
      let pid = try #require(client.running.pids["vm-1"]?["old"])
      let hook: JSON = [
        "calls": "rest.process.get", "at": "before", "vm": "vm-1", "pid": .integer(pid), "skip": 1,
        "swap": ["argv": ["/bin/sleep", "600"], "name": "newcomer", "owner": "bob"],
      ]
      #expect(try await client.control(.POST, "/hooks", hook).status == 200)
      #expect(try await client.pids("vm-1") == ["old": pid])
      #expect(try await client.get("vm-1", pid).json?["name"] == "old")
      let confirm = try await client.get("vm-1", pid).json
      #expect(confirm?["name"] == "newcomer")
      #expect(confirm?["owner"] == "bob")
      #expect(try await client.pids("vm-1") == ["newcomer": pid])
    }
  }

  @Test func aHookActsAfterAListThatShowsThePid() async throws {
    try await Client.with(.real([.init(sleeper("old"), pid: 4242)])) { client async throws in
      let hook: JSON = ["calls": "look", "at": "after", "vm": "vm-1", "pid": 4242, "kill": true]
      #expect(try await client.control(.POST, "/hooks", hook).status == 200)
      #expect(try await client.pids("vm-1") == ["old": 4242])
      #expect(try await client.get("vm-1", 4242).status == 404)
    }
  }

  @Test func aHookThatCannotBeCarriedOutIsSeen() async throws {
    try await Client.with(.real([.init(sleeper("old"), pid: 4242)])) { client async throws in
      let hook: JSON = [
        "calls": "look", "at": "before", "vm": "vm-1", "pid": 4242, "swap": ["argv": ["/no/such/program"]],
      ]
      #expect(try await client.control(.POST, "/hooks", hook).status == 200)
      #expect(try await client.pids("vm-1") == ["old": 4242])
      guard case .array(let failed)? = try await client.control(.GET, "/state").json?["failed_hooks"] else {
        Issue.record("no failed_hooks")
        return
      }
      #expect(failed.count == 1)
    }
  }

  @Test func syntheticGuestsTakeTheSameOrders() async throws {
    try await Client.with(.synthetic()) { client async throws in
      let order: JSON = ["pid": 500, "argv": ["/usr/bin/other", "-x"], "owner": "bob"]
      #expect(try await client.control(.POST, "/guests/vm-1/swap", order).json?["old"]?["name"] == "job")
      let newcomer = try await client.get("vm-1", 500).json
      #expect(newcomer?["name"] == "other")
      #expect(newcomer?["command"] == "/usr/bin/other -x")
      #expect(try await client.control(.POST, "/guests/vm-1/kill", ["pid": 500]).status == 200)
      #expect(try await client.get("vm-1", 500).status == 404)
      #expect(try await client.control(.POST, "/guests/vm-1/kill", ["pid": 500]).status == 400)
      #expect(try await client.control(.POST, "/guests/vm-9/start", ["argv": ["x"]]).status == 400)
    }
  }

  @Test(arguments: [
    #"{"calls":"nothing","drop":"before"}"#, #"{"calls":"look"}"#, #"{"calls":"look","drop":"before","cut":1}"#,
    #"{"calls":"look","drop":"sometimes"}"#, #"{"calls":"look","drop":"before","x":1}"#,
  ])
  func badFaultsAreErrors(text: String) throws {
    let json = try JSON(parsing: Array(text.utf8))
    #expect(throws: ShapeError.self) { try TroubleReader.fault(json) }
  }
}

@Suite struct ControlTests {
  @Test func onlyTheTokenOpensTheControlPort() async throws {
    try await Client.with(.synthetic()) { client async throws in
      #expect(try await client.control(.GET, "/state", token: nil).status == 403)
      #expect(try await client.control(.GET, "/state", token: "guess").status == 403)
      #expect(try await client.control(.GET, "/nothing").status == 404)
    }
  }

  @Test func callsAreKeptWithoutTheirBodies() async throws {
    try await Client.with(.synthetic()) { client async throws in
      _ = try await client.list("vm-1")
      _ = try await client.rest(.GET, "/no/such/url")
      let calls = try await client.control(.GET, "/calls")
      #expect(!calls.text.contains("secret"))
      guard case .array(let rows)? = calls.json?["calls"] else {
        Issue.record("no calls")
        return
      }
      #expect(rows.map { $0["kind"] } == ["vi.Login", "rest.process.list", nil])
      #expect(rows.map { $0["status"] } == [200, 200, 404])
      #expect(rows[1]["vm"] == "vm-1")
      #expect(rows[2]["refusal"] == "NOT_FOUND")
      guard case .array(let later)? = try await client.control(.GET, "/calls?from=3").json?["calls"] else { return }
      #expect(later.count == 1)
    }
  }

  @Test func theStateShowsGuestsCountersAndAccounts() async throws {
    try await Client.with(.real([.init(sleeper("job"), label: "it", pid: 4242)])) { client async throws in
      _ = try await client.rest(
        .POST, "/vcenter/vm/vm-1/guest/processes?action=list", Client.credentials(password: "wrong"))
      let state = try await client.control(.GET, "/state")
      #expect(!state.text.contains("secret"))
      let json = state.json
      #expect(json?["counters"]?["logins"] == 1)
      #expect(json?["counters"]?["guest_refusals"] == 1)
      guard case .array(let rows)? = json?["guests"]?["vm-1"], case .integer(let local)? = rows.first?["os_pid"] else {
        Issue.record("no processes")
        return
      }
      #expect(rows.first?["pid"] == 4242)
      #expect(rows.first?["label"] == "it")
      #expect(ProcessTable.entry(of: Int32(local))?.name == "job")
      guard case .array(let accounts)? = json?["accounts"] else { return }
      #expect(accounts.contains { $0["vm"] == "vm-1" && $0["refusals"] == 1 })
    }
  }

  @Test func virtualMachinesChange() async throws {
    try await Client.with(.synthetic(2)) { client async throws in
      #expect(try await client.control(.POST, "/vms/vm-1", ["power": "suspended"]).status == 200)
      let answer = try await client.list("vm-1")
      #expect(answer.status == 400)
      #expect(answer.refusal == "NOT_ALLOWED_IN_CURRENT_STATE")
      #expect(try await client.control(.POST, "/vms/vm-1", ["power": "on"]).status == 200)
      #expect(try await client.list("vm-1").status == 200)
      #expect(try await client.control(.POST, "/vms/vm-2/remove", [:]).status == 200)
      #expect(try await client.list("vm-2").refusal == "NOT_FOUND")
      #expect(try await client.control(.POST, "/vms/vm-9", ["busy": true]).status == 400)
      #expect(try await client.control(.POST, "/vms/vm-1", ["power": "up"]).status == 400)
    }
  }
}
