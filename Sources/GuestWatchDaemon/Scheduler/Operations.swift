import GuestWatchCore
import HeapModule

/// The operations that were asked for and are not back yet, and when each must be answered at the latest.
///
/// Each is answered exactly once: by the client, or by us at its deadline. What the client says after that is late.
struct Operations {
  enum Kind: String, Hashable, Sendable, CaseIterable { case refresh, survey, look, terminate }

  struct Running {
    var kind: Kind
    /// For people: `lab:vm-42`, or the vCenter.
    var target: String
    var begun: Now
    var by: Instant
    /// The client that works on it; nil where there is none to ask.
    var session: ObjectIdentifier?
    /// True once we answered in the client's place.
    var answered = false

    /// The answer in the client's place. Whether a byte had left is not known, so it counts as sent at once.
    func unanswered(_ op: OpID, at now: Now) -> Event {
      let timing = Timing(firstByte: begun, ended: now)
      let fault = Fault(.unanswered, code: "Deadline", detail: "the client itself did not come back in time")
      return switch kind {
      case .refresh: .inventory(op, timing, .failure(fault))
      case .survey: .surveyed(op, timing, .failure(fault))
      case .look: .looked(op, timing, .failure(fault))
      case .terminate: .terminated(op, timing, .unanswered)
      }
    }
  }

  /// What to do with an answer of the client.
  enum Fate: Hashable { case inTime, late, notAsked }

  /// A client answers at its deadline by itself and then knows whether a byte had left, which we do not: it gets half a
  /// second to do so before we answer in its place.
  static let grace = Duration.seconds(1) / 2
  /// An operation that has not come back this long after its deadline hangs: closing a connection takes no longer.
  static let hangs = Duration.seconds(5)

  private struct Deadline: Comparable {
    var at: Instant
    var op: OpID
    static func < (a: Deadline, b: Deadline) -> Bool {
      (a.at, a.op.life, a.op.number) < (b.at, b.op.life, b.op.number)
    }
  }

  private var running: [OpID: Running] = [:]
  private var deadlines = Heap<Deadline>()

  mutating func begin(_ op: OpID, _ operation: Running) {
    running[op] = operation
    deadlines.insert(Deadline(at: operation.by + Self.grace, op: op))
  }

  /// The client came back.
  mutating func end(_ op: OpID) -> (Running?, Fate) {
    guard let operation = running.removeValue(forKey: op) else { return (nil, .notAsked) }
    return (operation, operation.answered ? .late : .inTime)
  }

  /// When `expire` has something to do next.
  mutating func nextDeadline() -> Instant? {
    while let first = deadlines.min {
      if let operation = running[first.op], !operation.answered { return first.at }
      deadlines.removeMin()
    }
    return nil
  }

  /// The operations whose deadline has passed, earliest first. They count as answered from here on.
  mutating func expire(at now: Instant) -> [(OpID, Running)] {
    var expired: [(OpID, Running)] = []
    while let first = deadlines.min, first.at <= now {
      deadlines.removeMin()
      guard let operation = running[first.op], !operation.answered else { continue }
      running[first.op]?.answered = true
      expired.append((first.op, operation))
    }
    return expired
  }

  /// One whose client hangs (the longest), or nil.
  func hanging(at now: Instant) -> (OpID, Running)? {
    let hung = running.filter { $0.value.by + Self.hangs < now }
    return hung.min { ($0.value.by, $0.key.number) < ($1.value.by, $1.key.number) }.map { ($0.key, $0.value) }
  }

  /// True where a client still works on something.
  func uses(_ session: ObjectIdentifier) -> Bool {
    running.contains { $0.value.session == session }
  }
}
