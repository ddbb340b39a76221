import OrderedCollections

/// What an operator wants with one process of a VM, while it is looked at for that.
struct Hand: Sendable {
  enum Purpose: Sendable {
    case show
    /// The first of two looks; the confirm is the second.
    case kill(KillOrder)
  }

  var ask: AskID
  var login: LoginID
  var pid: Int64
  var purpose: Purpose
  /// Not looked at before.
  var notBefore: Instant
  /// The look under way that is for this: one for somebody before, who has gone, may have been made with another login.
  var look: OpID?
  /// Looks that failed.
  var tries = 0
  /// A listing was asked for: it is what an outcome is judged by later. Whatever came of it, the look is next.
  var isListed = false
}

/// The process that an operator was shown: the first look of a kill that may follow.
struct Shown: Sendable {
  var process: Process
  var login: LoginID
  var epoch: UInt32
  /// When the look was answered.
  var seen: Instant

  /// What is older is looked at anew.
  static let lasts = Duration.seconds(600)
}

/// Who waits for an answer, and for how long.
struct Asks: Sendable {
  /// Until when each is answered.
  var until: OrderedDictionary<AskID, Instant> = [:]
  /// Whose VM may be one of a vCenter that has not answered yet.
  var waiting: [(ask: AskID, wanted: Wanted)] = []
  /// Who wants to know which VMs there are.
  var reaching: OrderedDictionary<AskID, VMFilter> = [:]
  /// Who waits for a listing.
  var explains: OrderedDictionary<AskID, Explaining> = [:]

  /// A look may take 30 s, and a survey may come before it.
  static let find = Duration.seconds(90)
  /// From the order to the intent: two looks, 5 s apart.
  static let order = Duration.seconds(90)
  /// From the intent to the outcome: 60 s for the terminate, 25 s to see what came of it, a look of 30 s at the end.
  static let outcome = Duration.seconds(130)
}

extension Watch {
  // MARK: What operators ask

  mutating func find(_ ask: AskID, _ wanted: Wanted, _ now: Now) {
    asks.until[ask] = now.continuous + Asks.find
    find(ask, wanted, isLast: false, now)
  }

  private mutating func find(_ ask: AskID, _ wanted: Wanted, isLast: Bool, _ now: Now) {
    switch resolve(wanted.vm, isLast: isLast) {
    case .wait: asks.waiting.append((ask, wanted))
    case .refused(let refusal): answer(ask, .refused(refusal))
    case .vm(let place):
      let logins = vms[place].views.map(\.login)
      if let login = wanted.login, !logins.contains(login) {
        return answer(ask, .refused(.loginElsewhere(login, logins)))
      }
      guard let login = wanted.login ?? (logins.count == 1 ? logins[0] : nil) else {
        return answer(ask, .refused(.loginNeeded(logins)))
      }
      look(ask, place, login, wanted.pid, .show, now)
    }
  }

  /// An inventory has come: names that were not known may be now.
  mutating func findAgain(_ now: Now) {
    let waiting = asks.waiting
    asks.waiting = []
    for (ask, wanted) in waiting { find(ask, wanted, isLast: false, now) }
  }

  mutating func kill(_ ask: AskID, _ order: KillOrder, _ now: Now) {
    asks.until[ask] = now.continuous + Asks.order
    guard let place = places[order.vm], vms[place].present,
      vms[place].views.contains(where: { $0.login == order.login })
    else {
      return answer(
        ask, .refused(.changed("the VM is not there any more, or no rule looks at it with this login any more")))
    }
    if let shown = vms[place].shown, shown.process.identity == order.identity, shown.login == order.login,
      shown.epoch == vms[place].epoch, now.continuous - shown.seen < Shown.lasts, vms[place].watchable
    {
      begin(order, ask, place, shown, now)
      book(place, now)
    } else {
      look(ask, place, order.login, order.identity.pid, .kill(order), now)
    }
  }

  /// What was not recorded yet does not happen; what was goes on.
  mutating func withdraw(_ ask: AskID, _ now: Now) {
    guard asks.until.removeValue(forKey: ask) != nil else { return }
    asks.waiting.removeAll { $0.ask == ask }
    if asks.reaching.removeValue(forKey: ask) != nil || asks.explains.removeValue(forKey: ask) != nil { return }
    guard let place = vms.firstIndex(where: { $0.hand?.ask == ask || $0.kill?.ask == ask }) else { return }
    if vms[place].hand?.ask == ask { vms[place].hand = nil }
    if let kill = vms[place].kill, kill.ask == ask, case .demand(var standing) = kill.ground {
      standing.ask = nil
      standing.isWithdrawn = true
      vms[place].kill?.ground = .demand(standing)
      if case .confirming = kill.phase {
        vms[place].kill = nil
        sayDropped(kill, place, detail: "whoever asked for it has gone")
      }
    }
    decide(place, now)
    book(place, now)
  }

  // MARK: Which VM

  private enum Resolved {
    case vm(Int)
    case wait
    case refused(HandAnswer.Refusal)
  }

  /// A name is good for one VM only, and only once every vCenter has said which VMs it has: the address is good at once. One
  /// that no rule reaches is never asked, and has no VM to look into.
  private func resolve(_ text: String, isLast: Bool) -> Resolved {
    let known = vms.indices.filter { vms[$0].present && !vms[$0].views.isEmpty }
    if let exact = known.first(where: { vms[$0].address.description == text }) { return .vm(exact) }
    let unheard = vcenters.values.filter { $0.uuid == nil && isAsked($0.entry.id) }
    if !isLast, unheard.contains(where: { $0.down == nil }) { return .wait }
    let called = known.filter { vms[$0].facts.name == text || vms[$0].address.moid == text }
    let silent = unheard.map(\.entry.id)
    switch called.count {
    case 0:
      let nameless = vcenters.values.contains { $0.nameless.contains { $0.name == text || $0.moid == text } }
      return .refused(nameless ? .unwatched(Unwatchable.nameless.rawValue, nil) : .unknownVM(unheard: silent))
    case 1 where silent.isEmpty: return .vm(called[0])
    default:
      return .refused(
        .ambiguousVM(
          called.map { VMName(address: vms[$0].address, name: vms[$0].facts.name) }, unheard: silent))
    }
  }

  // MARK: The first look

  private mutating func look(
    _ ask: AskID, _ place: Int, _ login: LoginID, _ pid: Int64, _ purpose: Hand.Purpose, _ now: Now
  ) {
    if shutdown != nil { return answer(ask, .refused(.gate(.stopping))) }
    if let why = vms[place].unwatchable { return answer(ask, .refused(.unwatched(why.rawValue, nil))) }
    if let down = vcenters[vms[place].address.vcenter]?.down {
      return answer(ask, .refused(.unwatched("its vCenter cannot be asked", down)))
    }
    if logins.isStopped(login, on: vms[place].key) { return answer(ask, .refused(.gate(.login))) }
    if vms[place].hand != nil { return answer(ask, .refused(.busy)) }
    vms[place].hand = Hand(ask: ask, login: login, pid: pid, purpose: purpose, notBefore: now.continuous)
    book(place, now)
  }

  mutating func handLooked(_ look: Look, _ place: Int, isCurrent: Bool, ended: Now, _ now: Now) {
    guard let hand = vms[place].hand else { return }
    guard isCurrent else { return refuseHand(place, .changed("the VM began a new life")) }
    switch look {
    case .gone, .finished: refuseHand(place, .gone)
    case .vmGone: break  // A call that failed (see `looked`).
    case .running(let process):
      // Known to be dead, whatever the guest still lists.
      if isEnded(process.identity, place, hand.login) { return refuseHand(place, .gone) }
      let shown = Shown(process: process, login: hand.login, epoch: vms[place].epoch, seen: ended.continuous)
      switch hand.purpose {
      case .show:
        vms[place].shown = shown
        vms[place].hand = nil
        answer(hand.ask, .found(found(process, place, hand.login, now)))
      case .kill(let order):
        guard process.identity == order.identity || mutated(.killWhoeverHasThePid) else {
          return refuseHand(place, .another(self.shown(process)))
        }
        vms[place].shown = shown
        vms[place].hand = nil
        begin(order, hand.ask, place, shown, now)
      }
    }
  }

  private func found(_ process: Process, _ place: Int, _ login: LoginID, _ now: Now) -> HandAnswer.Found {
    HandAnswer.Found(
      vm: vms[place].key, address: vms[place].address, vmName: vms[place].facts.name, login: login,
      process: shown(process), gate: handGate(process, login, place, now),
      isStuck: vms[place].attempts(on: process.identity).contains(where: \.stuck))
  }

  /// The look failed: three tries, as a confirm has.
  mutating func handFailed(_ place: Int, _ fault: Fault, _ now: Now) {
    guard let hand = vms[place].hand else { return }
    vms[place].hand?.tries += 1
    if fault.kind.isPermanent || hand.tries + 1 >= KillTiming.confirmTries { refuseHand(place, .failed(fault)) }
  }

  // MARK: The kill

  /// Step 2 for an operator: every gate but those of a rule. Its kill then goes the way of all others.
  func handGate(_ process: Process, _ login: LoginID, _ place: Int, _ now: Now) -> Gate? {
    gate(process, .user(login), place, own: nil, now) ?? openGate(place, now)
      ?? (hasFleetRoom(place, now) ? nil : .fleetBudget)
  }

  private mutating func begin(_ order: KillOrder, _ ask: AskID, _ place: Int, _ first: Shown, _ now: Now) {
    // It may have been killed since it was shown.
    if isEnded(order.identity, place, order.login) { return answer(ask, .refused(.gone)) }
    let gate = handGate(first.process, order.login, place, now)
    let cause = Cause.demand(order.demand)
    report(
      aboutVM(
        .killAsked, .notice, place, cause: cause, login: order.login, process: shown(first.process), gate: gate))
    if let gate { return answer(ask, .refused(.gate(gate))) }
    let standing = Ground.Standing(
      demand: order.demand, ask: ask, seen: first.seen, epoch: first.epoch,
      until: asks.until[ask] ?? now.continuous)
    let pause = mutated(.confirmByHandAtOnce) ? Duration.zero : Track.twoLooks
    let confirmFrom = max(first.seen + pause, now.continuous)
    confirming.append(vms[place].key)
    vms[place].kill = Kill(
      id: nil, ground: .demand(standing), login: order.login, address: vms[place].address,
      vmName: vms[place].facts.name, target: first.process, phase: .confirming(notBefore: confirmFrom, tries: 0),
      decided: now, intentAt: now.continuous)
    answer(ask, .step(.confirming(confirmFrom - now.continuous)))
  }

  // MARK: Answers

  /// A kill of which nothing was sent is dropped; where an operator waits for it, with this answer.
  mutating func dropKill(_ place: Int, _ refusal: HandAnswer.Refusal) {
    guard let kill = vms[place].kill else { return }
    vms[place].kill = nil
    answer(kill.ask, .refused(refusal))
    switch refusal {
    // It is said to be spared.
    case .gone, .another: break
    case .gate(let gate): sayDropped(kill, place, gate: gate)
    case .failed(let fault): sayDropped(kill, place, fault: fault)
    case .changed(let why): sayDropped(kill, place, detail: why)
    case .notRecorded(let failure): sayDropped(kill, place, gate: .ledger, detail: failure)
    case .tooLate: sayDropped(kill, place, detail: "the VM did not answer in the time that an operator is kept waiting")
    // Of an order that became no kill.
    case .unknownVM, .ambiguousVM, .unwatched, .loginNeeded, .loginElsewhere, .busy: break
    }
  }

  /// The journal said that it is to be killed, so it says that it is not: there is no row that would.
  private mutating func sayDropped(
    _ kill: Kill, _ place: Int, gate: Gate? = nil, fault: Fault? = nil, detail: String = ""
  ) {
    guard case .demand = kill.ground else { return }
    report(
      aboutVM(
        .killAsked, .notice, place, cause: kill.ground.cause, login: kill.login, process: shown(kill.target),
        gate: gate, fault: fault, detail: detail))
  }

  mutating func refuseHand(_ place: Int, _ refusal: HandAnswer.Refusal) {
    guard let hand = vms[place].hand else { return }
    vms[place].hand = nil
    answer(hand.ask, .refused(refusal))
  }

  /// Says a step of a kill to whoever waits for it.
  mutating func tell(_ kill: Kill, _ step: HandAnswer.Step, _ now: Now) {
    guard let ask = kill.ask, asks.until[ask] != nil else { return }
    if case .recording = step { asks.until[ask] = now.continuous + Asks.outcome }
    answer(ask, .step(step))
  }

  /// To whoever waits for it: a step, or the end.
  mutating func answer(_ ask: AskID?, _ answer: HandAnswer) {
    guard let ask, asks.until[ask] != nil else { return }
    effects.append(.answer(ask, answer))
    switch answer {
    case .step: break
    case .found, .closed, .open, .refused: asks.until.removeValue(forKey: ask)
    }
  }

  /// Nobody is kept waiting for ever: what was not recorded is dropped, what was goes on without a listener.
  mutating func endAsks(_ now: Now) {
    for (ask, until) in asks.until where until <= now.continuous {
      if asks.reaching[ask] != nil {
        tellReached(ask)
        continue
      } else if asks.explains[ask] != nil {
        tell(ask, .refused(.tooLate))
        continue
      } else if let wanted = asks.waiting.first(where: { $0.ask == ask })?.wanted {
        asks.waiting.removeAll { $0.ask == ask }
        // Where it is found after all, the look has its own time.
        asks.until[ask] = now.continuous + Asks.find
        find(ask, wanted, isLast: true, now)
        continue
      } else if let place = vms.firstIndex(where: { $0.hand?.ask == ask }) {
        refuseHand(place, .tooLate)
        book(place, now)
      } else if let place = vms.firstIndex(where: { $0.kill?.ask == ask }), let kill = vms[place].kill {
        switch (kill.phase, kill.id) {
        case (.closing(let outcome), let id?): answer(ask, .closed(id, outcome, kill.error))
        case (.recording, let id?), (.terminating, let id?), (.verifying, let id?): answer(ask, .open(id))
        case (.confirming, _), (_, nil):
          dropKill(place, .tooLate)
          decide(place, now)
          book(place, now)
        }
      }
      asks.until.removeValue(forKey: ask)
    }
  }

  /// The daemon stops: who waits for a look hears it now. A kill that was sent is followed as any other.
  mutating func stopAsks() {
    for (ask, _) in asks.waiting { answer(ask, .refused(.gate(.stopping))) }
    asks.waiting = []
    for place in vms.indices { refuseHand(place, .gate(.stopping)) }
  }
}
