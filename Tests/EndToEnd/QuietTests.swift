import Foundation
import Testing

extension EndToEnd.Kills {
  /// `not_during` from so many minutes before now to so many after, by clocks in India.
  private func quiet(from: Int, to: Int) -> RuleText {
    func time(_ minutes: Int) -> String {
      let now = Int(Date().timeIntervalSince1970) / 60 + 330 + minutes
      let hour = String(now / 60 % 24)
      let minute = String(now % 60)
      return "\(hour.count < 2 ? "0" : "")\(hour):\(minute.count < 2 ? "0" : "")\(minute)"
    }
    return RuleText(
      "no-miners", match: #"name = "xmrig""#, "forbidden = true\nnot_during = [\"\(time(from))-\(time(to))\"]")
  }

  @Test("not_during in a time zone of the system: a line says until when, and the kill comes when it is over")
  func notDuring() async throws {
    var settings = Settings(quiet(from: -60, to: 120), RuleText("free", match: #"name = "other""#, "forbidden = true"))
    settings.daemon = "time_zone = \"Asia/Kolkata\""
    let scenario = Scenario(
      Machine("vm-101", "web-01", [.sleeper("xmrig", owner: "mallory"), .sleeper("other", owner: "mallory")]))
    try await World.with(scenario, settings) { world in
      let daemon = try await world.startReadyDaemon()
      try await world.line("has run away and is not killed for now", "the rule's not_during holds until 2", "+05:30")
      try await world.rows(try world.pid("other"), "exited")
      #expect(world.dead == ["other"])
      let check = try await world.command("check", "--config", world.config)
      #expect(check.out.contains("time zone Asia/Kolkata"))

      // The operator ends the window.
      try world.configure { $0.rules[0] = quiet(from: -180, to: -60) }
      daemon.signal(SIGHUP)
      try await world.rows(try world.pid("xmrig"), "exited")
      try await world.audit()
      try await world.stopDaemon(daemon)
      try await world.expectLoggedOut()
    }
  }
}
