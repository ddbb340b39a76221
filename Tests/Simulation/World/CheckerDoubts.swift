import GuestWatchCore
import VCenterModel

/// What speaks against the wall clock of the daemon's host and against the start times of a guest (design.md, sections 3
/// and 4): then only the time in which a process was seen proves its age, and no `not_during` is known to be over.
///
/// It knows the doubts that nobody who looks can miss, and fewer than the daemon may have: one more can only delay a kill.
struct CheckedClock: Sendable {
  /// Wall time less continuous time, as it was when the daemon was last told something.
  private var offset: Int64?
  /// When something last spoke against it.
  private var doubted = Instant(nanoseconds: .min)

  private static let step = 2 * Span.second
  /// vCenter's `Date` may differ by 30 s; it has whole seconds.
  private static let difference = 31 * Span.second
  private static let agreement = Duration.seconds(300)

  mutating func read(_ now: Now, _ date: Int64?) {
    let fresh = now.wall - now.continuous.nanoseconds
    if let offset, abs(fresh - offset) > CheckedClock.step { doubted = now.continuous }
    if let date, abs(now.wall / Span.second - date) > CheckedClock.difference / Span.second { doubted = now.continuous }
    offset = fresh
  }

  func isDoubted(at: Instant) -> Bool { doubted <= at && at < doubted + CheckedClock.agreement }
}

extension Checker {
  /// The wall clock, and what an answer says of it.
  mutating func readClock(_ event: Event, at now: Now) {
    var date: Int64?
    switch event {
    case .inventory(let op, let timing, .success): if flights[op]?.isOfOld == false { date = timing.date }
    case .surveyed(let op, let timing, _), .looked(let op, let timing, _), .terminated(let op, let timing, _):
      if flights[op] != nil { date = timing.date }
    case .inventory(_, _, .failure), .began, .configured, .timeCame, .recorded, .asked, .shutdownAsked: break
    }
    clock.read(now, date)
  }

  /// Why start times prove no age on this look; nil: nothing speaks against them.
  func doubt(_ shown: Shown, _ vm: VMAddress) -> String? {
    if clock.isDoubted(at: shown.ended.continuous) { return "the clock of the daemon's host is not to be trusted" }
    guard let machine = machines[vm] else { return nil }
    if let doubt = machine.startsDoubted, doubt.since < shown.ended.continuous { return doubt.why }
    if let key = machine.key, homes[key] == vm, machine.shownAt < shown.ended.continuous,
      let suspend = machine.facts?.suspendTime, let boot = machine.facts?.bootTime, suspend > boot
    {
      return "it was suspended after its boot"
    }
    return nil
  }

  /// Holds a complete listing against the one before it of the same login, life of the daemon and epoch.
  mutating func compare(_ rows: [GuestWatchCore.Process], _ shown: Shown, _ vm: VMAddress) {
    guard let machine = machines[vm], let before = machine.listed[shown.login],
      before.sent.continuous > machine.steadySince
    else {
      machines[vm]?.gone[shown.login] = nil
      return
    }
    // The same array as long as nothing changes.
    if before.rows == rows { return }
    let identities = Set(rows.map(OwnIdentity.init))
    let fresh = identities.subtracting(before.identities)
    let missing = before.identities.subtracting(identities)
    // Another start on a pid may be an agent that restarted: then the same processes have other identities.
    let mayHaveRestarted = fresh.contains { new in
      missing.contains { $0.pid == new.pid && $0.owner == new.owner }
    }
    if mayHaveRestarted {
      machines[vm]?.gone[shown.login] = nil
      return
    }
    var gone = machine.gone[shown.login] ?? []
    let back = fresh.count { new in
      gone.contains(new) && !missing.contains { $0.pid == new.pid && $0.started == new.started }
    }
    gone += missing.sorted { $0.pid < $1.pid }
    machines[vm]?.gone[shown.login] = gone.suffix(Checker.remembered)
    if back >= 3 {
      beginEpoch(vm, shown.ended.continuous)
      return
    }
    for new in fresh {
      if new.started + 2 < before.sent.wall / Span.second {
        doubtStarts(vm, shown, "pid \(new.pid) is new, but claims to be older than the listing before")
      } else if new.started - shown.ended.wall / Span.second > 5 {
        doubtStarts(vm, shown, "pid \(new.pid) claims to have started in the future")
      }
    }
  }

  /// Fewer than the daemon keeps, so that what counts here counts there.
  private static let remembered = 30

  private mutating func doubtStarts(_ vm: VMAddress, _ shown: Shown, _ why: String) {
    if machines[vm]?.startsDoubted == nil { machines[vm]?.startsDoubted = (shown.ended.continuous, why) }
  }

  /// True where what was shown up to this look proves that the process is older than that: it was seen for so long, or a
  /// complete listing lacked it long enough before, and nothing speaks against start times.
  func mayBeProven(_ maxAge: Duration, _ holder: Truth.Life?, _ shown: Shown, _ vm: VMAddress) -> Bool {
    guard let life = origin(of: holder, vm), let sighting = machines[vm]?.sightings[shown.login]?[life] else {
      return true
    }
    if shown.sent.continuous - sighting.at > maxAge { return true }
    guard let lacking = sighting.lacking, sighting.daemon == shown.daemon else { return false }
    return shown.sent.continuous - lacking > maxAge && doubt(shown, vm) == nil
  }
}

extension Checker.Machine {
  /// What the daemon follows there may begin anew now, without any epoch: rules, name or address are others.
  mutating func unsettle(_ at: Instant) {
    steadySince = at
    startsDoubted = nil
    gone = [:]
  }
}
