@testable import GuestWatchCore

/// One VM with three runaways, room for two kills, a ledger that keeps what is durable over lives, and one thing that
/// happens in the middle of it all. What it asserts it knows from the outside: from effects, disk and guest.
struct KillStory {
  /// What becomes of a terminate.
  enum Guest: CaseIterable {
    /// Done at once, and it dies.
    case dies
    /// Done after the agent's whole patience, and it lives on.
    case ignores
    /// It dies, but nobody is told.
    case lost
    /// It ended by itself right before.
    case vanished
    /// Not-found after our own SIGTERM took effect.
    case late
    case denied
    /// Not begun the first time.
    case busy
  }

  enum Interruption: CaseIterable {
    case reload, matchChanged, ruleRemoved, ruleReports, ruleRenamed, budgetZero, protected, dryRun, newSecret,
      newVCenter, pause
    case crash, shutdown

    /// No terminate may be decided any more.
    var closesGates: Bool {
      switch self {
      case .ruleRemoved, .ruleReports, .budgetZero, .protected, .dryRun, .pause: true
      case .reload, .matchChanged, .ruleRenamed, .newSecret, .newVCenter, .crash, .shutdown: false
      }
    }
    /// What an earlier look showed counts for nothing any more (S7, and a restart).
    var startsAnew: Bool {
      switch self {
      case .matchChanged, .ruleRemoved, .ruleReports, .ruleRenamed, .crash, .shutdown: true
      case .reload, .budgetZero, .protected, .dryRun, .newSecret, .newVCenter, .pause: false
      }
    }
  }

  struct DiskRow {
    var record: KillRecord
    var at: Int64
    var answer: KillAnswer?
    var took: Duration?
    var outcomes: [(outcome: Outcome, at: Int64)] = []
  }

  private enum Happening {
    case answer(Event)
    case death(Int64)
    case start
  }

  let guestKind: Guest
  let group: Bool
  /// What comes in between; nil: nothing.
  private var interruption: Interruption?

  private(set) var time: Int64 = 1_000_000_000_000
  private var watch = Watch()
  private var life: UInt32 = 0
  private var isRunning = false
  private var configuration: Configuration
  private var queue: [Effect] = []
  /// When the last life began, or the interruption came, or the last outcome.
  private var lastNews: Int64 = 0
  private var happenings: [(at: Int64, sequence: Int, what: Happening)] = []
  private var sequence = 0
  private var wake: Int64?
  private var guest: [Process] = []

  // On disk.
  private(set) var rows: [(id: KillID, row: DiskRow)] = []
  private var pauses: [Pause] = []
  private var memories: [VMMemory] = []

  // What an onlooker notes.
  private(set) var operations = 0
  /// The number of the first terminate among the operations.
  private(set) var firstTerminate: Int?
  /// How many operations there were when the first kill was closed.
  private(set) var firstClosed: Int?
  private(set) var emitted: [(id: KillID, pid: Int64, at: Int64)] = []
  private(set) var carriedOut: [KillID: Int64] = [:]
  private(set) var deaths: [Int64: Int64] = [:]
  private(set) var violations: [String] = []
  private var gatesAreClosed = false
  private var isStopping = false
  private var firstShown: [Int64: Int64] = [:]
  private var confirmed: [Int64: (sent: Int64, holds: Bool)] = [:]
  private var resolved: Set<KillID> = []
  private var openAtStart: Set<KillID> = []

  static let budget = 2
  static let lasting = Duration.seconds(12)

  init(_ guestKind: Guest, group: Bool) {
    self.guestKind = guestKind
    self.group = group
    configuration = Stage.configuration([KillStory.rule(group: group)]) {
      $0.budget = FleetBudget(kills: KillStory.budget, perVM: KillStory.budget)
    }
    for pid: Int64 in [1, 2, 3, 100, 101, 102, 103, 104, 105] {
      guest.append(
        Process(
          pid: pid, started: Stage.epoch - 86_400 + pid, owner: "root", name: GuestText("system-\(pid)"), command: "s"))
    }
    for pid: Int64 in group ? [499, 500, 600, 700] : [500, 600, 700] {
      guest.append(
        Process(
          pid: pid, started: Stage.epoch - 3600 + pid, owner: "bob", name: "spin", command: "/usr/bin/spin --work"))
    }
  }

  private static func rule(_ name: String = "r", group: Bool) -> Rule {
    Stage.rule(
      name, limits: group ? .bounded(maxAge: nil, maxInstances: MaxInstances(count: 1)) : .forbidden,
      lasting: lasting, every: .seconds(60))
  }

  private var now: Now {
    Now(
      continuous: Instant(nanoseconds: time), wall: Stage.epoch * 1_000_000_000 + time - 1_000_000_000_000)
  }

  // MARK: Playing

  /// From where it stands until everything is closed and one more survey found nothing to do, or until it is late.
  mutating func play() {
    if life == 0 { start() }
    while time < KillStory.latest && !isOver && step() {}
    judgeTheEnd()
  }

  /// The same story up to every moment of its first kill: as an operation is about to be carried out, and when it is
  /// carried out and not answered yet.
  func moments(fromTerminate: Bool) -> [(what: String, story: KillStory)] {
    var found: [(what: String, story: KillStory)] = []
    var story = self
    story.start()
    var last = Int.max
    while story.operations < last && story.time < KillStory.latest {
      let what = story.queue.first.flatMap { KillStory.isOperation($0) ? $0 : nil }
      let before = story
      guard story.step() else { break }
      if let closed = story.firstClosed { last = closed + 1 }
      guard let what, !fromTerminate || story.firstTerminate != nil else { continue }
      found.append(("before operation \(story.operations), \(what)", before))
      found.append(("during operation \(story.operations), \(what)", story))
    }
    return found
  }

  /// Goes on from one of its moments with something that comes in between.
  func interrupted(by interruption: Interruption) -> KillStory {
    var story = self
    story.interruption = interruption
    story.interrupt()
    story.play()
    return story
  }

  private static let latest: Int64 = 1_420_000_000_000

  private var isOver: Bool {
    // While there is room for another kill, two surveys and a look in between may still be needed for it.
    let patience: Int64 = gatesAreClosed || rows.count >= KillStory.budget ? 65_000_000_000 : 200_000_000_000
    return queue.isEmpty && isRunning && time - lastNews > patience
      && rows.allSatisfy { !$0.row.outcomes.isEmpty }
  }

  /// Carries out the next effect, or lets time pass to what happens next. False: nothing ever will.
  private mutating func step() -> Bool {
    if !queue.isEmpty {
      let effect = queue.removeFirst()
      if KillStory.isOperation(effect) { operations += 1 }
      carryOut(effect)
      return true
    }
    let next = happenings.indices.min {
      (happenings[$0].at, happenings[$0].sequence) < (happenings[$1].at, happenings[$1].sequence)
    }
    if let next, happenings[next].at <= wake ?? .max {
      let happening = happenings.remove(at: next)
      time = max(time, happening.at)
      happen(happening.what)
    } else if let timer = wake {
      time = max(time, timer)
      wake = nil
      send(.timeCame)
    } else {
      return false
    }
    return true
  }

  private mutating func happen(_ what: Happening) {
    switch what {
    case .answer(let event): send(event.ended(at: now))
    case .death(let pid): die(pid)
    case .start: start()
    }
  }

  private mutating func after(_ duration: Duration, _ what: Happening) {
    sequence += 1
    happenings.append((time + duration.nanoseconds, sequence, what))
  }

  private mutating func start() {
    life += 1
    isRunning = true
    isStopping = false
    lastNews = time
    watch = Watch()
    firstShown = [:]
    confirmed = [:]
    openAtStart = Set(rows.filter { $0.row.outcomes.isEmpty }.map(\.id))
    send(.began(seed: 7, restored: restored()))
    send(.configured(configuration))
  }

  /// The daemon is gone at once: what is not on disk is lost, what is on its way to the guest takes its course.
  private mutating func end(startAgain: Duration) {
    isRunning = false
    queue = []
    wake = nil
    happenings.removeAll { if case .answer = $0.what { true } else { false } }
    after(startAgain, .start)
  }

  private func restored() -> Restored {
    var all: [Restored.Row] = []
    var open: [Restored.OpenKill] = []
    for (id, row) in rows {
      let closed = row.outcomes.first
      let age = Duration.nanoseconds(time - row.at)
      all.append(
        Restored.Row(
          id: id, rule: row.record.cause.rule, vm: row.record.vm, process: row.record.process, login: row.record.login,
          age: age, outcome: closed?.outcome, closedAge: closed.map { .nanoseconds(time - $0.at) }))
      if closed == nil {
        open.append(Restored.OpenKill(record: row.record, age: age, answer: row.answer, answerTook: row.took))
      }
    }
    return Restored(life: life, rows: all, open: open, memories: memories, pauses: pauses)
  }

  private mutating func send(_ event: Event) {
    guard isRunning else { return }
    note(event)
    let effects = watch.handle(event, at: now)
    for effect in effects { emit(effect) }
    queue += effects
  }

  private static func isOperation(_ effect: Effect) -> Bool {
    switch effect {
    case .refresh, .survey, .look, .record, .note, .remember, .keepPauses, .terminate: true
    case .answer, .show, .report, .status, .wake, .ready, .stopped: false
    }
  }

  private mutating func interrupt() {
    guard let interruption else { return }
    lastNews = time
    if interruption.closesGates { gatesAreClosed = true }
    if interruption.startsAnew { firstShown = [:] }
    switch interruption {
    case .reload: break
    case .matchChanged: configuration.rules[0].match.names = [glob("spin*")]
    case .ruleRemoved: configuration.rules = []
    case .ruleReports: configuration.rules[0].action = .report
    case .ruleRenamed: configuration.rules = [KillStory.rule("r2", group: group)]
    case .budgetZero: configuration.budget.kills = 0
    case .protected: configuration.protect.owners = [glob("bob")]
    case .dryRun: configuration.dryRun = true
    case .newSecret: configuration.logins[0].digest = 2
    case .newVCenter: configuration.vcenters[0].digest = 2
    case .pause: return send(.asked(.pause(Pause())))
    case .crash: return end(startAgain: .seconds(1))
    case .shutdown:
      isStopping = true
      return send(.shutdownAsked)
    }
    send(.configured(configuration))
  }

  // MARK: Carrying out

  private func timing() -> Timing { Timing(firstByte: now, ended: now, date: now.wall / 1_000_000_000) }

  private mutating func carryOut(_ effect: Effect) {
    let latency = Duration.milliseconds(100)
    switch effect {
    case .refresh(let id, _, _, _):
      let facts = VMFacts(
        moid: "vm-1", name: "db-07", instanceUUID: "vm-uuid", family: .linux, bootTime: Stage.epoch - 86_400)
      let inventory = Inventory(vcenterUUID: "vc-uuid", canTerminate: true, vms: [facts], complete: true)
      after(latency, .answer(.inventory(id, timing(), .success(inventory))))
    case .survey(let id, _, _, let ends, _):
      // A kill for number is confirmed by a listing that shows ends, any other by a get.
      if group && ends { for row in guest { confirmed[row.pid] = (time, true) } }
      after(latency, .answer(.surveyed(id, timing(), .success(Listing(rows: guest, showsEnds: ends)))))
    case .look(let id, _, _, let pid, let purpose, _):
      let row = guest.first { $0.pid == pid }
      if purpose == .confirm && !group { confirmed[pid] = (time, row != nil) }
      after(latency, .answer(.looked(id, timing(), .success(row.map { .running($0) } ?? .gone))))
    case .record(let id, let step):
      write(id, step)
      after(.milliseconds(5), .answer(.recorded(id, step.kind, .success(()))))
    case .terminate(let op, let id, _, _, let pid, _, _, _): terminate(op, id, pid)
    case .remember(let memory):
      memories.removeAll { $0.vm == memory.vm }
      memories.append(memory)
    case .keepPauses(let kept): pauses = kept
    case .wake(let at): wake = at.nanoseconds
    case .stopped: end(startAgain: .seconds(10))
    case .note, .answer, .show, .report, .status, .ready: break
    }
  }

  private mutating func terminate(_ op: OpID, _ id: KillID, _ pid: Int64) {
    if carriedOut[id] != nil { violations.append("\(id) is carried out twice") }
    let isFirst = carriedOut.isEmpty
    if isFirst { firstTerminate = operations }
    carriedOut[id] = time
    func answered(_ answer: KillAnswer) -> Happening { .answer(.terminated(op, timing(), answer)) }
    guard guest.contains(where: { $0.pid == pid }) else { return after(.milliseconds(100), answered(.notFound)) }
    switch guestKind {
    case .busy where isFirst:
      after(.milliseconds(100), answered(.notBegun(Fault(.busy, code: "TaskInProgress"))))
    case .dies, .busy:
      after(.milliseconds(200), .death(pid))
      after(.seconds(1), answered(.done))
    case .ignores: after(.seconds(20), answered(.done))
    case .lost:
      after(.milliseconds(200), .death(pid))
      after(.seconds(60), answered(.unanswered))
    case .vanished:
      die(pid)
      after(.milliseconds(100), answered(.notFound))
    case .late:
      after(.milliseconds(5500), .death(pid))
      after(.seconds(6), answered(.notFound))
    case .denied: after(.milliseconds(100), answered(.denied(Fault(.guestDenied, code: "GuestPermissionDenied"))))
    }
  }

  private mutating func die(_ pid: Int64) {
    if guest.contains(where: { $0.pid == pid }) { deaths[pid] = time }
    guest.removeAll { $0.pid == pid }
  }

  private mutating func write(_ id: KillID, _ step: LedgerStep) {
    let i = rows.firstIndex { $0.id == id }
    switch step {
    case .intent(let record):
      if i != nil { violations.append("\(id) has two intents") }
      rows.append((id, DiskRow(record: record, at: time)))
    case .answered(let timing, let answer):
      guard let i else { return violations.append("\(id) is answered without an intent") }
      rows[i].row.answer = answer
      rows[i].row.took = timing.firstByte.map { timing.ended.continuous - $0.continuous }
    case .closed(let outcome, _, _, _):
      guard let i else { return violations.append("\(id) is closed without an intent") }
      rows[i].row.outcomes.append((outcome, time))
      lastNews = time
      if firstClosed == nil { firstClosed = operations }
      judge(outcome, of: rows[i].row)
    case .reported: break
    }
  }

  // MARK: Judging

  /// What Watch has been shown so far, for the two looks that a kill needs.
  private mutating func note(_ event: Event) {
    switch event {
    case .surveyed(_, _, .success(let listing)):
      for row in listing.rows where firstShown[row.pid] == nil { firstShown[row.pid] = time }
    case .looked(_, _, .success(.running(let row))): if firstShown[row.pid] == nil { firstShown[row.pid] = time }
    default: break
    }
  }

  /// A terminate is decided: everything must hold at this moment (S1-S5).
  private mutating func emit(_ effect: Effect) {
    switch effect {
    case .look(_, _, _, _, .resolve, _), .survey: resolved.formUnion(openAtStart)
    case .terminate(_, let id, _, _, let pid, let by, _, _):
      if emitted.contains(where: { $0.id == id }) { violations.append("S1: \(id) is sent twice") }
      emitted.append((id, pid, time))
      guard let row = rows.first(where: { $0.id == id })?.row else {
        return violations.append("S5: no durable intent of \(id)")
      }
      if !row.outcomes.isEmpty { violations.append("S5: \(id) is closed already") }
      if gatesAreClosed { violations.append("S1: a gate is closed, \(pid) is sent all the same") }
      if isStopping { violations.append("S1: it is stopping, \(pid) is sent all the same") }
      if row.record.cause.rule != configuration.rules.first?.id {
        violations.append("S1: \(pid) is sent for \(row.record.cause)")
      }
      if pid < 500 { violations.append("S1: \(pid) is innocent") }
      if group, guest.contains(where: { $0.pid > pid }), carriedOut.count == 0 {
        violations.append("S1: \(pid) is not the last of its group")
      }
      if let confirm = confirmed[pid], confirm.holds {
        if time - confirm.sent >= 5_000_000_000 || by.nanoseconds > confirm.sent + 5_000_000_000 {
          violations.append("S1: the confirm of \(pid) is too old")
        }
        if firstShown[pid].map({ $0 > confirm.sent - KillStory.lasting.nanoseconds }) ?? true {
          violations.append("S1, S7: \(pid) was not a runaway for so long")
        }
      } else {
        violations.append("S1: \(pid) is not confirmed")
      }
      let spent = rows.count { $0.row.outcomes.first?.outcome.givesBack != true }
      if spent > KillStory.budget { violations.append("S3: \(spent) intents") }
      if rows.contains(where: { $0.id != id && $0.row.outcomes.isEmpty }) {
        violations.append("S5: another kill is open on the VM")
      }
    default: break
    }
  }

  private mutating func judge(_ outcome: Outcome, of row: DiskRow) {
    let pid = row.record.process.pid
    let sent = carriedOut[row.record.id]
    let isDead = deaths[pid] != nil
    let isOfEarlierLife = row.record.id.life != life
    let isRight =
      switch outcome {
      case .exited: sent != nil && isDead && (row.answer == .done || row.answer == .notFound)
      case .alreadyGone: sent != nil && isDead && guestKind == .vanished
      case .gone: isDead && row.answer != .done
      case .survived: sent.map { time - $0 >= 25_000_000_000 } == true && !isDead && row.answer == .done
      case .denied: sent != nil && guestKind == .denied
      case .failed: sent != nil && guestKind == .busy && !isDead
      case .abandoned: sent == nil && !isOfEarlierLife
      case .unknown: isOfEarlierLife && !isDead && time - row.at >= 90_000_000_000
      case .stuck: false
      }
    if !isRight {
      violations.append(
        "\(row.record.id) of pid \(pid) is \(outcome): sent \(sent ?? -1), dead \(isDead), answer "
          + "\(row.answer.map { "\($0)" } ?? "none"), at \((time - row.at) / 1_000_000) ms")
    }
    if openAtStart.contains(row.record.id), row.answer == nil, !resolved.contains(row.record.id) {
      violations.append("S5: \(row.record.id) is resolved without a look")
    }
  }

  private mutating func judgeTheEnd() {
    for (id, row) in rows where row.outcomes.count != 1 && (row.outcomes.count > 1 || time - row.at > 160_000_000_000) {
      violations.append("S5: \(id) has the outcomes \(row.outcomes.map(\.outcome))")
    }
    if !isRunning { violations.append("it does not run at the end") }
    // L1: where gates are open the runaways that the budget has room for are dead.
    guard !gatesAreClosed else { return }
    switch guestKind {
    case .dies, .late, .lost, .busy:
      let room = min(KillStory.budget, deaths.count + guest.count { $0.pid >= 500 })
      let wasted = rows.count { $0.row.outcomes.first?.outcome == .unknown }
      if deaths.count + wasted < room { violations.append("L1: only \(deaths.count) are dead, \(wasted) unknown") }
    case .ignores, .vanished, .denied: break
    }
  }
}
