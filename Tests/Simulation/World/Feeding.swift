import GuestWatchCore
import VCenterModel

/// What of events, effects and truths goes into the hash of a run: everything that a decision may depend on or that
/// leaves the daemon.
extension Digest {
  mutating func add(_ op: OpID) {
    add(UInt64(op.life))
    add(op.number)
  }
  mutating func add(_ kill: KillID) { add(UInt64(kill.life) << 32 | UInt64(kill.number)) }
  mutating func add(_ at: Instant) { add(at.nanoseconds) }
  mutating func add(_ now: Now) {
    add(now.continuous)
    add(now.wall)
  }
  mutating func add(_ duration: Duration) { add(duration.nanoseconds) }
  mutating func add(_ vm: VMAddress) {
    add(vm.vcenter.name)
    add(vm.moid)
  }
  mutating func add(_ text: GuestText) {
    add(text.value)
    add(text.doubtful)
  }
  mutating func add(_ process: GuestWatchCore.Process) {
    add(process.pid)
    add(process.started)
    add(process.owner)
    add(process.name)
    add(process.command)
    add(process.finished)
  }
  mutating func add(_ timing: Timing) {
    add(timing.firstByte?.continuous.nanoseconds)
    add(timing.firstByte?.wall)
    add(timing.ended)
    add(timing.date)
  }
  mutating func add(_ fault: Fault) {
    add(fault.kind.rawValue)
    add(fault.code)
  }
  mutating func add(_ listing: Listing) {
    add(listing.complete)
    add(listing.showsEnds)
    for row in listing.rows { add(row) }
  }
  mutating func add(_ query: ScopeQuery) {
    for scope in query.scopes { add(scope) }
    for id in query.ids { add(id) }
    for selector in query.selectors { add("\(selector)") }
  }
  mutating func add(_ scope: Scope) {
    for name in scope.names ?? [] { add(name.pattern) }
    for words in [scope.ids, scope.folders, scope.clusters, scope.tags] { for word in words ?? [] { add(word) } }
    for glob in scope.except { add(glob.pattern) }
  }
  mutating func add(_ facts: VMFacts) {
    add(facts.moid)
    add(facts.name)
    add(facts.instanceUUID ?? "-")
    add(facts.power.rawValue)
    add(facts.connected)
    add(facts.tools.rawValue)
    add(facts.ready)
    add(facts.family.rawValue)
    add(facts.template)
    add(facts.managed)
    add(facts.bootTime)
    add(facts.suspendTime)
    for selector in facts.selectors.map({ "\($0)" }).sorted() { add(selector) }
  }
  mutating func add(_ answer: KillAnswer) {
    switch answer {
    case .done: add(1)
    case .notFound: add(2)
    case .notBegun(let fault), .denied(let fault), .ambiguous(let fault), .notSent(let fault):
      add(3)
      add(Line.of(answer))
      add(fault)
    case .unanswered: add(4)
    }
  }

  /// - Parameter listing: the hash of the listing in it, where that is known.
  mutating func add(_ event: Event, listing: UInt64? = nil) {
    switch event {
    case .began(let seed, let restored):
      add(seed)
      add(UInt64(restored.life))
      for row in restored.rows { add(row.age) }
      for open in restored.open { add(open.record.id) }
    case .configured(let configuration): add(Line.of(configuration))
    case .timeCame: add(1)
    case .inventory(let op, let timing, let result):
      add(op)
      add(timing)
      switch result {
      case .success(let inventory):
        add(inventory.complete)
        for trouble in inventory.unresolved.map({ "\($0.key) \($0.value)" }).sorted() { add(trouble) }
        for facts in inventory.vms { add(facts) }
      case .failure(let fault): add(fault)
      }
    case .surveyed(let op, let timing, let result):
      add(op)
      add(timing)
      switch result {
      case .success(let shown):
        if let listing { add(listing) } else { add(shown) }
      case .failure(let fault): add(fault)
      }
    case .looked(let op, let timing, let result):
      add(op)
      add(timing)
      switch result {
      case .success(.running(let process)): add(process)
      case .success(.finished(let process)): add(process)
      case .success(.gone): add(2)
      case .success(.vmGone): add(3)
      case .failure(let fault): add(fault)
      }
    case .terminated(let op, let timing, let answer):
      add(op)
      add(timing)
      add(answer)
    case .recorded(let kill, let kind, let result):
      add(kill)
      add(kind.rawValue)
      if case .failure = result { add(false) } else { add(true) }
    case .asked: add(Line.of(event))
    case .shutdownAsked: add(2)
    }
  }

  mutating func add(_ effect: Effect) {
    switch effect {
    case .refresh(let op, let vcenter, let query, let by):
      add(op)
      add(vcenter.name)
      add(query)
      add(by)
    case .survey(let op, let vm, let login, let ends, let by):
      add(op)
      add(vm)
      add(login.name)
      add(ends)
      add(by)
    case .look(let op, let vm, let login, let pid, let purpose, let by):
      add(op)
      add(vm)
      add(login.name)
      add(pid)
      add("\(purpose)")
      add(by)
    case .record(let kill, let step):
      add(kill)
      add(Line.of(step))
    case .note, .keepPauses, .answer, .show: add(Line.of(effect))
    case .remember(let memory):
      add(memory.vm.instance)
      add(memory.bootTime)
      add(memory.suspendTime)
      for seen in memory.seen {
        add(seen.login.name)
        add(seen.identity.pid)
        add(seen.identity.started)
        add(seen.firstSeen)
      }
    case .terminate(let op, let kill, let vm, let login, let pid, let firstByteBy, let wall, let by):
      add(op)
      add(kill)
      add(vm)
      add(login.name)
      add(pid)
      add(firstByteBy)
      add(wall)
      add(by)
    case .report(let report): add(Line.of(effect) + report.level.rawValue)
    case .status, .ready, .stopped: add(Line.of(effect))
    case .wake(let at): add(at)
    }
  }

  mutating func add(_ truth: Truth) {
    add(truth.guest)
    add(truth.at.continuous)
    switch truth.event {
    case .born(let life, let pid, _, _):
      add(life)
      add(pid)
    case .died(let life, _, let cause):
      add(life)
      switch cause {
      case .exited: add(1)
      case .terminated(let call): add(call.number)
      case .escalated(let call): add(call.number + 1)
      case .powerCycled: add(2)
      case .reverted: add(3)
      }
    case .terminateReceived(let call, let pid, let holder, _):
      add(call.number)
      add(pid)
      add(holder ?? 0)
    case .signalled(let call, let life, let signal):
      add(call.number)
      add(life)
      add(signal == .term)
    case .agentRestarted: add(4)
    case .hidesOthers(let hides): add(hides ? 11 : 12)
    case .suspended: add(5)
    case .resumed: add(6)
    case .switchedOff: add(7)
    case .switchedOn: add(8)
    case .snapshotTaken: add(9)
    case .snapshotReverted: add(10)
    }
  }
}
