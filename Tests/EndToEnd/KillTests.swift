import Foundation
import Testing

extension EndToEnd {
  @Suite("Who dies", .serialized, .timeLimit(.minutes(3))) struct Kills {
    @Test("The main job: runaways die, each in the ledger with its reason; protected and harmless ones live")
    func mainJob() async throws {
      let scenario = Scenario(
        Machine(
          "vm-101", "web-01",
          [
            .spinner("spinner", owner: "alice"), .sleeper("web-server", owner: "www-data"),
            .sleeper("interactive-shell", owner: "alice"),
          ]),
        Machine(
          "vm-102", "build-02",
          [.sleeper("converter", owner: "bob", label: "first"), .sleeper("converter", owner: "bob", label: "second")]),
        Machine(
          "vm-103", "lab-03",
          [
            .sleeper("stubborn", owner: "carol", ignoresSigterm: true),
            .sleeper("spinner", owner: "postgres", label: "on-the-list"),
            .sleeper("systemd", owner: "root", label: "built-in"),
            .sleeper("systemd", owner: "mallory", label: "took-the-name"), .sleeper("editor", owner: "carol"),
          ]))
      let settings = Settings(
        RuleText("no-old-spinners", match: #"name = "spinner""#, #"max_age = "3s""#),
        RuleText("no-old-stubborn", match: #"name = "stubborn""#, #"max_age = "3s""#),
        RuleText("two-converters", match: #"name = "converter""#, "max_instances = 2"),
        RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true"),
        RuleText("no-systemd", match: #"name = "systemd""#, "forbidden = true"))
      try await World.with(scenario, settings) { world in
        // Newer than the other two, whatever the pids say, once they are 2 s apart.
        try await world.start(.sleeper("converter", owner: "bob", label: "third"), on: "vm-102")
        try await world.start(.sleeper("xmrig-6.21", owner: "mallory", label: "miner"), on: "vm-102")
        let daemon = try await world.startReadyDaemon()

        let spinner = try await world.rows(try world.pid("spinner"), "exited")
        #expect(spinner.rule == "no-old-spinners" && spinner.vm == "vm-101" && spinner.vmName == "web-01")
        #expect(spinner.owner == "alice" && spinner.action == "terminate" && !spinner.dryRun)
        let stubborn = try await world.rows(try world.pid("stubborn"), "exited")
        let sent = try #require(stubborn.sent.flatMap(date))
        let answered = try #require(stubborn.answered.flatMap(date))
        #expect(answered.timeIntervalSince(sent) >= 4.9, "it ignored SIGTERM and died by SIGKILL 5 s later")
        let third = try await world.rows(try world.pid("third"), "exited")
        #expect(third.reason.contains("2"), "\(third.reason)")
        let miner = try await world.rows(try world.pid("miner"), "exited")
        #expect(miner.rule == "no-miners")
        try await world.rows(try world.pid("took-the-name"), "exited")

        let victims = ["miner", "spinner", "stubborn", "third", "took-the-name"]
        #expect(world.dead == victims)
        let state = try await world.control.state()
        #expect(
          state.terminates.compactMap { $0.hit?.name }.sorted()
            == ["converter", "spinner", "stubborn", "systemd", "xmrig-6.21"])
        #expect(state.terminates.count == victims.count)
        #expect(state.counters.logins == 1, "both APIs share the session from 8.0 U3 on")
        #expect(try await world.history().filter { $0.isKill }.count == victims.count)

        for label in victims {
          let pid = try world.pid(label)
          #expect(world.log.count { $0.hasPrefix("killed ") && $0.contains("(pid \(pid),") } == 1, "\(label)")
        }
        for label in ["on-the-list", "built-in"] {
          try await world.line("(pid \(try world.pid(label)),", "it is protected")
        }
        try await world.audit()
        try await world.stopDaemon(daemon)
        try await world.expectLoggedOut()
        #expect(world.dead == victims)
      }
    }

    @Test("A pid that another process takes between judging and confirming: the newcomer lives, and a line says so")
    func pidReuse() async throws {
      let scenario = Scenario(
        Machine("vm-101", "web-01", [.sleeper("courier", owner: "dave", label: "by-age")]),
        Machine("vm-102", "web-02", [.sleeper("messenger", owner: "dave", label: "keeps")]))
      let settings = Settings(
        RuleText("no-old-couriers", match: #"name = "courier", owner = "dave""#, #"max_age = "3s""#),
        RuleText("one-messenger", match: #"name = "messenger""#, "max_instances = 1"))
      try await World.with(scenario, settings) { world in
        try await world.start(.sleeper("messenger", owner: "dave", label: "by-count"), on: "vm-102")
        let (byAge, byCount) = (try world.pid("by-age"), try world.pid("by-count"))
        let newcomer = try Guest.sleeper("newcomer", owner: "erin").json
        // A listing that shows ends is only ever asked for to confirm.
        try await world.control.post(
          "hooks",
          """
          {"calls": "vi.ListProcessesInGuest", "at": "before", "vm": "vm-102", "pid": \(byCount), "swap": \(newcomer)}
          """)
        let daemon = try await world.startReadyDaemon()
        try await swapUnderConfirm(of: byAge, on: "vm-101", for: .sleeper("courier", owner: "erin"), world)
        try await world.line("spared ", "(pid \(byAge),")
        try await world.line("spared ", "(pid \(byCount),")
        #expect(world.dead == ["by-age", "by-count"], "the hooks ended them")
        // A few more looks at each VM: nothing is made of the newcomers either.
        for vm in ["vm-101", "vm-102"] { try await world.looks(8, at: vm) }
        let state = try await world.control.state()
        for (vm, pid) in [("vm-101", byAge), ("vm-102", byCount)] {
          let newcomer = try #require(state.guests[vm]?.first { $0.pid == pid })
          #expect(newcomer.owner == "erin")
          let local = try #require(newcomer.osPid)
          #expect(LocalProcess(local)?.lives == true)
        }
        #expect(state.counters.terminates == 0)
        #expect(try await world.history().filter { $0.isKill }.isEmpty)
        try await world.audit()
        try await world.stopDaemon(daemon)
        try await world.expectLoggedOut()
      }
    }

    /// Gives a pid to another process while the `get` that confirms its kill waits at the vCenter.
    private func swapUnderConfirm(of pid: Int64, on vm: String, for newcomer: Guest, _ world: World) async throws {
      func arm() async throws -> Armed {
        try await world.control.post(
          "faults", #"{"calls": "rest.process.get", "vm": "\#(vm)", "pid": \#(pid), "hold": "before"}"#, as: Armed.self)
      }
      var hold = try await arm()
      while true {
        let waiting = try await eventually("a get of pid \(pid) waits", within: .seconds(60)) {
          try await world.control.calls().last { $0.pid == pid && $0.answered == nil }
        }
        // A `get` before the kill begins is one more look; the line that says so leaves before the one that confirms.
        let begun = try? await eventually("the kill begins", within: .seconds(1)) {
          world.log.contains { $0.contains("(pid \(pid),") && $0.contains("has run away") } ? true : nil
        }
        if begun != nil {
          try await world.control.post("guests/\(vm)/swap", "{\"pid\": \(pid), \(try newcomer.json.dropFirst())")
          try await world.control.post("release", "{\"id\": \(hold.id)}")
          return
        }
        // The next one is held before this one goes, so that none gets through in between.
        let next = try await arm()
        try await world.control.post("release", "{\"id\": \(hold.id)}")
        hold = next
        try await world.until("the get is answered") {
          try await world.control.calls().contains { $0.number == waiting.number && $0.answered != nil }
        }
      }
    }

    @Test("Dry run: the row says reported, a line says what would have been killed, no terminate is sent")
    func dryRun() async throws {
      var settings = Settings(RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true"))
      settings.daemon = "dry_run = true"
      let scenario = Scenario(Machine("vm-101", "web-01", [.sleeper("xmrig", owner: "mallory", label: "miner")]))
      try await World.with(scenario, settings) { world in
        let daemon = try await world.startReadyDaemon()
        let row = try await world.rows(try world.pid("miner"), "reported")
        #expect(row.dryRun && row.rule == "no-miners")
        #expect(row.sent == nil && row.answered == nil)
        try await world.line("would kill ", "(pid \(try world.pid("miner")),")
        #expect(world.notify.status?.contains("dry run") == true)
        try await world.stopDaemon(daemon)
        let state = try await world.control.state()
        #expect(state.counters.terminates == 0)
        #expect(try await !world.control.calls().contains { $0.isTerminate })
        #expect(world.dead == [])
        try await world.audit()
        try await world.expectLoggedOut()
      }
    }

    @Test("A list that is capped: every VM is watched all the same")
    func capped() async throws {
      let numbers = 101...107
      var scenario = Scenario(
        numbers.map {
          Machine(
            "vm-\($0)", "web-\($0)", [.sleeper("xmrig", owner: "mallory", label: "miner-\($0)")],
            folder: "/Datacenter/vm/web")
        })
      let everywhere = RuleText(
        "everywhere", match: #"name = "xmrig""#, "forbidden = true", scope: #"names = ["web-*"]"#)
      scenario.listCap = 3
      try await World.with(scenario, Settings(everywhere)) { world in
        let daemon = try await world.startReadyDaemon()
        for number in numbers { try await world.rows(try world.pid("miner-\(number)"), "exited") }
        #expect(world.dead == numbers.map { "miner-\($0)" })
        try await world.until("STATUS") { world.notify.status?.contains("7 of 7 VMs") == true }
        try await world.audit()
        try await world.stopDaemon(daemon)
        try await world.expectLoggedOut()
      }
    }

    @Test("Hostile names, owners and VM names: each event is one line, escaped; JSON stays JSON")
    func hostileNames() async throws {
      let name = "evil\nMESSAGE_ID=044b1b46b4a7454287c3cd8a8202ab5f\u{1b}[2J\u{202e}\"\\gpj.exe\r<0>"
      let vmName = "we\"b\nSTATUS=pwned\u{1b}]0;x\u{7}"
      let owner = "mal\u{2028}lory\nREADY=1"
      var settings = Settings(RuleText("no-evil", match: #"name = "evil*""#, "forbidden = true"))
      settings.daemon = "log_commands = \"full\""
      let scenario = Scenario(Machine("vm-101", vmName, [.sleeper(name, owner: owner, label: "evil")]))
      try await World.with(scenario, settings) { world in
        let daemon = try await world.startReadyDaemon()
        let pid = try world.pid("evil")
        let row = try await world.rows(pid, "exited")
        // Programs get the text as it is: JSON has escapes of its own.
        #expect(row.name == name && row.owner == owner && row.vmName == vmName)
        #expect(world.dead == ["evil"])
        let line = try await world.line("killed ", "(pid \(pid),", #"evil\nMESSAGE_ID"#)
        #expect(line.contains(#"\u{1B}[2J\u{202E}"#))
        try await world.stopDaemon(daemon)

        let log = daemon.complained
        #expect(log.count { $0 == "\n" } == log.split(separator: "\n").count)
        for line in log.split(separator: "\n") {
          for forged in ["MESSAGE_ID=", "STATUS=", "READY=", "<0>"] { #expect(!line.hasPrefix(forged)) }
        }
        let (end, table, _) = try await world.command("history", "--state", world.state)
        #expect(end == .exited(0))
        #expect(table.split(separator: "\n").count == 2, "a head and a row")
        let (_, json, _) = try await world.command("history", "--state", world.state, "--json")
        for (what, text) in [("log", log), ("table", table), ("JSON", json), ("STATUS", world.notify.all.joined())] {
          let wild = text.unicodeScalars.filter { scalar in
            scalar != "\n"
              && [.control, .format, .lineSeparator, .paragraphSeparator]
                .contains(scalar.properties.generalCategory)
          }
          // JSON has only to be JSON: what is not a control character may stand in it.
          if what != "JSON" || wild.contains(where: { $0.value < 0x20 }) { #expect(wild.isEmpty, "\(what)") }
        }
        #expect(world.notify.all.count { $0.hasPrefix("READY=1") } == 1)
        try await world.audit()
        try await world.expectLoggedOut()
      }
    }
  }
}
