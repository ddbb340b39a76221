import GuestWatchCore

/// What is wrong with an entry of `not_during` and what would be right, to follow "'not_during' has ".
struct QuietTimeMistake: Error, Hashable {
  var message: String
}

private let dayNames = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
private let timeHint = "write \"00:00\" to \"23:59\", two digits each, or \"24:00\" as the end"

/// Reads one entry of `not_during` (design.md, section 5): `DAYS`, `HH:MM-HH:MM` or both with a blank between.
func quietTime(_ text: String) throws(QuietTimeMistake) -> QuietTime {
  let parts = text.split(separator: " ").map(String.init)
  switch parts.count {
  case 1 where isTime(parts[0]):
    let (from, until) = try times(parts[0])
    return QuietTime(from: from, until: until)
  case 1:
    return QuietTime(days: try days(parts[0]))
  case 2 where isTime(parts[1]) && !isTime(parts[0]):
    let days = try days(parts[0])
    let (from, until) = try times(parts[1])
    return QuietTime(days: days, from: from, until: until)
  case 0:
    throw QuietTimeMistake(
      message: "an empty entry; write \"sat,sun\", \"22:00-06:00\" or \"mon-fri 22:00-06:00\"")
  default:
    throw QuietTimeMistake(
      message: "\(shown(text)); write the days without blanks, then one time: \"mon-fri 22:00-06:00\", each other time "
        + "as an entry of its own")
  }
}

private func isTime(_ text: String) -> Bool {
  text.utf8.contains { (UInt8(ascii: "0")...UInt8(ascii: ":")).contains($0) }
}

/// `mon-fri,sun`: a range may run over the end of the week.
private func days(_ text: String) throws(QuietTimeMistake) -> Weekdays {
  var days: Weekdays = []
  for part in text.split(separator: ",", omittingEmptySubsequences: false) {
    let ends = part.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    let first = try day(ends[0])
    if ends.count == 1 {
      days.insert(Weekdays(day: first))
      continue
    }
    let last = try day(ends[1])
    guard ends.count == 2 else {
      throw QuietTimeMistake(message: "\(shown(String(part))); write one range of days, such as 'mon-fri'")
    }
    guard first != last else {
      throw QuietTimeMistake(
        message: "\(shown(String(part))), a range from a day to itself; write '\(dayNames[first])', or no days for all")
    }
    for day in first...(last > first ? last : last + 7) { days.insert(Weekdays(day: day)) }
  }
  return days
}

private func day(_ text: String) throws(QuietTimeMistake) -> Int {
  if let day = dayNames.firstIndex(of: text) { return day }
  let lower = text.lowercased()
  // "Mon" and "monday" are meant well, "mo" may be.
  let near = dayNames.first { lower.hasPrefix($0) } ?? nearest(to: text, among: dayNames)
  let right = near.map { "did you mean '\($0)'?" } ?? "write mon, tue, wed, thu, fri, sat or sun"
  throw QuietTimeMistake(message: "\(shown(text)) where a day belongs; \(right)")
}

/// `22:00-06:00` as minutes: an end that is not later than the beginning is on the day after.
private func times(_ text: String) throws(QuietTimeMistake) -> (from: Int, until: Int) {
  let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
  guard ends.count == 2 else {
    throw QuietTimeMistake(message: "\(shown(text)) where a time belongs; write from when to when: \"22:00-06:00\"")
  }
  let from = try minute(ends[0])
  let end = try minute(ends[1])
  guard from < QuietTime.minutesOfDay else {
    throw QuietTimeMistake(message: "'24:00' as a beginning; write \"00:00\" on the day after")
  }
  guard from != end else {
    throw QuietTimeMistake(
      message: "\(shown(text)), which is no time at all; write an end other than the beginning, or \"00:00-24:00\" for "
        + "whole days")
  }
  return (from, end > from ? end : end + QuietTime.minutesOfDay)
}

/// Minutes since midnight, 0...1440.
private func minute(_ text: String) throws(QuietTimeMistake) -> Int {
  let bytes = Array(text.utf8)
  let digits = [0, 1, 3, 4].compactMap { place in
    bytes.indices.contains(place) && (48...57).contains(bytes[place]) ? Int(bytes[place]) - 48 : nil
  }
  if bytes.count == 5, bytes[2] == UInt8(ascii: ":"), digits.count == 4 {
    let hour = digits[0] * 10 + digits[1]
    let minute = digits[2] * 10 + digits[3]
    if minute < 60, hour < 24 || (hour == 24 && minute == 0) { return hour * 60 + minute }
  }
  throw QuietTimeMistake(message: "\(shown(text)) where a time belongs; \(timeHint)")
}

/// An entry of `not_during` that reads back to the same.
func quietTimeText(_ time: QuietTime) -> String {
  let days = time.days == .all ? nil : dayList(time.days)
  if time.from == 0, time.until == QuietTime.minutesOfDay { return days ?? "00:00-24:00" }
  let end = time.until > QuietTime.minutesOfDay ? time.until - QuietTime.minutesOfDay : time.until
  return (days.map { $0 + " " } ?? "") + clock(time.from) + "-" + clock(end)
}

/// Runs of days as ranges: `mon-fri,sun`.
private func dayList(_ days: Weekdays) -> String {
  var parts: [String] = []
  var day = 0
  while day < 7 {
    guard days.contains(Weekdays(day: day)) else {
      day += 1
      continue
    }
    var last = day
    while last < 6, days.contains(Weekdays(day: last + 1)) { last += 1 }
    parts.append(last == day ? dayNames[day] : "\(dayNames[day])-\(dayNames[last])")
    day = last + 1
  }
  return parts.joined(separator: ",")
}

private func clock(_ minute: Int) -> String {
  let two = { (value: Int) in value < 10 ? "0\(value)" : "\(value)" }
  return "\(two(minute / 60)):\(two(minute % 60))"
}
