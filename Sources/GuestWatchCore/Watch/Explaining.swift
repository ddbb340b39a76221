import OrderedCollections

/// A VM that is listed because an operator wants to see what the rules say of its processes. It is looked at in its turn, as
/// for any survey: slots, logins, back-off and rests hold, and the listing is taken in as any other.
struct Explaining: Sendable {
  var vm: VMKey
  var login: LoginID
  /// Listings that failed.
  var tries = 0
}

extension Watch {
  // MARK: Which VMs there are

  mutating func reach(_ ask: AskID, _ filter: VMFilter, _ now: Now) {
    asks.until[ask] = now.continuous + Asks.find
    asks.reaching[ask] = filter
  }

  /// Answers as soon as every vCenter has shown its VMs or does not answer.
  private mutating func tellReached(_ now: Now) {
    if vcenters.values.contains(where: { $0.uuid == nil && $0.down == nil && isAsked($0.entry.id) }) { return }
    for ask in asks.reaching.keys { tellReached(ask) }
  }

  mutating func tellReached(_ ask: AskID) {
    guard let filter = asks.reaching.removeValue(forKey: ask) else { return }
    tell(ask, .reached(reach(filter)))
  }

  /// A vCenter that no rule reaches is not asked for its VMs.
  func isAsked(_ vcenter: VCenterID) -> Bool {
    let query = query(vcenter)
    return !query.isEmpty
  }

  private func reach(_ filter: VMFilter) -> Reach {
    guard let configuration else { return Reach() }
    var reach = Reach()
    for vm in vms where vm.present && filter.selects(vm.facts.name, vm.address) {
      for view in vm.views where filter.login.map({ $0 == view.login }) ?? true {
        let rules = view.rules.map { configuration.rules[$0].id }
        guard filter.rule.map(rules.contains) ?? true else { continue }
        reach.vms.append(
          ReachedVM(
            vm: vm.key, address: vm.address, name: vm.facts.name, login: view.login, every: view.every, rules: rules,
            family: vm.facts.family))
      }
    }
    for state in vcenters.values {
      for vm in state.nameless
      where filter.selects(vm.name, VMAddress(vcenter: state.entry.id, moid: vm.moid)) && filter.rule == nil {
        reach.nameless.append(
          Unwatched(
            vcenter: state.entry.id, moid: vm.moid, name: vm.name, reason: Unwatchable.nameless.rawValue, fault: nil))
      }
      if isAsked(state.entry.id), state.uuid == nil || state.down != nil {
        reach.silent.append(VCenterTrouble(id: state.entry.id, fault: state.down))
      }
    }
    if reach.vms.isEmpty && reach.nameless.isEmpty {
      let there = vms.lazy.filter { $0.present && !$0.views.isEmpty }
      reach.names = Array(there.flatMap { [$0.facts.name, $0.address.moid] }.prefix(Reach.mostNames))
    }
    return reach
  }

  // MARK: One VM

  mutating func explain(_ ask: AskID, _ vm: VMKey, _ login: LoginID, _ now: Now) {
    asks.until[ask] = now.continuous + Asks.find
    asks.explains[ask] = Explaining(vm: vm, login: login)
    if let place = places[vm] { book(place, now) }
  }

  /// Whoever waits for what cannot come hears it now.
  mutating func reviewViews(_ now: Now) {
    if !asks.reaching.isEmpty { tellReached(now) }
    for (ask, explaining) in asks.explains {
      if let why = whyNot(explaining, now) { tell(ask, .refused(why)) }
    }
  }

  private func whyNot(_ explaining: Explaining, _ now: Now) -> ViewAnswer.NoView? {
    if shutdown != nil { return .stopping }
    guard let place = places[explaining.vm], vms[place].present,
      let view = vms[place].views.first(where: { $0.login == explaining.login })
    else { return .changed("the VM is not there any more, or no rule looks at it with this login any more") }
    if let why = vms[place].unwatchable { return .unwatched(why.rawValue, nil) }
    if let down = vcenters[vms[place].address.vcenter]?.down { return .unwatched("its vCenter cannot be asked", down) }
    if let parked = vms[place].parked, parked.until > now.continuous {
      return .unwatched("it is left alone for an hour", parked.fault)
    }
    if view.parkedUntil > now.continuous {
      return .unwatched("the guest denies this login to look; it is left alone for an hour", nil)
    }
    return logins.isStopped(explaining.login, on: explaining.vm) ? .login : nil
  }

  /// True where somebody waits for a listing of this VM with this login.
  func isAwaited(_ login: LoginID, _ place: Int) -> Bool {
    !asks.explains.isEmpty && asks.explains.values.contains { $0.login == login && $0.vm == vms[place].key }
  }

  /// A listing failed: three tries, as a confirm has.
  mutating func explainFailed(_ place: Int, _ login: LoginID, _ fault: Fault) {
    for (ask, explaining) in asks.explains where explaining.vm == vms[place].key && explaining.login == login {
      asks.explains[ask]?.tries += 1
      if fault.kind.isPermanent || explaining.tries + 1 >= KillTiming.confirmTries {
        tell(ask, .refused(.failed(fault)))
      }
    }
  }

  /// A complete listing was taken in: whoever waits for it is told what the rules say of it.
  mutating func explain(_ listing: Listing, _ place: Int, _ login: LoginID, sent: Now, ended: Now, _ now: Now) {
    guard isAwaited(login, place), let explanation = explanation(listing, place, login, sent: sent, ended: ended, now)
    else { return }
    for (ask, explaining) in asks.explains where explaining.vm == vms[place].key && explaining.login == login {
      tell(ask, .explained(explanation))
    }
  }

  mutating func tell(_ ask: AskID, _ answer: ViewAnswer) {
    asks.explains.removeValue(forKey: ask)
    guard asks.until.removeValue(forKey: ask) != nil else { return }
    effects.append(.show(ask, answer))
  }

  // MARK: What there is to say

  private func explanation(
    _ listing: Listing, _ place: Int, _ login: LoginID, sent: Now, ended: Now, _ now: Now
  ) -> Explanation? {
    let rows = byPID(listing.rows)
    guard let configuration, let view = vms[place].views.first(where: { $0.login == login }),
      view.rows.count == rows.count
    else { return nil }
    let vm = vms[place]
    let rules = view.rules.map { configuration.rules[$0] }
    let believed = clock.trusted && vm.doubt == nil
    var fits: [Int64: [(rule: RuleID, fit: Fit)]] = [:]
    let shared = rules.map { ruleGates($0, place, now) }
    for candidate in view.candidates {
      for track in candidate.tracks {
        guard let r = rules.firstIndex(where: { $0.id == track.rule }) else { continue }
        let own = closedGates(Gate.ofProcess, candidate.process, rules[r], place, now)
        let gates = own.isEmpty ? shared[r].gates : Gate.all.filter { own.contains($0) || shared[r].gates.contains($0) }
        let fit = fit(candidate, track, rules[r], place, gates: gates, believed: believed, now)
        fits[candidate.process.pid, default: []].append((rules[r].id, fit))
      }
    }
    return Explanation(
      vm: vm.key, address: vm.address, vmName: vm.facts.name, family: vm.facts.family, login: login, every: view.every,
      sent: sent, listed: ended, at: now, clockTrusted: clock.trusted, doubt: vm.doubt, dryRun: configuration.dryRun,
      rules: rules, gates: shared, protect: configuration.protect, rows: rows, memory: view.rows,
      ended: Set(vm.ended.lazy.filter { $0.counts(for: login) }.map(\.name)),
      fits: fits, showsCommands: showsCommands)
  }

  private func ruleGates(_ rule: Rule, _ place: Int, _ now: Now) -> RuleGates {
    // These are asked for whatever process it is.
    let anybody = Process(pid: 0, started: 0, owner: "", name: "", command: "")
    var shared = RuleGates(gates: closedGates(Gate.ofRule, anybody, rule, place, now))
    if shared.gates.contains(.notDuring), clock.trusted, let zone = configuration?.timeZone {
      shared.opens = rule.notDuring.end(wall: now.wall, zone: zone).map { Opening(at: $0, offset: zone.offset(at: $0)) }
    }
    return shared
  }

  private func fit(
    _ candidate: Candidate, _ track: Track, _ rule: Rule, _ place: Int, gates: [Gate], believed: Bool, _ now: Now
  ) -> Fit {
    var fit = Fit(gates: gates)
    if let exceeded = track.exceeded {
      let due = exceeded.due(rule.lasting)
      fit.excess = Excess(
        reason: exceeded.reason, since: exceeded.since, due: due,
        isRunaway: exceeded.looks >= 2 && exceeded.lastSent >= due)
    } else if case .bounded(let maxAge?, _) = rule.limits {
      let exceeds = ProvenAge.due(
        started: candidate.process.started, firstSeen: candidate.firstSeen, evidence: candidate.evidence, limit: maxAge,
        now: now, believed: believed)
      fit.exceeds = exceeds
      fit.due = exceeds + max(rule.lasting, Track.twoLooks)
    }
    if case .bounded(_, _?) = rule.limits { fit.place = track.rank?.place }
    if vms[place].kill?.identity == candidate.process.identity {
      fit.isBeingKilled = true
      fit.gates = []
    }
    return fit
  }
}
