import GuestWatchCore
import Testing
import VCenterModel
import WatchSimulation

/// The checker is itself checked: a blameless story passes, and each change of it that breaks a promise is caught.
@Suite struct CheckerTests {
  struct Change: Sendable, CustomTestStringConvertible {
    var name: String
    var invariant: String
    var apply: @Sendable (inout Story) throws -> Void
    var testDescription: String { name }

    init(_ name: String, _ invariant: String, _ apply: @escaping @Sendable (inout Story) throws -> Void) {
      self.name = name
      self.invariant = invariant
      self.apply = apply
    }
  }

  @Test func `the blameless story passes`() throws {
    #expect(try Story().tell().violation == nil)
    #expect(try CheckerTests.tooMany().tell().violation == nil)
    #expect(try Story { $0.limits = .forbidden }.with { $0.reason = .forbidden }.tell().violation == nil)
  }

  @Test(arguments: changes)
  func `a broken promise is caught`(change: Change) throws {
    var story = try Story()
    try change.apply(&story)
    #expect(story.tell().violation?.invariant == change.invariant, "\(String(describing: story.tell().violation))")
  }

  static let changes: [Change] = [
    Change("no intent", "S5") { $0.hasIntent = false },
    Change("an intent that is not on disk", "S5") { $0.isDurable = false },
    Change("an intent of which the daemon was not told", "S5") { $0.isTold = false },
    Change("two terminates", "S5") { $0.terminates = 2 },
    Change("two outcomes", "S5") { $0.outcomes = [.exited, .exited] },
    Change("an outcome without a terminate", "S5") { $0.terminates = 0 },
    Change("exited, but it lives", "S5") { $0.victimDies = false },
    Change("already-gone, but it was signalled", "S5") { $0.outcomes = [.alreadyGone] },
    Change("abandoned, but it was signalled", "S5") { $0.outcomes = [.abandoned] },
    Change("denied, but it was signalled", "S5") { $0.outcomes = [.denied] },
    Change("the confirm showed another start", "S1") {
      $0.confirmed = .running(Story.process(500, started: 1_790_009_999))
    },
    Change("the confirm showed nobody", "S1") { $0.confirmed = .gone },
    Change("the confirm showed it finished", "S1") {
      var row = $0.row
      row.finished = 1_790_009_950
      $0.confirmed = .finished(row)
    },
    Change("the confirm showed a name that does not match", "S1") {
      $0.confirmed = .running(Story.process(500, name: "editor"))
    },
    Change("it may leave 6 s after the confirm was sent", "S1") { $0.window = 6 },
    Change("it may leave 6 s after by the wall clock", "S1") { $0.wallWindow = 6 },
    Change("one look before the confirm", "S1") { $0.looks = [10] },
    Change("looks 3 s apart", "S1") { $0.looks = [17, 20] },
    Change("a chain with a hole of 100 s", "S1") {
      $0.looks = [10, 15, 120]
      $0.confirmAt = 121
    },
    Change("lasting is longer", "S1") { $0.configuration.rules[0].lasting = .seconds(40) },
    Change("too young in truth", "S1") {
      $0.born = -20
      $0.holder.born = -20
    },
    Change("another limit than the rule's", "S1") {
      $0.reason = .tooOld(limit: .seconds(50), proven: .seconds(90), claimed: .seconds(100))
    },
    Change("a reason that the rule does not know", "S1") { $0.reason = .forbidden },
    Change("excepted", "S1") { $0.configuration.rules[0].unless = [Match(commands: [try Glob("*--run*")])] },
    Change("the VM is out of the rule's scope", "S1") {
      $0.configuration.rules[0].scope = Scope(names: [try Glob("db-*")])
    },
    Change("Tools executes scripts", "S1") { $0.facts.tools = .executingScripts },
    Change("the rule is not configured any more", "S1") {
      var changed = $0.configuration
      changed.rules = []
      $0.interlude = [.event(.configured(changed))]
    },
    Change("the rule is new since the looks", "S1") {
      var changed = $0.configuration
      changed.rules[0].unless = [Match(commands: [try Glob("*--keep*")])]
      $0.interlude = [.event(.configured(changed))]
    },
    Change("its vCenter was entered anew since the intent", "S1") {
      var changed = $0.configuration
      changed.vcenters[0].digest = 7
      $0.interlude = [.event(.configured(changed))]
    },
    Change("after the daemon was asked to stop", "S1") { $0.interlude = [.event(.shutdownAsked)] },
    Change("another process, born before the confirm", "S1") { $0.holder = (8, 15) },
    Change("a newcomer where no pid comes back", "S1") {
      $0.reusesPIDs = false
      $0.holder = (8, 22.15)
    },
    Change("protected by name", "S2") { $0.configuration.protect.names = [try Glob("work*")] },
    Change("named as the system's, of an owner that cannot be read", "S2") {
      $0.configuration.rules[0].match = Match(names: [try Glob("systemd")])
      $0.row.name = "systemd"
      $0.row.owner = GuestText("al", doubtful: true)
    },
    Change("protected by command", "S2") { $0.configuration.protect.commands = [try Glob("*--run")] },
    Change("built in", "S2") {
      $0.configuration.rules[0].match = Match(names: [try Glob("systemd")])
      $0.row.name = "systemd"
      $0.row.owner = "root"
    },
    Change("pid 4", "S2") { $0.row.pid = 4 },
    Change("a template", "S2") { $0.facts.template = true },
    Change("a VM that a solution manages", "S2") { $0.facts.managed = true },
    Change("a protected VM", "S2") { $0.configuration.protect.vms = Scope(names: [try Glob("web-*")]) },
    Change("no fleet budget", "S3") { $0.configuration.budget.kills = 0 },
    Change("no budget for the VM", "S3") { $0.configuration.budget.perVM = 0 },
    Change("no budget for the rule", "S3") {
      $0.configuration.rules[0].budget = Budget(kills: 0, within: .seconds(60))
    },
    Change("dry run", "S4") { $0.configuration.dryRun = true },
    Change("dry run since the intent", "S4") {
      var changed = $0.configuration
      changed.dryRun = true
      $0.interlude = [.event(.configured(changed))]
    },
    Change("the rule only reports", "S4") { $0.configuration.rules[0].action = .report },
    Change("a command line in the ledger", "S9") { $0.recordedCommand = "/opt/worker --secret" },
    Change("a password in a report", "S9") {
      $0.interlude = [.effect(.report(Report(.vcenterDown, .warning, detail: "user svc, \(Canary.password)vcenter-1")))]
    },
    Change("an argument in a report", "S9") {
      $0.interlude = [.effect(.report(Report(.runaway, .info, detail: "worker --\(Canary.argument)")))]
    },
    Change("a look that was no confirm", "S1") { $0.confirmPurpose = .check },
    Change("the confirm showed another owner", "S1") {
      var row = $0.row
      row.owner = "bob"
      $0.confirmed = .running(row)
    },
    Change("old in truth, but neither seen for so long nor new since a listing", "S1") { $0.early = nil },
    Change("paused", "S1") { $0.interlude = [.event(.asked(.pause(Pause())))] },
    Change("paused for its VM", "S1") { $0.interlude = [.event(.asked(.pause(Pause(vms: try Glob("web-?")))))] },
    Change("survived, by a look right after", "S5") {
      $0.victimDies = false
      $0.outcomes = [.survived]
    },
    Change("exited, but its VM has booted since", "S5") {
      $0.facts.bootTime = 1_790_000_000
      var later = $0.facts
      later.bootTime = 1_790_010_000
      $0.aftermath = Story.inventory(Story.op(70), 23.2, later)
    },
    Change("two operations on one VM", "S6") {
      $0.interlude = [
        .effect(.survey(Story.op(90), $0.address, Story.login, showingEnds: false, by: Story.now(90).continuous))
      ]
    },
    Change("more requests than the vCenter may get", "S6") {
      $0.configuration.vcenters[0].maxInFlight = 1
      $0.interlude = [
        .effect(.refresh(Story.op(90), Story.vcenter, ScopeQuery(scopes: []), by: Story.now(90).continuous))
      ]
    },
    Change("an operation id twice", "contract") {
      $0.interlude = [
        .effect(.refresh(Story.op(1), Story.vcenter, ScopeQuery(scopes: []), by: Story.now(90).continuous))
      ]
    },
  ]

  @Test func `a death of one that was born after the confirm was sent is excused and counted`() throws {
    let told = try Story().with {
      $0.holder = (8, 22.05); $0.outcomes = []
    }.tell()
    #expect(told.violation == nil)
    #expect(told.checker.counted.excused > 0)
  }

  // MARK: more than one kill, and restarts

  @Test func `no second kill while one is open on the VM, before or after a restart`() throws {
    var (violation, checker) = try Story().with { $0.outcomes = [] }.tell()
    #expect(violation == nil)
    let second = try Story().record(KillID(life: 2, number: 1))
    #expect(throws: Violation.self) {
      try checker.observe(.effect(.record(second.id, .intent(second))), at: Story.now(40))
    }
    try checker.observe(.daemonEnded, at: Story.now(41))
    try checker.observe(.daemonBegan(open: [Story.id]), at: Story.now(42))
    try checker.observe(.event(.configured(try Story().configuration)), at: Story.now(42))
    #expect(throws: Violation.self) {
      try checker.observe(.effect(.record(second.id, .intent(second))), at: Story.now(43))
    }
    // Nor may it be closed without a look in this life.
    #expect(throws: Violation.self) {
      try checker.observe(
        .effect(.record(Story.id, .closed(.gone, error: nil, verified: nil, at: Story.now(44)))), at: Story.now(44))
    }
  }

  /// A login that is shown its own processes only cannot tell: what counts is what was hidden when the guest answered, not when
  /// it was asked (seed 1121).
  @Test(arguments: [true, false]) func `a process that is hidden under way seems gone`(isHiddenBefore: Bool) throws {
    let op = Story.op(70)
    let hiding = Observation.truth(Truth(moid: "vm-1", at: Story.moment(31), event: .hidesOthers(true)))
    let answered = Observation.executed(op, lives: [Story.process(500).pid: 7])
    var checker = Checker(reusesPIDs: true)
    let story = try Story().with {
      $0.answer = .unanswered
      $0.isSignalled = false
      $0.victimDies = false
      $0.outcomes = []
    }
    try story.begin(&checker)
    try story.look(&checker)
    try story.kill(&checker)
    try checker.observe(
      .effect(
        .look(op, story.address, Story.login, pid: story.row.pid, .verify, by: Story.now(60).continuous)),
      at: Story.now(30))
    if isHiddenBefore { try checker.observe(hiding, at: Story.now(31)) }
    try checker.observe(answered, at: Story.now(isHiddenBefore ? 32 : 30.5))
    if !isHiddenBefore { try checker.observe(hiding, at: Story.now(31)) }
    let timing = Timing(firstByte: Story.now(30), ended: Story.now(40))
    try checker.observe(.event(.looked(op, timing, .success(.gone))), at: Story.now(40))
    let closed = Observation.effect(
      .record(Story.id, .closed(.gone, error: nil, verified: Story.now(40), at: Story.now(40))))
    if isHiddenBefore {
      try checker.observe(closed, at: Story.now(40))
    } else {
      #expect(throws: Violation.self) { try checker.observe(closed, at: Story.now(40)) }
    }
  }

  @Test(arguments: [
    (Outcome.survived, 20.0, true), (.survived, 40, false), (.exited, 4_000, true), (.denied, 4_000, true),
  ])
  func `the same identity again`(outcome: Outcome, after: Double, isCaught: Bool) throws {
    var story = try Story()
    story.victimDies = outcome == .exited
    story.outcomes = []
    var (violation, checker) = story.tell()
    #expect(violation == nil)
    try close(&checker, outcome == .denied ? .survived : outcome)
    if outcome == .denied {
      // A denied kill was never signalled: told as a story of its own.
      checker = Checker(reusesPIDs: true)
      try story.begin(&checker)
      try story.look(&checker)
      let intent = LedgerStep.intent(story.record(Story.id))
      try checker.observe(.effect(.record(Story.id, intent)), at: Story.now(23))
      try checker.observe(.durable(Story.id, intent), at: Story.now(23))
      try checker.observe(.event(.recorded(Story.id, .intent, .success(()))), at: Story.now(23))
      try checker.observe(
        .effect(
          .terminate(
            Story.op(60), Story.id, story.address, Story.login, pid: 500, firstByteBy: Story.now(25).continuous,
            firstByteByWall: Story.now(25).wall, by: Story.now(80).continuous)), at: Story.now(23))
      try close(&checker, .denied)
    }
    let again = story.record(KillID(life: 1, number: 2))
    var caught = false
    do {
      try checker.observe(.effect(.record(again.id, .intent(again))), at: Story.now(50 + after))
    } catch {
      caught = true
    }
    #expect(caught == isCaught)
  }

  /// The outcome is written late: it belongs to the epoch in which it was said.
  @Test(arguments: [true, false]) func `an outcome of the epoch before says nothing of this one`(isBefore: Bool) throws
  {
    var story = try Story()
    story.facts.bootTime = 1_790_000_000
    var later = story.facts
    later.bootTime = 1_790_010_000
    var checker = Checker(reusesPIDs: true)
    try story.begin(&checker)
    let first = story.record(Story.id)
    let said = Effect.report(Report(.killed, .error, killID: Story.id, outcome: .abandoned))
    try checker.observe(.effect(.record(Story.id, .intent(first))), at: Story.now(22))
    if isBefore { try checker.observe(.effect(said), at: Story.now(23)) }
    try story.inventory(&checker, Story.op(70), 24, later)
    if !isBefore { try checker.observe(.effect(said), at: Story.now(25)) }
    try checker.observe(.durable(Story.id, .intent(first)), at: Story.now(25))
    try checker.observe(.daemonEnded, at: Story.now(26))
    try checker.observe(.daemonBegan(open: [Story.id]), at: Story.now(27))
    try checker.observe(.event(.configured(story.configuration)), at: Story.now(27))
    try checker.observe(
      .effect(.record(Story.id, .closed(.unknown, error: nil, verified: nil, at: Story.now(28)))), at: Story.now(28))
    let again = story.record(KillID(life: 2, number: 1))
    let next = Observation.effect(.record(again.id, .intent(again)))
    if isBefore {
      try checker.observe(next, at: Story.now(30))
    } else {
      #expect(throws: Violation.self) { try checker.observe(next, at: Story.now(30)) }
    }
  }

  private func close(_ checker: inout Checker, _ outcome: Outcome) throws {
    if outcome == .survived {
      let op = Story.op(80)
      let look = Effect.look(op, try Story().address, Story.login, pid: 500, .verify, by: Story.now(99).continuous)
      try checker.observe(.effect(look), at: Story.now(49))
      try checker.observe(.executed(op, lives: [500: 7]), at: Story.now(49))
      let timing = Timing(firstByte: Story.now(49), ended: Story.now(50))
      try checker.observe(.event(.looked(op, timing, .success(.running(Story.process(500))))), at: Story.now(50))
    }
    let step = LedgerStep.closed(outcome, error: nil, verified: nil, at: Story.now(50))
    try checker.observe(.effect(.record(Story.id, step)), at: Story.now(50))
    try checker.observe(.durable(Story.id, step), at: Story.now(50))
    try checker.observe(.event(.recorded(Story.id, .closed, .success(()))), at: Story.now(50))
  }

  @Test func `a cooldown runs from the last terminate`() throws {
    let story = try Story { $0.cooldown = .seconds(60) }
    var (violation, checker) = story.tell()
    #expect(violation == nil)
    var other = story
    other.row = Story.process(501)
    let again = other.record(KillID(life: 1, number: 2))
    #expect(throws: Violation.self) {
      try checker.observe(.effect(.record(again.id, .intent(again))), at: Story.now(70))
    }
    try checker.observe(.effect(.record(again.id, .intent(again))), at: Story.now(90))
  }

  @Test func `a cooldown goes on while the host boots`() throws {
    let story = try Story { $0.cooldown = .seconds(60) }
    var (violation, checker) = story.tell()
    #expect(violation == nil)
    func booted(_ seconds: Double) -> Now {
      Now(continuous: Instant(nanoseconds: Int64(seconds * 1e9)), wall: Story.now(30 + seconds).wall)
    }
    try checker.observe(.daemonEnded, at: Story.now(29))
    try checker.observe(.hostBooted(ahead: Story.now(30).continuous.nanoseconds), at: Story.now(30))
    try checker.observe(.daemonBegan(open: []), at: booted(0))
    try checker.observe(.event(.configured(story.configuration)), at: booted(0))
    var other = story
    other.row = Story.process(501)
    let again = other.record(KillID(life: 2, number: 1))
    #expect(throws: Violation.self) {
      try checker.observe(.effect(.record(again.id, .intent(again))), at: booted(40))
    }
    try checker.observe(.effect(.record(again.id, .intent(again))), at: booted(60))
  }

  @Test func `a late answer is recorded`() throws {
    let story = try Story().with {
      $0.answer = .unanswered
      $0.outcomes = []
    }
    var (violation, checker) = story.tell()
    #expect(violation == nil)
    let timing = Timing(firstByte: Story.now(22.2), ended: Story.now(90))
    try checker.observe(.event(.terminated(Story.op(60), timing, .done)), at: Story.now(90))
    #expect(throws: Violation.self) { try checker.guardEnd(at: Story.now(91).continuous.nanoseconds) }
    // It is on its way at once, and not when it suits.
    var waiting = checker
    #expect(throws: Violation.self) { try waiting.observe(.event(.timeCame), at: Story.now(91)) }
    try checker.observe(.effect(.record(Story.id, .answered(timing, .done))), at: Story.now(90))
    try checker.guardEnd(at: Story.now(91).continuous.nanoseconds)
  }

  @Test func `a terminate without an outcome is noticed in the end`() throws {
    let (violation, checker) = try Story().with { $0.outcomes = [] }.tell()
    #expect(violation == nil)
    try checker.guardEnd(at: Story.now(100).continuous.nanoseconds)
    #expect(throws: Violation.self) { try checker.guardEnd(at: Story.now(900).continuous.nanoseconds) }
    // Of a guest that answers nothing any more nobody can know.
    try checker.guardEnd(
      at: Story.now(900).continuous.nanoseconds, mute: [VMAddress(vcenter: Story.vcenter, moid: "vm-1")])
  }

  @Test func `a login that was refused on a VM is not used there again`() throws {
    let story = try Story()
    var checker = Checker(reusesPIDs: true)
    try story.begin(&checker)
    let survey = Effect.survey(
      Story.op(2), story.address, Story.login, showingEnds: false, by: Story.now(40).continuous)
    try checker.observe(.effect(survey), at: Story.now(10))
    let refused = Fault(.guestLoginRefused, code: "InvalidGuestLogin")
    let timing = Timing(firstByte: Story.now(10), ended: Story.now(11))
    try checker.observe(.event(.surveyed(Story.op(2), timing, .failure(refused))), at: Story.now(11))
    #expect(throws: Violation.self) {
      try checker.observe(
        .effect(.look(Story.op(3), story.address, Story.login, pid: 500, .check, by: Story.now(60).continuous)),
        at: Story.now(20))
    }
  }

  @Test func `a VM rests after a survey that was not answered`() throws {
    let story = try Story()
    var checker = Checker(reusesPIDs: true)
    try story.begin(&checker)
    try checker.observe(
      .effect(.survey(Story.op(2), story.address, Story.login, showingEnds: false, by: Story.now(40).continuous)),
      at: Story.now(10))
    let timing = Timing(firstByte: Story.now(10), ended: Story.now(40))
    let unanswered = Fault(.unanswered, code: "deadline")
    try checker.observe(.event(.surveyed(Story.op(2), timing, .failure(unanswered))), at: Story.now(40))
    let next = Effect.survey(
      Story.op(3), story.address, Story.login, showingEnds: false, by: Story.now(99).continuous)
    #expect(throws: Violation.self) { try checker.observe(.effect(next), at: Story.now(60)) }
  }
}

extension Story {
  func with(_ change: (inout Story) -> Void) -> Story {
    var story = self
    change(&story)
    return story
  }
}
