import Foundation
import Testing

extension EndToEnd {
  @Suite("A guest login by SAML token", .serialized, .timeLimit(.minutes(3))) struct Tokens {
    private static let token = "<saml2:Assertion>\n  canary-token-Wq81b\n</saml2:Assertion>"

    @Test("It is read anew for each use: what cannot be read is said and asks nobody, what is renewed is used")
    func renewed() async throws {
      var account = Machine.Account()
      account.samlToken = Self.token
      let scenario = Scenario(
        Machine("vm-101", "web-01", [.sleeper("xmrig", owner: "mallory", label: "first")], accounts: [account]))
      var settings = Settings(RuleText("no-miners", match: #"name = "xmrig""#, "forbidden = true"))
      settings.guestKey = "saml_token"
      settings.guestPassword = Self.token
      try await World.with(scenario, settings) { world in
        let daemon = try await world.startReadyDaemon()
        _ = try await world.rows(try world.pid("first"), "exited")

        let file = "\(world.folder.path)/etc/guest.password"
        try FileManager.default.moveItem(atPath: file, toPath: file + ".away")
        try await world.line("the token of guest login \"linux\" cannot be read", "the secret file does not exist")
        let calls = try await world.control.calls().count { $0.vm == "vm-101" }
        try await world.start(.sleeper("xmrig", owner: "mallory", label: "second"), on: "vm-101")
        // The VM's back-off: 1, 2, 4 s.
        try await Task.sleep(for: .seconds(3))
        #expect(try await world.control.calls().count { $0.vm == "vm-101" } == calls)
        #expect(try world.lives("second"))

        try FileManager.default.moveItem(atPath: file + ".away", toPath: file)
        _ = try await world.rows(try world.pid("second"), "exited")
        _ = try await world.line("the token of guest login \"linux\" can be read again")
        #expect(try await world.control.state().counters.guestRefusals == 0)
        #expect(!world.log.contains { $0.contains("canary-token") })
        try await world.stopDaemon(daemon)
        try await world.audit()
      }
    }
  }
}
