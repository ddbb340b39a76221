/// The decision: a pure state machine. Everything that happens is an event, everything to be done is an effect.
///
/// It holds all of the state that decisions depend on, never throws, never awaits, reads no clock. The same seed and
/// events give the same effects, bit for bit.
public struct Watch: Sendable {
  public init() {}

  /// Takes one event in and says what is to be done now.
  public mutating func handle(_ event: Event, at now: Now) -> [Effect] {
    []
  }
}
