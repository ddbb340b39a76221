import GuestWatchCore

/// Kills that an operator asks for: justified where this very identity was asked for by somebody who still waits, and looks
/// have shown it twice, 5 s apart or more. All else (gates, budgets, retries, confirm, protect list) is checked as for a rule.
extension Checker {
  /// A question of an operator that is not answered.
  struct Asked: Sendable {
    /// nil: only what it is.
    var order: KillOrder?
    var at: Instant
    var isWithdrawn = false
  }

  mutating func takeByHand(_ request: OperatorRequest, at now: Now) {
    switch request {
    case .find(let ask, _): asked[ask] = Asked(order: nil, at: now.continuous)
    case .vms(let ask, _), .explain(let ask, _, _): asked[ask] = Asked(order: nil, at: now.continuous)
    case .kill(let ask, let order): asked[ask] = Asked(order: order, at: now.continuous)
    case .withdraw(let ask): asked[ask]?.isWithdrawn = true
    case .pause, .resume, .retryLogin: break
    }
  }

  /// The rule behind a kill; nil: an operator, whose order is looked up here.
  func rule(behind record: KillRecord, _ configuration: Configuration, at now: Now) throws(Violation) -> Rule? {
    switch record.cause {
    case .rule(let id, _):
      guard let rule = configuration.rules.first(where: { $0.id == id }) else {
        throw Violation("S1", "kill \(record.id) is of rule \(id), which is not configured")
      }
      return rule
    case .demand(let demand):
      // Every order of a simulated operator has words of its own.
      guard let found = asked.values.first(where: { $0.order?.demand == demand }), let order = found.order else {
        throw Violation("S1", "kill \(record.id) by hand, which nobody asked for: \(demand.why)")
      }
      if found.isWithdrawn { throw Violation("S1", "kill \(record.id) for an operator who has gone") }
      guard order.vm == record.vm, order.login == record.login,
        OwnIdentity(order.identity) == OwnIdentity(record.process)
      else { throw Violation("S1", "kill \(record.id) is of another process than was asked for") }
      if now.continuous - found.at > .seconds(240) {
        throw Violation(
          "S1", "kill \(record.id) for an order that is \((now.continuous - found.at).wholeSeconds) s old")
      }
      return nil
    }
  }

  /// A look for an operator showed it first, and the confirm came 5 s after that was answered, in the same epoch.
  func guardOrder(
    _ record: KillRecord, _ row: GuestWatchCore.Process, _ confirm: Shown, _ machine: Machine
  ) throws(Violation) {
    let epoch = machine.epochKnown
    let first = machine.shown.last { shown in
      guard shown.login == record.login, shown.daemon == daemon, shown.sent.continuous > epoch,
        case .look(.running(let process), row.pid, .find) = shown.what, OwnIdentity(process) == OwnIdentity(row)
      else { return false }
      return confirm.sent.continuous - shown.ended.continuous >= .seconds(5)
    }
    if first == nil {
      throw Violation("S1", "kill \(record.id) by hand of a process that no look showed 5 s before its confirm")
    }
  }

  /// The rule whose change lets an identity that is stuck be tried again: that of the last try by one.
  func lastRule(before id: KillID, of record: KillRecord) -> RuleID? {
    var last: RuleID?
    for other in killOrder {
      if let kill = kills[other], kill.record.vm == record.vm,
        OwnIdentity(kill.record.process) == OwnIdentity(record.process), let outcome = kill.closed?.outcome
      {
        switch outcome {
        case .survived, .stuck, .unknown, .denied: last = kill.record.cause.rule ?? last
        case .exited, .alreadyGone, .gone, .failed, .abandoned: break
        }
      }
      if other == id { break }
    }
    return last
  }

  // MARK: what operators are told

  mutating func see(_ answer: HandAnswer, to ask: AskID, at now: Now) throws(Violation) {
    guard let mine = asked[ask] else { throw Violation("contract", "\(ask) is answered, but nobody waits") }
    if mine.isWithdrawn { throw Violation("contract", "\(ask) is answered, but has gone") }
    let own = mine.order.flatMap { order in killOrder.last { kills[$0]?.record.cause == .demand(order.demand) } }
    switch answer {
    case .step: return
    case .found(let found):
      if mine.order != nil { throw Violation("contract", "\(ask) asked for a kill and is told what it is") }
      if let facts = machines[found.address]?.facts, let protect = configuration?.protect,
        isUntouchable(found.address, facts, protect)
      {
        throw Violation("S2", "an operator is shown a process of \(found.address), which is never in scope")
      }
    case .closed(let id, let outcome, _):
      guard own == id, kills[id]?.closed?.outcome == outcome else {
        throw Violation("S5", "\(ask) is told that kill \(id) is \(outcome), which the ledger does not say")
      }
    case .open(let id):
      guard own == id, kills[id]?.closed == nil else {
        throw Violation("S5", "\(ask) is told that kill \(id) is open, which it is not")
      }
    case .refused(.notRecorded): break
    case .refused:
      if let own { throw Violation("S5", "\(ask) is told that nothing was sent, but there is kill \(own)") }
    }
    asked[ask] = nil
  }

  /// Everybody who waited was answered, or the daemon died.
  func guardAnswers(at now: Int64) throws(Violation) {
    for mine in asked.values where !mine.isWithdrawn && now - mine.at.nanoseconds > 600 * Span.second {
      throw Violation("L1", "an operator waits for \((now - mine.at.nanoseconds) / Span.second) s")
    }
  }

  func guardSecrets(_ answer: HandAnswer) throws(Violation) {
    switch answer {
    case .found(let found): try guardSecret(found.process)
    case .refused(.another(let process)): try guardSecret(process)
    case .closed(_, _, let fault): try guardText(fault?.code, fault?.detail)
    case .refused(.failed(let fault)): try guardText(fault.code, fault.detail)
    case .step, .open, .refused: break
    }
  }
}

extension OwnIdentity {
  init(_ identity: Identity) {
    self.init(
      GuestWatchCore.Process(
        pid: identity.pid, started: identity.started, owner: identity.owner, name: "", command: ""))
  }
}
