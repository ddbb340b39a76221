import GuestWatchCore

/// `not_during` as design.md section 5 has it, evaluated a second time for the checker.
enum OwnQuietTimes {
  static func cover(_ rule: Rule, _ configuration: Configuration, wall: Int64) -> Bool {
    if rule.notDuring.isEmpty { return false }
    let seconds = floored(wall, Span.second)
    let zone = configuration.timeZone
    let offset = zone.transitions.last { $0.at <= seconds }?.offset ?? zone.first
    let local = seconds + Int64(offset)
    let number = floored(local, 86_400)
    let second = local - number * 86_400
    // 1970 began with a Thursday; days count from Monday.
    let day = Int(((number + 3) % 7 + 7) % 7)
    return rule.notDuring.contains { time in
      let from = Int64(time.from) * 60
      let until = Int64(time.until) * 60
      // What goes past midnight belongs to the day on which it began.
      return (time.days.contains(Weekdays(day: day)) && from <= second && second < until)
        || (time.days.contains(Weekdays(day: (day + 6) % 7)) && second + 86_400 >= from && second + 86_400 < until)
    }
  }

  private static func floored(_ a: Int64, _ b: Int64) -> Int64 {
    let (quotient, rest) = a.quotientAndRemainder(dividingBy: b)
    return rest < 0 ? quotient - 1 : quotient
  }
}
