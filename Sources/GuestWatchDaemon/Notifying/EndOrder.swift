import GuestWatchCore
import Synchronization

/// The order to come to an end, which is given once: until when what is under way may go on.
final class EndOrder: Sendable {
  private struct State {
    var until: Instant?
    var waiting: [Int: AsyncStream<Never>.Continuation] = [:]
    var next = 0
  }
  private let state = Mutex(State())

  /// Nil: not ordered.
  var until: Instant? { state.withLock { $0.until } }

  func order(until: Instant) {
    let waiting = state.withLock { state in
      if state.until == nil { state.until = until }
      defer { state.waiting = [:] }
      return state.waiting.values
    }
    for box in waiting { box.finish() }
  }

  /// Waits for the order; nil where the task was cancelled before it came.
  func ordered() async -> Instant? {
    let (stream, box) = AsyncStream<Never>.makeStream()
    let number: Int? = state.withLock { state in
      guard state.until == nil else { return nil }
      state.next += 1
      state.waiting[state.next] = box
      return state.next
    }
    guard let number else { return until }
    for await _ in stream {}
    state.withLock { _ = $0.waiting.removeValue(forKey: number) }
    return until
  }
}
