public import GuestWatchCore

/// What the scheduler asks of the decision. `Watch` is the one that decides in production; tests script their own.
public protocol Deciding: Sendable {
  /// Takes one event in and says what is to be done now, in order.
  mutating func handle(_ event: Event, at now: Now) -> [Effect]
  /// What an operator may ask; changes nothing.
  func overview(at now: Now) -> Overview
  /// The numbers of it alone, which are asked for often.
  func figures(at now: Now) -> Figures
  /// The gates that operators closed.
  var pausesInForce: [Pause] { get }
}

extension Watch: Deciding {}
