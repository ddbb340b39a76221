import GuestWatchCore

/// How long calls took, counted in buckets. The bounds never change: figures of two versions or vCenters can be added up.
struct Latencies: Hashable, Sendable {
  /// The longest that a call of each bucket took. A look at a guest takes some 50 ms, a terminate up to 20 s (the guest's agent
  /// waits 5 s after SIGTERM and 15 s after SIGKILL), a call is given up after 30 s, a terminate after 60.
  static let bounds: [Duration] = [
    .milliseconds(25), .milliseconds(50), .milliseconds(100), .milliseconds(250), .milliseconds(500), .seconds(1),
    .milliseconds(2500), .seconds(5), .seconds(10), .seconds(20), .seconds(30), .seconds(60),
  ]

  /// How many are in each bucket and in none before it; the last one is for those beyond all bounds.
  private(set) var counts = [Int](repeating: 0, count: Latencies.bounds.count + 1)
  private(set) var sum = Duration.zero

  mutating func add(_ duration: Duration) {
    let duration = max(duration, .zero)
    counts[Latencies.bounds.firstIndex { duration <= $0 } ?? Latencies.bounds.count] += 1
    sum += duration
  }
}
