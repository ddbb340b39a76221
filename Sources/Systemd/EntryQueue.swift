import Dispatch
import Synchronization

/// The bounded queue between those who say something and the one thread that may be blocked by journald.
///
/// Pushing never waits. What does not fit is dropped and counted.
final class EntryQueue: Sendable {
  enum Item {
    case entry(JournalEntry)
    /// Everything pushed before has been sent: say so here.
    case mark(DispatchSemaphore)
    case end
  }

  private struct State {
    var items: [Item] = []
    /// Entries among `items`.
    var entries = 0
    /// Dropped and not yet said.
    var unsaid: UInt64 = 0
  }

  /// The most entries that wait.
  let capacity: Int
  /// Of those, how many are kept free of `info`, so that a burst of small talk never pushes out the news of a kill.
  let reserved: Int
  private let state = Mutex(State())
  /// Counts `items`.
  private let available = DispatchSemaphore(value: 0)

  init(capacity: Int, reserved: Int) {
    self.capacity = capacity
    self.reserved = reserved
  }

  func push(_ entry: JournalEntry) {
    let room = entry.priority == .info ? capacity - reserved : capacity
    let taken = state.withLock { state in
      guard state.entries < room else {
        state.unsaid += 1
        return false
      }
      state.items.append(.entry(entry))
      state.entries += 1
      return true
    }
    if taken { available.signal() }
  }

  func push(mark: DispatchSemaphore) {
    state.withLock { $0.items.append(.mark(mark)) }
    available.signal()
  }

  func end() {
    state.withLock { $0.items.append(.end) }
    available.signal()
  }

  /// The oldest item; waits for one.
  func pop() -> Item {
    available.wait()
    return state.withLock { state in
      // At most `capacity` and a few marks: moving them up is far cheaper than sending one.
      let item = state.items.removeFirst()
      if case .entry = item { state.entries -= 1 }
      return item
    }
  }

  /// How many were dropped since the last call, once half of the queue is free again; else 0.
  func takeDropped() -> UInt64 {
    state.withLock { state in
      guard state.entries <= capacity / 2 else { return 0 }
      defer { state.unsaid = 0 }
      return state.unsaid
    }
  }

  /// Counts entries that were taken in and still could not be said.
  func noteDropped(_ count: UInt64) {
    state.withLock { $0.unsaid += count }
  }

  /// Entries that wait, and how many were dropped and not yet said.
  var backlog: (waiting: Int, dropped: UInt64) {
    state.withLock { ($0.entries, $0.unsaid) }
  }
}
