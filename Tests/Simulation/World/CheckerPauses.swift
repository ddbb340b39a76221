import GuestWatchCore

/// Gates that an operator closed; a restart does not open them.
extension Checker {
  mutating func take(_ request: OperatorRequest, at now: Now) {
    switch request {
    case .pause(let pause, _):
      pauses.removeAll { $0.rule == pause.rule && $0.vms == pause.vms }
      pauses.append(pause)
    case .resume(nil, nil, _): pauses = []
    case .resume(let rule, let vms, _): pauses.removeAll { $0.rule == rule && $0.vms == vms }
    case .retryLogin: break
    case .find, .kill, .vms, .explain, .withdraw: takeByHand(request, at: now)
    }
  }

  func covers(_ pause: Pause, _ rule: RuleID?, _ vm: VMFacts, at now: Instant) -> Bool {
    if let until = pause.until, until <= now { return false }
    if let only = pause.rule, only != rule { return false }
    guard let vms = pause.vms else { return true }
    return OwnGlob.fits(vms.pattern, vm.name, folded: false) || OwnGlob.fits(vms.pattern, vm.moid, folded: false)
  }
}
