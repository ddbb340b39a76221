extension Watch {
  mutating func looked(_ id: OpID, _ timing: Timing, _ result: Result<Look, Fault>, _ now: Now) {
    guard let operation = operations.removeValue(forKey: id), case .look(let pid, let purpose) = operation.kind,
      let key = operation.vm, let place = places[key], let login = operation.login
    else { return }
    ended(operation, at: place)
    if clock.hear(timing.date, at: now) { clockChanged(now) }
    let current = operation.epoch == vms[place].epoch
    var result = result
    if case .success(.vmGone) = result, !operation.verifies {
      // It says nothing of the guest, and may be said for ever of a VM that lists well: as any call that failed.
      result = .failure(Fault(.vmGone, code: "not found"))
    }
    switch result {
    case .failure(let fault):
      guestCallFailed(fault, operation, place, now)
      switch purpose {
      case .check: checkFailed(place, login, pid, now)
      case .confirm: if vms[place].kill?.confirm == id { confirmFailed(place, fault, now) }
      case .verify, .resolve: verifyFailed(place, fault, now)
      case .find: if vms[place].hand?.look == id { handFailed(place, fault, now) }
      }
    case .success(let look):
      let proves = if case .vmGone = look { false } else { true }
      guestCallWorked(operation, place, proves: proves, now)
      keepChains(place, (timing.firstByte ?? now).continuous)
      let look = mutated(.takeFinishedForAlive) ? look.revived : look
      guard let sent = timing.firstByte else { break }
      if case .vmGone = look { refreshSoon(operation.vcenter, now) }
      switch purpose {
      case .check: if current { checked(look, pid, place, login, sent: sent, ended: timing.ended) }
      case .confirm where !current: break
      case .confirm where vms[place].kill?.confirm != id:
        checked(look, pid, place, login, sent: sent, ended: timing.ended)
      case .confirm: confirm(look, pid, place, sent: sent, ended: timing.ended, now)
      case .verify, .resolve: verify(look, place, sent: sent, ended: timing.ended, now)
      case .find:
        if vms[place].hand?.look == id { handLooked(look, place, isCurrent: current, ended: timing.ended, now) }
      }
      remember(place)
      decide(place, now)
    }
    serve(operation, now)
    book(place, now)
  }

  /// A check that failed: the next survey decides, and the back-off when that may be sent.
  private mutating func checkFailed(_ place: Int, _ login: LoginID, _ pid: Int64, _ now: Now) {
    guard let v = vms[place].views.firstIndex(where: { $0.login == login }) else { return }
    vms[place].views[v].nextSurvey = now.continuous
  }

  /// Takes a `get` of one candidate in. It judges no group: that takes a listing.
  mutating func checked(_ look: Look, _ pid: Int64, _ place: Int, _ login: LoginID, sent: Now, ended: Now) {
    guard let v = vms[place].views.firstIndex(where: { $0.login == login }),
      let c = vms[place].views[v].candidates.firstIndex(where: { $0.process.pid == pid })
    else { return }
    switch look {
    case .gone: endCandidate(place, v, c, by: login, ended)
    case .finished: endCandidate(place, v, c, by: nil, ended)
    case .vmGone: break  // A call that failed (see `looked`).
    case .running(let process):
      guard process.identity == vms[place].views[v].candidates[c].process.identity else {
        // A newcomer, or the agent restarted: a survey decides, and until then nothing stands on what was seen before.
        vms[place].views[v].candidates[c].breakChains()
        vms[place].views[v].candidates[c].due = .never
        vms[place].views[v].candidates[c].getsFrom = ended.continuous + vms[place].views[v].every
        vms[place].views[v].nextSurvey = ended.continuous
        return
      }
      follow(process, place, v, c, sent: sent, ended: ended)
    }
  }

  private mutating func endCandidate(_ place: Int, _ v: Int, _ c: Int, by login: LoginID?, _ ended: Now) {
    let candidate = vms[place].views[v].candidates.remove(at: c)
    candidateCount -= 1
    statusDirty = true
    candidateEnded(candidate, place, login, gone: true, ended)
  }

  /// Judges name and command afresh, and the limits that one process alone can exceed.
  private mutating func follow(_ process: Process, _ place: Int, _ v: Int, _ c: Int, sent: Now, ended: Now) {
    guard let configuration else { return }
    var candidate = vms[place].views[v].candidates[c]
    candidate.process = process
    candidate.looks += 1
    if candidate.looks == 2 { vms[place].memoryIsStale = true }
    let believed = clock.trusted && vms[place].doubt == nil
    let family = vms[place].facts.family
    for i in vms[place].views[v].rules {
      let rule = configuration.rules[i]
      guard Verdicts.matches(process, rule, family) else {
        candidate.tracks.removeAll { $0.rule == rule.id }
        continue
      }
      switch rule.limits {
      case .forbidden:
        candidate.follow(
          Verdict(rule: rule.id, finding: .alone(maxAge: nil, forbidden: true)), sent: sent, ended: ended,
          believed: believed, chain: vms[place].views[v].chain)
      case .bounded(let maxAge, let instances):
        guard let maxAge else { continue }
        let reason = candidate.tooOld(maxAge, sent: sent, believed: believed)
        // What a look at one pid cannot see of the group does not end its chain.
        // But a chain that stands on the age is ended by a look that does not show it.
        let track = candidate.tracks.first { $0.rule == rule.id }
        if reason == nil, instances != nil, track?.exceeded == nil || track?.exceeded?.group != nil { continue }
        candidate.follow(
          Verdict(rule: rule.id, finding: .alone(maxAge: maxAge, forbidden: false)), sent: sent, ended: ended,
          believed: believed, chain: vms[place].views[v].chain)
      }
    }
    if candidate.tracks.isEmpty {
      vms[place].views[v].candidates.remove(at: c)
      candidateCount -= 1
      statusDirty = true
    } else {
      candidate.due = dueOf(candidate, believed: believed, ended)
      vms[place].views[v].candidates[c] = candidate
    }
  }
}
