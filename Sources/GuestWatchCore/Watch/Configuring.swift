import OrderedCollections

extension Watch {
  mutating func begin(seed: UInt64, _ restored: Restored, _ now: Now) {
    chance = Chance(seed: seed)
    life = restored.life
    commandKey = restored.commandKey
    if !mutated(.forgetRefusalsOverARestart) {
      logins.restore(restored.refusals, restored.standings, now.continuous)
    }
    for refusal in restored.vcenterRefusals { restore(refusal, now) }
    pauses = PauseBook(restored.pauses)
    for memory in restored.memories { restore(memory) }
    for open in restored.open where !mutated(.forgetOpenKills) { restore(open, now) }
    for row in restored.rows { restore(row, now) }
    // What an answer that was on disk decides needs no look.
    for place in vms.indices {
      settle(place, now)
      closeLost(place, now)
    }
  }

  /// An open kill of an epoch that is over: what became of its process cannot be known any more.
  private mutating func closeLost(_ place: Int, _ now: Now) {
    guard let kill = vms[place].kill, kill.lost, case .verifying = kill.phase else { return }
    close(place, .unknown, error: nil, verified: nil, now)
  }

  /// True where the VM is in a later epoch than at that moment: identities of then are not those of today.
  private func isOfEarlierEpoch(_ at: Instant, _ vm: VMKey) -> Bool {
    guard let place = places[vm], let began = vms[place].epochBegan else { return false }
    return at <= began
  }

  /// An earlier life was refused by a vCenter: its pause goes on, a restart is no reason for one more try.
  private mutating func restore(_ refusal: VCenterRefusal, _ now: Now) {
    let until = now.continuous - refusal.age + VCenterState.pause(refusals: refusal.count)
    if until > now.continuous { refusedLogins[refusal.digest] = Refused(until: until, count: refusal.count) }
  }

  private mutating func restore(_ row: Restored.Row, _ now: Now) {
    let decided = now.continuous - row.age
    if row.outcome?.givesBack != true, !mutated(.forgetBudgetsOverARestart) {
      budgets.spend(row.id, rule: row.rule, vm: row.vm, at: decided)
    }
    if let rule = row.rule, row.outcome != .abandoned, !mutated(.forgetCooldownsOverARestart) {
      // The terminate left at most one window after its confirm, and the intent lies between.
      budgets.sent(rule: rule, vm: row.vm, at: decided + KillTiming.window)
    }
    let closed = now.continuous - (row.closedAge ?? row.age)
    if isOfEarlierEpoch(closed, row.vm) { return }
    switch mutated(.forgetAttemptsOverARestart) ? nil : row.outcome {
    case .survived, .unknown, .stuck, .denied:
      let place = vmPlace(row.vm, address: VMAddress(vcenter: VCenterID(""), moid: ""), name: "")
      noteAttempt(
        at: place, row.process.identity, was: row.process.identity, rule: row.rule, login: row.login,
        outcome: row.outcome ?? .unknown, closed)
    case .exited, .alreadyGone, .gone:
      let place = vmPlace(row.vm, address: VMAddress(vcenter: VCenterID(""), moid: ""), name: "")
      remember(ended: row.process.identity, by: nil, place, closed)
    case .failed, .abandoned, nil: break
    }
  }

  private mutating func restore(_ open: Restored.OpenKill, _ now: Now) {
    let record = open.record
    let place = vmPlace(record.vm, address: record.address, name: record.vmName)
    let intentAt = now.continuous - open.age
    let ground: Ground =
      switch record.cause {
      case .rule(let rule, let reason): .rule(rule, reason, Ground.Chain(since: .never, group: nil))
      // Good for no terminate, whoever asked then is not there any more; it is only looked what became of it.
      case .demand(let demand):
        .demand(Ground.Standing(demand: demand, ask: nil, seen: .never, epoch: 0, until: intentAt))
      }
    var kill = Kill(
      id: record.id, ground: ground, login: record.login, address: record.address, vmName: record.vmName,
      target: record.process, anchors: record.anchors,
      phase: .verifying(next: now.continuous, looks: 0), decided: record.decided, confirmed: record.confirmed,
      intentAt: intentAt)
    kill.restored = true
    kill.since = now.continuous
    kill.lost = isOfEarlierEpoch(intentAt, record.vm)
    kill.answer = open.answer
    kill.took = open.answerTook
    if open.answer != nil { kill.answered = intentAt }
    killPlaces[record.id] = record.vm
    if vms[place].kill == nil { vms[place].kill = kill } else { vms[place].waitingKills.append(kill) }
    statusDirty = true
  }

  /// The place of a VM, made where it is not known yet.
  mutating func vmPlace(_ key: VMKey, address: VMAddress, name: String) -> Int {
    if let place = places[key] { return place }
    let facts = VMFacts(
      moid: address.moid, name: name, instanceUUID: key.instance, power: .unknown, connected: false, tools: .unknown,
      ready: false)
    vms.append(VMState(key: key, address: address, facts: facts, present: false))
    places[key] = vms.count - 1
    return vms.count - 1
  }

  mutating func configure(_ new: Configuration, _ now: Now) {
    let old = configuration
    configuration = new
    rulePlaces = [:]
    saidEmpty = []
    saidEmptySelectors = []
    unreadableLogins = []
    saidUnresolved = [:]
    for (i, rule) in new.rules.enumerated() { rulePlaces[rule.id] = i }
    logins.configure(new.logins, now.continuous)
    sendLoginNotes()
    sayStoppedLogins(now)

    takeEntries(new.vcenters, now)
    // Who waits for a slot asks again: vCenter, account or rule may be others now.
    logins.forgetWaiting()
    for id in vcenters.keys {
      vcenters[id]?.waiting = []
      vcenters[id]?.slowWaiting = []
    }
    for place in vms.indices {
      vms[place].queued = false
      vms[place].waits = []
    }

    if let old {
      keepState(of: old, in: new)
      noteLinks(now)
    }
    for id in vcenters.keys {
      let unsure = unsure(id)
      vcenters[id]?.unsure = unsure
    }
    for place in vms.indices { applyRules(place, now) }
    if !saidReady {
      saidReady = true
      effects.append(.ready)
    }
    statusDirty = true
  }

  /// Takes the vCenters over. An entry that is new, changed or gone may lead to another vCenter: what the old one said of
  /// moids counts for nothing until an inventory has shown it again.
  private mutating func takeEntries(_ entries: [VCenterEntry], _ now: Now) {
    var fresh: OrderedDictionary<VCenterID, VCenterState> = [:]
    for entry in entries {
      guard var state = vcenters[entry.id], state.entry.digest == entry.digest else {
        var state = VCenterState(entry: entry, nextRefresh: now.continuous)
        // A login that was refused is not tried sooner because a reload took its entry away and brought it back.
        if let refused = refusedLogins[entry.digest], refused.until > now.continuous {
          state.nextRefresh = refused.until
          state.failures = refused.count
          state.down = Fault(.loginRefused, code: "refused before", detail: "the login was refused before")
          state.told = Told(kind: .loginRefused, at: now.continuous)
          report(Report(.vcenterLoginRefused, .error, vcenter: entry.id, fault: state.down))
        }
        fresh[entry.id] = state
        continue
      }
      state.entry = entry
      if state.down?.kind != .loginRefused { state.nextRefresh = now.continuous }
      fresh[entry.id] = state
    }
    for (id, state) in vcenters where fresh[id]?.entry.digest != state.entry.digest { logins.forgetProofs(on: id) }
    for place in vms.indices {
      let vcenter = vms[place].address.vcenter
      guard fresh[vcenter]?.entry.digest != vcenters[vcenter]?.entry.digest || fresh[vcenter] == nil else { continue }
      vms[place].isShown = false
      vms[place].isPlaced = false
      vms[place].epoch += 1
      vms[place].shown = nil
      refuseHand(place, .changed("its vCenter's entry in the configuration was changed"))
      switch vms[place].kill?.phase {
      case .confirming: dropKill(place, .changed("its vCenter's entry in the configuration was changed"))
      case .recording: vms[place].kill?.lost = !mutated(.killThroughAnotherEntry)
      case .terminating, .verifying:
        if vms[place].kill?.restored == false {
          vms[place].kill?.keepsLinkUntil = now.continuous + KillTiming.keepsLink
        }
      case .closing, nil: break
      }
    }
    vcenters = fresh
  }

  /// Of the rules that stay what they were, the state stays; any other starts anew (S7).
  private mutating func keepState(of old: Configuration, in new: Configuration) {
    let before = OrderedDictionary(uniqueKeysWithValues: old.rules.map { ($0.id, $0) })
    var kept: OrderedSet<RuleID> = []
    for rule in new.rules
    where before[rule.id].map({ rule.keepsState(of: $0) || mutated(.carryLastingOverAReload) }) ?? false {
      kept.append(rule.id)
    }
    let quietMoved = Set(
      new.rules.filter { old.timeZone != new.timeZone || before[$0.id]?.notDuring != $0.notDuring }.map(\.id))
    let gatesMoved = old.dryRun != new.dryRun || old.budget != new.budget || old.protect != new.protect
    for place in vms.indices {
      for v in vms[place].views.indices {
        for c in vms[place].views[v].candidates.indices {
          vms[place].views[v].candidates[c].tracks.removeAll { !kept.contains($0.rule) }
          for t in vms[place].views[v].candidates[c].tracks.indices {
            if gatesMoved {
              vms[place].views[v].candidates[c].tracks[t].said = []
            } else if quietMoved.contains(vms[place].views[v].candidates[c].tracks[t].rule) {
              // What was said of its end is not so any more.
              vms[place].views[v].candidates[c].tracks[t].said.removeAll { $0 == .notDuring }
            }
          }
        }
        vms[place].views[v].candidates.removeAll { $0.tracks.isEmpty }
      }
      // Another rule may try again; what was denied to a login stays denied to it.
      for i in vms[place].attempts.indices where vms[place].attempts[i].stuck {
        if let rule = vms[place].attempts[i].rule, !kept.contains(rule) { vms[place].attempts[i].free() }
      }
    }
    recountCandidates()
  }

  /// From the first reload on, the link that a terminate left by is kept for a while only.
  private mutating func noteLinks(_ now: Now) {
    for place in vms.indices {
      guard let kill = vms[place].kill, kill.credential != nil, kill.linkUntil == nil else { continue }
      vms[place].kill?.linkUntil = now.continuous + KillTiming.linkEnds
    }
  }

  mutating func recountCandidates() {
    candidateCount = vms.reduce(0) { sum, vm in sum + vm.views.reduce(0) { $0 + $1.candidates.count } }
    statusDirty = true
  }

  /// Finds the rules that reach a VM and keeps one view for each login that they need.
  mutating func applyRules(_ place: Int, _ now: Now) {
    guard let configuration else { return }
    let vm = vms[place]
    vms[place].unwatchable = reasonNotToWatch(vm, configuration)
    var views: [LoginView] = []
    if vm.present, vcenters[vm.address.vcenter] != nil {
      for (i, rule) in configuration.rules.enumerated()
      where rule.reaches(vm.facts, of: vm.address.vcenter) || mutated(.ignoreTheScope) {
        guard loginReaches(rule.login, vm) else { continue }
        if let v = views.firstIndex(where: { $0.login == rule.login }) {
          views[v].rules.append(i)
          views[v].every = min(views[v].every, rule.every)
        } else if var view = vm.views.first(where: { $0.login == rule.login }) {
          view.rules = [i]
          view.every = rule.every
          views.append(view)
        } else {
          views.append(
            LoginView(
              login: rule.login, rules: [i], every: rule.every, nextSurvey: firstSurvey(vm.key, rule.every, now))
          )
        }
      }
    }
    for v in views.indices {
      if let before = vm.views.first(where: { $0.login == views[v].login }), before.every < views[v].every {
        // A chain that is broken stays broken: longer intervals do not mend it.
        for c in views[v].candidates.indices { views[v].candidates[c].breakChains(before.chain, now) }
      }
      views[v].nextSurvey = min(views[v].nextSurvey, now.continuous + views[v].every)
      let reaching = Set(views[v].rules.map { configuration.rules[$0].id })
      for c in views[v].candidates.indices { views[v].candidates[c].tracks.removeAll { !reaching.contains($0.rule) } }
      views[v].candidates.removeAll { $0.tracks.isEmpty }
      let believed = clock.trusted && vm.doubt == nil
      for c in views[v].candidates.indices {
        views[v].candidates[c].due = dueOf(views[v].candidates[c], believed: believed, now)
      }
    }
    vms[place].views = views
    // No look with a login that is not there any more will answer for what it has seen.
    vms[place].restoredSeen.removeAll { logins.entries[$0.login] == nil }
    vms[place].rulesApply = true
    vms[place].memoryIsStale = true
    dropConfirm(place)
    book(place, now)
  }

  /// A confirm that waits is not sent for a rule, or with a login, that does not reach the VM any more, or whose `lasting`
  /// is longer now and not over: the confirm comes after the verdict. Nor is it sent to a VM that is not watched now.
  private mutating func dropConfirm(_ place: Int) {
    if let hand = vms[place].hand {
      if let why = vms[place].unwatchable {
        refuseHand(place, .unwatched(why.rawValue, nil))
      } else if !vms[place].views.contains(where: { $0.login == hand.login }) {
        refuseHand(place, .changed("no rule looks at the VM with this login any more"))
      }
    }
    guard let kill = vms[place].kill, case .confirming = kill.phase else { return }
    let isReached =
      switch kill.ground {
      case .rule(let rule, _, _): hasLasted(kill, rule, place)
      case .demand: vms[place].views.contains { $0.login == kill.login }
      }
    if !vms[place].watchable || !isReached {
      dropKill(place, .changed("the VM cannot be watched now, or no rule looks at it with this login any more"))
    }
  }

  private func hasLasted(_ kill: Kill, _ id: RuleID, _ place: Int) -> Bool {
    guard let rule = rule(id), let track = track(of: kill, id, place)?.track else { return false }
    // A chain that is broken is found to be that by the confirm.
    return track.exceeded.map { $0.lastSent >= $0.due(rule.lasting) } ?? true
  }

  private func loginReaches(_ login: LoginID, _ vm: VMState) -> Bool {
    guard let entry = logins.entries[login] else { return false }
    return entry.scope?.reaches(vm.facts) ?? true
  }

  /// Polls are spread by a hash of the VM: over the interval, or over less where there are few VMs.
  private func firstSurvey(_ key: VMKey, _ every: Duration, _ now: Now) -> Instant {
    let spread = min(every, .milliseconds(20) * max(vms.count, 1))
    let part = stableHash(key.instance) % UInt64(max(spread.nanoseconds, 1))
    return now.continuous + .nanoseconds(Int64(part))
  }

  private func reasonNotToWatch(_ vm: VMState, _ configuration: Configuration) -> Unwatchable? {
    let facts = vm.facts
    if vm.isTwice { return .twice }
    if !vm.isShown { return .unconfirmed }
    if vm.isOutOfSight { return .outOfSight }
    if mutated(.touchTheUntouchable) { return facts.power != .on || !facts.ready ? .off : nil }
    if let own = configuration.ownMachine, let bios = facts.biosUUID, OwnMachine.isSame(own, bios) { return .own }
    if facts.template { return .template }
    if facts.managed { return .managed }
    if let scope = configuration.protect.vms, let why = reasonOfProtection(vm, scope) { return why }
    if facts.power != .on { return .off }
    if !facts.connected { return .disconnected }
    if !facts.ready { return .notReady }
    return nil
  }
}
