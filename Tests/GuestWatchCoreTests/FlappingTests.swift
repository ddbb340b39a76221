import Testing

@testable import GuestWatchCore

@Suite("A vCenter that comes and goes")
struct FlappingTests {
  private static let unreachable = Fault(.unreachable, code: "ECONNRESET")

  /// A vCenter whose inventory works while every guest call breaks the connection.
  private func unsteady() -> Stage {
    var stage = Stage()
    stage.intercept = { effect, stage in
      guard case .survey(let op, _, _, _, _) = effect else { return nil }
      return [(.milliseconds(50), .surveyed(op, stage.timing(), .failure(Self.unreachable)))]
    }
    stage.begin([Stage.rule()])
    return stage
  }

  @Test("It is said to be down once in ten minutes, and up as often")
  func flapping() {
    var stage = unsteady()
    stage.run(.seconds(3600))
    #expect(stage.surveys > 50)
    #expect((5...7).contains(stage.reports(.vcenterDown).count))
    // Once more: when it answered first.
    #expect(stage.reports(.vcenterUp).count == stage.reports(.vcenterDown).count + 1)
  }

  @Test("It is said all the same where it stays down")
  func staysDown() {
    var stage = unsteady()
    stage.run(.seconds(100))
    #expect(stage.reports(.vcenterDown).count == 1)
    stage.intercept = { effect, stage in
      guard case .refresh(let op, _, _, _) = effect else { return nil }
      return [(.milliseconds(50), .inventory(op, stage.timing(), .failure(Self.unreachable)))]
    }
    stage.run(.seconds(300))
    #expect(stage.reports(.vcenterDown).count == 2)
    let told = stage.reports(.vcenterUp).count
    stage.intercept = { _, _ in nil }
    stage.run(.seconds(70))
    #expect(stage.reports(.vcenterUp).count == told + 1)
  }

  @Test("Another fault is said at once")
  func anotherFault() {
    var stage = unsteady()
    stage.run(.seconds(100))
    stage.intercept = { effect, stage in
      guard case .refresh(let op, _, _, _) = effect else { return nil }
      return [(.milliseconds(50), .inventory(op, stage.timing(), .failure(Fault(.untrusted, code: "expired"))))]
    }
    stage.run(.seconds(130))
    #expect(stage.reports(.vcenterDown).map { $0.fault?.kind } == [.unreachable, .untrusted])
  }
}
