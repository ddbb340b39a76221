import Foundation
import Glibc
import Testing

extension EndToEnd {
  @Suite("A kill by hand", .serialized, .timeLimit(.minutes(3))) struct ByHand {
    private let rule = RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true")
    /// Two VMs of one name.
    private let scenario = Scenario(
      Machine("vm-101", "web-01", [.sleeper("editor", owner: "carol"), .sleeper("shared", owner: "postgres")]),
      Machine("vm-102", "db-07", []), Machine("vm-103", "db-07", []))

    private func kill(
      _ world: World, _ vm: String, _ pid: Int64, _ more: String...
    ) async throws -> (end: Program.End, out: String, err: String) {
      try await world.command(
        ["kill", "--vm", vm, "--pid", "\(pid)", "--reason", "it eats the\ndisk", "--state", world.state, "--config"]
          + [world.config] + more)
    }

    @Test("Over the socket: exactly what was named dies, through the gates, and the ledger says who asked and why")
    func daemon() async throws {
      try await World.with(scenario, Settings(rule)) { world in
        let daemon = try await world.startReadyDaemon()
        try await world.start(.sleeper("hog", owner: "mallory", label: "hog"), on: "vm-102")
        let hog = try world.pid("hog")
        try await world.looks(2, at: "vm-102")

        let silent = try await kill(world, "vm-102", hog)
        #expect(silent.end == .exited(64) && silent.err.contains("no terminal to ask on"), "\(silent)")
        let twice = try await kill(world, "db-07", hog, "--yes")
        #expect(twice.end == .exited(64), "\(twice)")
        for name in ["sim:vm-102", "sim:vm-103"] { #expect(twice.err.contains(name), "\(twice)") }
        let nowhere = try await kill(world, "db-08", hog, "--yes")
        #expect(nowhere.end == .exited(64) && nowhere.err.contains("no rule's scope reaches"), "\(nowhere)")
        let login = try await kill(world, "vm-102", hog, "--yes", "--login", "root")
        #expect(login.end == .exited(64) && login.err.contains("rules use: linux"), "\(login)")
        let nobody = try await kill(world, "vm-102", 4_194_300, "--yes")
        #expect(nobody.end == .exited(69) && nobody.err.contains("no running process has this pid"), "\(nobody)")
        let shared = try await kill(world, "web-01", try world.pid("shared"), "--yes")
        #expect(shared.end == .exited(69) && shared.err.contains("not killed: it is protected"), "\(shared)")
        _ = try await world.command("pause", "--vm", "db-*", "--state", world.state)
        let paused = try await kill(world, "vm-102", hog, "--yes", "--json")
        #expect(paused.end == .exited(69) && paused.err.contains("an operator paused it"), "\(paused)")
        #expect(paused.out.contains(#""kill_id":null"#) && paused.out.contains(#""gate":"paused""#))
        _ = try await world.command("resume", "--state", world.state)
        try await world.line("an operator paused all rules", "asked for by uid \(getuid())")
        #expect(world.dead.isEmpty)
        #expect(try await world.history().isEmpty)

        let killed = try await kill(world, "sim:vm-102", hog, "--yes")
        #expect(killed.end == .exited(0), "\(killed)")
        #expect(killed.out == "killed: it was told to end and exited [kill 1-1]\n", "\(killed)")
        #expect(world.dead == ["hog"])
        let row = try #require(try await world.history().first)
        #expect(row.rule == nil && row.askedBy == "uid \(getuid())" && row.reason == "it eats the\ndisk")
        #expect(row.outcome == "exited" && row.pid == hog && row.name == "hog" && row.action == "terminate")
        let table = try await world.command("history", "--state", world.state)
        #expect(table.out.contains("uid \(getuid())"), "\(table.out)")
        try await world.line("killed \"hog\"", "uid \(getuid()) asked for it: \"it eats the\\ndisk\"", "[kill 1-1]")
        try await world.stopDaemon(daemon)
        try await world.audit()
        try await world.expectLoggedOut()
      }
    }

    @Test("Without a daemon the command does it itself and no rule acts; beside one that nobody can ask, 75")
    func noDaemon() async throws {
      try await World.with(scenario, Settings(rule)) { world in
        try await world.start(.sleeper("hog", owner: "mallory", label: "hog"), on: "vm-102")
        try await world.start(.sleeper("xmrig-6.21", owner: "mallory", label: "miner"), on: "vm-102")
        let killed = try await kill(world, "vm-102", try world.pid("hog"), "--yes", "--json")
        #expect(killed.end == .exited(0), "\(killed)")
        #expect(killed.err.contains("no daemon answers") && killed.err.contains("so it is done without one"))
        #expect(killed.out.contains(#""kill_id":"1-1","outcome":"exited","error":null"#), "\(killed)")
        #expect(world.dead == ["hog"])
        try await world.expectLoggedOut()
        #expect(try await world.history().map(\.askedBy) == ["uid \(getuid())"])

        let daemon = try await world.startReadyDaemon()
        _ = try await world.rows(try world.pid("miner"), "exited")
        #expect(unlink("\(world.state)/control") == 0)
        let held = try await kill(world, "web-01", try world.pid("editor"), "--yes")
        #expect(held.end == .exited(75), "\(held)")
        #expect(try world.lives("editor"))
        try await world.stopDaemon(daemon)
        try await world.audit()
      }
    }

    @Test("On a terminal: what was typed before the process was shown is no answer; n is no, y is yes")
    func terminal() async throws {
      try await World.with(scenario, Settings(rule)) { world in
        let daemon = try await world.startReadyDaemon()
        try await world.start(.sleeper("hog\u{1b}[2J", owner: "mallory", label: "hog"), on: "vm-102")
        try await world.looks(2, at: "vm-102")
        for (number, answer) in ["n", "y"].enumerated() {
          // script(1) makes the terminal and types what comes from the pipe: a "y" too early, then the answer.
          let said = "\(world.folder.path)/said-\(number)"
          let kill =
            "\(Binaries.guestwatchd) kill --vm vm-102 --pid \(try world.pid("hog")) --reason why --state \(world.state)"
          let asked = "while ! grep -qs 'Kill it' \(said); do sleep 0.1; done"
          let shell = try await Program.start(
            ["/bin/sh", "-c", "{ echo y; \(asked); echo \(answer); sleep 2; } | script -qefc '\(kill)' \(said)"],
            environment: ["PATH=/usr/bin:/bin", "SHELL=/bin/sh"], name: "terminal-\(number)", folder: world.folder.path)
          let end = try await shell.end(within: .seconds(60))
          let text = try String(contentsOfFile: said, encoding: .utf8)
          #expect(text.contains("process:  hog\\u{1B}[2J (pid "), "\(text)")
          #expect(!text.contains("\u{1b}"), "\(text)")
          #expect(end == .exited(answer == "y" ? 0 : 69), "\(text)")
          #expect(text.contains(answer == "y" ? "it was told to end and exited" : "not killed, as you said"), "\(text)")
          #expect(world.dead == (answer == "y" ? ["hog"] : []))
        }
        try await world.stopDaemon(daemon)
        try await world.audit()
      }
    }

    @Test("Without a daemon, and its terminal goes away: nothing is sent any more, and it logs out")
    func hangUp() async throws {
      try await World.with(scenario, Settings(rule)) { world in
        try await world.start(.sleeper("hog", owner: "mallory", label: "hog"), on: "vm-102")
        let program = try await Program.start(
          [
            Binaries.guestwatchd, "kill", "--vm", "vm-102", "--pid", "\(try world.pid("hog"))", "--reason", "why",
            "--yes",
            "--state", world.state, "--config", world.config,
          ], name: "hung-up", folder: world.folder.path)
        try await world.looks(1, at: "vm-102")
        #expect(Glibc.kill(program.pid, SIGHUP) == 0)
        let end = try await program.end(within: .seconds(30))
        #expect(end == .exited(69), "\(program.complained)")
        #expect(
          program.complained.contains("not killed: the daemon is stopping")
            || program.complained.contains("interrupted"))
        try await world.expectLoggedOut()
        #expect(world.dead.isEmpty)
        #expect(try await world.history().isEmpty)
      }
    }
  }
}
