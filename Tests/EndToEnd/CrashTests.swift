import Glibc
import Testing

/// SplitMix64 (public domain, Vigna): the same points of death in every run of one seed.
private struct Dice {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// 0 up to 1, without 1.
  mutating func roll() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((z ^ (z >> 31)) >> 11) / Double(UInt64(1) << 53)
  }
}

extension EndToEnd.Slow {
  @Test(
    "kill -9 at random points: in the end every terminate has its one row and outcome, and the budget held over all lives"
  )
  func crashes() async throws {
    let seed: UInt64 = 20_261_121
    print("EndToEnd crashes: seed \(seed)")
    var dice = Dice(seed: seed)
    let vms = ["vm-101", "vm-102"]
    var settings = Settings(RuleText("no-runaways", match: #"name = "runaway*""#, "forbidden = true"))
    settings.perVM = 3
    let scenario = Scenario(
      Machine("vm-101", "web-01", [.sleeper("bystander", owner: "bob", label: "bystander-1")]),
      Machine("vm-102", "web-02", [.sleeper("bystander", owner: "bob", label: "bystander-2")]))
    try await World.with(scenario, settings) { world in
      var crashes = 0
      for life in 1...6 {
        let daemon = try await world.startReadyDaemon()
        for vm in vms {
          // Some end at once, some only by SIGKILL 5 s later: so a crash meets every step.
          let stubborn = dice.roll() < 0.5
          try await world.start(
            .sleeper("runaway-\(life)", owner: "eve", label: "\(vm)-\(life)", ignoresSigterm: stubborn), on: vm)
        }
        let known = try await world.history().count
        if life % 2 == 1 {
          // A point anywhere around the first kill of this life.
          try await world.until("a kill begins, or the budget is used up") {
            try await world.history().count > known || world.log.contains { $0.contains("VM's budget") }
          }
          try await Task.sleep(for: .seconds(dice.roll() * 4))
        } else {
          // A point anywhere in the life.
          try await Task.sleep(for: .seconds(dice.roll() * 9))
        }
        daemon.signal(SIGKILL)
        #expect(try await daemon.end(within: .seconds(10)) == .killed(by: SIGKILL))
        crashes += 1
      }
      let daemon = try await world.startReadyDaemon()
      // What was in flight may have to wait 90 s for its `unknown`.
      let rows = try await world.poll("every kill is closed and both budgets are used up", within: .seconds(150)) {
        let rows = try await world.history().filter(\.isKill)
        let spent = vms.allSatisfy { vm in spending(rows.filter { $0.vm == vm }) == 3 }
        return spent && !rows.contains { $0.outcome == "open" } ? rows : nil
      }
      // Both VMs have runaways left, and the budget keeps them alive.
      for vm in vms {
        #expect(world.dead.count { $0.hasPrefix(vm) } <= 3)
        try await world.line(
          "is not killed for now", "the VM's budget is used up", vm == "vm-101" ? "web-01" : "web-02")
      }
      #expect(world.dead.allSatisfy { $0.hasPrefix("vm-") }, "only runaways died: \(world.dead)")
      let terminates = try await world.control.state().terminates
      for vm in vms { #expect(terminates.count { $0.vm == vm } <= 3, "\(terminates)") }
      for terminate in terminates { #expect(terminate.hit?.name.hasPrefix("runaway") ?? true) }
      #expect(crashes == 6)
      print("EndToEnd crashes: \(crashes) crashes, \(terminates.count) terminates, \(rows.map(\.outcome))")
      try await world.audit()
      try await world.stopDaemon(daemon)
    }
  }

  /// How much of a budget rows use up.
  private func spending(_ rows: [HistoryRow]) -> Int {
    rows.count { !["abandoned", "failed", "already-gone", "denied"].contains($0.outcome) }
  }
}
