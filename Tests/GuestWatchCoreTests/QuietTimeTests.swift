import Testing

@testable import GuestWatchCore

/// Seconds since 1970 of a time in UTC, counted day by day.
private func utc(_ year: Int, _ month: Int, _ day: Int, _ hour: Int = 0, _ minute: Int = 0, _ second: Int = 0) -> Int64
{
  func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
  var days = day - 1
  for year in 1970..<year { days += isLeap(year) ? 366 : 365 }
  for month in 1..<month { days += [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] }
  return Int64(days * 86_400 + hour * 3600 + minute * 60 + second)
}

/// The rules of 2026, as far as a test needs them.
private let berlin = TimeZoneRules(
  name: "Europe/Berlin", first: 3600,
  transitions: [.init(at: utc(2026, 3, 29, 1), offset: 7200), .init(at: utc(2026, 10, 25, 1), offset: 3600)])
private let newYork = TimeZoneRules(
  name: "America/New_York", first: -18_000,
  transitions: [.init(at: utc(2026, 3, 8, 7), offset: -14_400), .init(at: utc(2026, 11, 1, 6), offset: -18_000)])
private let lordHowe = TimeZoneRules(
  name: "Australia/Lord_Howe", first: 39_600,
  transitions: [.init(at: utc(2026, 4, 4, 15), offset: 37_800), .init(at: utc(2026, 10, 3, 15, 30), offset: 39_600)])
private let kolkata = TimeZoneRules(name: "Asia/Kolkata", first: 19_800)

private func minutes(_ hour: Int, _ minute: Int = 0) -> Int { hour * 60 + minute }

/// 22:00-06:00 on the night that begins on Saturday.
private let saturdayNight = QuietTime(days: .saturday, from: minutes(22), until: minutes(30))

@Suite("Quiet times")
struct QuietTimeTests {
  /// Where a quiet time begins and ends, found by asking every 30 s.
  private func edges(_ quiet: QuietTime, _ zone: TimeZoneRules, from: Int64, to: Int64) -> [Int64] {
    var edges: [Int64] = []
    var was = quiet.contains(wall: from * 1_000_000_000, zone: zone)
    for second in stride(from: from + 30, through: to, by: 30) {
      let isIn = quiet.contains(wall: second * 1_000_000_000, zone: zone)
      if isIn != was { edges.append(second) }
      was = isIn
    }
    return edges
  }

  @Test("The night on which the clocks go forward is an hour shorter, the other an hour longer (Berlin)")
  func berlinNights() {
    #expect(
      edges(saturdayNight, berlin, from: utc(2026, 3, 28, 12), to: utc(2026, 3, 29, 12))
        == [utc(2026, 3, 28, 21), utc(2026, 3, 29, 4)])
    #expect(
      edges(saturdayNight, berlin, from: utc(2026, 10, 24, 12), to: utc(2026, 10, 25, 12))
        == [utc(2026, 10, 24, 20), utc(2026, 10, 25, 5)])
  }

  @Test("The same in New York")
  func newYorkNights() {
    #expect(
      edges(saturdayNight, newYork, from: utc(2026, 3, 7, 12), to: utc(2026, 3, 8, 16))
        == [utc(2026, 3, 8, 3), utc(2026, 3, 8, 10)])
    #expect(
      edges(saturdayNight, newYork, from: utc(2026, 10, 31, 12), to: utc(2026, 11, 1, 16))
        == [utc(2026, 11, 1, 2), utc(2026, 11, 1, 11)])
  }

  @Test("An hour that is left out is never; an hour that comes twice is quiet twice")
  func theHourItself() {
    let hour = QuietTime(days: .sunday, from: minutes(2), until: minutes(3))
    #expect(edges(hour, berlin, from: utc(2026, 3, 28, 12), to: utc(2026, 3, 29, 12)).isEmpty)
    #expect(
      edges(hour, berlin, from: utc(2026, 10, 24, 12), to: utc(2026, 10, 25, 12))
        == [utc(2026, 10, 25, 0), utc(2026, 10, 25, 2)])
    // Half of it comes twice with a gap between: 02:00-02:30, then 02:30-03:00 is not quiet, then again.
    let half = QuietTime(days: .sunday, from: minutes(2), until: minutes(2, 30))
    #expect(
      edges(half, berlin, from: utc(2026, 10, 24, 12), to: utc(2026, 10, 25, 12))
        == [utc(2026, 10, 25, 0), utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1), utc(2026, 10, 25, 1, 30)])
    let newYorkHour = QuietTime(days: .sunday, from: minutes(1), until: minutes(2))
    #expect(
      edges(newYorkHour, newYork, from: utc(2026, 10, 31, 12), to: utc(2026, 11, 1, 16))
        == [utc(2026, 11, 1, 5), utc(2026, 11, 1, 7)])
  }

  @Test("Clocks that move by half an hour (Lord Howe)")
  func halfAnHour() {
    let early = QuietTime(days: .sunday, from: minutes(1, 30), until: minutes(2, 15))
    // 01:30-02:00 comes twice on 5 April; on 4 October 02:00-02:30 is left out.
    #expect(
      edges(early, lordHowe, from: utc(2026, 4, 4, 6), to: utc(2026, 4, 5, 6))
        == [utc(2026, 4, 4, 14, 30), utc(2026, 4, 4, 15, 45)])
    #expect(
      edges(early, lordHowe, from: utc(2026, 10, 3, 6), to: utc(2026, 10, 4, 6))
        == [utc(2026, 10, 3, 15), utc(2026, 10, 3, 15, 30)])
  }

  @Test("A zone of half hours, and one without changes")
  func odd() {
    let office = QuietTime(days: .monday, from: minutes(9), until: minutes(17))
    // 2 March 2026 is a Monday.
    #expect(
      edges(office, kolkata, from: utc(2026, 3, 1), to: utc(2026, 3, 4))
        == [utc(2026, 3, 2, 3, 30), utc(2026, 3, 2, 11, 30)])
    #expect(
      edges(office, .utc, from: utc(2026, 3, 1), to: utc(2026, 3, 4)) == [utc(2026, 3, 2, 9), utc(2026, 3, 2, 17)])
  }

  @Test("The end is excluded to the nanosecond, the beginning is not")
  func ends() {
    let hour = QuietTime(from: minutes(9), until: minutes(10))
    let nine = utc(2026, 3, 2, 9) * 1_000_000_000
    #expect(!hour.contains(wall: nine - 1, zone: .utc))
    #expect(hour.contains(wall: nine, zone: .utc))
    #expect(hour.contains(wall: nine + 3_600_000_000_000 - 1, zone: .utc))
    #expect(!hour.contains(wall: nine + 3_600_000_000_000, zone: .utc))
  }

  @Test("Past midnight belongs to its first day; Sunday's night reaches into Monday")
  func pastMidnight() {
    let night = QuietTime(days: [.friday, .sunday], from: minutes(22), until: minutes(30))
    // 6 March 2026 is a Friday.
    #expect(
      edges(night, .utc, from: utc(2026, 3, 4), to: utc(2026, 3, 11))
        == [utc(2026, 3, 6, 22), utc(2026, 3, 7, 6), utc(2026, 3, 8, 22), utc(2026, 3, 9, 6)])
    // A whole day from noon on.
    let shifted = QuietTime(days: .wednesday, from: minutes(12), until: minutes(36))
    #expect(
      edges(shifted, .utc, from: utc(2026, 3, 2), to: utc(2026, 3, 8)) == [utc(2026, 3, 4, 12), utc(2026, 3, 5, 12)])
  }

  @Test("Whole days, over the end of the week")
  func wholeDays() {
    let days = QuietTime(days: [.saturday, .sunday, .monday])
    #expect(edges(days, .utc, from: utc(2026, 3, 5), to: utc(2026, 3, 12)) == [utc(2026, 3, 7), utc(2026, 3, 10)])
  }

  @Test("Years without a leap day, before 1970, and the ends of wall time")
  func farAway() {
    // 1 March 2100 is a Monday: 2100 has no 29 February. 31 December 1969 was a Wednesday.
    let monday = QuietTime(days: .monday)
    #expect(!monday.contains(wall: utc(2100, 2, 28, 23, 59) * 1_000_000_000, zone: .utc))
    #expect(monday.contains(wall: utc(2100, 3, 1) * 1_000_000_000, zone: .utc))
    let wednesday = QuietTime(days: .wednesday)
    #expect(wednesday.contains(wall: -1, zone: .utc))
    #expect(!wednesday.contains(wall: 0, zone: .utc))
    #expect(!wednesday.contains(wall: -86_400_000_000_001, zone: .utc))
    for wall in [Int64.min, Int64.max] {
      #expect(QuietTime().contains(wall: wall, zone: berlin))
      #expect([QuietTime()].end(wall: wall, zone: berlin) == nil)
    }
  }

  @Test("The end of quiet is the first instant outside all of them")
  func endOfQuiet() {
    let weekend = [
      QuietTime(days: [.saturday, .sunday]), QuietTime(days: .sunday, from: minutes(22), until: minutes(30)),
    ]
    #expect(weekend.end(wall: utc(2026, 3, 7, 10, 5) * 1_000_000_000 + 1, zone: .utc) == utc(2026, 3, 9, 6))
    // Over a night on which the clocks change.
    #expect(weekend.end(wall: utc(2026, 3, 28, 10) * 1_000_000_000, zone: berlin) == utc(2026, 3, 30, 4))
    #expect(weekend.end(wall: utc(2026, 10, 24, 10) * 1_000_000_000, zone: berlin) == utc(2026, 10, 26, 5))
    // Outside it is over already.
    #expect(weekend.end(wall: utc(2026, 3, 5, 10) * 1_000_000_000, zone: .utc) == utc(2026, 3, 5, 10))
    #expect([QuietTime]().end(wall: 0, zone: .utc) == 0)
    // The whole week never ends; a gap that the clocks leave out comes a week later.
    #expect([QuietTime(days: [.monday, .tuesday]), QuietTime()].end(wall: 0, zone: .utc) == nil)
    let gap = [
      QuietTime(days: Weekdays.all.subtracting(.sunday)), QuietTime(days: .sunday, until: minutes(2)),
      QuietTime(days: .sunday, from: minutes(3)),
    ]
    #expect(gap.end(wall: utc(2026, 3, 23) * 1_000_000_000, zone: berlin) == utc(2026, 4, 5, 0))
    // The first pass of an hour that comes twice ends it, though the second is quiet again.
    let half = [QuietTime(days: .sunday, from: minutes(2), until: minutes(2, 30))]
    #expect(half.end(wall: utc(2026, 10, 25, 0, 10) * 1_000_000_000, zone: berlin) == utc(2026, 10, 25, 0, 30))
  }

  @Test(
    "The end agrees with asking every minute, over the nights on which clocks change",
    arguments: [berlin, newYork, lordHowe])
  func endAgrees(zone: TimeZoneRules) {
    let quiet = [
      saturdayNight, QuietTime(days: .sunday, from: minutes(1, 45), until: minutes(2, 20)),
      QuietTime(days: [.monday, .sunday], from: minutes(6), until: minutes(24)),
    ]
    for transition in zone.transitions {
      var second = transition.at - 86_400
      while second < transition.at + 86_400 {
        let end = quiet.end(wall: second * 1_000_000_000, zone: zone)
        var asked = second
        while quiet.contains(wall: asked * 1_000_000_000, zone: zone) { asked += 60 }
        #expect(end == asked)
        second += 600
      }
    }
  }

  @Test("A table is sorted, its instants are unique, its offsets bounded")
  func table() {
    let zone = TimeZoneRules(
      name: "x", first: .max,
      transitions: [.init(at: 20, offset: 2), .init(at: 10, offset: .min), .init(at: 20, offset: 3)])
    #expect(zone.first == TimeZoneRules.greatestOffset)
    #expect(zone.transitions == [.init(at: 10, offset: -TimeZoneRules.greatestOffset), .init(at: 20, offset: 3)])
    #expect([9, 10, 19, 20, .max].map { zone.offset(at: $0) } == [93_599, -93_599, -93_599, 3, 3])
  }
}
