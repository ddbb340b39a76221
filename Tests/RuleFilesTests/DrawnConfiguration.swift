import Glibc
import GuestWatchCore

@testable import RuleFiles

/// Draws configurations from the whole vocabulary of the rule files, as values.
struct DrawnConfiguration {
  var random: Repeatable

  init(seed: UInt64) { random = Repeatable(state: seed) }

  /// `folder` holds the secret files `a` and `b`; each holds its own name.
  mutating func draw(in folder: String) -> LoadedConfiguration {
    let vcenters = names("vc", 1...3)
    let logins = names("login", 1...3)
    var wording = Wording()
    wording.every = duration()
    wording.workingFolder = folder
    var settings: [VCenterSettings] = []
    for name in vcenters {
      let file = pick(["a", "b"])
      wording.vcenterPasswords.append(.file(chance(2) ? file : "\(folder)/\(file)"))
      settings.append(vcenter(name, password: file, folder: folder))
    }
    var accounts: [LoginSettings] = []
    var entries: [LoginEntry] = []
    for name in logins {
      let file = pick(["a", "b"])
      wording.loginSecrets.append(.file("\(folder)/\(file)"))
      if chance(4) {
        let user = pick([nil, "root", "u@d"])
        let token = SecretFile(
          reference: .file("\(folder)/\(file)"), path: "\(folder)/\(file)", serviceGroups: [getegid()], holdsToken: true
        )
        accounts.append(LoginSettings(id: LoginID(name), secret: .samlToken(userName: user, token)))
        entries.append(
          LoginEntry(
            id: LoginID(name), account: user ?? "saml_token file \(folder)/\(file)", directory: user == "u@d",
            maxInFlight: int(1...4), scope: nil))
        continue
      }
      let user = pick(["root", "CORP\\x", "u@d", "é \"quoted\"", "it's", ".\\u", "\u{202E}x", "#"])
      let directory = chance(3) ? !namesDirectoryAccount(user) : namesDirectoryAccount(user)
      accounts.append(LoginSettings(id: LoginID(name), secret: .password(userName: user, Secret(file))))
      entries.append(
        LoginEntry(
          id: LoginID(name), account: user.lowercased(), directory: directory,
          maxInFlight: directory ? int(1...4) : int(1...1024), scope: chance(3) ? loginScope() : nil))
    }
    var rules: [Rule] = []
    for name in names("rule", 0...5) { rules.append(rule(name, logins, vcenters)) }
    wording.timeZone = pick([nil, "UTC", "Etc/UTC"])
    let configuration = Configuration(
      dryRun: chance(2), logCommands: chance(2) ? .name : .full,
      budget: FleetBudget(kills: int(0...99), perVM: int(0...9), within: duration()),
      protect: Protect(
        names: chance(2) ? globs() : [], owners: chance(2) ? globs() : [], commands: chance(2) ? globs() : [],
        vms: chance(2) ? scope() : nil),
      vcenters: settings.map { VCenterEntry(id: $0.id, maxInFlight: $0.maxInFlight) }, logins: entries, rules: rules)
    var notify: [NotifySettings] = []
    for (index, name) in names("notify", 0...3).enumerated() {
      let (way, references) = way(folder: folder)
      wording.notifyReferences.append(references)
      notify.append(
        NotifySettings(
          name: chance(2) ? name : "notify-\(index + 1)", events: chance(2) ? NotifySettings.defaultEvents : events(),
          way: way, timeout: .seconds(int(1...600))))
    }
    return LoadedConfiguration(
      configuration: configuration, vcenters: settings, logins: accounts, notify: notify, files: [], keep: duration(),
      textfile: pick([nil, nil, "/x.prom", "/a b/\"q\" 'x' \\.prom", "/../é/x.y.prom"]), wording: wording)
  }

  /// What the file `hook` holds.
  static let hook = "https://hooks.example.com/services/T0/x@y?z=%20"

  private mutating func way(folder: String) -> (NotifySettings.Way, NotifyReferences) {
    if chance(2) {
      return (.program(["/bin/true"] + ["--x", "it's", "$(no shell)", "\"q\"", "\n", ""].prefix(int(0...6))), .init())
    }
    let trust = int(0...3)
    var references = NotifyReferences()
    if chance(2) { references.url = .file("\(folder)/hook") }
    if chance(2) { references.token = .file("\(folder)/a") }
    let origin =
      references.url == nil ? pick(["https://10.0.0.1:8443", "https://[2001:db8::7]"]) : "https://hooks.example.com"
    return (
      .webhook(
        WebhookSettings(
          url: Secret(references.url == nil ? origin + "/" : DrawnConfiguration.hook), origin: origin,
          token: references.token == nil ? nil : Secret("a"), caFile: trust == 0 ? "\(folder)/ca.pem" : nil,
          fingerprints: trust == 1 ? [fingerprint()] : [])), references
    )
  }

  private mutating func events() -> [Report.Kind] {
    let some = Report.Kind.allCases.filter { _ in chance(3) }
    return some.isEmpty ? [.wouldKill] : some
  }

  private mutating func vcenter(_ name: String, password: String, folder: String) -> VCenterSettings {
    let isPlain = chance(4)
    let host = isPlain ? pick(["localhost", "127.0.0.9", "::1"]) : pick(["vc.example.com", "10.1.2.3", "2001:db8::7"])
    let trust = int(0...3)
    return VCenterSettings(
      id: VCenterID(name), scheme: isPlain ? .http : .https, host: host,
      port: chance(2) ? (isPlain ? 80 : 443) : int(1...65_535), userName: pick(["svc@vsphere.local", "A\\B"]),
      password: Secret(password), caFile: trust == 0 ? "\(folder)/ca.pem" : nil,
      fingerprints: trust == 1 ? (0..<int(1...2)).map { _ in fingerprint() } : [], maxInFlight: int(1...1024))
  }

  private mutating func fingerprint() -> String {
    (0..<64).map { _ in String(int(0...15), radix: 16) }.joined()
  }

  private mutating func rule(_ name: String, _ logins: [String], _ vcenters: [String]) -> Rule {
    var unless: [Match] = []
    for _ in 0..<int(0...3) { unless.append(match()) }
    var quiet: [QuietTime] = []
    for _ in 0..<(chance(2) ? int(1...3) : 0) { quiet.append(quietTime()) }
    return Rule(
      id: RuleID(name), description: pick(["", "Why not?", "a \"b\" 'c' \\ \n\u{0}\u{7F}é\u{2028}", "# no comment"]),
      login: LoginID(pick(logins)),
      vcenters: chance(3) ? Array(vcenters.prefix(int(1...vcenters.count))).map { VCenterID($0) } : nil,
      scope: scope(), match: match(), unless: unless, limits: limits(), lasting: chance(2) ? .zero : duration(),
      every: duration(), action: chance(2) ? .report : .terminate,
      budget: chance(3) ? Budget(kills: int(0...9), within: duration()) : nil,
      cooldown: chance(3) ? duration() : nil, notDuring: quiet)
  }

  private mutating func limits() -> Limits {
    if chance(4) { return .forbidden }
    let age = chance(2) ? duration() : nil
    let most = MaxInstances(
      count: chance(9) ? Int.max : int(1...50), keep: chance(2) ? .oldest : .newest, per: chance(2) ? .owner : .vm)
    return .bounded(maxAge: age, maxInstances: age == nil || chance(3) ? most : nil)
  }

  private mutating func scope() -> Scope {
    var scope = chance(2) ? Scope() : loginScope()
    if scope == Scope() || chance(2) { scope.names = globs() }
    if chance(3) { scope.except = globs() }
    return scope
  }

  private mutating func loginScope() -> Scope {
    var scope = Scope()
    if chance(3) { scope.folders = places(["db", "/DC/vm/a b/db", "100%25", "a%2fb", "é \"q\" 'x'", "/x", "\\"]) }
    if chance(3) { scope.clusters = places(["c-1", "prod", "%2f", "#"]) }
    if chance(3) { scope.tags = places(["env:prod", "a:b:c", " : ", "é:\"", "x:/"]) }
    if scope == Scope() || chance(3) { scope.ids = ids() }
    return scope
  }

  private mutating func places(_ names: [String]) -> [String] { (0..<int(1...3)).map { _ in pick(names) } }

  private mutating func match() -> Match {
    if chance(6) {
      let started = pick([0, -1, 1_772_353_800, 253_402_300_799, -62_135_596_800, 951_782_400] as [Int64])
      return Match(
        names: chance(2) ? globs() : nil,
        exactly: Exactly(pid: chance(2) ? Int64.max : Int64(int(5...70_000)), started: started))
    }
    // A name that chooses is always there, so that it is a good `match`.
    return Match(
      names: [glob()], owners: chance(2) ? globs() : nil, commands: chance(2) ? globs() : nil)
  }

  private mutating func quietTime() -> QuietTime {
    let days = chance(3) ? Weekdays.all : Weekdays(rawValue: UInt8(int(1...127)))
    if chance(3) { return QuietTime(days: days) }
    let from = int(0...1439)
    return QuietTime(days: days, from: from, until: from + int(1...1439))
  }

  private mutating func globs() -> [Glob] {
    var globs: [Glob] = []
    for _ in 0..<int(1...3) { globs.append(glob()) }
    return globs
  }

  private mutating func glob() -> Glob {
    let text = pick([
      "x", "db-*", "[a-z]?", "CORP\\*", "*--full*", "it's", "\"q\"", "it's \"both\"", "[!0-9]*x", "é\u{301}\u{1F600}",
      "a\nb", "#", "\u{0}", "[]]", "\\", "'", "''", "a'''b\"\"\"",
    ])
    guard let glob = try? Glob(text) else { preconditionFailure("\(text) is no pattern") }
    return glob
  }

  private mutating func ids() -> [String] {
    var ids: [String] = []
    for _ in 0..<int(1...3) { ids.append(pick(["vm-1", "42", "vm-7:ab-cd", "group_x.y"])) }
    return ids
  }

  private mutating func names(_ stem: String, _ range: ClosedRange<Int>) -> [String] {
    (0..<int(range)).map { "\(stem).\($0)_-A" }
  }

  private mutating func duration() -> Duration {
    .seconds(pick([1, 59, 60, 61, 3600, 86_399, 86_400, 90_061, 315_360_000, int(1...315_360_000)]))
  }

  private mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

  /// One time in so many.
  private mutating func chance(_ of: Int) -> Bool { int(1...of) == 1 }

  private mutating func pick<Value>(_ values: [Value]) -> Value { values[int(0...values.count - 1)] }
}
