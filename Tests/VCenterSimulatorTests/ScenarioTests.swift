import Foundation
import Testing
import VCenterModel

@testable import VCenterSimulator

@Suite struct ScenarioTests {
  private func scenario(_ text: String) throws(SimulatorError) -> Scenario { try Scenario(json: Array(text.utf8)) }

  /// `packaging/man/vcenter-simulator.1`: Tests/VCenterSimulatorTests/THIS stands two folders below the root.
  @Test func theExampleOfTheManualIsGood() throws {
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    let page = try String(contentsOfFile: root + "/packaging/man/vcenter-simulator.1", encoding: .utf8)
    let lines = page.split(separator: "\n").drop { $0 != ".\\\" example: scenario" }.dropFirst(2)
    let read = try scenario(lines.prefix { $0 != ".Ed" }.joined(separator: "\n"))
    #expect(read.machines.count == 1)
  }

  @Test func everythingIsRead() throws {
    let scenario = try scenario(
      """
      {"release": "8.0.2.0", "session_idle_s": 2, "kill_scale": 0.1, "overlap": "waits", "page_size": 7,
       "accounts": [{"user": "u", "password": "p", "privileges": ["System.View"], "lockout_after": 3}],
       "directory": [{"user": "d", "password": "p", "superuser": false}],
       "vms": [
         {"id": "vm-1", "name": "a", "guest": "real", "accounts": [{"user": "root", "password": "p"}],
          "processes": [{"label": "x", "argv": ["sleep", "1"], "name": "n", "owner": "o", "ignores_sigterm": true, "pid": 7}]},
         {"id": "vm-2", "name": "b", "guest": "synthetic", "power": "off", "tools": "notRunning", "family": "windows",
          "managed_by": {"extension_key": "k", "type": "t"}, "disabled": ["list"], "uses_directory": true,
          "processes": [{"name": "n", "owner": "o", "age_s": 5, "unkillable": true}]}],
       "faults": [{"calls": "vi.Login", "delay_s": 0.5}],
       "hooks": [{"calls": "look", "at": "after", "vm": "vm-1", "pid": 7, "kill": true}]}
      """)
    #expect(scenario.settings.release == .v8u2)
    #expect(scenario.settings.idleLimit == 2_000_000_000)
    #expect(scenario.settings.overlap == .waits)
    #expect(scenario.killScale == 0.1)
    #expect(scenario.accounts[0].privileges == [.view])
    #expect(!scenario.directory[0].superuser)
    guard case .real(let programs) = scenario.machines[0].guest,
      case .synthetic(let values) = scenario.machines[1].guest
    else {
      Issue.record("the kinds of guests")
      return
    }
    #expect(programs[0].program == GuestProgram(["sleep", "1"], name: "n", ignoresTerminate: true, owner: "o"))
    #expect(programs[0].pid == 7)
    #expect(values[0].spawn.temper == .unkillable)
    #expect(scenario.machines[1].facts.power == .off)
    #expect(scenario.machines[1].facts.family == .windows)
    #expect(scenario.machines[1].facts.managedBy?.extensionKey == "k")
    #expect(scenario.machines[1].disabled == [.list])
    #expect(scenario.machines[0].facts.instanceUUID != scenario.machines[1].facts.instanceUUID)
    #expect(scenario.faults[0].trouble == .delayBefore(.seconds(0.5)))
    #expect(scenario.hooks[0].action == .kill)
  }

  @Test(arguments: [
    ("{", "byte"), ("{}", "accounts"), (#"{"accounts":[],"vms":[],"vm":1}"#, "\"vm\" is not a known field"),
    (#"{"accounts":[],"vms":[{"id":"vm-1","name":"a","guest":"unreal"}]}"#, "vms[0].guest"),
    (#"{"accounts":[],"vms":[{"id":"vm-1","name":"a","guest":"real","processes":[{"argv":[]}]}]}"#, "argv"),
    (#"{"accounts":[{"user":"u","password":"p","privileges":["All"]}],"vms":[]}"#, "privileges"),
    (#"{"accounts":[],"vms":[],"release":"8"}"#, "release"),
    (
      #"{"accounts":[],"vms":[{"id":"a","name":"a","guest":"real"},{"id":"a","name":"b","guest":"real"}]}"#,
      "two VMs have it"
    ),
  ])
  func mistakesAreNamed(text: String, named: String) {
    let error = #expect(throws: SimulatorError.self) { try self.scenario(text) }
    #expect(error?.description.contains(named) == true, "\(String(describing: error))")
  }

  @Test func patternsThatFitNothingAreRefused() {
    #expect(CallPattern("rest.process.get")?.fits(.getProcess) == true)
    #expect(CallPattern("vi.*")?.fits(.login) == true)
    #expect(CallPattern("vi.*")?.fits(.getProcess) == false)
    #expect(CallPattern("terminate")?.fits(.deleteProcess) == true)
    #expect(CallPattern("*")?.fits(.hello) == true)
    #expect(CallPattern("rest.process.gett") == nil)
  }
}
