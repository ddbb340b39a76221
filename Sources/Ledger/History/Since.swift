/// Reads `--since`: how long ago (`2h30m`, a DURATION as in the configuration) or when (`2026-11-21`,
/// `2026-11-21T21:36`, `2026-11-21T21:36:02Z`, `...+01:00`; UTC where no offset is given).
///
/// Returns wall time in nanoseconds since 1970; nil where the text is neither.
public func historySince(_ text: String, now: Int64) -> Int64? {
  if let seconds = durationSeconds(text) { return now - seconds * 1_000_000_000 }
  guard let seconds = dateSeconds(text) else { return nil }
  let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
  return overflow ? nil : nanoseconds
}

/// Integers with d, h, m, s, in falling order, each at most once; 1 s to 3650 d.
private func durationSeconds(_ text: String) -> Int64? {
  var units: [(letter: UInt8, seconds: Int64)] = [
    (UInt8(ascii: "d"), 86_400), (UInt8(ascii: "h"), 3600), (UInt8(ascii: "m"), 60), (UInt8(ascii: "s"), 1),
  ]
  let longest: Int64 = 3650 * 86_400
  var total: Int64 = 0
  var rest = text.utf8[...]
  while !rest.isEmpty {
    let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard digits.count <= 10, let number = Int64(Substring(digits)) else { return nil }
    rest = rest.dropFirst(digits.count)
    guard let letter = rest.popFirst(), let unit = units.firstIndex(where: { $0.letter == letter }) else { return nil }
    total += number * units[unit].seconds
    if total > longest { return nil }
    units.removeFirst(unit + 1)
  }
  return total >= 1 ? total : nil
}

private func dateSeconds(_ text: String) -> Int64? {
  var rest = text.utf8[...]
  guard let year = take(&rest, 4), take(&rest, "-"), let month = take(&rest, 2), take(&rest, "-"),
    let day = take(&rest, 2)
  else { return nil }
  var (hour, minute, second, offset): (Int64, Int64, Int64, Int64) = (0, 0, 0, 0)
  if take(&rest, "T") || take(&rest, " ") {
    guard let takenHour = take(&rest, 2), take(&rest, ":"), let takenMinute = take(&rest, 2) else { return nil }
    (hour, minute) = (takenHour, takenMinute)
    if take(&rest, ":") {
      guard let takenSecond = take(&rest, 2) else { return nil }
      second = takenSecond
      // Fractions, as `--json` writes them; a row of that second is not cut off.
      if take(&rest, ".") {
        let fraction = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard !fraction.isEmpty else { return nil }
        rest = rest.dropFirst(fraction.count)
      }
    }
    if !take(&rest, "Z"), !rest.isEmpty {
      let sign: Int64 = take(&rest, "-") ? 1 : -1
      guard sign == 1 || take(&rest, "+"), let hours = take(&rest, 2), take(&rest, ":"), let minutes = take(&rest, 2),
        hours <= 23, minutes <= 59
      else { return nil }
      offset = sign * (hours * 3600 + minutes * 60)
    }
  }
  guard rest.isEmpty else { return nil }
  return CalendarTime.unixSeconds(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    .map { $0 + offset }
}

private func take(_ rest: inout Substring.UTF8View, _ character: Unicode.Scalar) -> Bool {
  guard let first = rest.first, UInt32(first) == character.value else { return false }
  rest.removeFirst()
  return true
}

private func take(_ rest: inout Substring.UTF8View, _ count: Int) -> Int64? {
  let digits = rest.prefix(count)
  guard digits.count == count, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
    let number = Int64(Substring(digits))
  else { return nil }
  rest = rest.dropFirst(count)
  return number
}
