public import GuestWatchCore

/// A client's only source of time: what it decides and notes reads this clock, and its deadlines sleep on it. (What the
/// network itself takes is measured by the libraries: `Wire.connectTimeout`, and how long a connection may idle.)
public struct CallClock: Sendable {
  /// Both clocks at this moment.
  let now: @Sendable () -> Now
  /// Returns when the continuous clock has reached the moment; throws as soon as the task is cancelled.
  let sleep: @Sendable (_ until: Instant) async throws -> Void

  public init(
    now: @escaping @Sendable () -> Now, sleep: @escaping @Sendable (_ until: Instant) async throws -> Void
  ) {
    self.now = now
    self.sleep = sleep
  }

  func callAsFunction() -> Now { now() }

  /// False where the task was cancelled meanwhile.
  func slept(until end: Instant) async -> Bool { (try? await sleep(end)) != nil }
}
