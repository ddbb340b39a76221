/// A time zone as a table: from which instant on local time is how far ahead of UTC.
///
/// Whoever makes one reads the zone's rules to the end of wall time as nanoseconds (the year 2262), so that no rule of
/// later is needed: beyond the last transition its offset stays.
public struct TimeZoneRules: Hashable, Sendable {
  /// From this instant on.
  public struct Transition: Hashable, Sendable {
    /// Seconds since 1970.
    public var at: Int64
    /// Seconds that local time is ahead of UTC; negative west of Greenwich.
    public var offset: Int64

    public init(at: Int64, offset: Int64) {
      self.at = at
      self.offset = offset
    }
  }

  /// The IANA name, or what else says where the rules come from.
  public let name: String
  /// The offset before the first transition.
  public let first: Int64
  /// By time, each later than the one before.
  public let transitions: [Transition]

  /// Offsets are within a day and a bit (RFC 9636, section 3.2: less than 26 h); more is cut off there.
  public static let greatestOffset: Int64 = 26 * 3600 - 1

  /// Sorts the transitions by time; of two at one instant the later in the list counts.
  public init(name: String, first: Int64, transitions: [Transition] = []) {
    self.name = name
    self.first = TimeZoneRules.bounded(first)
    var kept: [Transition] = []
    for transition in transitions.sorted(by: { $0.at < $1.at }) {
      if kept.last?.at == transition.at { kept.removeLast() }
      kept.append(Transition(at: transition.at, offset: TimeZoneRules.bounded(transition.offset)))
    }
    self.transitions = kept
  }

  public static let utc = TimeZoneRules(name: "UTC", first: 0)

  private static func bounded(_ offset: Int64) -> Int64 { min(max(offset, -greatestOffset), greatestOffset) }

  /// How many seconds local time is ahead of UTC at this instant (seconds since 1970).
  public func offset(at seconds: Int64) -> Int64 {
    let place = firstPlace(after: seconds)
    return place == 0 ? first : transitions[place - 1].offset
  }

  /// The first transition that is later than this instant; nil: none.
  func next(after seconds: Int64) -> Int64? {
    let place = firstPlace(after: seconds)
    return place == transitions.count ? nil : transitions[place].at
  }

  private func firstPlace(after seconds: Int64) -> Int {
    var low = 0
    var high = transitions.count
    while low < high {
      let middle = (low + high) / 2
      if transitions[middle].at <= seconds { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// What a calendar and a clock on the wall show: the day of the week and the time of day.
struct CivilTime: Hashable, Sendable {
  /// 0 is Monday.
  var weekday: Int
  /// 0...86399.
  var secondOfDay: Int64

  static let day: Int64 = 86_400

  init(_ seconds: Int64, in zone: TimeZoneRules) {
    let local = seconds + zone.offset(at: seconds)
    let (days, rest) = local.quotientAndRemainder(dividingBy: CivilTime.day)
    secondOfDay = rest < 0 ? rest + CivilTime.day : rest
    // 1 January 1970 was a Thursday.
    let sinceMonday = ((rest < 0 ? days - 1 : days) + 3) % 7
    weekday = Int(sinceMonday < 0 ? sinceMonday + 7 : sinceMonday)
  }
}

/// The whole second since 1970 that wall time in nanoseconds lies in.
func wholeSecond(_ wall: Int64) -> Int64 {
  let (seconds, rest) = wall.quotientAndRemainder(dividingBy: 1_000_000_000)
  return rest < 0 ? seconds - 1 : seconds
}
