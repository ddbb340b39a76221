import GuestWatchCore
import Testing

/// GLOB of design.md, section 5.
@Suite struct GlobTests {
  @Test(arguments: [
    ("a", ["a"], ["", "A", "aa", "b"]),
    ("*", ["", "a", "a/b\nc"], []),
    ("a*", ["a", "ab", "a/\n"], ["", "ba"]),
    ("*a", ["a", "ba", "aaa"], ["", "ab"]),
    ("a*b*c", ["abc", "aXbYc", "abbcbc", "abcbc"], ["ab", "acb", "abcd"]),
    ("**a**", ["a", "xax"], ["", "x"]),
    ("?", ["a", "/", "\n", "é", "😀", "\u{301}"], ["", "ab", "e\u{301}"]),
    ("a?c", ["abc", "a?c"], ["ac", "abbc"]),
    ("?*", ["a", "ab"], [""]),
    ("[abc]", ["a", "b", "c"], ["", "d", "ab", "A"]),
    ("[a-c]", ["a", "b", "c"], ["d", "-"]),
    ("[a-]", ["a", "-"], ["b"]),
    ("[-a]", ["a", "-"], ["b"]),
    ("[]]", ["]"], ["[", ""]),
    ("[]a]", ["]", "a"], ["b"]),
    ("[!]]", ["a", "["], ["]", ""]),
    ("[!a-c]", ["d", "!", "\n"], ["a", "c", ""]),
    ("[a!]", ["a", "!"], ["b"]),
    ("[^a]", ["^", "a"], ["b"]),
    ("[*]", ["*"], ["a", ""]),
    ("[?]", ["?"], ["a"]),
    ("[[]", ["["], ["]"]),
    ("[a-cx-z]*", ["a", "yes", "c!"], ["d", "!"]),
    ("[--0]", ["-", ".", "/", "0"], [",", "1"]),
    (#"CORP\*"#, [#"CORP\"#, #"CORP\joe"#], ["CORP*", "CORPjoe"]),
    (#"\[a]"#, [#"\a"#], ["[a]"]),
    (#"[\]"#, [#"\"#], ["]"]),
    ("db-*.[0-9]", ["db-.1", "db-x.y.9"], ["db-x.y.", "db-1"]),
    ("a]", ["a]"], ["a"]),
    ("a-z", ["a-z"], ["b"]),
    ("é", ["é"], ["e\u{301}", "e"]),
    ("[à-ÿ]", ["é", "ÿ"], ["e", "É"]),
  ])
  func fitsTheWholeText(_ pattern: String, _ fitting: [String], _ others: [String]) throws {
    let glob = try Glob(pattern)
    for text in fitting { #expect(glob.matches(text, folded: false), "\(pattern) should fit \(text)") }
    for text in others { #expect(!glob.matches(text, folded: false), "\(pattern) should not fit \(text)") }
  }

  @Test(arguments: [
    ("SvcHost.exe", ["svchost.EXE", "SvcHost.exe"], ["svchost"]),
    ("[A-F]x", ["ax", "Fx", "fX"], ["gx"]),
    ("[a-f]x", ["Ax", "fX"], ["Gx"]),
    ("[!A-F]", ["g", "G"], ["a", "F"]),
    ("[!a]", ["b"], ["a", "A"]),
    ("CORP\\*", ["corp\\Joe"], ["corpjoe"]),
    ("ÄPFEL", ["äpfel", "Äpfel"], ["apfel"]),
    ("[Ä-Ü]", ["ö", "Ö"], ["o"]),
    ("[_-z]", ["_", "a", "A", "Z"], ["^"]),
  ])
  func foldsCase(_ pattern: String, _ fitting: [String], _ others: [String]) throws {
    let glob = try Glob(pattern)
    for text in fitting { #expect(glob.matches(text, folded: true), "\(pattern) should fit \(text)") }
    for text in others { #expect(!glob.matches(text, folded: true), "\(pattern) should not fit \(text)") }
  }

  @Test(arguments: [
    ("", Glob.Mistake.empty), ("[", .unclosedBracket), ("a[b", .unclosedBracket), ("[]", .unclosedBracket),
    ("[!]", .unclosedBracket), ("[!", .unclosedBracket), ("[a-", .unclosedBracket), ("[z-a]", .backwardRange),
    ("[]-a", .unclosedBracket), ("[b-a", .backwardRange),
  ])
  func refuses(_ pattern: String, _ mistake: Glob.Mistake) {
    #expect(throws: mistake) { try Glob(pattern) }
  }

  @Test func knowsWhatChoosesNothing() throws {
    for pattern in ["*", "**", "***"] { #expect(try Glob(pattern).fitsEverything) }
    for pattern in ["?", "*?", "a", "[*]", "*a*"] { #expect(try !Glob(pattern).fitsEverything) }
  }

  /// A matcher that tries everything, to compare with; for literals, `?` and `*` only.
  func tries(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    if first == "*" {
      return tries(pattern.dropFirst(), text) || (!text.isEmpty && tries(pattern, text.dropFirst()))
    }
    return !text.isEmpty && (first == "?" || first == text.first) && tries(pattern.dropFirst(), text.dropFirst())
  }

  @Test func agreesWithTryingEverything() throws {
    var random = Repeatable(state: 7)
    for _ in 0..<20_000 {
      let pattern = (0..<Int.random(in: 1...7, using: &random)).map { _ in "ab*?*".randomElement(using: &random) ?? "*"
      }
      let text = (0..<Int.random(in: 0...7, using: &random)).map { _ in "aab".randomElement(using: &random) ?? "a" }
      #expect(
        try Glob(String(pattern)).matches(String(text), folded: false) == tries(pattern[...], text[...]),
        "\(String(pattern)) and \(String(text))")
    }
  }

  /// Backtracking would take longer than the age of the universe.
  @Test func takesNoTimeOnHostileText() throws {
    let glob = try Glob(String(repeating: "a*", count: 200) + "b")
    #expect(!glob.matches(String(repeating: "a", count: 4096), folded: false))
  }
}
