/// Whether our wall clock may be believed: it steps, and vCenter's `Date` may disagree (design.md, section 3).
struct ClockTrust: Hashable, Sendable {
  /// A jump of wall time against the continuous clock beyond this is a step.
  static let step = Duration.seconds(2)
  /// vCenter's `Date` may differ by this much: it has whole seconds and a clock of its own.
  static let difference = Duration.seconds(30)
  /// How long there must be agreement before the clock is believed again.
  static let agreement = Duration.seconds(300)

  private(set) var trusted = false
  private var offset: Int64?
  /// Since when nothing spoke against the clock; nil before the first answer.
  private var agreeingSince: Instant?
  private var everTrusted = false

  /// Takes a reading of both clocks in. True where `trusted` changed.
  mutating func read(_ now: Now) -> Bool {
    let fresh = now.wall &- now.continuous.nanoseconds
    defer { offset = fresh }
    if let offset, abs(Duration.nanoseconds(fresh &- offset)) > ClockTrust.step { return doubt(now) }
    return false
  }

  /// Takes the `Date` of an answer in; nil where it carried none. True where `trusted` changed.
  mutating func hear(_ date: Int64?, at now: Now) -> Bool {
    let date = date.map(plausible)
    if let date, abs(Duration.nanoseconds(now.wall) - .seconds(date)) > ClockTrust.difference { return doubt(now) }
    if agreeingSince == nil { agreeingSince = now.continuous }
    guard !trusted, let since = agreeingSince else { return false }
    // At start one answer that agrees, or that says nothing, is enough; later it takes five minutes of agreement, and an
    // answer at their end: silence agrees with nothing.
    if everTrusted && now.continuous - since < ClockTrust.agreement { return false }
    everTrusted = true
    trusted = true
    return true
  }

  private mutating func doubt(_ now: Now) -> Bool {
    if mutated(.trustEveryClock) { return false }
    defer {
      trusted = false
      everTrusted = true
      agreeingSince = now.continuous
    }
    return trusted
  }

  private func abs(_ duration: Duration) -> Duration { duration < .zero ? .zero - duration : duration }
}
