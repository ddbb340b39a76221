import GuestWatchCore
import VCenterModel

/// What really happened, held against what was decided and what is said about it.
extension Checker.Kill {
  /// The answer on disk alone says what became of it: no look is needed after a restart.
  var isSettled: Bool {
    switch recorded {
    case .denied, .notBegun, .notSent, .notFound: true
    case .done, .ambiguous, .unanswered, nil: false
    }
  }
}

extension Checker {
  mutating func see(_ truth: Truth) throws(Violation) {
    switch truth.event {
    case .born(let life, _, _, let restored):
      let born = restored.flatMap { lives[$0]?.born } ?? truth.at.continuous
      lives[life] = LifeState(
        born: born, appeared: truth.at.continuous, origin: restored.flatMap { lives[$0]?.origin } ?? life)
    case .died(let life, _, let cause):
      lives[life]?.died = truth.at.continuous
      switch cause {
      case .exited, .powerCycled, .reverted: break
      case .terminated(let call), .escalated(let call): try guardVictim(life, of: call, "died of")
      }
    case .terminateReceived(let call, _, let holder, _):
      if let holder { try guardVictim(holder, of: call, "was held out to") }
    case .signalled(let call, _, _):
      if let kill = calls[call] { kills[kill]?.signalled = true }
    case .snapshotReverted:
      for vm in machines.keys where vm.moid == truth.moid {
        machines[vm]?.reverted = Instant(nanoseconds: truth.at.continuous)
      }
    case .hidesOthers(let hides):
      if hides { self.hides[truth.guest] = (truth.at.continuous, .max) }
      if !hides { self.hides[truth.guest]?.to = truth.at.continuous }
    case .agentRestarted, .suspended, .resumed, .switchedOff, .switchedOn, .snapshotTaken: break
    }
  }

  /// The heart of it: whoever a terminate meets is whom the confirm showed, or came into the guest after the confirm was sent.
  private mutating func guardVictim(_ victim: Truth.Life, of call: CallID, _ verb: String) throws(Violation) {
    guard let id = calls[call], let kill = kills[id], let confirmed = kill.confirmed else {
      throw Violation("S5", "life \(victim) \(verb) a terminate that nobody sent")
    }
    guard let state = lives[victim] else { return }
    // The same process, even where a revert has just brought it back.
    if let life = confirmed.life, lives[life]?.origin == state.origin { return }
    guard state.appeared > confirmed.sent.continuous.nanoseconds else {
      throw Violation(
        "S1",
        "the wrong process: life \(victim) \(verb) kill \(id) of life "
          + "\(confirmed.life.map(String.init) ?? "none")")
    }
    // With a snapshot a pid may come back in any world.
    guard reusesPIDs || state.origin != victim else {
      throw Violation("S1", "life \(victim) \(verb) kill \(id), and no pid comes back so soon in this world")
    }
    tally.excused += 1
  }

  // MARK: outcomes

  mutating func judge(_ outcome: Outcome, of id: KillID, at now: Now) throws(Violation) {
    guard let kill = kills[id] else { throw Violation("S5", "kill \(id) has an outcome and no intent") }
    if let closed = kill.closed {
      if kill.isClosedTold { throw Violation("S5", "kill \(id) has two outcomes") }
      if closed.outcome != outcome {
        throw Violation("S5", "the outcome of kill \(id) changes from \(closed.outcome) to \(outcome)")
      }
      return
    }
    if kill.daemon == daemon, kill.terminated == nil {
      switch outcome {
      case .abandoned, .failed: break
      case .exited, .alreadyGone, .gone, .survived, .stuck, .denied, .unknown:
        throw Violation("S5", "kill \(id) was never sent, but is closed as \(outcome)")
      }
    }
    let machine = machines[home(kill.record)]
    if kill.daemon < daemon, outcome != .unknown, machine?.lookedInLife != true, !kill.isSettled {
      throw Violation("S5", "kill \(id) of an earlier life is closed as \(outcome) without a look")
    }
    try guardTruth(outcome, kill, id)
    try guardEpoch(outcome, kill)
    try guardPatience(outcome, kill, at: now)
    kills[id]?.closed = (outcome, now.continuous)
    tally.outcomes[outcome, default: 0] += 1
    if let rule = kill.record.cause.rule { machines[home(kill.record)]?.lastOutcome[rule] = now.continuous }
    close(home(kill.record), id, at: now)
  }

  private func guardTruth(_ outcome: Outcome, _ kill: Kill, _ id: KillID) throws(Violation) {
    let vm = home(kill.record)
    switch outcome {
    case .exited, .gone, .alreadyGone:
      if let life = kill.confirmed?.life, let state = lives[life], state.died == nil {
        if looksLikeZombie(kill, vm) || isHidden(kill, vm) { break }
        throw Violation("S5", "kill \(id) is closed as \(outcome), but life \(life) lives")
      }
      if outcome == .alreadyGone, let took = kill.took, took >= .seconds(5) {
        throw Violation("S5", "kill \(id) is closed as already-gone, but its own call took \(took)")
      }
      if outcome == .alreadyGone, kill.signalled {
        throw Violation("S5", "kill \(id) is closed as already-gone, but it was signalled")
      }
    case .denied, .failed, .abandoned:
      if kill.signalled { throw Violation("S5", "kill \(id) is closed as \(outcome), but it was signalled") }
    case .survived, .stuck:
      guard let confirmed = kill.confirmed, let life = confirmed.life,
        let died = lives[life]?.died
      else { break }
      // It was said while it lived, and only waited for the disk since.
      if let said = kill.said, kill.saidIn == daemon, said.nanoseconds <= died { break }
      // A zombie without arguments looks like a living process without arguments.
      if confirmed.process.command == confirmed.process.name { break }
      // One that had wiped its command line may as well have written its bare name there since.
      if confirmed.process.command.value.isEmpty, looksLikeZombie(kill, vm) { break }
      // Nor can it be told by a later life, where the ledger does not keep commands.
      if kill.daemon < daemon, kill.record.process.command.value.isEmpty { break }
      // With a snapshot it is back, as another life.
      let origin = lives[life]?.origin
      if lives.contains(where: { $0.value.origin == origin && $0.value.died == nil }) {
        break
      }
      if looksRenamed(kill, vm) { break }
      if let last = lastAnswer(about: kill.record.process.pid, vm), last.sent.continuous.nanoseconds > died {
        throw Violation(
          "S5", "kill \(id) is closed as \(outcome), but life \(life) was dead when it was last looked at")
      }
    case .unknown: break
    }
  }

  /// The row of its pid, as the last answer showed it.
  private func lastRow(of kill: Kill, _ vm: VMAddress) -> GuestWatchCore.Process? {
    switch lastAnswer(about: kill.record.process.pid, vm)?.what {
    case .listing(let listing): listing.rows.first { $0.pid == kill.record.process.pid }
    case .look(.running(let process), _, _): process
    case .look, nil: nil
    }
  }

  /// A living process that writes its bare short name over its arguments cannot be told from a zombie from outside.
  private func looksLikeZombie(_ kill: Kill, _ vm: VMAddress) -> Bool {
    guard let row = lastRow(of: kill, vm), let old = kill.confirmed?.process else { return false }
    // One that showed no arguments before shows none while it lives.
    if old.command == old.name { return false }
    return row.command == row.name && row.name.value == String(old.name.value.prefix(15))
  }

  /// An ordinary account that is shown only its own processes cannot tell one of another owner (or that has become another's)
  /// from one that ended.
  private func isHidden(_ kill: Kill, _ vm: VMAddress) -> Bool {
    guard let life = kill.confirmed?.life, let hides = hides[Int(life >> 32)],
      let last = lastAnswer(about: kill.record.process.pid, vm), lastRow(of: kill, vm) == nil
    else { return false }
    let asked = (last.executed ?? last.sent.continuous).nanoseconds
    return hides.from <= asked && asked <= hides.to
  }

  /// A zombie of a process that had another name when it was confirmed may as well be one that renamed itself.
  private func looksRenamed(_ kill: Kill, _ vm: VMAddress) -> Bool {
    guard let row = lastRow(of: kill, vm), let old = kill.confirmed?.process else { return false }
    return row.command == row.name && row.name.value != String(old.name.value.prefix(15))
  }

  private func lastAnswer(about pid: Int64, _ vm: VMAddress) -> Shown? {
    machines[vm]?.shown.last { shown in
      switch shown.what {
      case .listing(let listing): listing.complete
      case .look(_, let looked, _): looked == pid
      }
    }
  }
}
