/// Why the metrics are not as they should be in their file.
public struct MetricsFailure: Error, Hashable, Sendable {
  /// What, where, why and what to do.
  public var message: String
  public init(_ message: String) { self.message = message }
}

/// Where the metrics are put. No call waits for a disk; `done` is called when it is over, from any thread. What is asked for one
/// path is done in that order.
public protocol MetricsFile: Sendable {
  /// Takes the place of what is there, all at once.
  func put(
    _ picture: MetricsPicture, at path: String, done: @escaping @Sendable (Result<Void, MetricsFailure>) -> Void)
  /// Takes it away; one that is not there is no failure.
  func remove(_ path: String, done: @escaping @Sendable (Result<Void, MetricsFailure>) -> Void)
}
