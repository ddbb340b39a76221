import GuestWatchCore
import VCenterModel

/// What the operator asks for: rules and all around them, over the whole vocabulary.
extension World {
  /// The whole configuration of the beginning.
  mutating func drawConfiguration(_ setup: Setup) throws(Glob.Mistake) {
    var vcenters: [VCenterEntry] = []
    for s in servers.indices {
      let entrance = Entrance(server: s, user: "svc", password: vcenterPasswords[s])
      vcenters.append(
        entry(VCenterID("vc\(s + 1)"), entrance, maxInFlight: random.pick(1, 2, 4, 64, 64, 64)))
    }
    // Two entries that lead to one vCenter.
    if random.chance(0.06) {
      vcenters.append(
        entry(VCenterID("again"), Entrance(server: 0, user: "svc", password: vcenterPasswords[0]), maxInFlight: 64))
    }
    let users: [(String, String, Bool)] = [
      ("root", "guestwatch", false), ("plain", "alice", false), ("domain", #"LAB\watch"#, true),
      ("upn", "watch@lab.example", true), ("root2", "GuestWatch", false),
    ]
    var logins: [LoginEntry] = []
    for (i, (id, user, directory)) in users.enumerated() where i < 2 || random.chance(i == 4 ? 0.1 : 0.35) {
      let bare = LoginEntry(
        id: LoginID(id), account: user, directory: directory,
        maxInFlight: directory ? random.pick(1, 4, 4) : random.pick(1, 2, 64, 64))
      // The guest's own account names are exact: an entry in another case is refused.
      logins.append(entry(bare, GuestCredential(user: user, password: passwords[user.lowercased()] ?? "")))
      if random.chance(0.06) { logins[logins.count - 1].scope = Scope(names: [try Glob("web-*")]) }
      if random.chance(0.08) {
        var scope = Scope()
        addSelectors(to: &scope)
        logins[logins.count - 1].scope = scope
      }
    }
    configuration.vcenters = vcenters
    configuration.logins = logins
    every = setup.every
    for _ in 0..<(1 + random.below(5)) { configuration.rules.append(try drawRule()) }
    configuration.dryRun = !mix.isQuiet && random.chance(0.04)
    configuration.logCommands = random.pick(.name, .name, .full)
    configuration.budget = drawBudget()
    configuration.protect = try drawProtect()
    configuration.timeZone = drawTimeZone()
    if random.chance(0.08) { configuration.ownMachine = Setup.biosUUID(1 + random.below(setup.count)) }
  }

  /// Some have a change of the clocks while the seed runs.
  mutating func drawTimeZone() -> TimeZoneRules {
    let first = random.between(-12...14) * 3_600 + random.pick(0, 0, 1_800, 2_700)
    guard random.chance(0.3) else { return TimeZoneRules(name: "drawn", first: first) }
    let at = (World.wallBase + World.origin) / Span.second + random.between(0...10_000)
    return TimeZoneRules(
      name: "drawn", first: first, transitions: [.init(at: at, offset: first + random.pick(-3_600, 3_600, 1_800))])
  }

  /// Times that may begin or end while the seed runs, whatever the zone.
  mutating func drawQuietTimes() -> [QuietTime] {
    if mix.focus == .nights {
      let from = random.below(1_440)
      return [QuietTime(days: .all, from: from, until: from + 1 + random.below(90))]
    }
    guard random.chance(0.12) else { return [] }
    return (0...random.below(2)).map { _ in
      let from = random.below(1_440)
      return QuietTime(
        days: random.chance(0.5) ? .all : Weekdays(rawValue: UInt8(1 + random.below(127))), from: from,
        until: from + 1 + random.below(random.pick(30, 240, 1_440)))
    }
  }

  mutating func drawBudget() -> FleetBudget {
    // Where nothing is killed nobody sees what a snapshot brought back.
    if mix.focus == .snapshots { return FleetBudget(kills: 20, perVM: 10, within: .seconds(300)) }
    return FleetBudget(
      kills: random.pick(0, 1, 3, 20, 20, 20, 20, 20), perVM: random.pick(1, 2, 3, 10, 10),
      within: .seconds(random.pick(120, 300, 900, 3600)))
  }

  mutating func drawProtect() throws(Glob.Mistake) -> Protect {
    var protect = Protect()
    if random.chance(0.35) { protect.names = [try Glob(random.pick("java", "slee*", "worker", "*.EXE"))] }
    if random.chance(0.2) { protect.owners = [try Glob(random.pick("bob", #"LAB\*"#, "*svc"))] }
    if random.chance(0.2) { protect.commands = [try Glob("*--important*")] }
    if mix.focus == .strangers {
      protect.names = [try Glob(random.pick("java", "slee*", "WORKER*", "miner", "*.exe"))]
      if random.chance(0.5) { protect.owners = [try Glob(random.pick("bob", #"lab\*"#, "ALICE"))] }
    }
    if random.chance(mix.focus == .placing ? 0.6 : 0.12) { protect.vms = try drawScope() }
    return protect
  }

  mutating func drawScope() throws(Glob.Mistake) -> Scope {
    var scope = Scope()
    if random.chance(0.85) {
      scope.names = [try Glob(random.pick("*", "*", "web-*", "db-*", "*-?", "*b-*"))]
      if random.chance(0.2) { scope.names?.append(try Glob("other-*")) }
    }
    if scope.names == nil || random.chance(0.08) {
      scope.ids = (1...(1 + random.below(6))).map { "vm-\($0)" }
    }
    // Alone, or beside the others.
    if random.chance(mix.focus == .placing ? 0.8 : 0.3) {
      if random.chance(0.6) { scope = Scope() }
      addSelectors(to: &scope)
    }
    if random.chance(0.15) { scope.except = [try Glob(random.pick("db-*", "vm-1", "*-2", "vm-1?"))] }
    return scope
  }

  private mutating func drawGlobs(_ pool: [String]) throws(Glob.Mistake) -> [Glob] {
    var globs: [Glob] = []
    for _ in 0..<(1 + random.below(5) / 3) { globs.append(try Glob(random.pick(pool) ?? "worker")) }
    return globs
  }

  private static let nameGlobs =
    Setup.names + ["*er", "?ava", "w*", "*a*", "*", "worker*", "WORKER.exe", "*.exe", "m?ner", "*r", "backup.???"]
  private static let ownerGlobs = ["alice", "bob", "*", "*alice", #"LAB\*"#, #"lab\alice"#, "svc", "root", "?*"]
  private static let commandGlobs = ["*--run*", "/opt/*", "*", #"C:\*"#, "*--run 1*", "*er*", "?*"]

  mutating func drawMatch() throws(Glob.Mistake) -> Match {
    var match = Match()
    if random.chance(0.85) { match.names = try drawGlobs(World.nameGlobs) }
    if random.chance(0.25) { match.owners = try drawGlobs(World.ownerGlobs) }
    if random.chance(0.15) { match.commands = try drawGlobs(World.commandGlobs) }
    if match == Match() { match.names = try drawGlobs(World.nameGlobs) }
    return match
  }

  mutating func drawLimits() -> Limits {
    let most = MaxInstances(
      count: 1 + random.below(4), keep: random.pick(.oldest, .newest), per: random.pick(.owner, .vm))
    let age = Duration.seconds(random.pick(20, 45, 120, 400, 1_200, 3_600))
    switch random.below(5) {
    case 0: return .forbidden
    case 1: return .bounded(maxAge: nil, maxInstances: most)
    case 2: return .bounded(maxAge: age, maxInstances: most)
    default: return .bounded(maxAge: age, maxInstances: nil)
    }
  }

  mutating func drawRule() throws(Glob.Mistake) -> Rule {
    var unless: [Match] = []
    if random.chance(0.25) { unless.append(Match(commands: [try Glob("*--keep*")])) }
    if random.chance(0.08) { unless.append(try drawMatch()) }
    // Accounts of a directory and of the guest alike; the first two are in every configuration.
    let login = random.chance(0.6) ? LoginID("root") : random.pick(configuration.logins)?.id ?? LoginID("root")
    rulesDrawn += 1
    let quiet = drawQuietTimes()
    var rule = Rule(
      id: RuleID("rule-\(rulesDrawn)"), login: login,
      vcenters: random.chance(0.8) ? nil : [random.pick(configuration.vcenters)?.id ?? VCenterID("vc1")],
      scope: try drawScope(), match: try drawMatch(), unless: unless, limits: drawLimits(),
      lasting: .seconds(random.pick(0, 0, 5, 20, 60, 300, 900)), every: drawEvery(),
      action: random.chance(0.8) ? .terminate : .report,
      budget: random.chance(0.2)
        ? Budget(kills: random.below(4), within: .seconds(random.pick(60, 200, 600))) : nil,
      cooldown: random.chance(0.2) ? .seconds(random.pick(20, 60, 300)) : nil)
    rule.notDuring = quiet
    // Long enough for a revert to come between the first look and the kill.
    if mix.focus == .snapshots { rule.lasting = .seconds(random.pick(0, 60, 300, 300, 900)) }
    return rule
  }

  mutating func drawEvery() -> Duration {
    if every < .seconds(10) || random.chance(0.6) { return every }
    return .seconds(random.pick(30, 60, 120, 300, 600, every.wholeSeconds))
  }
}
