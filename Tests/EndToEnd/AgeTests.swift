import Foundation
import Glibc
import Testing

extension EndToEnd.Slow {
  @Test(
    "A process that was there first is as old as it was seen; the next life of the daemon goes on with that age",
    // The second one dies without a word: what it knew came to the disk with the mark of the minute.
    arguments: [(maxAge: 20, life: 12, end: SIGTERM), (maxAge: 90, life: 66, end: SIGKILL)])
  func ageGoesOn(maxAge: Int, life: Int, end: Int32) async throws {
    let scenario = Scenario(
      Machine(
        "vm-101", "web-01",
        [.sleeper("batch", owner: "bob"), .sleeper("idle", owner: "bob"), .sleeper("web-server", owner: "www-data")]))
    let settings = Settings(RuleText("no-old-batches", match: #"name = "batch""#, "max_age = \"\(maxAge)s\""))
    try await World.with(scenario, settings) { world in
      let first = try await world.startReadyDaemon()
      let firstLook = try await look(after: .distantPast, world)
      _ = try await look(after: firstLook.addingTimeInterval(TimeInterval(life)), world)
      #expect(world.dead == [], "however long it was there before: of that nothing is known")
      first.signal(end)
      let ended = try await first.end(within: .seconds(40))
      #expect(ended == (end == SIGKILL ? .killed(by: end) : .exited(0)))

      let restarted = Date()
      let second = try await world.startReadyDaemon()
      let secondLook = try await look(after: restarted, world)
      let row = try await world.rows(try world.pid("batch"), "exited", within: .seconds(150))
      let decided = try #require(row.decided.flatMap(date))
      // Rows have milliseconds, and a wall clock may be slewed.
      #expect(decided.timeIntervalSince(firstLook) >= TimeInterval(maxAge) - 0.1, "too early: \(row)")
      #expect(decided.timeIntervalSince(secondLook) < TimeInterval(maxAge) - 1, "its age began anew: \(row)")
      #expect(row.rule == "no-old-batches" && row.reason.contains("is over max_age"), "\(row)")
      #expect(world.dead == ["batch"])
      #expect(try await world.control.calls().count { $0.isTerminate } == 1)
      try await world.audit(crashed: end == SIGKILL)
      try await world.stopDaemon(second)
    }
  }

  /// When the first listing was answered that was asked for at that time or later.
  private func look(after time: Date, _ world: World) async throws -> Date {
    try await world.poll("a listing after \(time)", within: .seconds(120)) {
      try await world.control.calls().first { call in
        call.kind == "rest.process.list" && call.status == 200 && date(call.received).map { $0 >= time } == true
      }?.answered.flatMap(date)
    }
  }
}
