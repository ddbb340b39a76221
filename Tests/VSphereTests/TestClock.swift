import GuestWatchCore
import Synchronization

@testable import VSphere

/// A clock that stands still until the test moves it: however slow the machine is, no deadline passes by itself.
final class TestClock: Sendable {
  private struct Sleeper {
    var id: Int
    var deadline: Instant
    var continuation: CheckedContinuation<Void, any Error>
  }
  private struct State {
    var now = Now(
      continuous: Instant(nanoseconds: 1_000_000_000_000), wall: 1_700_000_000_000_000_000)
    var sleepers: [Sleeper] = []
    var cancelled: Set<Int> = []
    var next = 0
  }
  private let state = Mutex(State())

  var now: Now { state.withLock { $0.now } }

  /// What a client is given.
  var forCalls: CallClock { CallClock(now: { self.now }, sleep: { try await self.sleep(until: $0) }) }

  /// So far from now.
  func after(_ duration: Duration) -> Instant { now.continuous + duration }

  /// Whether a call sleeps until this moment.
  func isAwaited(_ deadline: Instant) -> Bool {
    state.withLock { $0.sleepers.contains { $0.deadline == deadline } }
  }

  /// Time passes on both clocks, and whoever slept until then wakes.
  func add(_ duration: Duration) {
    jump(duration)
    let woken = state.withLock { state in
      let now = state.now.continuous
      let woken = state.sleepers.filter { $0.deadline <= now }
      state.sleepers.removeAll { $0.deadline <= now }
      return woken
    }
    for sleeper in woken { sleeper.continuation.resume() }
  }

  /// Time passes on both clocks and nobody wakes, as when timers come late.
  func jump(_ duration: Duration) {
    state.withLock { state in
      state.now = Now(continuous: state.now.continuous + duration, wall: state.now.wall + duration.nanoseconds)
    }
  }

  /// Only the wall clock steps.
  func step(_ duration: Duration) {
    state.withLock { state in
      state.now = Now(continuous: state.now.continuous, wall: state.now.wall + duration.nanoseconds)
    }
  }

  private func sleep(until deadline: Instant) async throws {
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let outcome: Result<Void, any Error>? = state.withLock { state in
          if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
          if deadline <= state.now.continuous { return .success(()) }
          state.sleepers.append(Sleeper(id: id, deadline: deadline, continuation: continuation))
          return nil
        }
        if let outcome { continuation.resume(with: outcome) }
      }
    } onCancel: {
      let sleeper = state.withLock { state -> Sleeper? in
        guard let place = state.sleepers.firstIndex(where: { $0.id == id }) else {
          state.cancelled.insert(id)
          return nil
        }
        return state.sleepers.remove(at: place)
      }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
  }
}
