import GuestWatchCore

/// The checker's own time is the true one; the continuous clock of the daemon's host begins anew when that boots.
extension Checker {
  func onTrueClock(_ at: Instant) -> Instant { at + .nanoseconds(ahead) }
  func onTrueClock(_ now: Now) -> Now { Now(continuous: onTrueClock(now.continuous), wall: now.wall) }

  private func onTrueClock(_ timing: Timing) -> Timing {
    Timing(firstByte: timing.firstByte.map(onTrueClock), ended: onTrueClock(timing.ended), date: timing.date)
  }

  func onTrueClock(_ pause: Pause) -> Pause {
    Pause(rule: pause.rule, vms: pause.vms, until: pause.until.map(onTrueClock))
  }

  func onTrueClock(_ effect: Effect) -> Effect {
    if ahead == 0 { return effect }
    switch effect {
    case .refresh(let op, let vcenter, let query, let by): return .refresh(op, vcenter, query, by: onTrueClock(by))
    case .survey(let op, let vm, let login, let ends, let by):
      return .survey(op, vm, login, showingEnds: ends, by: onTrueClock(by))
    case .look(let op, let vm, let login, let pid, let purpose, let by):
      return .look(op, vm, login, pid: pid, purpose, by: onTrueClock(by))
    case .terminate(let op, let kill, let vm, let login, let pid, let firstByteBy, let wall, let by):
      return .terminate(
        op, kill, vm, login, pid: pid, firstByteBy: onTrueClock(firstByteBy), firstByteByWall: wall, by: onTrueClock(by)
      )
    case .keepPauses(let pauses): return .keepPauses(pauses.map(onTrueClock))
    case .wake(let at): return .wake(at: onTrueClock(at))
    case .record, .note, .remember, .answer, .show, .report, .status, .ready, .stopped: return effect
    }
  }

  func onTrueClock(_ event: Event) -> Event {
    if ahead == 0 { return event }
    switch event {
    case .inventory(let op, let timing, let result): return .inventory(op, onTrueClock(timing), result)
    case .surveyed(let op, let timing, let result): return .surveyed(op, onTrueClock(timing), result)
    case .looked(let op, let timing, let result): return .looked(op, onTrueClock(timing), result)
    case .terminated(let op, let timing, let answer): return .terminated(op, onTrueClock(timing), answer)
    case .asked(.pause(let pause, let uid)): return .asked(.pause(onTrueClock(pause), by: uid))
    case .asked, .began, .configured, .timeCame, .recorded, .shutdownAsked: return event
    }
  }

  /// An entry leads to another vCenter now: what is in flight there and what was not answered there belongs to another
  /// server, and its moids may be other VMs.
  mutating func redirected(_ vcenter: VCenterID, at: Instant) {
    for op in flights.keys where flights[op]?.vcenter == vcenter { flights[op]?.isOfOld = true }
    forgetPlaces(of: vcenter)
    for vm in machines.keys where vm.vcenter == vcenter {
      machines[vm]?.rests = Instant(nanoseconds: .min)
      machines[vm]?.verifyRests = Instant(nanoseconds: .min)
      machines[vm]?.isRedirected = true
      machines[vm]?.redirected = at
      machines[vm]?.startsDoubted = nil
    }
  }
}

extension Checker.Machine {
  mutating func close(_ id: KillID, at now: Now) {
    guard open.contains(id) else { return }
    open.removeAll { $0 == id }
    if open.isEmpty, let last = killSpans.indices.last { killSpans[last].to = now.continuous.nanoseconds }
  }

  /// Start times and pids mean something else from now on.
  mutating func forgetEpoch() {
    sightings = [:]
    unheld = [:]
    listed = [:]
    absent = []
    gone = [:]
    startsDoubted = nil
  }
}
