import Testing

@testable import RuleFiles

@Suite struct TomlTests {
  /// Every key and value with its place, in the order in which they are given.
  func outline(_ text: String) throws -> [String] {
    var lines: [String] = []
    func walk(_ value: TomlValue, _ name: String) {
      lines.append("\(name) \(value.typeName) \(value.place.line):\(value.place.column)")
      switch value.kind {
      case .table(let table):
        for entry in table.entries {
          walk(entry.value, "\(entry.key)@\(entry.place.line):\(entry.place.column)")
        }
      case .list(let elements): for element in elements { walk(element, "-") }
      case .string, .integer, .float, .boolean, .date, .time, .localDateTime, .dateTime: break
      }
    }
    for entry in try readToml(Array(text.utf8)).entries {
      walk(entry.value, "\(entry.key)@\(entry.place.line):\(entry.place.column)")
    }
    return lines
  }

  @Test func everyKeyAndValueHasItsPlace() throws {
    let text = """
      z = "last letter first"
      "quoted key" = 'x'
      a.b.c = [1, 2.5, true,
        { d = 1979-05-27, e = 07:32:00 }]

      [[rule]]
        name = 1979-05-27T07:32:00Z
      [[rule]]
      [rule.sub]
      x = 1979-05-27T07:32:00
      m = \"""
      \"""
      """
    #expect(
      try outline(text) == [
        "z@1:1 a string 1:5", "quoted key@2:1 a string 2:16", "a@3:1 a table 3:1", "b@3:3 a table 3:3",
        "c@3:5 a list 3:9", "- an integer 3:10", "- a float 3:13", "- a boolean 3:18", "- a table 4:3",
        "d@4:5 a date 4:9", "e@4:21 a time 4:25", "rule@6:3 a list 6:1", "- a table 6:1",
        "name@7:3 a date-time 7:10", "- a table 8:1", "sub@9:7 a table 9:1",
        "x@10:1 a date-time without an offset 10:5", "m@11:1 a string 11:5",
      ])
  }

  @Test func anEmptyTextIsAnEmptyTable() throws {
    #expect(try readToml([]).entries.isEmpty)
    #expect(try readToml([0xEF, 0xBB, 0xBF]).entries.isEmpty)
    #expect(try readToml(Array("# only this".utf8)).entries.isEmpty)
  }

  @Test func escapesAreRead() throws {
    let root = try readToml(Array(#"a = "\u0000\t\U0001F600\\""#.utf8))
    guard case .string(let text)? = root["a"]?.value.kind else {
      Issue.record("no string")
      return
    }
    #expect(text == "\0\t😀\\")
  }

  /// toml++ 3.3.0 tells its optimizer that it is never asked whether these are blanks; after a backslash it is.
  @Test func lettersThatTheParserForgotAreSafe() throws {
    for scalar in ["\u{FEDF}", "\u{FC00}", "\u{2FFF}", "\u{0110}", "\u{FFFD}"] {
      #expect(throws: TomlProblem.self) { try readToml(Array("a = \"\"\"\\\(scalar)\"\"\"".utf8)) }
      _ = try readToml(Array("a = \"\"\"\\\n\(scalar)\"\"\"".utf8))
      #expect(throws: TomlProblem.self) { try readToml(Array("\(scalar) = 1".utf8)) }
    }
  }

  @Test func depthIsBounded() throws {
    let brackets = { (depth: Int) in
      "a = " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try readToml(Array(brackets(32).utf8))
    #expect(throws: TomlProblem.self) { try readToml(Array(brackets(33).utf8)) }
    let dots = { (count: Int) in String(repeating: "a.", count: count) + "b = 1" }
    _ = try readToml(Array(dots(16).utf8))
    #expect(throws: TomlProblem.self) { try readToml(Array(dots(17).utf8)) }
    // Dots and brackets in strings and comments are text.
    let text = String(repeating: ".[{", count: 100)
    for quoted in ["'\(text)' # \(text)", "\"\\\"\(text)\"", "'''\n'\(text)'''''", "\"\"\"\(text)\\\"\"\"\""] {
      _ = try readToml(Array("a = \(quoted)\nb = 1".utf8))
    }
  }

  @Test(arguments: [
    ("a = 1\nb = 2\n  a\t= 3", 3, 3), ("x = { b = 1, \"é\" = 2, \"é\"=3 }", 1, 23), ("a.b = 1\na.b = 2", 2, 3),
    ("[a]\n[b]\n[a]", 3, 1), ("a = 1\n'a' = \"\"", 2, 1), ("a = 1\n[a]", 2, 1), ("a = 1\na.b = 1", 2, 1),
    ("\u{FEFF}a = { b = 1, b = 2 }", 1, 14),
  ])
  func aSecondTimeIsShownAtItsKey(_ text: String, _ line: Int, _ column: Int) {
    #expect {
      try readToml(Array(text.utf8))
    } throws: { error in
      (error as? TomlProblem)
        == TomlProblem(
          place: Place(line: line, column: column),
          message: "this key or table stands here for the second time; keep one of them")
    }
  }

  /// At the end of a file toml++ counts a column too many for what it looked for in vain.
  @Test(arguments: [
    "a = \"\"\"\nx\r\ny", "a = '''\n", "a = \"\"\"\\", "a = {", "[a", "a = \"\"\"\n\n",
    "a = \"\"\"",
  ])
  func noPlaceLiesBehindTheEnd(_ text: String) {
    #expect {
      try readToml(Array(text.utf8))
    } throws: { error in
      guard let place = (error as? TomlProblem)?.place else { return false }
      let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      return place.line <= lines.count && (1...lines[place.line - 1].count + 1).contains(place.column)
    }
  }

  @Test func noMessageQuotesTheText() {
    for problem in [
      "Error while parsing floating-point: 'hunter2' is not representable in 64 bits",
      "Error while parsing value: expected 'true', saw 'hunter2'", "Error while parsing key: saw 'hunter2",
      "Error while parsing table header: cannot insert 'hunter2' into existing inline table",
      "Error while parsing string: unknown escape sequence '\\hunter2'",
    ] {
      #expect(!tomlMessage(problem).contains("hunter2"))
      #expect(tomlMessage(problem).contains("; "))
    }
  }
}
