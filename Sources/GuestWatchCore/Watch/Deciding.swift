import OrderedCollections

extension Watch {
  /// A track that is ready to be acted on.
  private struct Ready {
    var v: Int
    var c: Int
    var t: Int
    var due: Instant
    var order: Int
  }

  /// Looks for a runaway on a VM that may be killed now, and begins its kill.
  ///
  /// The longest due goes first, at the same instant the earlier rule. A closed gate is said once.
  mutating func decide(_ place: Int, _ now: Now) {
    budgetWaiters.removeValue(forKey: vms[place].key)
    guard let configuration, !configuration.onlyByHand, vms[place].watchable else { return }
    for ready in readyTracks(place, now) {
      if tell(ready, place, now) == nil {
        beginKill(ready.v, ready.c, ready.t, place, now)
        return
      }
    }
  }

  private func readyTracks(_ place: Int, _ now: Now) -> [Ready] {
    guard let configuration else { return [] }
    var found: [Ready] = []
    // Found once for all of a group: asking for each would be quadratic in what a user may start.
    var victims: [RuleID: [Group.Key: Int]] = [:]
    for v in vms[place].views.indices {
      let chain = vms[place].views[v].chain
      let candidates = vms[place].views[v].candidates
      for c in candidates.indices {
        for t in candidates[c].tracks.indices {
          guard let exceeded = candidates[c].tracks[t].exceeded, let order = rulePlaces[candidates[c].tracks[t].rule]
          else { continue }
          if mutated(.neverAskAgain), !candidates[c].tracks[t].said.isEmpty { continue }
          let due = exceeded.due(configuration.rules[order].lasting)
          guard exceeded.looks >= 2 || mutated(.actOnOneLook), exceeded.lastSent >= due,
            now.continuous - exceeded.lastEnded <= chain
          else {
            continue
          }
          if exceeded.group != nil, configuration.rules[order].action == .terminate, !configuration.dryRun {
            let rule = configuration.rules[order]
            // Chosen from a listing sent after the last outcome, and always the last that may be killed.
            guard exceeded.lastSent > vms[place].lastOutcome else { continue }
            let last = victims[rule.id] ?? lastVictims(rule, place, v, now)
            victims[rule.id] = last
            if let mine = candidates[c].tracks[t].rank, let last = last[mine.group], last > mine.place.place,
              !mutated(.takeAnyVictim)
            {
              continue
            }
          }
          found.append(Ready(v: v, c: c, t: t, due: due, order: order))
        }
      }
    }
    return found.sorted { ($0.due, $0.order, $0.c) < ($1.due, $1.order, $1.c) }
  }

  /// True where nobody of the group comes before it: protected, stuck and denied ones are passed over, never replaced by
  /// one within the limit.
  func isVictim(
    _ candidate: Candidate, _ track: Track, _ rule: Rule, _ place: Int, _ v: Int, _ now: Now
  ) -> Bool {
    guard track.exceeded?.group != nil, let mine = track.rank, !mutated(.takeAnyVictim) else { return true }
    return lastVictims(rule, place, v, now)[mine.group].map { $0 <= mine.place.place } ?? true
  }

  /// Of each group of a rule the last place in its order that may be killed; one that is beyond the limit counts,
  /// whatever it is a runaway for.
  private func lastVictims(_ rule: Rule, _ place: Int, _ v: Int, _ now: Now) -> [Group.Key: Int] {
    var last = vms[place].views[v].unfollowed[rule.id] ?? [:]
    for candidate in vms[place].views[v].candidates {
      guard let rank = candidate.tracks.first(where: { $0.rule == rule.id })?.rank,
        last[rank.group].map({ $0 < rank.place.place }) ?? true,
        lastingGate(candidate.process, .rule(rule), place, now) == nil
      else { continue }
      last[rank.group] = rank.place.place
    }
    return last
  }

  /// Asks the gates of a ready track and says what keeps it, once for each gate.
  private mutating func tell(_ ready: Ready, _ place: Int, _ now: Now) -> Gate? {
    guard let rule = configuration?.rules[ready.order],
      let reason = vms[place].views[ready.v].candidates[ready.c].tracks[ready.t].exceeded?.reason
    else { return .stopping }
    let process = vms[place].views[ready.v].candidates[ready.c].process
    guard let gate = gateNow(process, rule, place, due: ready.due, now) else { return nil }
    if gate == .fleetBudget || gate == .ruleBudget {
      let known = budgetWaiters[vms[place].key]?.gate
      if known == nil || (known == .ruleBudget && gate == .fleetBudget) {
        budgetWaiters[vms[place].key] = BudgetWaiter(rule: rule.id, due: ready.due, gate: gate)
      }
    }
    let isSaid = vms[place].views[ready.v].candidates[ready.c].tracks[ready.t].said.contains(gate)
    guard !isSaid, !mutated(.sayNoGate) else { return gate }
    let candidate = vms[place].views[ready.v].candidates[ready.c]
    switch gate {
    case .killOpen, .retryWait, .stopping:
      if gate == .retryWait, hasTriedTooMany(process, place) { limitReached(place, "processes that were tried", now) }
      return gate
    case .report, .dryRun:
      reportWouldKill(candidate, rule, reason, gate, place, now)
    case .notDuring:
      reportQuiet(candidate, rule, reason, place, now)
    case .paused, .protected, .ruleBudget, .vmBudget, .fleetBudget, .cooldown, .toolsBusy, .noTerminate, .ledger,
      .stuck, .denied, .login:
      report(
        aboutVM(
          .waiting, .warning, place, rule: rule.id, login: rule.login, process: shown(candidate.process),
          reason: reason, gate: gate))
    }
    vms[place].views[ready.v].candidates[ready.c].tracks[ready.t].said.append(gate)
    return gate
  }

  /// What would have been killed: a row of its own, and no budget spent.
  private mutating func reportWouldKill(
    _ candidate: Candidate, _ rule: Rule, _ reason: Reason, _ gate: Gate, _ place: Int, _ now: Now
  ) {
    let id = nextKillID()
    let record = KillRecord(
      id: id, cause: .rule(rule.id, reason), ruleDescription: rule.description, action: rule.action,
      dryRun: configuration?.dryRun ?? true, vm: vms[place].key, address: vms[place].address,
      vmName: vms[place].facts.name, login: rule.login, process: shown(candidate.process), anchors: [], decided: now,
      confirmed: nil, origin: origin(rule.id, candidate.process))
    write(id, .reported(record, gate: gate))
    report(
      aboutVM(
        .wouldKill, .notice, place, rule: rule.id, login: rule.login, process: shown(candidate.process), killID: id,
        reason: reason, gate: gate))
  }

  mutating func nextKillID() -> KillID {
    lastKill += 1
    return KillID(life: life, number: lastKill)
  }

  private mutating func beginKill(_ v: Int, _ c: Int, _ t: Int, _ place: Int, _ now: Now) {
    let candidate = vms[place].views[v].candidates[c]
    let track = candidate.tracks[t]
    guard let rule = rule(track.rule), let exceeded = track.exceeded else { return }
    confirming.append(vms[place].key)
    vms[place].kill = Kill(
      id: nil, ground: .rule(rule.id, exceeded.reason, Ground.Chain(exceeded)), login: rule.login,
      address: vms[place].address, vmName: vms[place].facts.name, target: candidate.process,
      phase: .confirming(notBefore: now.continuous, tries: 0), decided: now, intentAt: now.continuous)
    defer {
      if mutated(.skipTheConfirm) {
        let sent = Now(continuous: exceeded.lastSent, wall: now.wall)
        intend(place, candidate.process, sent: sent, ended: now, now)
      }
    }
    guard !track.announced else { return }
    vms[place].views[v].candidates[c].tracks[t].announced = true
    report(
      aboutVM(
        .runaway, .info, place, rule: rule.id, login: rule.login, process: shown(candidate.process),
        reason: exceeded.reason))
  }
}
