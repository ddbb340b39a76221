/// A time zone file as bytes, right or wrong as a test wants it.
struct ZoneFileBytes {
  /// 1...4, or anything else.
  var version = 2
  /// Seconds ahead of UTC.
  var types: [Int32] = [3600, 7200]
  /// From when on which of `types` holds.
  var transitions: [(at: Int64, type: UInt8)] = []
  /// nil: no footer at all.
  var footer: String? = ""
  var leapSeconds: [Int64] = []
  /// What the header says of the number of indicators, and how many there are.
  var indicators = 0

  var bytes: [UInt8] {
    if version == 1 { return part(width: 4) }
    // What readers of version 1 get: nothing but one type.
    var empty = ZoneFileBytes(types: [0])
    empty.version = version
    return empty.part(width: 4) + part(width: 8) + (footer.map { [10] + Array($0.utf8) + [10] } ?? [])
  }

  private func part(width: Int) -> [UInt8] {
    var bytes = Array("TZif".utf8) + [version == 1 ? 0 : UInt8(48 + version)] + [UInt8](repeating: 0, count: 15)
    for count in [indicators, indicators, leapSeconds.count, transitions.count, types.count, 4] {
      bytes += big(Int64(count), 4)
    }
    for transition in transitions { bytes += big(transition.at, width) }
    bytes += transitions.map(\.type)
    for (place, type) in types.enumerated() { bytes += big(Int64(type), 4) + [UInt8(place % 2), 0] }
    bytes += Array("ABC\0".utf8)
    for (place, leap) in leapSeconds.enumerated() { bytes += big(leap, width) + big(Int64(place + 1), 4) }
    return bytes + [UInt8](repeating: 0, count: 2 * indicators)
  }

  private func big(_ value: Int64, _ width: Int) -> [UInt8] {
    (0..<width).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// Berlin as it has been since 1996, with 2025 and 2026 spelt out.
  static let berlin = ZoneFileBytes(
    transitions: [
      (utc(2025, 3, 30, 1), 1), (utc(2025, 10, 26, 1), 0), (utc(2026, 3, 29, 1), 1), (utc(2026, 10, 25, 1), 0),
    ],
    footer: "CET-1CEST,M3.5.0,M10.5.0/3")
}

/// Seconds since 1970 of a time in UTC, counted day by day.
func utc(_ year: Int, _ month: Int, _ day: Int, _ hour: Int = 0, _ minute: Int = 0) -> Int64 {
  func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
  var days = day - 1
  for year in 1970..<year { days += isLeap(year) ? 366 : 365 }
  for month in 1..<month { days += [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] }
  return Int64(days * 86_400 + hour * 3600 + minute * 60)
}
