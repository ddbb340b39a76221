import GuestWatchCore
import VCenterModel

/// What must come about once faults have healed: runaways that are due, gates that are named, and surveys that keep coming.
struct Liveness {
  enum Phase { case faults, settling, trial, ending }

  /// A runaway since the trial.
  struct Expectation {
    var place: Place
    var pid: Int64
    var life: Truth.Life
    var rule: RuleID
    /// A gate keeps it: it must be named instead.
    var isGated: Bool
    /// It was there before the trial: what the guest shows of it may be anything by then.
    var isOld = false
    /// When younger ones of its group were last there: they come first.
    var newer: Int64?
    var isOver = false
  }

  /// One guest login on one VM.
  struct Pair: Hashable {
    var vm: VMAddress
    var login: LoginID
  }

  var phase = Phase.faults
  var expectations: [Expectation] = []
  /// When the trial began.
  var began: Int64 = 0
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

  /// Waits of the past that may still run when everything has healed: a permanent answer parks a VM for an hour.
  private static let settling = 62 * Span.minute
  /// Longer than that no trial lasts; what is due later is not looked at.
  private static let longestTrial = 2 * Span.hour
  /// How often L2 is looked at, and how long the trial lasts at least.
  private static let tick = 15 * Span.second
  private static let shortestTrial = 10 * Span.minute
  /// A look when nothing goes wrong: queue, request, answer.
  private static let look = 500 * Span.millisecond

  /// The faults end; what they broke is mended; where a login is stopped or refused the operator enters its password anew.
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

  /// Fresh runaways for every rule on every VM, and those that are there already.
  mutating func holdTrial() throws(Violation) {
    try takeTruths()
    note("* the trial")
    liveness.phase = .trial
    liveness.began = clock
    guard isRunning else { throw Violation("L4", "no daemon runs at the trial") }
    for place in places where isWatched(place) {
      // Quiet times close a gate for hours; nothing is promised in the gaps between them.
      for rule in rules(reaching: place) where rule.notDuring.isEmpty { try expect(rule, at: place) }
    }
    try takeTruths()
    for number in liveness.expectations.indices {
      let expected = liveness.expectations[number]
      guard let rule = configuration.rules.first(where: { $0.id == expected.rule }) else { continue }
      agenda.enter(.due(number), at: clock + base(rule, expected))
    }
    agenda.enter(.due(-1), at: clock + World.tick)
    agenda.enter(.end, at: clock + World.shortestTrial)
  }

  private mutating func expect(_ rule: Rule, at place: Place) throws(Violation) {
    let isGated =
      rule.action == .report || configuration.dryRun || configuration.budget.kills == 0
      || configuration.budget.perVM == 0 || rule.budget?.kills == 0 || !place.canTerminate
    let count: Int
    switch rule.limits {
    case .forbidden, .bounded(_, nil): count = 1
    // Of a group it is not fixed who waits and is named.
    case .bounded(_, let most?): count = isGated ? 0 : most.count + 1
    }
    if count > 0, !isGated {
      for process in guest(at: place)?.processes ?? [] where !process.isZombie && isWanted(process, rule, place) {
        if case .bounded(_, .some) = rule.limits { continue }
        if isOwedNothing(process.life, pid: process.pid, at: place) { continue }
        liveness.expectations.append(
          Liveness.Expectation(
            place: place, pid: process.pid, life: process.life, rule: rule.id, isGated: false, isOld: true))
      }
    }
    guard var spawn = runaway(for: rule, at: place) else { return }
    spawn.livesFor = nil
    for _ in 0..<count {
      guard let process = self.spawn(spawn, at: place) else { continue }
      liveness.expectations.append(
        Liveness.Expectation(place: place, pid: process.pid, life: process.life, rule: rule.id, isGated: isGated))
    }
  }

  /// True where the daemon takes it for one that ended, or has done what it may.
  private func isOwedNothing(_ life: Truth.Life, pid: Int64, at place: Place) -> Bool {
    checker.isDealtWith(life, pid: pid, on: place.address) || checker.cameBackUnnoticed(life, pid: pid)
  }

  // MARK: who is watched

  /// Nothing keeps the VM from being watched: it is known by a uuid, and not one that is never touched.
  func isWatched(_ place: Place) -> Bool {
    place.facts.instanceUUID != nil
      && !OwnRules.isUntouchable(place.facts, configuration.protect) { mayHold($0, place) }
  }

  /// Rules that reach the VM and that the daemon may be held to there (L3: what stays bad holds up nobody else).
  func rules(reaching place: Place) -> [Rule] {
    configuration.rules.filter {
      OwnRules.reaches($0, place.facts, of: place.address.vcenter) { holds($0, place) } && isFair(place, $0)
    }
  }

  private func isWanted(_ process: GuestProcess, _ rule: Rule, _ place: Place) -> Bool {
    let row = GuestWatchCore.Process(
      pid: process.pid, started: 0, owner: GuestText(process.owner), name: GuestText(process.name),
      command: GuestText(process.command))
    return isWanted(row, rule, place)
  }

  private func isWanted(_ row: GuestWatchCore.Process, _ rule: Rule, _ place: Place) -> Bool {
    rule.match.exactly == nil && OwnRules.reaches(rule, row, family: place.facts.family)
      && !OwnRules.isProtected(row, configuration.protect, family: place.facts.family)
  }

  /// True where the guest shows it now as what the rule wants. A process that writes itself another title, or that an
  /// entry of the agent's own table hides, is no runaway that anybody could see.
  private func isShown(_ expected: Liveness.Expectation, _ rule: Rule) -> Bool {
    guard var guest = guest(at: expected.place) else { return false }
    guard let row = guest.rows(at: modelTime).first(where: { $0.pid == expected.pid }), row.finished == nil else {
      return false
    }
    return isWanted(Wire.process(row, ends: true), rule, expected.place)
  }

  /// Something that the rule wants and nothing protects.
  mutating func runaway(for rule: Rule, at place: Place) -> Spawn? {
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

  // MARK: L1

  /// E: `every`, but at least 10 s, or what the slots allow.
  private func interval(_ every: Duration, _ place: Place) -> Int64 {
    max(every.nanoseconds, 10 * Span.second, Int64(sharers(place)) * World.look)
  }

  /// How many VMs share a slot with this one where there are too few; itself alone where there are enough.
  private func sharers(_ place: Place) -> Int {
    let logins = Set(rules(reaching: place).map(\.login))
    let accounts = Set(configuration.logins.filter { logins.contains($0.id) }.map(\.account))
    var most = configuration.vcenters.first { $0.id == place.address.vcenter }?.maxInFlight ?? 1
    for login in configuration.logins where accounts.contains(login.account) {
      most = min(most, login.directory ? 4 : login.maxInFlight)
    }
    return most < placeCount ? placeCount : 1
  }

  /// How long one kill may hold it up. Where slots are few it may be that of a VM that stays bad: its confirm and 60 s for a
  /// terminate that nobody answers.
  private func killTime(_ place: Place) -> Int64 { (sharers(place) > 1 ? 65 : 50) * Span.second }

  /// How long it may take where nothing holds it up: by the age it becomes a runaway once that is proven, from its first
  /// look on, which comes within 2E (L2).
  private func base(_ rule: Rule, _ expected: Liveness.Expectation) -> Int64 {
    let interval = interval(rule.every, expected.place)
    var sum = rule.lasting.nanoseconds + (expected.isGated ? 2 : 4) * interval
    if case .bounded(let maxAge?, _) = rule.limits { sum += maxAge.nanoseconds + 2 * interval }
    return sum + (expected.isGated ? 0 : 50 * Span.second)
  }

  /// A runaway is due: it has its outcome, or something that L1 counts held it up.
  mutating func judge(_ number: Int) throws(Violation) {
    try takeTruths()
    if number < 0 { return try judgeSurveys() }
    let expected = liveness.expectations[number]
    let start = liveness.began
    guard let rule = configuration.rules.first(where: { $0.id == expected.rule }), clock - start < World.longestTrial,
      let guest = guest(at: expected.place), guest.isAlive(expected.life, pid: expected.pid),
      !isSettled(expected, rule),
      isShown(expected, rule)
    else {
      liveness.expectations[number].isOver = true
      return
    }
    let vm = expected.place.address
    if checker.isStopped(rule.login, on: vm) {
      liveness.expectations[number].isOver = true
      return
    }
    // Kills before it on its VM; where slots are few, on every VM.
    let before = checker.killsBegun(
      on: sharers(expected.place) > 1 ? nil : vm, from: start, to: clock)
    if hasNewer(expected, rule) {
      // They are its group's victims, as long as there are any.
      liveness.expectations[number].newer = clock
      agenda.enter(.due(number), at: clock + interval(rule.every, expected.place))
      return
    }
    if let newer = [expected.newer, newerShown(expected, rule)].compactMap({ $0 }).max() {
      // A look shows that it is the last one now, and a confirm decides.
      let turn = newer + 3 * interval(rule.every, expected.place) + 50 * Span.second
      if clock < turn {
        agenda.enter(.due(number), at: min(turn, clock + interval(rule.every, expected.place)))
        return
      }
    }
    var allowed = base(rule, expected) + Int64(before) * killTime(expected.place)
    // A terminate may hold one of few slots for 60 s: where others have no look for so long, `lasting` begins anew.
    if sharers(expected.place) > 1 { allowed += Int64(before) * rule.lasting.nanoseconds }
    if !expected.isGated { allowed += checker.wait(rule, on: vm, from: start, to: clock) }
    if clock < start + allowed {
      agenda.enter(.due(number), at: min(start + allowed, start + World.longestTrial))
      return
    }
    liveness.expectations[number].isOver = true
    let what =
      "life \(expected.life), pid \(expected.pid) on \(vm), a runaway of \(rule.id) since the trial, has no "
      + "\(expected.isGated ? "report that names its gate" : "outcome") after \(allowed / Span.second) s"
    try checker.raise("L1", what, expected.isGated ? "L1-gate" : expected.isOld ? "L1-old" : "L1-outcome")
  }

  private func isSettled(_ expected: Liveness.Expectation, _ rule: Rule) -> Bool {
    let vm = expected.place.address
    if expected.isGated {
      return checker.told[Checker.Told(vm: vm, pid: expected.pid, rule: rule.id)].map {
        $0.nanoseconds >= liveness.began
      } ?? false
    }
    if checker.isClosed(expected.life) { return true }
    if case .bounded(nil, let most?) = rule.limits { return stays(expected, rule, most) }
    return false
  }

  /// True where no more are left of its group than may be, not counting those that cannot be killed.
  private func stays(_ expected: Liveness.Expectation, _ rule: Rule, _ most: MaxInstances) -> Bool {
    guard var guest = guest(at: expected.place) else { return true }
    let rows = guest.rows(at: modelTime).map { Wire.process($0, ends: true) }
    guard let own = rows.first(where: { $0.pid == expected.pid }) else { return true }
    let left = rows.count { row in
      guard row.finished == nil, most.per == .vm || row.owner == own.owner,
        let process = guest.process(pid: row.pid), !process.isZombie
      else { return false }
      // By what it shows: a title that was written over counts as what it is now.
      return isWanted(row, rule, expected.place) && !checker.isClosed(process.life)
        && !isOwedNothing(process.life, pid: row.pid, at: expected.place)
    }
    return left <= most.count
  }

  /// True where others of its group began since: of those that may be killed the last comes first.
  private func hasNewer(_ expected: Liveness.Expectation, _ rule: Rule) -> Bool {
    guard case .bounded(nil, .some) = rule.limits, let guest = guest(at: expected.place) else { return false }
    return guest.processes.contains {
      !$0.isZombie && $0.born.continuous > liveness.began && isWanted($0, rule, expected.place)
    }
  }

  /// When the daemon was last shown such another. It may have ended since, and the next one begun: only a look tells.
  private func newerShown(_ expected: Liveness.Expectation, _ rule: Rule) -> Int64? {
    guard case .bounded(nil, .some) = rule.limits else { return nil }
    let shown = checker.machines[expected.place.address]?.shown.last { shown in
      guard shown.login == rule.login, case .listing(let listing) = shown.what else { return false }
      return listing.rows.contains { row in
        guard row.finished == nil, let life = shown.lives[row.pid], let state = checker.lives[life] else {
          return false
        }
        return state.born > liveness.began && isWanted(row, rule, expected.place)
      }
    }
    return shown?.ended.continuous.nanoseconds
  }

  // MARK: L2

  /// Every VM that can be watched was surveyed lately, with every login that a rule needs there.
  private mutating func judgeSurveys() throws(Violation) {
    guard case .trial = liveness.phase else { return }
    guard isRunning else { throw Violation("L4", "no daemon runs in the trial") }
    agenda.enter(.due(-1), at: clock + World.tick)
    for place in places where isWatched(place) {
      let vm = place.address
      let reaching = rules(reaching: place)
      for login in Set(reaching.map(\.login)).sorted(by: { $0.name < $1.name }) {
        // Listed with the reason instead.
        if checker.isStopped(login, on: vm) { continue }
        guard let every = reaching.filter({ $0.login == login }).map(\.every).min() else { continue }
        let last = liveness.surveyed[Liveness.Pair(vm: vm, login: login)] ?? (World.origin - Span.hour)
        // Scarce slots and kills only ever allow more, so that for most they need not be counted.
        if clock - last <= 2 * max(every.nanoseconds, 10 * Span.second) { continue }
        let kills = checker.killsBegun(on: sharers(place) > 1 ? nil : vm, from: last, to: clock)
        let allowed = 2 * interval(every, place) + killTime(place) * Int64(kills)
        if clock - last > allowed {
          try checker.raise(
            "L2", "\(vm) was not surveyed with login \(login) for \((clock - last) / Span.second) s")
        }
      }
    }
  }

  /// The end: nothing is owed any more, and the daemon ends when it is asked to.
  mutating func finish() throws(Violation) {
    try takeTruths()
    guard isRunning else { throw Violation("L4", "no daemon runs at the end") }
    let isWaiting = liveness.expectations.contains { !$0.isOver }
    if isWaiting, clock - liveness.began < World.longestTrial {
      agenda.enter(.end, at: clock + World.tick)
      return
    }
    try checker.guardEnd(at: clock, mute: Set(places.filter { bad.contains($0.guest) }.flatMap(\.addresses)))
    liveness.phase = .ending
    try askToStop()
  }
}
