import Glibc
public import GuestWatchCore
import VSphere

/// Where the scheduler gets its time from.
public protocol DaemonClock: Sendable {
  /// Both clocks at this moment.
  func now() -> Now
  /// Returns when the continuous clock has reached `deadline`; throws `CancellationError` as soon as the task is
  /// cancelled.
  func sleep(until deadline: Instant) async throws
}

/// The machine's clocks: CLOCK_BOOTTIME, which counts suspend and never steps, and CLOCK_REALTIME.
public struct SystemClock: DaemonClock {
  public init() {}

  public func now() -> Now {
    Now(continuous: Instant(nanoseconds: Self.read(CLOCK_BOOTTIME)), wall: Self.read(CLOCK_REALTIME))
  }

  public func sleep(until deadline: Instant) async throws {
    // A day at a time: the runtime's timers need not represent "never". `ContinuousClock` is CLOCK_BOOTTIME on Linux,
    // but its zero is not promised, so only durations cross over.
    while true {
      let left = deadline - now().continuous
      if left <= .zero { return }
      try await Task.sleep(for: min(left, Duration.seconds(86_400)), clock: .continuous)
    }
  }

  private static func read(_ id: clockid_t) -> Int64 {
    var time = timespec()
    // Cannot fail: both clocks exist since Linux 2.6.39 and the pointer is valid.
    clock_gettime(id, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

extension CallClock {
  /// The client's view of the daemon's clock.
  init(_ clock: any DaemonClock) {
    self.init(now: { clock.now() }, sleep: { try await clock.sleep(until: $0) })
  }
}
