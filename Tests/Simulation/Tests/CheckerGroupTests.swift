import GuestWatchCore
import Testing
import VCenterModel
import WatchSimulation

/// Kills for number: the group is judged anew, and the victim is the last of it that may be killed.
extension CheckerTests {
  static func tooMany() throws -> Story {
    try Story { $0.limits = .bounded(maxAge: nil, maxInstances: MaxInstances(count: 1)) }.with {
      $0.others = [Story.process(400, started: 1_790_009_000)]
      $0.confirmsByListing = true
      $0.reason = .tooMany(limit: 1, count: 2, place: 2)
    }
  }

  @Test func `the one that may stay is not a victim`() throws {
    let story = try CheckerTests.tooMany().with { $0.others = [Story.process(400, started: 1_790_009_990)] }
    #expect(story.tell().violation?.invariant == "S1")
  }

  @Test func `too many is confirmed by a listing only`() throws {
    let story = try CheckerTests.tooMany().with { $0.confirmsByListing = false }
    #expect(story.tell().violation?.invariant == "S1")
  }

  /// Three where two are too many: the last in keep order is the victim, unless it may not be killed.
  @Test(arguments: [(false, false), (true, true)])
  func `the victim is the last that may be killed`(isProtected: Bool, isBlameless: Bool) throws {
    let story = try CheckerTests.tooMany().with {
      var last = Story.process(600, started: 1_790_009_950)
      last.command = "/opt/worker --late"
      $0.others.append(last)
    }
    var told = story
    if isProtected { told.configuration.protect.commands = [try Glob("*--late")] }
    #expect((told.tell().violation == nil) == isBlameless)
  }

  /// An owner that is no UTF-8 may be the system: whoever has such a name is protected then, and passed over (seed 2878).
  @Test(arguments: [("svchost.exe", true, true), ("svchost.exe", false, false), ("java.exe", true, false)])
  func `one of the system's by name whose owner cannot be read is passed over`(
    name: String, isDoubtful: Bool, isBlameless: Bool
  ) throws {
    var story = try CheckerTests.tooMany()
    story.configuration.rules[0].match = Match(names: [try Glob("*.exe"), try Glob("worker")])
    story.configuration.rules[0].limits = .bounded(maxAge: nil, maxInstances: MaxInstances(count: 1, per: .vm))
    var last = Story.process(600, started: 1_790_009_950, name: GuestText(name))
    last.owner = GuestText("wor\u{FFFD}ker", doubtful: isDoubtful)
    story.others.append(last)
    #expect((story.tell().violation == nil) == isBlameless)
  }

  /// A snapshot may bring one back that a look has shown to have ended, and no epoch is shown: it is no candidate any more
  /// (seed 2868).
  @Test(arguments: [true, false]) func `one that was seen to have ended is passed over`(hadEnded: Bool) throws {
    let last = Story.process(600, started: 1_790_009_950)
    let story = try CheckerTests.tooMany().with { $0.others.append(last) }
    var checker = Checker(reusesPIDs: true)
    var ended = last
    ended.finished = 1_790_009_960
    do throws(Violation) {
      try story.begin(&checker)
      try story.look(at: -75, pid: 600, hadEnded ? .finished(ended) : .running(last), &checker)
      try story.look(&checker)
      try story.kill(&checker)
      #expect(hadEnded)
    } catch {
      #expect(!hadEnded && error.invariant == "S1", "\(error)")
    }
  }

  /// A snapshot brings back one that was killed. Where that ended the epoch it is alive and counts, though the outcome of its
  /// kill was found before and had to wait for the disk (seed 3988).
  @Test(arguments: [true, false]) func `an outcome of the epoch before takes nobody out of a group`(
    hasEnded: Bool
  ) throws {
    var story = try CheckerTests.tooMany()
    story.facts.bootTime = 1_790_000_000
    var later = story.facts
    later.bootTime = 1_790_010_000
    let id = KillID(life: 1, number: 9)
    var first = story.record(id)
    first.process = story.others[0]
    first.process.command = ""
    var checker = Checker(reusesPIDs: true)
    do throws(Violation) {
      try story.begin(&checker)
      try story.leftOpen(first, &checker)
      try story.list([story.row], &checker, Story.op(71), -77)
      let said = Report(.killed, .error, killID: id, outcome: .gone)
      try checker.observe(.effect(.report(said)), at: Story.now(-76))
      if hasEnded { try story.inventory(&checker, Story.op(72), -75, later) }
      try story.close(id, .gone, found: -76, at: -74, &checker)
      try story.look(&checker)
      try story.kill(&checker)
      #expect(hasEnded)
    } catch {
      #expect(!hasEnded && error.what.contains("may stay"), "\(error)")
    }
  }

  /// Under another instance uuid it is another VM: whom a kill ended on the one before, and an unnoticed revert brought back,
  /// lives there and counts (seed 2970).
  @Test(arguments: [true, false]) func `what ended on a VM has not ended on the next one at its address`(
    isAnother: Bool
  ) throws {
    var story = try CheckerTests.tooMany()
    let own = story.facts
    if isAnother { story.facts.instanceUUID = "i-0" }
    let id = KillID(life: 1, number: 9)
    var first = story.record(id)
    first.vm = VMKey(vcenter: "vc", instance: isAnother ? "i-0" : "i-1")
    first.process = story.others[0]
    first.process.command = ""
    var checker = Checker(reusesPIDs: true)
    do throws(Violation) {
      try story.begin(&checker)
      try story.leftOpen(first, &checker)
      try story.list([story.row], &checker, Story.op(71), -77)
      try story.close(id, .gone, found: -76, at: -76, &checker)
      try story.inventory(&checker, Story.op(72), -75, own)
      try story.look(&checker)
      try story.kill(&checker)
      #expect(isAnother)
    } catch {
      #expect(!isAnother && error.what.contains("may stay"), "\(error)")
    }
  }

  /// A login that is shown its own processes only loses sight of one that becomes another's. Once it sees all, that one is no
  /// candidate any more (seed 3337); one that only showed another owner in between still is.
  @Test(arguments: [true, false]) func `one that was hidden comes back as another's`(wasHidden: Bool) throws {
    let last = Story.process(600, started: 1_790_009_950)
    let story = try CheckerTests.tooMany().with { $0.others.append(last) }
    var before = last
    before.owner = "bob"
    let rest = [story.others[0], story.row]
    var checker = Checker(reusesPIDs: true)
    do throws(Violation) {
      try story.begin(&checker)
      try story.list(rest + [wasHidden ? before : last], &checker, Story.op(71), -78)
      try story.list(wasHidden ? rest : rest + [before], &checker, Story.op(72), -75)
      try story.look(&checker)
      try story.kill(&checker)
      #expect(wasHidden)
    } catch {
      #expect(!wasHidden && error.what.contains("comes after it"), "\(error)")
    }
  }

  @Test func `others of another owner do not count`() throws {
    let story = try CheckerTests.tooMany().with { $0.others[0].owner = "bob" }
    #expect(story.tell().violation?.invariant == "S1")
  }
}
