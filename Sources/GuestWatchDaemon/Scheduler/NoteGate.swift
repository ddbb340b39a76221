import Synchronization

/// What makes a guest operation wait for the notes on logins that were given before it (S10).
///
/// Before a login is used that may be refused, that use is noted, so that no chain of crashes can guess on. It leaves only
/// when the ledger was asked to write that note. A disk that refuses holds nothing up: the note waits for its next try, and
/// this life knows what it says all the same.
final class NoteGate: Sendable {
  private struct State {
    /// Notes that were handed to the ledger, and of how many it is done with a try.
    var given = 0
    var tried = 0
    var isOpen = false
    var waiting: [(number: Int, whoever: CheckedContinuation<Void, Never>)] = []
  }
  private let state = Mutex(State())

  /// The last note that was given and not tried yet; nil: there is none.
  var last: Int? { state.withLock { !$0.isOpen && $0.given > $0.tried ? $0.given : nil } }

  func given() { state.withLock { $0.given += 1 } }

  /// The ledger is done with its next note.
  func tried() {
    release { $0.tried += 1 }
  }

  /// No more notes are written: nobody waits any longer.
  func open() {
    release { $0.isOpen = true }
  }

  /// Returns when the ledger is done with that note.
  func pass(_ number: Int?) async {
    guard let number else { return }
    await withCheckedContinuation { whoever in
      let isFree = state.withLock { state in
        if state.isOpen || state.tried >= number { return true }
        state.waiting.append((number, whoever))
        return false
      }
      if isFree { whoever.resume() }
    }
  }

  private func release(_ change: (inout State) -> Void) {
    let free = state.withLock { state in
      change(&state)
      let free = state.waiting.filter { state.isOpen || $0.number <= state.tried }
      state.waiting.removeAll { state.isOpen || $0.number <= state.tried }
      return free
    }
    for one in free { one.whoever.resume() }
  }
}
