import Testing

@testable import GuestWatchCore

@Suite("Trap") struct TrapTests {
  @Test("41a a start in year 1 or 9999 is a doubt, not a crash", arguments: [-62_135_596_800, 253_402_300_799])
  func year(started: Int64) {
    var stage = Stage()
    stage.begin([Stage.rule()])
    stage.run(.seconds(30))
    stage.spawn(500, "other", started: started)
    stage.run(.seconds(60))
    #expect(stage.reports(.startsDoubted).count == 1)
  }
  @Test("41b all starts in year 1")
  func allStarts() {
    var stage = Stage()
    for i in stage.guest.indices { stage.guest[i].started = -62_135_596_800 }
    stage.begin([Stage.rule()])
    stage.run(.seconds(60))
    #expect(stage.surveys > 2)
  }
}
