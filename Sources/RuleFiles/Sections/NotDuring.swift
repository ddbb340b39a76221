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
      error(
        entry.value.place, .badQuietTime, "'not_during' has \(elements.count) entries; write at most \(mostEntries)")
      return []
    }
    guard let texts = strings(entry, hint: "an entry in quotes such as \"mon-fri 22:00-06:00\"") else { return [] }
    var times: [(time: QuietTime, place: Place)] = []
    for (text, place) in texts {
      do {
        times.append((try quietTime(text), place))
      } catch {
        self.error(place, .badQuietTime, "'not_during' has \(error.message)")
      }
    }
    guard times.count == texts.count else { return [] }
    lookTwice(times, entry, action)
    return times.map(\.time)
  }

  /// What is allowed and most likely not meant.
  private mutating func lookTwice(_ times: [(time: QuietTime, place: Place)], _ entry: TomlEntry, _ action: Action) {
    let weeks = times.map { WeekMask($0.time) }
    // All entries up to and without each.
    var earlier: [WeekMask] = []
    var all = WeekMask()
    for week in weeks {
      earlier.append(all)
      all.insert(week)
    }
    if action == .terminate, all.isWhole {
      warning(
        entry.value.place, .neverActs,
        "'not_during' covers the whole week, so that this rule never kills; write action = \"report\" if that is meant")
    }
    // From the end, so that of two equal entries the later one is told.
    var later = WeekMask()
    for index in times.indices.reversed() {
      if weeks[index].isCovered(by: earlier[index], and: later) {
        warning(
          times[index].place, .redundantQuietTime,
          "this entry of 'not_during' adds nothing, the others cover it; remove it or correct it")
      } else {
        later.insert(weeks[index])
      }
    }
  }
}
