import GuestWatchCore
import VCenterModel

/// The operator edits the rules, at random, and loads them.
extension World {
  /// One reload; in a storm the next comes at once.
  mutating func reload() throws(Violation) {
    guard isRunning else { return }
    do throws(Glob.Mistake) {
      for _ in 0..<(random.chance(mix.storm) ? 1 + random.below(6) : 1) { try edit() }
    } catch {
      throw Violation("contract", "a glob of the simulation is wrong: \(error)")
    }
    try tell(.configured(configuration))
    if random.chance(mix.storm * 0.7) {
      agenda.enter(.reload, at: clock + random.between(1...random.pick(200, 20_000)) * Span.millisecond)
    }
  }

  private mutating func edit() throws(Glob.Mistake) {
    guard let i = configuration.rules.indices.randomElement(with: &random) else {
      configuration.rules.append(try drawRule())
      return
    }
    if mix.focus == .rewriting, random.chance(0.7) {
      // No VM and no process has such a name.
      let nobody = try Glob("nobody-\(random.below(1_000))")
      if random.chance(0.5) {
        configuration.rules[i].scope.except = [nobody]
      } else {
        configuration.rules[i].unless = [Match(names: [nobody])]
      }
      return
    }
    switch random.below(28) {
    case 0, 1: configuration.rules[i].action = configuration.rules[i].action == .report ? .terminate : .report
    case 2: configuration.rules[i].lasting = .seconds(random.pick(0, 10, 40, 300))
    case 3: configuration.rules[i].limits = drawLimits()
    case 4: configuration.rules[i].match = try drawMatch()
    case 5: configuration.rules[i].unless = random.chance(0.5) ? [] : [try drawMatch()]
    case 6: configuration.rules[i].scope = try drawScope()
    case 7: configuration.rules[i].every = drawEvery()
    case 8:
      configuration.rules[i].budget =
        random.chance(0.5) ? nil : Budget(kills: random.below(4), within: .seconds(random.pick(60, 600)))
    case 9: configuration.rules[i].cooldown = random.chance(0.5) ? nil : .seconds(random.pick(20, 300))
    case 10:
      rulesDrawn += 1
      configuration.rules[i].id = RuleID("renamed-\(rulesDrawn)")
    case 11: configuration.rules[i].login = random.pick(configuration.logins)?.id ?? configuration.rules[i].login
    case 12: if configuration.rules.count > 1 { removed.append(configuration.rules.remove(at: i)) }
    case 13: if let back = removed.popLast() { configuration.rules.insert(back, at: 0) }
    case 14: if configuration.rules.count < 8 { configuration.rules.append(try drawRule()) }
    case 15: configuration.rules.swapAt(0, i)
    case 16: configuration.dryRun.toggle()
    case 17: configuration.budget = drawBudget()
    case 18: configuration.protect = try drawProtect()
    case 19: configuration.logCommands = configuration.logCommands == .name ? .full : .name
    case 20: reenterSecrets()
    case 21: configuration.rules[i].vcenters = random.chance(0.6) ? nil : [configuration.vcenters[0].id]
    case 22:
      let v = random.below(configuration.vcenters.count)
      configuration.vcenters[v].maxInFlight = random.pick(1, 2, 64)
    case 23:
      let l = random.below(configuration.logins.count)
      configuration.logins[l].maxInFlight = random.pick(1, 2, 4, 64)
    case 24: swapEntries()
    case 25: if let exactly = try drawExactly(like: configuration.rules[i]) { configuration.rules.append(exactly) }
    case 26: configuration.rules[i].notDuring = drawQuietTimes()
    default: configuration.timeZone = drawTimeZone()
    }
  }

  /// An entry is taken out, or one that was comes back. A rule or a login that leads nowhere would be refused by the
  /// reader of the files, so what names it goes along.
  private mutating func swapEntries() {
    if let back = removedEntries.popLast() {
      configuration.vcenters.append(back)
    } else if configuration.vcenters.count > 1 {
      let gone = configuration.vcenters.remove(at: random.below(configuration.vcenters.count))
      removedEntries.append(gone)
      for i in configuration.rules.indices where configuration.rules[i].vcenters?.contains(gone.id) == true {
        configuration.rules[i].vcenters = nil
      }
    }
  }

  /// A rule for one process that is there now, by its pid and its start as the guest shows it.
  private mutating func drawExactly(like rule: Rule) throws(Glob.Mistake) -> Rule? {
    guard let (s, moid) = anyMachine() else { return nil }
    let at = modelTime
    let rows = servers[s].model.withGuest(moid) { $0.rows(at: at) } ?? []
    guard let row = random.pick(rows), row.pid >= 5 else { return nil }
    var exact = rule
    rulesDrawn += 1
    exact.id = RuleID("exactly-\(rulesDrawn)")
    exact.match = Match(exactly: Exactly(pid: row.pid, started: row.started + (random.chance(0.2) ? 1 : 0)))
    if random.chance(0.5) { exact.limits = .forbidden }
    return exact
  }
}

extension Range<Int> {
  /// One of them, by our own chance; nil where there is none.
  func randomElement(with random: inout Seeded) -> Int? {
    isEmpty ? nil : lowerBound + random.below(count)
  }
}
