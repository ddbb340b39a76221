import Foundation
import Glibc
import Testing

private let noMiners = Settings(RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true"))

extension EndToEnd {
  @Suite("The service", .serialized, .timeLimit(.minutes(3))) struct Service {
    @Test(
      "READY, STATUS, WATCHDOG, RELOADING and STOPPING; a good reload counts, a bad one changes nothing and says where")
    func signals() async throws {
      let scenario = Scenario(Machine("vm-101", "web-01", [.sleeper("bystander", owner: "bob")]))
      try await World.with(scenario, noMiners) { world in
        let daemon = try await world.startReadyDaemon(environment: ["WATCHDOG_USEC=1000000"])
        try await world.until("STATUS") { world.notify.status?.contains("watching 1 of 1 VM") == true }
        try await world.until("WATCHDOG=1 twice a second") {
          world.notify.all.count { $0 == "WATCHDOG=1" } >= 4
        }

        // A bad file: nothing changes.
        let good = text(of: world.config)
        try world.folder.write("etc/rules.d/50-test.toml", "[[rule]]\nname = \"no-miners\"\nmax_agee = \"2h\"\n")
        daemon.signal(SIGHUP)
        try await reloads(1, world)
        try await world.line(
          "configuration refused", "\(world.folder.path)/etc/rules.d/50-test.toml:3:1: error:", "max_agee")
        let refusals = world.log.filter { $0.contains("configuration refused") }
        #expect(refusals.allSatisfy { $0.contains(": error: ") }, "what warns refuses nothing: \(refusals)")
        try await world.start(.sleeper("xmrig-1", owner: "mallory"), on: "vm-101")
        try await world.rows(try world.pid("xmrig-1"), "exited")

        // A good one: another rule holds, and the old one does not.
        try world.configure { $0.rules = [RuleText("no-dancers", match: #"name = "dancer""#, "forbidden = true")] }
        #expect(text(of: world.config) == good)
        daemon.signal(SIGHUP)
        try await reloads(2, world)
        try await world.start(.sleeper("xmrig-2", owner: "mallory"), on: "vm-101")
        try await world.start(.sleeper("dancer", owner: "mallory"), on: "vm-101")
        try await world.rows(try world.pid("dancer"), "exited")
        #expect(world.dead == ["dancer", "xmrig-1"])

        let state = try await world.control.state()
        #expect(state.counters.logins == 1, "a reload that keeps the vCenter keeps its session")
        try await world.audit()
        try await world.stopDaemon(daemon)
        try await world.expectLoggedOut()
        #expect(try await world.control.state().counters.logouts == 1)
        let last = try #require(world.notify.all.lastIndex(of: "STOPPING=1"))
        #expect(!world.notify.all[last...].contains { $0.hasPrefix("READY") })
        #expect(daemon.complained.contains("stopping"))
      }
    }

    /// Waits for so many reloads in all, each `RELOADING=1` with the time and then `READY=1`.
    private func reloads(_ count: Int, _ world: World) async throws {
      try await world.until("\(count) reloads") {
        let all = world.notify.all
        let begun = all.filter { $0.hasPrefix("RELOADING=1") }
        guard begun.count == count, begun.allSatisfy({ $0.contains("\nMONOTONIC_USEC=") }),
          let last = all.lastIndex(where: { $0.hasPrefix("RELOADING=1") })
        else { return false }
        return all[last...].contains("READY=1")
      }
    }

    @Test("SIGTERM while a terminate is under way: its outcome is in the ledger before the end")
    func stopUnderWay() async throws {
      let scenario = Scenario(
        Machine("vm-101", "web-01", [.sleeper("xmrig", owner: "mallory", label: "miner", ignoresSigterm: true)]))
      try await World.with(scenario, noMiners) { world in
        let daemon = try await world.startReadyDaemon()
        let pid = try world.pid("miner")
        _ = try await world.poll("the terminate is under way") {
          try await world.control.state().terminates.first { $0.pid == pid }
        }
        daemon.signal(SIGTERM)
        try await world.until("STOPPING=1", within: .seconds(5)) {
          world.notify.all.contains("STOPPING=1")
        }
        #expect(try await daemon.end(within: .seconds(40)) == .exited(0))
        let rows = try await world.history().filter(\.isKill)
        #expect(rows.map { $0.outcome } == ["exited"])
        #expect(rows.first?.answered != nil)
        #expect(world.dead == ["miner"])
        try await world.audit()
        try await world.expectLoggedOut()
      }
    }

    @Test("An empty, a missing and a broken configuration: 78, FILE:LINE:COLUMN on stderr, and nothing was started")
    func badConfiguration() async throws {
      try await World.with(Scenario(Machine("vm-101", "web-01", [])), noMiners) { world in
        let main = text(of: world.config)
        let cases: [(what: String, config: String, text: String?, place: String)] = [
          ("empty", world.config, "", ":1:1: error:"),
          ("missing", "\(world.folder.path)/etc/none.toml", nil, ":1:1: error:"),
          ("unknown key", world.config, main + "colour = \"red\"\n", ":\(main.count { $0 == "\n" } + 1):1: error:"),
          ("not TOML", world.config, main + "[[rule\n", ":\(main.count { $0 == "\n" } + 1):"),
        ]
        for (what, config, content, place) in cases {
          if let content { try world.folder.write("etc/guestwatchd.toml", content) }
          let (end, out, err) = try await world.command("run", "--config", config, "--state", world.state)
          #expect(end == .exited(78), "\(what): \(end)")
          #expect(out == "", "\(what)")
          #expect(err.split(separator: "\n").first?.hasPrefix(config + place) == true, "\(what): \(err)")
          for secret in Secrets.all { #expect(!err.contains(secret)) }
        }
        #expect(!FileManager.default.fileExists(atPath: world.state), "no state is made")
        #expect(try await world.control.calls().isEmpty, "no connection is made")
      }
    }

    @Test("A second daemon on a state directory: 75; one that cannot be: 73; a bad command line: 64")
    func otherStatuses() async throws {
      try await World.with(Scenario(Machine("vm-101", "web-01", [])), noMiners) { world in
        let daemon = try await world.startReadyDaemon()
        let second = try await world.command("run", "--config", world.config, "--state", world.state)
        #expect(second.end == .exited(75))
        #expect(second.err.contains(world.state), "\(second.err)")
        try world.folder.write("occupied", "")
        for nowhere in ["\(world.folder.path)/occupied", "/proc/none"] {
          let unusable = try await world.command("run", "--config", world.config, "--state", nowhere)
          #expect(unusable.end == .exited(73), "\(nowhere): \(unusable.err)")
          #expect(unusable.err.contains(nowhere), "\(unusable.err)")
        }
        for arguments in [
          ["--bogus"], ["run", "--bogus"], ["run", "--log", "syslog"], ["history", "--limit", "many"],
        ] {
          let bad = try await world.command(arguments)
          #expect(bad.end == .exited(64), "\(arguments): \(bad.end)")
          #expect(!bad.err.isEmpty)
        }
        #expect(try await world.control.state().counters.logins == 1, "only the first one logged in")
        try await world.stopDaemon(daemon)
        try await world.expectLoggedOut()
      }
    }
  }
}
