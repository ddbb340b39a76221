import GuestWatchCore

/// L4: `WATCHDOG=1` when everything that is under way is within its time, and only then; why not is said once.
struct HeartbeatChecker {
  private(set) var violations: [String] = []
  private(set) var beats = 0
  private(set) var heldBack = 0

  private var deadlines: [UInt64: Instant] = [:]
  /// Operations that the client works on, or that nobody has asked it yet, by their deadline.
  private var underWay: Set<Instant> = []
  /// Those that a client was asked for. One that waited for a note until its deadline never is, so nobody hangs.
  private var called: Set<Instant> = []
  /// When steps, notes and pauses were given to the ledger that it is not done with, oldest first.
  private var jobs: [Instant] = []
  /// A mark is due every minute, where none is under way.
  private var marking: Instant?
  private var nextMark: Instant

  /// Only where the machine was never held up, as then a beat is due exactly every 10 s, and where the disk was never
  /// full, as then each job is one write.
  init(_ world: StormWorld) {
    nextMark = world.begun
    var next = world.begun + .seconds(10)
    var alive: Set<Instant> = []
    var said: [Instant] = []
    let all = world.log.all
    let end = all.first { if case .stopping = $0.seen { true } else { false } }?.at ?? .never
    for entry in all {
      if case .alive = entry.seen { alive.insert(entry.at) }
      if case .report("limit-reached", let detail) = entry.seen, detail.contains("watchdog") { said.append(entry.at) }
    }
    var sick = false
    for entry in all {
      // Up to SIGTERM: after it the daemon may be gone at any moment.
      while next < entry.at && next < end {
        let overdue = underWay.contains { $0 + .seconds(5) < next }
        let stuck = (jobs.first ?? .never) + .seconds(30) < next || (marking ?? .never) + .seconds(30) < next
        let healthy = !overdue && !stuck
        beats += 1
        if !healthy { heldBack += 1 }
        if alive.contains(next) != healthy {
          violations.append(
            "\(next - world.begun) after the start: fed \(alive.contains(next)), overdue \(overdue), stuck \(stuck)")
        }
        if said.contains(next) != (!healthy && !sick) {
          violations.append("\(next - world.begun) after the start: said \(said.contains(next)), sick before \(sick)")
        }
        sick = !healthy
        next = next + .seconds(10)
      }
      while nextMark < entry.at {
        marking = marking ?? nextMark
        nextMark = nextMark + .seconds(60)
      }
      see(entry.seen, entry.at)
    }
    for beat in alive where (beat - world.begun).nanoseconds % 10_000_000_000 != 0 {
      violations.append("a beat at \(beat - world.begun)")
    }
  }

  private mutating func see(_ seen: Seen, _ at: Instant) {
    switch seen {
    case .asked(let op, _, _, let by):
      deadlines[op] = by
      underWay.insert(by)
    case .told(let op, _, .nobody): if let by = deadlines[op] { underWay.remove(by) }
    case .told(let op, _, .scheduler):
      if let by = deadlines[op], !called.contains(by) { underWay.remove(by) }
    case .called(let by, _): called.insert(by)
    case .returned(let by, _): underWay.remove(by)
    case .given(let job): if !job.hasPrefix("memory") { jobs.append(at) }
    case .writing(let job):
      if job.hasPrefix("mark"), marking == nil {
        marking = at
        while nextMark <= at { nextMark = nextMark + .seconds(60) }
      }
    case .wrote(let job, _):
      if job.hasPrefix("mark") { marking = nil } else if !jobs.isEmpty { jobs.removeFirst() }
    case .told, .saidStopped, .configured, .loaded, .leaving, .left, .recorded, .alive, .ready, .reloading,
      .stopping, .report, .ended:
      break
    }
  }
}
