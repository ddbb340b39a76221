import Testing

@testable import GuestWatchCore

@Suite("Groups by owner")
struct GroupTests {
  @Test("Owners are told apart by their bytes: two that look alike are two groups")
  func canonical() {
    var stage = Stage()
    stage.spawn(500, owner: "caf\u{e9}")
    stage.spawn(501, owner: "cafe\u{301}")
    stage.begin([Stage.rule(limits: .bounded(maxAge: nil, maxInstances: MaxInstances(count: 1)))])
    stage.run(.seconds(120))
    #expect(stage.killed.isEmpty)
  }

  @Test("Processes whose owner is unknown are not one owner's")
  func unknownOwners() {
    var stage = Stage()
    stage.spawn(500, owner: "")
    stage.spawn(501, owner: "")
    stage.begin([Stage.rule(limits: .bounded(maxAge: nil, maxInstances: MaxInstances(count: 1)))])
    stage.run(.seconds(120))
    #expect(stage.killed.isEmpty)
  }
}
