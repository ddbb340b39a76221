import Testing

@testable import GuestWatchCore

/// The stage begins on Thursday, 1 January 2026, 00:00 UTC.
private let tenMinutes = QuietTime(days: .thursday, from: 0, until: 10)

@Suite("not_during")
struct QuietGateTests {
  @Test(
    "Nothing is killed inside; that is said once, with its end; lasting goes on counting; the kill comes at the end")
  func waitsForTheEnd() throws {
    var stage = Stage()
    stage.spawn(500)
    let zone = TimeZoneRules(name: "x", first: 3600)
    let rule = Stage.rule(lasting: .seconds(400), every: .seconds(290)) {
      $0.notDuring = [QuietTime(days: .thursday, from: 60, until: 70)]
    }
    stage.begin([rule]) { $0.timeZone = zone }
    stage.run(.seconds(599))
    #expect(stage.killed.isEmpty)
    #expect(stage.looks(.confirm).isEmpty)
    stage.run(.seconds(4))
    // Though the next survey would be at 870 s.
    #expect(stage.killed == [500])
    #expect(try #require(stage.terminates.first).at >= 600)
    let said = stage.reports(.waiting)
    #expect(said.map(\.gate) == [.notDuring])
    #expect(said.first?.opens == Opening(at: Stage.epoch + 600, offset: 3600))
    #expect(said.first?.detail == "")
  }

  @Test("Another rule without not_during kills meanwhile")
  func otherRule() {
    var stage = Stage()
    stage.spawn(500)
    stage.spawn(501, "other")
    stage.begin([Stage.rule { $0.notDuring = [tenMinutes] }, Stage.rule("free", match: "other")])
    stage.run(.seconds(60))
    #expect(stage.killed == [501])
  }

  @Test("The gates that never open come first; in a dry run nothing is looked at for its end")
  func order() {
    for (change, gate) in [("report", Gate.report), ("dry", .dryRun), ("protected", .protected)] {
      var stage = Stage()
      stage.spawn(500)
      let rule = Stage.rule(action: change == "report" ? .report : .terminate) { $0.notDuring = [tenMinutes] }
      stage.begin([rule]) {
        $0.dryRun = change == "dry"
        if change == "protected" { $0.protect.names = [glob("spin")] }
      }
      stage.run(.seconds(900))
      #expect(stage.killed.isEmpty)
      #expect((stage.reports(.waiting) + stage.reports(.wouldKill)).map(\.gate) == [gate])
    }
  }

  @Test("A whole week is said to be that, and asks for no looks beyond the surveys")
  func wholeWeek() {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule { $0.notDuring = [QuietTime()] }])
    stage.run(.seconds(1000))
    #expect(stage.killed.isEmpty)
    #expect(stage.reports(.waiting).map(\.detail) == ["it covers the whole week"])
    #expect(stage.reports(.waiting).first?.opens == nil)
    #expect(stage.looks(.check).count < 5)
  }

  @Test("While the clock is not trusted the gate is closed, inside and outside; rules without not_during go on")
  func untrusted() throws {
    var stage = Stage()
    stage.begin([Stage.rule { $0.notDuring = [tenMinutes] }, Stage.rule("free", match: "other")])
    stage.run(.seconds(30))
    // An hour ahead: the clock says that the quiet time is long over.
    stage.wallStep = 3_600_000_000_000
    stage.run(.seconds(20))
    stage.spawn(500)
    stage.spawn(501, "other")
    stage.run(.seconds(240))
    #expect(stage.killed == [501])
    #expect(stage.reports(.waiting).map(\.gate) == [.notDuring])
    #expect(stage.reports(.waiting).first?.detail == "the clock of this machine is not trusted")
    #expect(stage.reports(.waiting).first?.opens == nil)
    stage.run(.seconds(100))
    #expect(stage.killed == [501, 500])
    #expect(try #require(stage.terminates.last).at > 330)
  }

  @Test("At the start nothing is killed before an answer agreed with the clock")
  func atTheStart() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      var timing = stage.timing()
      timing.date = stage.second + 600
      switch effect {
      case .refresh(let op, _, _, _):
        let inventory = Inventory(vcenterUUID: "vc-uuid", canTerminate: true, vms: [stage.facts], complete: true)
        return [(.milliseconds(100), .inventory(op, timing, .success(inventory)))]
      case .survey(let op, _, _, let ends, _):
        return [(.milliseconds(100), .surveyed(op, timing, .success(Listing(rows: stage.guest, showsEnds: ends))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule { $0.notDuring = [QuietTime(days: .tuesday)] }])
    stage.run(.seconds(900))
    #expect(stage.killed.isEmpty)
    #expect(stage.reports(.waiting).map(\.gate) == [.notDuring])
  }

  @Test("A quiet time that begins between the confirm and the terminate: nothing leaves")
  func beginsInBetween() throws {
    // A first run tells when the intent is written.
    var first = Stage()
    first.spawn(500)
    first.begin([Stage.rule()])
    first.run(.seconds(60))
    let at = try #require(
      first.log.first { if case .record(_, .intent) = $0.effect { true } else { false } }?.at)

    var stage = Stage()
    // Half a second later it is 00:10, and the ledger takes a second.
    stage.wallStep = 600_000_000_000 - (at - 1_000_000_000_000) - 500_000_000
    stage.spawn(500, started: Stage.epoch)
    stage.intercept = { effect, _ in
      guard case .record(let id, .intent) = effect else { return nil }
      return [(.seconds(1), .recorded(id, .intent, .success(())))]
    }
    stage.begin([Stage.rule { $0.notDuring = [QuietTime(days: .thursday, from: 10, until: 20)] }])
    stage.run(.seconds(60))
    #expect(stage.killed.isEmpty)
    #expect(stage.outcomes == [.abandoned])
    stage.run(.seconds(600))
    #expect(stage.killed == [500])
    #expect(stage.outcomes == [.abandoned, .exited])
  }

  @Test("A reload with another not_during or time zone keeps lasting, and its end is said anew (S7)")
  func reload() {
    var stage = Stage()
    stage.spawn(500)
    let rule = Stage.rule(lasting: .seconds(300), every: .seconds(30)) { $0.notDuring = [QuietTime()] }
    stage.begin([rule])
    stage.run(.seconds(400))
    #expect(stage.reports(.waiting).map(\.detail) == ["it covers the whole week"])
    var other = rule
    other.notDuring = [QuietTime(days: .thursday, from: 0, until: 15)]
    #expect(other.keepsState(of: rule))
    stage.send(.configured(Stage.configuration([other])))
    stage.run(.seconds(40))
    #expect(stage.reports(.waiting).last?.opens == Opening(at: Stage.epoch + 900, offset: 0))
    stage.send(.configured(Stage.configuration([other]) { $0.timeZone = TimeZoneRules(name: "x", first: -60) }))
    stage.run(.seconds(40))
    #expect(stage.reports(.waiting).last?.opens == Opening(at: Stage.epoch + 960, offset: -60))
    #expect(stage.killed.isEmpty)
    other.notDuring = []
    stage.send(.configured(Stage.configuration([other])))
    stage.run(.seconds(40))
    #expect(stage.killed == [500])
  }

  @Test("Wall time that is slewed does not make looks chase the end")
  func slewed() {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule { $0.notDuring = [tenMinutes] }])
    stage.run(.seconds(100))
    // 500 ppm slower, as adjtime does: the end comes later than each look thinks.
    for _ in 0..<700 {
      stage.wallStep -= 500_000
      stage.run(.seconds(1))
    }
    #expect(stage.killed == [500])
    #expect(stage.looks(.check).count < 20)
    #expect((stage.terminates.first?.at ?? 0) > 600)
  }
}
