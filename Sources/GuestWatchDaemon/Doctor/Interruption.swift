import Synchronization
import UnixSignals

/// SIGTERM, SIGINT and SIGHUP while a session is open: the work at hand is cut short, and the session is closed.
public final class Interruption: Sendable {
  private let state = Mutex<(hasCome: Bool, cut: (@Sendable () -> Void)?)>((false, nil))

  public init() {}

  /// It came.
  public var hasCome: Bool { state.withLock { $0.hasCome } }

  /// That work is cut where it comes, or has come.
  func cuts<Value: Sendable>(_ work: Task<Value, Never>) {
    let hasCome = state.withLock { state in
      state.cut = { work.cancel() }
      return state.hasCome
    }
    if hasCome { work.cancel() }
  }

  func come() {
    let cut = state.withLock { state in
      state.hasCome = true
      return state.cut
    }
    cut?()
  }

  /// Does something, and listens for signals meanwhile.
  public func during<Value: Sendable>(_ work: @Sendable () async -> Value) async -> Value {
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
    let listening = Task { for await _ in signals { come() } }
    let value = await work()
    listening.cancel()
    return value
  }
}
