/// Reads an RFC 3339 date-time with any offset and up to 9 digits of a fraction.
///
/// Returns whole seconds since 1970 in UTC, the fraction cut off (start times of processes are whole seconds), or nil
/// for anything else. A leap second counts as the second before it.
package func secondsSince1970(rfc3339 text: String) -> Int64? {
  var digits = Digits(text)
  guard let year = digits.number(4), digits.skip("-"), let month = digits.number(2), digits.skip("-"),
    let day = digits.number(2), digits.skip("T") || digits.skip("t") || digits.skip(" "),
    let hour = digits.number(2), digits.skip(":"), let minute = digits.number(2), digits.skip(":"),
    let second = digits.number(2), hour < 24, minute < 60, second <= 60,
    let days = daysSince1970(year: year, month: month, day: day)
  else { return nil }
  if digits.skip(".") {
    guard (1...9).contains(digits.run()) else { return nil }
  }
  var offset: Int64 = 0
  if !digits.skip("Z"), !digits.skip("z") {
    let negative = digits.skip("-")
    guard negative || digits.skip("+"), let hours = digits.number(2), digits.skip(":"), let minutes = digits.number(2),
      hours < 24, minutes < 60
    else { return nil }
    offset = (negative ? -1 : 1) * (hours * 3600 + minutes * 60)
  }
  guard digits.atEnd else { return nil }
  return days * 86_400 + hour * 3600 + minute * 60 + min(second, 59) - offset
}

/// Reads the fixed form of a `Date` header, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7); nil for others.
func secondsSince1970(httpDate text: String) -> Int64? {
  let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
  let parts = text.split(separator: " ", omittingEmptySubsequences: false)
  guard parts.count == 6, parts[5] == "GMT", parts[0].utf8.count == 4,
    let month = months.firstIndex(of: String(parts[2]))
  else { return nil }
  var numbers = Digits("\(parts[1])-\(parts[3])-\(parts[4])")
  guard let day = numbers.number(2), numbers.skip("-"), let year = numbers.number(4), numbers.skip("-"),
    let hour = numbers.number(2), numbers.skip(":"), let minute = numbers.number(2), numbers.skip(":"),
    let second = numbers.number(2), numbers.atEnd, hour < 24, minute < 60, second <= 60,
    let days = daysSince1970(year: year, month: Int64(month) + 1, day: day)
  else { return nil }
  return days * 86_400 + hour * 3600 + minute * 60 + min(second, 59)
}

/// Days from 1970-01-01 to a day of the Gregorian calendar; nil where there is no such day.
func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64? {
  let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  let lengths: [Int64] = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  guard (0...9999).contains(year), (1...12).contains(month), (1...lengths[Int(month) - 1]).contains(day) else {
    return nil
  }
  // Years counted from March, so that the leap day is the last of its year; 719,468 days lie between 0000-03-01 and 1970.
  let shifted = month > 2 ? year : year - 1
  let era = (shifted >= 0 ? shifted : shifted - 399) / 400
  let yearOfEra = shifted - era * 400
  let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
  return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

/// A reader of fixed-width numbers.
private struct Digits {
  private var rest: Substring.UTF8View

  init(_ text: String) { rest = Substring(text).utf8 }

  var atEnd: Bool { rest.isEmpty }

  /// Exactly `count` digits.
  mutating func number(_ count: Int) -> Int64? {
    var value: Int64 = 0
    for _ in 0..<count {
      guard let byte = rest.first, (0x30...0x39).contains(byte) else { return nil }
      value = value * 10 + Int64(byte - 0x30)
      rest.removeFirst()
    }
    return value
  }

  /// Passes over all digits that follow and says how many there were.
  mutating func run() -> Int {
    var count = 0
    while let byte = rest.first, (0x30...0x39).contains(byte) {
      rest.removeFirst()
      count += 1
    }
    return count
  }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard let byte = rest.first, UInt32(byte) == character.value else { return false }
    rest.removeFirst()
    return true
  }
}
