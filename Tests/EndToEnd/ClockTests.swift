import Foundation
import Testing

extension EndToEnd.Slow {
  @Test(
    "A guest agent that begins anew with a clock two hours off makes nobody old: age is proven, not believed",
    arguments: [(2, "before"), (2, "under way"), (10, "before"), (10, "under way")])
  func clockSteps(neighbours: Int, when: String) async throws {
    let scenario = Scenario(
      Machine(
        "vm-101", "web-01",
        [.sleeper("batch", owner: "bob")]
          + (1...neighbours).map { .sleeper("idle", owner: "bob", label: "idle-\($0)") }
      ))
    let settings = Settings(RuleText("no-old-batches", match: #"name = "batch""#, #"max_age = "1h""#))
    try await World.with(scenario, settings) { world in
      let before = try await world.control.state().guests["vm-101"]?.first?.started
      let shift = #"{"shift_s": -7200}"#
      if when == "before" { try await world.control.post("guests/vm-101/restart-agent", shift) }
      let daemon = try await world.startReadyDaemon()
      try await world.looks(3, at: "vm-101")
      if when == "under way" { try await world.control.post("guests/vm-101/restart-agent", shift) }
      // Long enough for two looks 5 s apart and a kill.
      try await world.looks(12, at: "vm-101")
      let after = try await world.control.state().guests["vm-101"]?.first?.started
      let claimed = try #require(before.flatMap(date)).timeIntervalSince(try #require(after.flatMap(date)))
      #expect((7190...7210).contains(claimed), "the guest claims it to be old")
      #expect(try await !world.control.calls().contains { $0.isTerminate })
      #expect(!world.log.contains { $0.contains("has run away") })
      #expect(world.dead == [])
      try await world.audit()
      try await world.stopDaemon(daemon)
    }
  }
}
