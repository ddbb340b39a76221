import OrderedCollections
import Testing

@testable import GuestWatchCore

@Suite("A login whose token cannot be read")
struct CredentialTests {
  private static let fault = Fault(.noCredential, code: "UnreadableToken", detail: "the secret file is empty")

  /// Every survey until then finds no token.
  private func unreadable(until second: Int64) -> (Effect, inout Stage) -> [(Duration, Event)]? {
    { effect, stage in
      guard case .survey(let op, _, _, _, _) = effect, stage.second < second else { return nil }
      let unsent = Timing(firstByte: nil, ended: stage.now)
      return [(.zero, .surveyed(op, unsent, .failure(CredentialTests.fault)))]
    }
  }

  @Test("It is said once, and once when it can be read again; no login is stopped for it, and then the kill comes")
  func saidOnce() {
    var stage = Stage()
    stage.begin([Stage.rule()])
    stage.intercept = unreadable(until: stage.second + 600)
    stage.run(.seconds(599))
    #expect(stage.reports(.loginUnreadable).map(\.fault) == [Self.fault])
    #expect(stage.reports(.loginReadable).isEmpty)
    #expect(stage.surveys > 8, "the back-off goes on")
    stage.spawn(500)
    stage.run(.seconds(300))
    #expect(stage.reports(.loginReadable).count == 1)
    #expect(stage.reports(.loginUnreadable).count == 1)
    #expect(stage.reports(.loginStopped).isEmpty && stage.reports(.loginQuarantined).isEmpty)
    let doubts = stage.watch.logins.accounts.values.flatMap { $0.credentials.values.map(\.doubts) }
    #expect(doubts == [0], "nothing counts against the account")
    #expect(stage.killed == [500])
  }

  @Test("A terminate without a token was never sent: the row says so, and it is tried again")
  func terminate() {
    var stage = Stage()
    stage.begin([Stage.rule()])
    stage.spawn(500)
    var tries = 0
    stage.intercept = { effect, stage in
      guard case .terminate(let op, _, _, _, _, _, _, _) = effect else { return nil }
      tries += 1
      if tries > 1 { return nil }
      return [(.zero, .terminated(op, Timing(firstByte: nil, ended: stage.now), .notSent(CredentialTests.fault)))]
    }
    stage.run(.seconds(300))
    #expect(stage.outcomes == [.abandoned, .exited])
    #expect(stage.reports(.loginUnreadable).count == 1 && stage.reports(.loginReadable).count == 1)
  }
}
