public import GuestWatchCore
import VCenterModel

/// How long gates that open by themselves were closed: what L1 calls budget wait, and cooldowns and pauses beside it.
extension Checker {
  /// The time between two moments in which some gate of that rule on that VM was closed.
  func wait(_ rule: Rule, on vm: VMAddress, from: Int64, to: Int64) -> Int64 {
    guard let configuration else { return 0 }
    var closed: [(from: Int64, to: Int64)] = []
    // That a gate of one VM alone is open again shows at the next survey.
    let interval = max(rule.every, .seconds(10))
    func close(_ most: Int, _ within: Duration, _ counts: (Kill) -> Bool) {
      var spent: [(from: Int64, to: Int64)] = []
      for id in killOrder {
        guard let kill = kills[id], counts(kill) else { continue }
        let asked = kill.asked.nanoseconds
        var end = max(asked, kill.counts?.nanoseconds ?? asked) + within.nanoseconds
        if let closed = kill.closed, OwnRules.givesBack(closed.outcome) { end = min(end, closed.at.nanoseconds) }
        spent.append((asked, end))
      }
      closed += Checker.spans(spent, most)
    }
    let key = machines[vm]?.key
    close(configuration.budget.kills, configuration.budget.within) { _ in true }
    close(configuration.budget.perVM, configuration.budget.within + interval) { $0.record.vm == key }
    if let own = rule.budget { close(own.kills, own.within) { $0.record.cause.rule == rule.id } }
    if let cooldown = rule.cooldown {
      for id in killOrder {
        guard let kill = kills[id], kill.record.cause.rule == rule.id, kill.record.vm == key, let sent = kill.terminated
        else { continue }
        // A later life knows when it was decided, and that it left within 60 s.
        let counts = max(sent, (kill.counts ?? sent) + .seconds(60))
        closed.append((sent.nanoseconds, (counts + cooldown + interval).nanoseconds))
      }
    }
    if case .bounded(_, .some) = rule.limits {
      // Of a group the last comes first, as long as it may be tried again.
      for id in killOrder {
        guard let kill = kills[id], kill.record.cause.rule == rule.id, kill.record.vm == key, let end = kill.closed,
          end.outcome == .survived || end.outcome == .unknown
        else { continue }
        let retry = Duration.seconds(600) + interval
        closed.append((end.at.nanoseconds, (max(end.at, kill.closedCounts ?? end.at) + retry).nanoseconds))
      }
    }
    if let facts = machines[vm]?.facts {
      for pause in pauses where covers(pause, rule.id, facts, at: Instant(nanoseconds: from)) {
        closed.append((from, pause.until?.nanoseconds ?? .max))
      }
    }
    return Checker.length(closed, from, to)
  }

  /// A life begins: what went before it counts only as far as a ledger saw time pass (S3), which lasts longer where the
  /// host was off.
  mutating func takeAges(_ restored: Restored, _ now: Now) {
    for row in restored.rows {
      kills[row.id]?.counts = now.continuous - row.age
      kills[row.id]?.closedCounts = row.closedAge.map { now.continuous - $0 }
    }
  }

  /// Where `most` or more of the spans overlap.
  private static func spans(_ spans: [(from: Int64, to: Int64)], _ most: Int) -> [(from: Int64, to: Int64)] {
    guard most > 0 else { return [(.min, .max)] }
    var steps = spans.flatMap { [($0.from, 1), ($0.to, -1)] }
    steps.sort { $0 < $1 }
    var found: [(from: Int64, to: Int64)] = []
    var open = 0
    var since: Int64?
    for (at, step) in steps {
      open += step
      if open >= most, since == nil { since = at }
      if open < most, let from = since {
        found.append((from, at))
        since = nil
      }
    }
    return found
  }

  /// How much of `from` to `to` the spans cover together.
  private static func length(_ spans: [(from: Int64, to: Int64)], _ from: Int64, _ to: Int64) -> Int64 {
    var sum: Int64 = 0
    var reached = from
    for span in spans.sorted(by: { $0.from < $1.from }) {
      let start = max(span.from, reached)
      let end = min(span.to, to)
      if end > start {
        sum += end - start
        reached = end
      }
    }
    return sum
  }

  /// Kills whose intent came between two moments; on one VM, or nil: anywhere.
  func killsBegun(on vm: VMAddress?, from: Int64, to: Int64) -> Int {
    killOrder.count { id in
      guard let kill = kills[id], vm.map({ home(kill.record) == $0 }) ?? true else { return false }
      // One that was open already holds it up as well.
      return kill.asked.nanoseconds <= to && (kill.closed?.at.nanoseconds ?? .max) >= from
    }
  }

  /// True where the login, or its account, is not used there any more and that was said.
  func isStopped(_ login: LoginID, on vm: VMAddress) -> Bool {
    if let key = machines[vm]?.key, let credential = logins.loaded[login],
      logins.refused[CheckedLogins.Place(vm: key, credential: credential)] != nil
    {
      return true
    }
    guard let account = configuration?.logins.first(where: { $0.id == login })?.account else { return true }
    return configuration?.logins.contains { $0.account == account && stopped.contains($0.id) } ?? true
  }

  /// True where some kill of that process has its outcome.
  func isClosed(_ life: Truth.Life) -> Bool {
    killOrder.contains { kills[$0].map { $0.closed != nil && $0.confirmed?.life == life } ?? false }
  }

  /// True where some kill of it ended in a way after which nothing more is owed to it.
  ///
  /// A revert that the daemon cannot tell from outside (the boot time stands, fewer than three identities come back) brings
  /// back processes that were killed, or denied: their identities ended in this epoch, or were tried in it, and that holds as
  /// long as it lasts.
  func isDealtWith(_ life: Truth.Life, pid: Int64, on vm: VMAddress) -> Bool {
    let origin = lives[life]?.origin ?? life
    return killOrder.contains { id in
      guard let kill = kills[id], let closed = kill.closed else { return false }
      guard let killed = kill.confirmed?.life else {
        // A crash took the daemon between intent and terminate: the next life cannot know that nothing was sent.
        let isOfThis = kill.record.process.pid == pid && home(kill.record) == vm
        return isOfThis && closed.outcome == .unknown && kill.asked.nanoseconds > lives[life]?.appeared ?? 0
      }
      switch closed.outcome {
      case .exited, .alreadyGone, .gone, .survived, .stuck, .denied, .unknown:
        if killed == life { return true }
        // An outcome belongs to the epoch in which it was found, though it may be written in the next.
        let found = kill.said ?? closed.at
        let epoch = machines[home(kill.record)]?.epochKnown ?? found
        return (lives[killed]?.origin ?? killed) == origin && epoch <= found
      case .failed, .abandoned: return false
      }
    }
  }

  /// The same of one that ended by itself: a complete listing lacked it, then a snapshot brought it back.
  func cameBackUnnoticed(_ life: Truth.Life, pid: Int64) -> Bool {
    guard let state = lives[life], state.origin != life else { return false }
    return machines.values.contains { machine in
      machine.epoch.nanoseconds < state.appeared && machine.sightings.values.contains { $0[state.origin] != nil }
        && machine.absent.contains { $0.pid == pid }
    }
  }

  /// Everything that is owed at the end: one outcome for each terminate, and late answers on their way to the ledger.
  ///
  /// - Parameter mute: VMs whose guests answer nothing any more: what became of a kill there is looked for for a day.
  public func guardEnd(at now: Int64, mute: Set<VMAddress> = []) throws(Violation) {
    try guardAnswers(at: now)
    if let (kill, _) = owed.first { try raise("S5", "the late answer to kill \(kill) was not recorded", "S5-late") }
    for id in killOrder {
      guard let kill = kills[id], kill.terminated != nil, kill.closed == nil else { continue }
      // Without its entry, its VM or its login nobody can look: it stays open for a day.
      let vm = home(kill.record)
      guard let machine = machines[vm], machine.key == kill.record.vm, !machine.missing, !machine.isRedirected,
        !mute.contains(vm),
        configuration?.vcenters.contains(where: { $0.id == vm.vcenter }) == true, !isStopped(kill.record.login, on: vm)
      else { continue }
      let since = (kill.answered ?? kill.asked).nanoseconds
      if now - since > 10 * Span.minute {
        try raise("S5", "kill \(id) has no outcome, \((now - since) / Span.second) s after its answer", "S5-open")
      }
    }
  }
}
