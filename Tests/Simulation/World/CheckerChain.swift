import GuestWatchCore
import VCenterModel

/// `lasting`: the unbroken chain of looks that a verdict stands on.
extension Checker {
  /// How a look bears on a candidate of a rule.
  private enum Bearing {
    /// It shows it, and the limit exceeded.
    case exceeded
    /// It says nothing about it.
    case silent
    /// It shows that it is not so: the chain is broken here.
    case broken
  }

  func guardLasting(
    _ rule: Rule, _ row: GuestWatchCore.Process, _ confirm: Shown, _ vm: VMAddress, _ id: KillID
  ) throws(Violation) {
    guard let machine = machines[vm] else { return }
    let since = max(ruleSince[rule.id] ?? .never, machine.epochKnown)
    // A list without ends shows a program that has ended like one that runs. Where a snapshot has brought it back since,
    // it was there all the time for whoever looked.
    let revived = confirm.lives[row.pid].flatMap { life in lives[life]?.origin == life ? nil : life }
    func apart(_ a: Shown, _ b: Shown) -> Duration {
      max(b.sent.continuous - a.sent.continuous, b.ended.continuous - a.ended.continuous)
    }
    var next = confirm
    var chain: [Shown] = []
    for shown in machine.shown.reversed() {
      guard shown.daemon == daemon, shown.login == confirm.login, shown.ended.continuous >= since else { continue }
      guard shown.sent.continuous < confirm.sent.continuous else { continue }
      let bearing = bearing(shown, rule, row, revived, vm)
      if case .silent = bearing { continue }
      if case .broken = bearing { break }
      if isBroken(from: shown.ended.continuous, to: next.sent.continuous, rule, machine) { break }
      chain.append(shown)
      next = shown
      // An earlier look could only make it longer.
      if chain.count >= 2, apart(shown, chain[0]) >= max(rule.lasting, .seconds(5)) { return }
    }
    guard let last = chain.first, let first = chain.last, chain.count >= 2 else {
      throw Violation("S1", "kill \(id) has \(chain.count) looks that show it before the confirm, two are needed")
    }
    if apart(first, last) < .seconds(5) {
      throw Violation("S1", "the looks before kill \(id) are \(apart(first, last)) apart, 5 s are needed")
    }
    // The verdict comes before the confirm, so its looks alone must last.
    if apart(first, last) < rule.lasting {
      throw Violation("S1", "kill \(id): exceeded for \(apart(first, last)), lasting is \(rule.lasting)")
    }
  }

  /// True where no complete look was taken for 3E, with E as it was then: a reload that makes it longer mends nothing.
  private func isBroken(from: Instant, to: Instant, _ rule: Rule, _ machine: Machine) -> Bool {
    func isOver(_ every: Duration, until: Instant) -> Bool {
      let open = openTime(machine, from: from.nanoseconds, to: until.nanoseconds)
      return until - from - .nanoseconds(open) > max(every, .seconds(10)) * 3
    }
    let history = everies[rule.id] ?? []
    var isOverOnce = isOver(rule.every, until: to)
    for (i, entry) in history.enumerated() where i + 1 < history.count {
      let ended = history[i + 1].since
      // Of a shorter `every` before only what it had already come to counts.
      if ended > from, ended < to, isOver(entry.every, until: ended) { isOverOnce = true }
      // A longer one before counts for what was taken then.
      if ended >= to, entry.since <= to { isOverOnce = isOver(entry.every, until: to) }
    }
    return isOverOnce
  }

  private func openTime(_ machine: Machine, from: Int64, to: Int64) -> Int64 {
    var sum: Int64 = 0
    for span in machine.killSpans { sum += max(0, min(span.to ?? to, to) - max(span.from, from)) }
    return sum
  }

  private func bearing(
    _ shown: Shown, _ rule: Rule, _ row: GuestWatchCore.Process, _ revived: Truth.Life?, _ vm: VMAddress
  ) -> Bearing {
    let family = shown.family
    let holder = revived ?? shown.lives[row.pid]
    switch shown.what {
    case .listing(let listing):
      guard OwnRules.isComplete(listing) else { return .silent }
      guard let seen = listing.rows.first(where: { $0.pid == row.pid }), OwnIdentity(seen) == OwnIdentity(row),
        seen.finished == nil, OwnRules.reaches(rule, seen, family: family)
      else { return .broken }
      switch rule.limits {
      case .forbidden: return .exceeded
      case .bounded(let maxAge, let most):
        if let maxAge, isOlder(than: maxAge, holder, shown), mayBeProven(maxAge, holder, shown, vm) {
          return .exceeded
        }
        if let most {
          let others = OwnGroups.others(than: seen, in: listing.rows, of: rule, most, family: family)
          let before = OwnGroups.places(of: others, from: seen, most.keep).count { $0 != .after }
          if before >= most.count { return .exceeded }
        }
        return .broken
      }
    case .look(let look, let pid, _):
      guard pid == row.pid else { return .silent }
      // vCenter did not find the VM: that says nothing of what runs in it.
      if case .vmGone = look { return .silent }
      guard case .running(let seen) = look, OwnIdentity(seen) == OwnIdentity(row),
        OwnRules.reaches(rule, seen, family: family)
      else { return .broken }
      switch rule.limits {
      case .forbidden: return .exceeded
      case .bounded(let maxAge, let most):
        if let maxAge, isOlder(than: maxAge, holder, shown), mayBeProven(maxAge, holder, shown, vm) {
          return .exceeded
        }
        // One row alone does not say how many there are.
        return most == nil ? .broken : .silent
      }
    }
  }

  private func isOlder(than maxAge: Duration, _ holder: Truth.Life?, _ shown: Shown) -> Bool {
    guard let holder else { return false }
    guard let state = lives[holder] else { return true }
    return .nanoseconds(shown.ended.continuous.nanoseconds - state.born) > maxAge - Checker.slack
  }
}
