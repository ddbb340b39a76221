import GuestWatchCore

/// More entries than this are no plan that anybody could read.
private let mostEntries = 100

extension Findings {
  /// `not_during` of a rule; empty where it is absent or wrong.
  mutating func notDuring(_ entry: TomlEntry?, action: Action) -> [QuietTime] {
    guard let entry else { return [] }
    let hint = "a list such as [\"sat,sun\", \"mon-fri 22:00-06:00\"]"
    guard case .list(let elements) = entry.value.kind else {
      wrongType(entry, hint)
      return []
    }
    guard elements.count <= mostEntries else {
      error(entry.value.place, "'not_during' has \(elements.count) entries; write at most \(mostEntries)")
      return []
    }
    guard let texts = strings(entry, hint: "an entry in quotes such as \"mon-fri 22:00-06:00\"") else { return [] }
    var times: [(time: QuietTime, place: Place)] = []
    for (text, place) in texts {
      do {
        times.append((try quietTime(text), place))
      } catch {
        self.error(place, "'not_during' has \(error.message)")
      }
    }
    guard times.count == texts.count else { return [] }
    lookTwice(times, entry, action)
    return times.map(\.time)
  }

  /// What is allowed and most likely not meant.
  private mutating func lookTwice(_ times: [(time: QuietTime, place: Place)], _ entry: TomlEntry, _ action: Action) {
    var covered = [Int](repeating: 0, count: QuietTime.minutesOfWeek)
    for (time, _) in times { for minute in time.minutes { covered[minute] += 1 } }
    if action == .terminate, covered.allSatisfy({ $0 > 0 }) {
      warning(
        entry.value.place,
        "'not_during' covers the whole week, so that this rule never kills; write action = \"report\" if that is meant")
    }
    // From the end, so that of two equal entries the later one is told.
    for (time, place) in times.reversed() where time.minutes.allSatisfy({ covered[$0] > 1 }) {
      warning(place, "this entry of 'not_during' adds nothing, the others cover it; remove it or correct it")
      for minute in time.minutes { covered[minute] -= 1 }
    }
  }
}

extension QuietTime {
  fileprivate static let minutesOfWeek = 7 * minutesOfDay

  /// The minutes of the week, counted from Monday, that it covers.
  fileprivate var minutes: [Int] {
    (0..<7).filter { days.contains(Weekdays(day: $0)) }.flatMap { day in
      (from..<until).map { (day * QuietTime.minutesOfDay + $0) % QuietTime.minutesOfWeek }
    }
  }
}
