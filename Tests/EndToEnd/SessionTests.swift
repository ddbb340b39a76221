import Foundation
import Glibc
import Testing

private let noMiners = Settings(RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true"))
private func miner(_ label: String) -> Guest { .sleeper("xmrig", owner: "mallory", label: label) }

extension EndToEnd {
  /// S6: one session per vCenter (and API before 8.0 U3), logged out at exit; one daemon per state directory.
  @Suite("Sessions and the lock", .serialized, .timeLimit(.minutes(3))) struct Sessions {
    @Test("A reload that changes the vCenter's settings: the old session is logged out, and one is left")
    func changedSettings() async throws {
      let scenario = Scenario(Machine("vm-101", "web-01", [.sleeper("bystander", owner: "bob")]))
      try await World.with(scenario, noMiners) { world in
        let daemon = try await world.startReadyDaemon()
        try await world.looks(1, at: "vm-101")
        for (round, most) in [7, 9, 11].enumerated() {
          try world.configure { $0.vcenter = "max_in_flight = \(most)" }
          daemon.signal(SIGHUP)
          try await world.until("reload \(round)") { world.notify.all.count { $0 == "READY=1" } == round + 2 }
          try await world.looks(2, at: "vm-101")
          try await world.until("only the new session is left", within: .seconds(10)) {
            let state = try await world.control.state()
            return state.openSessions.count == 1 && state.counters.logouts == round + 1
          }
          #expect(try await world.control.state().counters.logins == round + 2)
        }
        try await world.audit()
        try await world.stopDaemon(daemon)
        try await world.expectLoggedOut()
      }
    }

    @Test("SIGTERM in the middle of a login, and in the middle of a look: no session is left")
    func stopInTheMiddle() async throws {
      let scenario = Scenario(Machine("vm-101", "web-01", [.sleeper("bystander", owner: "bob")]))
      try await World.with(scenario, noMiners) { world in
        for (round, calls) in ["vi.Login", "rest.process.list", "rest.vm.list"].enumerated() {
          let hold = try await world.control.post(
            "faults", #"{"calls": "\#(calls)", "hold": "after"}"#, as: Armed.self)
          let before = try await world.control.calls().count { $0.kind == calls }
          let daemon = try await world.startReadyDaemon()
          try await world.until("\(calls) is held") {
            try await world.control.calls().count { $0.kind == calls } > before
          }
          daemon.signal(SIGTERM)
          try await world.until("STOPPING=1", within: .seconds(5)) {
            world.notify.all.count { $0 == "STOPPING=1" } == round + 1
          }
          try await world.control.post("release", "{\"id\": \(hold.id)}")
          #expect(try await daemon.end(within: .seconds(40)) == .exited(0))
          try await world.expectLoggedOut()
        }
        let counters = try await world.control.state().counters
        #expect(counters.logins == 3 && counters.logouts == 3, "\(counters)")
      }
    }

    @Test("A second daemon on the state directory ends with 75, says so, and the first goes on as before")
    func second() async throws {
      let scenario = Scenario(Machine("vm-101", "web-01", [miner("miner")]))
      try await World.with(scenario, noMiners) { world in
        let first = try await world.startReadyDaemon()
        for _ in 1...3 {
          let second = try await world.command("run", "--config", world.config, "--state", world.state)
          #expect(second.end == .exited(75))
          #expect(second.err.contains(world.state) && second.err.contains("\(first.pid)"), "\(second.err)")
        }
        try await world.rows(try world.pid("miner"), "exited")
        let pid = try await world.start(miner("another"), on: "vm-101")
        let row = try await world.rows(pid, "exited")
        #expect(row.killId.hasPrefix("1-"), "a daemon that is refused counts no life")
        #expect(try await world.control.state().counters.logins == 1)
        #expect(try await world.control.state().openSessions.count == 1)
        #expect(!world.log.contains { $0.contains("ledger") }, "the ledger worked all the time")
        try await world.audit()
        try await world.stopDaemon(first)
        try await world.expectLoggedOut()
        // The lock is free again.
        let next = try await world.startReadyDaemon()
        try await world.stopDaemon(next)
      }
    }
  }
}
