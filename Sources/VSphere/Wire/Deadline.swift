import GuestWatchCore
import Synchronization

/// What is noted of one operation while it runs, from whichever thread it is on.
final class Trace: Sendable {
  private let noted = Mutex<(firstByte: Now?, date: HeardDate?, token: String?)>((nil, nil, nil))

  /// A session token that came with the head of the last answer.
  var token: String? { noted.withLock { $0.token } }

  /// The moment right before the first byte leaves; a replay replaces it.
  func leaves(_ now: Now) { noted.withLock { $0.firstByte = now } }

  /// That of the last answer that had one.
  func dated(_ date: HeardDate?) { if let date { noted.withLock { $0.date = date } } }

  func answers(with token: String?) { noted.withLock { $0.token = token } }

  func timing(ended: Now) -> Timing {
    let (firstByte, date, _) = noted.withLock { $0 }
    return Timing(firstByte: firstByte, ended: ended, date: date?.aged(to: ended))
  }
}

/// Runs a whole call against its deadline, body and all: the HTTP library's own deadlines end with the head of the
/// answer, so that a server that drips its body holds a call for ever.
///
/// Returns nil when the deadline (on the continuous clock) came first or the caller was cancelled; the call is then
/// cancelled, which closes its connection.
func within<Answer: Sendable>(
  _ deadline: Instant, on clock: CallClock, _ call: @escaping @Sendable () async -> Answer
) async -> Answer? {
  guard deadline > clock().continuous, !Task.isCancelled else { return nil }
  return await withTaskGroup(of: Answer?.self) { group in
    group.addTask { await call() }
    group.addTask {
      _ = await clock.slept(until: deadline)
      return nil
    }
    let first = await group.next()
    group.cancelAll()
    return first ?? nil
  }
}

/// No answer within the deadline.
let deadlinePassed = Fault(.unanswered, code: "deadline", detail: "no whole answer before the deadline of the call")
