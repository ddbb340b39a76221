extension Watch {
  /// Step 3 of a kill by a `get`: the same identity, running, and the rules as loaded now say runaway on this answer.
  mutating func confirm(_ look: Look, _ pid: Int64, _ place: Int, sent: Now, ended: Now, _ now: Now) {
    guard let kill = vms[place].kill, case .confirming = kill.phase, kill.target.pid == pid else { return }
    checked(
      mutated(.judgeTheOldAnswer) ? .running(kill.target) : look, pid, place, kill.login, sent: sent, ended: ended)
    switch look {
    case .gone, .finished:
      spare(place, kill, nil, "it ended by itself before the kill", now)
    case .vmGone: break  // A call that failed (see `looked`).
    case .running(let process):
      guard process.identity == kill.identity else {
        spare(place, kill, process, "another process has the pid now", now)
        return
      }
      intend(place, mutated(.judgeTheOldAnswer) ? kill.target : process, sent: sent, ended: ended, now)
    }
  }

  /// Step 3 for `max_instances`: one complete listing that shows ends judges the whole group anew.
  mutating func confirm(_ listing: Listing, _ place: Int, sent: Now, ended: Now, _ now: Now) {
    guard let kill = vms[place].kill, case .confirming = kill.phase else { return }
    guard let row = listing.rows.first(where: { $0.pid == kill.target.pid }), row.finished == nil else {
      spare(place, kill, nil, "it ended by itself before the kill", now)
      return
    }
    guard row.identity == kill.identity else {
      spare(place, kill, row, "another process has the pid now", now)
      return
    }
    intend(place, row, sent: sent, ended: ended, now)
  }

  private mutating func spare(_ place: Int, _ kill: Kill, _ newcomer: Process?, _ why: String, _ now: Now) {
    dropKill(place, newcomer.map { .another(shown($0)) } ?? .gone)
    // A guest that contradicts itself would have it said at every try.
    let identity = kill.identity
    let sighting = Sighting(
      rule: kill.rule ?? RuleID(""), vm: vms[place].key,
      name: stableHash("spared \(identity.pid) \(identity.started) \(newcomer == nil)"))
    guard isNews(sighting, now) else { return }
    report(
      aboutVM(
        .spared, newcomer == nil ? .info : .notice, place, cause: kill.ground.cause, login: kill.login,
        process: newcomer.map(shown) ?? shown(kill.target), detail: why))
  }

  /// The confirm failed or was not answered: three tries, then the next survey decides.
  mutating func confirmFailed(_ place: Int, _ fault: Fault, _ now: Now) {
    guard let kill = vms[place].kill, case .confirming(_, let tries) = kill.phase else { return }
    if fault.kind.isPermanent || tries + 1 >= KillTiming.confirmTries {
      dropKill(place, .failed(fault))
    } else {
      vms[place].kill?.phase = .confirming(notBefore: now.continuous, tries: tries + 1)
    }
  }

  /// True where what the kill stands on still carries it, with the look that was just taken in (or the confirm).
  private func stands(_ kill: Kill, _ place: Int, confirmSent: Instant) -> Bool {
    switch kill.ground {
    case .rule(let id, _, let chain):
      guard let rule = rule(id), rule.login == kill.login, let exceeded = track(of: kill, id, place)?.track.exceeded
      else { return false }
      if mutated(.confirmAGroupByAGet), chain.group != nil { return true }
      return exceeded.lastSent == confirmSent && exceeded.looks >= (mutated(.actOnOneLook) ? 1 : 2)
        && exceeded.lastSent >= exceeded.due(rule.lasting)
        && Ground.Chain(exceeded) == chain
    case .demand(let standing):
      // Two looks, far enough apart, that show the identity: the one that the operator was shown, and the confirm.
      let pause = mutated(.confirmByHandAtOnce) ? Duration.zero : Track.twoLooks
      return standing.seen != .never && confirmSent >= standing.seen + pause && confirmSent < standing.until
        && standing.epoch == vms[place].epoch && vms[place].views.contains { $0.login == kill.login }
        && !isEnded(kill.identity, place, kill.login)
    }
  }

  /// Step 4: everything holds on this answer, so the intent is written down.
  mutating func intend(_ place: Int, _ process: Process, sent: Now, ended: Now, _ now: Now) {
    guard var kill = vms[place].kill else { return }
    kill.target = process
    guard stands(kill, place, confirmSent: sent.continuous), isStillVictim(kill, place, now),
      let asker = asker(of: kill)
    else { return dropKill(place, .changed("what it was asked on does not hold any more")) }
    if let gate = gate(process, asker, place, own: nil, now) { return dropKill(place, .gate(gate)) }
    if !ledger.takesIntents(now.continuous), !mutated(.ignoreLedgerTrouble) { return dropKill(place, .gate(.ledger)) }
    // Another guest may have refused the login meanwhile: then nothing else is sent with it.
    guard let credential = logins.credential(kill.login),
      logins.hasSlot(kill.login, credential, vcenter: vms[place].address.vcenter, on: vms[place].key)
    else { return dropKill(place, .gate(.login)) }
    let id = nextKillID()
    kill.id = id
    if case .rule(let rule, let reason, let chain) = kill.ground {
      kill.ground = .rule(rule, track(of: kill, rule, place)?.track.exceeded?.reason ?? reason, chain)
    }
    kill.confirmSent = sent
    kill.confirmed = ended
    kill.decided = now
    kill.intentAt = now.continuous
    kill.anchors = anchors(place, kill.login)
    kill.slot = occupy(place, kill.login, credential)
    kill.phase = .recording
    vms[place].kill = kill
    killPlaces[id] = vms[place].key
    if !mutated(.spendAtTheAnswer) { budgets.spend(id, rule: kill.rule, vm: vms[place].key, at: now.continuous) }
    let description: String
    let action: Action
    switch asker {
    case .rule(let rule): (description, action) = (rule.description, rule.action)
    case .user: (description, action) = ("", .terminate)
    }
    let record = KillRecord(
      id: id, cause: kill.ground.cause, ruleDescription: description, action: action, dryRun: false,
      vm: vms[place].key, address: vms[place].address, vmName: vms[place].facts.name,
      login: kill.login, process: shown(process), anchors: kill.anchors, decided: kill.decided, confirmed: ended,
      origin: origin(asker.rule, process))
    statusDirty = true
    tell(kill, .recording(id), now)
    effects.append(.record(id, .intent(record)))
    if mutated(.sendBeforeTheIntentIsDurable) { terminateNow(place, now) }
  }

  private func isStillVictim(_ kill: Kill, _ place: Int, _ now: Now) -> Bool {
    guard case .rule(let id, _, let chain) = kill.ground, chain.group != nil else { return true }
    guard let rule = rule(id), let found = track(of: kill, id, place) else { return false }
    return isVictim(found.candidate, found.track, rule, place, found.v, now)
  }

  /// In whose name a kill's gates are asked for; nil: its rule is not there any more.
  private func asker(of kill: Kill) -> Asker? {
    switch kill.ground {
    case .rule(let id, _, _): rule(id).map { .rule($0) }
    case .demand: .user(kill.login)
    }
  }

  /// The view, the candidate and the track that a rule's kill stands on; nil: one of them is not there any more.
  func track(of kill: Kill, _ rule: RuleID, _ place: Int) -> (v: Int, candidate: Candidate, track: Track)? {
    guard let v = vms[place].views.firstIndex(where: { $0.login == kill.login }),
      let candidate = vms[place].views[v].candidates.first(where: { $0.process.identity == kill.identity }),
      let track = candidate.tracks.first(where: { $0.rule == rule })
    else { return nil }
    return (v, candidate, track)
  }

  /// (pid, started) of the 8 oldest rows of the last complete listing.
  private func anchors(_ place: Int, _ login: LoginID) -> [Anchor] {
    let rows = vms[place].views.first { $0.login == login }?.rows ?? []
    return rows.sorted { ($0.started, $0.pid) < ($1.started, $1.pid) }.prefix(8).map {
      Anchor(pid: $0.pid, started: $0.started)
    }
  }

  /// The intent is on disk: all gates are asked again, then the terminate leaves in time or never (step 5).
  mutating func terminateNow(_ place: Int, _ now: Now) {
    guard let kill = vms[place].kill, case .recording = kill.phase, let id = kill.id, let confirmSent = kill.confirmSent
    else { return }
    let opens = mutated(.startTheWindowAtTheConfirmsEnd) ? kill.confirmed ?? confirmSent : confirmSent
    var reason: String?
    // What it stood on went with its epoch: who kills in spite of that asks for neither.
    let isBlind = kill.lost && vms[place].isShown && mutated(.killAfterTheEpochEnded)
    if kill.lost && !isBlind {
      reason = "the VM's epoch ended"
    } else if vms[place].address != kill.address {
      reason = "the VM has another id"
    } else if !isBlind && !stands(kill, place, confirmSent: confirmSent.continuous) {
      reason = "the configuration changed"
    } else if !isBlind && !isStillVictim(kill, place, now) {
      reason = "another of its group comes first now"
    } else if let why = vms[place].unwatchable {
      reason = "the VM is not looked into any more: \(why.rawValue)"
    } else if kill.isWithdrawn {
      reason = "whoever asked for it has gone"
    } else if case .rule(let rule)? = asker(of: kill), !Verdicts.matches(kill.target, rule, vms[place].facts.family) {
      reason = "it does not match any more"
    } else if let asker = asker(of: kill), let gate = gate(kill.target, asker, place, own: id, now),
      !mutated(.askNoGateTwice)
    {
      reason = "gate \(gate.rawValue)"
    } else if kill.slot.map({ !logins.stillHolds($0) }) ?? true {
      reason = "the guest login was refused elsewhere or has another secret now"
    } else if now.continuous - opens.continuous >= KillTiming.window
      || now.wall - opens.wall >= KillTiming.window.nanoseconds
    {
      reason = "the confirm is too old"
    }
    if let reason {
      let fault = Fault(.unknown, code: "not sent", detail: reason)
      giveSlotBack(place, now)
      restFromKills(place, fault, now)
      close(place, .abandoned, error: fault, verified: nil, now)
      return
    }
    guard let slot = kill.slot else { return }
    let op = nextOperation(.terminate(id), place, login: kill.login, slot: slot)
    vms[place].kill?.slot = nil
    vms[place].kill?.credential = slot.credential
    vms[place].kill?.phase = .terminating
    vms[place].busy = op
    tell(kill, .terminating(id), now)
    effects.append(
      .terminate(
        op, id, kill.address, kill.login, pid: kill.target.pid,
        firstByteBy: opens.continuous + KillTiming.window,
        firstByteByWall: mutated(.leaveTheWallClockOut) ? .max : opens.wall + KillTiming.window.nanoseconds,
        by: now.continuous + KillTiming.terminate))
    var report = aboutVM(
      .terminating, .info, place, cause: kill.ground.cause, login: kill.login, process: shown(kill.target))
    report.killID = id
    self.report(report)
  }
}

extension FaultKind {
  /// Another try at once would be answered no better.
  var isPermanent: Bool {
    switch self {
    case .guestLoginRefused, .guestDenied, .vmGone, .wrongState, .unsupported, .notPermitted, .loginRefused,
      .untrusted, .overCap, .badRequest:
      true
    case .guestLoginTrouble, .noCredential, .toolsUnavailable, .busy, .sessionLost, .noSession, .unreachable,
      .unanswered,
      .transient, .badAnswer, .unknown:
      false
    }
  }
}
