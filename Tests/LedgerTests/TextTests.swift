import GuestWatchCore
import Testing

@testable import Ledger

/// Times, durations and text as people read them.
@Suite struct TextTests {
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
      (4_107_542_399, "2100-02-28T23:59:59Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
      (-62_167_219_200, "0000-01-01T00:00:00Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
    ] as [(Int64, String)]
  ) func calendar(_ seconds: Int64, _ text: String) {
    #expect(rfc3339(unixSeconds: seconds) == text)
    #expect(
      historySince(text, now: 0) == seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue
        || seconds.multipliedReportingOverflow(by: 1_000_000_000).overflow)
  }

  @Test(arguments: [-62_167_219_201, 253_402_300_800, .min, .max] as [Int64]) func noSuchYear(_ seconds: Int64) {
    #expect(rfc3339(unixSeconds: seconds) == nil)
  }

  @Test func everyDayOfEightHundredYears() {
    // Counted up day by day, against the rule for leap years.
    var (year, month, day): (Int64, Int64, Int64) = (1600, 1, 1)
    var seconds: Int64 = -11_676_096_000
    while year < 2400 {
      let moment = CalendarTime(unixSeconds: seconds)
      guard moment.year == year, moment.month == month, moment.day == day else {
        Issue.record("\(seconds) is not \(year)-\(month)-\(day) but \(moment.date)")
        return
      }
      let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      let days: Int64 = month == 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
      (year, month, day) =
        day < days ? (year, month, day + 1) : month < 12 ? (year, month + 1, 1) : (year + 1, 1, 1)
      seconds += 86_400
    }
  }

  @Test(
    arguments: [
      ("2h30m", evening - 9_000_000_000_000), ("1s", evening - 1_000_000_000),
      ("3650d", evening - 315_360_000_000_000_000), ("2026-11-21T21:00:00Z", evening), ("2026-11-21T21:00", evening),
      ("2026-11-21 21:00:00", evening), ("2026-11-21T22:00+01:00", evening), ("2026-11-21T20:30:00-00:30", evening),
      ("2026-11-21T21:00:00.999Z", evening), ("2026-11-21", evening - 75_600_000_000_000),
    ] as [(String, Int64)]
  ) func since(_ text: String, _ moment: Int64) {
    #expect(historySince(text, now: evening) == moment)
  }

  @Test(
    arguments: [
      "", "0s", "3651d", "30m2h", "2h2h", "2", "h", "-2h", "2 h", "99999999999d", "2026-02-30", "2026-13-01",
      "2026-1-1",
      "2026-11-21T", "2026-11-21T24:00", "2026-11-21T21:00:00.", "2026-11-21T21:00+1", "2026-11-21T21:00ZZ", "now",
    ]
  ) func notSince(_ text: String) {
    #expect(historySince(text, now: evening) == nil)
  }

  @Test(
    arguments: [
      (.seconds(0), "0s"), (.milliseconds(999), "0s"), (.seconds(59), "59s"), (.seconds(3600), "1h"),
      (.seconds(7503), "2h5m"), (.seconds(86_400 * 3 + 59), "3d59s"), (.seconds(-60), "-1m"),
      (.seconds(Int64.min), "-106751991167300d15h"),
    ] as [(Duration, String)]
  ) func durations(_ duration: Duration, _ text: String) {
    #expect(brief(duration) == text)
  }

  @Test(
    arguments: [
      ("db", "db   "), ("db-07", "db-07"), ("db-007", "db-0~"), ("a\nb", "a~   "), ("\u{1b}[2J", "~    "),
      ("界界界", "界界~"), ("界界x", "界界x"), ("界界", "界界 "), ("x界界", "x界界"), ("x界界y", "x界~ "), ("", "     "),
      ("e\u{301}\u{301}\u{301}\u{301}\u{301}", "e\u{301}\u{301}\u{301}    "), ("a\u{a0}", "a~   "),
    ]
  ) func cells(_ text: String, _ cell: String) {
    #expect(Array(terminalCell(text, width: 5).unicodeScalars) == Array(cell.unicodeScalars))
  }

  @Test func longerCells() {
    #expect(terminalCell("a\u{202e}b", width: 12) == "a\\u{202e}b  ")
    #expect(terminalCell("42", width: 5, alignedRight: true) == "   42")
  }

  @Test(
    arguments: [
      ("", "\"\""), ("a\"\\/", #""a\"\\/""#), ("\n\r\t\u{0}\u{7f}\u{85}", #""\n\r\t\u0000\u007f\u0085""#),
      ("\u{2028}\u{2066}\u{200b}\u{feff}", #""\u2028\u2066\u200b\ufeff""#), ("é界😀", "\"é界😀\""),
      ("\u{e0001}", #""\udb40\udc01""#),
    ]
  ) func jsonStrings(_ text: String, _ quoted: String) {
    #expect(jsonString(text) == quoted)
  }

  @Test func reasons() {
    let old = Reason.tooOld(limit: .seconds(7200), proven: .seconds(93_600), claimed: .seconds(93_600))
    #expect(old.sentence == "its age 1d2h is over max_age 2h")
    #expect(old.cell(width: 9) == "1d2h>2h")
    #expect(old.cell(width: 6) == "1d>2h")
    #expect(Reason.tooMany(limit: 2, count: 5, place: 4).cell(width: 9) == "5>2")
    #expect(Reason.forbidden.cell(width: 9) == "forbidden")
  }

  static let lists: [[Anchor]] = [
    [], [Anchor(pid: 1, started: 2)],
    [Anchor(pid: .max, started: .min), Anchor(pid: -4, started: 0), Anchor(pid: 0, started: 1)],
  ]

  @Test(arguments: lists) func anchors(_ anchors: [Anchor]) {
    #expect(AnchorText.decode(AnchorText.encode(anchors)) == anchors)
  }

  @Test(arguments: [
    "", "[", "]", "[]]", "[[]", "[[]]", "[[1]]", "[[1,2,3]]", "[[1,2],]", "[[1,2][3,4]]", "[[1, 2]]", "null",
  ])
  func notAnchors(_ text: String) {
    #expect(AnchorText.decode(text) == nil)
  }
}
