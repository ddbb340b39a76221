import GuestWatchCore
import VCenterModel

/// An operator who kills by hand, in worlds that have one. Everything about him is drawn from a generator of his own.
struct HandyOperator {
  enum Deed {
    case find
    case kill(daemon: Int, HandAnswer.Found)
    case leave(daemon: Int, AskID)
    /// Which VMs are there, and what do the rules say of the processes of one?
    case view
    case explain(daemon: Int, ReachedVM)
  }

  var random: Seeded
  /// Mean waiting time between two questions.
  var pause: Int64
  var asks: UInt64 = 0

  init(seed: UInt64) {
    random = Seeded(seed ^ 0x6279_6861_6e64)
    pause = random.between(20...240) * Span.second
  }
}

extension World {
  mutating func enterOperator() {
    guard let mean = handy?.pause, let wait = handy?.random.wait(mean: mean) else { return }
    agenda.enter(.byHand(.find), at: clock + wait)
    if handy?.asks == 0 { enterViewer() }
  }

  mutating func happen(_ deed: HandyOperator.Deed) throws(Violation) {
    // It is the operator's hands that rest when all has healed; who waits then is answered all the same.
    guard hasFaults, handy != nil else { return }
    switch deed {
    case .find:
      enterOperator()
      guard isRunning, let wanted = try pickWanted(), let ask = nextAsk() else { return }
      note("* an operator asks for pid \(wanted.pid) of \(wanted.vm)")
      tally.count("find by hand")
      try tell(.asked(.find(ask, wanted)))
    case .kill(let daemon, let found):
      guard isRunning, daemon == self.daemon, let ask = nextAsk() else { return }
      var identity = found.process.identity
      // One who mistypes, or whose process has made place for another.
      if handy?.random.chance(0.1) == true { identity.started += handy?.random.between(-3...3) ?? 0 }
      let order = KillOrder(
        vm: found.vm, login: found.login, identity: identity, demand: Demand(uid: 1000, why: "because \(ask.number)"))
      note("* an operator asks to kill \(Line.of(found.process))")
      tally.count("kill by hand")
      if handy?.random.chance(0.15) == true {
        let wait = (handy?.random.between(0...9_000) ?? 0) * Span.millisecond
        agenda.enter(.byHand(.leave(daemon: daemon, ask)), at: clock + wait)
      }
      try tell(.asked(.kill(ask, order)))
    case .view:
      enterViewer()
      guard isRunning, let ask = nextAsk() else { return }
      let rule = handy?.random.chance(0.3) == true ? handy?.random.pick(configuration.rules)?.id : nil
      try tell(.asked(.vms(ask, VMFilter(rule: rule))))
    case .explain(let daemon, let reached):
      guard isRunning, daemon == self.daemon, let ask = nextAsk() else { return }
      tally.count("explain")
      try tell(.asked(.explain(ask, reached.vm, reached.login)))
    case .leave(let daemon, let ask):
      guard isRunning, daemon == self.daemon else { return }
      try tell(.asked(.withdraw(ask)))
    }
  }

  /// What the daemon says to the operator, who thinks for a while.
  mutating func heard(_ answer: HandAnswer, _ ask: AskID) throws(Violation) {
    guard case .found(let found) = answer else { return }
    let most: Int64 = handy?.random.pick(0, 1_000, 4_000, 30_000, 700_000) ?? 0
    let wait = (handy?.random.between(0...most) ?? 0) * Span.millisecond
    agenda.enter(.byHand(.kill(daemon: daemon, found)), at: clock + wait)
  }

  private mutating func enterViewer() {
    guard let mean = handy?.pause, let wait = handy?.random.wait(mean: mean * 3) else { return }
    agenda.enter(.byHand(.view), at: clock + wait)
  }

  /// One of the VMs is looked at, or two.
  mutating func heard(_ answer: ViewAnswer) {
    guard case .reached(let reach) = answer else { return }
    for _ in 0..<(handy?.random.between(1...2) ?? 0) {
      guard let vm = handy?.random.pick(reach.vms) else { return }
      agenda.enter(.byHand(.explain(daemon: daemon, vm)), at: clock + Span.second)
    }
  }

  private mutating func nextAsk() -> AskID? {
    handy?.asks += 1
    return handy.map { AskID($0.asks) }
  }

  /// A process of some VM, by one of its names; now and then one that is not there.
  private mutating func pickWanted() throws(Violation) -> Wanted? {
    guard var random = handy?.random else { return nil }
    defer { handy?.random = random }
    try takeTruths()
    let places = homes.keys.sorted()
    guard let guest = random.pick(places), let (server, moid) = homes[guest],
      let pids = pids(of: server, moid), let pid = random.chance(0.05) ? 9_999_999 : random.pick(pids)
    else { return nil }
    let entry = configuration.vcenters.first { entrances[$0.digest]?.server == server }
    let login = random.chance(0.5) ? random.pick(configuration.logins)?.id : nil
    let address = entry.map { VMAddress(vcenter: $0.id, moid: moid).description } ?? moid
    return Wanted(vm: random.chance(0.7) ? address : moid, pid: pid, login: login)
  }

  private mutating func pids(of server: Int, _ moid: String) -> [Int64]? {
    var found: [Int64]?
    servers[server].model.withGuest(moid) { found = $0.pids.sorted() }
    return found
  }
}
