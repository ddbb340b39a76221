import GuestWatchCore
import Testing

@testable import RuleFiles

@Suite struct QuietTimeTests {
  private static let good: [(String, QuietTime)] = [
    ("mon", QuietTime(days: .monday)),
    ("sat,sun", QuietTime(days: [.saturday, .sunday])),
    ("sun,sat", QuietTime(days: [.saturday, .sunday])),
    ("mon-fri", QuietTime(days: [.monday, .tuesday, .wednesday, .thursday, .friday])),
    ("sat-mon", QuietTime(days: [.saturday, .sunday, .monday])),
    ("tue-mon", QuietTime(days: .all)),
    ("mon,wed-fri,sun", QuietTime(days: [.monday, .wednesday, .thursday, .friday, .sunday])),
    ("22:00-06:00", QuietTime(from: 1320, until: 1800)),
    ("06:00-22:00", QuietTime(from: 360, until: 1320)),
    ("00:00-24:00", QuietTime(from: 0, until: 1440)),
    ("22:00-24:00", QuietTime(from: 1320, until: 1440)),
    ("22:00-00:00", QuietTime(from: 1320, until: 1440)),
    ("00:01-00:00", QuietTime(from: 1, until: 1440)),
    ("23:59-23:58", QuietTime(from: 1439, until: 2878)),
    ("mon-fri 22:00-06:00", QuietTime(days: Weekdays.all.subtracting([.saturday, .sunday]), from: 1320, until: 1800)),
    (" sun   00:30-01:45 ", QuietTime(days: .sunday, from: 30, until: 105)),
  ]

  @Test(arguments: good) func reads(_ text: String, _ expected: QuietTime) throws {
    #expect(try quietTime(text) == expected)
  }

  private func load(_ notDuring: String, action: String = "terminate", zone: String = "UTC") throws -> (
    LoadResult, [String]
  ) {
    let folder = try ConfigurationFolder()
    try folder.write("main.toml", accounts + "[daemon]\ntime_zone = \"\(zone)\"\n")
    try folder.write("secret", "hunter2\n", mode: 0o400)
    try folder.write("rules.d/a.toml", rule("not_during = \(notDuring)", "action = \"\(action)\""))
    let result = folder.load()
    return (result, folder.lines(result))
  }

  @Test func ofARule() throws {
    // The example of the design: Saturday is named and Friday's night reaches into it.
    let (result, lines) = try load(#"["sat,sun", "mon-fri 22:00-06:00"]"#)
    #expect(lines == [])
    let configuration = try #require(result.loaded).configuration
    #expect(
      configuration.rules.map(\.notDuring) == [
        [
          QuietTime(days: [.saturday, .sunday]),
          QuietTime(days: Weekdays.all.subtracting([.saturday, .sunday]), from: 1320, until: 1800),
        ]
      ])
    #expect(configuration.timeZone == .utc)
  }

  @Test func emptyCountsAsAbsent() throws {
    let (result, lines) = try load("[]", zone: "Mars/Olympus")
    #expect(lines == [])
    #expect(try #require(result.loaded).configuration.rules.map(\.notDuring) == [[]])
  }

  @Test func theWholeWeek() throws {
    let why =
      "rules.d/a.toml:7:14: warning: 'not_during' covers the whole week, so that this rule never kills; write "
      + "action = \"report\" if that is meant"
    for week in [
      #"["mon-sun"]"#, #"["00:00-24:00"]"#, #"["06:00-22:00", "22:00-06:00"]"#, #"["12:00-11:59", "11:59-12:00"]"#,
    ] {
      #expect(try load(week).1 == [why])
      #expect(try load(week, action: "report").1 == [])
    }
    #expect(try load(#"["00:00-23:59"]"#).1 == [])
    #expect(try load(#"["mon-sat", "sun 00:00-23:59"]"#).1 == [])
  }

  @Test func entriesThatAddNothing() throws {
    func twice(_ column: Int) -> String {
      "rules.d/a.toml:7:\(column): warning: this entry of 'not_during' adds nothing, the others cover it; remove it or "
        + "correct it"
    }
    // Of two equal ones the later.
    #expect(try load(#"["sat", "sat"]"#).1 == [twice(22)])
    #expect(try load(#"["sat", "fri-sun"]"#).1 == [twice(15)])
    #expect(try load(#"["sun 01:00-05:00", "sat 22:00-06:00"]"#).1 == [twice(15)])
    #expect(try load(#"["sat", "sun", "sat 12:00-12:00"]"#).1.count == 1)
    // Covered by several together.
    #expect(try load(#"["08:00-12:00", "10:00-14:00", "12:00-16:00"]"#).1 == [twice(30)])
    // An overlap that adds something is fine.
    #expect(try load(#"["08:00-12:00", "10:00-14:00"]"#).1 == [])
    #expect(try load(#"["sun 23:00-01:00", "mon"]"#).1 == [])
  }
}
