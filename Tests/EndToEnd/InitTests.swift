import Foundation
import Testing

extension EndToEnd {
  @Suite("A first configuration", .serialized, .timeLimit(.minutes(3))) struct First {
    private let scenario = Scenario(Machine("vm-101", "web-01", [.sleeper("xmrig", owner: "eve")]))

    private func answers(_ agrees: String) -> [(question: String, answer: String)] {
      [
        ("Is it that one? [y/N] ", agrees), ("Password of svc-guestwatch", Secrets.vcenter),
        ("Password of watch in web-01", Secrets.guest), ("(a name, or such as java*): ", "xm*"),
      ]
    }

    /// Objects with codes on stdout and nothing on stderr; and what cannot be read where no secret is to be opened.
    private func check(_ world: World, _ etc: String) async throws {
      let check = ["check", "--config", "\(etc)/guestwatchd.toml"]
      let good = try await world.command(check + ["--json"])
      #expect(good.end == .exited(0) && good.err.isEmpty && good.out.contains(#""is":"summary""#), "\(good)")

      let rule = URL(fileURLWithPath: "\(etc)/rules.d/10-first.toml")
      let text = try String(contentsOf: rule, encoding: .utf8)
      try Data((text + "max_agee = 1\n").utf8).write(to: rule)
      let bad = try await world.command(check + ["--json"])
      #expect(bad.end == .exited(78) && bad.err.isEmpty && bad.out.contains(#""code":"unknown-key""#), "\(bad)")
      try Data(text.utf8).write(to: rule)

      let password = URL(fileURLWithPath: "\(etc)/guest.password")
      let secret = try Data(contentsOf: password)
      try FileManager.default.removeItem(at: password)
      let unread = try await world.command(check)
      #expect(unread.end == .exited(78) && unread.err.contains("does not exist"), "\(unread)")
      #expect(try await world.command(check + ["--no-secrets"]).end == .exited(0))
      try secret.write(to: password)
    }

    @Test("Certificate, both logins once, files that are right, what the rule sees; never over what is there")
    func whole() async throws {
      try await World.with(scenario, Settings()) { world in
        let etc = world.state + "-etc"
        defer { try? FileManager.default.removeItem(atPath: etc) }
        let arguments = [
          "init", "--directory", etc, "--url", world.ready.url, "--username", "svc-guestwatch@vsphere.local", "--vm",
          "web-01", "--guest-username", "watch", "--state", world.state,
        ]
        let refused = try await Typing.run(arguments, answers("n"))
        #expect(refused.status == 69 && refused.screen.contains("no password was sent"), "\(refused)")
        #expect(!FileManager.default.fileExists(atPath: etc))

        let said = try await Typing.run(arguments, answers("y"))
        #expect(said.status == 0, "\(said)")
        for part in [
          "What runs there, apart from the system's own: xmrig", "wrote \(etc)/guestwatchd.toml",
          "rule running-for-a-day (report): max_age 1d", "nothing would be killed",
        ] {
          #expect(said.screen.contains(part), "no \"\(part)\" in \(said)")
        }
        for secret in Secrets.all { #expect(!said.screen.contains(secret)) }
        let checked = try await world.command(["check", "--config", "\(etc)/guestwatchd.toml"])
        #expect(checked.end == .exited(0) && !checked.err.contains("warning"), "\(checked)")

        try await self.check(world, etc)

        let again = try await Typing.run(arguments, [])
        #expect(again.status == 64 && again.screen.contains("is there already"), "\(again)")
        let counters = try await world.control.state().counters
        #expect(counters.guestRefusals == 0 && counters.loginRefusals == 0, "\(counters)")
        try await world.expectLoggedOut()
      }
    }
  }
}
