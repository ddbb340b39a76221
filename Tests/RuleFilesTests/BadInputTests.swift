import RuleFiles
import Testing

/// A configuration with mistakes, and every line that is said of them.
struct BadInput: Sendable, CustomTestStringConvertible {
  var what: String
  var main: String
  /// The text of rules.d/a.toml; nil: there is no such file.
  var rules: String?
  var expected: [String]

  /// A rule file; `says` holds its diagnostics without their "rules.d/a.toml:".
  init(_ what: String, rules: String, says: String...) {
    self.what = what
    main = accounts
    self.rules = rules
    expected = says.map { "rules.d/a.toml:" + $0 }
  }

  /// A main file; `says` holds its diagnostics without their "main.toml:", or whole where they are of both files.
  init(_ what: String, main: String, rules: String? = rule(), says: String...) {
    self.what = what
    self.main = main
    self.rules = rules
    expected = says.contains { $0.hasPrefix("main.toml:") } ? says : says.map { "main.toml:" + $0 }
  }

  var testDescription: String { what }
}

@Suite struct BadInputTests {
  static let all = badRules + moreBadRules + badPlaces + badQuietTimes + badMainFiles + moreBadMainFiles + badNotify

  func load(_ input: BadInput) throws -> (LoadResult, ConfigurationFolder) {
    let folder = try ConfigurationFolder()
    try folder.write("main.toml", input.main)
    try folder.write("secret", "hunter2\n", mode: 0o400)
    if let rules = input.rules { try folder.write("rules.d/a.toml", rules) }
    return (folder.load(), folder)
  }

  @Test(arguments: all)
  func saysExactlyThis(_ input: BadInput) throws {
    let (result, folder) = try load(input)
    #expect(folder.lines(result) == input.expected)
    #expect((result.loaded == nil) == input.expected.contains { $0.contains(": error: ") })
    #expect(!result.diagnostics.contains { $0.description.contains("hunter2") }, "a secret was quoted")
    #expect(!result.linesWithSource(width: 80).contains { $0.contains("hunter2") }, "a secret was shown")
  }

  /// Of every kind of mistake there is one in the table, but for those of file rights and secret files and the warnings, which
  /// have tests of their own.
  @Test func everyKindOfMistakeIsInTheTable() throws {
    var seen: Set<Diagnostic.Code> = []
    for input in BadInputTests.all { seen.formUnion(try load(input).0.diagnostics.map(\.code)) }
    let elsewhere: Set<Diagnostic.Code> = [
      .unsafeMode, .unsafeSecret, .badSecret, .unreadSecret, .writableCAFile, .unusableProgram, .noFolder, .shortEvery,
      .shortLasting, .scopeByNameAlone, .neverActs, .redundantQuietTime,
    ]
    #expect(Set(Diagnostic.Code.allCases).subtracting(seen) == elsewhere)
    #expect(BadInputTests.all.count > 290)
  }
}
