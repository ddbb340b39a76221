import Testing

@testable import RuleFiles

/// The line of the file under a diagnostic, and what must never stand there.
@Suite struct ExcerptTests {
  /// What a terminal shows of these files.
  func lines(main: String = accounts, rules: String, width: Int = 80) throws -> [String] {
    let folder = try ConfigurationFolder()
    try folder.write("main.toml", main)
    try folder.write("secret", "hunter2\n", mode: 0o400)
    if !rules.isEmpty { try folder.write("rules.d/a.toml", rules) }
    return folder.load().linesWithSource(width: width).map { folder.shortened($0) }
  }

  /// What is shown below the only diagnostic.
  func excerpt(main: String = accounts, rules: String = "", width: Int = 80) throws -> [String] {
    let lines = try lines(main: main, rules: rules, width: width)
    return Array(lines.dropFirst())
  }

  @Test func theCaretStandsBeneathThePlace() throws {
    #expect(
      try lines(rules: rule("every = 5", "evry = \"1m\"")) == [
        #"rules.d/a.toml:7:9: error: 'every' is an integer; write a duration in quotes, such as "2h30m" or "90s""#,
        "    every = 5", "            ^",
        "rules.d/a.toml:8:1: error: unknown key 'evry' in [[rule]]; did you mean 'every'?",
        "    evry = ...", "    ^",
      ])
  }

  @Test func aHeaderIsShown() throws {
    #expect(
      try excerpt(rules: rule("match -")) == ["    [[rule]]", "    ^"])
    #expect(try excerpt(main: accounts + "[deamon] # hunter2\n", rules: rule()) == ["    [deamon]", "     ^"])
    #expect(
      try excerpt(rules: "[[rule]\n") == ["    [[rule]", "           ^"])
  }

  @Test func whatHoldsNoSecretIsShown() throws {
    for line in [
      #"scope = { names = ["db-*", ""], ids = ["vm-1"], except = "x" }"#, "max_instances = 0", #"every = "5""#,
      #"action = "terminat""#, #"not_during = ["sat", "sun", "fun"]"#, #"guest_login = "linx""#,
      "budget = { kills = -1, within = \"1h\" }", "match = { pid = 4, started = 2026-03-01T08:30:00Z }",
      "max_age = 5", "forbidden = 1",
    ] {
      let lines = try excerpt(rules: rule(line))
      #expect(lines.contains("    " + line), "\(lines)")
    }
    #expect(try excerpt(main: accounts + "[budget]\nper_vm = 1.5\n", rules: rule()).first == "    per_vm = 1.5")
  }

  @Test func ofAccountsNothingIsShown() throws {
    for (text, replaced) in [
      (#"{ file = "secret" }"#, "\"hunter2\""), ("https://vcenter", "https://u:hunter2@vcenter"),
      (#""svc@vsphere.local""#, "5 # hunter2"), (#"name = "lab""#, "nam = \"hunter2\""),
    ] {
      let main = accounts.replacing(text, with: replaced, maxReplacements: 1)
      let lines = try lines(main: main, rules: rule("vcenter -"))
      #expect(lines.count >= 1)
      #expect(lines.allSatisfy { !$0.hasPrefix("    ") || $0 == "    [[vcenter]]" || $0 == "    ^" }, "\(lines)")
      #expect(!lines.joined().contains("hunter2"))
    }
  }

  @Test(arguments: [
    // In a rule, where it does not belong.
    ("password = \"hunter2\"", "    password = ..."),
    ("every = 5 # hunter2", "    every = 5"),
    ("every = 5 # it's hunter2", "    every = 5"),
    ("description = [\"hunter2\"]", "    description = [...]"),
    ("match = { name = \"\", command = \"*--password=hunter2*\" }", "    match = { name = \"\", command = ... }"),
    ("unless = { command = [\"hunter2\", 1], name = \"y\" }", "    unless = { command = [..., ...], name = \"y\" }"),
    ("match = { password = { name = \"hunter2\" } }", "    match = { password = { name = ... } }"),
    ("scope.password = \"hunter2\"", nil),
    // Quotes that do not fit together.
    ("name = \"a, password = \"hunter2\"", "    name = ..."),
    ("every = hunter2 \"x\"", "    every = ... ..."),
    ("name = \"hunter2", "    name = ..."),
    // Strings of several lines.
    ("every = \"\"\"hunter2\"\"\"", "    every = ..."),
    ("lasting = 5\nname = '''\nevery = \"hunter2\"\n'''\nevery = 1", nil),
  ])
  func whatMayBeASecretIsHidden(_ line: String, _ shown: String?) throws {
    let lines = try excerpt(rules: rule(line))
    #expect(!lines.joined().contains("hunter2"))
    if let shown { #expect(lines.contains(shown), "\(lines)") }
  }

  @Test func tablesAtTheTopOfAFileAreAccounts() throws {
    let main =
      "vcenter = [{ name = \"hunter2\", password = \"hunter2\" },\n  { name = \"hunter2 2\" }]\nevery = \"hunter2\"\n"
    let lines = try lines(main: main, rules: "")
    #expect(!lines.filter { $0.hasPrefix("    ") }.joined().contains("hunter2"))
    #expect(lines.contains("    vcenter = [{ name = ..., password = ... },"))
  }

  @Test func anOpenBracketHidesNoHeader() throws {
    // The list is never closed, so that the accounts below stand in it, to the eye of a parser.
    let masked = MaskedText(
      Array("[protect]\nnames = [\"a\"\n[[vcenter]]\nname = \"hunter2\"\n".utf8), wanted: [2, 3, 4])
    #expect(masked.lines[2]?.excerpt(at: 1, width: 80) == ["    names = [\"a\"", "    ^"])
    #expect(masked.lines[3] != nil)
    #expect(masked.lines[4] == nil)
  }

  @Test func aLongLineIsCutAroundTheCaret() throws {
    let names = (0..<100).map { "\"vm-\($0)\"" }.joined(separator: ", ")
    let lines = try excerpt(rules: rule("scope = { names = [\(names), \"\", \(names)] }"), width: 60)
    #expect(lines.count == 2)
    #expect(lines.allSatisfy { $0.unicodeScalars.count <= 60 })
    let caret = try #require(lines.last?.unicodeScalars.count) - 1
    #expect(lines.first?.dropFirst(caret).hasPrefix("\"\"") == true)
  }

  @Test func columnsAreThoseOfTheTerminal() throws {
    let lines = try excerpt(rules: rule("scope = { names = [\"\u{6F22}\u{5B57}e\u{301}\", \"\"] }"))
    #expect(
      lines == ["    scope = { names = [\"\u{6F22}\u{5B57}e\u{301}\", \"\"] }", "                                ^"])
  }

  @Test func nothingMovesTheCursor() throws {
    let masked = MaskedText(Array("name\t= \"a\u{1B}[2J\u{202E}\"\r\n".utf8), wanted: [1])
    #expect(masked.lines[1]?.excerpt(at: 6, width: 80) == ["    name = \"a\u{FFFD}[2J\u{FFFD}\"", "         ^"])
  }

  @Test func aFileAsAWholeHasNoLine() throws {
    #expect(try excerpt(main: accounts, rules: "").isEmpty)
  }
}
