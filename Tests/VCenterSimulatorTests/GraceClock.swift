import Synchronization
import VCenterModel

@testable import VCenterSimulator

/// A clock on which the waits between a guest agent's looks end when the test says so, in whatever real time; all other
/// waits are this machine's. For scenarios with a `killScale` of 1.
final class GraceClock: Clock {
  /// How often the agent waits before its SIGKILL: 5 s in steps of 100 ms.
  static let waitsBeforeKill = 50

  private struct State {
    var allowed = 0
    var open = false
    var next = 0
    var held: [(id: Int, continuation: CheckedContinuation<Void, any Error>)] = []
    var cancelled: Set<Int> = []
  }
  private let state = Mutex(State())

  var clocks: Clocks { Clocks(now: Clocks.machine.now, sleeping: self) }

  /// Whether the agent waits between two looks and may not go on.
  var holds: Bool { state.withLock { !$0.held.isEmpty } }

  /// Lets so many waits end at once, those of now and those to come.
  func allow(_ count: Int) {
    let released = state.withLock { state in
      let released = Array(state.held.prefix(count))
      state.held.removeFirst(released.count)
      state.allowed += count - released.count
      return released
    }
    for wait in released { wait.continuation.resume() }
  }

  /// Lets all waits end at once from now on.
  func open() {
    let released = state.withLock { state in
      state.open = true
      defer { state.held = [] }
      return state.held
    }
    for wait in released { wait.continuation.resume() }
  }

  /// A moment that remembers how far ahead it was asked for.
  struct Instant: InstantProtocol {
    var from: ContinuousClock.Instant
    var ahead: Duration = .zero
    private var moment: ContinuousClock.Instant { from.advanced(by: ahead) }
    func advanced(by duration: Duration) -> Instant { Instant(from: from, ahead: ahead + duration) }
    func duration(to other: Instant) -> Duration { moment.duration(to: other.moment) }
    static func < (first: Instant, second: Instant) -> Bool { first.moment < second.moment }
  }

  var now: Instant { Instant(from: ContinuousClock.now) }
  var minimumResolution: Duration { ContinuousClock().minimumResolution }

  func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    guard deadline.ahead == GuestTiming.real.interval else {
      return try await Task.sleep(for: deadline.ahead, clock: .continuous)
    }
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let outcome: Result<Void, any Error>? = state.withLock { state in
          if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
          if state.open { return .success(()) }
          if state.allowed > 0 {
            state.allowed -= 1
            return .success(())
          }
          state.held.append((id, continuation))
          return nil
        }
        if let outcome { continuation.resume(with: outcome) }
      }
    } onCancel: {
      let held = state.withLock { state -> CheckedContinuation<Void, any Error>? in
        guard let place = state.held.firstIndex(where: { $0.id == id }) else {
          state.cancelled.insert(id)
          return nil
        }
        return state.held.remove(at: place).continuation
      }
      held?.resume(throwing: CancellationError())
    }
  }
}
