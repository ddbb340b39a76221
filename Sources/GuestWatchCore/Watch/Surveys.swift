import OrderedCollections

extension Watch {
  mutating func surveyed(_ id: OpID, _ timing: Timing, _ result: Result<Listing, Fault>, _ now: Now) {
    guard let operation = operations.removeValue(forKey: id), case .survey(let purpose) = operation.kind,
      let key = operation.vm, let place = places[key], let login = operation.login
    else { return }
    ended(operation, at: place)
    if clock.hear(timing.date, at: now) { clockChanged(now) }
    switch result {
    case .failure(let fault):
      surveyFailed(fault, id, purpose, operation, place, now)
    case .success(let listing):
      keepChains(place, (timing.firstByte ?? now).continuous)
      if !listing.complete && !mutated(.takeIncompleteForComplete) {
        guestAnswered(operation, place, now)
        let fault = Fault(.badAnswer, code: "incomplete listing", detail: "\(listing.rows.count) rows")
        surveyFailed(fault, id, purpose, operation, place, toldOfLogin: true, now)
      } else {
        guestCallWorked(operation, place, now)
        if operation.epoch == vms[place].epoch, let sent = timing.firstByte {
          study(listing, place, login, sent: sent, ended: timing.ended)
          switch purpose {
          case .follow: break
          case .confirm:
            if vms[place].kill?.confirm == id { confirm(listing, place, sent: sent, ended: timing.ended, now) }
          case .verify: verify(listing, place, sent: sent, ended: timing.ended, now)
          }
          decide(place, now)
          explain(listing, place, login, sent: sent, ended: timing.ended, now)
        }
      }
    }
    serve(operation, now)
    book(place, now)
  }

  private mutating func surveyFailed(
    _ fault: Fault, _ id: OpID, _ purpose: Operation.SurveyPurpose, _ operation: Operation, _ place: Int,
    toldOfLogin: Bool = false, _ now: Now
  ) {
    guestCallFailed(fault, operation, place, toldOfLogin: toldOfLogin, now)
    switch purpose {
    case .follow:
      guard let login = operation.login else { return }
      postpone(place, login, fault, now)
      explainFailed(place, login, fault)
    case .confirm: if vms[place].kill?.confirm == id { confirmFailed(place, fault, now) }
    case .verify: verifyFailed(place, fault, now)
    }
  }

  /// A failed survey is repeated with the VM's back-off, or when its state has changed.
  private mutating func postpone(_ place: Int, _ login: LoginID, _ fault: Fault, _ now: Now) {
    guard let v = vms[place].views.firstIndex(where: { $0.login == login }) else { return }
    let view = vms[place].views[v]
    switch fault.kind {
    case .guestLoginTrouble, .guestDenied:
      vms[place].views[v].nextSurvey = now.continuous + view.every
    case .guestLoginRefused, .noCredential, .vmGone, .wrongState, .toolsUnavailable, .unsupported, .busy, .notPermitted,
      .sessionLost, .loginRefused, .noSession, .unreachable, .untrusted, .unanswered, .transient, .badAnswer, .overCap,
      .badRequest,
      .unknown:
      // The VM's rest or back-off decides.
      vms[place].views[v].nextSurvey = now.continuous
    }
  }

  /// Takes a complete listing into a view: rows, evidence, doubts, candidates.
  private mutating func study(_ listing: Listing, _ place: Int, _ login: LoginID, sent: Now, ended: Now) {
    guard let configuration, let v = vms[place].views.firstIndex(where: { $0.login == login }) else { return }
    vms[place].views[v].nextSurvey = max(sent.continuous + vms[place].views[v].every, ended.continuous)
    let rows = byPID(listing.rows)
    let owners = rows.map { stableHash($0.owner.value) }
    if comeBack(rows, owners, vms[place].views[v]) >= LoginView.comeback, !mutated(.ignoreWhoComesBack) {
      endEpoch(place, "processes that had gone came back", ended)
    }
    let shift = vms[place].views[v].lastListing.flatMap { last in
      AgentRestart.shift(from: vms[place].views[v].rows, to: rows, owners, sent: last.wall / 1_000_000_000)
    }
    if let shift { carryOver(place, rows, shift) }
    let memory = remember(rows, owners, place, v, shift: shift, sent: sent, ended: ended)
    var walk = Verdicts(
      rows: rows, rules: vms[place].views[v].rules.map { configuration.rules[$0] },
      ended: vms[place].ended.filter { $0.counts(for: login) }, family: vms[place].facts.family
    ).walk()
    let believed = clock.trusted && vms[place].doubt == nil
    let chain = vms[place].views[v].chain
    let old = vms[place].views[v].candidates
    var o = 0
    var fresh: [Candidate] = []
    fresh.reserveCapacity(old.count)
    vms[place].views[v].unfollowed = [:]
    for i in rows.indices {
      let pid = rows[i].pid
      while o < old.count, old[o].process.pid < pid {
        candidateEnded(old[o], place, login, gone: true, ended)
        o += 1
      }
      let isFollowed = o < old.count && old[o].process.pid == pid
      let verdicts = walk.verdicts(of: i)
      // Most rows match nothing: they are not even copied.
      if !isFollowed && verdicts.isEmpty { continue }
      let row = rows[i]
      var known: Candidate?
      if isFollowed {
        let before = old[o]
        if before.process.identity == row.identity {
          known = before
        } else if let shift, row.owner == before.process.owner,
          AgentRestart.isShift(row.started - before.process.started, shift)
        {
          // The same process under another start: what it exceeded begins anew, and nothing is killed on this look.
          known = before
          known?.getsFrom = Instant(nanoseconds: .min)
          if !mutated(.carryLastingOverAnAgentRestart) { known?.breakChains() }
        } else {
          candidateEnded(before, place, login, gone: false, ended)
        }
        o += 1
      }
      guard !verdicts.isEmpty else { continue }
      if row.finished != nil || isEnded(row.identity, place, login) {
        markEnded(row, place, login, ended)
        continue
      }
      if known == nil && fresh.count >= LoginView.candidateCap {
        limitReached(place, "candidates with login \(login)", ended)
        for (_, verdict) in verdicts { passOver(row, verdict, place, v, ended) }
        continue
      }
      var candidate =
        known
        ?? Candidate(
          process: row, firstSeen: memory[i].firstSeen, evidence: nil, looks: memory[i].isRestored ? 1 : 0,
          tracks: [], due: .never)
      candidate.process = row
      candidate.evidence = memory[i].evidence
      candidate.looks += 1
      if candidate.looks == 2 { vms[place].memoryIsStale = true }
      for (_, verdict) in verdicts {
        candidate.follow(verdict, sent: sent, ended: ended, believed: believed, chain: chain)
      }
      candidate.tracks.removeAll { track in !verdicts.contains { $0.verdict.rule == track.rule } }
      candidate.due = dueOf(candidate, believed: believed, ended)
      fresh.append(candidate)
    }
    for rest in old[o...] { candidateEnded(rest, place, login, gone: true, ended) }
    candidateCount += fresh.count - vms[place].views[v].candidates.count
    if fresh.count != vms[place].views[v].candidates.count { statusDirty = true }
    vms[place].views[v].candidates = fresh
    vms[place].restoredSeen.removeAll { $0.login == login }
    remember(place)
  }

  /// Nobody follows this one, for there are too many: of its group it may be the one that is to die.
  private mutating func passOver(_ row: Process, _ verdict: Verdict, _ place: Int, _ v: Int, _ now: Now) {
    guard case .ranked(_, _, let rank, let group, _, _) = verdict.finding, let rule = rule(verdict.rule),
      lastingGate(row, .rule(rule), place, now) == nil
    else { return }
    let last = vms[place].views[v].unfollowed[rule.id]?[group] ?? 0
    vms[place].views[v].unfollowed[rule.id, default: [:]][group] = max(last, rank)
  }

  /// The guest's agent restarted: tries, ends and an open kill are of the same processes under their new starts.
  private mutating func carryOver(_ place: Int, _ rows: [Process], _ shift: Int64) {
    /// Its row as it is now; another login's listing may have carried it over before.
    func moved(_ name: Ended.Name) -> Process? {
      guard let row = rows.first(where: { $0.pid == name.pid }), row.started != name.started,
        AgentRestart.isShift(row.started - name.started, shift)
      else { return nil }
      return row
    }
    for i in vms[place].attempts.indices {
      let identity = vms[place].attempts[i].identity
      guard let row = moved(Ended.Name(identity)), row.owner == identity.owner else { continue }
      vms[place].attempts[i].rename(row.identity)
    }
    if let kill = vms[place].kill, let row = moved(Ended.Name(kill.identityNow)) {
      vms[place].kill?.shifted = row.identity
    }
    // Under its former start it has ended, too: a revert brings that back, and nothing need tell of it.
    for one in vms[place].ended {
      guard let row = moved(one.name) else { continue }
      remember(ended: row.identity, by: one.login, place, one.at)
      let name = Ended.Name(row.identity)
      for i in vms[place].ended.indices where one.said && vms[place].ended[i].name == name {
        vms[place].ended[i].said = true
      }
    }
  }

  /// Guests list by pid, so that there is seldom anything to do.
  func byPID(_ rows: [Process]) -> [Process] {
    let isSorted = rows.indices.dropFirst().allSatisfy { rows[$0 - 1].pid <= rows[$0].pid }
    return isSorted ? rows : rows.sorted { $0.pid < $1.pid }
  }

  /// How many rows are back that a complete listing had lacked.
  private func comeBack(_ rows: [Process], _ owners: [UInt64], _ view: LoginView) -> Int {
    guard !view.gone.isEmpty else { return 0 }
    var count = 0
    var o = 0
    for (i, row) in rows.enumerated() {
      while o < view.rows.count, view.rows[o].pid < row.pid { o += 1 }
      // It was there in the listing before: one that only shows another owner now was never gone, and its user can
      // change that as often as he likes.
      if o < view.rows.count, view.rows[o].pid == row.pid, view.rows[o].started == row.started { continue }
      let name = RowMemory.name(pid: row.pid, started: row.started, owner: owners[i])
      if view.gone.contains(name) { count += 1 }
    }
    return count
  }

  /// Carries what is known of each row over, adds evidence, and looks for what speaks against the start times.
  private mutating func remember(
    _ rows: [Process], _ owners: [UInt64], _ place: Int, _ v: Int, shift: Int64?, sent: Now, ended: Now
  ) -> [RowMemory] {
    let view = vms[place].views[v]
    // Only the first listing is answered by what an earlier life saw; rows and sightings may be many.
    let restored = view.lastListing == nil ? restoredSightings(place, view.login) : [:]
    let second = ProvenAge.secondNewest(rows)
    let evidence = second.flatMap { start -> Int64? in
      let (evidence, overflows) = (start * 1_000_000_000).subtractingReportingOverflow(ended.continuous.nanoseconds)
      return overflows ? nil : evidence
    }
    var memory: [RowMemory] = []
    memory.reserveCapacity(rows.count)
    var gone = view.gone
    var o = 0
    for (i, owner) in owners.enumerated() {
      let pid = rows[i].pid
      let started = rows[i].started
      while o < view.rows.count, view.rows[o].pid < pid {
        gone.add(view.rows[o], at: ended.continuous)
        o += 1
      }
      var known: RowMemory?
      if o < view.rows.count, view.rows[o].pid == pid {
        if view.rows[o].owner != owner {
          gone.add(view.rows[o], at: ended.continuous)
        } else if view.rows[o].started == started {
          known = view.rows[o]
        } else if let shift, AgentRestart.isShift(started - view.rows[o].started, shift) {
          // *Seen* is carried over; evidence was about the old starts.
          known = RowMemory(
            pid: pid, started: started, owner: owner, firstSeen: view.rows[o].firstSeen, evidence: nil)
        } else {
          gone.add(view.rows[o], at: ended.continuous)
        }
        o += 1
      }
      var entry = known ?? firstSight(of: rows[i], owner, place, view, restored, ended)
      if known == nil, mutated(.countTheAgeFromTheSend) { entry.firstSeen = sent.continuous }
      if entry.isDated, let evidence, let second, second > started {
        entry.evidence = max(entry.evidence ?? evidence, evidence)
      }
      memory.append(entry)
    }
    for row in view.rows[o...] { gone.add(row, at: ended.continuous) }
    vms[place].views[v].gone = gone
    vms[place].views[v].rows = memory
    vms[place].views[v].lastListing = sent
    vms[place].views[v].listingIsDated = clock.trusted
    forgetAttempts(place, login: view.login, rows, ended)
    return memory
  }

  private func restoredSightings(_ place: Int, _ login: LoginID) -> [Identity: Instant] {
    var found: [Identity: Instant] = [:]
    for seen in vms[place].restoredSeen where seen.login == login && found[seen.identity] == nil {
      found[seen.identity] = seen.firstSeen
    }
    return found
  }

  /// What is kept of a row that the listing before did not show.
  private mutating func firstSight(
    of row: Process, _ owner: UInt64, _ place: Int, _ view: LoginView, _ restored: [Identity: Instant], _ ended: Now
  ) -> RowMemory {
    examine(row, place, lastListing: view.lastListing, ended)
    var entry = RowMemory(
      pid: row.pid, started: row.started, owner: owner, firstSeen: ended.continuous, evidence: nil)
    if let last = view.lastListing {
      entry.isDated = view.listingIsDated && clock.trusted && row.started + 2 >= last.wall / 1_000_000_000
    } else if let seen = restored[row.identity] {
      entry.firstSeen = min(seen, ended.continuous)
      entry.isRestored = true
    }
    return entry
  }

  /// What may speak against the start times of this VM (design.md, section 4).
  private mutating func examine(_ row: Process, _ place: Int, lastListing: Now?, _ ended: Now) {
    if row.started - Int64(ended.wall / 1_000_000_000) > 5 {
      doubt(place, "pid \(row.pid) claims to have started in the future")
    }
    if let lastListing, row.started + 2 < lastListing.wall / 1_000_000_000 {
      doubt(place, "pid \(row.pid) is new but claims to be older than the listing before")
    }
    if row.pid == 1, let boot = vms[place].bootTime, boot - row.started > 60 {
      doubt(place, "pid 1 claims to be older than the boot")
    }
  }

  /// A match that ends before its second look is not killed; its first sighting is said once an hour.
  ///
  /// - Parameter gone: the pid was not there, or finished. Another start or owner on it may be an agent that restarted or
  ///   a name that the guest could not look up: that proves no end.
  mutating func candidateEnded(_ candidate: Candidate, _ place: Int, _ login: LoginID?, gone: Bool, _ now: Now) {
    vms[place].memoryIsStale = true
    if gone { remember(ended: candidate.process.identity, by: login, place, now.continuous) }
    guard candidate.looks < 2 else { return }
    for track in candidate.tracks {
      guard let exceeded = track.exceeded else { continue }
      let sighting = Sighting(rule: track.rule, vm: vms[place].key, name: stableHash(candidate.process.name.value))
      guard isNews(sighting, now) else { continue }
      report(
        aboutVM(
          .shortLived, .info, place, rule: track.rule, process: shown(candidate.process), reason: exceeded.reason))
    }
  }

  /// Attempts on identities that are gone are forgotten; what one login lists proves nothing for another. One that is shown
  /// under another owner is not gone: the guest may have failed to look the name up, and shows the old one next time.
  ///
  /// Gone means gone for this epoch: one that no rule followed when it went must not come back as if it had never been tried.
  private mutating func forgetAttempts(_ place: Int, login: LoginID, _ rows: [Process], _ now: Now) {
    guard !vms[place].attempts.isEmpty else { return }
    let open = vms[place].kill?.identityNow
    let gone = vms[place].attempts.filter { attempt in
      let names = attempt.names
      return open.map { !attempt.isOn($0) } ?? true && attempt.tried.contains(login)
        && !rows.contains { names.contains(Ended.Name($0.identity)) }
    }
    guard !gone.isEmpty else { return }
    for attempt in gone {
      for identity in attempt.former + [attempt.identity] {
        remember(ended: identity, by: login, place, now.continuous)
      }
    }
    let others = vms[place].views.filter { $0.login != login }
    vms[place].attempts.removeAll { attempt in
      let names = attempt.names
      // Another login still sees it, and the tries on it count for all.
      return gone.contains { $0.identity == attempt.identity }
        && !others.contains { $0.candidates.contains { names.contains(Ended.Name($0.process.identity)) } }
    }
  }

  /// True where it is no candidate any more for who looks with this login.
  func isEnded(_ identity: Identity, _ place: Int, _ login: LoginID) -> Bool {
    vms[place].ended.contains { $0.name == Ended.Name(identity) && $0.counts(for: login) }
  }

  /// - Parameter login: whose look lacked it; nil: it was shown to have ended, or a kill found it gone.
  mutating func remember(ended identity: Identity, by login: LoginID?, _ place: Int, _ at: Instant) {
    let name = Ended.Name(identity)
    guard !mutated(.forgetTheEnded),
      !vms[place].ended.contains(where: { $0.name == name && ($0.login == nil || $0.login == login) })
    else { return }
    if login == nil { vms[place].ended.removeAll { $0.name == name } }
    if vms[place].ended.count >= VMState.endedCap { vms[place].ended.removeFirst() }
    vms[place].ended.append(Ended(name: name, login: login, at: at))
  }

  /// Never a candidate again; still listed 5 minutes after, one report says so.
  private mutating func markEnded(_ row: Process, _ place: Int, _ login: LoginID, _ now: Now) {
    if row.finished != nil { return remember(ended: row.identity, by: nil, place, now.continuous) }
    let name = Ended.Name(row.identity)
    guard let i = vms[place].ended.firstIndex(where: { $0.name == name && $0.counts(for: login) }) else { return }
    var one = vms[place].ended.remove(at: i)
    let isNews = !one.said && now.continuous - one.at >= Ended.shown
    if isNews { one.said = true }
    // Dropped last: as long as it is listed it would be a candidate again.
    vms[place].ended.append(one)
    guard isNews else { return }
    report(aboutVM(.stillListed, .warning, place, process: shown(row)))
  }

  /// The process as it may be written down.
  func shown(_ process: Process) -> Process {
    var shown = process
    if !showsCommands { shown.command = "" }
    return shown
  }

  var showsCommands: Bool { configuration?.logCommands == .full || mutated(.writeCommandLines) }
}
