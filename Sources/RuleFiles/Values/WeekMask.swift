import GuestWatchCore

/// Minutes of the week, counted from Monday: a bit each.
struct WeekMask: Hashable, Sendable {
  private static let minutes = 7 * QuietTime.minutesOfDay
  private var words: [UInt64]

  init() { words = [UInt64](repeating: 0, count: (WeekMask.minutes + 63) / 64) }

  /// The minutes in which it is quiet.
  init(_ time: QuietTime) {
    self.init()
    for day in 0..<7 where time.days.contains(Weekdays(day: day)) {
      let from = day * QuietTime.minutesOfDay + time.from
      let until = day * QuietTime.minutesOfDay + time.until
      insert(from..<min(until, WeekMask.minutes))
      // Sunday night reaches into Monday.
      if until > WeekMask.minutes { insert(0..<until - WeekMask.minutes) }
    }
  }

  var isWhole: Bool { words.reduce(0) { $0 + $1.nonzeroBitCount } == WeekMask.minutes }

  mutating func insert(_ other: WeekMask) { for i in words.indices { words[i] |= other.words[i] } }

  func isCovered(by a: WeekMask, and b: WeekMask) -> Bool {
    words.indices.allSatisfy { words[$0] & ~(a.words[$0] | b.words[$0]) == 0 }
  }

  private mutating func insert(_ range: Range<Int>) {
    var minute = range.lowerBound
    while minute < range.upperBound {
      let bit = minute % 64
      let count = min(64 - bit, range.upperBound - minute)
      words[minute / 64] |= (count == 64 ? UInt64.max : (1 << UInt64(count)) - 1) << UInt64(bit)
      minute += count
    }
  }
}
