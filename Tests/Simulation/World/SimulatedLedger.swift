import GuestWatchCore

/// What survives a crash of the daemon: the rows that were on disk. Ages are the running time that it saw (S3).
struct SimulatedLedger {
  struct Row {
    var record: KillRecord
    /// Running times: of the decision, of the write of the intent, of the outcome.
    var decided: Int64
    var written: Int64
    var closed: Int64?
    var answer: KillAnswer?
    var answerTook: Duration?
    var outcome: Outcome?
  }

  private(set) var rows: [Row] = []
  private var refusals: [LoginRefusal] = []
  /// With the running time of the note.
  private var standings: [(standing: LoginStanding, noted: Int64)] = []
  private var vcenterRefusals: [(digest: UInt64, count: Int, at: Int64)] = []
  /// The last one of each VM, its times as running time. Written later than it is given, so a crash may lose some.
  private var memories: [VMKey: VMMemory] = [:]
  private var memoryOrder: [VMKey] = []
  private var pauses: [Pause] = []
  private var index: [KillID: Int] = [:]
  private var life: UInt32 = 0
  /// Where this boot's continuous clock stood when it was first seen, and at the last mark.
  private var first: Int64?
  private var last: Int64 = 0
  /// The running time of the boots before.
  private var before: Int64 = 0

  private func running(_ at: Instant) -> Int64 { before + (at.nanoseconds - (first ?? at.nanoseconds)) }

  /// The machine boots: its continuous clock starts anew, and what came after the last mark was not seen.
  mutating func boot() {
    if let first { before += last - first }
    first = nil
  }

  /// A mark a minute, and with every write.
  mutating func mark(_ now: Instant) {
    if first == nil { first = now.nanoseconds }
    last = max(last, now.nanoseconds)
    if last > now.nanoseconds { last = now.nanoseconds }
  }

  mutating func write(_ kill: KillID, _ step: LedgerStep, given: Instant, at now: Instant) {
    mark(now)
    switch step {
    case .intent(let record):
      let row = Row(record: record, decided: running(record.decided.continuous), written: running(given))
      // It comes twice where the first time only seemed to fail.
      if let i = index[kill] {
        rows[i] = row
      } else {
        index[kill] = rows.count
        rows.append(row)
      }
    case .answered(let timing, let answer):
      guard let i = index[kill] else { return }
      rows[i].answer = answer
      rows[i].answerTook = timing.firstByte.map { timing.ended.continuous - $0.continuous }
    case .closed(let outcome, _, _, let at):
      guard let i = index[kill] else { return }
      rows[i].outcome = outcome
      rows[i].closed = running(at.continuous)
    case .reported: break
    }
  }

  mutating func write(_ note: LoginNote, at now: Instant) {
    mark(now)
    switch note {
    case .refused(let refusal):
      refusals.removeAll { $0.vm == refusal.vm && $0.account == refusal.account && $0.digest == refusal.digest }
      refusals.append(refusal)
    case .accepted(let vm, let account, let digest):
      refusals.removeAll { $0.vm == vm && $0.account == account && $0.digest == digest }
      for i in refusals.indices where refusals[i].account == account && refusals[i].digest == digest {
        refusals[i].inRow = false
      }
      standings.removeAll { $0.standing.account == account && $0.standing.digest == digest }
    case .standing(let standing):
      standings.removeAll { $0.standing.account == standing.account && $0.standing.digest == standing.digest }
      if !standing.isClear { standings.append((standing, running(now))) }
    case .vcenterRefused(let digest, let count):
      vcenterRefusals.removeAll { $0.digest == digest }
      vcenterRefusals.append((digest, count, running(now)))
    case .vcenterAccepted(let digest): vcenterRefusals.removeAll { $0.digest == digest }
    }
  }

  mutating func write(_ memory: VMMemory, at now: Instant) {
    mark(now)
    var memory = memory
    for i in memory.seen.indices {
      memory.seen[i].firstSeen = Instant(nanoseconds: running(memory.seen[i].firstSeen))
    }
    memory.epochBegan = memory.epochBegan.map { Instant(nanoseconds: running($0)) }
    if memories.updateValue(memory, forKey: memory.vm) == nil { memoryOrder.append(memory.vm) }
  }

  mutating func write(_ pauses: [Pause], at now: Instant) {
    mark(now)
    self.pauses = pauses
    for i in pauses.indices {
      self.pauses[i].until = pauses[i].until.map { Instant(nanoseconds: running($0)) }
    }
  }

  /// What the next life is told.
  mutating func restored(at now: Instant) -> Restored {
    mark(now)
    life += 1
    let today = running(now)
    func age(_ since: Int64) -> Duration { .nanoseconds(max(0, today - since)) }
    /// A running time on the clock of this boot; it may lie before its zero.
    func rebased(_ at: Instant) -> Instant { Instant(nanoseconds: now.nanoseconds - (today - at.nanoseconds)) }
    var memories = memoryOrder.compactMap { self.memories[$0] }
    for m in memories.indices {
      memories[m].epochBegan = memories[m].epochBegan.map(rebased)
      for i in memories[m].seen.indices { memories[m].seen[i].firstSeen = rebased(memories[m].seen[i].firstSeen) }
    }
    var pauses = self.pauses
    for i in pauses.indices { pauses[i].until = pauses[i].until.map(rebased) }
    return Restored(
      life: life,
      rows: rows.map { row in
        Restored.Row(
          id: row.record.id, rule: row.record.cause.rule, vm: row.record.vm, process: row.record.process,
          login: row.record.login, age: age(row.decided), outcome: row.outcome, closedAge: row.closed.map(age))
      },
      open: rows.filter { $0.outcome == nil }.map { row in
        Restored.OpenKill(
          record: row.record, age: age(row.written), answer: row.answer, answerTook: row.answerTook)
      },
      refusals: refusals,
      standings: standings.map { entry in
        var standing = entry.standing
        standing.age = age(entry.noted)
        return standing
      },
      vcenterRefusals: vcenterRefusals.map { VCenterRefusal(digest: $0.digest, count: $0.count, age: age($0.at)) },
      memories: memories, pauses: pauses)
  }
}
