import Foundation
import Glibc
import Testing

extension EndToEnd {
  @Suite("What is wrong between here and the guests", .serialized, .timeLimit(.minutes(3))) struct Doctors {
    private let miners = RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true\nlasting = \"1h\"")
    private let reporting = RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true", action: "report")

    private func scenario(_ change: (inout Scenario) -> Void = { _ in }) -> Scenario {
      var windows = Machine("vm-102", "win-01", [.sleeper("notepad", owner: "dave")])
      windows.family = "windows"
      var scenario = Scenario(
        Machine(
          "vm-101", "web-01",
          [.sleeper("editor", owner: "carol"), .sleeper("vi", owner: "watch"), .sleeper("xmrig", owner: "eve")]),
        windows)
      change(&scenario)
      return scenario
    }

    private struct Said {
      var end: Program.End
      var out: String
      var err: String
      /// The marks of the lines that are about this check.
      func marks(_ check: String) -> [String] {
        out.split(separator: "\n").filter { $0.dropFirst(11).hasPrefix("\(check): ") }
          .map { $0.prefix(10).trimmingCharacters(in: .whitespaces) }
      }
    }

    private func doctor(_ world: World, _ more: String...) async throws -> Said {
      let said = try await world.command(
        ["doctor", "--state", world.state, "--config", world.config] + more)
      if !more.contains("--json") {
        for line in said.out.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
      }
      for secret in Secrets.all { #expect(!said.out.contains(secret) && !said.err.contains(secret)) }
      return Said(end: said.end, out: said.out, err: said.err)
    }

    private let checks = [
      "certificate", "release", "login", "clock", "privileges", "coverage", "guest-ready", "guest-login",
      "guest-listing", "guest-starts", "guest-owners",
    ]

    @Test("All well, without a daemon and with one: every check, one login in each guest, no session left, nobody dies")
    func well() async throws {
      try await World.with(scenario(), Settings(miners)) { world in
        let alone = try await doctor(world)
        #expect(alone.end == .exited(0), "\(alone)")
        for check in checks { #expect(Set(alone.marks(check)) == ["ok"], "\(check) in \(alone)") }
        #expect(alone.out.contains("2 of 2 VMs in scope are watchable"), "\(alone)")
        #expect(alone.out.contains("watch was accepted") && alone.out.contains("Windows guests, login linux"))
        for part in [
          "REST refuses a missing session with UNAUTHENTICATED and a challenge: holds",
          "VI JSON says null for no objects: holds", "vCenter itself refuses negative pids: cannot be seen",
        ] {
          #expect(alone.out.contains(part), "no \(part) in \(alone)")
        }
        try await world.expectLoggedOut()
        let first = try await world.control.state()
        #expect(
          first.guestCalls["vm-101"]?.received == 1 && first.guestCalls["vm-102"]?.received == 1, "\(first.guestCalls)")
        #expect(try await world.history().isEmpty)

        let daemon = try await world.startReadyDaemon()
        try await world.looks(1, at: "vm-101")
        let beside = try await doctor(world)
        #expect(beside.end == .exited(0), "\(beside)")
        #expect(beside.out.contains("it runs, with these files, and was asked"), "\(beside)")
        for check in checks { #expect(Set(beside.marks(check)) == ["ok"], "\(check) in \(beside)") }
        let json = try await doctor(world, "--json", "--vcenter", "sim")
        let object = try #require(
          try JSONSerialization.jsonObject(with: Data(json.out.utf8)) as? [String: Any], "\(json)")
        #expect(object["ok"] as? Bool == true && object["daemon"] as? Bool == true, "\(json)")
        #expect((object["checks"] as? [Any])?.count == 17, "\(json)")
        // Only that of the daemon.
        #expect(try await world.control.state().openSessions.count == 1)
        #expect(world.dead.isEmpty)
        try await world.stopDaemon(daemon)
        try await world.audit()
        try await world.expectLoggedOut()
        #expect(try await world.control.state().terminates.isEmpty)
      }
    }

    @Test("A wrong vCenter password is sent once; with a daemon that was refused not at all")
    func wrongPassword() async throws {
      var settings = Settings(miners)
      settings.vcenterPassword = "guess"
      try await World.with(scenario(), settings) { world in
        let said = try await doctor(world)
        #expect(said.end == .exited(69) && said.marks("login") == ["not ok"], "\(said)")
        #expect(said.out.contains("vCenter refused our login"), "\(said)")
        #expect(try await world.control.state().counters.loginRefusals == 1)
        // The ledger remembers it.
        let again = try await doctor(world)
        #expect(again.end == .exited(69) && again.marks("login") == ["not ok"], "\(again)")
        #expect(try await world.control.state().counters.loginRefusals == 1)

        let daemon = try await world.startReadyDaemon()
        let before = try await world.control.state().counters.loginRefusals
        let beside = try await doctor(world)
        #expect(beside.end == .exited(69) && beside.out.contains("was refused to the running daemon"), "\(beside)")
        let after = try await world.control.state()
        #expect(after.counters.loginRefusals == before && !after.accounts.contains { $0.locked })
        try await world.stopDaemon(daemon)
        try await world.expectLoggedOut()
      }
    }

    @Test("A privilege that is missing is named, and so is an administrator; a rule that only reports needs less")
    func privileges() async throws {
      let missing = scenario { $0.vms[1].withheld = ["VirtualMachine.GuestOperations.Execute"] }
      try await World.with(missing, Settings(miners)) { world in
        let said = try await doctor(world)
        #expect(said.end == .exited(69) && said.marks("privileges") == ["not ok"], "\(said)")
        let flat = said.out.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(
          flat.contains("VirtualMachine.GuestOperations.Execute is missing on 1 of 2 VMs: win-01"), "\(said)")
        try world.configure { $0.rules = [reporting] }
        let less = try await doctor(world)
        #expect(less.end == .exited(0) && less.marks("privileges") == ["warning"], "\(less)")
        try await world.expectLoggedOut()
      }
      try await World.with(scenario { $0.accounts[0].administrator = true }, Settings(miners)) { world in
        let said = try await doctor(world)
        #expect(said.end == .exited(0) && said.marks("privileges") == ["warning"], "\(said)")
        #expect(said.out.contains("more than needed") && said.out.contains("by role Admin"), "\(said)")
        try await world.expectLoggedOut()
      }
    }

    @Test("A guest login that is refused is tried in one guest, once, with a daemon and without")
    func guestRefuses() async throws {
      let accounts = [Machine.Account(password: "another")]
      let refusing = scenario {
        $0.vms[0].accounts = accounts
        $0.vms[1].accounts = accounts
      }
      try await World.with(refusing, Settings(miners)) { world in
        for _ in 0..<2 {
          let said = try await doctor(world)
          #expect(said.end == .exited(69) && said.marks("guest-login").first == "not ok", "\(said)")
          #expect(said.out.contains("the guest refused the login"), "\(said)")
        }
        // The first is remembered; the other guest is asked once, too, by the second.
        let counters = try await world.control.state().counters
        #expect(counters.guestRefusals == 2, "\(counters)")
        // A daemon knows of both, and neither it nor who asks it tries again.
        let daemon = try await world.startReadyDaemon()
        let beside = try await doctor(world)
        #expect(beside.end == .exited(69) && beside.marks("coverage") == ["not ok"], "\(beside)")
        #expect(beside.marks("guest-ready") == ["warning", "warning"], "\(beside)")
        let after = try await world.control.state()
        #expect(after.counters.guestRefusals == 2 && !after.accounts.contains { $0.locked })
        try await world.stopDaemon(daemon)
        try await world.expectLoggedOut()
      }
    }

    @Test("A certificate that ends soon is a warning, one that is not trusted is not ok and gets no password")
    func certificate() async throws {
      try await World.with(scenario { $0.certificateDays = 20 }, Settings(miners)) { world in
        let said = try await doctor(world)
        #expect(said.end == .exited(0) && said.marks("certificate") == ["warning"], "\(said)")
        #expect(said.out.contains("(20 days)") || said.out.contains("(19 days)"), "\(said)")
        let authority = "\(world.folder.path)/other.pem"
        try FileManager.default.copyItem(atPath: "/etc/ssl/certs/ca-certificates.crt", toPath: authority)
        try world.configure { $0.authority = authority }
        let logins = try await world.control.state().counters.logins
        let stranger = try await doctor(world)
        #expect(stranger.end == .exited(69) && stranger.marks("certificate") == ["not ok"], "\(stranger)")
        #expect(try await world.control.state().counters.logins == logins)
        try await world.expectLoggedOut()
      }
    }

    @Test("Interrupted in the middle of a read it logs out all the same", arguments: [SIGINT, SIGTERM])
    func interrupted(signal: Int32) async throws {
      try await World.with(scenario(), Settings(miners)) { world in
        let hold = try await world.control.post(
          "faults", #"{"calls": "vi.roleList", "hold": "before"}"#, as: Armed.self)
        let program = try await Program.start(
          [Binaries.guestwatchd, "doctor", "--state", world.state, "--config", world.config],
          environment: ["LIBDISPATCH_LOG=NO"], name: "interrupted", folder: world.folder.path)
        try await world.until("roles are asked for") {
          try await world.control.calls().contains { $0.kind == "vi.roleList" }
        }
        program.signal(signal)
        #expect(try await program.end(within: .seconds(20)) == .exited(69))
        #expect(program.said.contains("not ok   login: interrupted"), "\(program.said)")
        try await world.expectLoggedOut()
        try await world.control.post("release", "{\"id\": \(hold.id)}")
      }
    }

    @Test("Before 8.0 U3 two sessions, before 8.0 U1 REST alone; no such vCenter, another daemon, role commands")
    func others() async throws {
      try await World.with(scenario { $0.release = "8.0.2.0" }, Settings(miners)) { world in
        let two = try await doctor(world)
        #expect(two.end == .exited(0) && two.out.contains("(before 8.0 U3)"), "\(two)")
        #expect(two.out.contains("a session of /api serves VI JSON, too: does not hold"), "\(two)")
        try await world.expectLoggedOut()

        let nowhere = try await doctor(world, "--vcenter", "simm")
        #expect(nowhere.end == .exited(64) && nowhere.err.contains("did you mean 'sim'?"), "\(nowhere)")
        let calls = try await world.control.calls().count
        let commands = try await world.command(["doctor", "--role-commands"])
        #expect(
          commands.end == .exited(0) && commands.out.contains("govc role.create guestwatch-report"), "\(commands)")
        #expect(try await world.control.calls().count == calls)

        let daemon = try await world.startReadyDaemon()
        let other = "\(world.folder.path)/etc/other.toml"
        let text = try String(contentsOfFile: world.config, encoding: .utf8)
        try Data((text + "# another\n").utf8).write(to: URL(fileURLWithPath: other))
        let said = try await world.command(["doctor", "--state", world.state, "--config", other])
        #expect(said.end == .exited(64) && said.err.contains("has read"), "\(said)")
        try await world.stopDaemon(daemon)
      }
      try await World.with(scenario { $0.release = "7.0.3.0" }, Settings(reporting)) { world in
        let old = try await doctor(world)
        #expect(old.end == .exited(0) && old.marks("release") == ["warning"], "\(old)")
        #expect(old.marks("guest-listing") == ["ok", "ok"], "\(old)")
        try await world.expectLoggedOut()
      }
    }
  }
}
