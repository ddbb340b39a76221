import GuestWatchCore
import Testing

@testable import VSphere

/// Answers with something wrong in one place, and what is made of them.
@Suite("What is wrong with one field of a guest's answer is laid to that field") struct GuestRowsTests {
  /// 2026-01-02T03:04:05Z
  static let started: Int64 = 1_767_323_045
  static let good = #"{"name":"n","pid":42,"owner":"o","command":"c","started":"2026-01-02T03:04:05Z"}"#
  static let goodProcess = Process(pid: 42, started: started, owner: "o", name: "n", command: "c")

  static func row(
    name: String = #""n""#, pid: String = "7", owner: String = #""o""#, command: String = #""c""#,
    started: String = #""2026-01-02T03:04:05Z""#, more: String = ""
  ) -> String {
    #"{"name":\#(name),"pid":\#(pid),"owner":\#(owner),"command":\#(command),"started":\#(started)\#(more)}"#
  }

  static func listing(_ rows: String...) throws -> Listing {
    try GuestRows.listing(Array("[\(rows.joined(separator: ","))]".utf8), .rest)
  }

  /// What a string says, and whether it is believed.
  static let texts: [([UInt8], String, Bool)] = [
    ([], "", false),
    (Array("é".utf8), "é", false),
    (Array(#"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"#.utf8), "a\"\\/\u{8}\u{C}\n\r\té😀", false),
    // bytes that are not UTF-8: a stray one, an overlong slash, a surrogate, beyond Unicode, one cut off
    ([0x61, 0xFF, 0x62], "a\u{FFFD}b", true),
    ([0xC0, 0xAF], "\u{FFFD}\u{FFFD}", true),
    ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}", true),
    ([0xF4, 0x90, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}", true),
    ([0x61, 0xC3], "a\u{FFFD}", true),
    (Array(#"\u0041"#.utf8) + [0xC3], "A\u{FFFD}", true),
    // halves of a surrogate pair
    (Array(#"\udc00x"#.utf8), "\u{FFFD}x", true),
    (Array(#"\ud83d"#.utf8), "\u{FFFD}", true),
    (Array(#"\ud83d\u0041"#.utf8), "\u{FFFD}A", true),
    (Array(#"\ud83d\ud83d\ude00"#.utf8), "\u{FFFD}😀", true),
    (Array(#"\ud83dx\ude00"#.utf8), "\u{FFFD}x\u{FFFD}", true),
    // control characters as they are, and NUL in any spelling
    ([0x61, 0x0A], "a\n", true),
    ([0x1F, 0x62], "\u{1F}b", true),
    ([0x00], "\0", true),
    (Array(#"a\u0000b"#.utf8), "a\0b", true),
    (Array(#"\u001b[2J"#.utf8), "\u{1B}[2J", false),
    ([0x7F], "\u{7F}", false),
  ]

  @Test(arguments: texts) func text(bytes: [UInt8], says: String, doubtful: Bool) throws {
    for place in 0..<3 {
      var fields = [Array(#""n""#.utf8), Array(#""o""#.utf8), Array(#""c""#.utf8)]
      fields[place] = [0x22] + bytes + [0x22]
      var answer = Array(#"[{"pid":7,"started":"2026-01-02T03:04:05Z","name":"#.utf8) + fields[0]
      answer += Array(#","owner":"#.utf8) + fields[1] + Array(#","command":"#.utf8) + fields[2]
      answer += Array("},\(GuestRowsTests.good)]".utf8)
      let listing = try GuestRows.listing(answer, .rest)
      #expect(listing.complete)
      #expect(listing.rows.last == GuestRowsTests.goodProcess)
      var expected: [GuestText] = ["n", "o", "c"]
      expected[place] = GuestText(says, doubtful: doubtful)
      let row = try #require(listing.rows.first)
      #expect([row.name, row.owner, row.command] == expected)
    }
  }

  /// A text that is not one: nothing is known, and whoever could be protected is.
  @Test(arguments: ["null", "7", "true", "[]", #"{"a":["b",{}]}"#, "1e400"])
  func textOfAnotherType(value: String) throws {
    for row in [GuestRowsTests.row(name: value), GuestRowsTests.row(owner: value), GuestRowsTests.row(command: value)] {
      let listing = try GuestRowsTests.listing(row, GuestRowsTests.good)
      #expect(listing.complete && listing.rows.count == 2)
      let texts = [listing.rows[0].name, listing.rows[0].owner, listing.rows[0].command]
      #expect(texts.filter(\.doubtful) == [GuestText("", doubtful: true)])
    }
  }

  @Test func textsThatAreMissing() throws {
    let listing = try GuestRowsTests.listing(#"{"pid":7,"started":"2026-01-02T03:04:05Z"}"#, GuestRowsTests.good)
    #expect(listing.complete && listing.rows.count == 2)
    #expect(listing.rows[0].name.doubtful && listing.rows[0].owner.doubtful && listing.rows[0].command.doubtful)
  }

  /// Exactly the cap is believed, one byte more is not; a character is never cut in two.
  @Test func longTexts() throws {
    let cap = GuestText.cap
    let cases: [(String, String, Bool)] = [
      (String(repeating: "c", count: cap), String(repeating: "c", count: cap), false),
      (String(repeating: "c", count: cap + 1), String(repeating: "c", count: cap), true),
      (String(repeating: "c", count: cap - 1) + "é", String(repeating: "c", count: cap - 1), true),
      (String(repeating: "é", count: cap), String(repeating: "é", count: cap / 2), true),
      (String(repeating: "😀", count: cap / 4), String(repeating: "😀", count: cap / 4), false),
      (#"\n"# + String(repeating: "😀", count: cap / 4), "\n" + String(repeating: "😀", count: cap / 4 - 1), true),
      (String(repeating: #"\u00e9"#, count: cap / 2), String(repeating: "é", count: cap / 2), false),
      (String(repeating: #"\ud83d\ude00"#, count: 2 * cap), String(repeating: "😀", count: cap / 4), true),
    ]
    for (written, kept, doubtful) in cases {
      let listing = try GuestRowsTests.listing(GuestRowsTests.row(command: "\"\(written)\""), GuestRowsTests.good)
      #expect(listing.complete)
      #expect(listing.rows[0].command.value == kept && listing.rows[0].command.doubtful == doubtful)
    }
  }

  @Test func aTextThatIsThereTwice() throws {
    for more in [#","name":"second""#, #","n\u0061me":"second""#] {
      let listing = try GuestRowsTests.listing(GuestRowsTests.row(more: more), GuestRowsTests.good)
      #expect(listing.complete)
      #expect(listing.rows[0].name == GuestText("second", doubtful: true))
      #expect(!listing.rows[0].owner.doubtful)
    }
  }

  /// Nobody knows which process such a row is: the others are there, and nothing is proven absent.
  static let unreadable: [String] = [
    row(pid: "null"), row(pid: #""7""#), row(pid: "7.0"), row(pid: "7e0"), row(pid: "9223372036854775808"),
    row(pid: "1e999"), row(pid: "[7]"), row(more: #","pid":8"#), row(more: #","pid":7"#), row(more: #","p\u0069d":8"#),
    row(started: "null"), row(started: "1767323045"), row(started: #""""#), row(started: #""yesterday""#),
    row(started: #""2026-02-30T00:00:00Z""#), row(started: #""99999-01-01T00:00:00Z""#),
    row(started: "\"" + String(repeating: "2", count: 100_000) + "\""),
    row(more: #","started":"2026-01-02T03:04:06Z""#), row(more: #","finished":"soon""#), row(more: #","finished":7"#),
    row(more: #","finished":"2026-01-02T03:04:06Z","finished":null"#), #"{"name":"n","owner":"o","command":"c"}"#,
    "{}", "null", "7", #""row""#, "[]", "[[{}]]",
  ]

  @Test(arguments: unreadable) func aRowThatCannotBeKnown(row: String) throws {
    let good = GuestRowsTests.good.replacing("42", with: "43")
    let listing = try GuestRowsTests.listing(GuestRowsTests.good, row, good)
    #expect(listing.rows.map(\.pid) == [42, 43])
    #expect(!listing.complete)
    #expect(throws: Fault.self) { try GuestRowsTests.listing(row) }
  }

  @Test func whatVCenterMayAdd() throws {
    let more =
      #","_typeName":"GuestProcessInfo","new":{"deep":[[{"pid":1}],"name",null,1.5e-3]},"exit_code":1e400,"finished":null"#
    let listing = try GuestRowsTests.listing(GuestRowsTests.row(more: more), GuestRowsTests.good)
    #expect(listing.complete && listing.rows[0].name == "n" && listing.rows[0].finished == nil)
  }

  @Test func aPIDThatIsThereTwiceProvesNothing() throws {
    let listing = try GuestRowsTests.listing(GuestRowsTests.good, GuestRowsTests.good)
    #expect(listing.rows.count == 2 && !listing.complete)
  }

  @Test func upTo20000Rows() throws {
    let rows = (1...Listing.rowCap + 1).map { GuestRowsTests.row(pid: "\($0)") }
    let most = try GuestRows.listing(Array("[\(rows.dropLast().joined(separator: ","))]".utf8), .rest)
    #expect(most.complete && most.rows.count == Listing.rowCap)
    let more = try GuestRows.listing(Array("[\(rows.joined(separator: ","))]".utf8), .rest)
    #expect(!more.complete && more.rows.count == Listing.rowCap)
  }

  @Test(arguments: ["null", " null ", "[]", "[ ]"]) func none(answer: String) throws {
    for dialect in [GuestRows.Dialect.rest, .vi] {
      let listing = try GuestRows.listing(Array(answer.utf8), dialect)
      #expect(listing.rows.isEmpty && !listing.complete)
    }
  }

  static let broken = [
    "", " ", "nul", "nulll", "{}", #"{"value":[]}"#, "7", #""[]""#, "true", "[\(good)", "[\(good),",
    "[\(good),]", "[\(good)]]", "[\(good)]x", "[\(good)\(good)]", "\(good)",
    #"{"_typeName":"ArrayOfGuestProcessInfo","_value":[\#(good)]}"#,
    "[\(row(pid: "07"))]", "[\(row(pid: "-"))]", "[\(row(name: #""a\x""#))]", "[\(row(name: #""\ud8""#))]",
    "[\(row(more: ",}"))]", "[\(row(more: #","a""#))]", "<html>no</html>", "\u{FEFF}[\(good)]",
    "[\(row(more: #","a":"# + String(repeating: "[", count: 1_000_000)))]",
  ]

  @Test(arguments: broken) func whatIsNoListing(answer: String) {
    let fault = #expect(throws: Fault.self) { try GuestRows.listing(Array(answer.utf8), .rest) }
    #expect(fault?.kind == .badAnswer)
  }

  @Test func everyCutAnswerIsNone() {
    let whole = Array("[\(GuestRowsTests.row(name: #""\u00e9\ud83d\ude00""#)),\(GuestRowsTests.good)]".utf8)
    for count in 0..<whole.count {
      #expect(throws: Fault.self) { try GuestRows.listing(Array(whole.prefix(count)), .rest) }
    }
  }

  static let looks: [(String, Look?)] = [
    (#"{"name":"n","owner":"o","command":"c","started":"2026-01-02T03:04:05Z"}"#, .running(goodProcess)),
    (
      #"{"name":"n","owner":"o","command":"c","started":"2026-01-02T03:04:05Z","pid":99,"exit_code":null}"#,
      .running(goodProcess)
    ),
    (
      #"{"name":"\ud800","owner":"o","started":"2026-01-02T03:04:05Z"}"#,
      .running(
        Process(
          pid: 42, started: started, owner: "o", name: GuestText("\u{FFFD}", doubtful: true),
          command: GuestText("", doubtful: true)))
    ),
    (#"{"name":"n","owner":"o","command":"c"}"#, nil),
    (#"{"name":"n","owner":"o","command":"c","started":"2026-01-02T03:04:05Z","finished":"?"}"#, nil),
    (#"{"name":"n","owner":"o","command":"c","started":"2026-01-02T03:04:05Z"}]"#, nil), ("null", nil), ("[]", nil),
    ("", nil),
  ]

  @Test(arguments: looks) func look(answer: String, expected: Look?) throws {
    let bytes = Array(answer.utf8)
    if let expected {
      #expect(try GuestRows.look(bytes, pid: 42) == expected)
    } else {
      #expect(throws: Fault.self) { try GuestRows.look(bytes, pid: 42) }
    }
  }

  /// A megabyte of whatever costs most, in every place: anything that grows faster than the text would take hours.
  @Test func whatIsLongTakesTimeInProportion() {
    let count = 1_000_000
    let fillers = ["\\u00e9", "\\ud800", "\u{E9}", "c", "\\\\"].map {
      "\"" + String(repeating: $0, count: count / $0.utf8.count) + "\""
    }
    for filler in fillers {
      #expect(throws: Never.self) { try GuestRowsTests.listing(GuestRowsTests.row(command: filler)) }
      #expect(throws: Never.self) { try GuestRowsTests.listing(GuestRowsTests.row(more: ",\(filler):1")) }
      #expect(throws: Never.self) { try GuestRowsTests.listing(GuestRowsTests.row(more: ",\"a\":\(filler)")) }
      #expect(throws: Fault.self) { try GuestRowsTests.listing(GuestRowsTests.row(started: filler)) }
    }
    for filler in [#""name":"a","#, #""a":1,"#, #""a":[{}],"#] {
      let members = String(repeating: filler, count: count / filler.utf8.count)
      #expect(throws: Never.self) { try GuestRowsTests.listing("{\(members)" + GuestRowsTests.good.dropFirst()) }
    }
    for filler in ["1", "[]", "{}", "\"\"", " "] {
      let values = Array(repeating: filler, count: count / (filler.utf8.count + 1))
      #expect(throws: Fault.self) { try GuestRowsTests.listing(values.joined(separator: ",")) }
      #expect(throws: Fault.self) { try GuestRowsTests.listing(GuestRowsTests.row(pid: values.joined())) }
    }
  }
}
