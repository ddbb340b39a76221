import Testing

@testable import RuleFiles

/// A generator that gives the same numbers at every run (SplitMix64).
struct Repeatable: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}

/// None of these may crash, hang or say something without a place. That they return is most of the test.
@Suite struct HostileInputTests {
  /// Loads `bytes` as the main file beside its secret and checks what must hold of every result.
  func load(_ bytes: [UInt8], in folder: ConfigurationFolder) throws {
    try folder.write("main.toml", bytes)
    let result = folder.load()
    #expect((result.loaded == nil) == result.diagnostics.contains { $0.severity == .error })
    let lines = bytes.count { $0 == 0x0A } + 1
    for diagnostic in result.diagnostics {
      #expect((1...lines).contains(diagnostic.line) && diagnostic.column >= 1)
      let text = diagnostic.description
      #expect(!text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }, "a line could be forged")
      #expect(!text.contains("hunter2"), "a secret was quoted")
      #expect(diagnostic.message.contains("; ") || diagnostic.message.contains(": "))
    }
  }

  func folder() throws -> ConfigurationFolder {
    let folder = try ConfigurationFolder()
    try folder.write("secret", "hunter2\n", mode: 0o400)
    return folder
  }

  let good =
    accounts
      + """
      max_in_flight = 3
      scope = { ids = ["vm-1"] }
      [protect]
      vms = { names = ["dc-*", "[!a-z]?"], except = ["é*"] }

      """
    + rule(
      "unless = [{ command = '*--keep*' }, { owner = \"CORP\\\\x\" }]", "description = \"\"\"\nlong\\\n  text\"\"\"",
      "budget = { kills = 2, within = \"1h\" }", "action = \"terminate\"", "every = \"1m\"",
      "match = { pid = 77, started = 2026-03-01T08:30:00.0+01:00 }")

  @Test func everyTruncationOfAGoodFile() throws {
    let folder = try folder()
    let bytes = Array(good.utf8)
    for count in 0...bytes.count { try load(Array(bytes[..<count]), in: folder) }
  }

  @Test(arguments: 0..<8)
  func damagedGoodFiles(_ seed: Int) throws {
    var random = Repeatable(state: UInt64(seed))
    let folder = try folder()
    let bytes = Array(good.utf8)
    let pieces: [[UInt8]] =
      [
        "[", "]", "{", "}", "\"", "'", "\"\"\"", "'''", "=", ".", ",", "#", "\\", "\n", "\0", "\u{1B}[2J", "é",
        "\u{FEDF}", "0x",
      ]
      .map { Array($0.utf8) } + [[0xFF], [0xC3], [0xED, 0xA0, 0x80]]
    for _ in 0..<250 {
      var damaged = bytes
      for _ in 0...Int.random(in: 0..<4, using: &random) {
        let at = Int.random(in: 0...damaged.count, using: &random)
        let end = min(damaged.count, at + Int.random(in: 0..<6, using: &random))
        damaged.replaceSubrange(at..<end, with: pieces.randomElement(using: &random) ?? [])
      }
      try load(damaged, in: folder)
    }
  }

  @Test(arguments: 0..<4)
  func wordsOfTheLanguageInAnyOrder(_ seed: Int) throws {
    var random = Repeatable(state: UInt64(seed) &+ 100)
    let folder = try folder()
    let words = [
      "[[rule]]\n", "[[vcenter]]\n", "[[guest_login]]\n", "[protect]\n", "[daemon]\n", "[rule.scope]\n", "rule", "name",
      "scope", "match", "names", "ids", "every", "password", "file", "forbidden", " = ", "\n", "\"a\"", "\"5m\"", "[",
      "]",
      "{ ", " }", ", ", "true", "1", "-1", "1.5", "nan", "2026-03-01T08:30:00Z", ".", "\"[\"", "\"secret\"", "''",
    ]
    for _ in 0..<250 {
      let count = Int.random(in: 1..<60, using: &random)
      let text = (0..<count).map { _ in words.randomElement(using: &random) ?? "" }.joined()
      try load(Array(text.utf8), in: folder)
    }
  }

  @Test(arguments: 0..<8)
  func anyBytes(_ seed: Int) {
    var random = Repeatable(state: UInt64(seed) &+ 1000)
    for _ in 0..<500 {
      let bytes = (0..<Int.random(in: 0..<300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      do {
        _ = try readToml(bytes)
      } catch {
        #expect(error.place.line >= 1 && error.place.column >= 1 && !error.message.isEmpty)
      }
    }
  }

  @Test func deepAndLongTexts() {
    let many = 200_000
    for text in [
      String(repeating: "[", count: many), "a = " + String(repeating: "[", count: many),
      "a = " + String(repeating: "{a=", count: many), String(repeating: "a.", count: many) + "a = 1",
      "[" + String(repeating: "a.", count: many) + "a]", "a = \"" + String(repeating: "\\", count: many),
      "a = '''" + String(repeating: "'", count: many), "\"" + String(repeating: "k", count: many) + "\" = 1",
      String(repeating: "\"a\".", count: many) + "b = 1", String(repeating: "{", count: many),
      "a = [" + String(repeating: "[],", count: many) + "]", String(repeating: "[[a]]\n", count: many / 2),
    ] {
      do {
        _ = try readToml(Array(text.utf8))
      } catch {
        #expect(error.place.line >= 1 && error.place.column >= 1 && !error.message.isEmpty)
      }
    }
  }
}
