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
    _ rule: Rule, _ row: GuestWatchCore.Process, _ confirm: Shown, _ vm: VMAddress, _ family: GuestFamily, _ id: KillID
  ) throws(Violation) {
    guard let machine = machines[vm] else { return }
    let since = max(ruleSince[rule.id] ?? .never, machine.epoch)
    // E, as in L1; a look may take 30 s itself.
    let gap = max(rule.every, .seconds(10)).nanoseconds * 3 + 30 * Span.second
    var next = confirm
    var chain: [Shown] = []
    for shown in machine.shown.reversed() {
      guard shown.daemon == daemon, shown.login == confirm.login, shown.ended.continuous >= since else { continue }
      guard shown.sent.continuous < confirm.sent.continuous else { continue }
      let bearing = bearing(shown, rule, row, vm, family)
      if case .silent = bearing { continue }
      if case .broken = bearing { break }
      let from = shown.ended.continuous.nanoseconds
      let to = next.sent.continuous.nanoseconds
      if to - from - openTime(machine, from: from, to: to) > gap { break }
      chain.append(shown)
      next = shown
    }
    guard let last = chain.first, let first = chain.last, chain.count >= 2 else {
      throw Violation("S1", "kill \(id) has \(chain.count) looks that show it before the confirm, two are needed")
    }
    func apart(_ a: Shown, _ b: Shown) -> Duration {
      max(b.sent.continuous - a.sent.continuous, b.ended.continuous - a.ended.continuous)
    }
    if apart(first, last) < .seconds(5) {
      throw Violation("S1", "the looks before kill \(id) are \(apart(first, last)) apart, 5 s are needed")
    }
    if apart(first, confirm) < rule.lasting {
      throw Violation("S1", "kill \(id): exceeded for \(apart(first, confirm)), lasting is \(rule.lasting)")
    }
  }

  private func openTime(_ machine: Machine, from: Int64, to: Int64) -> Int64 {
    var sum: Int64 = 0
    for span in machine.killSpans { sum += max(0, min(span.to ?? to, to) - max(span.from, from)) }
    return sum
  }

  private func bearing(
    _ shown: Shown, _ rule: Rule, _ row: GuestWatchCore.Process, _ vm: VMAddress, _ family: GuestFamily
  ) -> Bearing {
    switch shown.what {
    case .listing(let listing):
      guard listing.complete else { return .silent }
      guard let seen = listing.rows.first(where: { $0.pid == row.pid }), seen.identity == row.identity,
        seen.finished == nil, OwnRules.reaches(rule, seen, family: family)
      else { return .broken }
      switch rule.limits {
      case .forbidden: return .exceeded
      case .bounded(let maxAge, let most):
        if let maxAge, isOlder(than: maxAge, seen.pid, shown, vm) { return .exceeded }
        if let most {
          let others = OwnRules.others(than: seen, in: listing.rows, of: rule, most, family: family)
          if others.count(where: { OwnRules.mayStand($0, before: seen, most.keep) }) >= most.count { return .exceeded }
        }
        return .broken
      }
    case .look(let look, let pid, _):
      guard pid == row.pid else { return .silent }
      guard case .running(let seen) = look, seen.identity == row.identity,
        OwnRules.reaches(rule, seen, family: family)
      else { return .broken }
      switch rule.limits {
      case .forbidden: return .exceeded
      case .bounded(let maxAge, let most):
        if let maxAge, isOlder(than: maxAge, seen.pid, shown, vm) { return .exceeded }
        // One row alone does not say how many there are.
        return most == nil ? .broken : .silent
      }
    }
  }

  private func isOlder(than maxAge: Duration, _ pid: Int64, _ shown: Shown, _ vm: VMAddress) -> Bool {
    guard let age = trueAge(pid, shown, vm, at: shown.ended.continuous) else { return false }
    return age > maxAge - Checker.slack
  }
}
