/// Days of the week.
public struct Weekdays: OptionSet, Hashable, Sendable {
  /// Bit 0 is Monday, bit 6 Sunday.
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue & 0x7F }

  /// One day; 0 is Monday, 7 Monday again.
  public init(day: Int) { self.init(rawValue: 1 << UInt8(((day % 7) + 7) % 7)) }

  public static let monday = Weekdays(day: 0)
  public static let tuesday = Weekdays(day: 1)
  public static let wednesday = Weekdays(day: 2)
  public static let thursday = Weekdays(day: 3)
  public static let friday = Weekdays(day: 4)
  public static let saturday = Weekdays(day: 5)
  public static let sunday = Weekdays(day: 6)
  public static let all = Weekdays(rawValue: 0x7F)
}

/// One entry of `not_during`: on these days, from one time of day to another, nothing is killed.
///
/// It is decided by what calendar and clock show in `[daemon] time_zone` at an instant, not by lengths of time: where
/// clocks go back, both passes of the hour that comes twice are inside or outside alike; where they go forward, the
/// hour that is left out is never.
public struct QuietTime: Hashable, Sendable {
  /// The days on which it begins.
  public var days: Weekdays
  /// Minute of the day at which it begins, 0...1439.
  public var from: Int
  /// The minute at which it is over, itself excluded, counted from midnight before `from`: `from` + 1 ... `from` + 1440.
  /// Beyond 1440 it ends on the day after and still belongs to its first day.
  public var until: Int

  public static let minutesOfDay = 1440

  public init(days: Weekdays = .all, from: Int = 0, until: Int = QuietTime.minutesOfDay) {
    self.days = days
    self.from = from
    self.until = until
  }

  /// True where this wall time (nanoseconds since 1970) is inside.
  public func contains(wall: Int64, zone: TimeZoneRules) -> Bool {
    left(CivilTime(wholeSecond(wall), in: zone)) != nil
  }

  /// The seconds until it is over by the clock on the wall; nil outside of it.
  func left(_ time: CivilTime) -> Int64? {
    let end = Int64(until) * 60
    if days.contains(Weekdays(day: time.weekday)), time.secondOfDay >= Int64(from) * 60, time.secondOfDay < end {
      return end - time.secondOfDay
    }
    // What began the day before may reach into this one.
    let rest = end - CivilTime.day - time.secondOfDay
    return days.contains(Weekdays(day: time.weekday - 1)) && rest > 0 ? rest : nil
  }
}

extension [QuietTime] {
  /// The longest that is looked ahead for an end: a gap of the week that the clocks leave out comes again a week later.
  private static var horizon: Int64 { 15 * CivilTime.day }

  /// True where this wall time (nanoseconds since 1970) is inside any of them.
  public func contains(wall: Int64, zone: TimeZoneRules) -> Bool {
    guard !isEmpty else { return false }
    let time = CivilTime(wholeSecond(wall), in: zone)
    return contains { $0.left(time) != nil }
  }

  /// The first instant (seconds since 1970) from this wall time on that is outside all of them; nil: there is none.
  public func end(wall: Int64, zone: TimeZoneRules) -> Int64? {
    var seconds = wholeSecond(wall)
    let last = seconds + [QuietTime].horizon
    while seconds <= last {
      let time = CivilTime(seconds, in: zone)
      guard let left = compactMap({ $0.left(time) }).max() else { return seconds }
      // Up to the next change of the clocks the time on the wall runs as time does.
      let end = seconds + left
      seconds = Swift.min(end, zone.next(after: seconds) ?? end)
    }
    return nil
  }
}
