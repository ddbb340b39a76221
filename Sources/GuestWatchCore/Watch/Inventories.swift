import OrderedCollections

extension Watch {
  mutating func inventory(_ id: OpID, _ timing: Timing, _ result: Result<Inventory, Fault>, _ now: Now) {
    guard let operation = operations.removeValue(forKey: id), case .refresh(let vcenter, let asked) = operation.kind
    else { return }
    guard vcenters[vcenter]?.refreshing == id else { return }
    releaseRequest(vcenter)
    defer { serve(vcenter: vcenter, now) }
    guard var state = vcenters[vcenter] else { return }
    state.refreshing = nil
    switch result {
    case .failure(let fault):
      vcenters[vcenter] = state
      slow(vcenter, fault, now)
    case .success(let answer):
      if clock.hear(timing.date, at: now) { clockChanged(now) }
      state.failures = 0
      if refusedLogins.removeValue(forKey: state.entry.digest) != nil {
        effects.append(.note(.vcenterAccepted(digest: state.entry.digest)))
      }
      // A reload that came meanwhile asks for more than was answered.
      let isCurrent = asked.covers(query(vcenter))
      state.nextRefresh = isCurrent ? now.continuous + VCenterState.refreshEvery : now.continuous
      state.book.hear(answer, asked: asked.selectors)
      if answer.complete { state.answered = asked }
      // What was not said to be down is not said to be up.
      let isNews = state.told?.isDown ?? (state.uuid == nil)
      state.told?.isDown = false
      state.uuid = answer.vcenterUUID
      state.canTerminate = answer.canTerminate
      state.down = nil
      if !answer.canTerminate && !state.saidWatchOnly {
        state.saidWatchOnly = true
        report(Report(.watchOnly, .warning, vcenter: vcenter))
      }
      vcenters[vcenter] = state
      weighProtection(but: vcenter, now)
      take(answer, of: vcenter, asked, now)
      sayUnresolved(now)
      if isNews { report(Report(.vcenterUp, .info, vcenter: vcenter, detail: coverage(vcenter))) }
      findAgain(now)
      statusDirty = true
    }
  }

  /// How many of a vCenter's VMs that some rule reaches are watched.
  private func coverage(_ vcenter: VCenterID) -> String {
    let inScope = vms.filter { $0.present && $0.address.vcenter == vcenter && !$0.views.isEmpty }
    return "\(inScope.count { $0.watchable }) of \(inScope.count) VMs in scope are watched"
  }

  /// The whole vCenter is slowed: only refreshes are sent until one succeeds.
  mutating func slow(_ vcenter: VCenterID, _ fault: Fault, _ now: Now) {
    guard var state = vcenters[vcenter] else { return }
    state.failures += 1
    var pause = chance.around(KillTiming.backOff(state.failures))
    // Other failures do not count among the refusals, nor do they end them.
    let refusals = (refusedLogins[state.entry.digest]?.count ?? 0) + 1
    if fault.kind == .loginRefused { pause = VCenterState.pause(refusals: refusals) }
    if fault.kind == .noSession { pause = chance.around(VCenterState.pause(turnedAway: state.failures)) }
    state.nextRefresh = now.continuous + pause
    // What fails otherwise meanwhile is no reason to send a refused password sooner.
    if fault.kind != .loginRefused, let refused = refusedLogins[state.entry.digest] {
      state.nextRefresh = max(state.nextRefresh, refused.until)
    }
    if state.down == nil { state.downSince = now.continuous }
    if isNews(fault, state, now.continuous) {
      state.told = Told(kind: fault.kind, at: now.continuous)
      let refused = fault.kind == .loginRefused
      report(
        Report(
          refused ? .vcenterLoginRefused : .vcenterDown, refused ? .error : .warning, vcenter: vcenter, fault: fault)
      )
    }
    state.down = fault
    // It is not due any more; VMs that wait for a slot are booked when the vCenter is up again.
    state.refreshWaits = false
    vcenters[vcenter] = state
    if fault.kind == .loginRefused {
      if refusedLogins.count >= 256 { refusedLogins.removeFirst() }
      refusedLogins[state.entry.digest] = Refused(until: state.nextRefresh, count: refusals)
      effects.append(.note(.vcenterRefused(digest: state.entry.digest, count: refusals)))
    }
    statusDirty = true
  }

  /// True where the operator is to be told that a vCenter is down, and of what.
  private func isNews(_ fault: Fault, _ state: VCenterState, _ now: Instant) -> Bool {
    guard let told = state.told else { return true }
    if told.kind != fault.kind { return state.down?.kind != fault.kind }
    if told.isDown { return false }
    return now - told.at >= Told.again || now - state.downSince >= Told.lasts
  }

  private mutating func take(_ inventory: Inventory, of vcenter: VCenterID, _ asked: ScopeQuery, _ now: Now) {
    var seen: OrderedSet<VMKey> = []
    let twice = twins(inventory, of: vcenter)
    carryRefusals(inventory, twice)
    let holding = Holding(inventory, asked)
    // Which VM has which id now.
    var holders: [String: VMKey] = [:]
    vcenters[vcenter]?.nameless = []
    for facts in inventory.vms {
      guard let uuid = facts.instanceUUID, !uuid.isEmpty else {
        if let known = keyByID(facts, of: vcenter) {
          seen.append(known)
          takeUnnamed(facts, known, holding, isTwice: twice.contains(known))
        } else {
          notKnowable(facts, of: vcenter, now)
        }
        continue
      }
      let key = VMKey(vcenter: inventory.vcenterUUID, instance: uuid)
      holders[facts.moid] = key
      guard seen.append(key).inserted else { continue }
      if twice.contains(key) { takeTwin(facts, key, of: vcenter) } else { take(facts, key, of: vcenter, holding, now) }
    }
    for place in vms.indices where vms[place].address.vcenter == vcenter {
      let key = vms[place].key
      if seen.contains(key) {
        let isTwice = twice.contains(key)
        if vms[place].isTwice != isTwice { vms[place].rulesApply = false }
        vms[place].isTwice = isTwice
        if vms[place].rulesApply { book(place, now) } else { applyRules(place, now) }
        remember(place)
      } else if let holder = holders[vms[place].address.moid], holder != key {
        displaced(place, by: holder, now)
      } else if inventory.complete {
        missing(place, asked, now)
      } else if vms[place].rulesApply {
        book(place, now)
      } else {
        applyRules(place, now)
      }
    }
    forgetMissing(inventory.vcenterUUID, of: vcenter, now)
    recountCandidates()
    if inventory.complete { sayEmptyScopes() }
  }

  /// A uuid that could not be read is unknown, no change: a VM that is known by its id is not taken for deleted.
  private func keyByID(_ facts: VMFacts, of vcenter: VCenterID) -> VMKey? {
    let address = VMAddress(vcenter: vcenter, moid: facts.moid)
    return vms.first { $0.address == address && $0.present }?.key
  }

  /// What several VMs of an inventory are: by what they call themselves, and by what one that does not say is known as.
  private func twins(_ inventory: Inventory, of vcenter: VCenterID) -> Set<VMKey> {
    var once: Set<VMKey> = []
    var twice: Set<VMKey> = []
    for facts in inventory.vms {
      let own = facts.instanceUUID.flatMap {
        $0.isEmpty ? nil : VMKey(vcenter: inventory.vcenterUUID, instance: $0)
      }
      guard let key = own ?? keyByID(facts, of: vcenter), !once.insert(key).inserted else { continue }
      twice.insert(key)
    }
    return twice
  }

  /// One of several that have this uuid: nobody knows whether it is the one that we knew, so what is known stays, its epoch
  /// too, until there is one again.
  private mutating func takeTwin(_ facts: VMFacts, _ key: VMKey, of vcenter: VCenterID) {
    let address = VMAddress(vcenter: vcenter, moid: facts.moid)
    let place = vmPlace(key, address: address, name: facts.name)
    if vms[place].present { return }
    vms[place].present = true
    vms[place].missingSince = nil
    vms[place].rulesApply = false
    // To be listed by; an open kill keeps its own.
    if vms[place].shownMoid == nil { vms[place].address = address }
    vms[place].facts.name = facts.name
  }

  /// A VM that is known by its id alone: what is said of it holds, but what keeps hands off it stands where it may only have
  /// been unreadable, too. Its boot time waits for its uuid.
  private mutating func takeUnnamed(_ shown: VMFacts, _ key: VMKey, _ holding: Holding, isTwice: Bool) {
    guard let place = places[key] else { return }
    let known = vms[place].facts
    var facts = known
    if !isTwice {
      facts = shown
      facts.instanceUUID = known.instanceUUID
      facts.biosUUID = shown.biosUUID ?? known.biosUUID
      facts.template = shown.template || known.template
      facts.managed = shown.managed || known.managed
      facts.bootTime = known.bootTime
      facts.suspendTime = known.suspendTime
    }
    facts.selectors = holding.held(shown.selectors, before: known.selectors)
    if facts != known { vms[place].rulesApply = false }
    vms[place].facts = facts
    isSeen(place, isPlaced: vms[place].isPlaced || holding.complete)
  }

  private mutating func isSeen(_ place: Int, isPlaced: Bool) {
    if vms[place].isPlaced != isPlaced || vms[place].isOutOfSight { vms[place].rulesApply = false }
    vms[place].isPlaced = isPlaced
    vms[place].isOutOfSight = false
  }

  /// A VM in scope that has no instance uuid is listed as not watched, and said once an hour.
  private mutating func notKnowable(_ facts: VMFacts, of vcenter: VCenterID, _ now: Now) {
    guard let count = vcenters[vcenter]?.nameless.count, count < VCenterState.namelessCap,
      configuration?.rules.contains(where: { $0.reaches(facts, of: vcenter) }) == true
    else { return }
    vcenters[vcenter]?.nameless.append((facts.moid, facts.name))
    let sighting = Sighting(
      rule: RuleID(""), vm: VMKey(vcenter: vcenter.name, instance: ""), name: stableHash(facts.moid))
    guard isNews(sighting, now) else { return }
    report(
      Report(
        .vmParked, .warning, vcenter: vcenter, moid: facts.moid, vmName: facts.name,
        detail: Unwatchable.nameless.rawValue))
  }

  private mutating func take(_ shown: VMFacts, _ key: VMKey, of vcenter: VCenterID, _ holding: Holding, _ now: Now) {
    var facts = shown
    let address = VMAddress(vcenter: vcenter, moid: facts.moid)
    let place = vmPlace(key, address: address, name: facts.name)
    if vms[place].present, vms[place].address.vcenter != vcenter, vcenters[vms[place].address.vcenter] != nil {
      // The same VM through another entry: the first one keeps it.
      return
    }
    let cameBack = !vms[place].watchable
    let isNewHere = !vms[place].present || !vms[place].isShown || vms[place].address != address
    // While it was there twice nobody knows which of them stood where.
    let wasHere =
      vms[place].present && vms[place].isShown && vms[place].address.vcenter == vcenter && !vms[place].isTwice
    facts.selectors = holding.held(shown.selectors, before: wasHere ? vms[place].facts.selectors : [])
    isSeen(place, isPlaced: holding.complete || (wasHere && vms[place].isPlaced))
    // Also where it was away in between: it is registered anew then for certain.
    if let shown = vms[place].shownMoid, shown != facts.moid { endEpoch(place, "it was registered anew", now) }
    if vms[place].shownMoid != facts.moid { vms[place].memoryIsStale = true }
    vms[place].shownMoid = facts.moid
    if vms[place].facts != facts || vms[place].address != address || !vms[place].present || !vms[place].isShown {
      vms[place].rulesApply = false
    }
    vms[place].present = true
    vms[place].isShown = true
    vms[place].missingSince = nil
    vms[place].address = address
    vms[place].facts = facts
    if case .verifying? = vms[place].kill?.phase { vms[place].kill?.address = address }
    // An unset property is unknown, never a change: it is compared when it can be read again.
    let rebooted = moved(vms[place].bootTime, facts.bootTime) && !mutated(.ignoreReboots)
    if facts.bootTime != vms[place].bootTime || facts.suspendTime != vms[place].suspendTime {
      vms[place].memoryIsStale = true
    }
    let suspended =
      (moved(vms[place].suspendTime, facts.suspendTime) || newSuspend(vms[place], facts)) && !mutated(.ignoreSuspends)
    vms[place].bootTime = facts.bootTime ?? vms[place].bootTime
    vms[place].suspendTime = facts.suspendTime ?? vms[place].suspendTime
    if rebooted || suspended { endEpoch(place, rebooted ? "its boot time moved" : "it was suspended", now) }
    if let suspend = vms[place].suspendTime, let boot = vms[place].bootTime, suspend > boot, !mutated(.ignoreSuspends) {
      doubt(place, "it was suspended after its boot")
    }
    if cameBack {
      // It may be another guest state altogether; its login may be used at once.
      vms[place].restUntil = vms[place].silentUntil
      vms[place].failures = 0
    }
    if isNewHere, let before = busyOne(at: address, besides: key) {
      // The same VM under a new uuid, or one that it had before: its operation in flight is still the only one. The longest
      // takes as long as a terminate; a look may take half of that, and then the VM rests as long again.
      vms[place].restUntil = now.continuous + KillTiming.terminate
      // Where this machine slept meanwhile, an answer may come later than that.
      vms[place].predecessor = vms[before].key
      vms[before].successor = key
    }
  }

  /// The VM of another key that an operation is in flight for on this address. Of the VMs only those are looked at that have
  /// one: a first inventory asks this for each of its VMs.
  private func busyOne(at address: VMAddress, besides key: VMKey) -> Int? {
    for operation in operations.values {
      guard let other = operation.vm, other != key, let place = places[other] else { continue }
      if vms[place].busy != nil, vms[place].address == address { return place }
    }
    return nil
  }

  private func moved(_ old: Int64?, _ new: Int64?) -> Bool {
    guard let old, let new else { return false }
    return abs(new - old) > 60
  }

  /// A first suspend of a VM that was watched before ends its epoch, too.
  private func newSuspend(_ vm: VMState, _ facts: VMFacts) -> Bool {
    guard vm.suspendTime == nil, let suspend = facts.suspendTime, let boot = vm.bootTime else { return false }
    return suspend > boot
  }

  /// A complete inventory does not have it any more.
  private mutating func missing(_ place: Int, _ asked: ScopeQuery, _ now: Now) {
    let vm = vms[place]
    if mutated(.keepWhoLeftTheFolder), !vm.facts.selectors.isEmpty { return }
    let wasAsked = asked.selects(name: vm.facts.name, moid: vm.address.moid, in: vm.facts.selectors)
    guard vm.present || vm.kill != nil, wasAsked else {
      vms[place].present = false
      vms[place].isPlaced = false
      vms[place].rulesApply = false
      return
    }
    if vm.kill?.isOpen == true, !asked.ids.contains(vm.address.moid) {
      // It may only have been renamed or moved: the next refresh asks for it by its id. No terminate leaves until then.
      vms[place].isPlaced = false
      vms[place].isOutOfSight = true
      applyRules(place, now)
      refreshSoon(vm.address.vcenter, now)
      return
    }
    leave(place, now)
  }

  /// Another VM has its id now, or the same one has another uuid: what is looked at there is the other, whether the
  /// inventory is complete or not. The agent behind the id rests no less for that.
  private mutating func displaced(_ place: Int, by holder: VMKey, _ now: Now) {
    if let other = places[holder] {
      vms[other].silentUntil = max(vms[other].silentUntil, vms[place].silentUntil)
      vms[other].restUntil = max(vms[other].restUntil, vms[other].silentUntil)
    }
    leave(place, now)
  }

  private mutating func leave(_ place: Int, _ now: Now) {
    vms[place].present = false
    vms[place].isPlaced = false
    vms[place].isOutOfSight = false
    vms[place].rulesApply = false
    vms[place].views = []
    refuseHand(place, .changed("the VM is not there any more"))
    loseKill(place, now)
  }

  /// VMs that are not in their vCenter's inventory for an hour are forgotten, so that clones which come and go do not add
  /// up. While that vCenter does not answer, nothing is.
  /// What its entry found at another vCenter before is missing, too.
  private mutating func forgetMissing(_ uuid: String, of vcenter: VCenterID, _ now: Now) {
    var forgotten: Set<VMKey> = []
    for place in vms.indices
    where vms[place].key.vcenter == uuid || (vms[place].address.vcenter == vcenter && !vms[place].present) {
      let vm = vms[place]
      if vm.present || vm.kill != nil || vm.hand != nil || !vm.waitingKills.isEmpty || vm.busy != nil {
        vms[place].missingSince = nil
      } else if let since = vm.missingSince {
        guard now.continuous - since >= VMState.forgetAfter else { continue }
        forgotten.insert(vm.key)
        if vm.remembered != nil {
          effects.append(.remember(VMMemory(vm: vm.key, bootTime: nil, suspendTime: nil, seen: [])))
        }
      } else {
        vms[place].missingSince = now.continuous
      }
    }
    guard !forgotten.isEmpty else { return }
    vms.removeAll { forgotten.contains($0.key) }
    places = [:]
    for (place, vm) in vms.enumerated() { places[vm.key] = place }
  }

  /// Start times and pids mean something else from now on.
  mutating func endEpoch(_ place: Int, _ why: String, _ now: Now) {
    vms[place].epoch += 1
    vms[place].epochBegan = now.continuous
    vms[place].doubt = nil
    vms[place].shown = nil
    refuseHand(place, .changed("the VM began a new life"))
    // A try of the life before is none on whoever has its name now.
    loseKill(place, now)
    vms[place].attempts = []
    vms[place].ended = []
    vms[place].restoredSeen = []
    vms[place].memoryIsStale = true
    let had = vms[place].views.contains { $0.lastListing != nil }
    candidateCount -= vms[place].views.reduce(0) { $0 + $1.candidates.count }
    statusDirty = true
    for v in vms[place].views.indices {
      vms[place].views[v].rows = []
      vms[place].views[v].lastListing = nil
      vms[place].views[v].gone = GoneRows()
      vms[place].views[v].candidates = []
      vms[place].views[v].unfollowed = [:]
      vms[place].views[v].nextSurvey = now.continuous
    }
    if had { report(aboutVM(.epochEnded, .info, place, detail: why)) }
  }

  mutating func doubt(_ place: Int, _ why: String) {
    guard vms[place].doubt == nil, !mutated(.ignoreDoubts) else { return }
    vms[place].doubt = why
    report(aboutVM(.startsDoubted, .info, place, detail: why))
  }

  /// Asks for an inventory soon, at most once a minute: something was not found.
  mutating func refreshSoon(_ vcenter: VCenterID, _ now: Now) {
    guard var state = vcenters[vcenter], state.refreshing == nil else { return }
    let earliest = (state.lastRefresh ?? Instant(nanoseconds: .min)) + VCenterState.refreshOnMissing
    state.nextRefresh = min(state.nextRefresh, max(earliest, now.continuous))
    vcenters[vcenter] = state
  }

  mutating func clockChanged(_ now: Now) {
    let trusted = clock.trusted
    if !trusted {
      // What was dated by that clock is dated by none.
      for place in vms.indices { for v in vms[place].views.indices { vms[place].views[v].listingIsDated = false } }
    }
    if !trusted || saidDoubt { report(Report(trusted ? .clockTrusted : .clockDoubted, trusted ? .info : .warning)) }
    saidDoubt = !trusted
    statusDirty = true
    for place in vms.indices {
      let believed = trusted && vms[place].doubt == nil
      for v in vms[place].views.indices {
        for c in vms[place].views[v].candidates.indices {
          vms[place].views[v].candidates[c].due = dueOf(vms[place].views[v].candidates[c], believed: believed, now)
        }
      }
      book(place, now)
    }
  }
}
