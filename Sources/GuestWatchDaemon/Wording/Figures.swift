import GuestWatchCore

/// A duration as rule files write it, `1d2h30m`, in whole seconds cut off towards zero; `0s` for less.
func words(_ duration: Duration) -> String {
  let seconds = duration.wholeSeconds
  if seconds == 0 { return "0s" }
  var rest = seconds.magnitude
  var text = seconds < 0 ? "-" : ""
  for (unit, length) in [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)] as [(String, UInt64)] where rest >= length {
    text += "\(rest / length)\(unit)"
    rest %= length
  }
  return text
}

/// Seconds since 1970 as RFC 3339 in UTC, `2026-11-21T21:39:05Z`. A guest may claim any number: there is one text for each.
func timestamp(_ seconds: Int64) -> String { civil(seconds) + "Z" }

/// The same as clocks show it that are this many seconds ahead of UTC, `2026-11-21T22:39:05+01:00`; the seconds that a
/// few zones of long ago have in their offset stay.
func timestamp(_ seconds: Int64, offset: Int64) -> String {
  let (hours, rest) = offset.magnitude.quotientAndRemainder(dividingBy: 3600)
  let odd = rest % 60 == 0 ? "" : ":" + padded(Int64(rest % 60), 2)
  let ahead = padded(Int64(hours), 2) + ":" + padded(Int64(rest / 60), 2) + odd
  return civil(seconds.addingReportingOverflow(offset).partialValue) + (offset < 0 ? "-" : "+") + ahead
}

private func civil(_ seconds: Int64) -> String {
  let day = seconds.quotientAndRemainder(dividingBy: 86_400)
  let (days, clock) = day.remainder < 0 ? (day.quotient - 1, day.remainder + 86_400) : (day.quotient, day.remainder)
  // Years begin on 1 March here, so that the leap day is the last of its year; an era is 400 years, 146097 days.
  let shifted = days + 719_468
  let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
  let dayOfEra = shifted - era * 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let march = (5 * dayOfYear + 2) / 153
  let month = march < 10 ? march + 3 : march - 9
  let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfYear - (153 * march + 2) / 5 + 1, 2))"
  return "\(date)T\(padded(clock / 3600, 2)):\(padded(clock / 60 % 60, 2)):\(padded(clock % 60, 2))"
}

private func padded(_ number: Int64, _ width: Int) -> String {
  let digits = String(number.magnitude)
  return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// `1 rule`, `3 rules`.
func counted(_ number: Int, _ one: String) -> String { counted(number, one, "\(one)s") }

/// `1 process`, `3 processes`.
func counted(_ number: Int, _ one: String, _ more: String) -> String { "\(number) \(number == 1 ? one : more)" }

/// At most five names and how many more: a line must stay a line.
func listed(_ names: [String]) -> String {
  let most = 5
  let more = names.count - most
  return names.prefix(most).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
}
