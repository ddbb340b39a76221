import GuestWatchCore
import VCenterModel

/// What becomes of a call, drawn when it is asked for.
enum Fate {
  case fine
  /// Not a byte leaves.
  case unreachable
  /// The request is lost on its way.
  case lostRequest
  /// The answer is lost on its way.
  case lostAnswer
  /// A gateway answers, the request never came through.
  case errorBefore
  /// A gateway answers, but the request did come through.
  case errorAfter
  /// The answer is cut or garbled.
  case garbled
}

/// The daemon's side of the wire: carries calls out as design.md and Effect.swift demand.
extension World {
  mutating func launch(_ op: OpID, _ effect: Effect, _ by: Instant) {
    var fate = Fate.fine
    if random.chance(faults.unreachable) {
      fate = .unreachable
    } else if random.chance(faults.unanswered) {
      fate = random.chance(0.5) ? .lostRequest : .lostAnswer
    } else if random.chance(faults.transient) {
      fate = random.chance(0.5) ? .errorBefore : .errorAfter
    } else if random.chance(faults.badAnswer) {
      fate = .garbled
    }
    if case .fine = fate {} else { tally.count("\(fate)") }
    flights[op] = Flight(effect: effect, by: by, daemon: daemon, fate: fate)
    agenda.enter(.giveUp(op), at: max(by.nanoseconds, clock + 1))
    if case .unreachable = fate {
      agenda.enter(
        .deliver(op, .fault(Fault(.unreachable, code: "ECONNREFUSED"))),
        at: clock + random.between(1...5_000) * Span.millisecond)
      return
    }
    var queue = random.between(20...3_000) * 1_000
    if random.chance(faults.slow) { queue += random.between(0...6_000) * Span.millisecond }
    agenda.enter(.leave(op), at: clock + queue)
  }

  private mutating func latency() -> Int64 {
    if random.chance(faults.slow) {
      tally.count("slow")
      return random.between(500...40_000) * Span.millisecond
    }
    return random.between(1_000...150_000) * 1_000
  }

  /// The first byte leaves, unless the daemon is gone or it is too late for it.
  mutating func leave(_ op: OpID) throws(Violation) {
    guard var flight = flights[op], flight.daemon == daemon, isRunning, !flight.isAnswered else { return }
    if case .terminate(_, _, _, _, _, let firstByteBy, let wall, _) = flight.effect,
      now.continuous >= firstByteBy || now.wall >= wall
    {
      return try deliver(op, .fault(Fault(.unanswered, code: "too late to send")))
    }
    flight.firstByte = now
    flights[op] = flight
    note("  \(op) leaves")
    if case .lostRequest = flight.fate { return }
    if case .errorBefore = flight.fate {
      return agenda.enter(.deliver(op, .fault(Fault(.transient, code: "503"))), at: clock + latency())
    }
    let arrival = clock + latency()
    agenda.enter(.arrive(op), at: arrival)
  }

  /// The request is at the vCenter. What is sent is sent: whether the daemon still lives does not matter here.
  mutating func arrive(_ op: OpID) throws(Violation) {
    guard let flight = flights[op] else { return }
    try takeTruths()
    if random.chance(faults.sessionLoss) {
      tally.count("session loss")
      model.expireSessions()
    }
    switch flight.effect {
    case .refresh(_, _, let query, _):
      if case .lostAnswer = flight.fate { return }
      let answer = inventory(query, op)
      agenda.enter(.deliver(op, answer), at: clock + latency())
    case .survey(_, let vm, let login, let ends, _):
      ensureSession()
      try ask(
        .listProcesses(moid: vm.moid, Setup.credential(login), via: ends ? .vi : .rest, pids: nil), op, replays: true)
    case .look(_, let vm, let login, let pid, _, _):
      ensureSession()
      try ask(.getProcess(moid: vm.moid, Setup.credential(login), pid: pid), op, replays: true)
    case .terminate(_, _, let vm, let login, let pid, _, _, _):
      try ask(.terminate(moid: vm.moid, Setup.credential(login), pid: pid, via: .vi), op, replays: false)
    case .record, .note, .remember, .keepPauses, .report, .status, .wake, .ready, .stopped: break
    }
  }

  /// Sends one guest call; a dead session is made anew and the call replayed, but never a terminate.
  private mutating func ask(_ request: Request, _ op: OpID, replays: Bool) throws(Violation) {
    var reply = model.handle(request, session: token(for: request.api), at: modelTime)
    if replays, case .now(.failure(.notAuthenticated)) = reply {
      if let fault = logIn(for: request.api) { return comeBack(op, .fault(fault)) }
      let replayed = now
      flights[op]?.firstByte = replayed
      reply = model.handle(request, session: token(for: request.api), at: modelTime)
    }
    // A terminate never logs in; the next look does.
    if !replays, case .now(.failure(.notAuthenticated)) = reply { tokens.vi = nil }
    try take(reply, op)
  }

  /// A guest call that took time goes on.
  mutating func goOn(_ call: CallID, _ op: OpID) throws(Violation) {
    try takeTruths()
    guard let reply = model.resume(call, at: modelTime) else { return }
    try take(reply, op)
  }

  private mutating func take(_ reply: Reply, _ op: OpID) throws(Violation) {
    try witness(op)
    switch reply {
    case .later(let at, let call): agenda.enter(.resume(call, op), at: at.continuous)
    case .guest: throw Violation("contract", "an external guest in a simulation")
    case .now(let response): comeBack(op, .response(response))
    }
  }

  private mutating func comeBack(_ op: OpID, _ answer: Answer) {
    var after = latency()
    // Some answers to a terminate come when it has been given up.
    if faults.lateAnswers, case .terminate? = flights[op]?.effect, random.chance(0.1) { after += 60 * Span.second }
    switch flights[op]?.fate {
    case nil, .lostAnswer, .lostRequest, .unreachable: break
    case .fine: agenda.enter(.deliver(op, answer), at: clock + after)
    case .errorBefore, .errorAfter:
      agenda.enter(.deliver(op, .fault(Fault(.transient, code: "502"))), at: clock + after)
    case .garbled: agenda.enter(.deliver(op, garbled(answer)), at: clock + after)
    }
  }

  private mutating func garbled(_ answer: Answer) -> Answer {
    // A listing that is cut in the middle can still be read to there.
    if case .response(.processes(let rows)) = answer, random.chance(0.5) {
      return .response(.processes(Array(rows.prefix(random.below(rows.count)))))
    }
    return .fault(Fault(.badAnswer, code: "cut"))
  }

  /// Tells the checker what the guest really did: who held which pid, and which call a terminate became.
  private mutating func witness(_ op: OpID) throws(Violation) {
    guard let flight = flights[op] else { return }
    let moid: String
    switch flight.effect {
    case .survey(_, let vm, _, _, _), .look(_, let vm, _, _, _, _), .terminate(_, _, let vm, _, _, _, _, _):
      moid = vm.moid
    case .refresh, .record, .note, .remember, .keepPauses, .report, .status, .wake, .ready, .stopped: return
    }
    let truths = model.takeTruths()
    for truth in truths {
      if case .terminateReceived(let call, _, _, _) = truth.event { try check(.reached(op, call)) }
    }
    for truth in truths {
      note("  \(truth.moid) \(truth.event)")
      try check(.truth(truth))
    }
    if case .terminate = flight.effect { return }
    var lives: [Int64: Truth.Life] = [:]
    for process in model.guest(moid)?.processes ?? [] { lives[process.pid] = process.life }
    // Only the daemon that asked will be shown it.
    if isRunning, flight.daemon == daemon { try check(.executed(op, lives: lives)) }
  }

  // MARK: sessions

  private func token(for api: API) -> String? {
    switch api {
    case .vi: tokens.vi
    case .rest: model.settings.release.sharesSessions ? tokens.vi : tokens.rest
    }
  }

  /// The session that terminates go over is made by the calls before them.
  private mutating func ensureSession() {
    if tokens.vi == nil, model.settings.release.hasVIJSON { _ = logIn(for: .vi) }
  }

  private mutating func logIn(for api: API) -> Fault? {
    let usesVI = api == .vi || model.settings.release.sharesSessions
    let request: Request =
      usesVI ? .viLogin(user: "svc", password: "secret") : .restCreateSession(user: "svc", password: "secret")
    switch model.handle(request, session: nil, at: modelTime) {
    case .now(.loggedIn(_, let token)):
      if usesVI { tokens.vi = token } else { tokens.rest = token }
      return nil
    case .now(.failure(let error)): return Wire.fault(error)
    case .now, .later, .guest: return Fault(.badAnswer, code: "login")
    }
  }

  /// Everything that the real client asks for an inventory, at one moment.
  private mutating func inventory(_ query: ScopeQuery, _ op: OpID) -> Answer {
    guard let flight = flights[op] else { return .fault(Fault(.unknown, code: "")) }
    switch flight.fate {
    case .lostAnswer, .errorBefore, .errorAfter, .lostRequest, .unreachable:
      return .fault(Fault(.transient, code: "502"))
    case .garbled where random.chance(0.6): return .fault(Fault(.badAnswer, code: "cut"))
    case .fine, .garbled: break
    }
    let release = model.settings.release
    var vms: [VMFacts] = []
    var complete = true
    for machine in model.virtualMachines where query.selects(name: machine.facts.name, moid: machine.facts.moid) {
      // What the answer was cut after is missing from it.
      if case .garbled = flight.fate, random.chance(0.4) {
        complete = false
        continue
      }
      vms.append(Wire.facts(machine.facts))
    }
    if case .garbled = flight.fate { complete = false }
    return .inventory(
      Inventory(
        vcenterUUID: model.settings.instanceUUID, canTerminate: release.hasVIJSON, vms: vms, complete: complete))
  }

  // MARK: answers

  mutating func giveUp(_ op: OpID) throws(Violation) {
    guard let flight = flights[op], !flight.isAnswered else { return }
    tally.count("unanswered")
    try deliver(op, .fault(Fault(.unanswered, code: "deadline")))
  }

  mutating func deliver(_ op: OpID, _ answer: Answer) throws(Violation) {
    guard isRunning, let flight = flights[op], flight.daemon == daemon else { return }
    if flight.isAnswered {
      // A late answer to a terminate is told once more; anything else is too late.
      guard faults.lateAnswers, case .terminate = flight.effect else { return }
      tally.count("late answer")
    }
    flights[op]?.isAnswered = true
    let date = flight.firstByte.map { _ in modelTime.wall / Span.second }
    let timing = Timing(firstByte: flight.firstByte, ended: now, date: date)
    switch flight.effect {
    case .refresh(_, _, _, _):
      let result: Result<Inventory, Fault> =
        switch answer {
        case .inventory(let inventory): .success(inventory)
        case .fault(let fault): .failure(fault)
        case .response: .failure(Fault(.badAnswer, code: ""))
        }
      try tell(.inventory(op, timing, result))
    case .survey(_, _, _, let ends, _):
      try tell(.surveyed(op, timing, Wire.listing(answer, ends: ends, isCut: flight.fate.isGarbled)))
    case .look(_, _, _, let pid, _, _): try tell(.looked(op, timing, Wire.look(answer, pid: pid)))
    case .terminate: try tell(.terminated(op, timing, Wire.killAnswer(answer, hasLeft: flight.firstByte != nil)))
    case .record, .note, .remember, .keepPauses, .report, .status, .wake, .ready, .stopped: break
    }
  }
}

extension Fate {
  var isGarbled: Bool { if case .garbled = self { true } else { false } }
}
