import GuestWatchCore
import VCenterModel

/// What a seed draws before it begins: the virtual machines, and what the operator asked for.
struct Setup {
  static let names = ["worker", "backup", "miner", "java", "sleeper"]
  static let owners = ["alice", "bob", "svc"]
  static let vcenter = VCenterID("lab")
  static let rootLogin = LoginID("root")
  static let plainLogin = LoginID("plain")

  var machines: [VirtualMachine] = []
  var configuration: Configuration

  /// What stands behind a login: the user in the guest and its password.
  static func credential(_ login: LoginID) -> GuestCredential {
    login == rootLogin
      ? GuestCredential(user: "guestwatch", password: "right") : GuestCredential(user: "alice", password: "hers")
  }

  init(_ mix: Mix, at now: ModelTime, _ random: inout Seeded) throws(Glob.Mistake) {
    let count = 1 + random.below(4)
    let logins = [
      LoginEntry(
        id: Setup.rootLogin, account: "guestwatch", maxInFlight: random.pick(1, 2, 64, 64), digest: 1),
      LoginEntry(id: Setup.plainLogin, account: "alice", maxInFlight: random.pick(1, 64, 64), digest: 1),
    ]
    let vcenters = [VCenterEntry(id: Setup.vcenter, maxInFlight: random.pick(1, 2, 64, 64), digest: 1)]
    var rules: [Rule] = []
    for i in 0..<(1 + random.below(4)) { rules.append(try Setup.rule(i, &random)) }
    var protect = Protect()
    if random.chance(0.4) { protect.names = [try Glob(random.pick("java", "slee*", "worker"))] }
    if random.chance(0.2) { protect.owners = [try Glob("bob")] }
    if random.chance(0.2) { protect.commands = [try Glob("*--important*")] }
    if random.chance(0.15) { protect.vms = Scope(names: [try Glob("db-*")]) }
    configuration = Configuration(
      dryRun: random.chance(0.05),
      budget: FleetBudget(
        kills: random.pick(1, 3, 20, 20, 20), perVM: random.pick(1, 2, 3, 10, 10),
        within: .seconds(random.pick(120, 300, 900))),
      protect: protect, vcenters: vcenters, logins: logins, rules: rules)

    for i in 0..<count {
      var facts = VirtualMachine.Facts(
        moid: "vm-\(i + 1)", name: i % 3 == 2 ? "db-\(i)" : "web-\(i)", instanceUUID: "instance-\(i + 1)",
        biosUUID: "bios-\(i + 1)", family: .linux)
      if random.chance(0.05) { facts.template = true }
      if random.chance(0.05) { facts.managedBy = VirtualMachine.ManagedBy(extensionKey: "com.vmware.vcls", type: "x") }
      let booted = now.advanced(by: -random.between(400...4_000) * Span.second)
      facts.bootTime = booted.wall
      let pids: ClosedRange<Int64> = mix.quickReuse ? 300...(310 + Int64(random.below(20))) : 300...4000
      machines.append(
        VirtualMachine(
          facts: facts,
          accounts: [
            GuestAccount(user: "guestwatch", password: "right"),
            GuestAccount(user: "alice", password: "hers", superuser: false),
          ],
          guest: .synthetic(
            SyntheticGuest(
              settings: SyntheticGuest.Settings(pids: pids, pidRest: mix.quickReuse ? 0 : 26 * Span.second),
              bootedAt: booted,
              clockOffset: random.chance(0.4) ? random.between(-90_000...90_000) * Span.millisecond : 0))))
    }
  }

  static func rule(_ number: Int, _ random: inout Seeded) throws(Glob.Mistake) -> Rule {
    let most = MaxInstances(
      count: 1 + random.below(3), keep: random.pick(.oldest, .newest), per: random.pick(.owner, .vm))
    let age = Duration.seconds(random.pick(20, 45, 120, 400))
    let limits: Limits
    switch random.below(5) {
    case 0: limits = .forbidden
    case 1: limits = .bounded(maxAge: nil, maxInstances: most)
    case 2: limits = .bounded(maxAge: age, maxInstances: most)
    default: limits = .bounded(maxAge: age, maxInstances: nil)
    }
    var match = Match(names: [try Glob(random.pick(random.pick(names) ?? "worker", "*er", "?ava", "*[ae]*"))])
    // A bracket is the product's business; the second opinion knows only runs and single characters.
    if match.names?.first?.pattern.contains("[") == true { match.names = [try Glob("*a*")] }
    if random.chance(0.25) { match.owners = [try Glob(random.pick("alice", "bob", "*"))] }
    if random.chance(0.15) { match.commands = [try Glob("*--run*")] }
    var unless: [Match] = []
    if random.chance(0.3) { unless.append(Match(commands: [try Glob("*--keep*")])) }
    if random.chance(0.15) { unless.append(Match(names: [try Glob("*")], owners: [try Glob("svc")])) }
    return Rule(
      id: RuleID("rule-\(number)"), login: random.chance(0.8) ? rootLogin : plainLogin,
      scope: Scope(
        names: [try Glob(random.pick("*", "*", "web-*"))], except: random.chance(0.15) ? [try Glob("*-0")] : []),
      match: match, unless: unless, limits: limits, lasting: .seconds(random.pick(0, 0, 10, 40)),
      every: .seconds(random.pick(2, 10, 15, 30)), action: random.chance(0.8) ? .terminate : .report,
      budget: random.chance(0.25)
        ? Budget(kills: random.below(4), within: .seconds(random.pick(60, 300, 600))) : nil,
      cooldown: random.chance(0.2) ? .seconds(random.pick(30, 90, 240)) : nil)
  }

  /// A process that some rule may or may not want.
  static func spawn(_ mix: Mix, _ random: inout Seeded) -> Spawn {
    let name = random.pick(names) ?? "worker"
    var command = "/opt/\(name)"
    if random.chance(0.6) { command += " --run \(random.below(100))" }
    if random.chance(0.15) { command += " --keep" }
    if random.chance(0.1) { command += " --important" }
    // Some without any argument: their zombies cannot be told from them.
    if random.chance(0.05) { command = name }
    let temper: Temper =
      switch random.below(20) {
      case 0: .unkillable
      case 1, 2, 3: .ignores(killedAfter: random.between(0...300) * Span.millisecond)
      default: .yields(after: random.between(0...3_000) * Span.millisecond)
      }
    return Spawn(
      name: name, owner: random.chance(0.04) ? "root" : random.pick(owners) ?? "alice", command: command,
      temper: temper, zombieFor: random.chance(0.06) ? random.between(5...300) * Span.second : nil,
      livesFor: random.chance(0.5) ? random.wait(mean: 90 * Span.second) : nil)
  }
}
