import GuestWatchCore
import Testing
import VCenterModel
import WatchSimulation

/// What the checker knows of a VM goes where the VM goes, and no further.
@Suite struct WhereaboutsTests {
  static let again = VCenterID("again")

  /// A refresh of an entry and its answer.
  static func inventory(
    _ checker: inout Checker, _ op: UInt64, _ at: Double, of vcenter: VCenterID = Story.vcenter, _ vms: [VMFacts]
  ) throws(Violation) {
    let inventory = Inventory(vcenterUUID: "vc", canTerminate: true, vms: vms, complete: true)
    let timing = Timing(firstByte: Story.now(at), ended: Story.now(at))
    let query = ScopeQuery(scopes: [])
    try checker.observe(
      .effect(.refresh(Story.op(op), vcenter, query, by: Story.now(at + 30).continuous)), at: Story.now(at))
    try checker.observe(.event(.inventory(Story.op(op), timing, .success(inventory))), at: Story.now(at))
  }

  /// Plays the rest of the story: one look, the confirm, the kill.
  private func finish(_ checker: inout Checker, _ story: Story, looks: [Double]) -> Violation? {
    var story = story
    story.early = nil
    story.looks = looks
    do throws(Violation) {
      try story.look(&checker)
      try story.kill(&checker)
      return nil
    } catch {
      return error
    }
  }

  /// Two entries lead to one vCenter; the other one shows the VM first after a reload, but the daemon stays with its own.
  @Test(arguments: [true, false])
  func `a chain of looks goes on through the entry that the daemon takes`(hasFirstLook: Bool) throws {
    var story = try Story()
    story.configuration.vcenters.append(VCenterEntry(id: WhereaboutsTests.again))
    var checker = Checker(reusesPIDs: true)
    try story.begin(&checker)
    try story.survey(&checker, Story.op(20), -70, ends: false)
    if hasFirstLook { try story.survey(&checker, Story.op(21), 10, ends: false) }
    var moved = story.configuration
    moved.vcenters[0].digest = 2
    try checker.observe(.event(.configured(moved)), at: Story.now(12))
    try WhereaboutsTests.inventory(&checker, 30, 13, of: WhereaboutsTests.again, [story.facts])
    try WhereaboutsTests.inventory(&checker, 31, 14, [story.facts])
    let violation = finish(&checker, story, looks: [20])
    #expect(violation?.invariant == (hasFirstLook ? nil : "S1"), "\(String(describing: violation))")
  }

  /// A clone has the uuid of the first for a while; or the first is gone and comes back, and then nothing was seen of it.
  @Test(arguments: [true, false])
  func `an age is seen over a time in which its VM was there twice`(isStillThere: Bool) throws {
    let story = try Story()
    var clone = story.facts
    clone.moid = "vm-91"
    var checker = Checker(reusesPIDs: true)
    try story.begin(&checker)
    try story.survey(&checker, Story.op(20), -70, ends: false)
    try WhereaboutsTests.inventory(&checker, 30, -50, isStillThere ? [story.facts, clone] : [clone])
    clone.instanceUUID = "i-2"
    try WhereaboutsTests.inventory(&checker, 31, -40, [story.facts, clone])
    let violation = finish(&checker, story, looks: [10, 20])
    #expect(violation?.invariant == (isStillThere ? nil : "S1"), "\(String(describing: violation))")
  }

  /// A VM gets another uuid, or one that it had before, while it is listed: its guest still has one operation in flight (seed
  /// 5627).
  @Test(arguments: [true, false]) func `another uuid makes no room for another operation`(isAnswered: Bool) throws {
    let story = try Story()
    var renamed = story.facts
    renamed.instanceUUID = "i-2"
    var checker = Checker(reusesPIDs: true)
    try story.begin(&checker)
    func survey(_ op: UInt64, _ at: Double) -> Effect {
      .survey(Story.op(op), story.address, Story.login, showingEnds: false, by: Story.now(at + 30).continuous)
    }
    try checker.observe(.effect(survey(20, -70)), at: Story.now(-70))
    try WhereaboutsTests.inventory(&checker, 30, -69, [renamed])
    if isAnswered {
      let timing = Timing(firstByte: Story.now(-70), ended: Story.now(-67))
      let listing = Listing(rows: [story.row], showsEnds: false)
      try checker.observe(.event(.surveyed(Story.op(20), timing, .success(listing))), at: Story.now(-67))
    }
    do throws(Violation) {
      try checker.observe(.effect(survey(21, -60)), at: Story.now(-60))
      #expect(isAnswered)
    } catch {
      #expect(!isAnswered && error.invariant == "S6", "\(error)")
    }
  }

  /// That vCenter did not find the VM says nothing of its processes; that the process was gone ends the chain.
  @Test(arguments: [Look.vmGone, .gone])
  func `a chain of looks goes on over a VM that was not found`(between: Look) throws {
    let story = try Story()
    var checker = Checker(reusesPIDs: true)
    try story.begin(&checker)
    try story.survey(&checker, Story.op(20), -70, ends: false)
    try story.survey(&checker, Story.op(21), 10, ends: false)
    let look = Effect.look(Story.op(22), story.address, Story.login, pid: 500, .check, by: Story.now(45).continuous)
    try checker.observe(.effect(look), at: Story.now(15))
    let timing = Timing(firstByte: Story.now(15), ended: Story.now(16))
    try checker.observe(.event(.looked(Story.op(22), timing, .success(between))), at: Story.now(16))
    let violation = finish(&checker, story, looks: [20])
    let isBroken = if case .gone = between { true } else { false }
    #expect(violation?.invariant == (isBroken ? "S1" : nil), "\(String(describing: violation))")
  }

  /// Its outcome waited for the disk until the VM had begun another epoch, in which it counts for nothing.
  @Test(arguments: [true, false])
  func `a denied process is tried again in another epoch only`(hasEnded: Bool) throws {
    let story = try Story().with { $0.answer = .denied(Fault(.guestDenied, code: "GuestPermissionDenied")) }
    var checker = Checker(reusesPIDs: true)
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
    let timing = Timing(firstByte: Story.now(23), ended: Story.now(24))
    try checker.observe(.event(.terminated(Story.op(60), timing, story.answer)), at: Story.now(24))
    if hasEnded {
      let ended = Report(.epochEnded, .info, vcenter: Story.vcenter, moid: "vm-1")
      try checker.observe(.effect(.report(ended)), at: Story.now(30))
    }
    let closed = LedgerStep.closed(.denied, error: nil, verified: nil, at: Story.now(24))
    try checker.observe(.effect(.record(Story.id, closed)), at: Story.now(40))
    try checker.observe(.durable(Story.id, closed), at: Story.now(40))
    try checker.observe(.event(.recorded(Story.id, .closed, .success(()))), at: Story.now(40))
    let second = story.record(KillID(life: 1, number: 2))
    var caught: Violation?
    do throws(Violation) {
      try checker.observe(.effect(.record(second.id, .intent(second))), at: Story.now(900))
    } catch {
      caught = error
    }
    #expect(caught?.invariant == (hasEnded ? nil : "S1"), "\(String(describing: caught))")
  }

  /// A zombie shows its bare name: after a command line that tells it, after none at all it may as well be alive.
  @Test(arguments: [("/opt/worker --run", true), ("", false)] as [(GuestText, Bool)])
  func `survived is wrong of what shrank to its bare name`(command: GuestText, isCaught: Bool) throws {
    let story = try Story().with {
      $0.row.command = command
      $0.outcomes = []
    }
    var (violation, checker) = story.tell()
    #expect(violation == nil)
    var bare = story.row
    bare.command = bare.name
    let op = Story.op(80)
    let look = Effect.look(op, story.address, Story.login, pid: 500, .verify, by: Story.now(99).continuous)
    try checker.observe(.effect(look), at: Story.now(49))
    try checker.observe(.executed(op, lives: [500: 7]), at: Story.now(49))
    let timing = Timing(firstByte: Story.now(49), ended: Story.now(50))
    try checker.observe(.event(.looked(op, timing, .success(.running(bare)))), at: Story.now(50))
    var caught: Violation?
    do throws(Violation) {
      let step = LedgerStep.closed(.survived, error: nil, verified: nil, at: Story.now(50))
      try checker.observe(.effect(.record(Story.id, step)), at: Story.now(50))
    } catch {
      caught = error
    }
    #expect(caught?.invariant == (isCaught ? "S5" : nil), "\(String(describing: caught))")
  }

  /// It was registered anew, and the life that saw it died before that was on disk. The next life knows it by its former id
  /// and is shown the other one: that is the new epoch, in which nothing was denied yet (seed 2339).
  @Test(arguments: [true, false]) func `a new epoch whose memory was lost begins again`(isAnew: Bool) throws {
    var story = try Story()
    let own = story.facts
    story.facts.moid = isAnew ? "vm-0" : "vm-1"
    let id = KillID(life: 1, number: 9)
    var first = story.record(id)
    first.address.moid = story.facts.moid
    let fault = Fault(.guestDenied, code: "GuestPermissionDenied")
    let timing = Timing(firstByte: Story.now(-79), ended: Story.now(-79))
    let memory = VMMemory(vm: Story.key, moid: story.facts.moid, bootTime: nil, suspendTime: nil, seen: [])
    var checker = Checker(reusesPIDs: true)
    func startAgain(_ open: [KillID], _ at: Double) throws(Violation) {
      try checker.observe(.daemonEnded, at: Story.now(at))
      try checker.observe(.daemonBegan(open: open), at: Story.now(at))
      let restored = Restored(life: 2, memories: [memory])
      try checker.observe(.event(.began(seed: 1, restored: restored)), at: Story.now(at))
      try checker.observe(.event(.configured(story.configuration)), at: Story.now(at))
    }
    do throws(Violation) {
      try story.begin(&checker)
      try checker.observe(.effect(.record(id, .intent(first))), at: Story.now(-79))
      try checker.observe(.durable(id, .intent(first)), at: Story.now(-79))
      try checker.observe(.durable(id, .answered(timing, .denied(fault))), at: Story.now(-79))
      try startAgain([id], -78)
      let step = LedgerStep.closed(.denied, error: fault, verified: nil, at: Story.now(-77))
      try checker.observe(.effect(.record(id, step)), at: Story.now(-77))
      try checker.observe(.durable(id, step), at: Story.now(-77))
      try WhereaboutsTests.inventory(&checker, 71, -76, [own])
      try startAgain([], -75)
      try WhereaboutsTests.inventory(&checker, 72, -74, [own])
      try story.look(&checker)
      try story.kill(&checker)
      #expect(isAnew)
    } catch {
      #expect(!isAnew && error.what.contains("denied to its login"), "\(error)")
    }
  }
}
