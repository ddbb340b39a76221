import GuestWatchCore
import RuleFiles
import Testing

/// Every supported key, none at its default.
let everyKey = #"""
  [daemon]
  dry_run = true
  every = "2m"
  rules = "more"
  log_commands = "full"
  time_zone = "UTC"

  [budget]
  kills = 7
  per_vm = 0
  within = "2h"

  [protect]
  names = "sshd"
  owners = ["svc-*", "root"]
  commands = ["*--production*"]
  vms = { names = ["dc-*"], ids = ["vm-9"], except = ["dc-test"] }

  [ledger]
  keep = "90d"

  [[vcenter]]
  name = "lab"
  url = "https://VCenter.example.com:8443"
  username = "svc@vsphere.local"
  password = { file = "secrets/lab" }
  ca_file = "ca.pem"
  max_in_flight = 8

  [[vcenter]]
  name = "six"
  url = "http://[::1]"
  username = "u"
  password = { credential = "six" }

  [[guest_login]]
  name = "windows"
  username = 'CORP\Watch'
  password = { file = "secrets/lab" }
  scope = { ids = ["vm-1", "vm-2"], folders = "db", clusters = ["c-1", "c-2"], tags = "login:ok" }

  [[guest_login]]
  name = "linux"
  username = "guestwatch"
  password = { file = "secrets/lab" }
  directory = true
  max_in_flight = 3

  [[guest_login]]
  name = "local"
  username = '.\watch'
  password = { file = "secrets/lab" }
  """#

let everyRuleKey = #"""
  [[rule]]
  name = "Ab.c-1_x"
  description = "why"
  guest_login = "linux"
  vcenter = ["lab", "six"]
  scope = { names = "db-*", ids = ["vm-3", "42"], folders = ["db", "/DC/vm/a%2fb"], clusters = "c-1", tags = ["a:b:c"], except = ["db-primary"] }
  match = { name = ["bk[a-z]gent", "x"], owner = 'CORP\*', command = "*--full*" }
  unless = [{ command = "*--keep*" }, { name = "y", owner = "z" }]
  max_age = "1d2h3m4s"
  max_instances = 4
  keep = "newest"
  per = "vm"
  lasting = "5m"
  every = "30s"
  not_during = ["sat,sun", "mon-fri 22:00-06:00"]
  action = "terminate"
  budget = { kills = 2, within = "1d" }
  cooldown = "10m"

  [[rule]]
  name = "one-process"
  guest_login = "windows"
  vcenter = "lab"
  match = { pid = 4711, started = 2026-03-01T10:30:00+02:00 }
  unless = { name = "y" }
  forbidden = true
  lasting = "0s"
  [rule.scope]
  names = ["*"]
  """#

@Suite struct GoodFileTests {
  func loadEveryKey() throws -> (LoadedConfiguration, ConfigurationFolder) {
    let folder = try ConfigurationFolder()
    try folder.write("main.toml", everyKey)
    try folder.write("more/a.toml", everyRuleKey)
    try folder.write("secrets/lab", "s3cret \n", mode: 0o400)
    try folder.write("credentials/six", "six\n\u{20}".filter { $0 != " " }, mode: 0o400)
    try folder.write("ca.pem", "-----BEGIN CERTIFICATE-----\n")
    var surroundings = Surroundings.ofTests
    surroundings.credentialsDirectory = folder.path + "/credentials"
    let result = folder.load(surroundings: surroundings)
    #expect(folder.lines(result) == [])
    return (try #require(result.loaded), folder)
  }

  @Test func readsEveryKeyOfTheMainFile() throws {
    let (loaded, folder) = try loadEveryKey()
    let configuration = loaded.configuration
    #expect(configuration.dryRun)
    #expect(configuration.logCommands == .full)
    #expect(configuration.budget == FleetBudget(kills: 7, perVM: 0, within: .seconds(7200)))
    #expect(
      configuration.protect
        == Protect(
          names: [try Glob("sshd")], owners: [try Glob("svc-*"), try Glob("root")],
          commands: [try Glob("*--production*")],
          vms: Scope(names: [try Glob("dc-*")], ids: ["vm-9"], except: [try Glob("dc-test")])))
    #expect(
      loaded.vcenters == [
        VCenterSettings(
          id: VCenterID("lab"), host: "vcenter.example.com", port: 8443, userName: "svc@vsphere.local",
          password: Secret("s3cret "), caFile: folder.path + "/ca.pem", maxInFlight: 8),
        VCenterSettings(
          id: VCenterID("six"), scheme: .http, host: "::1", port: 80, userName: "u", password: Secret("six")),
      ])
    #expect(loaded.files == [folder.path + "/main.toml", folder.path + "/more/a.toml"])
    #expect(loaded.keep == .seconds(90 * 86_400))
  }

  /// As openssl and vCenter write it, as `sha256sum` does, and two of them.
  @Test(arguments: [
    ("\"" + String(repeating: "AB:", count: 31) + "AB\"", 1), ("\"" + String(repeating: "ab", count: 32) + "\"", 1),
    ("[\"" + String(repeating: "ab", count: 32) + "\", \"" + String(repeating: "CD", count: 32) + "\"]", 2),
  ])
  func fingerprintsAreKeptInOneWriting(_ value: String, _ count: Int) throws {
    let folder = try ConfigurationFolder()
    try folder.write(
      "main.toml", accounts(adding: "fingerprint_sha256 = \(value)", after: "url") + rule("forbidden = true"))
    try folder.write("secret", "x", mode: 0o400)
    let loaded = try #require(folder.load().loaded)
    let all = [String(repeating: "ab", count: 32), String(repeating: "cd", count: 32)]
    #expect(loaded.vcenters[0].fingerprints == Array(all.prefix(count)))
  }

  @Test func countsDirectoryAccountsCarefully() throws {
    let (loaded, _) = try loadEveryKey()
    let logins = loaded.configuration.logins
    #expect(logins.map(\.id.name) == ["windows", "linux", "local"])
    #expect(logins.map(\.account) == [#"corp\watch"#, "guestwatch", #".\watch"#])
    #expect(logins.map(\.directory) == [true, true, false])
    #expect(logins.map(\.maxInFlight) == [4, 3, 64])
    let scope = Scope(ids: ["vm-1", "vm-2"], folders: ["db"], clusters: ["c-1", "c-2"], tags: ["login:ok"])
    #expect(logins.map(\.scope) == [scope, nil, nil])
    #expect(loaded.logins.map(\.userName) == [#"CORP\Watch"#, "guestwatch", #".\watch"#])
    #expect(Set(logins.map(\.digest)).count == 3)
  }

  @Test func readsEveryKeyOfARule() throws {
    let (loaded, _) = try loadEveryKey()
    #expect(
      loaded.configuration.rules == [
        Rule(
          id: RuleID("Ab.c-1_x"), description: "why", login: LoginID("linux"),
          vcenters: [VCenterID("lab"), VCenterID("six")],
          scope: Scope(
            names: [try Glob("db-*")], ids: ["vm-3", "42"], folders: ["db", "/DC/vm/a%2fb"], clusters: ["c-1"],
            tags: ["a:b:c"], except: [try Glob("db-primary")]),
          match: Match(
            names: [try Glob("bk[a-z]gent"), try Glob("x")], owners: [try Glob(#"CORP\*"#)],
            commands: [try Glob("*--full*")]),
          unless: [Match(commands: [try Glob("*--keep*")]), Match(names: [try Glob("y")], owners: [try Glob("z")])],
          limits: .bounded(
            maxAge: .seconds(93_784), maxInstances: MaxInstances(count: 4, keep: .newest, per: .vm)),
          lasting: .seconds(300), every: .seconds(30), action: .terminate,
          budget: Budget(kills: 2, within: .seconds(86_400)), cooldown: .seconds(600),
          notDuring: [
            QuietTime(days: [.saturday, .sunday]),
            QuietTime(days: [.monday, .tuesday, .wednesday, .thursday, .friday], from: 1320, until: 1800),
          ]),
        Rule(
          id: RuleID("one-process"), login: LoginID("windows"), vcenters: [VCenterID("lab")],
          scope: Scope(names: [try Glob("*")]),
          match: Match(exactly: Exactly(pid: 4711, started: 1_772_353_800)), unless: [Match(names: [try Glob("y")])],
          limits: .forbidden, every: .seconds(120)),
      ])
  }

  @Test func defaultsAreThoseOfTheDesign() throws {
    let folder = try ConfigurationFolder()
    try folder.write("main.toml", accounts + rule("forbidden = false", "max_age = \"1h\""))
    try folder.write("secret", "x", mode: 0o400)
    let loaded = try #require(folder.load().loaded)
    let configuration = loaded.configuration
    #expect(configuration.dryRun == false)
    #expect(configuration.logCommands == .name)
    #expect(configuration.budget == FleetBudget(kills: 20, perVM: 3, within: .seconds(3600)))
    #expect(configuration.protect == Protect())
    #expect(loaded.vcenters.map(\.maxInFlight) == [64])
    #expect(loaded.vcenters.map(\.port) == [443])
    #expect(configuration.logins.map(\.maxInFlight) == [64])
    let rule = try #require(configuration.rules.first)
    #expect(rule.every == .seconds(300))
    #expect(rule.action == .report)
    #expect(rule.lasting == .zero)
    #expect(rule.limits == .bounded(maxAge: .seconds(3600), maxInstances: nil))
    #expect(rule.budget == nil)
    #expect(rule.cooldown == nil)
    #expect(rule.notDuring == [])
    #expect(configuration.timeZone == .utc)
    #expect(rule.vcenters == nil)
  }

  @Test func emptyTablesThatChooseNothingCountAsAbsent() throws {
    let folder = try ConfigurationFolder()
    try folder.write(
      "main.toml", "protect = {}\ndaemon = {}\nbudget = {}\nledger = {}\n" + accounts + rule("budget = {}"))
    try folder.write("secret", "x", mode: 0o400)
    let result = folder.load()
    #expect(folder.lines(result) == [])
    #expect(result.loaded?.configuration.rules.map(\.budget) == [nil])
  }

  @Test func aDigestChangesWithTheSecretAlone() throws {
    let folder = try ConfigurationFolder()
    try folder.write("main.toml", accounts + rule())
    try folder.write("secret", "x\n", mode: 0o400)
    let first = try #require(folder.load().loaded?.configuration)
    #expect(try #require(folder.load().loaded?.configuration) == first)
    try folder.write("secret", "y\n", mode: 0o400)
    let second = try #require(folder.load().loaded?.configuration)
    #expect(first.logins.map(\.digest) != second.logins.map(\.digest))
    #expect(first.vcenters.map(\.digest) != second.vcenters.map(\.digest))
    #expect(first.rules == second.rules)
  }

  @Test func rowsAreKeptFor400DaysByDefault() throws {
    let folder = try ConfigurationFolder()
    try folder.write("main.toml", accounts + rule())
    try folder.write("secret", "x\n", mode: 0o400)
    #expect(folder.load().loaded?.keep == .seconds(400 * 86_400))
  }
}
