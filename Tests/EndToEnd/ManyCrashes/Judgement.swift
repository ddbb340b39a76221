import Foundation

/// Compares what the ledger of one world says with what its simulator received and what this machine saw.
///
/// All three have the same clock. Rows have milliseconds, cut off.
struct Judgement: Sendable {
  /// A kill of the ledger.
  struct Kill: Sendable {
    var row: HistoryRow
    var decided: Date
    var recorded: Date
    var closed: Date
    /// The terminate that the simulator received for it; nil: none.
    var terminate: CallBook.Entry?
    /// Which process that found; nil: none, or the call was refused before.
    var hit: SimulatorState.Terminate.Hit?
    var process: Population.Member?

    /// Whether it counts against budgets.
    var counts: Bool { !["abandoned", "failed", "already-gone", "denied"].contains(row.outcome) }
  }

  let plan: CrashPlan
  let deaths: [CrashWorld.Death]
  let calls: CallBook
  let members: [Population.Member]
  private(set) var kills: [Kill] = []
  private(set) var faults: [String] = []
  /// From an intent to its terminate at the simulator.
  private(set) var slowestTerminate: TimeInterval = 0

  /// Rows say milliseconds, and a call is received a little after it is sent.
  private static let grain: TimeInterval = 0.002

  init(
    _ plan: CrashPlan, rows: [HistoryRow], deaths: [CrashWorld.Death], calls: CallBook,
    hits: [Int: SimulatorState.Terminate.Hit?], members: [Population.Member]
  ) throws {
    self.plan = plan
    self.deaths = deaths
    self.calls = calls
    self.members = members
    for row in rows.sorted(by: { ($0.recorded ?? "") < ($1.recorded ?? "") }) {
      guard row.isKill, row.outcome != "open", let decided = row.decided.flatMap(date),
        let recorded = row.recorded.flatMap(date), let closed = row.closed.flatMap(date)
      else {
        faults.append("a row without an outcome, or none of a kill: \(row)")
        continue
      }
      kills.append(
        Kill(
          row: row, decided: decided, recorded: recorded, closed: closed,
          process: members.first { $0.name == row.name && $0.vm == row.vm }))
    }
    matchTerminates(hits)
    judgeConfirms()
    for kill in kills { judge(kill) }
    judgeOrder()
    judgeTheDead()
    judgeBudgets()
  }

  // MARK: terminates and rows

  /// Every terminate that was received belongs to exactly one row that was written before, and no row has two.
  private mutating func matchTerminates(_ hits: [Int: SimulatorState.Terminate.Hit?]) {
    for entry in calls.terminates {
      let owners = kills.indices.filter { index in
        let kill = kills[index]
        return kill.row.vm == entry.call.vm && kill.row.pid == entry.call.pid && kill.row.outcome != "abandoned"
          && kill.recorded <= entry.received && entry.received <= kill.closed + Self.grain
      }
      guard owners.count == 1, let owner = owners.first else {
        faults.append("a terminate that belongs to \(owners.count) rows: \(entry) \(owners.map { kills[$0].row })")
        continue
      }
      if let other = kills[owner].terminate {
        faults.append("two terminates for one row: \(other) \(entry) \(kills[owner].row)")
      }
      kills[owner].terminate = entry
      kills[owner].hit = hits[entry.call.number] ?? nil
    }
  }

  /// S1: at most 5 s before, that process was looked at, and the answer was there before the terminate.
  private mutating func judgeConfirms() {
    for kill in kills {
      guard let terminate = kill.terminate else { continue }
      let late = terminate.received.timeIntervalSince(kill.decided)
      slowestTerminate = max(slowestTerminate, late)
      if late > 5.3 { faults.append("a terminate \(late) s after its intent: \(kill.row)") }
      let looks = calls.all { call in
        call.vm == kill.row.vm
          && (kill.row.rule == CrashPlan.twinRule
            ? call.kind == "vi.ListProcessesInGuest" : call.kind == "rest.process.get" && call.pid == kill.row.pid)
      }
      let confirmed = looks.contains { look in
        // 0.3 s: from its first byte to the simulator on a machine that is busy.
        guard let answered = look.answered, look.call.status == 200 else { return false }
        return answered <= terminate.received && terminate.received.timeIntervalSince(look.received) <= 5.3
      }
      if !confirmed { faults.append("a terminate without a confirm in the 5 s before: \(terminate) \(kill.row)") }
    }
  }

  /// S5: while a kill is open on a VM, no terminate of another is sent there.
  private mutating func judgeOrder() {
    for kill in kills {
      guard let terminate = kill.terminate else { continue }
      for other in kills where other.row.vm == kill.row.vm && other.row.killId != kill.row.killId {
        if other.recorded <= terminate.received && terminate.received < other.closed - Self.grain {
          faults.append("a terminate while another kill was open on the VM: \(terminate) \(kill.row) \(other.row)")
        }
      }
    }
  }

  // MARK: the outcomes

  private mutating func judge(_ kill: Kill) {
    guard let process = kill.process, process.isRunaway else {
      faults.append("a kill of nobody who had run away: \(kill.row)")
      return
    }
    if kill.hit.map({ $0.name != kill.row.name }) ?? false {
      faults.append("the terminate found another process: \(String(describing: kill.hit)) \(kill.row)")
    }
    let verified = kill.row.verified.flatMap(date)
    // Whoever is claimed to be dead is dead, and was not seen alive after that look.
    let isDead = process.dead != nil && verified.map { process.lived <= $0 } ?? false
    // A look may be answered late by a second, and later on a busy machine.
    let wasAlive = verified.map { verified in
      process.dead.map { $0 >= verified.addingTimeInterval(-3) } ?? true
    }
    let claim: Bool =
      switch kill.row.outcome {
      case "exited": isDead && kill.hit != nil && kill.row.answered != nil && isDone(kill)
      case "already-gone": isDead && kill.terminate != nil && kill.hit == nil && process.isEndedByTest
      case "gone": isDead && hadNoAnswer(kill)
      case "survived", "stuck": (wasAlive ?? false) && kill.terminate != nil
      case "denied", "failed":
        kill.hit == nil && kill.terminate?.call.faulty == true && kill.terminate?.call.refusal != nil
      case "abandoned": kill.terminate == nil
      case "unknown": isUnknown(kill, process)
      default: false
      }
    if !claim {
      faults.append(
        "an outcome that is not what happened: \(kill.row.outcome); terminate \(String(describing: kill.terminate)); "
          + "hit \(String(describing: kill.hit)); process \(process); \(kill.row)")
    }
  }

  /// "done", or "not found" 5 s after our own call.
  private func isDone(_ kill: Kill) -> Bool {
    guard let entry = kill.terminate, let answered = entry.answered else { return false }
    if entry.call.status == 204 { return true }
    return entry.call.refusal == "GuestProcessNotFound" && answered.timeIntervalSince(entry.received) >= 4.9
  }

  /// There was none to be had, or a life ended before it could be written. An answer that came to a life which went on
  /// must not get lost.
  private func hadNoAnswer(_ kill: Kill) -> Bool {
    guard let entry = kill.terminate, let answered = entry.answered, entry.call.status == 204 else { return true }
    return deaths.contains { death in
      // A step that had to wait for too long is tried again 10 s later.
      let late: TimeInterval = death.weather == .slowLedger ? 15 : 1
      return kill.recorded <= death.reaped && death.struck <= answered.addingTimeInterval(late)
    }
  }

  /// A life ended under it, and then the process was looked at for 90 s; or its pid is another's now.
  private func isUnknown(_ kill: Kill, _ process: Population.Member) -> Bool {
    let crashed = deaths.contains { kill.recorded <= $0.reaped && $0.struck <= kill.closed }
    let waited = kill.closed.timeIntervalSince(kill.recorded) >= 90 - Self.grain
    return crashed && (process.isSwapped || waited)
  }

  // MARK: the dead

  /// Nobody but runaways died, and of nothing but a terminate that found them (or by the test's own hand).
  private mutating func judgeTheDead() {
    for member in members where member.dead != nil {
      if !member.isRunaway { faults.append("somebody died who had not run away: \(member)") }
      let own = kills.filter { $0.row.name == member.name && $0.row.vm == member.vm }
      if own.contains(where: { $0.hit != nil }) || member.isEndedByTest { continue }
      faults.append("nobody knows what killed \(member); its rows: \(own.map(\.row))")
    }
    for member in members where member.isRunaway {
      let exits = kills.count {
        $0.row.name == member.name && $0.row.vm == member.vm && $0.row.outcome == "exited"
      }
      if exits > 1 { faults.append("\(member.name) exited \(exits) times") }
    }
  }

  // MARK: the budgets

  /// The fullest windows: how many were in one, and how many may be.
  private(set) var fullest: [String: (seen: Int, allowed: Int)] = [:]

  private mutating func judgeBudgets() {
    let spent = kills.filter(\.counts)
    judge("of all", spent, most: plan.all, within: plan.within)
    for vm in CrashPlan.vms {
      let here = spent.filter { $0.row.vm == vm }
      judge("of a VM", here, most: plan.perVM, within: plan.within)
      // A pause after every terminate that was sent, also of one that found nobody.
      let sent = kills.filter { $0.row.vm == vm && $0.row.rule == CrashPlan.twinRule && $0.terminate != nil }
      judge("of a cooldown", sent, most: 1, within: plan.cooldown)
    }
    judge(
      "of a rule", spent.filter { $0.row.rule == CrashPlan.loneRule }, most: plan.lone.kills, within: plan.lone.within)
  }

  /// In no window of so long are more than so many, by the ledger's times, nor by the simulator's.
  private mutating func judge(_ what: String, _ kills: [Kill], most: Int, within: Int) {
    let window = TimeInterval(within)
    // A cooldown runs from terminate to terminate, not from intent to intent.
    if what != "of a cooldown" {
      let intents = kills.sorted { $0.decided < $1.decided }
      for (first, last) in zip(intents, intents.dropFirst(most))
      where last.decided.timeIntervalSince(first.decided) < window - Self.grain {
        faults.append("a budget \(what) was exceeded: more than \(most) in \(within) s: \(first.row) ... \(last.row)")
      }
    }
    let received = kills.compactMap { kill in kill.terminate.map { (kill, $0.received) } }.sorted { $0.1 < $1.1 }
    for (first, last) in zip(received, received.dropFirst(most)) {
      // The window counts from the intent; the terminate may leave up to 5 s after its confirm, and the confirm was
      // answered before the intent.
      let late = first.1.timeIntervalSince(first.0.decided)
      guard last.1.timeIntervalSince(first.1) < window - late - Self.grain else { continue }
      faults.append(
        "the simulator received more than \(most) terminates in \(within) s \(what): \(first.0.row) ... \(last.0.row)")
    }
    // By their intents: a terminate that left a little late makes its window shorter by that.
    var seen = 0
    for (index, kill) in received.enumerated() {
      let begin = kill.0.decided
      seen = max(seen, received[index...].count { $0.0.decided.timeIntervalSince(begin) < window - Self.grain })
    }
    let before = fullest[what]?.seen ?? -1
    if seen - most > before - (fullest[what]?.allowed ?? 0) { fullest[what] = (seen, most) }
  }
}
