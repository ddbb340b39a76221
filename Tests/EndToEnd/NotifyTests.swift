import Foundation
import Glibc
import Testing

/// An argument of a guest's process: nobody is told of it.
private let argument = "5521907734651834"

extension EndToEnd {
  /// `[[notify]]`: programs that are told.
  @Suite("Who is told", .serialized, .timeLimit(.minutes(3))) struct Notify {
    @Test(
      "A kill runs a program, which finds it in its environment; what was only reported is told to who asked for it")
    func told() async throws {
      let scenario = Scenario(
        Machine(
          "vm-101", "web-01",
          [
            Guest(label: "miner", name: "xmrig", owner: "mallory", argv: ["/bin/sleep", "100000", argument]),
            .sleeper("watched", owner: "bob"),
          ]))
      let settings = Settings(
        RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true"),
        RuleText("watch", match: #"name = "watched""#, "forbidden = true", action: "report"))
      try await World.with(scenario, settings) { world in
        let tell = try world.script(
          "tell", #"env >"$1/$GUESTWATCHD_EVENT.new"; mv "$1/$GUESTWATCHD_EVENT.new" "$1/$GUESTWATCHD_EVENT""#)
        try world.folder.make("told")
        try world.configure {
          $0.notify = """
            [[notify]]
            on = ["killed", "would-kill", "started"]
            exec = ["\(tell)", "\(world.folder.path)/told"]
            """
        }
        let daemon = try await world.startReadyDaemon()
        let row = try await world.rows(try world.pid("miner"), "exited")
        let killed = try await world.told("killed")
        #expect(killed["EVENT"] == "killed" && killed["OUTCOME"] == "exited" && killed["KILL_ID"] == row.killId)
        #expect(killed["RULE"] == "no-miners" && killed["VCENTER"] == "sim" && killed["REASON"] == "forbidden")
        #expect(killed["VM_NAME"] == "web-01" && killed["VM"] == "vm-101" && killed["PID"] == "\(row.pid)")
        #expect(killed["PROCESS"] == "xmrig" && killed["OWNER"] == "mallory" && killed["COMMAND"] == "")
        #expect(killed["MESSAGE"].map { world.log.contains(Substring($0)) } == true, "the sentence of the log")
        let would = try await world.told("would-kill")
        #expect(would["RULE"] == "watch" && would["GATE"] == "report" && would["OUTCOME"] == "")
        #expect(try await world.told("started")["MESSAGE"]?.hasPrefix("started") == true)

        for file in try FileManager.default.contentsOfDirectory(atPath: "\(world.folder.path)/told") {
          let content = text(of: "\(world.folder.path)/told/\(file)")
          for canary in Secrets.all + [argument, "NOTIFY_SOCKET"] { #expect(!content.contains(canary), "\(file)") }
        }
        try await world.audit()
        try await world.stopDaemon(daemon)
        #expect(!world.log.contains { $0.hasPrefix("notify ") }, "nobody was left untold")
      }
    }

    @Test("Programs that hang or fail hold up no kill, and none outlives the daemon, which says who was not told")
    func hanging() async throws {
      let scenario = Scenario(Machine("vm-101", "web-01", [.sleeper("bystander", owner: "bob")]))
      let settings = Settings(RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true"))
      try await World.with(scenario, settings) { world in
        let hang = try world.script("hang", #"trap '' TERM; echo $$ >"$1"; while :; do sleep 1; done"#)
        let fail = try world.script("fail", "echo no route >&2; exit 3")
        try world.configure {
          $0.notify = """
            [[notify]]
            name = "hangs"
            on = "killed"
            exec = ["\(hang)", "\(world.folder.path)/pid"]
            timeout = "10m"
            [[notify]]
            name = "fails"
            exec = ["\(fail)"]
            [[notify]]
            name = "nobody"
            exec = ["/no/such/program"]
            """
        }
        let daemon = try await world.startReadyDaemon()
        try await world.line("warning: the program of 'exec' does not exist")
        for number in 1...3 {
          try await world.start(.sleeper("xmrig-\(number)", owner: "mallory"), on: "vm-101")
          let row = try await world.rows(try world.pid("xmrig-\(number)"), "exited")
          try await world.line(
            "notify \"fails\" was not told of killed [kill \(row.killId)]: program",
            "exit status 3, saying \"no route\"")
          try await world.line("notify \"nobody\" was not told of killed [kill \(row.killId)]", "No such file")
        }
        let pid = try #require(pid_t(text(of: "\(world.folder.path)/pid").trimmingCharacters(in: .newlines)))
        let program = try #require(LocalProcess(pid))
        #expect(program.lives)
        let began = ContinuousClock.now
        try await world.stopDaemon(daemon)
        #expect(ContinuousClock.now - began < .seconds(20))
        #expect(!program.lives)
        try await world.line(
          "notify \"hangs\" was not told of killed", "guestwatchd ended before it did: killed by signal 9")
        try await world.line("notify \"hangs\" lost 2 notices because guestwatchd")
        try await world.audit()
        try await world.expectLoggedOut()
      }
    }

    @Test("A webhook is posted to over TLS with its own authority; what it answers is said, and its URL nowhere")
    func webhook() async throws {
      let scenario = Scenario(Machine("vm-101", "web-01", [.sleeper("xmrig", owner: "mallory", label: "miner")]))
      let settings = Settings(RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true"))
      try await World.with(scenario, settings) { world in
        // The simulator has a certificate, and nothing at this path.
        let secret = "canary-hook-p3Vn8"
        try world.folder.write("etc/hook", "\(world.ready.url)/services/\(secret)\n")
        try world.configure {
          $0.notify = """
            [[notify]]
            name = "hook"
            webhook = { file = "hook" }
            ca_file = "\(world.ready.caFile)"
            [[notify]]
            name = "stranger"
            webhook = { file = "hook" }
            """
        }
        let daemon = try await world.startReadyDaemon()
        let row = try await world.rows(try world.pid("miner"), "exited")
        try await world.line(
          "notify \"hook\" was not told of killed [kill \(row.killId)]: webhook of \(world.ready.url): it answered with status 4"
        )
        try await world.stopDaemon(daemon)
        try await world.line("notify \"stranger\" was not told of killed", "its certificate is not accepted")
        #expect(!world.log.contains { $0.contains(secret) || $0.contains("/services") })
        #expect(!world.notify.all.contains { $0.contains(secret) })
      }
    }

    @Test("A reload takes receivers in and away, and one with mistakes changes nothing")
    func reload() async throws {
      let scenario = Scenario(Machine("vm-101", "web-01", [.sleeper("bystander", owner: "bob")]))
      let settings = Settings(RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true"))
      try await World.with(scenario, settings) { world in
        let tell = try world.script("tell", #"echo "$GUESTWATCHD_PROCESS" >>"$1""#)
        let daemon = try await world.startReadyDaemon()
        try await world.start(.sleeper("xmrig-1", owner: "mallory"), on: "vm-101")
        try await world.rows(try world.pid("xmrig-1"), "exited")
        try world.configure { $0.notify = "[[notify]]\nexec = [\"\(tell)\", \"\(world.folder.path)/all\"]" }
        daemon.signal(SIGHUP)
        try await world.until("the reload") { world.log.count { $0.hasPrefix("configuration loaded") } == 2 }
        try await world.start(.sleeper("xmrig-2", owner: "mallory"), on: "vm-101")
        try await world.until("xmrig-2 is told") { text(of: "\(world.folder.path)/all") == "xmrig-2\n" }
        try world.configure { $0.notify = "[[notify]]\nexec = [\"tell\"]" }
        daemon.signal(SIGHUP)
        try await world.line("configuration refused", "'exec' does not begin with an absolute path")
        try await world.start(.sleeper("xmrig-3", owner: "mallory"), on: "vm-101")
        try await world.until("xmrig-3 is told") { text(of: "\(world.folder.path)/all").hasSuffix("xmrig-3\n") }
        try await world.stopDaemon(daemon)
      }
    }
  }
}

extension World {
  /// A shell script in the folder of this world.
  fileprivate func script(_ name: String, _ text: String) throws -> String {
    try folder.write(name, "#!/bin/sh\n\(text)\n")
    let path = "\(folder.path)/\(name)"
    guard chmod(path, 0o700) == 0 else { throw Trouble(path) }
    return path
  }

  /// What a program was told of an event, without the beginning of the names.
  fileprivate func told(_ event: String) async throws -> [String: String] {
    let path = "\(folder.path)/told/\(event)"
    try await until("\(event) is told") { FileManager.default.fileExists(atPath: path) }
    let begin = "GUESTWATCHD_"
    let pairs = text(of: path).split(separator: "\n").filter { $0.hasPrefix(begin) }.map { line in
      let name = line.prefix { $0 != "=" }
      return (String(name.dropFirst(begin.count)), String(line.dropFirst(name.count + 1)))
    }
    return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }
}
