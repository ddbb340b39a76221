import GuestWatchCore

/// What the decision asks for, done.
extension Scheduler {
  /// Carries one effect out. It never feeds an event: all answers come through the mailbox.
  func carryOut(_ effect: Effect, _ now: Now, _ children: inout DiscardingTaskGroup) {
    switch effect {
    case .refresh(let op, let vcenter, let query, let by):
      let link = routes.link(vcenter)
      begin(op, .refresh, "\(vcenter)", by, link, now)
      start(op, &children) { [clock] in
        let (timing, result) =
          await link?.inventory(query, by: by) ?? (.unsent(clock.now()), .failure(.notConfigured("\(vcenter)")))
        return .inventory(op, timing, result)
      }
    case .survey(let op, let address, let login, let showingEnds, let by):
      let link = routes.link(address, login)
      begin(op, .survey, "\(address)", by, link, now)
      start(op, &children, after: noteGate.last) { [clock] in
        let (timing, result) =
          await link?.survey(moid: address.moid, login: login, showingEnds: showingEnds, by: by)
          ?? (.unsent(clock.now()), .failure(.notConfigured("\(address.vcenter), guest login \(login)")))
        return .surveyed(op, timing, result)
      }
    case .look(let op, let address, let login, let pid, let purpose, let by):
      let link = routes.link(address, login, pid: pid, for: purpose)
      begin(op, .look, "\(address) pid \(pid)", by, link, now)
      start(op, &children, after: noteGate.last) { [clock] in
        let (timing, result) =
          await link?.look(moid: address.moid, login: login, pid: pid, by: by)
          ?? (.unsent(clock.now()), .failure(.notConfigured("\(address.vcenter), guest login \(login)")))
        return .looked(op, timing, result)
      }
    case .record(let kill, let step):
      switch step {
      case .closed: routes.killClosed(kill)
      case .intent, .answered, .reported: break
      }
      writing.append(now.continuous)
      ledgerBox.yield(.step(kill, step, now))
    case .note(let note):
      writing.append(now.continuous)
      noteGate.given()
      ledgerBox.yield(.note(note, now))
    case .remember(let memory):
      if memories.put(memory) {
        markAgain = marking != nil
        giveMark()
      }
    case .keepPauses(let pauses):
      unkeptPauses = pauses
      give(pauses, now)
    case .terminate(let op, let kill, let address, let login, let pid, let firstByteBy, let firstByteByWall, let by):
      let link = routes.link(address, login)
      begin(op, .terminate, "\(address) pid \(pid)", by, link, now)
      if let link { routes.killSent(kill, address, login, pid: pid, over: link) }
      // High: it is of no use after `firstByteBy`.
      start(op, &children, after: noteGate.last, priority: .high) { [clock] in
        let (timing, answer) =
          await link?.terminate(
            moid: address.moid, login: login, pid: pid, firstByteBy: firstByteBy, firstByteByWall: firstByteByWall,
            by: by)
          ?? (.unsent(clock.now()), .notSent(.notConfigured("\(address.vcenter), guest login \(login)")))
        return .terminated(op, timing, answer)
      }
    case .answer(let ask, let answer):
      tell(ask, answer)
    case .show(let ask, let answer):
      show(ask, answer)
    case .report(let report):
      decisionSays(report, at: now)
    case .status(let snapshot):
      show(snapshot)
    case .wake(let at):
      // One that is past is due now, not late.
      wake = max(at, now.continuous)
    case .ready:
      line.ready()
    case .stopped:
      phase = .stopped
    }
  }

  /// A child that answers an operation. One that did not get to run before the scheduler ended is not carried out any
  /// more: its client logs out just then.
  ///
  /// - Parameter note: The note that the ledger is to be done with before.
  func start(
    _ op: OpID, _ children: inout DiscardingTaskGroup, after note: Int? = nil, priority: TaskPriority? = nil,
    _ work: @escaping @Sendable () async -> Event
  ) {
    children.addTask(priority: priority) { [mailbox, noteGate] in
      guard await noteGate.pass(note, for: op), !Task.isCancelled else { return }
      mailbox.yield(.answered(op, await work()))
    }
  }

  func begin(
    _ op: OpID, _ kind: Operations.Kind, _ target: String, _ by: Instant, _ link: Source.Link?, _ now: Now
  ) {
    operations.begin(op, .init(kind: kind, target: target, begun: now, by: by, session: link?.session))
  }
}
