import Foundation
import Glibc
import Testing

extension EndToEnd.Slow {
  @Test("kill -9 under a terminate that never comes to effect: unknown after 90 s of looking, no blind second one")
  func crashUnderWay() async throws {
    let settings = Settings(RuleText("no-miners", match: #"name = "xmrig""#, "forbidden = true"))
    let scenario = Scenario(Machine("vm-101", "web-01", [.sleeper("xmrig", owner: "mallory", label: "miner")]))
    try await World.with(scenario, settings) { world in
      let pid = try world.pid("miner")
      let hold = try await world.control.post(
        "faults", #"{"calls": "terminate", "vm": "vm-101", "hold": "before"}"#, as: Armed.self)
      let first = try await world.startReadyDaemon()
      try await world.until("the terminate is under way") {
        try await world.control.calls().contains { $0.isTerminate }
      }
      first.signal(SIGKILL)
      #expect(try await first.end(within: .seconds(10)) == .killed(by: SIGKILL))
      let open = try await world.history()
      #expect(open.map { $0.outcome } == ["open"])

      let second = try await world.startReadyDaemon()
      let row = try await world.rows(pid, "unknown", within: .seconds(120))
      #expect(row.killId == open.first?.killId)
      let decided = try #require(row.decided.flatMap(date))
      let verified = try #require(row.verified.flatMap(date))
      #expect(verified.timeIntervalSince(decided) >= 90)
      #expect(try await world.control.calls().count { $0.isTerminate } == 1)
      #expect(try world.lives("miner"))

      let again = try await world.rows(pid, "exited")
      let sent = try #require(again.sent.flatMap(date))
      #expect(sent.timeIntervalSince(verified) >= 30)
      #expect(world.dead == ["miner"])
      try await world.control.post("release", "{\"id\": \(hold.id)}")
      try await world.audit(crashed: true)
      try await world.stopDaemon(second)
    }
  }

  @Test(
    "kill -9 at random points: in the end every terminate has its one row and outcome, and the budget held over all lives"
  )
  func crashes() async throws {
    // Another seed: GUESTWATCH_TEST_SEED.
    let seed = ProcessInfo.processInfo.environment["GUESTWATCH_TEST_SEED"].flatMap { UInt64($0) } ?? 20_261_121
    print("EndToEnd crashes: seed \(seed)")
    var dice = Dice(seed: seed)
    let vms = ["vm-101", "vm-102"]
    var settings = Settings(RuleText("no-runaways", match: #"name = "runaway*""#, "forbidden = true"))
    settings.perVM = 5
    let scenario = Scenario(
      Machine("vm-101", "web-01", [.sleeper("bystander", owner: "bob", label: "bystander-1")]),
      Machine("vm-102", "web-02", [.sleeper("bystander", owner: "bob", label: "bystander-2")]))
    try await World.with(scenario, settings) { world in
      let crashes = 9
      for life in 1...crashes {
        let begun = ContinuousClock.now
        let daemon = try await world.startReadyDaemon()
        for vm in vms {
          // Some end at once, some only by SIGKILL 5 s later: so a crash meets every step.
          let stubborn = dice.roll() < 0.5
          try await world.start(
            .sleeper("runaway-\(life)", owner: "eve", label: "\(vm)-\(life)", ignoresSigterm: stubborn), on: vm)
        }
        // The point of death is what is random; nothing waits for these sleeps.
        switch life % 3 {
        case 0:
          // Anywhere in a life.
          try await Task.sleep(for: .seconds(dice.roll() * 9))
        case 1:
          // Around the first intents: two looks 5 s apart, a confirm, and they are there.
          try await Task.sleep(until: begun + .seconds(5 + dice.roll() * 2))
        default:
          // From the first intent to beyond its outcome.
          let known = try await world.history().count
          // A life before may have left a kill open on either VM, and nothing else begins there before it is closed: up to
          // 90 s, and the looks that decide it back off to 60 s where the guest was busy with the terminate.
          try await world.until("a kill begins, or the budget is used up", within: .seconds(180)) {
            try await world.history().count > known || world.log.contains { $0.contains("VM's budget") }
          }
          try await Task.sleep(for: .seconds(dice.roll() * 7))
        }
        daemon.signal(SIGKILL)
        #expect(try await daemon.end(within: .seconds(10)) == .killed(by: SIGKILL))
      }
      let daemon = try await world.startReadyDaemon()
      // What was in flight may have to wait 90 s for its `unknown`.
      let rows = try await world.poll("every kill is closed and both budgets are used up", within: .seconds(150)) {
        let rows = try await world.history().filter(\.isKill)
        let spent = vms.allSatisfy { vm in spending(rows.filter { $0.vm == vm }) >= settings.perVM }
        return spent && !rows.contains { $0.outcome == "open" } ? rows : nil
      }
      // Both VMs have runaways left, and the budget keeps them alive.
      for vm in vms {
        #expect(spending(rows.filter { $0.vm == vm }) == settings.perVM)
        #expect(world.dead.count { $0.hasPrefix(vm) } <= settings.perVM)
        try await world.line(
          "is not killed for now", "the VM's budget is used up", vm == "vm-101" ? "web-01" : "web-02")
      }
      #expect(world.dead.allSatisfy { $0.hasPrefix("vm-") }, "only runaways died: \(world.dead)")
      let terminates = try await world.control.state().terminates
      for vm in vms { #expect(terminates.count { $0.vm == vm } <= settings.perVM, "\(terminates)") }
      for terminate in terminates { #expect(terminate.hit?.name.hasPrefix("runaway") ?? true) }
      print("EndToEnd crashes: \(crashes) crashes, \(terminates.count) terminates, \(rows.map(\.outcome))")
      try await world.audit(crashed: true)
      try await world.stopDaemon(daemon)
      // Nobody can log out for the lives that were killed; the last one does.
      let state = try await world.control.state()
      #expect(state.openSessions.count == state.counters.logins - 1 && state.counters.logins <= crashes + 1)
    }
  }

  /// How much of a budget rows use up.
  private func spending(_ rows: [HistoryRow]) -> Int {
    rows.count { !["abandoned", "failed", "already-gone", "denied"].contains($0.outcome) }
  }
}
