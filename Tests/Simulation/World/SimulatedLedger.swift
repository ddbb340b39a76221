import GuestWatchCore

/// What survives a crash of the daemon: the rows that were on disk.
struct SimulatedLedger {
  struct Row {
    var record: KillRecord
    /// When the intent was on disk.
    var written: Instant
    var answer: KillAnswer?
    var outcome: Outcome?
    var closed: Instant?
  }

  private(set) var rows: [Row] = []
  private var refusals: [LoginRefusal] = []
  private var standings: [(standing: LoginStanding, noted: Instant)] = []
  /// The last one of each VM; written later than it is given, so a crash may lose some.
  private var memories: [VMKey: VMMemory] = [:]
  private var memoryOrder: [VMKey] = []
  var pauses: [Pause] = []
  private var index: [KillID: Int] = [:]
  private var life: UInt32 = 0

  mutating func write(_ kill: KillID, _ step: LedgerStep, at now: Instant) {
    switch step {
    case .intent(let record):
      index[kill] = rows.count
      rows.append(Row(record: record, written: now))
    case .answered(_, let answer):
      if let i = index[kill] { rows[i].answer = answer }
    case .closed(let outcome, _, _, _):
      if let i = index[kill] {
        rows[i].outcome = outcome
        rows[i].closed = now
      }
    case .reported: break
    }
  }

  mutating func write(_ note: LoginNote, at now: Instant) {
    switch note {
    case .refused(let refusal): refusals.append(refusal)
    case .accepted(let vm, let account, let digest):
      refusals.removeAll { $0.vm == vm && $0.account == account && $0.digest == digest }
      for i in refusals.indices where refusals[i].account == account && refusals[i].digest == digest {
        refusals[i].inRow = false
      }
      standings.removeAll { $0.standing.account == account && $0.standing.digest == digest }
    case .standing(let standing):
      standings.removeAll { $0.standing.account == standing.account && $0.standing.digest == standing.digest }
      if !standing.isClear { standings.append((standing, now)) }
    // The world's vCenter refuses no login of ours.
    case .vcenterRefused, .vcenterAccepted: break
    }
  }

  mutating func write(_ memory: VMMemory) {
    if memories.updateValue(memory, forKey: memory.vm) == nil { memoryOrder.append(memory.vm) }
  }

  /// What the next life is told.
  mutating func restored(at now: Instant) -> Restored {
    life += 1
    func age(_ since: Instant) -> Duration { max(.zero, now - since) }
    return Restored(
      life: life,
      rows: rows.map { row in
        Restored.Row(
          id: row.record.id, rule: row.record.rule, vm: row.record.vm, process: row.record.process,
          login: row.record.login, age: age(row.record.decided.continuous), outcome: row.outcome,
          closedAge: row.closed.map(age))
      },
      open: rows.filter { $0.outcome == nil }.map { row in
        Restored.OpenKill(record: row.record, age: age(row.written), answer: row.answer)
      }, refusals: refusals,
      standings: standings.map { entry in
        var standing = entry.standing
        standing.age = age(entry.noted)
        return standing
      },
      memories: memoryOrder.compactMap { memories[$0] }, pauses: pauses)
  }
}
