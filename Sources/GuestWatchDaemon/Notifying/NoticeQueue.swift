import DequeModule

/// What waits to be told to one receiver, in the order in which it happened.
struct NoticeQueue {
  /// At some 2 KiB each half a MiB; more than any budget lets happen in a day, and what nobody took by then is in the ledger.
  static let cap = 256

  private var waiting: Deque<Notice> = []

  var count: Int { waiting.count }

  /// Puts a notice behind all that wait. False where the oldest had to go for it: the newest says more of how things are.
  mutating func put(_ notice: Notice) -> Bool {
    waiting.append(notice)
    guard waiting.count > Self.cap else { return true }
    waiting.removeFirst()
    return false
  }

  mutating func take() -> Notice? { waiting.popFirst() }

  /// Gives all up that wait, and says how many these were.
  mutating func giveUp() -> Int {
    defer { waiting = [] }
    return waiting.count
  }
}
