import GuestWatchCore

/// The text at the end of a time zone file: the rule for all time after its last transition (POSIX `TZ`, with the hours
/// of -167 to 167 that RFC 9636, section 3.3.1, adds).
struct PosixZone: Hashable {
  /// On which day of a year and at which second of it the clocks change.
  struct Change: Hashable {
    enum Day: Hashable {
      /// `Jn`: 1...365, 29 February is never counted.
      case withoutLeapDay(Int)
      /// `n`: 0...365.
      case counted(Int)
      /// `Mm.w.d`: weekday 0 (Sunday) to 6 in week 1 to 5 (5: the last) of a month.
      case weekday(month: Int, week: Int, day: Int)
    }
    var day: Day
    /// Seconds after midnight of local time; may lie in another day.
    var second: Int64
  }

  /// Seconds that standard time is ahead of UTC.
  var standard: Int64
  var daylight: (offset: Int64, begins: Change, ends: Change)?

  static func == (a: PosixZone, b: PosixZone) -> Bool {
    a.standard == b.standard && a.daylight?.offset == b.daylight?.offset && a.daylight?.begins == b.daylight?.begins
      && a.daylight?.ends == b.daylight?.ends
  }

  func hash(into hasher: inout Hasher) { hasher.combine(standard) }

  /// Wall time in nanoseconds ends in 2262: what is expanded to there needs no rule any more.
  static let years = 1970...2262

  /// Every change of the clocks of these years.
  var transitions: [TimeZoneRules.Transition] {
    guard let daylight else { return [] }
    // Of two at one instant the later in the list counts: a year that ends in summer time goes on in it.
    return PosixZone.years.flatMap { year in
      [
        TimeZoneRules.Transition(at: daylight.ends.local(year) - daylight.offset, offset: standard),
        TimeZoneRules.Transition(at: daylight.begins.local(year) - standard, offset: daylight.offset),
      ]
    }
  }
}

extension PosixZone.Change {
  /// Seconds from 1970 to the change as local clocks count them.
  fileprivate func local(_ year: Int) -> Int64 {
    let newYear = daysSince1970(year: year, month: 1, day: 1)
    let isLeap = daysSince1970(year: year + 1, month: 1, day: 1) - newYear == 366
    let days: Int64 =
      switch day {
      case .withoutLeapDay(let number): newYear + Int64(number) - (isLeap && number >= 60 ? 0 : 1)
      case .counted(let number): newYear + Int64(number)
      case .weekday(let month, let week, let weekday): day(weekday, week: week, month: month, year: year)
      }
    return days * 86_400 + second
  }

  private func day(_ weekday: Int, week: Int, month: Int, year: Int) -> Int64 {
    let first = daysSince1970(year: year, month: month, day: 1)
    let next =
      month == 12
      ? daysSince1970(year: year + 1, month: 1, day: 1)
      : daysSince1970(year: year, month: month + 1, day: 1)
    // 1 January 1970 was a Thursday, 4 where Sunday is 0. All years are from 1970 on.
    let firstWeekday = (first + 4) % 7
    let day = first + (Int64(weekday) - firstWeekday + 7) % 7 + Int64(week - 1) * 7
    return day < next ? day : day - 7
  }
}

extension PosixZone {
  /// Reads the whole text; nil where it is not such a rule.
  init?(_ text: some Sequence<UInt8>) {
    var rest = PosixText(bytes: Array(text))
    guard rest.name(), let west = rest.time(hours: 24) else { return nil }
    standard = -west
    daylight = nil
    if rest.isAtEnd { return }
    guard rest.name() else { return nil }
    var offset = standard + 3600
    if !rest.isNext(",") {
      guard let west = rest.time(hours: 24) else { return nil }
      offset = -west
    }
    guard rest.take(","), let begins = rest.change(), rest.take(","), let ends = rest.change(), rest.isAtEnd else {
      return nil
    }
    daylight = (offset, begins, ends)
  }
}

/// What is left to read of such a text.
private struct PosixText {
  let bytes: [UInt8]
  var at = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { at == bytes.count }

  func isNext(_ letter: Unicode.Scalar) -> Bool { at < bytes.count && bytes[at] == UInt8(ascii: letter) }

  mutating func take(_ letter: Unicode.Scalar) -> Bool {
    guard isNext(letter) else { return false }
    at += 1
    return true
  }

  /// `CET`, or `<+0530>`: at least three characters.
  mutating func name() -> Bool {
    let isQuoted = take("<")
    let start = at
    while at < bytes.count {
      let isLetter = isAlphanumeric(bytes[at]) && !(48...57).contains(bytes[at])
      guard isLetter || (isQuoted && (isAlphanumeric(bytes[at]) || isNext("+") || isNext("-"))) else { break }
      at += 1
    }
    return at - start >= 3 && (!isQuoted || take(">"))
  }

  mutating func number(_ range: ClosedRange<Int>) -> Int? {
    let start = at
    var value = 0
    while at < bytes.count, (48...57).contains(bytes[at]), at - start < 4 {
      value = value * 10 + Int(bytes[at]) - 48
      at += 1
    }
    return at > start && range.contains(value) ? value : nil
  }

  /// `[+-]hh[:mm[:ss]]` in seconds.
  mutating func time(hours: Int) -> Int64? {
    let isNegative = take("-")
    if !isNegative { _ = take("+") }
    guard let hour = number(0...hours) else { return nil }
    var seconds = hour * 3600
    if take(":") {
      guard let minute = number(0...59) else { return nil }
      seconds += minute * 60
      if take(":") {
        guard let second = number(0...59) else { return nil }
        seconds += second
      }
    }
    return Int64(isNegative ? -seconds : seconds)
  }

  /// `M3.5.0/2`, `J60/-1:30`, `59`.
  mutating func change() -> PosixZone.Change? {
    let day: PosixZone.Change.Day
    if take("M") {
      guard let month = number(1...12), take("."), let week = number(1...5), take("."), let weekday = number(0...6)
      else { return nil }
      day = .weekday(month: month, week: week, day: weekday)
    } else if take("J") {
      guard let number = number(1...365) else { return nil }
      day = .withoutLeapDay(number)
    } else {
      guard let number = number(0...365) else { return nil }
      day = .counted(number)
    }
    guard take("/") else { return PosixZone.Change(day: day, second: 7200) }
    return time(hours: 167).map { PosixZone.Change(day: day, second: $0) }
  }
}
