// `not_during`: the one gate that is decided by wall time.

extension Watch {
  /// True while the rule may not kill: inside its `not_during`, or where nobody knows for the clock is not trusted.
  func isQuiet(_ rule: Rule, _ configuration: Configuration, _ now: Now) -> Bool {
    guard !rule.notDuring.isEmpty else { return false }
    return !clock.trusted || rule.notDuring.contains(wall: now.wall, zone: configuration.timeZone)
  }

  /// When the `not_during` that the rule is in is over; nil: it is in none or has no end, the clock is not
  /// trusted, or the rule kills nothing anyway.
  func quietEnds(_ rule: Rule, _ now: Now) -> Instant? {
    guard let configuration, !configuration.dryRun, rule.action == .terminate, clock.trusted,
      rule.notDuring.contains(wall: now.wall, zone: configuration.timeZone),
      let end = rule.notDuring.end(wall: now.wall, zone: configuration.timeZone)
    else { return nil }
    // Both are within 2262, and the end is at most 15 days ahead.
    return now.continuous + (.seconds(end) - .nanoseconds(now.wall))
  }

  /// Says that a runaway waits for the end of `not_during`, and when that is.
  mutating func reportQuiet(_ candidate: Candidate, _ rule: Rule, _ reason: Reason, _ place: Int, _ now: Now) {
    guard let zone = configuration?.timeZone else { return }
    var opens: Opening?
    var detail = ""
    if !clock.trusted {
      detail = "the clock of this machine is not trusted"
    } else if let end = rule.notDuring.end(wall: now.wall, zone: zone) {
      opens = Opening(at: end, offset: zone.offset(at: end))
    } else {
      detail = "it covers the whole week"
    }
    // The operator wants it so: it is no warning.
    report(
      aboutVM(
        .waiting, .info, place, rule: rule.id, login: rule.login, process: shown(candidate.process), reason: reason,
        gate: .notDuring, detail: detail, opens: opens))
  }
}
