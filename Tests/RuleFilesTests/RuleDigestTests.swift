import GuestWatchCore
import Testing

@testable import RuleFiles

/// The ledger names rules and files by their digests.
@Suite struct RuleDigestTests {
  private let plain = #"""
    [[rule]]
    name = "a"
    guest_login = "linux"
    scope = { names = ["*"] }
    match = { name = "x" }
    max_age = "1h"
    """#

  private func digests(_ rules: String) throws -> ConfigurationDigests {
    let folder = try ConfigurationFolder()
    try folder.write("main.toml", accounts)
    try folder.write("rules.d/a.toml", rules)
    try folder.write("secret", "x\n", mode: 0o400)
    let result = folder.load()
    return try #require(result.loaded?.configuration.digests, "\(folder.lines(result))")
  }

  @Test func formAndDescriptionDoNotMatter() throws {
    let first = try digests(plain)
    let second = try digests(
      "# a comment\n[[rule]]\nmax_age = \"60m\"\nname = 'a'\nguest_login = \"linux\"\nmatch.name = [\"x\"]\n"
        + "scope.names = \"*\"\naction = \"report\"\ndescription = \"new\"\n")
    #expect(first.rules == second.rules && first.rules.count == 1)
    #expect(first.files != second.files)
  }

  @Test(arguments: [
    ("max_age = \"1h\"", "max_age = \"2h\""), ("name = \"a\"", "name = \"b\""),
    ("{ name = \"x\" }", "{ name = \"y\" }"),
    ("{ name = \"x\" }", "{ owner = \"x\" }"), ("{ name = \"x\" }", "{ name = [\"x\", \"y\"] }"),
    ("max_age = \"1h\"", "lasting = \"1m\"\nmax_age = \"1h\""),
    ("max_age = \"1h\"", "max_age = \"1h\"\nmax_instances = 1"),
    ("max_age = \"1h\"", "forbidden = true"), ("max_age = \"1h\"", "max_age = \"1h\"\naction = \"terminate\""),
    ("max_age = \"1h\"", "max_age = \"1h\"\nevery = \"11m\""),
    ("max_age = \"1h\"", "max_age = \"1h\"\ncooldown = \"1m\""),
    ("max_age = \"1h\"", "max_age = \"1h\"\nbudget = { kills = 1, within = \"1h\" }"),
    ("max_age = \"1h\"", "max_age = \"1h\"\nnot_during = [\"sat\"]"),
    ("max_age = \"1h\"", "max_age = \"1h\"\nunless = { name = \"z\" }"),
    ("{ names = [\"*\"] }", "{ names = [\"*\"], except = [\"q\"] }"), ("{ names = [\"*\"] }", "{ ids = [\"vm-1\"] }"),
    ("max_age = \"1h\"", "max_age = \"1h\"\nvcenter = \"lab\""),
    ("{ names = [\"*\"] }", "{ names = [\"*\"], folders = [\"db\"] }"),
    ("{ names = [\"*\"] }", "{ names = [\"*\"], clusters = [\"db\"] }"),
    ("{ names = [\"*\"] }", "{ names = [\"*\"], tags = [\"env:db\"] }"),
  ])
  func whatDecidesDoes(_ old: String, _ new: String) throws {
    let changed = plain.replacing(old, with: new)
    #expect(changed != plain)
    let (first, second) = (try digests(plain).rules, try digests(changed).rules)
    #expect(Set(first.values).isDisjoint(with: second.values))
  }

  @Test func eachKeyAndEachListIsItsOwn() throws {
    var rule = Rule(
      id: RuleID("r"), login: LoginID("l"), scope: Scope(), match: Match(), limits: .forbidden, every: .seconds(300))
    let scopes = [
      Scope(folders: ["a"]), Scope(clusters: ["a"]), Scope(tags: ["a"]), Scope(folders: ["a", "b"]),
      Scope(folders: ["a"], clusters: ["b"]), Scope(folders: ["a"], tags: ["b"]), Scope(clusters: ["a"], tags: ["b"]),
      Scope(names: []), Scope(),
    ]
    var digests = Set<UInt64>()
    for scope in scopes {
      rule.scope = scope
      digests.insert(rule.digest)
    }
    #expect(digests.count == scopes.count)
  }

  /// Made before folders, clusters and tags could be written.
  @Test func rulesThatUseNothingNewKeepTheirs() throws {
    let digest = try digests(plain).rules[RuleID("a")]
    #expect(digest == 0x662c_834a_be66_99ca)
  }

  @Test func ofTheFilesAsSha256sumSaysIt() throws {
    let folder = try ConfigurationFolder()
    let texts = [accounts, "\n" + plain, "# nothing\n"]
    for (name, text) in zip(["main.toml", "rules.d/a.toml", "rules.d/b.toml"], texts) { try folder.write(name, text) }
    try folder.write("secret", "x\n", mode: 0o400)
    let words = Digest.sha256(Array(texts.joined().utf8))
    #expect(folder.load().loaded?.configuration.digests?.files == UInt64(words[0]) << 32 | UInt64(words[1]))
  }
}
