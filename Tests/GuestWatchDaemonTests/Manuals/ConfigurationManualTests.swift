import GuestWatchCore
import Testing

@testable import RuleFiles

/// `packaging/man/guestwatchd.toml.5` and `guestwatchd-rules.5` say what the rule files take, all of it and nothing else.
@Suite("guestwatchd.toml(5) and guestwatchd-rules(5)")
struct ConfigurationManualTests {
  private let main: Manual
  private let rules: Manual

  init() throws {
    main = try Manual("guestwatchd.toml.5")
    rules = try Manual("guestwatchd-rules.5")
  }

  private func load(_ text: String) throws -> LoadResult {
    let folder = try Folder()
    try folder.write("guestwatchd.toml", text)
    var surroundings = Surroundings(purpose: .check, credentialsDirectory: nil, serviceGroups: [])
    surroundings.opensSecrets = false
    return loadRuleFiles(main: folder.path + "/guestwatchd.toml", surroundings: surroundings)
  }

  /// The keys of a table, as the code lists them to whoever writes an unknown one there.
  private func keys(_ text: String) throws -> [String] {
    let messages = try load(text.replacing("HERE", with: "zzzzzzzzzz = 1")).diagnostics.map(\.message)
    let said = try #require(messages.first { $0.contains("unknown key 'zzzzzzzzzz'") })
    let list = try #require(said.split(separator: "; known: ").last)
    return list.split(separator: ", ").map(String.init).sorted()
  }

  @Test("Each table has its section with all of its keys")
  func mainKeys() throws {
    for name in try keys("HERE") {
      let title = ["[\(name)]", "[[\(name)]]"].first { !main.section($0).isEmpty }
      let section = try #require(title, "no section for \(name)")
      if name == "rule" { continue }
      let known = try keys("\(section)\nHERE\n")
      let described = main.items(section, mark: "Cm")
      #expect(Set(described) == Set(known), "\(section)")
    }
  }

  @Test("A rule has all of its keys, and so have scope, match and budget")
  func ruleKeys() throws {
    #expect(rules.items("KEYS", mark: "Cm").sorted() == (try ruleTables()).sorted())
    let budget = rules.text(of: "budget", in: "KEYS")
    for key in try keys("[[rule]]\nbudget = { HERE }") { #expect(budget.contains(".Cm \(key)"), "\(key)") }
  }

  private func ruleTables() throws -> [String] {
    let nested = [
      try keys("[[rule]]\nscope = { HERE }"),
      try keys("[[rule]]\nmatch = { HERE }"),
    ]
    return try keys("[[rule]]\nHERE") + nested.joined()
  }

  @Test("Where a scope table narrows something else, its keys are named there")
  func otherScopes() throws {
    let uses = [
      ("vms", "[protect]", try keys("[protect]\nvms = { HERE }")),
      ("scope", "[[guest_login]]", try keys("[[guest_login]]\nscope = { HERE }")),
    ]
    for (item, section, known) in uses {
      let words = Set(main.text(of: item, in: section).split(separator: " ").map(String.init))
      for key in known { #expect(words.contains(key), "\(section) \(item): \(key)") }
    }
  }

  @Test("Every default is the one that stands in the page")
  func defaults() throws {
    let loaded = try #require(
      try load(
        """
        [[vcenter]]
        name = "lab"
        url = "https://vcenter.example.com"
        username = "svc"
        password = { credential = "c" }
        [[guest_login]]
        name = "linux"
        username = "guestwatch"
        password = { credential = "c" }
        [[notify]]
        exec = ["/bin/true"]
        [[rule]]
        name = "r"
        guest_login = "linux"
        scope = { ids = ["vm-1"] }
        match = { name = "x" }
        max_instances = 1
        """
      ).loaded)
    var section = ""
    var count = 0
    for line in loaded.shown().split(separator: "\n") {
      if line.hasPrefix("[") { section = String(line) }
      guard line.hasSuffix("  # default"), let sign = line.firstRange(of: " = ") else { continue }
      let value = line[sign.upperBound...].dropLast("  # default".count)
      let (page, title) = section == "[[rule]]" ? (rules, "KEYS") : (main, section)
      let text = page.text(of: String(line[..<sign.lowerBound]), in: title)
      #expect(text.contains("default \(value)"), "\(section) \(line)")
      count += 1
    }
    #expect(count >= 19)
  }

  @Test("The examples are good")
  func examples() throws {
    let base = try #require(main.examples("main").first)
    #expect(try load(base).diagnostics.map(\.code) == [.noRules])
    let all = rules.examples("rules")
    #expect(all.count == 5)
    for example in all {
      let result = try load(base + example)
      // They cannot know anybody's ids; the login of the main file is limited by its own scope.
      #expect(result.diagnostics.isEmpty, "\(result.diagnostics)")
      #expect(result.loaded?.configuration.rules.count == 1)
    }
  }
}
