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

  @Test func whatIsNotUnicodeIsRepairedAndMarked() throws {
    let cases: [([UInt8], String, Bool)] = [
      ([0x61, 0xFF, 0x62], "a\u{FFFD}b", true), (Array(#"\udc00x"#.utf8), "\u{FFFD}x", true),
      (Array(#"\ud83d\u0041"#.utf8), "\u{FFFD}A", true), (Array(#"\ud83d"#.utf8), "\u{FFFD}", true),
      ([0x0A, 0x00], "\n\u{0}", false), (Array("é".utf8), "é", false),
      (Array(#"\u0041"#.utf8) + [0xC3], "A\u{FFFD}", true),
    ]
    for (bytes, text, repaired) in cases {
      let value = try JSONReader.read([0x22] + bytes + [0x22])
      #expect(value.guestText == GuestText(text, doubtful: repaired))
    }
  }

  /// Whatever bytes come, the reader says no or gives a value, and does not fall over.
  @Test func brokenBytesNeverBreakTheReader() throws {
    let whole = Array(
      #"[{"name":"s\u00e9\ud83d\ude00","pid":42,"owner":"r","command":"a \"b\"","started":"2026-01-02T03:04:05.1Z"}]"#
        .utf8)
    var random = UInt64(42)
    func next(below bound: Int) -> Int {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(random >> 33) % bound
    }
    var accepted = 0
    for _ in 0..<5000 {
      var bytes = whole
      for _ in 0...next(below: 3) {
        switch next(below: 3) {
        case 0: bytes[next(below: bytes.count)] = UInt8(next(below: 256))
        case 1: bytes.remove(at: next(below: bytes.count))
        default: bytes.insert(UInt8(next(below: 256)), at: next(below: bytes.count))
        }
      }
      guard let json = try? JSONReader.read(bytes) else { continue }
      if let listing = try? GuestRows.restListing(json) {
        accepted += 1
        #expect(listing.rows.count <= 1)
      }
    }
    #expect((1..<5000).contains(accepted))
    for count in 0..<whole.count { #expect(throws: NotJSON.self) { try JSONReader.read(Array(whole.prefix(count))) } }
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
