/// A point on the continuous clock, in nanoseconds: it runs through suspend and never steps.
///
/// The zero is arbitrary (on Linux the boot). Points restored from the ledger may lie before it and are negative.
public struct Instant: Hashable, Comparable, Sendable {
  /// Nanoseconds since the clock's zero.
  public var nanoseconds: Int64

  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// The end of time: nothing that happens is later.
  public static let never = Instant(nanoseconds: .max)

  public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

  /// The point `b` later than `a`; `never` where that cannot be represented.
  public static func + (a: Instant, b: Duration) -> Instant {
    let (sum, overflow) = a.nanoseconds.addingReportingOverflow(b.nanoseconds)
    return overflow ? .never : Instant(nanoseconds: sum)
  }

  /// The point `b` earlier than `a`.
  public static func - (a: Instant, b: Duration) -> Instant {
    let (difference, overflow) = a.nanoseconds.subtractingReportingOverflow(b.nanoseconds)
    return overflow ? Instant(nanoseconds: .min) : Instant(nanoseconds: difference)
  }

  /// The time from `b` to `a`; negative where `a` is earlier.
  public static func - (a: Instant, b: Instant) -> Duration {
    .nanoseconds(a.nanoseconds.subtractingReportingOverflow(b.nanoseconds).partialValue)
  }
}

/// Both clocks, read at one moment.
public struct Now: Hashable, Sendable {
  /// What deadlines, `lasting` and budget windows run on.
  public var continuous: Instant
  /// Wall time, nanoseconds since 1970 in UTC. Only for `now - started`, `not_during` and text.
  public var wall: Int64

  public init(continuous: Instant, wall: Int64) {
    self.continuous = continuous
    self.wall = wall
  }
}

/// Seconds since 1970 from outside, kept within the years 1684 to 2255, so that no figure of a guest's or a vCenter's can
/// overflow what is computed from it in nanoseconds. Both ends are far from any time that could be true.
func plausible(_ seconds: Int64) -> Int64 { min(max(seconds, -8_999_999_999), 8_999_999_999) }

extension Duration {
  /// The duration in whole nanoseconds, cut off at the ends of `Int64` (292 years).
  public var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, carried) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
    if carried { return seconds < 0 ? .min : .max }
    return sum
  }

  /// The duration in whole seconds, rounded towards zero.
  public var wholeSeconds: Int64 { components.seconds }
}
