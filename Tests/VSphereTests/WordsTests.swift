import GuestWatchCore
import Testing

@testable import VSphere

@Suite struct WordsTests {
  static let times: [(String, Int64?)] = [
    ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59Z", -1), ("2000-02-29T12:00:00.000Z", 951_825_600),
    ("2026-01-02T03:04:05.999999999Z", 1_767_323_045), ("2026-01-02T03:04:05+14:00", 1_767_272_645),
    ("2026-01-02T03:04:05-00:30", 1_767_324_845), ("2016-12-31T23:59:60Z", 1_483_228_799),
    ("2100-02-28T00:00:00Z", 4_107_456_000), ("9999-12-31T23:59:59Z", 253_402_300_799),
    ("0001-01-01T00:00:00Z", -62_135_596_800), ("2026-02-29T00:00:00Z", nil), ("2100-02-29T00:00:00Z", nil),
    ("2026-13-01T00:00:00Z", nil), ("2026-01-01T24:00:00Z", nil), ("2026-01-01T00:00:00", nil),
    ("2026-01-01T00:00:00.Z", nil), ("2026-01-01T00:00:00.1234567890Z", nil), ("2026-01-01T00:00:00Zx", nil),
    ("2026-1-01T00:00:00Z", nil), ("", nil), ("2026-01-01", nil),
  ]

  @Test(arguments: times) func rfc3339(text: String, seconds: Int64?) {
    #expect(secondsSince1970(rfc3339: text) == seconds)
  }

  @Test func httpDates() {
    #expect(secondsSince1970(httpDate: "Thu, 01 Jan 1970 00:00:00 GMT") == 0)
    #expect(secondsSince1970(httpDate: "Fri, 02 Jan 2026 03:04:05 GMT") == 1_767_323_045)
    #expect(secondsSince1970(httpDate: "Sunday, 06-Nov-94 08:49:37 GMT") == nil)
    #expect(secondsSince1970(httpDate: "Sun, 06 Nov 1994 08:49:37 +0000") == nil)
  }

  static let wrong = [
    "", " ", "{", "[1,]", "{\"a\":}", "{a:1}", "[1 2]", "\"", "\"\\x\"", "\"\\u12\"", "01", "-", "1.", "1e", "tru",
    "nulll", "[]x", "{\"a\":1,}", "\u{FEFF}[]", String(repeating: "[", count: 100_000),
  ]

  @Test(arguments: wrong) func notJSON(text: String) {
    #expect(throws: NotJSON.self) { try JSONReader.read(Array(text.utf8)) }
  }

  @Test func json() throws {
    let text =
      #" { "a" : [ 1 , -9223372036854775808, 9223372036854775808, 1.5e3, true, null ],"#
      + #" "b":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00" } "#
    let value = try JSONReader.read(Array(text.utf8))
    #expect(value["a"].array?.map(\.int) == [1, .min, nil, nil, nil, nil])
    #expect(value["b"].string == "\"\\/\u{8}\u{C}\n\r\té😀")
    #expect(value["c"].isNull)
  }

  /// vCenter's own answers are read whole; short values must not cost many times what they take on the wire.
  @Test func tooManyValuesAreRefused() throws {
    let most = "[" + Array(repeating: "1", count: JSONReader.valueCap - 1).joined(separator: ",") + "]"
    #expect(try JSONReader.read(Array(most.utf8)).array?.count == JSONReader.valueCap - 1)
    #expect(throws: NotJSON.self) { try JSONReader.read(Array("[\(most)]".utf8)) }
  }

  @Test(arguments: [JSONCursor.depthCap, JSONCursor.depthCap + 1, 1_000_000]) func depthIsLimited(levels: Int) throws {
    let text = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    var cursor = JSONCursor(Array(text.utf8))
    if levels <= JSONCursor.depthCap {
      _ = try JSONReader.read(Array(text.utf8))
      try cursor.skip()
      try cursor.end()
    } else {
      #expect(throws: NotJSON(offset: JSONCursor.depthCap)) { try JSONReader.read(Array(text.utf8)) }
      #expect(throws: NotJSON(offset: JSONCursor.depthCap)) { try cursor.skip() }
    }
  }

  @Test func writtenJSONReadsBackTheSame() throws {
    let text = "a\"b\\c/\n\r\t\u{0}\u{1F}\u{7F}é😀\u{2028}"
    let written = JSONOut.object([(text, .array([.string(text), .integer(.min), .bool(true)]))])
    let value = try JSONReader.read(written.bytes)
    #expect(value[text].array?[0].string == text)
    #expect(value[text].array?[1].int == .min)
    #expect(value[text].array?[2].bool == true)
  }

  @Test func base64Vectors() {
    for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
      #expect(base64(plain) == coded)
    }
  }

  @Test func percentEncoding() {
    #expect(percentEncoded("vm-42") == "vm-42")
    #expect(percentEncoded("urn:vmomi:Tag/é?&=%") == "urn%3Avmomi%3ATag%2F%C3%A9%3F%26%3D%25")
    #expect(percentEncoded("..") == "%2E%2E")
  }
}
