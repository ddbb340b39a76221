import Glibc
public import VCenterModel

/// The clocks of the simulator.
public struct Clocks: Sendable {
  /// Both of the model's clocks, read at once.
  public var now: @Sendable () -> ModelTime
  /// What waits.
  public var sleeping: any Clock<Duration>

  public init(now: @escaping @Sendable () -> ModelTime, sleeping: any Clock<Duration>) {
    self.now = now
    self.sleeping = sleeping
  }

  /// This machine's.
  public static let machine = Clocks(
    now: {
      var monotonic = timespec()
      clock_gettime(CLOCK_BOOTTIME, &monotonic)
      let continuous = Int64(monotonic.tv_sec) * 1_000_000_000 + Int64(monotonic.tv_nsec)
      return ModelTime(continuous: continuous, wall: WallTime.now().nanoseconds)
    }, sleeping: ContinuousClock())

  var wall: WallTime { WallTime(nanoseconds: now().wall) }
}
