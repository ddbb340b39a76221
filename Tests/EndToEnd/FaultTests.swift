import Foundation
import Testing

/// What they all watch: one process that is forbidden.
private func oneMiner(_ more: Guest...) -> Scenario {
  Scenario(Machine("vm-101", "web-01", [.sleeper("bystander", owner: "bob")] + more))
}
private let noMiners = Settings(RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true"))
private func miner(_ label: String) -> Guest { .sleeper("xmrig", owner: "mallory", label: label) }

extension EndToEnd {
  @Suite("When calls fail", .serialized, .timeLimit(.minutes(3))) struct Faults {
    @Test("A terminate that was done and whose answer was lost: settled by looking, nothing is sent again")
    func lostAnswer() async throws {
      try await World.with(oneMiner(miner("miner")), noMiners) { world in
        let pid = try world.pid("miner")
        try await world.control.post("faults", #"{"calls": "terminate", "vm": "vm-101", "drop": "after"}"#)
        let daemon = try await world.startReadyDaemon()
        let row = try await world.rows(pid, "gone")
        #expect(row.error != nil, "it says what became of the answer")
        #expect(row.sent != nil)
        try await world.line("(pid \(pid),", "the cause is unknown")
        #expect(world.dead == ["miner"])
        try await surveys(3, of: "vm-101", world)
        let terminates = try await world.control.calls().filter(\.isTerminate)
        #expect(terminates.map { $0.pid } == [pid])
        #expect(try await world.history().filter { $0.isKill }.count == 1)
        try await world.audit()
        try await world.stopDaemon(daemon)
        try await world.expectLoggedOut()
      }
    }

    @Test("A session that expires in mid-run, even under a confirm: work goes on, with one new login each time")
    func sessionExpiry() async throws {
      try await World.with(oneMiner(), noMiners) { world in
        let daemon = try await world.startReadyDaemon()
        try await surveys(2, of: "vm-101", world)
        try await world.control.post("sessions", #"{"expire": "all"}"#)
        try await surveys(2, of: "vm-101", world)
        var counters = try await world.control.state().counters
        #expect(counters.logins == 2 && counters.expirations >= 1, "\(counters)")

        // The confirm waits at the vCenter while its session dies.
        let hold = try await world.control.post(
          "faults", #"{"calls": "rest.process.get", "vm": "vm-101", "hold": "before"}"#, as: Armed.self)
        let pid = try await world.start(miner("miner"), on: "vm-101")
        _ = try await world.poll("the confirm has come") {
          try await world.control.calls().first { $0.kind == "rest.process.get" && $0.pid == pid }
        }
        try await world.control.post("sessions", #"{"expire": "all"}"#)
        try await world.control.post("release", "{\"id\": \(hold.id)}")
        try await world.rows(pid, "exited")
        #expect(world.dead == ["miner"])
        counters = try await world.control.state().counters
        #expect(counters.logins == 3 && counters.terminates == 1, "\(counters)")
        #expect(counters.loginRefusals == 0)
        try await world.audit()
        try await world.stopDaemon(daemon)
        try await world.expectLoggedOut()
      }
    }

    @Test("A refused guest login: one call with it on that VM and no more, nobody is locked out, the next VM goes on")
    func refusedGuestLogin() async throws {
      let scenario = Scenario(
        Machine("vm-101", "web-01", [miner("miner")]),
        Machine(
          "vm-102", "web-02", [miner("out-of-reach")],
          accounts: [Machine.Account(password: "another one", lockoutAfter: 2)]))
      try await World.with(scenario, noMiners) { world in
        let daemon = try await world.startReadyDaemon()
        try await world.line(#"VM "web-02" refused guest login "linux""#)
        try await world.rows(try world.pid("miner"), "exited")
        try await surveys(5, of: "vm-101", world)
        let state = try await world.control.state()
        #expect(state.guestCalls["vm-102"]?.received == 1)
        #expect(state.counters.guestRefusals == 1)
        #expect(state.accounts.first { $0.vm == "vm-102" }.map { $0.refusals == 1 && !$0.locked } == true)
        #expect(world.dead == ["miner"])
        #expect(world.log.count { $0.contains("refused guest login") } == 1)
        // The same secret read again is no reason to try again.
        daemon.signal(SIGHUP)
        try await world.until("the reload") { world.notify.all.count { $0 == "READY=1" } == 2 }
        try await surveys(5, of: "vm-101", world)
        #expect(try await world.control.state().guestCalls["vm-102"]?.received == 1)
        try await world.audit()
        try await world.stopDaemon(daemon)
        try await world.expectLoggedOut()
      }
    }
  }

  @Suite("What takes a minute", .timeLimit(.minutes(4))) struct Slow {
    @Test("A terminate that was lost on the way: survived after 25 s, and the second leaves 30 s after that")
    func lostTerminate() async throws {
      try await World.with(oneMiner(miner("miner")), noMiners) { world in
        let pid = try world.pid("miner")
        try await world.control.post("faults", #"{"calls": "terminate", "vm": "vm-101", "drop": "before"}"#)
        let daemon = try await world.startReadyDaemon()
        let first = try await world.rows(pid, "survived")
        #expect(try world.lives("miner"))
        #expect(try await world.control.calls().count { $0.isTerminate } == 1)
        let sent = try #require(first.sent.flatMap(date))
        let survived = try #require(first.verified.flatMap(date))
        #expect(survived.timeIntervalSince(sent) >= 25)
        #expect(first.error != nil)
        let second = try await world.rows(pid, "exited")
        #expect(second.killId != first.killId)
        let again = try #require(second.sent.flatMap(date))
        #expect(again.timeIntervalSince(survived) >= 30)
        let state = try await world.control.state()
        #expect(state.terminates.map { $0.hit?.name } == ["xmrig"])
        #expect(try await world.control.calls().count { $0.isTerminate } == 2)
        #expect(try await world.history().filter { $0.isKill }.map { $0.outcome } == ["survived", "exited"])
        #expect(world.dead == ["miner"])
        try await world.audit()
        try await world.stopDaemon(daemon)
        try await world.expectLoggedOut()
      }
    }

    @Test("A refused vCenter login: two tries and no more, the daemon stays up and says so; a reload is no new try")
    func refusedVCenterLogin() async throws {
      var settings = noMiners
      settings.vcenterPassword = "wrong-canary"
      try await World.with(oneMiner(miner("miner")), settings) { world in
        let daemon = try await world.startReadyDaemon()
        try await world.line(#"vCenter "sim" refused our login"#)
        try await world.until("STATUS") { world.notify.status?.contains("vCenter down: sim") == true }
        try await world.until("the second try", within: .seconds(90)) {
          try await world.control.state().counters.loginRefusals == 2
        }
        for reloads in 1...3 {
          daemon.signal(SIGHUP)
          try await world.until("the reload") {
            world.notify.all.count { $0 == "READY=1" } == reloads + 1
          }
        }
        let state = try await world.control.state()
        #expect(state.counters.loginRefusals == 2 && state.counters.logins == 0)
        #expect(state.guestCalls.isEmpty)
        #expect(daemon.ended() == nil)
        #expect(world.log.count { $0.contains("refused our login") } == 1)
        #expect(world.dead == [])
        #expect(!world.log.joined().contains("wrong-canary"))
        try await world.audit()
        try await world.stopDaemon(daemon)
        try await world.expectLoggedOut()
      }
    }
  }
}

private struct Armed: Decodable, Sendable { var id: Int }

/// Waits until so many more looks at a VM were answered.
private func surveys(_ count: Int, of vm: String, _ world: World) async throws {
  let before = try await world.control.state().guestCalls[vm]?.received ?? 0
  try await world.until("\(count) more surveys of \(vm)") {
    try await world.control.state().guestCalls[vm]?.received ?? 0 > before + count
  }
}
