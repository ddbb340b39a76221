@testable import GuestWatchCore

/// Two vCenters in virtual time. On one VM of the first ever new runaways are born, and one kind of operation is answered
/// with the same trouble for ever; everybody else is well. Counts what comes of it.
struct TroubledFleet {
  static let bad = VMAddress(vcenter: VCenterID("a"), moid: "a-1")
  static let every = Duration.seconds(180)
  static let othersEvery = Duration.seconds(600)
  static let perVM = 6

  let trouble: Trouble
  private(set) var time: Int64 = 1_000_000_000_000
  private(set) var watch = Watch()
  private var answers: [(at: Int64, sequence: Int, event: Event)] = []
  private var sequence = 0
  private var wake: Int64?
  private var spins: [Process] = []
  private var nextPID: Int64 = 500
  private var turn = 0

  /// How often the trouble was met.
  private(set) var met = 0
  private(set) var operations: [Int64] = []
  private(set) var refreshes: [VCenterID: [Int64]] = [:]
  private(set) var surveys: [String: [Int64]] = [:]
  private(set) var refused = 0
  private(set) var records: [Int64] = []
  private(set) var reports: [Int64] = []
  private(set) var others: [Int64] = []
  private(set) var wakes: [Int64] = []
  private(set) var atOneInstant = 0
  private var here: (at: Int64, count: Int) = (0, 0)
  private(set) var inFlight: [OpID: VMAddress] = [:]
  private(set) var violations: [String] = []
  private(set) var terminates: [(pid: Int64, at: Int64)] = []
  private var intents: [KillID: (at: Int64, vm: VMKey, givenBack: Bool)] = [:]
  private var confirms: [Int64: (sent: Int64, holds: Bool)] = [:]
  private(set) var lastStatus: Snapshot?

  init(_ trouble: Trouble) { self.trouble = trouble }

  var now: Now {
    Now(continuous: Instant(nanoseconds: time), wall: Stage.epoch * 1_000_000_000 + time - 1_000_000_000_000)
  }

  // MARK: Playing

  mutating func begin() {
    born()
    born()
    var restored = Restored(life: 2)
    if trouble.operation == .resolve {
      var open = Stage.openKill(spins[0])
      open.record.vm = VMKey(vcenter: "uuid-a", instance: "u-a-1")
      open.record.address = TroubledFleet.bad
      restored.open = [open]
      restored.rows = [
        Restored.Row(
          id: open.record.id, rule: open.record.cause.rule, vm: open.record.vm, process: open.record.process,
          login: open.record.login, age: open.age, outcome: nil, closedAge: nil)
      ]
      intents[open.record.id] = (time, open.record.vm, false)
    }
    send(.began(seed: 7, restored: restored))
    send(.configured(configuration()))
  }

  mutating func run(minutes: Int64) {
    let end = time + minutes * 60_000_000_000
    while true {
      let next = answers.indices.min { (answers[$0].at, answers[$0].sequence) < (answers[$1].at, answers[$1].sequence) }
      if let next, answers[next].at <= wake ?? .max, answers[next].at <= end {
        let answer = answers.remove(at: next)
        time = max(time, answer.at)
        send(answer.event.ended(at: now))
      } else if let timer = wake, timer <= end {
        time = max(time, timer)
        wake = nil
        wakes.append(time)
        send(.timeCame)
      } else {
        break
      }
      if atOneInstant > 100 || operations.count > 5_000 { return violations.append("it spins") }
    }
    time = end
  }

  private func configuration() -> Configuration {
    let isGroup = trouble.operation == .confirmListing
    let bad = Stage.rule(
      "bad", limits: isGroup ? .bounded(maxAge: nil, maxInstances: MaxInstances(count: 1, keep: .newest)) : .forbidden,
      lasting: .seconds(20), every: TroubledFleet.every,
      action: trouble.operation == .recordReport ? .report : .terminate
    ) { $0.scope = Scope(names: [glob("a-1")]) }
    let rest = Stage.rule("rest", match: "none", every: TroubledFleet.othersEvery, action: .report)
    return Stage.configuration([bad, rest]) {
      $0.vcenters = [VCenterEntry(id: VCenterID("a"), digest: 1), VCenterEntry(id: VCenterID("b"), digest: 2)]
      $0.budget = FleetBudget(kills: 1000, perVM: TroubledFleet.perVM)
    }
  }

  private mutating func born() {
    nextPID += 1
    spins.append(
      Process(
        pid: nextPID, started: now.wall / 1_000_000_000, owner: "bob", name: "spin", command: "/usr/bin/spin --work"))
  }

  private mutating func send(_ event: Event) {
    if here.at != time { here = (time, 0) }
    here.count += 1
    atOneInstant = max(atOneInstant, here.count)
    answered(event)
    for effect in watch.handle(event, at: now) { carryOut(effect) }
  }

  private mutating func answer(_ event: Event, after: Duration = .milliseconds(100)) {
    sequence += 1
    answers.append((time + after.nanoseconds, sequence, event))
  }

  private func timing() -> Timing { Timing(firstByte: now, ended: now, date: now.wall / 1_000_000_000) }

  // MARK: Carrying out

  private mutating func carryOut(_ effect: Effect) {
    switch effect {
    case .refresh(let op, let vcenter, _, _):
      refreshes[vcenter, default: []].append(time)
      refresh(op, vcenter)
    case .survey(let op, let vm, _, let ends, _):
      began(op, vm)
      surveys[vm.moid, default: []].append(time)
      survey(op, vm, ends)
    case .look(let op, let vm, _, let pid, let purpose, _):
      began(op, vm)
      look(op, pid, purpose)
    case .terminate(let op, let id, let vm, _, let pid, _, _, _):
      began(op, vm)
      terminate(op, id, pid)
    case .record(let id, let step): record(id, step)
    case .wake(let at): wake = at.nanoseconds
    case .report: reports.append(time)
    case .status(let snapshot):
      lastStatus = snapshot
      others.append(time)
    case .note, .remember, .keepPauses, .answer, .show: others.append(time)
    case .ready, .stopped: break
    }
  }

  private mutating func began(_ op: OpID, _ vm: VMAddress) {
    if inFlight.values.contains(vm) { violations.append("two operations on \(vm)") }
    inFlight[op] = vm
    if vm == TroubledFleet.bad { operations.append(time) }
  }

  private mutating func answered(_ event: Event) {
    switch event {
    case .surveyed(let op, _, _), .looked(let op, _, _), .terminated(let op, _, _): inFlight[op] = nil
    case .inventory, .began, .configured, .timeCame, .recorded, .asked, .shutdownAsked: break
    }
  }

  private func meets(_ operation: Trouble.Operation) -> Trouble.Answer? {
    trouble.operation == operation ? trouble.answer : nil
  }

  /// How long such a failure takes to come.
  private func latency(_ kind: FaultKind) -> Duration { kind == .unanswered ? .seconds(30) : .milliseconds(100) }

  private mutating func refresh(_ op: OpID, _ vcenter: VCenterID) {
    var vms = (1...2).map {
      VMFacts(
        moid: "\(vcenter.name)-\($0)", name: "\(vcenter.name)-\($0)", instanceUUID: "u-\(vcenter.name)-\($0)",
        family: .linux, bootTime: Stage.epoch - 86_400)
    }
    var found = Inventory(vcenterUUID: "uuid-\(vcenter.name)", canTerminate: true, vms: [], complete: true)
    if vcenter == TroubledFleet.bad.vcenter, let answer = meets(.refresh) {
      met += 1
      turn += 1
      switch answer {
      case .fault(let kind):
        return self.answer(
          .inventory(op, timing(), .failure(Fault(kind, code: "trouble"))), after: latency(kind))
      case .inventory(let finds):
        switch finds {
        case .nothing: vms = []
        case .incomplete:
          vms.removeFirst()
          found.complete = false
        case .nameless: vms[0].instanceUUID = nil
        case .twice: vms.append(vms[0])
        case .otherVCenter: found.vcenterUUID = "uuid-\(turn)"
        case .otherID: vms[0].moid = "a-1\(turn)"
        case .otherUUID: vms[0].instanceUUID = "u-\(turn)"
        case .noTerminate: found.canTerminate = false
        case .off: vms[0].power = .off
        case .notReady: vms[0].ready = false
        case .reboots: vms[0].bootTime = now.wall / 1_000_000_000
        case .scripts: vms[0].tools = .executingScripts
        case .renamed: vms[0].name = turn.isMultiple(of: 2) ? "a-1" : "other"
        }
      case .look, .listing, .kill, .ledger: break
      }
    }
    found.vms = vms
    self.answer(.inventory(op, timing(), .success(found)))
  }

  private mutating func survey(_ op: OpID, _ vm: VMAddress, _ ends: Bool) {
    var rows = (1...5).map {
      Process(
        pid: $0, started: Stage.epoch - 86_400 + $0, owner: "root", name: GuestText("system-\($0)"), command: "s")
    }
    var listing = Listing(rows: rows, showsEnds: ends)
    if vm == TroubledFleet.bad {
      // Ever new runaways: one is born with every survey.
      if spins.count < 3 { born() }
      rows += spins
      listing.rows = rows
      let isVerify = ends && !terminates.isEmpty && trouble.operation == .verifyListing
      let operation: Trouble.Operation =
        !ends ? .survey : isVerify ? .verifyListing : .confirmListing
      if let answer = meets(operation) {
        met += 1
        turn += 1
        switch answer {
        case .fault(let kind):
          if kind == .guestLoginRefused { refused += 1 }
          return self.answer(.surveyed(op, timing(), .failure(Fault(kind, code: "trouble"))), after: latency(kind))
        case .listing(let lists): listing = changed(listing, lists)
        case .look, .inventory, .kill, .ledger: break
        }
      }
      for row in listing.rows { confirms[row.pid] = (time, spins.contains { $0.identity == row.identity }) }
    }
    answer(.surveyed(op, timing(), .success(listing)))
  }

  private func changed(_ listing: Listing, _ lists: Trouble.Lists) -> Listing {
    var rows = listing.rows
    switch lists {
    case .incomplete: return Listing(rows: rows, parsedToEnd: false, showsEnds: listing.showsEnds)
    case .empty: return Listing(rows: [], showsEnds: listing.showsEnds)
    case .one: rows = Array(rows.prefix(1))
    case .finished: for i in rows.indices where rows[i].pid >= 500 { rows[i].finished = rows[i].started + 1 }
    case .otherStart: for i in rows.indices where rows[i].pid >= 500 { rows[i].started += Int64(turn) * 7 }
    case .flapping: if turn.isMultiple(of: 2) { rows.removeAll { $0.pid >= 500 } }
    case .comesBack: if turn.isMultiple(of: 2) { rows.removeAll { $0.pid > 1 } }
    }
    return Listing(rows: rows, showsEnds: listing.showsEnds)
  }

  private mutating func look(_ op: OpID, _ pid: Int64, _ purpose: LookPurpose) {
    let operation: Trouble.Operation =
      switch purpose {
      case .check, .find: .check
      case .confirm: .confirm
      case .verify: .verify
      case .resolve: .resolve
      }
    let row = spins.first { $0.pid == pid }
    var look: Look = row.map { .running($0) } ?? .gone
    if operation == .verify, trouble.operation == .verifyListing {
      // Only a listing can tell.
      look = .running(Process(pid: pid, started: 1, owner: "bob", name: "spin", command: "spin"))
    } else if let answer = meets(operation) {
      met += 1
      turn += 1
      switch answer {
      case .fault(let kind):
        if kind == .guestLoginRefused { refused += 1 }
        return self.answer(.looked(op, timing(), .failure(Fault(kind, code: "trouble"))), after: latency(kind))
      case .look(let shown):
        var other = row ?? Process(pid: pid, started: now.wall / 1_000_000_000, owner: "bob", name: "x", command: "x")
        switch shown {
        case .gone: look = .gone
        case .finished:
          other.finished = other.started + 1
          look = .finished(other)
        case .vmGone: look = .vmGone
        case .otherStart:
          other.started += Int64(turn)
          look = .running(other)
        case .otherOwner:
          other.owner = "eve"
          look = .running(other)
        case .same: look = .running(other)
        }
      case .listing, .inventory, .kill, .ledger: break
      }
    }
    if purpose == .confirm {
      if case .running(let shown) = look {
        confirms[pid] = (time, shown.identity == row?.identity)
      } else {
        confirms[pid] = nil
      }
    }
    answer(.looked(op, timing(), .success(look)))
  }

  private mutating func terminate(_ op: OpID, _ id: KillID, _ pid: Int64) {
    judge(id, pid)
    terminates.append((pid, time))
    if let answer = meets(.terminate), case .kill(let killAnswer, let after) = answer {
      met += 1
      if case .denied(let fault) = killAnswer, fault.kind == .guestLoginRefused { refused += 1 }
      return self.answer(.terminated(op, timing(), killAnswer), after: after)
    }
    // Whose end cannot be seen lives on, too.
    switch trouble.operation {
    case .verify, .verifyListing: break
    case .refresh, .survey, .check, .confirm, .confirmListing, .resolve, .terminate, .recordIntent, .recordAnswer,
      .recordOutcome, .recordReport:
      spins.removeAll { $0.pid == pid }
    }
    answer(.terminated(op, timing(), .done), after: .seconds(1))
  }

  private mutating func record(_ id: KillID, _ step: LedgerStep) {
    records.append(time)
    let operation: Trouble.Operation =
      switch step {
      case .intent: .recordIntent
      case .answered: .recordAnswer
      case .closed: .recordOutcome
      case .reported: .recordReport
      }
    if meets(operation) != nil {
      met += 1
      return answer(.recorded(id, step.kind, .failure(LedgerFailure("no space"))), after: .milliseconds(5))
    }
    switch step {
    case .intent(let record): intents[id] = (time, record.vm, false)
    case .closed(let outcome, _, _, _): if outcome.givesBack { intents[id]?.givenBack = true }
    case .answered, .reported: break
    }
    answer(.recorded(id, step.kind, .success(())), after: .milliseconds(5))
  }

  // MARK: Judging

  private mutating func judge(_ id: KillID, _ pid: Int64) {
    if intents[id] == nil { violations.append("S5: \(id) has no durable intent") }
    if pid < 500 { violations.append("S1: \(pid) is innocent") }
    if let confirm = confirms[pid], confirm.holds, time - confirm.sent < 5_000_000_000 {
    } else {
      violations.append("S1: \(pid) is not confirmed")
    }
    let spent = intents.values.count {
      !$0.givenBack && $0.vm == intents[id]?.vm && time - $0.at <= 3_600_000_000_000
    }
    if spent > TroubledFleet.perVM { violations.append("S3: \(spent) intents") }
    if let last = terminates.last(where: { $0.pid == pid }), time - last.at < 1_000_000_000 {
      violations.append("\(pid) is sent again after \((time - last.at) / 1_000_000) ms")
    }
    let trouble = self.trouble
    switch trouble.answer {
    case .fault, .ledger:
      switch trouble.operation {
      case .confirm, .confirmListing, .recordIntent, .recordReport:
        violations.append("S1: a terminate without \(trouble.operation)")
      case .refresh, .survey, .check, .verify, .verifyListing, .resolve, .terminate, .recordAnswer, .recordOutcome:
        break
      }
    case .look, .listing, .inventory, .kill: break
    }
  }

  /// The most of these within one hour.
  static func mostAnHour(_ instants: [Int64]) -> Int {
    var most = 0
    var first = 0
    for (i, at) in instants.enumerated() {
      while at - instants[first] >= 3_600_000_000_000 { first += 1 }
      most = max(most, i - first + 1)
    }
    return most
  }

  /// The longest time in which this VM was not surveyed.
  func longestGap(_ moid: String) -> Duration {
    var last: Int64 = 1_000_000_000_000
    var longest: Int64 = 0
    for at in (surveys[moid] ?? []) + [time] {
      longest = max(longest, at - last)
      last = at
    }
    return .nanoseconds(longest)
  }
}
