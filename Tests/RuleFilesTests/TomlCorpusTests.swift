import Testing

@testable import RuleFiles

/// The TOML that is read is TOML 1.0, whatever the parser behind it.
@Suite struct TomlCorpusTests {
  /// The content in the short form of the corpus.
  func shown(_ value: TomlValue) -> String {
    switch value.kind {
    case .string(let text): "\"\(text)\""
    case .integer(let number): "\(number)"
    case .float(let number): number.isNaN ? "nan" : "\(number)"
    case .boolean(let value): "\(value)"
    case .date: "date"
    case .time: "time"
    case .localDateTime: "local"
    case .dateTime(let moment): "\(moment.secondsSince1970)"
    case .list(let elements): "[\(elements.map(shown).joined(separator: ", "))]"
    case .table(let table): shown(table)
    }
  }

  func shown(_ table: TomlTable) -> String {
    "{\(table.entries.map { "\($0.key): \(shown($0.value))" }.joined(separator: ", "))}"
  }

  @Test(arguments: TomlCorpus.valid)
  func validTextIsReadAsItStands(_ text: String, _ content: String) throws {
    #expect(shown(try readToml(Array(text.utf8))) == content)
  }

  @Test(arguments: TomlCorpus.invalid)
  func invalidTextIsRefusedAtAPlaceInIt(_ text: String) {
    #expect {
      try readToml(Array(text.utf8))
    } throws: { error in
      guard let problem = error as? TomlProblem else { return false }
      let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      guard lines.indices.contains(problem.place.line - 1) else { return false }
      let width = String(decoding: lines[problem.place.line - 1], as: UTF8.self).unicodeScalars.count
      return (1...width + 1).contains(problem.place.column) && problem.message.contains("; ")
    }
  }

  @Test func theCorpusIsLargeAndEachOfItOnce() {
    #expect(TomlCorpus.valid.count >= 110 && TomlCorpus.invalid.count >= 170)
    #expect(Set(TomlCorpus.valid.map(\.text)).count == TomlCorpus.valid.count)
    #expect(Set(TomlCorpus.invalid).count == TomlCorpus.invalid.count)
  }
}
