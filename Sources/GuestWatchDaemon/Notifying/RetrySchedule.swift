import GuestWatchCore

/// When something that could not be told is tried again: after 1, 2, 4, ... 256 s, and then not any more. That is long enough
/// for a receiver that is started anew, and short enough that what follows is not told an hour late.
struct RetrySchedule {
  /// Tries in all: some nine minutes.
  static let mostTries = 10
  /// A receiver may ask for more time, but not for more than this: others wait behind it.
  static let mostAsked = Duration.seconds(600)

  /// Tries that failed.
  private(set) var failed = 0

  /// A try failed. How long to wait before the next, nil: it was the last.
  ///
  /// - Parameters:
  ///   - asked: What the receiver asked for (`Retry-After`): never less, up to `mostAsked`.
  ///   - chance: Drawn, 0 to 1: spreads the tries of several daemons over 20 % around the time.
  mutating func wait(asked: Duration?, chance: Double) -> Duration? {
    failed += 1
    guard failed < Self.mostTries else { return nil }
    let milliseconds = Double(Int64(1) << (failed - 1)) * 1000 * (0.8 + 0.4 * min(max(chance, 0), 1))
    let own = Duration.milliseconds(Int64(milliseconds))
    return max(own, min(asked ?? .zero, Self.mostAsked))
  }
}
