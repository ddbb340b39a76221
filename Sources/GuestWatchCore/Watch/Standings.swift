import OrderedCollections

/// What an operator may ask the decision: computed from what it holds, changes nothing.
extension Watch {
  /// Every process that matches a rule and is being followed, with its verdict.
  ///
  /// - Parameters:
  ///   - of: only those of this VM; nil: of all.
  ///   - most: the first so many.
  public func standings(of key: VMKey? = nil, at now: Now, most: Int = .max) -> [Standing] {
    var all: [Standing] = []
    for place in vms.indices where key.map({ vms[place].key == $0 }) ?? true {
      let believed = clock.trusted && vms[place].doubt == nil
      for view in vms[place].views {
        for candidate in view.candidates {
          let started = candidate.process.started
          let proven = ProvenAge.of(
            started: started, firstSeen: candidate.firstSeen, evidence: candidate.evidence, at: now,
            believed: believed)
          for track in candidate.tracks {
            guard let rule = rule(track.rule) else { continue }
            guard all.count < most else { return all }
            all.append(
              Standing(
                vm: vms[place].key, address: vms[place].address, vmName: vms[place].facts.name, rule: rule.id,
                login: view.login, process: shown(candidate.process),
                claimedAge: ProvenAge.claimed(started: started, at: now), provenAge: proven,
                verdict: verdict(candidate, track, rule, place, now)))
          }
        }
      }
    }
    return all
  }

  private func verdict(_ candidate: Candidate, _ track: Track, _ rule: Rule, _ place: Int, _ now: Now)
    -> Standing.Verdict
  {
    guard let exceeded = track.exceeded else {
      if case .bounded(let maxAge, _) = rule.limits { return .within(maxAge: maxAge, place: track.rank?.place) }
      return .within(maxAge: nil, place: nil)
    }
    let due = exceeded.due(rule.lasting)
    guard exceeded.looks >= 2, exceeded.lastSent >= due else {
      return .exceeded(exceeded.reason, since: exceeded.since, due: due)
    }
    return .runaway(exceeded.reason, gate: gateNow(candidate.process, rule, place, due: due, now))
  }

  /// Every VM that a rule reaches and that is not surveyed now, with the reason (L2).
  public func unwatched() -> [Unwatched] {
    var all: [Unwatched] = []
    for place in vms.indices where vms[place].present && !vms[place].views.isEmpty {
      guard let (cause, fault) = whyUnwatched(place) else { continue }
      let vm = vms[place]
      all.append(
        Unwatched(
          vcenter: vm.address.vcenter, moid: vm.address.moid, name: vm.facts.name, reason: cause.words, fault: fault))
    }
    for state in vcenters.values {
      for vm in state.nameless {
        all.append(
          Unwatched(
            vcenter: state.entry.id, moid: vm.moid, name: vm.name, reason: Unwatchable.nameless.rawValue, fault: nil))
      }
    }
    return all
  }

  /// How many these are, by cause; a cause that no VM has is not in it.
  func unwatchedCounts() -> [UnwatchedCause: Int] {
    var counts: [UnwatchedCause: Int] = [:]
    for place in vms.indices where vms[place].present && !vms[place].views.isEmpty {
      if let (cause, _) = whyUnwatched(place) { counts[cause, default: 0] += 1 }
    }
    for state in vcenters.values where !state.nameless.isEmpty {
      counts[.vm(.nameless), default: 0] += state.nameless.count
    }
    return counts
  }

  func whyUnwatched(_ place: Int) -> (cause: UnwatchedCause, fault: Fault?)? {
    if let why = vms[place].unwatchable { return (.vm(why), nil) }
    if let down = vcenters[vms[place].address.vcenter]?.down { return (.vcenterDown, down) }
    if let parked = vms[place].parked { return (.leftAlone, parked.fault) }
    let views = vms[place].views
    guard views.allSatisfy({ $0.parked != nil || logins.isStopped($0.login, on: vms[place].key) }) else { return nil }
    if let parked = views.lazy.compactMap(\.parked).first { return (.loginsDenied, parked) }
    return (.loginsStopped, nil)
  }
}
