import GuestWatchCore

/// Why a text is no DURATION.
package enum DurationMistake: Error, Hashable {
  /// Not integers with d, h, m, s in falling order, each once.
  case malformed
  /// 0 in all.
  case zero
  /// Over 3650 days.
  case tooLong
}

/// Reads a DURATION of design.md, section 5: `2h30m`, 1 s to 3650 days.
package func duration(_ text: String) throws(DurationMistake) -> Duration {
  let units: [(letter: UInt8, seconds: Int64)] = [
    (UInt8(ascii: "d"), 86_400), (UInt8(ascii: "h"), 3600), (UInt8(ascii: "m"), 60), (UInt8(ascii: "s"), 1),
  ]
  let longest: Int64 = 3650 * 86_400
  var total: Int64 = 0
  var number: Int64?
  var nextUnit = 0
  for byte in text.utf8 {
    if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
      // Held just above the longest, so that no run of digits can overflow.
      number = min((number ?? 0) * 10 + Int64(byte - UInt8(ascii: "0")), longest + 1)
    } else {
      guard let count = number, let unit = units[nextUnit...].firstIndex(where: { $0.letter == byte }) else {
        throw .malformed
      }
      total = min(total + count * units[unit].seconds, longest + 1)
      nextUnit = unit + 1
      number = nil
    }
  }
  if text.isEmpty || number != nil { throw .malformed }
  if total == 0 { throw .zero }
  if total > longest { throw .tooLong }
  return .seconds(total)
}

/// A DURATION as it is read: `1d2h`; "0s" for less than a second.
package func durationText(_ duration: Duration) -> String {
  var rest = duration.wholeSeconds
  var text = ""
  for (letter, seconds) in [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)] as [(String, Int64)] where rest >= seconds
  {
    text += "\(rest / seconds)\(letter)"
    rest %= seconds
  }
  return text.isEmpty ? "0s" : text
}
