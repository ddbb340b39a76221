import OrderedCollections

/// Who is asked next with an account that is alone or stopped (S10).
extension Watch {
  /// Gives each of these accounts its one operation, where it has none in flight.
  ///
  /// An unexplained refusal is tried first where the login was accepted before: an acceptance there lays it to the VM.
  mutating func giveLoginTurns(_ now: Now) {
    guard !logins.restricted.isEmpty else { return }
    let onlyByHand = configuration?.onlyByHand ?? false
    for name in logins.restricted {
      if logins.accounts[name]?.alone == true { giveAloneTurn(name, asksWitnesses: !onlyByHand, now) }
      if shutdown == nil, !onlyByHand, logins.wantsTrial(name, now.continuous) { giveTrial(name, now) }
    }
  }

  private mutating func giveAloneTurn(_ name: String, asksWitnesses: Bool, _ now: Now) {
    guard logins.accounts[name]?.inFlight == 0 else { return }
    if shutdown == nil, asksWitnesses {
      for witness in logins.witnesses(name) {
        guard let place = places[witness.vm], !vms[place].timedOut, let v = lendable(place, witness.login, now)
        else { continue }
        logins.granted = witness.vm
        defer { logins.granted = nil }
        guard let credential = logins.credential(witness.login),
          logins.hasSlot(witness.login, credential, vcenter: vms[place].address.vcenter, on: witness.vm)
        else { continue }
        survey(place, v, trial: false, now)
        return
      }
    }
    serveWaiting(name, now, alone: true)
  }

  private mutating func giveTrial(_ name: String, _ now: Now) {
    var best: (rank: Int, place: Int, v: Int, credential: Credential)?
    for place in vms.indices {
      for view in vms[place].views {
        guard let credential = logins.credential(view.login), credential.account == name,
          let rank = logins.rank(vms[place].key, credential), best.map({ rank < $0.rank }) ?? true,
          let v = lendable(place, view.login, now)
        else { continue }
        best = (rank, place, v, credential)
      }
    }
    guard let best else {
      logins.foundNone(name, now.continuous)
      return
    }
    let asked = logins.beginTrial(best.credential, on: vms[best.place].key, now.continuous)
    report(
      aboutVM(
        .loginTried, .info, best.place, login: vms[best.place].views[best.v].login,
        detail: asked ? "an operator asked" : "its time came"))
    survey(best.place, best.v, trial: true, now)
  }

  /// The view of a VM that can be surveyed at this moment with this login; nil: not now.
  private func lendable(_ place: Int, _ login: LoginID, _ now: Now) -> Int? {
    let vm = vms[place]
    guard vm.watchable, !isBusy(place), vm.restUntil <= now.continuous, hasRequestSlot(vm.address.vcenter) else {
      return nil
    }
    if let parked = vm.parked, parked.until > now.continuous { return nil }
    switch vm.kill?.phase {
    case .confirming, .recording, .terminating: return nil
    case .verifying, .closing, nil: break
    }
    return vm.views.firstIndex { $0.login == login && $0.parkedUntil <= now.continuous }
  }

  func hasRequestSlot(_ vcenter: VCenterID) -> Bool {
    guard let state = vcenters[vcenter], state.down == nil else { return false }
    return !state.refreshWaits && state.inFlight < state.entry.maxInFlight
  }

  /// Lets those that wait for an account try again, in their order.
  ///
  /// - Parameter alone: one of them at most.
  mutating func serveWaiting(_ name: String, _ now: Now, alone: Bool = false) {
    let queue = logins.takeWaiting(name)
    guard !queue.isEmpty else { return }
    var kept: [VMKey] = []
    // Where one has to wait until something is proven, all others there do.
    var unproven: Set<VCenterID> = []
    for (i, key) in queue.enumerated() {
      guard alone ? logins.accounts[name]?.inFlight == 0 : logins.accounts[name]?.hasRoom == true else {
        kept += queue[i...]
        break
      }
      guard let place = places[key] else { continue }
      let vcenter = vms[place].address.vcenter
      if unproven.contains(vcenter) {
        kept.append(key)
        continue
      }
      if alone && !hasRequestSlot(vcenter) {
        kept.append(key)
        continue
      }
      vms[place].waits.removeAll { $0.account == name }
      logins.granted = alone ? key : nil
      attend(place, now)
      logins.granted = nil
      if vms[place].waits.contains(where: { $0.account == name }) {
        kept.append(key)
        if logins.accounts[name]?.waitsForProof(on: vcenter) == true { unproven.insert(vcenter) }
      }
    }
    // Those that wait again put themselves there; this is their old order.
    logins.putBack(kept, for: name)
  }
}
