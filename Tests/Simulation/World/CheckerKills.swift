import GuestWatchCore
import VCenterModel

/// S1 to S5: intents, terminates and outcomes.
extension Checker {
  // MARK: the ledger

  mutating func see(record step: LedgerStep, of id: KillID, at now: Now) throws(Violation) {
    switch step {
    case .intent(let record): try judge(intent: record, id, at: now)
    case .answered:
      guard kills[id]?.terminated != nil || kills[id].map({ $0.daemon < daemon }) == true else {
        throw Violation("S5", "an answer is recorded for kill \(id), but no terminate was sent")
      }
    case .closed(let outcome, _, _, _): try judge(outcome, of: id, at: now)
    case .reported(let record, let gate):
      tally.reasons[ReasonKind(record.reason), default: 0] += 1
      tally.gates[gate, default: 0] += 1
      try guardSecret(record.process)
    }
  }

  private mutating func judge(intent record: KillRecord, _ id: KillID, at now: Now) throws(Violation) {
    tally.reasons[ReasonKind(record.reason), default: 0] += 1
    guard kills[id] == nil else { throw Violation("S5", "kill \(id) has two intents") }
    guard record.id == id else { throw Violation("contract", "kill \(id) is recorded as \(record.id)") }
    guard let configuration, let rule = configuration.rules.first(where: { $0.id == record.rule }) else {
      throw Violation("S1", "kill \(id) is of rule \(record.rule), which is not configured")
    }
    try guardSecret(record.process)
    if stopping { throw Violation("S1", "an intent after the daemon was asked to stop") }
    if let other = machines[record.address]?.open.first {
      throw Violation("S5", "kill \(id) begins on \(record.address) while kill \(other) is open there")
    }
    if !unwritten.isEmpty { throw Violation("S5", "kill \(id) begins while an outcome could not be written") }
    try guardGates(record, rule, configuration, at: now)
    try guardBudgets(record, rule, configuration, at: now)
    try guardRetries(record, rule, at: now)
    kills[id] = Kill(record: record, daemon: daemon, asked: now.continuous)
    killOrder.append(id)
    machines[record.address, default: Machine()].open.append(id)
    machines[record.address]?.killSpans.append((now.continuous.nanoseconds, nil))
  }

  /// S2 for the VM, S4, and the gates that the configuration sets.
  private func guardGates(
    _ record: KillRecord, _ rule: Rule, _ configuration: Configuration, at now: Now
  ) throws(Violation) {
    if configuration.dryRun { throw Violation("S4", "a kill in dry run: \(record.id)") }
    if rule.action != .terminate { throw Violation("S4", "rule \(rule.id) only reports, but kill \(record.id)") }
    guard let facts = machines[record.address]?.facts else {
      throw Violation("S1", "kill \(record.id) on \(record.address), which is in no inventory")
    }
    if OwnRules.isUntouchable(facts, configuration.protect) {
      throw Violation("S2", "kill \(record.id) on \(record.address), which is never in scope")
    }
    if !OwnRules.reaches(rule, facts, of: record.address.vcenter) {
      throw Violation("S1", "rule \(rule.id) does not reach \(record.address)")
    }
    if facts.tools == .executingScripts {
      throw Violation("S1", "kill \(record.id) on \(record.address), where Tools executes scripts")
    }
    if OwnRules.isProtected(record.process, configuration.protect, family: facts.family), rule.id == record.rule {
      // The record may lack the command, so this can only see name and owner; the confirm is judged in full.
      throw Violation("S2", "kill \(record.id) of a protected process: \(Line.of(record.process))")
    }
  }

  /// S3.
  private func guardBudgets(
    _ record: KillRecord, _ rule: Rule, _ configuration: Configuration, at now: Now
  ) throws(Violation) {
    func spent(_ within: Duration, _ counts: (KillRecord) -> Bool) -> Int {
      killOrder.count { id in
        guard let kill = kills[id], counts(kill.record) else { return false }
        if kill.closed?.outcome.givesBack ?? kill.nothingCame { return false }
        // Of an earlier life the ledger restores when it was decided.
        let at = kill.daemon == daemon ? kill.asked : kill.record.decided.continuous
        return now.continuous - at < within
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
    if let own = rule.budget {
      let byRule = spent(own.within) { $0.rule == rule.id }
      if byRule + 1 > own.kills {
        throw Violation(
          "S3", "kill \(record.id) is number \(byRule + 1) of rule \(rule.id), its budget is \(own.kills)")
      }
    }
    if let cooldown = rule.cooldown {
      for id in killOrder {
        guard let kill = kills[id], kill.record.rule == rule.id, kill.record.vm == record.vm else { continue }
        // Of an earlier life only the time of its decision is restored.
        guard kill.isSent, kill.terminated != nil else { continue }
        let last = kill.daemon == daemon ? kill.terminated : kill.record.decided.continuous
        if let last, now.continuous - last < cooldown {
          throw Violation("S3", "kill \(record.id) is within the cooldown of rule \(rule.id) after kill \(id)")
        }
      }
    }
  }

  /// The same identity again: 30 s after it survived, then 10 min, then never; never after denied, exited or gone.
  private func guardRetries(_ record: KillRecord, _ rule: Rule, at now: Now) throws(Violation) {
    let machine = machines[record.address] ?? Machine()
    let epoch = max(machine.epoch, machine.reverted)
    var attempts = 0
    var last = Instant(nanoseconds: .min)
    for id in killOrder {
      guard let kill = kills[id], kill.record.vm == record.vm, let closed = kill.closed, closed.at > epoch,
        kill.record.process.identity == record.process.identity
      else { continue }
      switch closed.outcome {
      case .survived, .unknown:
        attempts += 1
        last = closed.at
      case .stuck: throw Violation("S1", "kill \(record.id) of a process that is stuck since kill \(id)")
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
      default: nil
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
    guard let configuration, let rule = configuration.rules.first(where: { $0.id == record.rule }) else {
      throw Violation("S1", "a terminate of kill \(id) for rule \(record.rule), which is not configured")
    }
    guard let machine = machines[vm], let facts = machine.facts else {
      throw Violation("S1", "a terminate on \(vm), which is in no inventory")
    }
    if let other = machine.open.first(where: { $0 != id }) {
      throw Violation("S5", "a terminate of kill \(id) while kill \(other) is open on \(vm)")
    }
    try guardGates(record, rule, configuration, at: now)
    if machine.refused[login] != nil { throw Violation("S10", "a terminate with login \(login), refused on \(vm)") }

    let (confirm, row) = try confirm(of: record, machine, rule)
    if firstByteBy > confirm.sent.continuous + .seconds(5) || wall > confirm.sent.wall + 5 * Span.second {
      throw Violation("S1", "kill \(id) may leave later than 5 s after its confirm was sent")
    }
    if OwnRules.isProtected(row, configuration.protect, family: facts.family) {
      throw Violation("S2", "kill \(id) of a protected process: \(Line.of(row))")
    }
    if !OwnRules.reaches(rule, row, family: facts.family) {
      throw Violation("S1", "rule \(rule.id) does not match what the confirm of kill \(id) showed: \(Line.of(row))")
    }
    try guardReason(record.reason, rule, row, confirm, vm, facts.family, id)
    try guardLasting(rule, row, confirm, vm, facts.family, id)
    kills[id]?.terminated = now.continuous
    kills[id]?.confirmed = Kill.Confirmed(process: row, sent: confirm.sent, life: confirm.lives[pid])
  }

  /// The last answer that says anything about the pid: it must show this identity, running.
  private func confirm(
    of record: KillRecord, _ machine: Machine, _ rule: Rule
  ) throws(Violation) -> (Shown, GuestWatchCore.Process) {
    let needsListing = if case .tooMany = record.reason { true } else { false }
    for shown in machine.shown.reversed() where shown.login == record.login && shown.daemon == daemon {
      let row: GuestWatchCore.Process?
      switch shown.what {
      case .listing(let listing):
        guard listing.complete else { continue }
        row = listing.rows.first { $0.pid == record.process.pid }
        if needsListing && !listing.showsEnds { break }
      case .look(let look, let pid, _):
        guard pid == record.process.pid else { continue }
        if case .running(let process) = look { row = process } else { row = nil }
        if needsListing {
          throw Violation("S1", "kill \(record.id) is for too many, but was confirmed by a look at one pid")
        }
      }
      guard let row, row.finished == nil, row.identity == record.process.identity else {
        throw Violation(
          "S1", "the last answer before kill \(record.id) shows \(row.map(Line.of) ?? "nothing") on its pid")
      }
      if needsListing, case .listing(let listing) = shown.what, !listing.showsEnds {
        throw Violation("S1", "kill \(record.id) is for too many, but its listing shows no ends")
      }
      if let last = machine.lastOutcome[record.rule], needsListing, shown.sent.continuous < last {
        throw Violation("S1", "kill \(record.id) was confirmed by a listing from before the last outcome")
      }
      return (shown, row)
    }
    throw Violation("S1", "kill \(record.id) was never confirmed")
  }

  private func guardReason(
    _ reason: Reason, _ rule: Rule, _ row: GuestWatchCore.Process, _ confirm: Shown, _ vm: VMAddress,
    _ family: GuestFamily, _ id: KillID
  ) throws(Violation) {
    switch (reason, rule.limits) {
    case (.forbidden, .forbidden): break
    case (.tooOld(let limit, _, _), .bounded(let maxAge?, _)):
      if limit != maxAge { throw Violation("S1", "kill \(id) names another max_age than its rule") }
      guard let age = trueAge(row.pid, confirm, vm, at: confirm.ended.continuous) else {
        throw Violation("S1", "kill \(id): nobody held the pid when the confirm was answered")
      }
      if age <= maxAge - Checker.slack {
        throw Violation("S1", "kill \(id) for age: it is \(age) old in truth, max_age is \(maxAge)")
      }
    case (.tooMany, .bounded(_, let most?)):
      guard case .listing(let listing) = confirm.what else { break }
      let others = OwnRules.others(than: row, in: listing.rows, of: rule, most, family: family)
      if others.count(where: { OwnRules.mayStand($0, before: row, most.keep) }) < most.count {
        throw Violation("S1", "kill \(id) for number: it is among the \(most.count) that may stay")
      }
    case (.forbidden, _), (.tooOld, _), (.tooMany, _):
      throw Violation("S1", "kill \(id) has a reason that rule \(rule.id) does not know")
    }
  }

  /// Start times are whole seconds: two of them may be off by almost one.
  static let slack = Duration.milliseconds(1_200)

  /// How old the process really was at that moment.
  func trueAge(_ pid: Int64, _ shown: Shown, _ vm: VMAddress, at: Instant) -> Duration? {
    guard let life = shown.lives[pid], let state = lives[LifeKey(moid: vm.moid, life: life)] else { return nil }
    return .nanoseconds(at.nanoseconds - state.born)
  }
}
