extension Watch {
  /// Step 6: one look after the terminate (or after a restart).
  mutating func verify(_ look: Look, _ place: Int, sent: Now, ended: Now, _ now: Now) {
    guard let kill = vms[place].kill, case .verifying = kill.phase else { return }
    vms[place].kill?.since = now.continuous
    vms[place].kill?.failedLooks = 0
    switch look {
    case .gone, .finished: closeAsGone(place, ended, now)
    case .vmGone: close(place, .unknown, error: nil, verified: ended, now)
    case .running(let process):
      if process.started != kill.identityNow.started {
        // Another process, or the agent restarted and all starts shifted: only a listing can tell.
        vms[place].kill?.verifyNeedsListing = true
      } else if isZombie(process, was: kill.target) {
        closeAsGone(place, ended, now)
      } else {
        // For a verdict it is another identity that this look shows.
        if process.owner != kill.identityNow.owner { breakChains(of: kill, place) }
        stillThere(place, process, sent: sent, ended, now)
      }
    }
  }

  private mutating func breakChains(of kill: Kill, _ place: Int) {
    guard let v = vms[place].views.firstIndex(where: { $0.login == kill.login }),
      let c = vms[place].views[v].candidates.firstIndex(where: { $0.process.identity == kill.identityNow })
    else { return }
    vms[place].views[v].candidates[c].breakChains()
  }

  /// A listing that tells an exit from an agent restart by the oldest rows.
  mutating func verify(_ listing: Listing, _ place: Int, sent: Now, ended: Now, _ now: Now) {
    guard let kill = vms[place].kill, case .verifying = kill.phase else { return }
    vms[place].kill?.since = now.continuous
    vms[place].kill?.failedLooks = 0
    vms[place].kill?.verifyNeedsListing = false
    guard let row = listing.rows.first(where: { $0.pid == kill.target.pid }), row.finished == nil else {
      closeAsGone(place, ended, now)
      return
    }
    if row.started != kill.target.started {
      let moved = row.started - kill.target.started
      switch Shift.between(kill.anchors, and: listing.rows) {
      // What was started through the API is shown by the agent's own clock, and by the kernel's after a restart of the
      // agent: a second may lie between while all others stand. No newcomer began so soon after one that was looked at.
      case .none where abs(moved) <= 1: break
      case .none: return closeAsGone(place, ended, now)
      case .by(let shift) where abs(moved - shift) <= 1: break
      // The agent restarted. One that was listed by another clock than the oldest moves by something else, and so does
      // whoever has its pid now.
      case .by, .cannotTell: return close(place, .unknown, error: nil, verified: ended, now)
      }
    }
    if isZombie(row, was: kill.target) {
      closeAsGone(place, ended, now)
    } else {
      vms[place].kill?.shifted = row.started == kill.target.started ? nil : row.identity
      stillThere(place, row, sent: sent, ended, now)
    }
  }

  /// The guest shows a zombie without its arguments, by the kernel's short name: it is dead and waits for its parent.
  private func isZombie(_ process: Process, was: Process) -> Bool {
    let wasBare = was.command.value.utf8.elementsEqual(was.name.value.utf8)
    // The kernel's short name has 15 characters; another name is a title that the living process wrote itself.
    let keepsName = process.name.value.utf8.elementsEqual(was.name.value.utf8.prefix(15))
    if mutated(.takeAZombieForAlive) { return false }
    if mutated(.takeEveryBareNameForAZombie) { return isBare(process) }
    return isBare(process) && keepsName && !wasBare && !was.command.value.isEmpty
  }

  /// Shown by the kernel's short name alone: a zombie, or a program without arguments.
  private func isBare(_ process: Process) -> Bool {
    process.command.value.utf8.elementsEqual(process.name.value.utf8) && process.name.value.utf8.count <= 15
  }

  private mutating func closeAsGone(_ place: Int, _ ended: Now, _ now: Now) {
    guard let kill = vms[place].kill else { return }
    let outcome: Outcome =
      switch kill.answer {
      case .done, .notFound: .exited
      case .ambiguous, .unanswered, .notBegun, .denied, .notSent, nil: .gone
      }
    close(place, outcome, error: nil, verified: ended, now)
  }

  private mutating func stillThere(_ place: Int, _ process: Process, sent: Now, _ ended: Now, _ now: Now) {
    guard let kill = vms[place].kill, case .verifying(_, let looks) = kill.phase else { return }
    if kill.restored {
      // The terminate may have left at the last instant of that life, and may take its whole deadline.
      if sent.continuous - kill.intentAt >= KillTiming.resolve {
        // The ledger keeps no command line (unless asked to), so it cannot tell a zombie by what it lost.
        let perhapsZombie = kill.target.command.value.isEmpty && isBare(process)
        close(
          place, kill.answer == nil || perhapsZombie ? .unknown : .survived, error: nil, verified: ended, now)
        return
      }
    } else if sent.continuous - (kill.answered ?? kill.intentAt) >= KillTiming.survived
      || mutated(.callItSurvivedAtOnce)
    {
      close(place, .survived, error: nil, verified: ended, now)
      return
    }
    let next = nextVerify(kill, looks + 1, now)
    vms[place].kill?.phase = .verifying(next: next, looks: looks + 1)
  }

  private func nextVerify(_ kill: Kill, _ looks: Int, _ now: Now) -> Instant {
    if kill.restored {
      let end = kill.intentAt + KillTiming.resolve
      let next = now.continuous + KillTiming.verify[min(looks, 3)]
      return now.continuous < end ? min(next, end) : next
    }
    let from = kill.answered ?? kill.intentAt
    guard looks < KillTiming.verify.count else { return now.continuous + .seconds(1) }
    return max(from + KillTiming.verify[looks], now.continuous)
  }

  /// A look that failed: again in its turn, after 25 s with the VM's back-off; after a day nobody can know.
  mutating func verifyFailed(_ place: Int, _ fault: Fault, _ now: Now) {
    guard let kill = vms[place].kill, case .verifying(_, let looks) = kill.phase else { return }
    vms[place].kill?.surveyTurn = true
    vms[place].kill?.failedLooks += 1
    let pause = chance.around(KillTiming.backOff(kill.failedLooks + 1))
    if now.continuous >= givesUpAt(kill) {
      close(place, .unknown, error: nil, verified: nil, now)
      return
    }
    let early = now.continuous - (kill.restored ? kill.intentAt : kill.answered ?? kill.intentAt) < KillTiming.survived
    let next = early ? nextVerify(kill, looks + 1, now) : max(vms[place].restUntil, now.continuous + pause)
    vms[place].kill?.phase = .verifying(next: next, looks: looks + 1)
  }

  /// What a look after the terminate is sent with now: the secret of the terminate while the scheduler keeps the link that
  /// it left by, then the loaded one. nil: no entry has this login any more. A listing is about no pid, so it goes as every
  /// other listing does, with the loaded secret where there is one.
  func verifySecret(_ kill: Kill, _ now: Now) -> Credential? {
    let loaded = logins.credential(kill.login)
    guard let sent = kill.credential, sent != loaded, !listsWithLoaded(kill) else { return loaded }
    guard let until = kill.linkUntil, now.continuous >= until else { return sent }
    return loaded
  }

  /// When the next look after the terminate may be sent; nil: not with the secrets there are, or it waits for its turn.
  ///
  /// A kill whose login is in the configuration no more waits for a reload that brings it back, or for the day after which
  /// nobody can know: it would be looked for in vain, and all that is due on its VM with it.
  func verifyFrom(_ kill: Kill, _ next: Instant, _ vm: VMState, _ now: Now) -> Instant? {
    if vm.waits.contains(where: { $0.login == kill.login }) { return nil }
    let loaded = logins.credential(kill.login)
    let loadedStops = loaded.map { logins.isStopped($0, on: vm.key) } ?? true
    guard let sent = kill.credential, sent != loaded, !listsWithLoaded(kill) else { return loadedStops ? nil : next }
    let sentStops = logins.isStopped(sent, on: vm.key)
    guard let until = kill.linkUntil else { return sentStops ? nil : next }
    // Around its end nobody can say which secret would go out: nothing is sent.
    if !sentStops && max(next, now.continuous) < until - KillTiming.linkDoubt { return next }
    return loadedStops ? nil : max(next, until + KillTiming.linkDoubt)
  }

  private func listsWithLoaded(_ kill: Kill) -> Bool {
    kill.verifyNeedsListing && logins.credential(kill.login) != nil
      && configuration?.vcenters.contains { $0.id == kill.address.vcenter } == true
  }

  func givesUpAt(_ kill: Kill) -> Instant { max(kill.answered ?? kill.intentAt, kill.since) + KillTiming.giveUp }
}

/// Whether the start times of a guest moved together: then its agent restarted.
enum Shift: Hashable {
  /// The oldest rows are where they were.
  case none
  /// Three quarters or more moved by this many seconds.
  case by(Int64)
  case cannotTell

  /// Compares the oldest rows of before with a complete listing of now.
  static func between(_ anchors: [Anchor], and rows: [Process]) -> Shift {
    guard anchors.count >= 8 else { return .cannotTell }
    var deltas: [Int64] = []
    for anchor in anchors {
      if let row = rows.first(where: { $0.pid == anchor.pid }) { deltas.append(row.started - anchor.started) }
    }
    let wanted = (anchors.count * 3 + 3) / 4
    if deltas.count(where: { $0 == 0 }) >= wanted { return .none }
    for delta in deltas where deltas.count(where: { abs($0 - delta) <= 1 }) >= wanted { return .by(delta) }
    return .cannotTell
  }
}
