import GuestWatchCore
import VCenterModel

/// Whether the limit that a kill names was really exceeded: ages from the truth, groups from what the confirm showed.
extension Checker {
  /// When a look first showed a life in this epoch.
  struct Sighting: Sendable {
    /// The answer of that look.
    var at: Instant
    var daemon: Int
    /// When the complete listing right before it was sent, which lacked it; nil: there was none in that life of the daemon
    /// and epoch. Only then may its age be more than what was seen of it.
    var lacking: Instant?
  }

  /// Takes in who was shown for the first time, and who is not there any more.
  mutating func sight(_ shown: Shown, _ vm: VMAddress) {
    let rows: [GuestWatchCore.Process]
    switch shown.what {
    case .listing(let listing):
      guard OwnRules.isComplete(listing) else { return }
      rows = listing.rows
      compare(rows, shown, vm)
      if listing.showsEnds { noteEnds(rows, vm) }
    case .look(.running(let row), _, _): rows = [row]
    case .look(.finished(let row), _, _): return noteEnds([row], vm)
    case .look(.gone, let pid, _): return noteGone(pid, shown.login, vm)
    case .look(.vmGone, _, _): return
    }
    guard let m = machines.index(forKey: vm) else { return }
    let before = machines.values[m].listed[shown.login]
    // Taken out and put back: a look-up by login for each row, or a copy, takes longer than all the rest.
    var sightings = machines.values[m].sightings.removeValue(forKey: shown.login) ?? [:]
    var unheld = machines.values[m].unheld.removeValue(forKey: shown.login) ?? [:]
    for i in rows.indices {
      let sighting = Sighting(at: shown.ended.continuous, daemon: daemon, lacking: before?.sent.continuous)
      guard let life = origin(of: shown.lives[rows[i].pid], vm) else {
        // A snapshot may give the identity back to a life.
        let identity = OwnIdentity(rows[i])
        if unheld[identity] == nil { unheld[identity] = sighting }
        continue
      }
      guard sightings[life] == nil else { continue }
      sightings[life] = unheld.isEmpty ? sighting : unheld[OwnIdentity(rows[i])] ?? sighting
    }
    machines.values[m].unheld[shown.login] = unheld
    machines.values[m].sightings[shown.login] = sightings
    guard case .listing = shown.what else { return }
    var listed = Machine.Listed(sent: shown.sent, rows: rows, identities: [])
    if let before, before.rows == rows {
      // The world shows the same array as long as nothing changes: nobody is absent, and everybody is who he was.
      listed.identities = before.identities
    } else {
      listed.identities = Set(rows.map(OwnIdentity.init))
      let missing = before?.identities.subtracting(listed.identities) ?? []
      if !missing.isEmpty {
        // One that only shows another owner is there.
        let here = Set(listed.identities.map(OwnStart.init))
        machines.values[m].absent.formUnion(Set(missing.map(OwnStart.init)).subtracting(here))
      }
    }
    machines.values[m].listed[shown.login] = listed
  }

  /// What was shown to have ended is no candidate any more in its epoch, also where a snapshot brings it back.
  private mutating func noteEnds(_ rows: [GuestWatchCore.Process], _ vm: VMAddress) {
    for row in rows where row.finished != nil { machines[vm]?.absent.insert(OwnStart(row)) }
  }

  /// Nobody holds that pid: whoever was last listed with it has ended.
  private mutating func noteGone(_ pid: Int64, _ login: LoginID, _ vm: VMAddress) {
    for row in machines[vm]?.listed[login]?.rows ?? [] where row.pid == pid {
      machines[vm]?.absent.insert(OwnStart(row))
    }
  }

  /// The life that it first was, where it came back with a snapshot.
  func origin(of life: Truth.Life?, _ vm: VMAddress) -> Truth.Life? {
    life.flatMap { lives[$0]?.origin }
  }

  func guardReason(
    _ kill: Kill, _ rule: Rule, _ row: GuestWatchCore.Process, _ confirm: Shown, _ family: GuestFamily
  ) throws(Violation) {
    let id = kill.record.id
    guard case .rule(_, let reason) = kill.record.cause else { return }
    switch (reason, rule.limits) {
    case (.forbidden, .forbidden): break
    case (.tooOld(let limit, let proven, _), .bounded(let maxAge?, _)):
      if limit != maxAge { throw Violation("S1", "kill \(id) names another max_age than its rule") }
      try guardAge(kill, maxAge, proven, row, confirm)
    case (.tooMany(let limit, _, _), .bounded(_, let most?)):
      if limit != most.count { throw Violation("S1", "kill \(id) names another max_instances than its rule") }
      guard case .listing(let listing) = confirm.what else { break }
      try guardGroup(kill, rule, most, row, confirm, listing, family)
    case (.forbidden, _), (.tooOld, _), (.tooMany, _):
      throw Violation("S1", "kill \(id) has a reason that rule \(rule.id) does not know")
    }
  }

  // MARK: ages

  /// Start times are whole seconds, each cut off: the difference of two of them may be up to a second more than the truth.
  /// Nothing else may add to an age.
  static let slack = Duration.seconds(1)

  private func guardAge(
    _ kill: Kill, _ maxAge: Duration, _ proven: Duration, _ row: GuestWatchCore.Process, _ confirm: Shown
  ) throws(Violation) {
    let id = kill.record.id
    let vm = home(kill.record)
    // A zombie that came back with a snapshot has no life of its own, and dies of nothing.
    if let life = confirm.lives[row.pid], lives[life] == nil { return }
    guard let age = trueAge(row.pid, confirm, vm, at: confirm.ended.continuous) else {
      throw Violation("S1", "kill \(id): nobody held the pid when the confirm was answered")
    }
    if age <= maxAge - Checker.slack {
      throw Violation("S1", "kill \(id) for age: it is \(age) old in truth, max_age is \(maxAge)")
    }
    // It must also have been proven by what the daemon was shown, not only be true by luck.
    guard let life = origin(of: confirm.lives[row.pid], vm),
      let sighting = machines[vm]?.sightings[kill.record.login]?[life]
    else { return }
    let seen = confirm.sent.continuous - sighting.at
    if seen > maxAge { return }
    guard let lacking = sighting.lacking, sighting.daemon == daemon else {
      return try raise(
        "S1",
        "kill \(id) for age: seen for \(seen) only, and no complete listing before lacked it; max_age is \(maxAge)",
        "S1-proof")
    }
    if let doubt = doubt(confirm, vm) {
      return try raise(
        "S1", "kill \(id) for age: seen for \(seen) only, max_age is \(maxAge), and \(doubt)", "S1-doubt")
    }
    if confirm.sent.continuous - lacking <= maxAge || proven > confirm.sent.continuous - lacking + Checker.slack {
      try raise("S1", "kill \(id) for age: a listing less than \(maxAge) before lacked it", "S1-proof")
    }
  }

  /// How old the process really was at that moment.
  func trueAge(_ pid: Int64, _ shown: Shown, _ vm: VMAddress, at: Instant) -> Duration? {
    guard let life = shown.lives[pid], let state = lives[life] else { return nil }
    return .nanoseconds(at.nanoseconds - state.born)
  }

  // MARK: groups

  /// It is beyond the limit, and nobody of its group that may be killed comes after it: a protected, stuck or denied one
  /// is passed over, anybody else is waited for.
  private func guardGroup(
    _ kill: Kill, _ rule: Rule, _ most: MaxInstances, _ row: GuestWatchCore.Process, _ confirm: Shown,
    _ listing: Listing, _ family: GuestFamily
  ) throws(Violation) {
    let id = kill.record.id
    let vm = home(kill.record)
    let closed = closedKills(of: kill.record.vm, on: vm)
    let others = OwnGroups.others(than: row, in: listing.rows, of: rule, most, family: family)
      .filter { !closed.hasEnded($0, life: confirm.lives[$0.pid]) }
    var before = 0
    for (other, place) in zip(others, OwnGroups.places(of: others, from: row, most.keep)) {
      switch place {
      case .before, .unsure: before += 1
      case .after:
        if OwnRules.isProtected(other, configuration?.protect ?? Protect(), family: family) { continue }
        if closed.leave(other, life: confirm.lives[other.pid], alone: rule.login) { continue }
        // One that was gone before is no candidate any more, also where it has become another's since: nobody can tell it from
        // one that ended by an owner that may change.
        if machines[vm]?.absent.contains(OwnStart(other)) == true { continue }
        if closed.cameBack(other, life: confirm.lives[other.pid]) { continue }
        // Nor is one that was tried and then hidden, also where it shows again with a start that an agent restart has moved.
        if closed.tries(other, life: confirm.lives[other.pid]).contains(where: { wasMissing(other.pid, since: $0, vm) })
        {
          continue
        }
        try raise("S1", "kill \(id) for number: \(Line.of(other)) comes after it and may be killed", "S1-victim")
      }
    }
    if before < most.count {
      throw Violation("S1", "kill \(id) for number: it is among the \(most.count) that may stay")
    }
  }

  /// A complete listing with that login lacked the pid since then.
  private func wasMissing(_ pid: Int64, since tried: (login: LoginID, at: Instant), _ vm: VMAddress) -> Bool {
    machines[vm]?.shown.contains { shown in
      guard shown.login == tried.login, shown.sent.continuous >= tried.at, case .listing(let listing) = shown.what
      else { return false }
      return OwnRules.isComplete(listing) && !listing.rows.contains { $0.pid == pid }
    } ?? false
  }
}
