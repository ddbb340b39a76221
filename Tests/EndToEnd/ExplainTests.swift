import Foundation
import Glibc
import Testing

extension EndToEnd {
  @Suite("What the rules say, and why", .serialized, .timeLimit(.minutes(3))) struct Explained {
    private let miners = RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true\nlasting = \"1h\"")
    private let editors = RuleText(
      "one-editor", match: #"name = "editor", owner = "carol""#, "max_instances = 1", action: "report")
    private let scenario = Scenario(
      Machine(
        "vm-101", "web-01",
        [
          .sleeper("editor", owner: "carol", label: "first"), .sleeper("editor", owner: "carol", label: "second"),
          .sleeper("editor", owner: "dave", label: "other"), .sleeper("xmrig-6.21", owner: "mallory", label: "miner"),
          .sleeper("xmrig-6.21", owner: "postgres", label: "precious"),
        ]),
      Machine("vm-102", "db-07", [], accounts: [Machine.Account(password: "another")]))

    private func explain(
      _ world: World, _ more: String...
    ) async throws -> (end: Program.End, out: String, err: String) {
      try await world.command(["explain", "--state", world.state, "--config", world.config] + more)
    }

    private func check(_ world: World, _ said: (end: Program.End, out: String, err: String)) throws {
      #expect(said.end == .exited(0), "\(said)")
      for line in said.out.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
      for part in [
        "web-01 (vm-101 of sim), linux, login linux, 5 processes",
        "  rule no-miners (terminate): forbidden, lasting 1h\n",
        "    xmrig-6.21 (pid \(try world.pid("miner")), mallory): age ",
        "      over its limit: forbidden, since ", "      no gate keeps it alive\n",
        "      kept alive: it is protected by owners \"postgres\" of [protect]\n",
        "    3 others do not match: 3 by name\n",
        "  rule one-editor (report): max_instances 1 per owner, keep oldest\n", "number 2 of 2",
        "    3 others do not match: 2 by name, 1 by owner\n",
        "db-07 (vm-102 of sim, login linux): not looked at: ",
        "1 of 3 processes over a limit would be killed; 1 is protected; to allow more:",
      ] {
        #expect(said.out.contains(part), "no \"\(part)\" in\n\(said.out)\n\(said.err)")
      }
    }

    @Test("Over the socket: every process, why, and nobody dies of it; no login is tried twice")
    func daemon() async throws {
      try await World.with(scenario, Settings(miners, editors)) { world in
        let daemon = try await world.startReadyDaemon()
        try await world.looks(3, at: "vm-101")
        try check(world, try await explain(world))
        let miner = try world.pid("miner")
        let one = try await explain(world, "--vm", "web-*", "--pid", "\(miner)", "--json")
        #expect(one.end == .exited(0) && one.out.split(separator: "\n").count == 6, "\(one)")
        #expect(one.out.contains(#""failed":"name","unless":null,"failed_says":"name does not fit \"editor\"""#))
        #expect(one.out.split(separator: "\n").last?.hasPrefix(#"{"is":"summary","vms":1,"#) == true)
        let nowhere = try await explain(world, "--vm", "web-1")
        #expect(nowhere.end == .exited(64) && nowhere.err.contains("did you mean web-01?"), "\(nowhere)")
        let rule = try await explain(world, "--rule", "no-miner")
        #expect(rule.end == .exited(64) && rule.err.contains("did you mean 'no-miners'?"), "\(rule)")
        let refused = try await explain(world, "--vm", "vm-102")
        #expect(refused.end == .exited(69) && refused.out.contains("the guest login was refused"), "\(refused)")
        #expect(try await world.control.state().counters.guestRefusals == 1)
        #expect(world.dead.isEmpty)
        try await world.stopDaemon(daemon)
        try await world.audit()
        try await world.expectLoggedOut()
      }
    }

    @Test("Without a daemon it looks itself, holds the state directory, leaves no row and logs out; nobody dies")
    func alone() async throws {
      try await World.with(scenario, Settings(miners, editors)) { world in
        for _ in 0..<2 {
          let said = try await explain(world)
          #expect(said.err.contains("no daemon answers") && said.err.contains("so it is done without one"))
          try check(world, said)
        }
        // The refusal is kept: the second one is no second try.
        #expect(try await world.control.state().counters.guestRefusals == 1)
        #expect(try await world.history().isEmpty && world.dead.isEmpty)
        try await world.expectLoggedOut()
        let nowhere = try await world.command("explain", "--state", "/proc/none", "--config", world.config)
        #expect(nowhere.end == .exited(73), "\(nowhere)")

        let daemon = try await world.startReadyDaemon()
        #expect(unlink("\(world.state)/control") == 0)
        #expect(try await explain(world).end == .exited(75))
        try await world.stopDaemon(daemon)
        try world.configure { $0.daemon = "nonsense = 1" }
        #expect(try await explain(world).end == .exited(78))
      }
    }

    @Test("A listing as the vCenter gave it, without one and without its secrets")
    func listing() async throws {
      try await World.with(scenario, Settings(miners, editors)) { world in
        let file = URL(fileURLWithPath: world.config).deletingLastPathComponent().appending(path: "vm-101.json").path
        let row = #"{"name":"xmrig","pid":70,"owner":"eve","command":"x","started":"2026-01-01T00:00:00.000Z"}"#
        try Data("[\(row)]".utf8).write(to: URL(fileURLWithPath: file))
        let said = try await explain(world, "--listing", file, "--at", "2026-01-01T02:00:00Z")
        #expect(said.end == .exited(0), "\(said)")
        #expect(said.out.contains("xmrig (pid 70, eve): age 2h\n"), "\(said)")
        #expect(said.out.hasSuffix("\n1 process would be killed\n"), "\(said)")
        #expect(try await world.control.calls().isEmpty)
      }
    }
  }
}
