import Testing

@testable import RuleFiles

/// Twice the text is at most twice the work, counted in steps (bytes read, letters compared, bytes said) and not by a clock,
/// which a busy machine would falsify. The parser behind the shim is bounded by its limits (outline.h) and not counted.
@Suite struct LinearTimeTests {
  static let texts: [(what: String, main: String, line: @Sendable (Int) -> String)] = [
    ("unknown keys", accounts, { _ in "[[rule]]\nevry = 1\n" }),
    ("unknown keys of one rule", accounts + "[[rule]]\n", { "maxage\($0) = 1\n" }),
    ("empty rules", accounts, { _ in "[[rule]]\n" }),
    ("rules of one name", accounts, { _ in rule() }),
    ("good rules", accounts, { rule("name = \"r\($0)\"") }),
    ("references to nothing", accounts, { rule("name = \"r\($0)\"", "guest_login = \"linus\($0)\"") }),
    (
      "logins, and none of them meant", accounts,
      {
        "[[guest_login]]\nname = \"linux\($0)\"\nusername = \"u\"\n" + passwordLine
          + rule("guest_login = \"linus\($0)\"")
      }
    ),
    ("vCenters", accounts, { "[[vcenter]]\nname = \"v\($0)\"\nurl = \"https://h\($0)\"\n" }),
    ("one long line of mistakes", accounts + "[protect]\nnames = [\"a\"", { _ in ", \"\"" }),
    ("patterns", accounts + rule("match -") + "match = { name = [\"a\"", { _ in ", \"a*b*\"" }),
    ("exceptions", accounts, { rule("name = \"r\($0)\"", "unless = [{ name = \"x*\" }, { name = \"*y\" }]") }),
    ("quiet times", accounts, { rule("name = \"r\($0)\"", "not_during = [\"sat\", \"sat\", \"00:00-24:00\", \"9\"]") }),
    ("what is no TOML", accounts, { _ in "[[[[ = \"\n" }),
    ("open brackets and quotes", accounts + "[[rule]]\nevry = 1\n", { _ in "a = [ ' \" . . .\n" }),
    ("dots", "", { _ in "a." }),
  ]

  /// The steps for so many of the lines.
  func steps(_ what: String, _ count: Int) throws -> Int {
    let text = try #require(LinearTimeTests.texts.first { $0.what == what })
    let folder = try ConfigurationFolder()
    try folder.write("secret", "hunter2\n", mode: 0o400)
    try folder.write("main.toml", text.main + (0..<count).map(text.line).joined())
    let result = folder.load()
    let shown = result.linesWithSource(width: 80).reduce(0) { $0 + $1.utf8.count }
    let json = CheckReport(config: "x", result: result).json.reduce(0) { $0 + $1.utf8.count }
    return result.work.steps + shown + json
  }

  @Test(arguments: texts.map(\.what))
  func twiceTheTextIsTwiceTheWork(_ what: String) throws {
    // Above the fixed number of suggestions, so that their cost is over on both sides.
    let once = try steps(what, 300)
    let twice = try steps(what, 600)
    let fourTimes = try steps(what, 1200)
    // A little more: numbers have more digits.
    #expect(fourTimes - twice <= (twice - once) * 22 / 10 + 1000, "\(once), \(twice), \(fourTimes)")
  }

  @Test func suggestionsHaveAnEnd() throws {
    // 65 letters are no slip of the fingers, and the fifty-first mistake is none that anybody reads.
    var findings = Findings(file: "x")
    let known = (0..<5000).map { "login-\($0)" }
    for i in 0..<5000 { _ = findings.suggestion(for: "logni-\(i)", among: known) }
    #expect(findings.comparisons <= 50 * 100 * 100)
    let all = findings.suggestion(for: "x", among: known)
    #expect(all.hasSuffix(" and 4976 more"))
  }
}
