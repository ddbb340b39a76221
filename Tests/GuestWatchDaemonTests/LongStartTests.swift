import Dispatch
import Synchronization
import Testing

@testable import GuestWatchDaemon

@Suite("A start that takes long") struct LongStartTests {
  /// Counts what was told; whoever waits goes on with each word.
  private final class Manager: Sendable {
    let told = Mutex<[Duration]>([])
    let word = DispatchSemaphore(value: 0)

    func tell(_ grant: Duration) {
      told.withLock { $0.append(grant) }
      word.signal()
    }
  }

  /// Too short to wait for, and long enough for the words to come one by one.
  private let pace = LongStart.Pace(
    first: .milliseconds(1), every: .milliseconds(1), grant: .seconds(60), limit: .seconds(3600))

  @Test("It is told again and again until it is over, and not after that")
  func again() {
    let manager = Manager()
    let start = LongStart(pace: pace) { manager.tell($0) }
    for _ in 1...5 { manager.word.wait() }
    start.end()
    // One that is being said just then may follow, and those that were not counted here yet.
    let rest = (1...1000).first { _ in manager.word.wait(timeout: .now() + .milliseconds(200)) == .timedOut }
    #expect(rest != nil)
    #expect(manager.told.withLock { $0 }.allSatisfy { $0 == .seconds(60) })
  }

  @Test("One that is over soon is not spoken of")
  func soon() {
    let manager = Manager()
    var pace = pace
    pace.first = .seconds(3600)
    LongStart(pace: pace) { manager.tell($0) }.end()
    #expect(manager.word.wait(timeout: .now() + .milliseconds(100)) == .timedOut)
  }

  @Test("One that never ends is not spoken of for ever")
  func never() {
    let manager = Manager()
    var pace = pace
    pace.limit = .milliseconds(5)
    let start = LongStart(pace: pace) { manager.tell($0) }
    for _ in 1...5 { manager.word.wait() }
    #expect(manager.word.wait(timeout: .now() + .milliseconds(100)) == .timedOut)
    start.end()
  }

  @Test("A service manager is told in good time, and may end a start that hangs")
  func defaults() {
    let pace = LongStart.Pace()
    // systemd waits 90 s by default, and units may say less.
    #expect(pace.first + pace.every < .seconds(15) && pace.grant > pace.every * 3)
    #expect(pace.limit > .seconds(600))
  }
}
