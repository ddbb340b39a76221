/// How long the guest agent gives a process to end (vsphere-api.md, 8.3).
public struct GuestTiming: Hashable, Sendable {
  /// From SIGTERM to SIGKILL.
  public var grace: Duration
  /// From SIGKILL to giving up.
  public var patience: Duration
  /// Between two looks at whether it has ended.
  public var interval: Duration

  /// The agent's own: 5 s, 15 s, 100 ms.
  public static let real = GuestTiming(scale: 1)

  /// The agent's, each multiplied: 0.1 makes a demo or a test ten times as fast.
  public init(scale: Double) {
    grace = .seconds(5) * scale
    patience = .seconds(15) * scale
    // Below a millisecond the looks would only burn CPU.
    interval = max(.milliseconds(1), .milliseconds(100) * scale)
  }
}
