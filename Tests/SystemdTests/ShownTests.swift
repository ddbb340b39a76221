import Systemd
import Testing

@Suite struct ShownTests {
  @Test(arguments: [
    ("", ""),
    ("spin", "spin"),
    (#"CORP\bob"#, #"CORP\bob"#),
    ("Müller 日本 🦆", "Müller 日本 🦆"),
    ("a\nb", #"a\nb"#),
    ("a\r\nb", #"a\r\nb"#),
    ("a\tb", #"a\tb"#),
    ("\u{0}", #"\u{0}"#),
    ("\u{1B}[2J", #"\u{1B}[2J"#),
    ("\u{7F}", #"\u{7F}"#),
    ("\u{85}", #"\u{85}"#),
    ("\u{9B}31m", #"\u{9B}31m"#),
    ("a\u{2028}b\u{2029}c", #"a\u{2028}b\u{2029}c"#),
    ("\u{202E}gpj.exe\u{202C}", #"\u{202E}gpj.exe\u{202C}"#),
    ("\u{2066}\u{2069}\u{200F}\u{61C}", #"\u{2066}\u{2069}\u{200F}\u{61C}"#),
    ("ro\u{200B}ot", #"ro\u{200B}ot"#),
    ("a\u{A0}b", #"a\u{A0}b"#),
    ("\u{E000}\u{E0041}\u{FFFF}", #"\u{E000}\u{E0041}\u{FFFF}"#),
    ("\u{FFFD}", "\u{FFFD}"),
  ])
  func escapesWhatCannotBeShown(text: String, expected: String) {
    #expect(Array(shown(text).utf8) == Array(expected.utf8))
  }

  @Test func bytesThatAreNotUTF8AreReplaced() {
    let text = String(decoding: [0x61, 0xFF, 0xC0, 0x80, 0x62] as [UInt8], as: UTF8.self)
    #expect(shown(text) == "a\u{FFFD}\u{FFFD}\u{FFFD}b")
  }

  @Test(arguments: [
    (String(repeating: "a", count: 256), 256, String(repeating: "a", count: 256)),
    (String(repeating: "a", count: 257), 256, String(repeating: "a", count: 253) + "…"),
    ("äääää", 10, "äääää"),
    ("ääääää", 10, "äää…"),
    ("abcdefgh", 3, "…"),
    ("ab\n\n", 5, "ab…"),
    ("abcd\u{1B}", 8, "abcd…"),
  ])
  func cutsAtACharacter(text: String, cap: Int, expected: String) {
    #expect(shown(text, cap: cap) == expected)
    #expect(shown(text, cap: cap).utf8.count <= cap)
  }

  @Test func everyCharacterIsPrintableAfterwardsAndStaysSo() {
    for value in UInt32(0)...0x3FFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let once = shown(String(scalar))
      #expect(shown(once) == once)
      let clean = once.unicodeScalars.allSatisfy { scalar in
        !(scalar.value < 0x20 || (0x7F...0xA0).contains(scalar.value) || (0x200B...0x200F).contains(scalar.value)
          || (0x2028...0x202E).contains(scalar.value) || (0x2060...0x206F).contains(scalar.value))
      }
      #expect(clean, "U+\(String(value, radix: 16))")
    }
  }

  @Test func nothingEndsAQuotation() {
    #expect(quoted("spin") == #""spin""#)
    #expect(quoted(#"x" (pid 1, owner root) on VM "db"#) == #""x\u{22} (pid 1, owner root) on VM \u{22}db""#)
    #expect(quoted(#"x\"#) == #""x\""#)
    #expect(quoted(String(repeating: "\"", count: 300)).utf8.count <= 258)
  }
}
