import Synchronization

/// Holds answers of a server back until a test opens it. It blocks no thread: the servers and clients of all tests share
/// a few event loops, and one that stood still would make the connections of other tests time out.
final class Gate: Sendable {
  private let state = Mutex<(open: Bool, held: [@Sendable () -> Void])>((false, []))

  /// Runs `work` once the gate is open.
  func pass(_ work: @escaping @Sendable () -> Void) {
    let open = state.withLock { state in
      if !state.open { state.held.append(work) }
      return state.open
    }
    if open { work() }
  }

  func open() {
    let held = state.withLock { state in
      state.open = true
      defer { state.held = [] }
      return state.held
    }
    for work in held { work() }
  }

  /// Something that a test switches on once.
  final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
  }
}
