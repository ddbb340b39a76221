import Glibc
import GuestWatchCore
import Testing

@testable import RuleFiles

/// `config/`: what people start from.
@Suite struct ExampleTests {
  /// `config` of this repository: Tests/RuleFilesTests/THIS stands two folders below its root.
  let config =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    + "/config"

  /// The main file and these recipes in a folder of their own.
  func load(main: String, recipes: [String]) throws -> (LoadResult, ConfigurationFolder) {
    let folder = try ConfigurationFolder()
    try folder.write("main.toml", main)
    try folder.write("credentials/guest-linux", "x\n", mode: 0o400)
    try folder.write("credentials/vcenter-lab", "x\n", mode: 0o400)
    for recipe in recipes { try folder.write("rules.d/" + recipe, contents(of: config + "/rules.d/" + recipe)) }
    var surroundings = Surroundings.ofTests
    surroundings.credentialsDirectory = folder.path + "/credentials"
    // Whatever this machine's time zone is.
    surroundings.zones = ZoneSources(folder: folder.path, localTime: folder.path + "/x", nameFile: folder.path + "/x")
    return (folder.load(surroundings: surroundings), folder)
  }

  /// Each with its rules, and whether it terminates by names alone, the one warning that an example may raise: it cannot
  /// know anybody's ids.
  static let recipes: [(file: String, rules: [String], byName: Bool)] = [
    ("10-report-only.toml", ["running-for-a-day"], false), ("50-stuck-backup.toml", ["stuck-backup"], true),
    ("60-too-many-converters.toml", ["too-many-converters"], true),
    ("65-stray-compilers.toml", ["stray-compilers"], false), ("70-index-rebuild.toml", ["index-rebuild-by-day"], true),
    ("80-forgotten-shells.toml", ["forgotten-shell"], false), ("90-crypto-miner.toml", ["crypto-miner"], true),
  ]

  @Test func everyRecipeIsTested() throws {
    let files = try namesInFolder(config + "/rules.d").filter { !$0.hasPrefix(".") }
    #expect(files == ExampleTests.recipes.map(\.file))
  }

  @Test(arguments: recipes)
  func aRecipeIsGoodAlone(_ file: String, _ rules: [String], _ byName: Bool) throws {
    let (result, _) = try load(main: contents(of: config + "/guestwatchd.toml"), recipes: [file])
    #expect(result.diagnostics.map(\.code) == (byName ? [.scopeByNameAlone] : []))
    let loaded = try #require(result.loaded)
    #expect(loaded.configuration.rules.map(\.id.name) == rules)
    // Whoever copies a recipe copies its guard against its own mistakes.
    for rule in loaded.configuration.rules where rule.action == .terminate && rule.limits != .forbidden {
      #expect(rule.budget != nil && rule.lasting > .zero)
    }
  }

  @Test func allRecipesStandSideBySide() throws {
    let (result, _) = try load(
      main: contents(of: config + "/guestwatchd.toml"), recipes: ExampleTests.recipes.map(\.file))
    #expect(result.diagnostics.allSatisfy { $0.code == .scopeByNameAlone })
    #expect(
      try #require(result.loaded).configuration.rules.map(\.id.name) == ExampleTests.recipes.flatMap(\.rules))
  }

  @Test func whatTheMainFileSpellsOutIsTheDefault() throws {
    let (spelled, _) = try load(main: contents(of: config + "/guestwatchd.toml"), recipes: ["10-report-only.toml"])
    let short = """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = "svc-guestwatch@vsphere.local"
      password = { credential = "vcenter-lab" }
      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { credential = "guest-linux" }
      """
    let (bare, _) = try load(main: short, recipes: ["10-report-only.toml"])
    var a = try #require(spelled.loaded)
    var b = try #require(bare.loaded)
    #expect(a.wording.every == b.wording.every)
    for loaded in [a, b] { #expect(loaded.wording.rulesFolder.hasSuffix("rules.d")) }
    a.configuration.digests = nil
    b.configuration.digests = nil
    #expect(a.configuration == b.configuration)
    #expect(a.vcenters == b.vcenters)
    #expect(a.logins == b.logins)
    #expect(a.keep == b.keep)
  }

  @Test(arguments: [
    ("daemon", ["dry_run", "every", "rules", "log_commands", "time_zone"]), ("budget", ["kills", "per_vm", "within"]),
    ("protect", ["names", "owners", "commands", "vms"]), ("ledger", ["keep"]),
    ("metrics", ["textfile"]),
    ("vcenter", ["name", "url", "username", "password", "ca_file", "fingerprint_sha256", "max_in_flight"]),
    ("guest_login", ["name", "username", "password", "directory", "max_in_flight", "scope"]),
  ])
  func theMainFileHasEveryKey(_ table: String, _ keys: [String]) throws {
    let lines = try contents(of: config + "/guestwatchd.toml").split(separator: "\n")
    let start = try #require(lines.firstIndex { $0 == "[\(table)]" || $0 == "[[\(table)]]" })
    let rest = lines[(start + 1)...]
    let body = rest[..<(rest.firstIndex { $0.hasPrefix("[") } ?? rest.endIndex)]
    for key in keys { #expect(body.contains { $0.hasPrefix("\(key) = ") || $0.hasPrefix("# \(key) = ") }, "\(key)") }
  }

  /// The whole table is a comment: there is no program that everybody has.
  @Test func theCommentedNotifyIsGoodToo() throws {
    let lines = try contents(of: config + "/guestwatchd.toml").split(separator: "\n").map(String.init)
    let start = try #require(lines.firstIndex(of: "# [[notify]]"))
    let block = lines[start...].prefix { $0.hasPrefix("# ") && !$0.hasPrefix("# [[rule]]") }
    let keys = ["name", "on", "exec", "webhook", "token", "ca_file", "fingerprint_sha256", "timeout"]
    let values = block.map { String($0.dropFirst(2)) }.filter { line in
      line == "[[notify]]" || keys.contains { line.hasPrefix("\($0) = ") }
    }
    #expect(values.count == keys.count, "each but the fingerprint, which is as that of a vCenter")
    for way in ["exec", "webhook"] {
      // With one of the two ways, and without a file that is not there.
      let other = way == "exec" ? ["webhook", "token", "ca_file"] : ["exec", "ca_file"]
      let kept = values.filter { line in !other.contains { line.hasPrefix("\($0) = ") } }
      let folder = try ConfigurationFolder()
      try folder.write("main.toml", accounts + kept.joined(separator: "\n") + "\n")
      try folder.write("rules.d/a.toml", rule())
      var surroundings = Surroundings.ofTests
      surroundings.opensSecrets = false
      let result = folder.load(surroundings: surroundings)
      #expect(result.diagnostics.allSatisfy { $0.code == .unusableProgram }, "\(result.diagnostics)")
      #expect(result.loaded?.notify.first?.name == "pager")
    }
  }

  /// What is only a comment because it has no default is right where somebody takes the mark away.
  @Test func theCommentedKeysAreGoodToo() throws {
    let keys = ["time_zone", "vms", "scope", "textfile"]
    let main = try contents(of: config + "/guestwatchd.toml").split(separator: "\n", omittingEmptySubsequences: false)
      .map { line in keys.contains { line.hasPrefix("# \($0) = ") } ? String(line.dropFirst(2)) : String(line) }
      .joined(separator: "\n")
    let (result, _) = try load(main: main, recipes: ["10-report-only.toml"])
    #expect(result.diagnostics.isEmpty)
    let loaded = try #require(result.loaded)
    #expect(loaded.configuration.protect.vms != nil)
    #expect(loaded.configuration.logins.first?.scope != nil)
    #expect(loaded.wording.timeZone == "Europe/Berlin")
    #expect(loaded.textfile == "/var/lib/prometheus/node-exporter/guestwatchd.prom")
  }
}
