import GuestWatchCore
import VCenterModel

extension World {
  /// A call that the daemon asked for.
  enum Call {
    case refresh(VCenterID, ScopeQuery)
    case survey(VMAddress, LoginID, ends: Bool)
    case look(VMAddress, LoginID, pid: Int64, LookPurpose)
    case terminate(KillID, VMAddress, LoginID, pid: Int64, firstByteBy: Instant, wall: Int64)

    var isTerminate: Bool { if case .terminate = self { true } else { false } }
    /// Of the VM; nil for an inventory.
    var moid: String? {
      switch self {
      case .refresh: nil
      case .survey(let vm, _, _), .look(let vm, _, _, _): vm.moid
      case .terminate(_, let vm, _, _, _, _): vm.moid
      }
    }
  }

  /// What a call comes back with.
  indirect enum Answer {
    case response(Response)
    case listing(ShownListing)
    case fault(Fault)
    /// The whole of a refresh.
    case inventory(Inventory)
  }

  /// An operation on its way.
  struct Flight {
    var call: Call
    var daemon: Int
    var route: Route
    var fate: Fate
    var isDoubled: Bool
    var firstByte: Now?
    var isAnswered = false
    /// The guest is still at it, whether anybody waits for the answer or not.
    var isAtGuest = false
  }

  /// Where a call goes and with which secrets: fixed when it is asked for.
  struct Route {
    var link: UInt64
    var server: Int
    var credential: GuestCredential?
  }

  /// A kill that was sent keeps its link and login for 90 s after a reload.
  struct SentKill {
    static let keeps = 90 * Span.second
    var kill: KillID
    var vm: VMAddress
    var login: LoginID
    var pid: Int64
    var route: Route
    /// nil: no reload came since.
    var until: Int64?
  }
}

/// The daemon's side of the wire: carries calls out as design.md and Effect.swift demand.
extension World {
  mutating func launch(_ op: OpID, _ call: Call, _ by: Instant, over route: Route?) {
    agenda.enter(.giveUp(op), at: max(trueTime(by), clock + 1))
    guard let route else {
      flights[op] = Flight(
        call: call, daemon: daemon, route: Route(link: 0, server: 0), fate: .fine, isDoubled: false)
      return agenda.enter(
        .deliver(op, .fault(Fault(.unreachable, code: "no such entry")), again: false), at: clock + Span.millisecond)
    }
    let fate = isBad(call, route) ? .lostRequest : drawFate(call, servers[route.server])
    if let name = fate.name { tally.count(name) }
    flights[op] = Flight(
      call: call, daemon: daemon, route: route, fate: fate, isDoubled: random.chance(faults.doubled))
    if case .terminate(let kill, let vm, let login, let pid, _, _) = call {
      sent.append(SentKill(kill: kill, vm: vm, login: login, pid: pid, route: route))
    }
    if case .unreachable(let fault) = fate {
      return agenda.enter(
        .deliver(op, .fault(fault), again: false), at: clock + random.between(1...5_000) * Span.millisecond)
    }
    var queue = random.between(20...3_000) * 1_000
    if random.chance(faults.slow) { queue += random.between(0...6_000) * Span.millisecond }
    agenda.enter(.leave(op), at: clock + queue)
  }

  private func isBad(_ call: Call, _ route: Route) -> Bool {
    guard !bad.isEmpty, let moid = call.moid else { return false }
    return bad.contains(guestNumber(route.server, moid))
  }

  /// By the configuration as it is; looks after a kill by what the kill was sent over.
  func route(of call: Call) -> Route? {
    let address: VMAddress
    let id: LoginID
    switch call {
    case .refresh(let vcenter, _):
      guard let entry = configuration.vcenters.first(where: { $0.id == vcenter }),
        let entrance = entrances[entry.digest]
      else { return nil }
      return Route(link: entry.digest, server: entrance.server)
    case .survey(let vm, let login, _): (address, id) = (vm, login)
    case .look(let vm, let login, let pid, let purpose):
      (address, id) = (vm, login)
      switch purpose {
      case .verify, .resolve:
        let kill = sent.first { $0.vm == vm && $0.login == login && $0.pid == pid }
        if let kill, kill.until.map({ clock < $0 }) ?? true { return kill.route }
      case .check, .confirm, .find: break
      }
    case .terminate(_, let vm, let login, _, _, _): (address, id) = (vm, login)
    }
    if let entry = configuration.vcenters.first(where: { $0.id == address.vcenter }),
      let login = configuration.logins.first(where: { $0.id == id }), let entrance = entrances[entry.digest],
      let credential = credentials[login.digest]
    {
      return Route(link: entry.digest, server: entrance.server, credential: credential)
    }
    return sent.first { $0.vm == address && $0.login == id && $0.until.map { clock < $0 } ?? true }?.route
  }

  /// The first byte leaves, unless the daemon is gone or it is too late for it.
  mutating func leave(_ op: OpID) throws(Violation) {
    guard let flight = flights[op], flight.daemon == daemon, isRunning, !flight.isAnswered else { return }
    if case .terminate(_, _, _, _, let firstByteBy, let wall) = flight.call,
      now.continuous >= firstByteBy || now.wall >= wall
    {
      return try deliver(op, .fault(Fault(.unanswered, code: "too late to send")), again: false)
    }
    let leaves = now
    flights[op]?.firstByte = leaves
    note("  \(op) leaves")
    switch flight.fate {
    case .lostRequest: break
    case .errorBefore(let fault): comeBack(op, .fault(fault))
    case .refused(let error): comeBack(op, .response(.failure(error)))
    case .fine, .unreachable, .lostAnswer, .errorAfter, .garbled:
      agenda.enter(.arrive(op), at: clock + latency())
    }
  }

  /// The request is at the vCenter. What is sent is sent: whether the daemon still lives does not matter here.
  mutating func arrive(_ op: OpID) throws(Violation) {
    guard let flight = flights[op] else { return }
    try takeTruths()
    let server = flight.route.server
    if servers[server].isDown { return }
    if random.chance(faults.sessionLoss) {
      tally.count("session loss")
      servers[server].model.expireSessions()
    }
    let credential = flight.route.credential ?? GuestCredential(user: "", password: "")
    switch flight.call {
    case .refresh(_, let query): comeBack(op, inventory(query, flight))
    case .survey(let vm, _, let ends):
      ensureSession(flight.route)
      try ask(.listProcesses(moid: vm.moid, credential, via: ends ? .vi : .rest, pids: nil), op, flight)
    case .look(let vm, _, let pid, _):
      ensureSession(flight.route)
      try ask(.getProcess(moid: vm.moid, credential, pid: pid), op, flight)
    case .terminate(_, let vm, _, let pid, _, _):
      try ask(.terminate(moid: vm.moid, credential, pid: pid, via: .vi), op, flight)
    }
  }

  /// Sends one guest call; a dead session is made anew and the call replayed, but never a terminate.
  private mutating func ask(_ request: Request, _ op: OpID, _ flight: Flight) throws(Violation) {
    let server = flight.route.server
    let first = token(flight.route, request.api)
    var reply = servers[server].model.handle(request, session: first, at: modelTime)
    if case .now(.failure(.notAuthenticated)) = reply {
      if flight.call.isTerminate {
        // A terminate never logs in; the next look does.
        forgetSession(flight.route, .vi)
      } else {
        if let fault = logIn(flight.route, request.api) { return comeBack(op, .fault(fault)) }
        let replayed = now
        flights[op]?.firstByte = replayed
        let second = token(flight.route, request.api)
        reply = servers[server].model.handle(request, session: second, at: modelTime)
      }
    }
    try take(reply, op)
  }

  /// A guest call that took time goes on.
  mutating func goOn(_ call: CallID, _ op: OpID) throws(Violation) {
    guard let server = flights[op]?.route.server else { return }
    try takeTruths()
    flights[op]?.isAtGuest = false
    guard let reply = servers[server].model.resume(call, at: modelTime) else { return }
    try take(reply, op)
  }

  private mutating func take(_ reply: Reply, _ op: OpID) throws(Violation) {
    guard let flight = flights[op] else { return }
    try witness(op, flight)
    switch reply {
    case .later(let at, let call):
      flights[op]?.isAtGuest = true
      agenda.enter(.resume(call, op), at: at.continuous)
    case .guest: throw Violation("contract", "an external guest in a simulation")
    case .now(.processes(let rows)):
      guard case .survey(let vm, _, let ends) = flight.call else { return }
      comeBack(op, .listing(listing(rows, flight.route.server, vm.moid, ends: ends)))
    case .now(let response):
      switch response {
      case .failure(.guestLoginRefused): try guardAccount(flight)
      case .failure: break
      default: if let key = accountKey(flight) { toldRefusals[key] = nil }
      }
      comeBack(op, .response(response))
    }
  }

  mutating func comeBack(_ op: OpID, _ answer: Answer) {
    guard let flight = flights[op] else { return }
    var after = latency()
    // Some answers to a terminate come when it has been given up.
    if faults.lateAnswers, flight.call.isTerminate, random.chance(0.1) { after += 60 * Span.second }
    switch flight.fate {
    case .lostAnswer, .lostRequest, .unreachable: break
    case .fine, .errorBefore, .refused: agenda.enter(.deliver(op, answer, again: false), at: clock + after)
    case .errorAfter(let fault): agenda.enter(.deliver(op, .fault(fault), again: false), at: clock + after)
    case .garbled: agenda.enter(.deliver(op, garbled(answer), again: false), at: clock + after)
    }
  }

  private mutating func garbled(_ answer: Answer) -> Answer {
    // A listing that is cut in the middle can still be read to there.
    if case .listing(let shown) = answer, random.chance(0.5) {
      let rows = Array(shown.listing.rows.prefix(random.below(shown.listing.rows.count)))
      return .listing(
        ShownListing(Listing(rows: rows, parsedToEnd: false, showsEnds: shown.listing.showsEnds), version: 0))
    }
    if case .inventory = answer, random.chance(0.6) { return answer }
    return .fault(Fault(.badAnswer, code: "cut"))
  }

  // MARK: answers

  mutating func giveUp(_ op: OpID) throws(Violation) {
    guard let flight = flights[op], !flight.isAnswered else { return }
    tally.count("unanswered")
    try deliver(op, .fault(Fault(.unanswered, code: "deadline")), again: false)
  }

  mutating func deliver(_ op: OpID, _ answer: Answer, again: Bool) throws(Violation) {
    guard let flight = flights[op] else { return }
    guard isRunning, flight.daemon == daemon else {
      if !flight.isAtGuest { flights.removeValue(forKey: op) }
      return
    }
    if flight.isAnswered {
      // A late answer is told once more; of one that comes twice the second is.
      guard again || mix.lateAnswers else { return }
      tally.count(again ? "doubled answer" : "late answer")
    }
    if !flight.isAnswered, case .response(.failure(.guestLoginRefused)) = answer, let key = accountKey(flight) {
      // Whoever counts failed logins forgets them after a while: pam_faillock after 15 minutes, Active Directory after 30.
      let isNew = toldRefusals[key].map { clock - $0.last > 40 * Span.minute } ?? true
      toldRefusals[key] = (isNew ? 1 : (toldRefusals[key]?.count ?? 0) + 1, clock)
    }
    flights[op]?.isAnswered = true
    if flight.isDoubled, !again {
      agenda.enter(.deliver(op, answer, again: true), at: clock + random.between(0...5_000) * Span.millisecond)
    }
    let shift = servers[flight.route.server].dateShift
    let date = flight.firstByte == nil ? nil : shift.map { (modelTime.wall + $0) / Span.second }
    let timing = Timing(firstByte: flight.firstByte, ended: now, date: date)
    switch flight.call {
    case .refresh:
      let result: Result<Inventory, Fault> =
        switch answer {
        case .inventory(let inventory): .success(inventory)
        case .fault(let fault): .failure(fault)
        case .response(.failure(let error)): .failure(Wire.fault(error))
        case .response, .listing: .failure(Fault(.badAnswer, code: ""))
        }
      try tell(.inventory(op, timing, result))
    case .survey:
      let digest: UInt64? = if case .listing(let shown) = answer { shown.digest } else { nil }
      try tell(.surveyed(op, timing, Wire.listing(answer)), listing: digest)
    case .look(_, _, let pid, _): try tell(.looked(op, timing, Wire.look(answer, pid: pid)))
    case .terminate:
      try tell(.terminated(op, timing, Wire.killAnswer(answer, hasLeft: flight.firstByte != nil)))
    }
  }
}
