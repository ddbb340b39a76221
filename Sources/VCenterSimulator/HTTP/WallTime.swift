import Glibc

/// A moment in nanoseconds since 1970 (UTC), as text.
struct WallTime: Hashable, Sendable {
  var nanoseconds: Int64

  init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// The machine's clock.
  static func now() -> WallTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return WallTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  /// Whole seconds, rounded down.
  var seconds: Int64 {
    nanoseconds >= 0 ? nanoseconds / 1_000_000_000 : -((-nanoseconds + 999_999_999) / 1_000_000_000)
  }

  /// RFC 3339 with milliseconds, as the Automation SDK writes it: `2026-11-21T21:36:00.123Z`.
  var milliseconds: String { calendar + "." + padded((nanoseconds - seconds * 1_000_000_000) / 1_000_000, 3) + "Z" }

  /// RFC 3339 with microseconds, as VI JSON has been seen to write it.
  var microseconds: String { calendar + "." + padded((nanoseconds - seconds * 1_000_000_000) / 1000, 6) + "Z" }

  /// RFC 3339 in whole seconds.
  var wholeSeconds: String { calendar + "Z" }

  /// The `Date` header (RFC 9110, 5.6.7): `Sat, 21 Nov 2026 21:36:00 GMT`.
  var httpDate: String {
    let (year, month, day, hour, minute, second, weekday) = fields
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let date = "\(padded(day, 2)) \(months[Int(month) - 1]) \(padded(year, 4))"
    return "\(days[Int(weekday)]), \(date) \(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2)) GMT"
  }

  private var calendar: String {
    let (year, month, day, hour, minute, second, _) = fields
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
      + "T\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))"
  }

  /// The proleptic Gregorian calendar, counted in eras of 400 years that begin in March, so that a leap day is a year's last.
  private var fields: (Int64, Int64, Int64, Int64, Int64, Int64, weekday: Int64) {
    let total = seconds
    let days = total >= 0 ? total / 86_400 : -((-total + 86_399) / 86_400)
    let rest = total - days * 86_400
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    // 1970-01-01 was a Thursday.
    let weekday = ((days + 4) % 7 + 7) % 7
    return (year, month, day, rest / 3600, rest % 3600 / 60, rest % 60, weekday)
  }

  private func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
