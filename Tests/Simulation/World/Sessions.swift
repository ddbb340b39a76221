import GuestWatchCore
import VCenterModel

/// The client's sessions, and what only whole series of calls can find out.
extension World {
  private func place(of link: UInt64) -> Int? { links.firstIndex { $0.digest == link } }

  func token(_ route: Route, _ api: API) -> String? {
    guard let i = place(of: route.link) else { return nil }
    return api == .vi || sharesSessions(route) ? links[i].vi : links[i].rest
  }

  private func sharesSessions(_ route: Route) -> Bool {
    servers[route.server].model.settings.release.sharesSessions
  }

  mutating func forgetSession(_ route: Route, _ api: API) {
    guard let i = place(of: route.link) else { return }
    if api == .vi || sharesSessions(route) { links[i].vi = nil } else { links[i].rest = nil }
  }

  /// The session that terminates go over is made by the calls before them.
  mutating func ensureSession(_ route: Route) {
    guard servers[route.server].model.settings.release.hasVIJSON, token(route, .vi) == nil else { return }
    _ = logIn(route, .vi)
  }

  /// nil: there is a session now.
  mutating func logIn(_ route: Route, _ api: API) -> Fault? {
    let i: Int
    if let known = place(of: route.link) {
      i = known
    } else {
      links.append(Link(digest: route.link))
      i = links.count - 1
    }
    // Whoever was refused does not try again until the next inventory: accounts lock.
    if links[i].isRefused { return Fault(.loginRefused, code: "refused before") }
    guard let entrance = entrances[route.link] else { return Fault(.unreachable, code: "") }
    let usesVI = api == .vi || sharesSessions(route)
    let request: Request =
      usesVI
      ? .viLogin(user: entrance.user, password: entrance.password)
      : .restCreateSession(user: entrance.user, password: entrance.password)
    switch servers[route.server].model.handle(request, session: nil, at: modelTime) {
    case .now(.loggedIn(_, let token)):
      if usesVI { links[i].vi = token } else { links[i].rest = token }
      return nil
    case .now(.failure(let error)):
      if case .loginRefused = error { links[i].isRefused = true }
      return Wire.fault(error)
    case .now, .later, .guest: return Fault(.badAnswer, code: "login")
    }
  }

  /// Everything that the real client asks for an inventory, at one moment.
  mutating func inventory(_ query: ScopeQuery, _ flight: Flight) -> Answer {
    let s = flight.route.server
    if let i = place(of: flight.route.link) { links[i].isRefused = false }
    let release = servers[s].model.settings.release
    if token(flight.route, release.hasVIJSON ? .vi : .rest) == nil
      || servers[s].model.openSessions(at: modelTime).isEmpty
    {
      if let fault = logIn(flight.route, release.hasVIJSON ? .vi : .rest) { return .fault(fault) }
    }
    var vms: [VMFacts] = []
    var complete = true
    var (held, unresolved) = holdings(query, s)
    if flight.fate.isGarbled { garble(&held, &unresolved, query) }
    for facts in servers[s].model.allFacts {
      let holding = held[facts.moid] ?? []
      guard query.selects(name: facts.name, moid: facts.moid, in: holding) else { continue }
      // What the answer was cut after is missing from it.
      if flight.fate.isGarbled, random.chance(0.4) {
        complete = false
        continue
      }
      var known = Wire.facts(facts)
      known.selectors = holding
      if faults.unsetFact > 0 {
        if random.chance(faults.unsetFact) { known.bootTime = nil }
        if random.chance(faults.unsetFact) { known.suspendTime = nil }
        if random.chance(faults.unsetFact) { known.family = .unknown }
        if random.chance(faults.unsetFact * 0.3) { known.instanceUUID = nil }
        if random.chance(faults.unsetFact * 0.3) { known.tools = .unknown }
        if random.chance(faults.unsetFact * 0.3) { known.ready = false }
      }
      vms.append(known)
    }
    if flight.fate.isGarbled { complete = false }
    return .inventory(
      Inventory(
        vcenterUUID: servers[s].model.settings.instanceUUID, canTerminate: release.hasVIJSON, vms: vms,
        complete: complete, unresolved: unresolved))
  }

  /// Which selectors of the query hold which VM, and which nobody can tell of.
  private func holdings(
    _ query: ScopeQuery, _ server: Int
  ) -> (held: [String: Set<Selector>], unresolved: [Selector: SelectorTrouble]) {
    var held: [String: Set<Selector>] = [:]
    var unresolved: [Selector: SelectorTrouble] = [:]
    for selector in query.selectors {
      switch servers[server].resolve(selector) {
      case .success(let vms): for moid in vms { held[moid, default: []].insert(selector) }
      case .failure(let why): unresolved[selector] = why.trouble
      }
    }
    return (held, unresolved)
  }

  /// What the answer was cut after is missing from it: VMs from what holds them, and whole folders.
  private mutating func garble(
    _ held: inout [String: Set<Selector>], _ unresolved: inout [Selector: SelectorTrouble], _ query: ScopeQuery
  ) {
    for selector in query.selectors {
      if random.chance(0.2) {
        unresolved[selector] = .unknown
        for moid in held.keys { held[moid]?.remove(selector) }
      } else if random.chance(0.3) {
        for moid in held.keys.sorted() where random.chance(0.4) { held[moid]?.remove(selector) }
      }
    }
  }

  // MARK: what really happened

  /// Tells the checker what the guest really did: who held which pid, and which call a terminate became.
  mutating func witness(_ op: OpID, _ flight: Flight) throws(Violation) {
    let server = flight.route.server
    guard let moid = flight.call.moid else { return }
    if servers[server].model.hasTruths {
      let truths = servers[server].model.takeTruths()
      for truth in truths {
        if case .terminateReceived(let call, _, _, _) = truth.event { try check(.reached(op, call)) }
      }
      try tell(truths: truths)
    }
    if flight.call.isTerminate { return }
    // Only the daemon that asked will be shown it.
    guard isRunning, flight.daemon == daemon else { return }
    let guest = guestNumber(server, moid)
    try check(.executed(op, guest: guest, lives: lives(server, moid, guest)))
  }

  private mutating func lives(_ server: Int, _ moid: String, _ guest: Int) -> [Int64: Truth.Life] {
    guard let version = servers[server].model.rowsVersion(moid) else { return [:] }
    if let known = livesShown[guest], known.version == version { return known.lives }
    let lives = servers[server].model.look(at: moid) { $0.lives } ?? [:]
    livesShown[guest] = (version, lives)
    return lives
  }

  mutating func listing(_ rows: [ProcessInfo], _ server: Int, _ moid: String, ends: Bool) -> ShownListing {
    let version = servers[server].model.rowsVersion(moid) ?? 0
    let key = guestNumber(server, moid) * 2 + (ends ? 1 : 0)
    // An account that does not see everything is shown fewer rows.
    if let known = listings[key], known.version == version, known.listing.rows.count == rows.count { return known }
    let fresh = ShownListing(
      Listing(rows: rows.map { Wire.process($0, ends: ends) }, showsEnds: ends), version: version)
    listings[key] = fresh
    return fresh
  }

  /// S10: no account is ever locked by what a daemon does although it was told. (A refusal whose answer is lost is one that
  /// nobody knows of; a password that is changed frees its account.) Only the attempt that locks it counts: what is refused
  /// after that is refused whatever the password.
  func guardAccount(_ flight: Flight) throws(Violation) {
    guard let user = flight.route.credential?.user, let moid = flight.call.moid,
      let key = accountKey(flight)
    else { return }
    let model = servers[flight.route.server].model
    let account =
      model.virtualMachine(moid)?.accounts.first { $0.user == user }
      ?? model.directoryAccounts.first { $0.user == user }
    guard let account, account.locked, account.refusals == account.lockoutAfter,
      toldRefusals[key]?.count ?? 0 >= account.lockoutAfter - 1
    else { return }
    throw Violation("S10", "the account \(user) was locked by a login on \(moid)")
  }

  /// Accounts of a guest are of that guest alone.
  func accountKey(_ flight: Flight) -> String? {
    guard let user = flight.route.credential?.user, let moid = flight.call.moid else { return nil }
    return World.accountKey(user, guestNumber(flight.route.server, moid))
  }

  /// One account, in a directory or in one guest.
  static func accountKey(_ user: String, _ guest: Int) -> String {
    user.contains("\\") || user.contains("@") ? user : "\(user) \(guest)"
  }
}

/// A listing as it was shown, with its hash; the same again as long as the guest's rows are the same.
struct ShownListing {
  var listing: Listing
  var version: UInt64
  var digest: UInt64

  init(_ listing: Listing, version: UInt64) {
    self.listing = listing
    self.version = version
    var digest = Digest()
    digest.add(listing)
    self.digest = digest.value
  }
}
