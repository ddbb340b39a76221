import OrderedCollections

extension Watch {
  /// A guest took the call: whatever was wrong with the VM is over.
  ///
  /// - Parameter proves: false where vCenter answered before the guest was asked, which says nothing of the login.
  mutating func guestCallWorked(_ operation: Operation, _ place: Int, proves: Bool = true, _ now: Now) {
    vms[place].failures = 0
    vms[place].restUntil = Instant(nanoseconds: .min)
    guestAnswered(operation, place, proves: proves, now)
  }

  /// A guest answered, if not with what was asked for: a back-off goes on.
  mutating func guestAnswered(_ operation: Operation, _ place: Int, proves: Bool = true, _ now: Now) {
    vms[place].timedOut = false
    credentialTold(operation, nil)
    vms[place].silentUntil = Instant(nanoseconds: .min)
    if vms[place].parked != nil {
      vms[place].parked = nil
      report(aboutVM(.vmWatched, .info, place))
      statusDirty = true
    }
    for v in vms[place].views.indices
    where vms[place].views[v].login == operation.login && vms[place].views[v].parked != nil {
      vms[place].views[v].parked = nil
      statusDirty = true
    }
    if proves { loginAccepted(operation, place, now) } else { loginUntold(operation, nil, now) }
  }

  /// What a failed look means for its VM, login and vCenter (vsphere-api.md, section 7).
  ///
  /// - Parameter toldOfLogin: the answer said already what it says of the login.
  mutating func guestCallFailed(
    _ fault: Fault, _ operation: Operation, _ place: Int, toldOfLogin: Bool = false, _ now: Now
  ) {
    vms[place].timedOut = fault.kind == .unanswered
    credentialTold(operation, fault)
    // Looks after a terminate go on whatever is parked, in the pace of the back-off.
    if operation.verifies { backOff(place, now) }
    if fault.kind != .guestLoginRefused, !toldOfLogin { loginUntold(operation, fault, now) }
    switch fault.kind {
    case .guestLoginRefused: loginRefused(operation, place, fault, now)
    case .guestLoginTrouble, .noCredential:
      if !operation.verifies { backOff(place, now) }
    case .guestDenied:
      parkView(place, operation, fault, now)
    case .unsupported, .notPermitted, .badRequest, .overCap:
      park(place, fault, now)
    case .vmGone:
      refreshSoon(operation.vcenter, now)
      if !operation.verifies { backOff(place, now) }
    case .wrongState:
      refreshSoon(operation.vcenter, now)
      if !operation.verifies { backOff(place, now) }
    case .toolsUnavailable, .busy, .transient, .badAnswer, .unknown:
      if !operation.verifies { backOff(place, now) }
    case .unanswered:
      rest(operation, place, now)
    case .sessionLost, .loginRefused, .noSession, .unreachable, .untrusted:
      if !operation.verifies { backOff(place, now) }
      // One failed call is enough to stop asking guests; one refresh that works is enough to go on.
      if vcenters[operation.vcenter]?.down == nil { slow(operation.vcenter, fault, now) }
    }
  }

  private mutating func backOff(_ place: Int, _ now: Now) {
    vms[place].failures += 1
    // A rest that is longer already stays.
    let until = mutated(.restForever) ? .never : now.continuous + chance.around(KillTiming.backOff(vms[place].failures))
    vms[place].restUntil = max(vms[place].restUntil, until)
  }

  /// After an unanswered survey or check the VM rests; the looks after a terminate go on in their own time.
  private mutating func rest(_ operation: Operation, _ place: Int, _ now: Now) {
    if operation.verifies || mutated(.lookAgainAtOnce) { return }
    vms[place].failures += 1
    vms[place].restUntil = now.continuous + KillTiming.rest
    vms[place].silentUntil = vms[place].restUntil
  }

  /// One account is denied: only what it would look at is left alone.
  private mutating func parkView(_ place: Int, _ operation: Operation, _ fault: Fault, _ now: Now) {
    guard let v = vms[place].views.firstIndex(where: { $0.login == operation.login }) else { return }
    if vms[place].views[v].parkedUntil < now.continuous - KillTiming.park {
      report(aboutVM(.vmParked, .warning, place, login: operation.login, fault: fault))
    }
    vms[place].views[v].parkedUntil = now.continuous + KillTiming.park
    vms[place].views[v].parked = fault
    statusDirty = true
  }

  private mutating func park(_ place: Int, _ fault: Fault, _ now: Now) {
    if vms[place].parked?.fault.kind != fault.kind {
      report(aboutVM(.vmParked, .warning, place, fault: fault))
    }
    vms[place].parked = (now.continuous + KillTiming.park, fault)
    statusDirty = true
  }
}

extension Operation {
  /// True for the looks after a terminate or a restart.
  var verifies: Bool {
    switch kind {
    case .look(_, .verify), .look(_, .resolve), .survey(.verify): true
    case .look(_, .check), .look(_, .confirm), .look(_, .find), .survey(.follow), .survey(.confirm), .refresh,
      .terminate:
      false
    }
  }
}
