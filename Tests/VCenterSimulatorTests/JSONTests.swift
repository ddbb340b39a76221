import Testing

@testable import VCenterSimulator

@Suite struct JSONTests {
  @Test(arguments: [
    (#"{"a":[1,-2,0],"b":{"c":null},"d":true,"e":"x"}"#, #"{"a":[1,-2,0],"b":{"c":null},"d":true,"e":"x"}"#),
    (" [ ] ", "[]"), (#""\u00e9\ud83d\ude00\n\/""#, "\"é😀\\u000a/\""), ("9223372036854775807", "9223372036854775807"),
    ("1.5e1", "15.0"), (#""\u007f""#, #""\u007f""#),
  ])
  func readsAndWrites(text: String, written: String) throws {
    #expect(try JSON(parsing: Array(text.utf8)).text == written)
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "01", "1.", "+1", "nul", "'a'", "\"\n\"", "\"\\x\"",
    "\"\\ud800\"",
    "\"\\ud800\\u0041\"", "[] []", "{a:1}", "NaN", "1e999", "\"abc",
  ])
  func refuses(text: String) {
    #expect(throws: JSONError.self) { try JSON(parsing: Array(text.utf8)) }
  }

  @Test func refusesInvalidUTF8() {
    #expect(throws: JSONError.self) { try JSON(parsing: [UInt8(ascii: "\""), 0xC3, 0x28, UInt8(ascii: "\"")]) }
  }

  @Test func refusesWhatIsNestedTooDeep() {
    let deep = Array(String(repeating: "[", count: 100_000).utf8)
    #expect(throws: JSONError.self) { try JSON(parsing: deep) }
  }

  @Test func namesThePlaceOfAMistake() throws {
    let json = try JSON(parsing: Array(#"{"a":{"b":1,"c":2}}"#.utf8))
    var fields = try JSONFields(json)
    var inner = try fields.object("a")
    #expect(throws: ShapeError(path: "a.b", .wrongType(expected: "a string", found: "an integer"))) {
      try inner.string("b")
    }
    #expect(throws: ShapeError(path: "a.c", .unknown)) { try inner.close() }
    #expect(throws: ShapeError(path: "x", .missing)) { try fields.required("x") }
  }
}

@Suite struct WallTimeTests {
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
      (951_782_400_123_000_000, "2000-02-29T00:00:00.123Z", "Tue, 29 Feb 2000 00:00:00 GMT"),
      (1_795_297_019_999_999_999, "2026-11-21T21:36:59.999Z", "Sat, 21 Nov 2026 21:36:59 GMT"),
      (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000Z", "Mon, 01 Mar 2100 00:00:00 GMT"),
      (-1, "1969-12-31T23:59:59.999Z", "Wed, 31 Dec 1969 23:59:59 GMT"),
    ] as [(Int64, String, String)])
  func isWritten(nanoseconds: Int64, milliseconds: String, httpDate: String) {
    let time = WallTime(nanoseconds: nanoseconds)
    #expect(time.milliseconds == milliseconds)
    #expect(time.httpDate == httpDate)
  }
}
