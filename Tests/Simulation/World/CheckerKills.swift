import GuestWatchCore
import VCenterModel

/// S1 to S5: intents, terminates and outcomes.
extension Checker {
  // MARK: the ledger

  mutating func see(record step: LedgerStep, of id: KillID, at now: Now) throws(Violation) {
    defer { kills[id]?.pending.insert(step.kind) }
    switch step {
    case .intent(let record): try judge(intent: record, id, at: now)
    case .answered(_, let answer):
      if owed[id] == answer { owed[id] = nil }
      guard kills[id]?.terminated != nil || kills[id].map({ $0.daemon < daemon }) == true else {
        throw Violation("S5", "an answer is recorded for kill \(id), but no terminate was sent")
      }
    case .closed(let outcome, _, _, _): try judge(outcome, of: id, at: now)
    case .reported(let record, let gate):
      tally.reasons[ReasonKind(record.cause), default: 0] += 1
      tally.gates[gate, default: 0] += 1
    }
  }

  private mutating func judge(intent record: KillRecord, _ id: KillID, at now: Now) throws(Violation) {
    tally.reasons[ReasonKind(record.cause), default: 0] += 1
    guard kills[id] == nil else { throw Violation("S5", "kill \(id) has two intents") }
    guard record.id == id else { throw Violation("contract", "kill \(id) is recorded as \(record.id)") }
    guard let configuration else { throw Violation("S1", "kill \(id) without a configuration") }
    let rule = try rule(behind: record, configuration, at: now)
    if stopping { throw Violation("S1", "an intent after the daemon was asked to stop") }
    if let other = killOrder.first(where: { kills[$0]?.record.vm == record.vm && kills[$0]?.closed == nil }) {
      throw Violation("S5", "kill \(id) begins on \(record.address) while kill \(other) is open there")
    }
    if !unwritten.isEmpty { throw Violation("S5", "kill \(id) begins while an outcome could not be written") }
    try guardGates(record, rule, configuration, at: now)
    try guardBudgets(record, rule, configuration, at: now)
    try guardRetries(record, rule, at: now)
    kills[id] = Kill(record: record, daemon: daemon, asked: now.continuous)
    killOrder.append(id)
    machines[home(record), default: Machine()].open.append(id)
    machines[home(record)]?.killSpans.append((now.continuous.nanoseconds, nil))
  }

  /// S2 for the VM, S4, and the gates that the configuration sets.
  ///
  /// - Parameter rule: nil: an operator asked, here and below.
  private func guardGates(
    _ record: KillRecord, _ rule: Rule?, _ configuration: Configuration, at now: Now
  ) throws(Violation) {
    if configuration.dryRun { throw Violation("S4", "a kill in dry run: \(record.id)") }
    if let rule, rule.action != .terminate {
      throw Violation("S4", "rule \(rule.id) only reports, but kill \(record.id)")
    }
    guard let facts = machines[home(record)]?.facts else {
      throw Violation("S1", "kill \(record.id) on \(record.address), which is in no inventory")
    }
    if isUntouchable(home(record), facts, configuration.protect) {
      throw Violation("S2", "kill \(record.id) on \(record.address), which is never in scope")
    }
    let reaching = rule.map { [$0] } ?? configuration.rules.filter { $0.login == record.login }
    if !reaching.contains(where: { reaches($0, home(record), facts) }) {
      let who = rule.map { "rule \($0.id) does not reach" } ?? "no rule of login \(record.login) reaches"
      throw Violation("S1", "kill \(record.id): \(who) \(record.address)")
    }
    if let pause = pauses.first(where: { covers($0, rule?.id, facts, at: now.continuous) }) {
      throw Violation("S1", "kill \(record.id) while rule \(pause.rule?.name ?? "any") is paused on its VM")
    }
    if let rule, OwnQuietTimes.cover(rule, configuration, wall: now.wall) {
      throw Violation("S1", "kill \(record.id) in a quiet time of rule \(rule.id)")
    }
    if let rule, !rule.notDuring.isEmpty, clock.isDoubted(at: now.continuous) {
      throw Violation(
        "S1", "kill \(record.id) of rule \(rule.id), which has quiet times, and nobody knows what time it is")
    }
    if facts.tools == .executingScripts {
      throw Violation("S1", "kill \(record.id) on \(record.address), where Tools executes scripts")
    }
    if OwnRules.isProtected(record.process, configuration.protect, family: facts.family) {
      // The record may lack the command, so this can only see name and owner; the confirm is judged in full.
      throw Violation("S2", "kill \(record.id) of a protected process: \(Line.of(record.process))")
    }
  }

  /// S3.
  private func guardBudgets(
    _ record: KillRecord, _ rule: Rule?, _ configuration: Configuration, at now: Now
  ) throws(Violation) {
    func spent(_ within: Duration, _ counts: (KillRecord) -> Bool) -> Int {
      killOrder.count { id in
        guard let kill = kills[id], counts(kill.record) else { return false }
        if kill.closed.map({ OwnRules.givesBack($0.outcome) }) ?? kill.nothingCame { return false }
        return now.continuous - kill.asked < within
      }
    }
    let budget = configuration.budget
    let all = spent(budget.within) { _ in true }
    if all + 1 > budget.kills {
      throw Violation("S3", "kill \(record.id) is number \(all + 1) in the window, the budget is \(budget.kills)")
    }
    let here = spent(budget.within) { $0.vm == record.vm }
    if here + 1 > budget.perVM {
      throw Violation(
        "S3", "kill \(record.id) is number \(here + 1) on its VM in the window, the budget is \(budget.perVM)")
    }
    if let rule, let own = rule.budget {
      let byRule = spent(own.within) { $0.cause.rule == rule.id }
      if byRule + 1 > own.kills {
        throw Violation(
          "S3", "kill \(record.id) is number \(byRule + 1) of rule \(rule.id), its budget is \(own.kills)")
      }
    }
    if let rule, let cooldown = rule.cooldown {
      for id in killOrder {
        guard let kill = kills[id], kill.record.cause.rule == rule.id, kill.record.vm == record.vm else { continue }
        guard kill.isSent, let last = kill.terminated else { continue }
        if now.continuous - last < cooldown {
          throw Violation("S3", "kill \(record.id) is within the cooldown of rule \(rule.id) after kill \(id)")
        }
      }
    }
  }

  /// The same identity again: 30 s after it survived, then 10 min, then never; never after denied, exited or gone.
  ///
  /// One that is stuck may be tried by an operator, in the pace of all tries.
  private func guardRetries(_ record: KillRecord, _ rule: Rule?, at now: Now) throws(Violation) {
    let machine = machines[home(record)] ?? Machine()
    let epoch = machine.epochKnown
    var attempts = 0
    var last = Instant(nanoseconds: .min)
    for id in killOrder {
      // What was decided in another epoch is about another process, though its outcome may be written in this one.
      guard let kill = kills[id], kill.record.vm == record.vm, let closed = kill.closed,
        kill.said ?? kill.asked > epoch, OwnIdentity(kill.record.process) == OwnIdentity(record.process)
      else { continue }
      switch closed.outcome {
      case .survived, .unknown:
        attempts += 1
        // From when it was found, not from when the disk had room for it.
        last = kill.said ?? closed.at
        // After three it is left alone, until the rule changes.
        if attempts >= 3, let changed = lastRule(before: id, of: record).flatMap({ ruleChanged[$0] }), changed >= last {
          attempts = 0
        }
      case .stuck:
        // Left alone until the rule changes.
        if let changed = lastRule(before: id, of: record).flatMap({ ruleChanged[$0] }), changed >= closed.at {
          attempts = 0
          break
        }
        attempts += 1
        last = kill.said ?? closed.at
        if rule == nil { break }
        throw Violation("S1", "kill \(record.id) of a process that is stuck since kill \(id)")
      case .denied where kill.record.login == record.login:
        throw Violation("S1", "kill \(record.id) of a process that was denied to its login in kill \(id)")
      case .exited, .gone:
        throw Violation("S1", "kill \(record.id) of an identity that was closed as \(closed.outcome) in kill \(id)")
      case .denied, .alreadyGone, .failed, .abandoned: break
      }
    }
    let wait: Duration? =
      switch attempts {
      case 0: .zero
      case 1: .seconds(30)
      case 2: .seconds(600)
      default: rule == nil ? .seconds(600) : nil
      }
    guard let wait else { throw Violation("S1", "kill \(record.id) after \(attempts) attempts: it is stuck") }
    if attempts > 0, now.continuous - last < wait {
      throw Violation("S1", "kill \(record.id) is attempt \(attempts + 1), less than \(wait) after the last")
    }
  }

  // MARK: the terminate

  mutating func judge(
    terminate id: KillID, _ vm: VMAddress, _ login: LoginID, _ pid: Int64, _ firstByteBy: Instant, _ wall: Int64,
    at now: Now
  ) throws(Violation) {
    tally.terminates += 1
    guard let kill = kills[id] else { throw Violation("S5", "a terminate of kill \(id) without an intent") }
    guard kill.isDurable, kill.isTold, kill.daemon == daemon else {
      throw Violation("S5", "a terminate of kill \(id) whose intent is not known to be on disk")
    }
    if kill.terminated != nil { throw Violation("S5", "a second terminate of kill \(id)") }
    if kill.closed != nil { throw Violation("S5", "a terminate of kill \(id), which is closed") }
    let record = kill.record
    guard record.address == vm, record.login == login, record.process.pid == pid else {
      throw Violation("S1", "the terminate of kill \(id) is not for what its intent says")
    }
    guard let configuration else { throw Violation("S1", "a terminate of kill \(id) without a configuration") }
    let rule = try rule(behind: record, configuration, at: now)
    guard let machine = machines[vm], let facts = machine.facts else {
      throw Violation("S1", "a terminate on \(vm), which is in no inventory")
    }
    if let other = machine.open.first(where: { $0 != id }) {
      throw Violation("S5", "a terminate of kill \(id) while kill \(other) is open on \(vm)")
    }
    if machine.redirected >= kill.asked {
      throw Violation("S1", "the entry of the vCenter of kill \(id) may lead elsewhere since its intent")
    }
    try guardGates(record, rule, configuration, at: now)

    let (confirm, row) = try confirm(of: record, machine)
    if firstByteBy > confirm.sent.continuous + .seconds(5) || wall > confirm.sent.wall + 5 * Span.second {
      throw Violation("S1", "kill \(id) may leave later than 5 s after its confirm was sent")
    }
    if OwnRules.isProtected(row, configuration.protect, family: facts.family) {
      throw Violation("S2", "kill \(id) of a protected process: \(Line.of(row))")
    }
    if let rule {
      if !OwnRules.reaches(rule, row, family: facts.family) {
        throw Violation("S1", "rule \(rule.id) does not match what the confirm of kill \(id) showed: \(Line.of(row))")
      }
      try guardReason(kill, rule, row, confirm, facts.family)
      try guardLasting(rule, row, confirm, vm, id)
    } else {
      try guardOrder(record, row, confirm, machine)
    }
    kills[id]?.terminated = now.continuous
    kills[id]?.confirmed = Kill.Confirmed(process: row, sent: confirm.sent, life: confirm.lives[pid])
  }

  /// The last answer that says anything about the pid: it must show this identity, running, and be the confirm's.
  private func confirm(
    of record: KillRecord, _ machine: Machine
  ) throws(Violation) -> (Shown, GuestWatchCore.Process) {
    let needsListing = if case .tooMany = record.cause.reason { true } else { false }
    for shown in machine.shown.reversed() where shown.login == record.login && shown.daemon == daemon {
      let row: GuestWatchCore.Process?
      let isConfirm: Bool
      switch shown.what {
      case .listing(let listing):
        guard OwnRules.isComplete(listing) else { continue }
        row = listing.rows.first { $0.pid == record.process.pid }
        isConfirm = needsListing && listing.showsEnds
      case .look(let look, let pid, let purpose):
        guard pid == record.process.pid else { continue }
        if case .running(let process) = look { row = process } else { row = nil }
        isConfirm = !needsListing && purpose == .confirm
      }
      guard let row, row.finished == nil, OwnIdentity(row) == OwnIdentity(record.process) else {
        throw Violation(
          "S1", "the last answer before kill \(record.id) shows \(row.map(Line.of) ?? "nothing") on its pid")
      }
      guard isConfirm else {
        let wanted = needsListing ? "one listing that shows ends" : "one look for that"
        throw Violation("S1", "the last answer before kill \(record.id) is not its confirm, which is \(wanted)")
      }
      if let last = record.cause.rule.flatMap({ machine.lastOutcome[$0] }), needsListing, shown.sent.continuous < last {
        throw Violation("S1", "kill \(record.id) was confirmed by a listing from before the last outcome")
      }
      return (shown, row)
    }
    throw Violation("S1", "kill \(record.id) was never confirmed")
  }
}
