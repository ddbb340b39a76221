import GuestWatchCore
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
    var waiting: [(number: Int, op: OpID, whoever: CheckedContinuation<Bool, Never>)] = []
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

  /// Returns when the ledger is done with that note; false where the operation was given up before.
  func pass(_ number: Int?, for op: OpID) async -> Bool {
    guard let number else { return true }
    return await withCheckedContinuation { whoever in
      let isFree = state.withLock { state in
        if state.isOpen || state.tried >= number { return true }
        state.waiting.append((number, op, whoever))
        return false
      }
      if isFree { whoever.resume(returning: true) }
    }
  }

  /// The operation's deadline has come. Returns false where it does not wait here.
  func giveUp(_ op: OpID) -> Bool {
    let waiting = state.withLock { state in
      state.waiting.firstIndex { $0.op == op }.map { state.waiting.remove(at: $0) }
    }
    waiting?.whoever.resume(returning: false)
    return waiting != nil
  }

  private func release(_ change: (inout State) -> Void) {
    let free = state.withLock { state in
      change(&state)
      let free = state.waiting.filter { state.isOpen || $0.number <= state.tried }
      state.waiting.removeAll { state.isOpen || $0.number <= state.tried }
      return free
    }
    for one in free { one.whoever.resume(returning: true) }
  }
}
