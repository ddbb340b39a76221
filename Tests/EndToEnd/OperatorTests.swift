import Foundation
import Glibc
import Testing

extension EndToEnd {
  @Suite("What operators ask of a running daemon", .serialized, .timeLimit(.minutes(3))) struct Operators {
    private let rule = RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true")
    private let scenario = Scenario(
      Machine("vm-101", "web-01", [.sleeper("editor", owner: "carol")]), Machine("vm-102", "db-07", []))

    /// The objects of `status --json` of one kind.
    private func status(_ world: World, _ kind: String) async throws -> [[String: Any]] {
      let (end, out, err) = try await world.command("status", "--json", "--state", world.state)
      #expect(end == .exited(0) && err.isEmpty, "\(err)")
      return try out.split(separator: "\n").compactMap { line in
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return object?["is"] as? String == kind ? object : nil
      }
    }

    @Test(
      "A pause outlives kill -9 and a broken configuration; status shows it and whom it spares; resume lets the kill go"
    )
    func pause() async throws {
      try await World.with(scenario, Settings(rule)) { world in
        let first = try await world.startReadyDaemon()
        let paused = try await world.command("pause", "--vm", "web-*", "--for", "2h", "--state", world.state)
        #expect(paused.end == .exited(0) && paused.out == "paused: all rules, VMs \"web-*\", for 2h\n", "\(paused)")
        first.killAndReap()

        let daemon = try await world.startReadyDaemon()
        try await world.start(.sleeper("xmrig-6.21", owner: "mallory", label: "spared"), on: "vm-101")
        try await world.start(.sleeper("xmrig-6.21", owner: "mallory", label: "killed"), on: "vm-102")
        let (spared, killed) = (try world.pid("spared"), try world.pid("killed"))
        _ = try await world.rows(killed, "exited")
        let candidate = try await eventually("the pause is why it lives", within: .seconds(60)) {
          () -> [String: Any]? in
          try await status(world, "candidate").first { $0["gate"] as? String == "paused" }
        }
        #expect(candidate["pid"] as? Int64 == spared && candidate["vm_name"] as? String == "web-01")
        #expect(candidate["rule"] as? String == "no-miners" && candidate["verdict"] as? String == "runaway")
        let pause = try #require(try await status(world, "pause").first)
        #expect(pause["vms"] as? String == "web-*" && (7100...7200).contains(pause["left_seconds"] as? Int ?? 0))
        let text = try await world.command("status", "--state", world.state)
        #expect(text.end == .exited(0) && text.out.contains("not killed: an operator paused it"), "\(text)")
        #expect(text.out.split(separator: "\n").allSatisfy { $0.count <= 80 })
        #expect(try world.lives("spared"))

        try world.configure { $0.daemon = "bogus = 1" }
        let reload = try await world.command("reload", "--state", world.state)
        #expect(reload.end == .exited(78) && reload.err.contains("unknown key 'bogus'"), "\(reload)")
        let wrong = try await world.command("pause", "--rule", "no-miner", "--state", world.state)
        #expect(wrong.end == .exited(64) && wrong.err.contains("did you mean 'no-miners'?"), "\(wrong)")
        let resumed = try await world.command("resume", "--vm", "web-*", "--state", world.state)
        #expect(resumed.end == .exited(0) && resumed.out == "resumed: 1 pause ended\n", "\(resumed)")
        _ = try await world.rows(spared, "exited")
        try await world.stopDaemon(daemon)
        try await world.audit()
      }
    }

    /// Even where somebody opened the socket and the way to it for all.
    private func expectStrangersRefused(_ world: World, _ runtime: String) async throws {
      for path in [world.folder.path, runtime] { try #require(chmod(path, 0o755) == 0) }
      try #require(chmod("\(runtime)/control", 0o666) == 0)
      let stranger = try await Program.start(
        [
          "/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", Binaries.guestwatchd, "pause",
          "--state", "/nowhere",
        ], environment: ["RUNTIME_DIRECTORY=\(runtime)"], name: "stranger", folder: world.folder.path)
      #expect(try await stranger.end(within: .seconds(20)) == .exited(69))
      #expect(stranger.complained.contains("only root and the user that the service runs as"), "\(stranger.complained)")
      #expect(try await status(world, "pause").isEmpty)
    }

    @Test("Without a daemon: 69, said on stderr; status shows what the ledger holds, and nothing is left behind")
    func noDaemon() async throws {
      try await World.with(scenario, Settings(rule)) { world in
        let runtime = "\(world.folder.path)/run"
        try world.folder.make("run")
        let daemon = try await world.startReadyDaemon(environment: ["RUNTIME_DIRECTORY=\(runtime):/elsewhere"])
        var found = stat()
        #expect(lstat("\(runtime)/control", &found) == 0 && found.st_mode == S_IFSOCK | 0o600)
        // Without the daemon's environment, by the link in its state directory.
        let vcenter = try #require(try await status(world, "vcenter").first)
        #expect(vcenter["vcenter"] as? String == "sim")
        #expect(try await world.command("retry-login", "linux", "--state", world.state).end == .exited(0))
        if geteuid() == 0 { try await expectStrangersRefused(world, runtime) }
        try await world.start(.sleeper("xmrig-6.21", owner: "mallory", label: "miner"), on: "vm-102")
        _ = try await world.rows(try world.pid("miner"), "exited")
        try await world.stopDaemon(daemon)

        #expect(lstat("\(runtime)/control", &found) != 0 && lstat("\(world.state)/control", &found) != 0)
        let status = try await world.command("status", "--state", world.state)
        #expect(status.end == .exited(69) && status.err.contains("no daemon answers at \(world.state)/control"))
        #expect(status.out.contains("kills open: 0") && status.out.contains("db-07") && status.out.contains("exited"))
        for command in [["pause"], ["resume"], ["retry-login", "linux"], ["reload"]] {
          let (end, out, err) = try await world.command(command + ["--state", world.state])
          #expect(end == .exited(69) && out.isEmpty && err.contains("no daemon answers"), "\(command): \(err)")
        }
        try await world.audit()
      }
    }
  }
}
