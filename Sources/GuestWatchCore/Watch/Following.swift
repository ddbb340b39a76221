/// What one rule says of one process of a listing or a look.
struct Verdict {
  enum Finding {
    /// Judged by the proven age, where the rule has `max_age`.
    case alone(maxAge: Duration?, forbidden: Bool)
    /// Beyond `max_instances`, or within it (`beyond` false).
    case ranked(beyond: Bool, count: Int, place: Int, group: Group.Key, limit: Int, maxAge: Duration?)
  }
  var rule: RuleID
  var finding: Finding
}

/// What the rules of one view say of every row of one listing. Most rows match nothing, and cost nothing here.
struct Verdicts {
  /// By row, and for one row in rule order.
  private var found: [(row: Int, verdict: Verdict)] = []

  init(rows: [Process], rules: [Rule], ended: [Ended], family: GuestFamily) {
    var known: Set<Ended.Name>?
    for rule in rules {
      let matching = rows.indices.filter { Verdicts.matches(rows[$0], rule, family) }
      guard !matching.isEmpty else { continue }
      func find(_ row: Int, _ finding: Verdict.Finding) {
        found.append((row, Verdict(rule: rule.id, finding: finding)))
      }
      switch rule.limits {
      case .forbidden:
        for i in matching { find(i, .alone(maxAge: nil, forbidden: true)) }
      case .bounded(let maxAge, nil):
        for i in matching { find(i, .alone(maxAge: maxAge, forbidden: false)) }
      case .bounded(let maxAge, let limit?):
        // The dead count for nothing: those that the guest shows as ended, and those that we know to be.
        let gone = known ?? Set(ended.lazy.map(\.name))
        known = gone
        let alive = matching.filter { rows[$0].finished == nil && !gone.contains(Ended.Name(rows[$0].identity)) }
        var rowOf: [Int64: Int] = [:]
        for i in alive { rowOf[rows[i].pid] = i }
        for group in Group.rank(alive.map { rows[$0] }, limit, family: family) {
          for (place, member) in group.members.enumerated() {
            guard let i = rowOf[member.pid] else { continue }
            find(
              i,
              .ranked(
                beyond: place >= limit.count - (mutated(.killWithinTheLimit) ? 1 : 0), count: group.members.count,
                place: place + 1, group: group.key, limit: limit.count, maxAge: maxAge))
          }
        }
        for i in matching where rows[i].finished != nil || gone.contains(Ended.Name(rows[i].identity)) {
          find(i, .alone(maxAge: maxAge, forbidden: false))
        }
      }
    }
    // Rule after rule was gone through; a stable order by row keeps that for each.
    if found.indices.dropFirst().allSatisfy({ found[$0 - 1].row <= found[$0].row }) { return }
    let order = found.indices.sorted { (found[$0].row, $0) < (found[$1].row, $1) }
    found = order.map { found[$0] }
  }

  /// Walks along the rows from the first to the last.
  struct Walk {
    fileprivate let found: [(row: Int, verdict: Verdict)]
    private var next = 0

    fileprivate init(_ found: [(row: Int, verdict: Verdict)]) { self.found = found }

    /// What the rules say of the row; empty: none matches it. Rows must be asked for in their order.
    mutating func verdicts(of row: Int) -> ArraySlice<(row: Int, verdict: Verdict)> {
      while next < found.count, found[next].row < row { next += 1 }
      let first = next
      while next < found.count, found[next].row == row { next += 1 }
      return found[first..<next]
    }
  }

  func walk() -> Walk { Walk(found) }

  /// The rule's match fits and no `unless` does.
  static func matches(_ process: Process, _ rule: Rule, _ family: GuestFamily) -> Bool {
    mismatch(process, rule, family) == nil
  }

  /// The first condition that fails; nil: the rule's match fits and no `unless` does.
  static func mismatch(_ process: Process, _ rule: Rule, _ family: GuestFamily) -> Mismatch? {
    if let key = Comparison(family: family, leaning: .strict).miss(rule.match, process) { return .match(key) }
    if rule.unless.isEmpty || mutated(.forgetUnless) { return nil }
    let lenient = Comparison(family: family, leaning: .lenient)
    return rule.unless.firstIndex { lenient.fits($0, process) }.map { .unless($0) }
  }
}

extension Verdict {
  /// The limit that is exceeded, judged at the send of the look; nil: none.
  func exceeded(_ candidate: Candidate, sent: Now, believed: Bool) -> (reason: Reason, group: Group.Key?)? {
    switch finding {
    case .alone(_, true): return (.forbidden, nil)
    case .alone(let maxAge, false): return tooOld(candidate, maxAge, sent, believed).map { ($0, nil) }
    case .ranked(let beyond, let count, let place, let group, let limit, let maxAge):
      if let reason = tooOld(candidate, maxAge, sent, believed) { return (reason, nil) }
      return beyond ? (.tooMany(limit: limit, count: count, place: place), group) : nil
    }
  }

  private func tooOld(_ candidate: Candidate, _ limit: Duration?, _ sent: Now, _ believed: Bool) -> Reason? {
    guard let limit else { return nil }
    return candidate.tooOld(limit, sent: sent, believed: believed)
  }
}

extension Candidate {
  /// The reason where the proven age is over the limit.
  func tooOld(_ limit: Duration, sent: Now, believed: Bool) -> Reason? {
    let proven = ProvenAge.of(
      started: process.started, firstSeen: firstSeen, evidence: evidence, at: sent, believed: believed)
    guard proven > limit else { return nil }
    return .tooOld(
      limit: limit, proven: proven, claimed: ProvenAge.claimed(started: process.started, at: sent))
  }
}

extension Track {
  /// Goes on with the chain of looks, starts it, or ends it.
  mutating func see(_ reason: Reason?, group: Group.Key?, sent: Now, ended: Now, chain: Duration) {
    guard let reason = reason ?? (mutated(.carryLastingOverAnInnocentLook) ? exceeded?.reason : nil) else {
      exceeded = nil
      said = []
      return
    }
    if var running = exceeded, sent.continuous - running.lastEnded <= chain || mutated(.carryLastingOverAGap),
      running.group == nil || group == nil || running.group == group
    {
      running.group = group
      running.reason = reason
      running.lastSent = sent.continuous
      running.lastEnded = ended.continuous
      running.looks += 1
      exceeded = running
    } else {
      exceeded = Exceeded(
        reason: reason, since: ended.continuous, lastSent: sent.continuous, lastEnded: ended.continuous, looks: 1,
        group: group)
    }
  }
}

extension Candidate {
  /// Takes one rule's verdict in.
  mutating func follow(_ verdict: Verdict, sent: Now, ended: Now, believed: Bool, chain: Duration) {
    let found = verdict.exceeded(self, sent: sent, believed: believed)
    let t: Int
    if let known = tracks.firstIndex(where: { $0.rule == verdict.rule }) {
      t = known
    } else {
      t = tracks.count
      tracks.append(Track(rule: verdict.rule))
    }
    tracks[t].see(found?.reason, group: found?.group, sent: sent, ended: ended, chain: chain)
    if case .ranked(_, let count, let place, let group, let limit, _) = verdict.finding {
      tracks[t].rank = Track.Rank(group: group, place: Standing.Place(place: place, count: count, limit: limit))
    }
  }
}

extension Watch {
  /// The rule of this name as it is now.
  func rule(_ id: RuleID) -> Rule? { rulePlaces[id].flatMap { configuration?.rules[$0] } }

  /// When a candidate should next be looked at, whatever the surveys do.
  ///
  /// - Parameter believed: false while the clock is untrusted or something speaks against the VM's start times.
  func dueOf(_ candidate: Candidate, believed: Bool, _ now: Now) -> Instant {
    var due = Instant.never
    for track in candidate.tracks {
      guard let rule = rule(track.rule) else { continue }
      if let exceeded = track.exceeded {
        let ready = exceeded.due(rule.lasting)
        // Once it is ready, surveys ask for its gates again.
        if exceeded.lastSent < ready {
          due = min(due, max(ready, now.continuous + .milliseconds(200)))
        } else if let opens = quietEnds(rule, now) {
          // But who waits for the end of `not_during` is looked at then: the next survey may fall into the next one.
          due = min(due, max(opens + .milliseconds(1), now.continuous + .milliseconds(200)))
        }
      } else if case .bounded(let maxAge?, _) = rule.limits {
        let age = ProvenAge.due(
          started: candidate.process.started, firstSeen: candidate.firstSeen, evidence: candidate.evidence,
          limit: maxAge, now: now, believed: believed)
        // Not sooner than a moment from now: wall time may be slewed, and a look must not chase it.
        due = min(due, max(age + .milliseconds(1), now.continuous + .milliseconds(200)))
      }
    }
    return max(due, candidate.getsFrom)
  }
}
