import Testing

@testable import GuestWatchCore

/// An operator who only looks.
extension Stage {
  var shown: [(ask: AskID, answer: ViewAnswer)] {
    log.compactMap { if case .show(let ask, let answer) = $0.effect { (ask, answer) } else { nil } }
  }

  func explanations(_ ask: UInt64) -> [Explanation] {
    shown.compactMap {
      if $0.ask == AskID(ask), case .explained(let explanation) = $0.answer { explanation } else { nil }
    }
  }

  func refusals(_ ask: UInt64) -> [ViewAnswer.NoView] {
    shown.compactMap { if $0.ask == AskID(ask), case .refused(let why) = $0.answer { why } else { nil } }
  }

  func reaches(_ ask: UInt64) -> [Reach] {
    shown.compactMap { if $0.ask == AskID(ask), case .reached(let reach) = $0.answer { reach } else { nil } }
  }

  mutating func explain(_ ask: UInt64, vm: VMKey = Stage.key, login: LoginID = Stage.login) {
    send(.asked(.explain(AskID(ask), vm, login)))
  }

  mutating func vms(_ ask: UInt64, _ filter: VMFilter = VMFilter()) { send(.asked(.vms(AskID(ask), filter))) }

  /// What is said of a pid after one more listing.
  mutating func explained(_ pid: Int64, ask: UInt64 = 77) throws -> WhatIsSaid {
    explain(ask)
    run(.seconds(2))
    let explanation = try #require(explanations(ask).last)
    return explanation.all(of: try #require((0..<explanation.count).first { explanation.pid($0) == pid }))
  }
}

/// All that an explanation says of one row.
struct WhatIsSaid {
  var explained: ExplainedProcess
  var protector: Protector?
  var judgements: [Judgement]
  var isMatched: Bool { judgements.contains { if case .mismatch = $0 { false } else { true } } }
}

extension Explanation {
  func all(of row: Int) -> WhatIsSaid {
    WhatIsSaid(
      explained: process(row), protector: protector(of: row),
      judgements: rules.indices.map { judgement(of: row, by: $0) })
  }
}

extension Judgement {
  var fit: Fit? { if case .fits(let fit) = self { fit } else { nil } }
}

@Suite("What explain says: the first condition that fails")
struct MismatchTests {
  private static func process(_ change: (inout Process) -> Void = { _ in }) -> Process {
    var process = Process(
      pid: 500, started: Stage.epoch, owner: "backup", name: "bkagent", command: "/usr/bin/bkagent --full")
    change(&process)
    return process
  }

  static let everything = Match(
    names: [glob("bk*")], owners: [glob("backup")], commands: [glob("*--full*")],
    exactly: Exactly(pid: 500, started: Stage.epoch))

  @Test(
    "Of match, in the order pid, started, name, owner, command",
    arguments: [
      (process(), nil),
      (process { $0.pid = 501 }, .match(.pid)),
      (process { $0.started += 1 }, .match(.started)),
      (process { $0.name = "cron" }, .match(.name)),
      (process { $0.owner = "root" }, .match(.owner)),
      (process { $0.command = "bkagent" }, .match(.command)),
      // Several fail: the first is named.
      (
        process {
          $0.name = "cron"
          $0.owner = "root"
        }, .match(.name)
      ),
      // A doubt means no.
      (process { $0.name = GuestText("bkagent", doubtful: true) }, .match(.name)),
      (process { $0.owner = "" }, .match(.owner)),
      (process { $0.command = GuestText("x --full", doubtful: true) }, .match(.command)),
    ] as [(Process, Mismatch?)])
  func match(process: Process, mismatch: Mismatch?) {
    let rule = Stage.rule { $0.match = MismatchTests.everything }
    #expect(Verdicts.mismatch(process, rule, .linux) == mismatch)
    #expect(Verdicts.matches(process, rule, .linux) == (mismatch == nil))
  }

  @Test(
    "Of unless: which table excepts it",
    arguments: [
      (process(), nil),
      (process { $0.command = "bkagent --keep" }, .unless(0)),
      (process { $0.owner = "root" }, .unless(1)),
      // Where both fit the first is named; where a text is not sure, unless matches more.
      (
        process {
          $0.command = "bkagent --keep"
          $0.owner = "root"
        }, .unless(0)
      ),
      (process { $0.owner = "" }, .unless(1)),
    ] as [(Process, Mismatch?)])
  func unless(process: Process, mismatch: Mismatch?) {
    let rule = Stage.rule(match: "bk*") {
      $0.unless = [Match(commands: [glob("*--keep*")]), Match(names: [glob("*")], owners: [glob("root")])]
    }
    #expect(Verdicts.mismatch(process, rule, .linux) == mismatch)
  }

  @Test(
    "What protects it: built in, or which glob of which list",
    arguments: [
      (process(), nil),
      (process { $0.pid = 4 }, .builtIn),
      (
        process {
          $0.name = "systemd"
          $0.owner = "root"
        }, .builtIn
      ),
      // Windows makes an account for each session, and calls the system's own by other names in other languages.
      (
        process {
          $0.name = "dwm.exe"
          $0.owner = "Window Manager\\DWM-1"
        }, .builtIn
      ),
      (
        process {
          $0.name = "fontdrvhost.exe"
          $0.owner = "Font Driver Host\\UMFD-0"
        }, .builtIn
      ),
      (
        process {
          $0.name = "svchost.exe"
          $0.owner = "NT-AUTORITÄT\\Netzwerkdienst"
        }, .builtIn
      ),
      (
        process {
          $0.name = "lsass.exe"
          $0.owner = "AUTORITE NT\\Système"
        }, .builtIn
      ),
      (
        process {
          $0.name = "dwm.exe"
          $0.owner = "LAB\\mallory"
        }, nil
      ),
      (process { $0.name = "postgres" }, .listed(.name, 1)),
      (process { $0.owner = "dba" }, .listed(.owner, 0)),
      (process { $0.command = "x --precious" }, .listed(.command, 0)),
      (process { $0.command = GuestText("x", doubtful: true) }, .listed(.command, 0)),
    ] as [(Process, Protector?)])
  func protection(process: Process, protector: Protector?) {
    let list = Protect(
      names: [glob("mysqld"), glob("postgres*")], owners: [glob("dba")], commands: [glob("*precious")])
    #expect(Protection.protector(of: process, list, family: .linux) == protector)
  }
}

@Suite("What explain says: limits and when they are due")
struct ExplainedLimitTests {
  @Test("Every row of a listing is there, with what each rule says of it")
  func rows() throws {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([
      Stage.rule("spin", match: "spin", action: .report), Stage.rule("other", match: "other", action: .report),
    ])
    stage.run(.seconds(30))
    let spin = try stage.explained(500)
    let explanation = try #require(stage.explanations(77).first)
    #expect(explanation.count == 11 && explanation.rules.map(\.id.name) == ["spin", "other"])
    #expect(explanation.vmName == "db-07" && explanation.family == .linux && explanation.login == Stage.login)
    #expect(spin.judgements.map { $0.fit != nil } == [true, false])
    #expect(spin.judgements[1] == .mismatch(.match(.name)))
    // A command line is shown to nobody unless asked for.
    #expect((0..<explanation.count).allSatisfy { explanation.process($0).process.command.value.isEmpty })
    #expect(!"\(explanation)".contains("--work"))
    let system = try stage.explained(100, ask: 78)
    #expect(!system.isMatched && system.protector == nil)
    #expect(stage.killed.isEmpty)
  }

  @Test("Age: claimed and proven are two things; within, then exceeded since, then due")
  func age() throws {
    var stage = Stage()
    stage.begin([
      Stage.rule(limits: .bounded(maxAge: .seconds(100), maxInstances: nil), lasting: .seconds(60), action: .report)
    ])
    stage.run(.seconds(5))
    stage.spawn(500, started: Stage.epoch - 7200)
    stage.run(.seconds(30))
    let young = try stage.explained(500, ask: 1)
    #expect(young.explained.claimedAge > .seconds(7000) && young.explained.provenAge < .seconds(40))
    let within = try #require(young.judgements[0].fit)
    #expect(within.excess == nil && within.place == nil && within.gates == [.report])
    let exceeds = try #require(within.exceeds)
    #expect(within.due == exceeds + .seconds(60))
    #expect(exceeds - stage.now.continuous > .seconds(55) && exceeds - stage.now.continuous < .seconds(75))

    stage.run(.seconds(90))
    let oldProcess = try stage.explained(500, ask: 2)
    let old = try #require(oldProcess.judgements[0].fit)
    let excess = try #require(old.excess)
    #expect(!excess.isRunaway && excess.due == excess.since + .seconds(60) && old.exceeds == nil)
    if case .tooOld(limit: .seconds(100), _, _) = excess.reason {} else { Issue.record("\(excess.reason)") }

    stage.run(.seconds(90))
    let runawayProcess = try stage.explained(500, ask: 3)
    let runaway = try #require(runawayProcess.judgements[0].fit?.excess)
    #expect(runaway.isRunaway && runaway.since == excess.since)
  }

  @Test("Places in their group; all beyond the limit are exceeded, and a protected one says by what")
  func places() throws {
    var stage = Stage()
    for pid in 500...502 as ClosedRange<Int64> { stage.spawn(pid, started: Stage.epoch + pid - 600) }
    stage.begin([Stage.rule(limits: .bounded(maxAge: nil, maxInstances: MaxInstances(count: 2)), action: .report)]) {
      $0.protect.owners = [glob("alice"), glob("bob")]
    }
    stage.run(.seconds(40))
    var fits: [Fit] = []
    for pid in 500...502 as ClosedRange<Int64> {
      let process = try stage.explained(pid, ask: UInt64(pid))
      #expect(process.protector == .listed(.owner, 1))
      fits.append(try #require(process.judgements[0].fit))
    }
    #expect(fits.map(\.place) == [1, 2, 3].map { Standing.Place(place: $0, count: 3, limit: 2) })
    #expect(fits.map { $0.excess != nil } == [false, false, true])
    #expect(fits[2].excess?.reason == .tooMany(limit: 2, count: 3, place: 3))
    #expect(fits[2].gates == [.protected, .report])
  }

  @Test("One that has ended is said to have, whatever still lists it")
  func ended() throws {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule(action: .report)])
    stage.run(.seconds(20))
    let i = try #require(stage.guest.firstIndex { $0.pid == 500 })
    stage.guest[i].finished = stage.second
    let process = try stage.explained(500)
    #expect(process.judgements == [.ended])
  }

  @Test("One whose kill is under way has no gate before it; explain is answered once that is over or between its looks")
  func underWay() throws {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, _ in
      // It survives, so that there is something to be looked at.
      guard case .terminate(let op, _, _, _, _, _, _, _) = effect else { return nil }
      return [(.seconds(20), .terminated(op, Timing(firstByte: nil, ended: Now(continuous: .never, wall: 0)), .done))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(17))
    #expect(stage.killed == [500])
    stage.explain(1)
    stage.run(.seconds(60))
    let explanation = try #require(stage.explanations(1).first)
    let row = try #require((0..<explanation.count).first { explanation.pid($0) == 500 } ?? nil)
    #expect(explanation.all(of: row).judgements[0].fit != nil)
  }
}

@Suite("What explain says: every gate that is closed")
struct ExplainedGateTests {
  private static func gates(
    _ action: Action = .terminate, _ rule: (inout Rule) -> Void = { _ in },
    _ change: (inout Configuration) -> Void = { _ in }, before: (inout Stage) -> Void = { _ in }
  ) throws -> [Gate]? {
    var stage = Stage()
    stage.spawn(500)
    before(&stage)
    stage.begin([Stage.rule(lasting: .seconds(600), action: action, rule)], change)
    stage.run(.seconds(20))
    return try stage.explained(500).judgements[0].fit?.gates
  }

  @Test("None is closed") func none() throws { #expect(try Self.gates() == []) }

  @Test("All that are closed are named, in the order in which they are asked") func all() throws {
    let gates = try Self.gates(
      .report, { $0.notDuring = [QuietTime()] },
      {
        $0.dryRun = true
        $0.protect.names = [glob("spin")]
        $0.budget = FleetBudget(kills: 0, perVM: 0)
      })
    #expect(gates == [.protected, .report, .dryRun, .notDuring, .vmBudget, .fleetBudget])
  }

  @Test("A budget of the rule, tools that execute scripts")
  func others() throws {
    #expect(try Self.gates(.terminate, { $0.budget = Budget(kills: 0, within: .seconds(60)) }) == [.ruleBudget])
    #expect(try Self.gates(before: { $0.facts.tools = .executingScripts }) == [.toolsBusy])
  }

  @Test("A pause that covers it")
  func paused() throws {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule(lasting: .seconds(600))])
    stage.run(.seconds(20))
    stage.send(.asked(.pause(Pause(rule: RuleID("r")))))
    let process = try stage.explained(500)
    #expect(process.judgements[0].fit?.gates == [.paused])
  }

  @Test("not_during says when it is over, where it ever is")
  func quiet() throws {
    // 2026-01-01 was a Thursday.
    for (quiet, opens) in [(QuietTime(from: 0, until: 60), Stage.epoch + 3600), (QuietTime(), nil)] {
      var stage = Stage()
      stage.spawn(500)
      stage.begin([Stage.rule(lasting: .seconds(600)) { $0.notDuring = [quiet] }])
      stage.run(.seconds(20))
      let fitProcess = try stage.explained(500)
      let fit = try #require(fitProcess.judgements[0].fit)
      #expect(fit.gates == [.notDuring])
      let shared = try #require(stage.explanations(77).last?.gates.first)
      #expect(shared.gates == [.notDuring] && shared.opens?.at == opens)
    }
  }
}

@Suite("Who asks for an explanation")
struct ExplainTurnTests {
  @Test("The VM is listed at once and once for all who wait; nothing else is asked of it, and its rules go on")
  func once() {
    var stage = Stage()
    stage.begin([Stage.rule(every: .seconds(600), action: .report)])
    stage.run(.seconds(30))
    let before = stage.surveys
    stage.explain(1)
    stage.explain(2)
    stage.run(.seconds(1))
    #expect(stage.surveys == before + 1)
    #expect(stage.explanations(1).count == 1 && stage.explanations(2).count == 1)
    stage.run(.seconds(500))
    #expect(stage.surveys == before + 1)
    #expect(stage.log.filter { if case .look = $0.effect { true } else { false } }.isEmpty)
  }

  @Test("Where nothing is done but by hand, only what is asked for is listed, and nothing is reported or killed")
  func byHand() throws {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule(every: .seconds(10))]) { $0.onlyByHand = true }
    stage.run(.seconds(100))
    #expect(stage.surveys == 0)
    for ask in 1...20 as ClosedRange<UInt64> {
      let fitProcess = try stage.explained(500, ask: ask)
      let fit = try #require(fitProcess.judgements[0].fit)
      #expect(fit.excess != nil && fit.gates.isEmpty)
    }
    #expect(stage.surveys == 20)
    stage.run(.seconds(1000))
    #expect(stage.surveys == 20 && stage.killed.isEmpty)
    #expect(!stage.log.contains { if case .record = $0.effect { true } else { false } })
  }

  @Test("What earlier lives saw counts: an age is not begun anew")
  func restored() throws {
    var stage = Stage()
    let hog = stage.spawn(500, started: Stage.epoch - 100_000)
    let seen = VMMemory.Seen(
      login: Stage.login, identity: hog.identity, firstSeen: stage.now.continuous - .seconds(5000))
    stage.begin(
      [Stage.rule(limits: .bounded(maxAge: .seconds(3600), maxInstances: nil))],
      restored: Restored(
        life: 2,
        memories: [
          VMMemory(vm: Stage.key, moid: "vm-1", bootTime: stage.facts.bootTime, suspendTime: nil, seen: [seen])
        ])
    ) { $0.onlyByHand = true }
    stage.run(.seconds(5))
    let process = try stage.explained(500)
    #expect(process.explained.provenAge > .seconds(5000) && process.judgements[0].fit?.excess != nil)
  }

  @Test("A login that a guest refuses is tried once, and said; then it is not tried at all")
  func refused() {
    var stage = Stage()
    stage.intercept = { effect, stage in
      guard case .survey(let op, _, _, _, _) = effect else { return nil }
      return [
        (
          .milliseconds(50),
          .surveyed(op, stage.timing(), .failure(Fault(.guestLoginRefused, code: "InvalidGuestLogin")))
        )
      ]
    }
    stage.begin([Stage.rule()]) { $0.onlyByHand = true }
    stage.run(.seconds(5))
    stage.explain(1)
    stage.run(.seconds(300))
    #expect(stage.surveys == 1)
    #expect(stage.refusals(1) == [.failed(Fault(.guestLoginRefused, code: "InvalidGuestLogin"))])
    stage.explain(2)
    stage.run(.seconds(300))
    #expect(stage.surveys == 1 && stage.refusals(2) == [.login])
  }

  @Test("An account whose trial is long due, and which nobody tries by hand, wakes nobody")
  func noTrial() {
    var stage = Stage()
    let standing = LoginStanding(account: "guestwatch", digest: 1, doubts: 0, tries: 0, age: .seconds(7_200))
    stage.begin([Stage.rule()], restored: Restored(life: 2, standings: [standing])) { $0.onlyByHand = true }
    for _ in 0..<10 { stage.send(.timeCame) }
    let past = stage.log.filter { entry in
      if case .wake(let at) = entry.effect { at.nanoseconds <= entry.at } else { false }
    }
    #expect(past.isEmpty, "\(past.count)")
  }

  @Test("A listing that fails is tried three times in the pace of the back-off; one that is never answered is given up")
  func fails() {
    var stage = Stage()
    stage.intercept = { effect, stage in
      guard case .survey(let op, _, _, _, _) = effect else { return nil }
      return [(.milliseconds(50), .surveyed(op, stage.timing(), .failure(Fault(.transient, code: "503"))))]
    }
    stage.begin([Stage.rule(every: .seconds(600))]) { $0.onlyByHand = true }
    stage.run(.seconds(5))
    stage.explain(1)
    stage.run(.seconds(60))
    #expect(stage.surveys == 3 && stage.refusals(1) == [.failed(Fault(.transient, code: "503"))])
    stage.intercept = { effect, _ in if case .survey = effect { [] } else { nil } }
    stage.explain(2)
    stage.run(.seconds(100))
    #expect(stage.refusals(2) == [.tooLate])
  }

  @Test("A VM that cannot be looked at says why at once")
  func unwatched() {
    var stage = Stage()
    stage.facts.power = .off
    stage.begin([Stage.rule()])
    stage.run(.seconds(5))
    stage.explain(1)
    stage.explain(2, vm: VMKey(vcenter: "vc-uuid", instance: "nowhere"))
    stage.explain(3, login: LoginID("root"))
    #expect(stage.refusals(1) == [.unwatched("it is not powered on", nil)])
    for ask in 2...3 as ClosedRange<UInt64> {
      if case .changed? = stage.refusals(ask).first {} else { Issue.record("\(stage.refusals(ask))") }
    }
    #expect(stage.surveys == 0)
  }

  @Test("Whoever goes away is not listed for, and a daemon that stops says so")
  func leaves() {
    var stage = Stage()
    stage.intercept = { effect, _ in if case .survey = effect { [] } else { nil } }
    stage.begin([Stage.rule()]) { $0.onlyByHand = true }
    stage.run(.seconds(5))
    stage.explain(1)
    stage.send(.asked(.withdraw(AskID(1))))
    stage.explain(2)
    stage.send(.shutdownAsked)
    #expect(stage.shown.filter { $0.ask == AskID(1) }.isEmpty && stage.refusals(2) == [.stopping])
  }

  @Test("Which VMs there are is answered when every vCenter has said so, or cannot")
  func reach() {
    var stage = Stage()
    stage.begin([Stage.rule("a", action: .report), Stage.rule("b", every: .seconds(5), action: .report)])
    stage.vms(1)
    #expect(stage.reaches(1).isEmpty)
    stage.run(.seconds(2))
    #expect(
      stage.reaches(1).map(\.vms) == [
        [
          ReachedVM(
            vm: Stage.key, address: VMAddress(vcenter: Stage.vcenter, moid: "vm-1"), name: "db-07", login: Stage.login,
            every: .seconds(5), rules: [RuleID("a"), RuleID("b")], family: .linux)
        ]
      ])
    for (ask, filter, fits) in [
      (2, VMFilter(vms: glob("db-*")), true), (3, VMFilter(vms: glob("vm-1")), true),
      (4, VMFilter(vms: glob("lab:vm-1")), true), (5, VMFilter(vms: glob("web-*")), false),
      (6, VMFilter(rule: RuleID("b")), true), (7, VMFilter(rule: RuleID("c")), false),
      (8, VMFilter(login: LoginID("root")), false),
    ] as [(UInt64, VMFilter, Bool)] {
      stage.vms(ask, filter)
      #expect(stage.reaches(ask).first?.vms.isEmpty == !fits)
      if !fits { #expect(stage.reaches(ask).first?.names == ["db-07", "vm-1"]) }
    }
  }

  @Test("A vCenter that is down is said to be; one that no rule reaches is not waited for")
  func silent() {
    var stage = Stage()
    let down = Fault(.unreachable, code: "refused")
    stage.intercept = { effect, stage in
      guard case .refresh(let op, let vcenter, _, _) = effect else { return nil }
      if vcenter == VCenterID("idle") { Issue.record("asked for all of its VMs") }
      return [(.seconds(1), .inventory(op, stage.timing(), .failure(down)))]
    }
    stage.begin([Stage.rule { $0.vcenters = [Stage.vcenter] }]) {
      $0.vcenters.append(VCenterEntry(id: VCenterID("idle")))
    }
    stage.vms(1)
    stage.run(.seconds(3))
    #expect(stage.reaches(1).map(\.silent) == [[VCenterTrouble(id: Stage.vcenter, fault: down)]])
  }
}

@Suite("A saved listing")
struct SavedListingTests {
  private static func listing() -> Listing {
    var stage = Stage()
    stage.spawn(500, started: Stage.epoch - 3 * 3600)
    stage.spawn(501, started: Stage.epoch - 600)
    return Listing(rows: stage.guest, showsEnds: false)
  }

  private static func explain(
    _ rules: [Rule], vm: String = "db-07", family: GuestFamily = .linux, after: Int64 = 0,
    _ change: (inout Configuration) -> Void = { _ in }
  ) -> [ViewAnswer] {
    SavedListing(listing: listing(), vm: vm, family: family, wall: (Stage.epoch + after) * 1_000_000_000)
      .explained(by: Stage.configuration(rules, change))
  }

  private static func fits(_ answers: [ViewAnswer]) -> [Int64: Fit] {
    var fits: [Int64: Fit] = [:]
    for case .explained(let explanation) in answers {
      for i in 0..<explanation.count { fits[explanation.pid(i)] = explanation.all(of: i).judgements.first?.fit }
    }
    return fits
  }

  @Test("Start times are believed, at any time that is asked about")
  func ages() {
    let rule = Stage.rule(limits: .bounded(maxAge: .seconds(7200), maxInstances: nil), lasting: .seconds(300))
    let now = SavedListingTests.fits(SavedListingTests.explain([rule]))
    #expect(now.count == 2 && now[500]?.excess != nil && now[501]?.excess == nil)
    #expect(now[500]?.gates == [] && now[500]?.excess?.due == Instant(nanoseconds: 300_000_000_000))
    let later = SavedListingTests.fits(SavedListingTests.explain([rule], after: 7200))
    #expect(later[500]?.excess != nil && later[501]?.excess != nil)
  }

  @Test("not_during counts at that time, as do dry run and the protect list")
  func gates() {
    let rule = Stage.rule { $0.notDuring = [QuietTime(from: 60, until: 120)] }
    #expect(SavedListingTests.fits(SavedListingTests.explain([rule]))[500]?.gates == [])
    let inside = SavedListingTests.explain([rule], after: 90 * 60) { $0.dryRun = true }
    #expect(SavedListingTests.fits(inside)[500]?.gates == [.dryRun, .notDuring])
  }

  @Test("A VM that no rule reaches, one that is never touched, and one for each login")
  func scopes() {
    #expect(SavedListingTests.explain([Stage.rule { $0.scope = Scope(names: [glob("web-*")]) }]).isEmpty)
    let protected = SavedListingTests.explain([Stage.rule()]) { $0.protect.vms = Scope(names: [glob("db-*")]) }
    #expect(protected == [.refused(.unwatched("[protect] vms covers it", nil))])
    let both = SavedListingTests.explain([Stage.rule(), Stage.ruleB()], Stage.twoLogins)
    #expect(both.count == 2)
    #expect(
      SavedListingTests.fits(SavedListingTests.explain([Stage.rule { $0.scope = Scope(ids: ["vm-9"]) }], vm: "vm-9"))
        .count == 2)
  }
}
