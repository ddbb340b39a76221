import OrderedCollections

/// What a VM wants done next.
private enum Want {
  case survey(v: Int)
  case check(v: Int, pid: Int64)
  case confirm
  case verify
  /// For an operator.
  case find

  /// What became of a kill is looked at whatever else waits: there is one on a VM at most.
  var followsKill: Bool {
    switch self {
    case .verify: true
    case .survey, .check, .confirm, .find: false
    }
  }
}

extension Watch {
  /// Starts what is due and fits into the slots, then says when to be woken.
  mutating func plan(_ now: Now) {
    retryLedger(now)
    endPauses(now)
    endAsks(now)
    if !asks.reaching.isEmpty || !asks.explains.isEmpty { reviewViews(now) }
    if shutdown == nil { refreshDue(now) }
    while let entry = agenda.first {
      guard let place = places[entry.vm], vms[place].booked == entry.at else {
        agenda.removeFirst()
        continue
      }
      guard entry.at <= now.continuous else { break }
      agenda.removeFirst()
      vms[place].booked = .never
      attend(place, now)
    }
    takeBudgetTurns(now)
    giveLoginTurns(now)
    finishShutdown(now)
    sayStatus(now)
    sayWake(now)
  }

  private mutating func refreshDue(_ now: Now) {
    for id in vcenters.keys {
      guard let state = vcenters[id], state.refreshing == nil, state.nextRefresh <= now.continuous else { continue }
      let query = query(id)
      if query.isEmpty {
        // An empty filter would mean every VM: nothing is asked.
        vcenters[id]?.nextRefresh = now.continuous + VCenterState.refreshEvery
        forgetPlaces(of: id, now)
        continue
      }
      if state.inFlight >= state.entry.maxInFlight {
        vcenters[id]?.refreshWaits = true
        continue
      }
      let op = newID()
      operations[op] = Operation(kind: .refresh(id, query), vm: nil, vcenter: id, login: nil, epoch: 0, slot: nil)
      vcenters[id]?.refreshing = op
      vcenters[id]?.refreshWaits = false
      vcenters[id]?.lastRefresh = now.continuous
      vcenters[id]?.inFlight += 1
      effects.append(.refresh(op, id, query, by: now.continuous + KillTiming.refresh))
    }
  }

  private mutating func newID() -> OpID {
    lastOperation += 1
    return OpID(life: life, number: lastOperation)
  }

  /// Registers an operation on a VM.
  mutating func nextOperation(_ kind: Operation.Kind, _ place: Int, login: LoginID, slot: Slot) -> OpID {
    let id = newID()
    operations[id] = Operation(
      kind: kind, vm: vms[place].key, vcenter: vms[place].address.vcenter, login: login, epoch: vms[place].epoch,
      slot: slot)
    return id
  }

  // MARK: What a VM wants

  private func want(_ place: Int, _ now: Now) -> (at: Instant, want: Want)? {
    guard !isBusy(place) || mutated(.askAVMTwiceAtOnce) else { return nil }
    if let kill = vms[place].kill {
      switch kill.phase {
      case .confirming(let notBefore, _):
        guard vms[place].watchable, shutdown == nil else { return nil }
        // What another login wants goes on while this one waits for its turn.
        if vms[place].waits.contains(where: { $0.login == kill.login }) { return wantLook(place, now) }
        return (max(notBefore, vms[place].restUntil), .confirm)
      case .recording, .terminating:
        return nil
      case .verifying(let next, _):
        // After a restart, or where its vCenter entry changed, its address is believed once an inventory has shown it.
        guard vms[place].present, vms[place].isShown || now.continuous < kill.keepsLinkUntil else { return nil }
        let verify = verifyFrom(kill, next, vms[place], now)
        if shutdown != nil { return kill.restored ? nil : verify.map { ($0, .verify) } }
        let rest = wantLook(place, now)
        guard let verify else { return rest }
        if let rest, rest.at < verify || (kill.surveyTurn && rest.at == verify) { return rest }
        return (verify, .verify)
      case .closing:
        break
      }
    }
    return shutdown == nil ? wantLook(place, now) : nil
  }

  /// The next look at a VM that is not about a kill: an operator's, where it is due, goes first.
  private func wantLook(_ place: Int, _ now: Now) -> (at: Instant, want: Want)? {
    guard vms[place].watchable else { return nil }
    let poll = wantPoll(place, now)
    guard let hand = wantHand(place) else { return poll }
    guard let poll, poll.at < hand.at, hand.at > now.continuous else { return hand }
    return poll
  }

  /// A VM that was not listed in this epoch is, once: an outcome may have to be judged by its oldest rows.
  private func wantHand(_ place: Int) -> (at: Instant, want: Want)? {
    guard let hand = vms[place].hand, let v = vms[place].views.firstIndex(where: { $0.login == hand.login }),
      !vms[place].waits.contains(where: { $0.login == hand.login })
    else { return nil }
    let isListed = hand.isListed || vms[place].views[v].lastListing != nil
    return (max(hand.notBefore, vms[place].restUntil), isListed ? .find : .survey(v: v))
  }

  /// The next survey or check of a VM. Where nothing is done but by hand, only listings that an operator waits for.
  private func wantPoll(_ place: Int, _ now: Now) -> (at: Instant, want: Want)? {
    let notBefore = max(vms[place].restUntil, vms[place].parked?.until ?? vms[place].restUntil)
    let onlyByHand = configuration?.onlyByHand == true
    var best: (at: Instant, due: Instant, want: Want)?
    for v in vms[place].views.indices {
      let login = vms[place].views[v].login
      let isAwaited = isAwaited(login, place)
      if onlyByHand && !isAwaited { continue }
      if logins.isStopped(login, on: vms[place].key) { continue }
      if vms[place].waits.contains(where: { $0.login == login }) { continue }
      let nextSurvey = isAwaited ? min(vms[place].views[v].nextSurvey, now.continuous) : vms[place].views[v].nextSurvey
      var due = nextSurvey
      var want = Want.survey(v: v)
      let candidates = vms[place].views[v].candidates
      // A survey that is due goes before any check: it shows more.
      if nextSurvey > now.continuous, let c = candidates.indices.min(by: { candidates[$0].due < candidates[$1].due }),
        candidates[c].due < due
      {
        due = candidates[c].due
        let horizon = max(due, now.continuous) + .seconds(1)
        let together = candidates.indices.count { candidates[$0].due <= horizon }
        let needsGroup = candidates[c].tracks.contains { $0.exceeded?.group != nil }
        // One survey replaces several checks, and only a listing judges a group.
        if together <= 2 && !needsGroup { want = .check(v: v, pid: candidates[c].process.pid) }
      }
      due = max(due, vms[place].views[v].parkedUntil)
      let at = max(due, notBefore)
      // All wait for the VM's rest: what was due first goes first, so that a login that always fails keeps no other away.
      if best.map({ (at, due) < ($0.at, $0.due) }) ?? true { best = (at, due, want) }
    }
    return best.map { ($0.at, $0.want) }
  }

  /// Something is in flight in its guest, under whatever uuid.
  func isBusy(_ place: Int) -> Bool {
    vms[place].busy != nil || vms[place].predecessor.flatMap { places[$0] }.map { vms[$0].busy != nil } == true
  }

  /// What was in flight here is answered, or its time is over: the VM that has the address now rests as after an operation
  /// that nobody answered, and may be asked.
  private mutating func letSuccessorGo(_ place: Int, _ now: Now) {
    guard let next = vms[place].successor else { return }
    vms[place].successor = nil
    guard let other = places[next], vms[other].predecessor == vms[place].key else { return }
    vms[other].predecessor = nil
    vms[other].restUntil = max(vms[other].restUntil, now.continuous + KillTiming.rest)
    book(other, now)
  }

  /// Books the VM's next want, unless something is in flight or it waits for a slot.
  mutating func book(_ place: Int, _ now: Now) {
    if vms[place].busy == nil { letSuccessorGo(place, now) }
    guard !vms[place].queued else { return }
    var at = want(place, now)?.at ?? .never
    if let kill = vms[place].kill, case .verifying = kill.phase, vms[place].busy == nil {
      at = min(at, givesUpAt(kill))
    }
    if let vcenter = vcenters[vms[place].address.vcenter], vcenter.down != nil {
      // Booked again when it is up; a kill that nobody can look at is still given up in the end.
      guard let kill = vms[place].kill, case .verifying = kill.phase else { return }
      at = givesUpAt(kill)
    }
    guard at != .never, at != vms[place].booked else { return }
    vms[place].booked = at
    agenda.book(vms[place].key, at: at)
  }

  /// Starts what a VM wants if it is due and there is a slot; else it waits for one, and does meanwhile what its other
  /// logins want.
  mutating func attend(_ place: Int, _ now: Now) {
    attended &+= 1
    if let kill = vms[place].kill, case .verifying = kill.phase, now.continuous >= givesUpAt(kill) {
      close(place, .unknown, error: nil, verified: nil, now)
    }
    while let (at, want) = want(place, now) {
      let vcenter = vms[place].address.vcenter
      guard at <= now.continuous, vcenters[vcenter]?.down == nil else { break }
      let login: LoginID
      let credential: Credential?
      switch want {
      case .survey(let v), .check(let v, _):
        login = vms[place].views[v].login
        credential = logins.credential(login)
      case .confirm:
        guard let kill = vms[place].kill else { return }
        login = kill.login
        credential = logins.credential(login)
        if logins.isStopped(login, on: vms[place].key) {
          dropKill(place, .gate(.login))
          break
        }
      case .find:
        guard let hand = vms[place].hand else { return }
        login = hand.login
        credential = logins.credential(login)
      case .verify:
        guard let kill = vms[place].kill else { return }
        login = kill.login
        credential = verifySecret(kill, now)
        if let credential { logins.know(credential) }
      }
      if case .confirm = want, vms[place].kill == nil { continue }
      if vms[place].hand?.login == login, logins.isStopped(login, on: vms[place].key) {
        refuseHand(place, .gate(.login))
        switch want {
        case .find, .survey: continue
        case .check, .confirm, .verify: break
        }
      }
      if let credential, !logins.hasSlot(login, credential, vcenter: vcenter, on: vms[place].key) {
        wait(place, for: login, credential.account)
        continue
      }
      if let state = vcenters[vcenter], state.refreshWaits || state.inFlight >= state.entry.maxInFlight,
        !mutated(.ignoreVCenterSlots)
      {
        if vms[place].queued { return }
        vms[place].queued = true
        if vms[place].timedOut {
          vcenters[vcenter]?.slowWaiting.append(vms[place].key)
        } else {
          vcenters[vcenter]?.waiting.append(vms[place].key)
        }
        return
      }
      if vms[place].timedOut, !want.followsKill, let state = vcenters[vcenter], state.slowInFlight >= state.slowShare {
        if vms[place].queued { return }
        vms[place].queued = true
        vcenters[vcenter]?.slowWaiting.append(vms[place].key)
        return
      }
      start(want, place, login, credential, now)
      return
    }
    book(place, now)
  }

  private mutating func wait(_ place: Int, for login: LoginID, _ account: String) {
    if !vms[place].waits.contains(where: { $0.account == account }) { logins.wait(vms[place].key, for: account) }
    vms[place].waits.append(LoginWait(login: login, account: account))
  }

  /// A survey out of turn: an account that is alone or stopped is tried with it.
  mutating func survey(_ place: Int, _ v: Int, trial: Bool, _ now: Now) {
    let login = vms[place].views[v].login
    start(.survey(v: v), place, login, logins.credential(login), trial: trial, now)
  }

  private mutating func start(
    _ want: Want, _ place: Int, _ login: LoginID, _ credential: Credential?, trial: Bool = false, _ now: Now
  ) {
    let slot = occupy(place, login, credential, trial: trial, isSlow: vms[place].timedOut)
    let by = now.continuous + KillTiming.look
    let address = vms[place].address
    let op: OpID
    switch want {
    case .survey(let v):
      op = nextOperation(.survey(.follow), place, login: login, slot: slot)
      vms[place].views[v].nextSurvey = now.continuous + vms[place].views[v].every
      vms[place].kill?.surveyTurn = false
      if vms[place].hand?.login == login { vms[place].hand?.isListed = true }
      effects.append(.survey(op, address, login, showingEnds: false, by: by))
    case .check(let v, let pid):
      op = nextOperation(.look(pid: pid, .check), place, login: login, slot: slot)
      if let c = vms[place].views[v].candidates.firstIndex(where: { $0.process.pid == pid }) {
        vms[place].views[v].candidates[c].due = .never
      }
      effects.append(.look(op, address, login, pid: pid, .check, by: by))
    case .confirm:
      guard let kill = vms[place].kill else { return }
      vms[place].kill?.address = address
      if kill.group == nil || mutated(.confirmAGroupByAGet) {
        op = nextOperation(.look(pid: kill.target.pid, .confirm), place, login: login, slot: slot)
        effects.append(.look(op, address, login, pid: kill.target.pid, .confirm, by: by))
      } else {
        op = nextOperation(.survey(.confirm), place, login: login, slot: slot)
        effects.append(.survey(op, address, login, showingEnds: true, by: by))
      }
      vms[place].kill?.confirm = op
    case .find:
      guard let hand = vms[place].hand else { return }
      op = nextOperation(.look(pid: hand.pid, .find), place, login: login, slot: slot)
      vms[place].hand?.look = op
      effects.append(.look(op, address, login, pid: hand.pid, .find, by: by))
    case .verify:
      guard let kill = vms[place].kill else { return }
      if kill.verifyNeedsListing {
        op = nextOperation(.survey(.verify), place, login: login, slot: slot)
        effects.append(.survey(op, address, login, showingEnds: true, by: by))
      } else {
        let purpose: LookPurpose = kill.restored ? .resolve : .verify
        op = nextOperation(.look(pid: kill.target.pid, purpose), place, login: login, slot: slot)
        effects.append(.look(op, address, login, pid: kill.target.pid, purpose, by: by))
      }
    }
    vms[place].busy = op
  }

  // MARK: Slots

  mutating func occupy(
    _ place: Int, _ login: LoginID, _ credential: Credential?, trial: Bool = false, isSlow: Bool = false
  ) -> Slot {
    let vcenter = vms[place].address.vcenter
    vcenters[vcenter]?.inFlight += 1
    if isSlow { vcenters[vcenter]?.slowInFlight += 1 }
    var slot = Slot(vcenter: vcenter, login: login)
    if let credential {
      slot = logins.occupy(login, credential, vcenter: vcenter, on: vms[place].key, trial: trial)
    }
    // What has to be known after a crash goes to the ledger before the operation leaves.
    sendLoginNotes()
    slot.entry = vcenters[vcenter]?.entry.digest
    slot.isSlow = isSlow
    return slot
  }

  mutating func release(_ slot: Slot) {
    if vcenters[slot.vcenter]?.entry.digest == slot.entry {
      releaseRequest(slot.vcenter)
      if slot.isSlow, let slow = vcenters[slot.vcenter]?.slowInFlight {
        vcenters[slot.vcenter]?.slowInFlight = max(slow - 1, 0)
      }
    }
    logins.release(slot)
  }

  mutating func releaseRequest(_ vcenter: VCenterID) {
    // An entry that a reload took away and another brought back counts from 0.
    if let inFlight = vcenters[vcenter]?.inFlight { vcenters[vcenter]?.inFlight = max(inFlight - 1, 0) }
  }

  mutating func giveSlotBack(_ place: Int, _ now: Now) {
    guard let slot = vms[place].kill?.slot else { return }
    vms[place].kill?.slot = nil
    release(slot)
    logins.saysNothing(slot, mayHaveCome: false, now.continuous)
    sendLoginNotes()
    serve(slot, now)
  }

  /// An operation was answered: its VM is free again and so are its slots.
  mutating func ended(_ operation: Operation, at place: Int) {
    vms[place].busy = nil
    if let slot = operation.slot { release(slot) }
  }

  /// Lets those that wait for a slot try again, in their order.
  mutating func serve(_ operation: Operation, _ now: Now) {
    guard let slot = operation.slot else { return }
    serve(slot, now)
  }

  private mutating func serve(_ slot: Slot, _ now: Now) {
    giveLoginTurns(now)
    if let account = slot.credential?.account { serveWaiting(account, now) }
    serve(vcenter: slot.vcenter, now)
  }

  mutating func serve(vcenter: VCenterID, _ now: Now) {
    // A refresh that waits is started at the end of this event (see plan): it goes before all VMs. Those that time out
    // are entitled to their share, and to no more.
    while let state = vcenters[vcenter], !state.refreshWaits, !state.slowWaiting.isEmpty,
      state.inFlight < state.entry.maxInFlight, state.slowInFlight < state.slowShare
    {
      tryAgain(vcenters[vcenter]?.slowWaiting.removeFirst(), now)
    }
    while let state = vcenters[vcenter], !state.refreshWaits, !state.waiting.isEmpty,
      state.inFlight < state.entry.maxInFlight
    {
      tryAgain(vcenters[vcenter]?.waiting.removeFirst(), now)
    }
  }

  private mutating func tryAgain(_ key: VMKey?, _ now: Now) {
    guard let key, let place = places[key] else { return }
    vms[place].queued = false
    attend(place, now)
  }

  // MARK: The end of an event

  private mutating func finishShutdown(_ now: Now) {
    guard let shutdown, !saidStopped else { return }
    let waits = vms.contains { vm in
      guard let kill = vm.kill, !kill.restored else { return false }
      switch kill.phase {
      case .confirming: return false
      case .recording, .terminating, .verifying, .closing: return true
      }
    }
    if !waits || now.continuous >= shutdown.until {
      saidStopped = true
      effects.append(.stopped)
    }
  }

  mutating func askToStop(_ now: Now) {
    guard shutdown == nil else { return }
    shutdown = Shutdown(until: now.continuous + Shutdown.patience)
    for id in vcenters.keys { vcenters[id]?.refreshWaits = false }
    stopAsks()
    for place in vms.indices {
      if case .confirming? = vms[place].kill?.phase { dropKill(place, .gate(.stopping)) }
      vms[place].queued = false
      book(place, now)
    }
  }

  private mutating func sayWake(_ now: Now) {
    var next = agenda.first?.at ?? .never
    if shutdown == nil {
      for state in vcenters.values where state.refreshing == nil && !state.refreshWaits {
        next = min(next, state.nextRefresh)
      }
    }
    if let retry = ledger.nextRetry { next = min(next, retry) }
    if let room = nextBudgetRoom(now) { next = min(next, room) }
    if statusDirty, configuration != nil { next = min(next, statusFrom) }
    if let end = pauses.next { next = min(next, end) }
    if let end = asks.until.values.min() { next = min(next, end) }
    if let shutdown, !saidStopped { next = min(next, shutdown.until) }
    if shutdown == nil, configuration?.onlyByHand != true { next = min(next, logins.nextTrial) }
    guard next != .never, next != lastWake else { return }
    if mutated(.forgetTheWake), next > lastWake ?? .never { return }
    lastWake = next
    effects.append(.wake(at: next))
  }
}
