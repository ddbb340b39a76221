import Glibc
import GuestWatchCore
import RuleFiles
import Testing

/// What is allowed and most likely not meant.
@Suite struct WarningTests {
  /// What is said of a configuration that must load.
  func warnings(main: String = accounts, rules: String, caMode: mode_t = 0o644) throws -> [String] {
    let folder = try ConfigurationFolder()
    try folder.write("main.toml", main)
    try folder.write("secret", "hunter2\n", mode: 0o400)
    try folder.write("ca.pem", "-----BEGIN CERTIFICATE-----\n", mode: caMode)
    if !rules.isEmpty { try folder.write("rules.d/a.toml", rules) }
    let result = folder.load()
    #expect(result.loaded != nil)
    return folder.lines(result)
  }

  @Test func noRules() throws {
    #expect(
      try warnings(rules: "") == [
        "main.toml:1:1: warning: there are no rules, so that nothing is watched; add a [[rule]] here or in rules.d"
      ])
  }

  @Test func looksBelowTenSeconds() throws {
    let why =
      "warning: 'every' is below 10 s and every look is a login in the guest; write \"10s\" or more unless guests "
      + "stand that"
    #expect(
      try warnings(main: accounts + "[daemon]\nevery = \"9s\"\n", rules: rule("every = \"1s\"")) == [
        "main.toml:12:9: \(why)", "rules.d/a.toml:7:9: \(why)",
      ])
    #expect(try warnings(rules: rule("every = \"10s\"")) == [])
  }

  @Test func lastingBelowEvery() throws {
    let why =
      "warning: 'lasting' is shorter than 'every', so that no look may fall into it; write at least as much as 'every'"
    #expect(
      try warnings(rules: rule("every = \"5m\"", "lasting = \"299s\"")) == ["rules.d/a.toml:8:11: \(why)"])
    // Against the `every` of the daemon where the rule has none.
    #expect(
      try warnings(main: accounts + "[daemon]\nevery = \"1h\"\n", rules: rule("lasting = \"59m\"")) == [
        "rules.d/a.toml:7:11: \(why)"
      ])
    for fine in ["0s", "5m", "6m"] { #expect(try warnings(rules: rule("lasting = \"\(fine)\"")) == []) }
  }

  @Test func terminatingByNameAlone() throws {
    let byName = rule("scope = { names = [\"db-*\"], except = [\"db-1\"] }", "action = \"terminate\"")
    #expect(
      try warnings(rules: byName) == [
        "rules.d/a.toml:4:9: warning: this rule terminates and its scope is by name alone: whoever may name a VM can "
          + "draw the login's password there; give 'folders', 'tags' or 'ids' too, or limit the [[guest_login]] by 'scope'"
      ])
    #expect(try warnings(rules: byName.replacing("\"terminate\"", with: "\"report\"")) == [])
    #expect(try warnings(rules: byName.replacing("except", with: "ids")) == [])
    #expect(try warnings(rules: byName.replacing("except", with: "folders")) == [])
    #expect(try warnings(rules: byName.replacing("except", with: "clusters")) == [])
    #expect(try warnings(rules: byName.replacing("except = [\"db-1\"]", with: "tags = \"a:b\"")) == [])
    #expect(try warnings(main: accounts + "scope = { tags = [\"login:ok\"] }\n", rules: byName) == [])
    #expect(try warnings(main: accounts + "scope = { ids = [\"vm-1\"] }\n", rules: byName) == [])
  }

  @Test func aRuleThatNeverActs() throws {
    #expect(
      try warnings(rules: rule("unless = [{ owner = \"a\" }, { name = \"*\" }]")) == [
        "rules.d/a.toml:7:28: warning: 'unless' fits every process, so that this rule never acts; give a pattern that "
          + "chooses"
      ])
    let never = rule("budget = { kills = 0, within = \"1h\" }", "action = \"terminate\"")
    #expect(
      try warnings(rules: never) == [
        "rules.d/a.toml:7:10: warning: this 'budget' never lets the rule kill; write action = \"report\" if that is "
          + "meant"
      ])
  }

  @Test func aCAFileThatOthersMayWrite() throws {
    let main = accounts.replacing("username = \"svc", with: "ca_file = \"ca.pem\"\nusername = \"svc")
    #expect(try warnings(main: main, rules: rule()) == [])
    #expect(
      try warnings(main: main, rules: rule(), caMode: 0o664) == [
        "main.toml:4:11: warning: group or others may write the 'ca_file' (mode 0664) and so pose as this vCenter; run "
          + "chmod go-w on it"
      ])
  }

  @Test func surroundingsOfThisProcess() {
    let run = Surroundings.ofThisProcess(.run)
    #expect(run.purpose == .run)
    #expect(run.serviceGroups == [getegid()])
    #expect(Surroundings.ofThisProcess(.check).serviceGroups.contains(getegid()))
  }

  @Test func rootInThePlaceOfTheServiceReadsTheFilesOfItsGroup() {
    let account: () -> UInt32? = { 997 }
    #expect(Surroundings.groups(user: 0, group: 0, standingIn: true, account: account) == [0, 997])
    // A daemon of its own, somebody else, and a machine without the account.
    #expect(Surroundings.groups(user: 0, group: 0, standingIn: false, account: account) == [0])
    #expect(Surroundings.groups(user: 1000, group: 100, standingIn: true, account: account) == [100])
    #expect(Surroundings.groups(user: 0, group: 0, standingIn: true, account: { nil }) == [0])
  }
}
