import Testing

extension EndToEnd {
  @Suite("The processes of a guest", .serialized, .timeLimit(.minutes(3))) struct Listed {
    private let rule = RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true", action: "report")
    private let scenario = Scenario(
      Machine("vm-101", "web-01", [.sleeper("editor", owner: "carol"), .sleeper("xmrig", owner: "eve")]),
      Machine("vm-102", "web-01", []))

    private func typed(_ passwords: [String], _ arguments: [String]) async throws -> (Int32, String) {
      try await Typing.run(["ps"] + arguments, passwords.map { ("Password of ", $0) })
    }

    @Test("By a daemon and without one, with a login of a rule; several of a name are an error that lists them")
    func configured() async throws {
      try await World.with(scenario, Settings(rule)) { world in
        let place = ["--state", world.state, "--config", world.config]
        for isRunning in [false, true] {
          let daemon = isRunning ? try await world.startReadyDaemon() : nil
          let said = try await world.command(["ps", "--vm", "vm-101"] + place)
          #expect(said.end == .exited(0), "\(said)")
          #expect(said.out.contains("\(try world.pid("editor")) carol") && said.out.contains(" editor\n"), "\(said)")
          let twice = try await world.command(["ps", "--vm", "web-01"] + place)
          #expect(twice.end == .exited(64) && twice.err.contains("sim:vm-102"), "\(twice)")
          let json = try await world.command(["ps", "--vm", "sim:vm-101", "--json", "--login", "linux"] + place)
          #expect(json.end == .exited(0) && json.out.split(separator: "\n").count == 2, "\(json)")
          if let daemon { try await world.stopDaemon(daemon) }
        }
        try await world.expectLoggedOut()
      }
    }

    @Test("Without any configuration: both passwords are typed and never shown, and each is sent once")
    func direct() async throws {
      try await World.with(scenario, Settings(rule)) { world in
        let who = [
          "--vm", "vm-101", "--url", world.ready.url, "--username", "svc-guestwatch@vsphere.local",
          "--guest-username", "watch", "--ca-file", world.ready.caFile,
        ]
        let good = try await typed([Secrets.vcenter, Secrets.guest], who)
        #expect(good.0 == 0 && good.1.contains(" carol ") && good.1.contains("editor 100000"), "\(good)")
        let bad = try await typed([Secrets.vcenter, "guess"], who)
        #expect(bad.0 == 69 && bad.1.contains("the guest refused the login"), "\(bad)")
        let worse = try await typed(["guess"], who)
        #expect(worse.0 == 69 && worse.1.contains("vCenter refused our login"), "\(worse)")
        for said in [good.1, bad.1, worse.1] {
          for secret in Secrets.all + ["guess"] { #expect(!said.contains(secret), "\(said)") }
        }
        let counters = try await world.control.state().counters
        #expect(counters.guestRefusals == 1 && counters.loginRefusals == 1, "\(counters)")
        try await world.expectLoggedOut()
        let silent = try await world.command(["ps"] + who)
        #expect(silent.end == .exited(64), "\(silent)")
      }
    }
  }
}
