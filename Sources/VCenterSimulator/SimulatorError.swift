/// Why the simulator cannot do what a scenario, a test or a demo asks of it: one sentence for people.
public struct SimulatorError: Error, Hashable, Sendable, CustomStringConvertible {
  public var description: String

  public init(_ description: String) { self.description = description }
}
