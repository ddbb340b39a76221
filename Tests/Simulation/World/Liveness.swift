import GuestWatchCore
import VCenterModel

/// What must come about once faults have healed: runaways that are due, and surveys that keep coming.
struct Liveness {
  enum Phase { case faults, settling, trial, ending }

  /// A process that must have got a closed outcome by a moment.
  struct Expectation {
    var place: Place
    var pid: Int64
    var life: Truth.Life
    var rule: RuleID
    var deadline: Int64
  }

  /// One guest login on one VM.
  struct Pair: Hashable {
    var vm: VMAddress
    var login: LoginID
  }

  var phase = Phase.faults
  var expectations: [Expectation] = []
  private var asked: [OpID: Pair] = [:]
  /// When the last complete survey was answered.
  var surveyed: [Pair: Int64] = [:]

  mutating func see(_ effect: Effect) {
    if case .survey(let op, let vm, let login, _, _) = effect { asked[op] = Pair(vm: vm, login: login) }
  }

  mutating func see(_ event: Event, at clock: Int64) {
    guard case .surveyed(let op, _, let result) = event, let pair = asked.removeValue(forKey: op) else { return }
    if case .success(let listing) = result, listing.complete { surveyed[pair] = clock }
  }
}

extension World {
  var hasFaults: Bool { if case .faults = liveness.phase { true } else { false } }
  var isEnding: Bool { if case .ending = liveness.phase { true } else { false } }

  /// Waits of the past that may still run when everything has healed: the longest back-off and retry wait is 10 min,
  /// the longest budget window 15 min, five minutes until the clock is trusted.
  private static let settling = 62 * Span.minute
  /// Longer than that no trial lasts; what is due later is not looked at.
  private static let longestTrial = 3 * Span.hour

  /// The faults end; what they broke is mended; the operator has entered every password anew.
  mutating func heal() throws(Violation) {
    note("* everything heals")
    faults = Mix()
    faults.lateAnswers = mix.lateAnswers
    liveness.phase = .settling
    try mendAll()
    try takeTruths()
    reenterSecrets()
    if isRunning { try tell(.configured(configuration)) }
    agenda.enter(.trial, at: clock + World.settling)
  }

  /// Fresh runaways for every rule on every VM, and a deadline for each.
  mutating func holdTrial() throws(Violation) {
    try takeTruths()
    note("* the trial")
    liveness.phase = .trial
    guard isRunning else { throw Violation("L4", "no daemon runs at the trial") }
    var fresh: [(place: Place, process: GuestProcess, rule: Rule)] = []
    for (place, rule) in trialPairs() {
      let count: Int
      if case .bounded(nil, let most?) = rule.limits { count = most.count + 1 } else { count = 1 }
      guard var spawn = runaway(for: rule, at: place) else { continue }
      spawn.livesFor = nil
      for _ in 0..<count {
        if let process = self.spawn(spawn, at: place) { fresh.append((place, process, rule)) }
      }
    }
    try takeTruths()
    var last = clock + 10 * Span.minute
    for (place, process, rule) in fresh {
      let deadline = clock + bound(rule, place)
      guard deadline - clock <= World.longestTrial else { continue }
      liveness.expectations.append(
        Liveness.Expectation(place: place, pid: process.pid, life: process.life, rule: rule.id, deadline: deadline))
      agenda.enter(.due(liveness.expectations.count - 1), at: deadline)
      last = max(last, deadline)
    }
    agenda.enter(.end, at: last + Span.second)
  }

  /// Rules whose gates are open, on VMs that they reach and that can be watched.
  private func trialPairs() -> [(Place, Rule)] {
    guard !configuration.dryRun, configuration.budget.kills > 0,
      configuration.budget.perVM > 0
    else { return [] }
    var pairs: [(Place, Rule)] = []
    for place in places where place.canTerminate {
      let facts = place.facts
      if OwnRules.isUntouchable(facts, configuration.protect) { continue }
      for rule in configuration.rules
      where rule.action == .terminate && rule.budget?.kills != 0 && rule.notDuring.isEmpty && isFair(place, rule) {
        if OwnRules.reaches(rule, facts, of: place.address.vcenter) { pairs.append((place, rule)) }
      }
    }
    return pairs
  }

  /// Something that the rule wants and nothing protects.
  private mutating func runaway(for rule: Rule, at place: Place) -> Spawn? {
    let family = place.facts.family
    for _ in 0..<60 {
      let spawn = Setup.spawn(Mix(), windows: family == .windows, &random)
      let process = GuestWatchCore.Process(
        pid: 300, started: 0, owner: GuestText(spawn.owner), name: GuestText(spawn.name),
        command: GuestText(spawn.command))
      if OwnRules.reaches(rule, process, family: family),
        !OwnRules.isProtected(process, configuration.protect, family: family)
      {
        return spawn
      }
    }
    return nil
  }

  /// L1: how long it may take until a process that begins now has its outcome.
  private func bound(_ rule: Rule, _ place: Place) -> Int64 {
    let places = places
    let everyE = max(rule.every.nanoseconds, 10 * Span.second)
    var sum = rule.lasting.nanoseconds + 4 * everyE
    // Its age is proven from the first look on, which comes within 2E (L2).
    if case .bounded(let maxAge?, _) = rule.limits { sum += maxAge.nanoseconds + 2 * everyE }
    var here = 0
    var everywhere = 0
    for other in places {
      let wanted = guest(at: other)?.processes.count { isWanted($0, other) } ?? 0
      everywhere += wanted
      if other.guest == place.guest { here = wanted }
    }
    // One slot for all: then the kills on every VM come before it.
    let caps =
      configuration.vcenters.map(\.maxInFlight) + configuration.logins.filter { $0.id == rule.login }.map(\.maxInFlight)
    let isNarrow = caps.contains { $0 < places.count }
    sum += Int64(isNarrow ? everywhere : here) * 50 * Span.second
    if isNarrow { sum += 4 * everyE * Int64(places.count) }
    let budget = configuration.budget
    sum += budgetWait(everywhere, budget.kills, budget.within)
    sum += budgetWait(here, budget.perVM, budget.within)
    if let own = rule.budget { sum += budgetWait(everywhere, own.kills, own.within) }
    if let cooldown = rule.cooldown { sum += cooldown.nanoseconds * Int64(here) }
    return sum
  }

  /// 0 where there is room for all; else as many windows as it takes.
  private func budgetWait(_ wanted: Int, _ kills: Int, _ within: Duration) -> Int64 {
    // Those that survive are tried again and count again: three tries each.
    let tries = wanted * 3
    guard tries > kills, kills > 0 else { return 0 }
    return Int64(tries / kills + 1) * within.nanoseconds
  }

  private func isWanted(_ process: GuestProcess, _ place: Place) -> Bool {
    let facts = place.facts
    let row = GuestWatchCore.Process(
      pid: process.pid, started: 0, owner: GuestText(process.owner), name: GuestText(process.name),
      command: GuestText(process.command))
    return configuration.rules.contains { rule in
      rule.action == .terminate && OwnRules.reaches(rule, facts, of: place.address.vcenter)
        && OwnRules.reaches(rule, row, family: facts.family)
    }
  }

  /// The deadline of a fresh runaway has come.
  mutating func judge(_ number: Int) throws(Violation) {
    try takeTruths()
    let expected = liveness.expectations[number]
    guard let rule = configuration.rules.first(where: { $0.id == expected.rule }),
      let guest = guest(at: expected.place), guest.isAlive(expected.life, pid: expected.pid)
    else { return }
    let vm = expected.place.address
    if checker.isClosed(expected.life, on: vm) { return }
    if case .bounded(nil, let most?) = rule.limits, stays(expected, rule, most, guest, vm) { return }
    throw Violation(
      "L1",
      "life \(expected.life), pid \(expected.pid) on \(vm), a runaway of \(rule.id) since the trial, "
        + "has no outcome at its deadline; the rule: \(Line.of(rule))")
  }

  /// True where no more are left of its group than may be, not counting those that cannot be killed.
  private func stays(
    _ expected: Liveness.Expectation, _ rule: Rule, _ most: MaxInstances, _ guest: SyntheticGuest, _ vm: VMAddress
  ) -> Bool {
    var guest = guest
    let rows = guest.rows(at: modelTime).map { Wire.process($0, ends: true) }
    guard let own = rows.first(where: { $0.pid == expected.pid }) else { return true }
    let left = rows.count { row in
      guard row.finished == nil, most.per == .vm || row.owner == own.owner,
        let process = guest.process(pid: row.pid), !process.isZombie
      else { return false }
      return OwnRules.reaches(rule, row, family: expected.place.facts.family)
        && !OwnRules.isProtected(row, configuration.protect, family: expected.place.facts.family)
        && !checker.isClosed(process.life, on: vm)
    }
    return left <= most.count
  }

  /// The end: every VM was surveyed lately, no kill is open for long, and the daemon ends when it is asked to.
  mutating func finish() throws(Violation) {
    try takeTruths()
    guard isRunning else { throw Violation("L4", "no daemon runs at the end") }
    for place in places {
      let facts = place.facts
      if OwnRules.isUntouchable(facts, configuration.protect) || facts.instanceUUID == nil { continue }
      let vm = place.address
      let rules = configuration.rules.filter { OwnRules.reaches($0, facts, of: vm.vcenter) }
      for rule in rules where isFair(place, rule) {
        let everyE = max(rule.every.nanoseconds, 10 * Span.second)
        // Kills of the last minutes may have held it up: with narrow caps on any VM.
        let kills = checker.killsSince(clock - 10 * Span.minute)
        let allowed = 2 * everyE * Int64(places.count) + 50 * Span.second * Int64(kills)
        let last = liveness.surveyed[Liveness.Pair(vm: vm, login: rule.login)] ?? .min / 2
        if clock - last > allowed {
          throw Violation("L2", "\(vm) was not surveyed with login \(rule.login) for \((clock - last) / Span.second) s")
        }
      }
    }
    liveness.phase = .ending
    try askToStop()
  }
}

extension Checker {
  /// True where some kill of that process has its outcome.
  func isClosed(_ life: Truth.Life, on vm: VMAddress) -> Bool {
    killOrder.contains { id in
      guard let kill = kills[id], kill.record.address == vm, kill.closed != nil else { return false }
      return kill.confirmed?.life == life
    }
  }

  func killsSince(_ time: Int64) -> Int { killOrder.count { kills[$0].map { $0.asked.nanoseconds >= time } ?? false } }
}
