import DequeModule
import GuestWatchCore

/// Answers to logins (S10) on their way to the ledger, in the order in which the decision gave them.
///
/// One that could not be written waits for its next try, and those behind it wait with it: a later answer may take an
/// earlier one back. Each is an absolute value, so one whose success was hidden by a failure may come again.
struct NoteQueue {
  /// A guest that refuses is not asked again, so a fleet of that size must have refused while the disk was full. 1,000
  /// are some 200 KB.
  static let cap = 1_000
  /// So many are written before a step, no more: at 10 ms each (a slow disk) an intent still meets the 5 s between its
  /// confirm and the first byte of its terminate.
  static let mostAtOnce = 100

  private var waiting: Deque<(note: LoginNote, now: Now)> = []
  private var saidFull = false

  var isEmpty: Bool { waiting.isEmpty }
  var count: Int { waiting.count }

  /// Puts a note behind all that wait. Returns true where the oldest had to go for it, the first time since the queue
  /// was empty: then a later life may try a login that was refused.
  mutating func put(_ note: LoginNote, _ now: Now) -> Bool {
    waiting.append((note, now))
    guard waiting.count > Self.cap else { return false }
    // The newest counts for more: of one vCenter it holds all refusals in a row.
    waiting.removeFirst()
    defer { saidFull = true }
    return !saidFull
  }

  /// Writes the oldest, until one fails or there is something else to do.
  mutating func write(to ledger: any KillLedger, atMost limit: Int = mostAtOnce) async -> Result<Void, LedgerFailure> {
    for _ in 0..<limit {
      guard let first = waiting.first else { break }
      let result = await ledger.note(first.note, now: first.now)
      guard (try? result.get()) != nil else { return result }
      waiting.removeFirst()
    }
    if waiting.isEmpty { saidFull = false }
    return .success(())
  }
}
