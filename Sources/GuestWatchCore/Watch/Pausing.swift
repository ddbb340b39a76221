import OrderedCollections

/// The pauses that are in force.
struct PauseBook: Sendable {
  private(set) var pauses: [Pause] = []

  init(_ pauses: [Pause] = []) { self.pauses = pauses }

  /// False where there is no place for one more. It takes the place of one with the same rule and VMs and of no other: a
  /// pause of everything for an hour does not end the one of a rule that was to last.
  mutating func add(_ pause: Pause) -> Bool {
    pauses.removeAll { $0.rule == pause.rule && $0.vms == pause.vms }
    guard pauses.count < Pause.cap else { return false }
    pauses.append(pause)
    return true
  }

  /// Takes out those with exactly this rule and these VMs; with neither, all.
  mutating func remove(rule: RuleID?, vms: Glob?) {
    pauses.removeAll { (rule == nil && vms == nil) || ($0.rule == rule && $0.vms == vms) }
  }

  /// Drops what is over. True where something was.
  mutating func expire(_ now: Instant) -> Bool {
    let before = pauses.count
    pauses.removeAll { $0.until.map { $0 <= now } ?? false }
    return pauses.count != before
  }

  /// - Parameter rule: nil for a kill that an operator asks for: only pauses of every rule cover it.
  func covers(_ rule: RuleID?, name: String, moid: String, _ now: Instant) -> Bool {
    pauses.contains { pause in
      if let until = pause.until, until <= now { return false }
      if let only = pause.rule, only != rule { return false }
      return pause.vms.map { $0.matches(name, folded: false) || $0.matches(moid, folded: false) } ?? true
    }
  }

  /// When the next one ends by itself.
  var next: Instant? { pauses.compactMap(\.until).min() }
}

extension Watch {
  mutating func asked(_ request: OperatorRequest, _ now: Now) {
    switch request {
    case .pause(let pause, let uid):
      guard pauses.add(pause) else {
        report(Report(.limitReached, .warning, rule: pause.rule, detail: "\(Pause.cap) pauses"))
        return
      }
      report(Report(.paused, .notice, rule: pause.rule, detail: words(pause, now) + (uid.map { ", \(by($0))" } ?? "")))
      pausesChanged(now)
    case .resume(let rule, let vms, let uid):
      let before = pauses.pauses.count
      pauses.remove(rule: rule, vms: vms)
      guard pauses.pauses.count != before else { return }
      report(
        Report(
          .resumed, .notice, rule: rule,
          detail: [vms.map { "VMs \($0.pattern)" }, uid.map(by)].compactMap { $0 }.joined(separator: ", ")))
      pausesChanged(now)
    case .retryLogin(let login): retryLogin(login, now)
    case .find(let ask, let wanted): find(ask, wanted, now)
    case .kill(let ask, let order): kill(ask, order, now)
    case .vms(let ask, let filter): reach(ask, filter, now)
    case .explain(let ask, let vm, let login): explain(ask, vm, login, now)
    case .withdraw(let ask): withdraw(ask, now)
    }
  }

  private func by(_ uid: UInt32) -> String { "asked for by uid \(uid)" }

  private func words(_ pause: Pause, _ now: Now) -> String {
    let vms = pause.vms.map { "VMs \($0.pattern)" } ?? "all VMs"
    guard let until = pause.until else { return "\(vms), until it is resumed" }
    return "\(vms), for \(max((until - now.continuous).wholeSeconds, 0)) s"
  }

  /// Gates that were said are said again where they close again; those that open are asked at once.
  private mutating func pausesChanged(_ now: Now) {
    effects.append(.keepPauses(pauses.pauses))
    statusDirty = true
    for place in vms.indices {
      for v in vms[place].views.indices {
        for c in vms[place].views[v].candidates.indices {
          for t in vms[place].views[v].candidates[c].tracks.indices {
            vms[place].views[v].candidates[c].tracks[t].said.removeAll { $0 == .paused }
          }
        }
      }
      decide(place, now)
      book(place, now)
    }
  }

  /// A pause whose time is over ends by itself.
  mutating func endPauses(_ now: Now) {
    guard pauses.expire(now.continuous) else { return }
    report(Report(.resumed, .notice, detail: "its time is over"))
    pausesChanged(now)
  }
}
