/// A moment in UTC as people write it (RFC 3339, proleptic Gregorian calendar).
struct CalendarTime: Hashable {
  var year: Int64
  var month: Int64
  var day: Int64
  var hour: Int64
  var minute: Int64
  var second: Int64

  init(unixSeconds: Int64) {
    let days = unixSeconds.flooredQuotient(86_400)
    let time = unixSeconds - days * 86_400
    (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60)
    // Counted in years that begin on 1 March, so that the leap day is the last of its year, and in spans of 400 years
    // (146,097 days), after which the calendar repeats itself. 719,468 days lie between 0000-03-01 and 1970-01-01.
    let shifted = days + 719_468
    let span = shifted.flooredQuotient(146_097)
    let dayOfSpan = shifted - span * 146_097
    let yearOfSpan = (dayOfSpan - dayOfSpan / 1460 + dayOfSpan / 36_524 - dayOfSpan / 146_096) / 365
    let dayOfYear = dayOfSpan - (365 * yearOfSpan + yearOfSpan / 4 - yearOfSpan / 100)
    // Months from March have 31, 30, 31, 30, 31 days, twice and a bit: 153 days in five.
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfSpan + span * 400 + (month <= 2 ? 1 : 0)
  }

  /// Seconds since 1970 of a date and time; nil where there is no such day or time.
  static func unixSeconds(
    year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64
  ) -> Int64? {
    guard (0...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
      (0...59).contains(minute), (0...59).contains(second)
    else { return nil }
    let shiftedYear = month <= 2 ? year - 1 : year
    let span = shiftedYear.flooredQuotient(400)
    let yearOfSpan = shiftedYear - span * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfSpan = yearOfSpan * 365 + yearOfSpan / 4 - yearOfSpan / 100 + dayOfYear
    let seconds = (span * 146_097 + dayOfSpan - 719_468) * 86_400 + hour * 3600 + minute * 60 + second
    // 31 February would have become a day of March.
    let back = CalendarTime(unixSeconds: seconds)
    return back.month == month && back.day == day ? seconds : nil
  }

  /// `2026-11-21`
  var date: String { "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))" }
  /// `21:36`
  var hourAndMinute: String { "\(digits(hour, 2)):\(digits(minute, 2))" }
  /// `21:36:02`
  var time: String { "\(hourAndMinute):\(digits(second, 2))" }
}

/// `2026-11-21T21:36:02.123Z`; nil outside the years 0 to 9999, which RFC 3339 cannot write.
func rfc3339(unixNanoseconds: Int64) -> String? {
  let seconds = unixNanoseconds.flooredQuotient(1_000_000_000)
  let moment = CalendarTime(unixSeconds: seconds)
  guard (0...9999).contains(moment.year) else { return nil }
  let milliseconds = (unixNanoseconds - seconds * 1_000_000_000) / 1_000_000
  return "\(moment.date)T\(moment.time).\(digits(milliseconds, 3))Z"
}

/// `2026-11-21T21:36:02Z`; nil outside the years 0 to 9999.
package func rfc3339(unixSeconds: Int64) -> String? {
  // A guest may claim any number: years of twelve digits are none.
  guard (-70_000_000_000...260_000_000_000).contains(unixSeconds) else { return nil }
  let moment = CalendarTime(unixSeconds: unixSeconds)
  return (0...9999).contains(moment.year) ? "\(moment.date)T\(moment.time)Z" : nil
}

private func digits(_ number: Int64, _ count: Int) -> String {
  let text = String(number)
  return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
}

extension Int64 {
  /// The quotient rounded down, also below zero. `divisor` is positive.
  fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
