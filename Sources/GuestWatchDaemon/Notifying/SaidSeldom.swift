import GuestWatchCore

/// Counts what happens too often to be said each time: so many times in ten minutes it is said, the rest is counted and told
/// with the next one that is said.
struct SaidSeldom {
  static let window = Duration.seconds(600)

  /// How often it is said in a window: 1 or more.
  let most: Int
  private var opened: Instant?
  private var saidInWindow = 0
  /// What happened and was not said.
  private(set) var unsaid = 0

  init(most: Int) { self.most = most }

  /// It happened. How often since it was last said, this time counted, where it is to be said now; else nil.
  mutating func happened(at now: Instant) -> Int? {
    unsaid += 1
    return due(at: now)
  }

  /// The same where nothing happened: what was only counted is due when its window is over.
  mutating func due(at now: Instant) -> Int? {
    if let start = opened, start + Self.window <= now { opened = nil }
    guard unsaid > 0 else { return nil }
    if opened == nil {
      opened = now
      saidInWindow = 0
    }
    guard saidInWindow < most else { return nil }
    saidInWindow += 1
    return rest()
  }

  /// What was not said yet, at the end.
  mutating func rest() -> Int {
    defer { unsaid = 0 }
    return unsaid
  }
}
