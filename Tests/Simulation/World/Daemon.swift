import GuestWatchCore
import VCenterModel

/// The daemon's process: its start, its end, what it is told and what it asks for.
extension World {
  /// Something on its way to the disk.
  enum Write {
    /// With when it was given.
    case step(KillID, LedgerStep, Instant)
    case note(LoginNote)
    case remember(VMMemory)
    case pauses([Pause])
  }

  /// A call that does not leave before the notes that were given before it were on their way to the disk.
  struct HeldCall {
    var notes: Int
    var op: OpID
    var call: Call
    var by: Instant
    var route: Route?
  }

  /// Starts a daemon: with what the ledger knows, and the configuration as it is now.
  mutating func begin() throws(Violation) {
    guard !isRunning else { return }
    if mustBoot {
      mustBoot = false
      bootZero = clock - random.between(5...60) * Span.second
      ledger.boot()
      note("* the host has booted")
      try check(.hostBooted(ahead: bootZero))
    }
    daemon += 1
    isRunning = true
    watch = fresh
    links = []
    sent = []
    let restored = ledger.restored(at: now.continuous)
    let number = daemon
    note("* daemon \(number) starts")
    try check(.daemonBegan(open: restored.open.map(\.record.id)))
    agenda.enter(.mark(daemon: daemon), at: clock + Span.minute)
    try tell(.began(seed: random.next(), restored: restored))
    if isRunning { try tell(.configured(configuration)) }
  }

  /// Kills the daemon: what was sent stays sent, what was not yet on disk may or may not be.
  mutating func crash(restartsIn: ClosedRange<Int64> = 200...40_000) throws(Violation) {
    guard isRunning else { return }
    let number = daemon
    note("* daemon \(number) crashes")
    tally.count("crash")
    try lay()
    agenda.enter(.restart, at: clock + random.between(restartsIn) * Span.millisecond)
  }

  /// The daemon is no more. What is not on disk may still get there, in its order.
  mutating func lay() throws(Violation) {
    while let write = writes.first, !isDiskFull, random.chance(0.5) {
      writes.removeFirst()
      try persist(write)
    }
    writes = []
    held = []
    unkeptMemories = []
    isRunning = false
    try check(.daemonEnded)
  }

  /// Tells the daemon something and carries out what it asks for.
  ///
  /// - Parameter listing: the hash of the listing in it, where that is known.
  mutating func tell(_ event: Event, listing: UInt64? = nil) throws(Violation) {
    try takeTruths()
    tally.events += 1
    trace.step(clock, { $0.add(event, listing: listing) }, line: { "> " + Line.of(event) })
    try check(.event(event))
    liveness.see(event, at: clock)
    let teller = daemon
    if case .configured = event {
      for i in sent.indices where sent[i].until == nil { sent[i].until = clock + SentKill.keeps }
    }
    for effect in watch.handle(event, at: now) {
      if random.chance(faults.crash) { return try crash() }
      try countEffect()
      trace.step(clock, { $0.add(effect) }, line: { "< " + Line.of(effect) })
      try check(.effect(effect))
      try carryOut(effect)
      if !isRunning || daemon != teller { return }
    }
    if random.chance(faults.crash) { try crash() }
  }

  private mutating func carryOut(_ effect: Effect) throws(Violation) {
    switch effect {
    case .refresh(let op, let vcenter, let query, let by):
      let call = Call.refresh(vcenter, query)
      launch(op, call, by, over: route(of: call))
    case .survey(let op, let vm, let login, let ends, let by):
      liveness.see(effect)
      askGuest(op, .survey(vm, login, ends: ends), by)
    case .look(let op, let vm, let login, let pid, let purpose, let by):
      if case .confirm = purpose { incite(vm, pid) }
      askGuest(op, .look(vm, login, pid: pid, purpose), by)
    case .terminate(let op, let kill, let vm, let login, let pid, let firstByteBy, let wall, let by):
      incite(vm, pid)
      askGuest(op, .terminate(kill, vm, login, pid: pid, firstByteBy: firstByteBy, wall: wall), by)
    case .record(let kill, let step):
      switch step {
      case .intent(let record):
        interfere(with: record)
        countSilentGates(on: record.vm)
      case .closed:
        countSilentGates(on: checker.kills[kill]?.record.vm)
      case .answered, .reported: break
      }
      write(.step(kill, step, now.continuous))
    case .note(let note): write(.note(note))
    case .remember(let memory): write(.remember(memory))
    case .keepPauses(let pauses): write(.pauses(pauses))
    case .wake(let at):
      wakes += 1
      if at != .never {
        let late = random.between(0...1_500) * 1_000
        agenda.enter(.wake(daemon: daemon, number: wakes), at: max(trueTime(at), clock) + late)
      }
    case .answer(let ask, let answer): try heard(answer, ask)
    case .show(_, let answer): heard(answer)
    case .report, .status, .ready: break
    case .stopped: try stopped()
    }
  }

  /// Sends it once the notes before it were tried to be written.
  private mutating func askGuest(_ op: OpID, _ call: Call, _ by: Instant) {
    let notes = writes.count { if case .note = $0 { true } else { false } }
    if notes == 0 { return launch(op, call, by, over: route(of: call)) }
    held.append(HeldCall(notes: notes, op: op, call: call, by: by, route: route(of: call)))
  }

  private mutating func noteTried() {
    for i in held.indices { held[i].notes -= 1 }
    let free = held.filter { $0.notes == 0 }
    held.removeAll { $0.notes == 0 }
    for one in free { launch(one.op, one.call, one.by, over: one.route) }
  }

  private mutating func write(_ write: Write) {
    writes.append(write)
    if writes.count == 1 { agenda.enter(.written(daemon: daemon), at: clock + writeTime()) }
  }

  private mutating func writeTime() -> Int64 {
    faults.slowDisk ? random.between(1...6_000) * Span.millisecond : random.between(100...20_000) * 1_000
  }

  mutating func written(_ daemon: Int) throws(Violation) {
    guard isRunning, daemon == self.daemon, !writes.isEmpty else { return }
    let write = writes.removeFirst()
    if !writes.isEmpty { agenda.enter(.written(daemon: daemon), at: clock + writeTime()) }
    guard case .step(let kill, let step, _) = write else {
      try persist(write)
      if case .note = write { noteTried() }
      return
    }
    if isDiskFull || random.chance(faults.ledgerFailure) {
      tally.count("ledger failure")
      // An error of the disk says nothing about what is on it.
      if !isDiskFull, random.chance(0.3) { try persist(write) }
      return try tell(.recorded(kill, step.kind, .failure(LedgerFailure("disk full"))))
    }
    try persist(write)
    try tell(.recorded(kill, step.kind, .success(())))
  }

  private mutating func persist(_ write: Write) throws(Violation) {
    switch write {
    case .note(let note): ledger.write(note, at: now.continuous)
    case .remember(let memory):
      unkeptMemories.removeAll { $0.vm == memory.vm }
      unkeptMemories.append(memory)
    case .pauses(let pauses):
      ledger.write(pauses, at: now.continuous)
      try check(.kept(pauses))
    case .step(let kill, let step, let given):
      ledger.write(kill, step, given: given, at: now.continuous)
      if case .closed = step { sent.removeAll { $0.kill == kill } }
      try check(.durable(kill, step))
    }
    // The daemon keeps what a full disk did not take until it does.
    guard !isDiskFull else { return }
    for memory in unkeptMemories { ledger.write(memory, at: now.continuous) }
    unkeptMemories = []
  }

  /// SIGTERM; the next daemon comes a little after this one has ended.
  mutating func askToStop() throws(Violation) {
    guard isRunning else { return }
    agenda.enter(.stopOverdue(daemon: daemon), at: clock + 100 * Span.second)
    try tell(.shutdownAsked)
    countSilentGates(on: nil)
  }

  /// The daemon says that it is done: its sessions are closed.
  private mutating func stopped() throws(Violation) {
    for link in links {
      guard let server = entrances[link.digest]?.server, !servers[server].isDown else { continue }
      if let vi = link.vi { _ = servers[server].model.handle(.viLogout, session: vi, at: modelTime) }
      if let rest = link.rest { _ = servers[server].model.handle(.restDeleteSession, session: rest, at: modelTime) }
    }
    try lay()
    if isEnding {
      isOver = true
    } else {
      agenda.enter(.restart, at: clock + random.between(1...30) * Span.second)
    }
  }
}
