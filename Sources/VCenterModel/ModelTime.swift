/// A moment, as whoever drives the model reads its clocks. The model never reads one itself.
public struct ModelTime: Hashable, Sendable {
  /// Nanoseconds on a clock that never steps. Only differences matter.
  public var continuous: Int64
  /// Nanoseconds since 1970 in UTC: vCenter's own clock. It may step.
  public var wall: Int64

  public init(continuous: Int64, wall: Int64) {
    self.continuous = continuous
    self.wall = wall
  }

  /// The moment `nanoseconds` later, on both clocks.
  public func advanced(by nanoseconds: Int64) -> ModelTime {
    ModelTime(continuous: continuous + nanoseconds, wall: wall + nanoseconds)
  }
}

/// Nanoseconds of the units that this module counts in.
enum Span {
  static let second: Int64 = 1_000_000_000
  static let millisecond: Int64 = 1_000_000
}
