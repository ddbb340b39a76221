/// A promise of design.md section 4 that was broken.
public struct Violation: Error, Hashable, Sendable, CustomStringConvertible {
  /// S1 to S10, L1, L2, or "contract" for what Effect.swift and Event.swift demand.
  public var invariant: String
  public var what: String

  public init(_ invariant: String, _ what: String) {
    self.invariant = invariant
    self.what = what
  }

  /// L1 and L2, and a daemon that stands still; the rest is safety.
  public var isLiveness: Bool { invariant.hasPrefix("L") }

  public var description: String { "\(invariant): \(what)" }
}
