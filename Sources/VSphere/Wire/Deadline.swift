import GuestWatchCore
import Synchronization

/// What is noted of one operation while it runs, from whichever thread it is on.
final class Trace: Sendable {
  private let noted = Mutex<(firstByte: Now?, date: Int64?)>((nil, nil))

  /// The moment right before the first byte leaves; a replay replaces it.
  func leaves(_ now: Now) { noted.withLock { $0.firstByte = now } }

  /// The `Date` header of the last answer, seconds since 1970.
  func dated(_ date: Int64?) { if let date { noted.withLock { $0.date = date } } }

  func timing(ended: Now) -> Timing {
    let (firstByte, date) = noted.withLock { $0 }
    return Timing(firstByte: firstByte, ended: ended, date: date)
  }
}

/// Runs a whole call against its deadline, body and all: the HTTP library's own deadlines end with the head of the
/// answer, so that a server that drips its body holds a call for ever.
///
/// Returns nil when the deadline (on the continuous clock) came first or the caller was cancelled; the call is then
/// cancelled, which closes its connection.
func within<Answer: Sendable>(
  _ deadline: Instant, on clock: @Sendable () -> Now, _ call: @escaping @Sendable () async -> Answer
) async -> Answer? {
  let left = deadline - clock().continuous
  guard left > .zero, !Task.isCancelled else { return nil }
  return await withTaskGroup(of: Answer?.self) { group in
    group.addTask { await call() }
    group.addTask {
      try? await Task.sleep(for: min(left, longestCall), clock: .continuous)
      return nil
    }
    let first = await group.next()
    group.cancelAll()
    return first ?? nil
  }
}

/// Far above every deadline of ours (60 s), and low enough that no timer overflows where `by` is the end of time.
let longestCall: Duration = .seconds(3600)

/// No answer within the deadline.
let deadlinePassed = Fault(.unanswered, code: "deadline", detail: "no whole answer before the deadline of the call")
