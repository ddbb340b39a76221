import OrderedCollections

extension Watch {
  /// A terminate was answered, given up, or answered late.
  mutating func terminated(_ id: OpID, _ timing: Timing, _ answer: KillAnswer, _ now: Now) {
    guard let operation = operations.removeValue(forKey: id) else {
      answeredLate(id, timing, answer)
      return
    }
    guard case .terminate(let killID) = operation.kind, let key = operation.vm, let place = places[key] else { return }
    ended(operation, at: place)
    if clock.hear(timing.date, at: now) { clockChanged(now) }
    terminateToldOfLogin(answer, operation, place, now)
    guard var kill = vms[place].kill, kill.id == killID else { return }
    if case .unanswered = answer {
      if late.count >= 256 { late.removeFirst() }
      late[id] = killID
    }
    kill.firstByte = timing.firstByte
    kill.answer = answer
    kill.answered = timing.ended.continuous
    kill.took = timing.firstByte.map { timing.ended.continuous - $0.continuous }
    kill.phase = .verifying(next: timing.ended.continuous + KillTiming.verify[0], looks: 0)
    vms[place].kill = kill
    if mutated(.sendAgainWithoutAnAnswer), answer == .unanswered { return sendAgain(kill, place, now) }
    if mutated(.spendAtTheAnswer) { budgets.spend(killID, rule: kill.rule, vm: key, at: now.continuous) }
    // What an operator asks for keeps no rule from its next kill.
    if let rule = kill.rule, let sent = timing.firstByte { budgets.sent(rule: rule, vm: key, at: sent.continuous) }
    tell(kill, .verifying(killID), now)
    write(killID, .answered(timing, answer))
    settle(place, now)
    decide(place, now)
    serve(operation, now)
    book(place, now)
  }

  /// Closes what an answer alone decides; everything else is looked at.
  mutating func settle(_ place: Int, _ now: Now) {
    guard let kill = vms[place].kill, let answer = kill.answer else { return }
    switch answer {
    case .notSent(let fault):
      restFromKills(place, fault, now)
      close(place, .abandoned, error: fault, verified: nil, now)
    case .notBegun(let fault):
      restFromKills(place, fault, now)
      close(place, .failed, error: fault, verified: nil, now)
    case .denied(let fault):
      restFromDenials(place, now)
      close(place, .denied, error: fault, verified: nil, now)
    case .notFound:
      vms[place].takesTerminates()
      guard let took = kill.took else { break }
      if took < KillTiming.ownEffect || mutated(.callEveryNotFoundAlreadyGone) {
        close(place, .alreadyGone, error: nil, verified: now, now)
      } else if kill.lost {
        close(place, .unknown, error: nil, verified: nil, now)
      }
    case .done, .ambiguous, .unanswered:
      vms[place].takesTerminates()
      if mutated(.closeWithoutALook), answer == .done {
        close(place, .exited, error: nil, verified: now, now)
      } else if kill.lost {
        close(place, .unknown, error: nil, verified: nil, now)
      }
    }
  }

  /// A terminate that was not sent or not begun: the next one waits, longer each time.
  mutating func restFromKills(_ place: Int, _ fault: Fault, _ now: Now) {
    vms[place].killFailures += 1
    vms[place].killRestUntil = now.continuous + chance.around(KillTiming.backOff(vms[place].killFailures))
    // A terminate causes no login; the inventory does.
    if fault.kind == .sessionLost { refreshSoon(vms[place].address.vcenter, now) }
  }

  /// Budgets hold no denied kill back, and each is a login in the guest and a row: where a thousand processes are not ours to
  /// end, they are not asked for in one go. Not longer than L1 leaves for a kill.
  private mutating func restFromDenials(_ place: Int, _ now: Now) {
    vms[place].killFailures = 0
    vms[place].denials += 1
    let pause = min(KillTiming.backOff(vms[place].denials), KillTiming.rest)
    vms[place].killRestUntil = max(vms[place].killRestUntil, now.continuous + chance.around(pause))
  }

  /// An answer after its deadline still tells what our terminate did.
  private mutating func answeredLate(_ id: OpID, _ timing: Timing, _ answer: KillAnswer) {
    guard let killID = late.removeValue(forKey: id), !mutated(.dropLateAnswers) else { return }
    write(killID, .answered(timing, answer))
    guard let key = killPlaces[killID], let place = places[key], vms[place].kill?.id == killID,
      case .verifying? = vms[place].kill?.phase
    else { return }
    switch answer {
    case .done, .notFound: vms[place].kill?.answer = answer
    case .notBegun, .denied, .ambiguous, .notSent, .unanswered: break
    }
  }

  /// Step 7: the one outcome, to the ledger and to the operator.
  mutating func close(_ place: Int, _ outcome: Outcome, error: Fault?, verified: Now?, _ now: Now) {
    keepChains(place, now.continuous)
    guard var kill = vms[place].kill, let id = kill.id else { return }
    var outcome = outcome
    if outcome == .survived || outcome == .unknown || outcome == .denied {
      noteAttempt(
        at: place, kill.identityNow, was: kill.identity, rule: kill.rule, login: kill.login, outcome: outcome,
        now.continuous)
      let stuck = vms[place].attempts(on: kill.identityNow).contains(where: \.stuck)
      if outcome == .survived && stuck { outcome = .stuck }
    }
    switch outcome {
    case .exited, .alreadyGone, .gone:
      remember(ended: kill.identity, by: nil, place, now.continuous)
      remember(ended: kill.identityNow, by: nil, place, now.continuous)
      dropCandidates(kill.identityNow, place)
    case .survived, .stuck, .denied, .failed, .abandoned, .unknown: break
    }
    kill.phase = .closing(outcome)
    kill.error = error ?? kill.fault
    vms[place].kill = kill
    vms[place].lastOutcome = now.continuous
    if mutated(.countUnknownAsNoKill), outcome == .unknown { budgets.giveBack(id) }
    if mutated(.countSurvivedAsNoKill), outcome == .survived || outcome == .stuck { budgets.giveBack(id) }
    // The view's picture is from before the kill: the next victim is chosen from a new one.
    for v in vms[place].views.indices where vms[place].views[v].login == kill.login {
      vms[place].views[v].nextSurvey = min(
        vms[place].views[v].nextSurvey, max(now.continuous, vms[place].killRestUntil))
    }
    write(id, .closed(outcome, error: error ?? kill.fault, verified: verified, at: now))
    if mutated(.recordTheOutcomeTwice) { write(id, .closed(outcome, error: nil, verified: verified, at: now)) }
    report(
      Report(
        .killed, level(of: outcome), rule: kill.rule, vcenter: kill.address.vcenter, moid: kill.address.moid,
        vmName: kill.vmName, login: kill.login, process: shown(kill.target), killID: id,
        reason: kill.ground.cause.reason, demand: kill.ground.cause.demand, outcome: outcome, fault: kill.error))
    statusDirty = true
  }

  /// An identity that is closed as gone is not followed any more, by any login, even while it is still listed.
  private mutating func dropCandidates(_ identity: Identity, _ place: Int) {
    for v in vms[place].views.indices {
      guard let c = vms[place].views[v].candidates.firstIndex(where: { $0.process.identity == identity }) else {
        continue
      }
      vms[place].views[v].candidates.remove(at: c)
      candidateCount -= 1
    }
  }

  private func level(of outcome: Outcome) -> Report.Level {
    switch outcome {
    case .exited, .alreadyGone, .gone: .notice
    case .survived, .failed, .abandoned, .unknown: .warning
    case .stuck, .denied: .error
    }
  }

  /// The time in which a kill is open does not break chains of looks on its VM. Asked before every look is taken in, for a
  /// terminate alone may take longer than a chain lasts; then `now` is when that look was sent, to which a chain must reach.
  mutating func keepChains(_ place: Int, _ now: Instant) {
    guard let kill = vms[place].kill, kill.isOpen else { return }
    // Its outcome is found, and only waits for the disk.
    if case .closing = kill.phase { return }
    let since = max(kill.intentAt, kill.chainsKept)
    guard now > since else { return }
    vms[place].kill?.chainsKept = now
    for v in vms[place].views.indices {
      for c in vms[place].views[v].candidates.indices {
        for t in vms[place].views[v].candidates[c].tracks.indices {
          guard let exceeded = vms[place].views[v].candidates[c].tracks[t].exceeded else { continue }
          let lost = now - max(exceeded.lastEnded, since)
          if lost > .zero {
            vms[place].views[v].candidates[c].tracks[t].exceeded?.lastEnded = exceeded.lastEnded + lost
          }
        }
      }
    }
  }

  /// Counts a try on an identity, over all rules.
  ///
  /// - Parameter was: what it was called when the try began, before the guest's agent restarted.
  mutating func noteAttempt(
    at place: Int, _ identity: Identity, was: Identity, rule: RuleID?, login: LoginID, outcome: Outcome, _ at: Instant
  ) {
    func isAbout(_ attempts: Attempts) -> Bool { attempts.isOn(identity) || attempts.isOn(was) }
    if !vms[place].attempts.contains(where: isAbout) {
      // Nobody else is tried from the cap on; only what a ledger holds may be more.
      if vms[place].attempts.count >= 2 * VMState.attemptsCap { return }
      vms[place].insert(Attempts(identity: was, rule: rule))
    }
    for i in vms[place].attempts.indices where isAbout(vms[place].attempts[i]) {
      vms[place].attempts[i].rename(identity)
      vms[place].attempts[i].note(outcome, rule: rule, login: login, at)
    }
  }

  /// An epoch ended or the VM is not there any more: what cannot be known is closed as that.
  mutating func loseKill(_ place: Int, _ now: Now) {
    for i in vms[place].waitingKills.indices { vms[place].waitingKills[i].lost = true }
    guard let kill = vms[place].kill else { return }
    switch kill.phase {
    case .confirming: dropKill(place, .changed("the VM began a new life, or is not there any more"))
    case .recording, .terminating: vms[place].kill?.lost = true
    case .verifying: close(place, .unknown, error: nil, verified: nil, now)
    case .closing: break
    }
  }
}

extension Kill {
  /// The fault of the terminate's answer, for the row.
  var fault: Fault? { answer?.fault }
}

extension KillAnswer {
  /// What went wrong; nil: nothing, vCenter says.
  var fault: Fault? {
    switch self {
    case .notBegun(let fault), .denied(let fault), .ambiguous(let fault), .notSent(let fault): fault
    case .unanswered: Fault(.unanswered, code: "no answer")
    case .done, .notFound: nil
    }
  }
}
