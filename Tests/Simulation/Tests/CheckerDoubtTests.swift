import GuestWatchCore
import Testing
import VCenterModel
import WatchSimulation

/// Ages that nobody can vouch for, epochs that end without a word, and outcomes that say more than was seen.
@Suite struct CheckerDoubtTests {
  private static let other = Story.process(400, started: 1_790_009_000)

  /// Its age is proven by a listing that lacked it, not by how long it was seen.
  private static func dated() throws -> Story {
    try Story().with {
      $0.born = -74
      $0.holder.born = -74
      $0.row.started = 1_790_009_926
      $0.others = [other]
      $0.early = nil
    }
  }

  private static func tell(
    _ story: Story, _ between: (inout Checker) throws(Violation) -> Void = { _ in }
  ) -> Violation? {
    var checker = Checker(reusesPIDs: true)
    do throws(Violation) {
      try story.begin(&checker)
      try story.list([other], &checker, Story.op(2), -75)
      try between(&checker)
      try story.look(&checker)
      try story.kill(&checker)
      return nil
    } catch {
      return error
    }
  }

  private static func later(_ seconds: Double, at: Double) -> Now {
    let now = Story.now(at)
    return Now(continuous: now.continuous, wall: now.wall + Int64(seconds * 1e9))
  }

  @Test func `a start that is later than a listing proves an age`() throws {
    #expect(CheckerDoubtTests.tell(try CheckerDoubtTests.dated()) == nil)
  }

  @Test(arguments: [(100.0, true), (1.5, false)])
  func `a wall clock that stepped proves no age`(step: Double, isCaught: Bool) throws {
    let violation = CheckerDoubtTests.tell(try CheckerDoubtTests.dated()) { checker throws(Violation) in
      try checker.observe(.event(.timeCame), at: CheckerDoubtTests.later(step, at: 5))
    }
    #expect(violation?.invariant == (isCaught ? "S1" : nil), "\(String(describing: violation))")
  }

  @Test func `a clock that vCenter's own contradicts proves no age`() throws {
    let violation = CheckerDoubtTests.tell(try CheckerDoubtTests.dated()) { checker throws(Violation) in
      let story = Story.inventory(Story.op(3), 5, VMFacts(moid: "vm-2", name: "db-1", instanceUUID: "i-2"))
      try checker.observe(story[0], at: Story.now(5))
      guard case .event(.inventory(let op, var timing, let result)) = story[1] else { return }
      timing.date = Story.now(5 + 60).wall / 1_000_000_000
      try checker.observe(.event(.inventory(op, timing, result)), at: Story.now(5))
    }
    #expect(violation?.invariant == "S1")
  }

  @Test(arguments: [(-200, true), (-80, true), (-76, false), (60, true)])
  func `a newcomer that claims what cannot be speaks against all starts`(claim: Int64, isCaught: Bool) throws {
    let story = try CheckerDoubtTests.dated()
    let stranger = Story.process(777, started: 1_790_010_000 + claim, name: "other")
    let violation = CheckerDoubtTests.tell(story) { checker throws(Violation) in
      try story.list([CheckerDoubtTests.other, stranger], &checker, Story.op(3), -74.6)
    }
    #expect(violation?.invariant == (isCaught ? "S1" : nil), "\(String(describing: violation))")
  }

  @Test func `a VM that was suspended since its boot proves no age by starts`() throws {
    let story = try CheckerDoubtTests.dated().with {
      $0.facts.bootTime = 1_790_000_000
      $0.facts.suspendTime = 1_790_005_000
    }
    #expect(CheckerDoubtTests.tell(story)?.invariant == "S1")
  }

  @Test func `each look must prove the age by itself`() throws {
    // Seen for 54.8 s and 64.8 s where 60 are needed: only the second look counts.
    let story = try Story().with { $0.early = -45 }
    #expect(story.tell().violation?.invariant == "S1")
  }

  @Test(arguments: [true, false]) func `after a step nobody knows that quiet times are over`(steps: Bool) throws {
    let story = try Story { $0.notDuring = [QuietTime(days: .all, from: 0, until: 1)] }
    let violation = CheckerDoubtTests.tell(story) { checker throws(Violation) in
      if steps { try checker.observe(.event(.timeCame), at: CheckerDoubtTests.later(10, at: 5)) }
    }
    #expect(violation?.invariant == (steps ? "S1" : nil), "\(String(describing: violation))")
  }

  /// Three that were gone are back: a snapshot. What was seen before counts for nothing.
  @Test(arguments: [(2, false), (3, true)])
  func `those who come back together end the epoch`(count: Int64, isCaught: Bool) throws {
    let story = try Story { $0.limits = .forbidden }.with {
      $0.reason = .forbidden
      $0.early = nil
      $0.others = (0..<count).map { Story.process(600 + $0, started: 1_790_009_000, name: "other") }
      $0.looks = [20]
    }
    var checker = Checker(reusesPIDs: true)
    try story.begin(&checker)
    try story.list([story.row] + story.others, &checker, Story.op(2), -60)
    try story.list([story.row], &checker, Story.op(3), 5)
    var caught: Violation?
    do throws(Violation) {
      try story.look(&checker)
      try story.kill(&checker)
    } catch {
      caught = error
    }
    #expect(caught?.invariant == (isCaught ? "S1" : nil), "\(String(describing: caught))")
  }

  @Test func `a program without arguments that lives is no zombie`() throws {
    let story = try Story().with {
      $0.row.command = $0.row.name
      $0.victimDies = false
    }
    #expect(story.tell().violation?.invariant == "S5")
  }

  @Test(arguments: [(1.0, false), (6.0, true)])
  func `not found after 5 s of our own call is not already gone`(took: Double, isCaught: Bool) throws {
    let story = try Story().with {
      $0.answer = .notFound
      $0.callTakes = took
      $0.isSignalled = false
      $0.outcomes = [.alreadyGone]
    }
    let violation = story.tell().violation
    #expect(violation?.invariant == (isCaught ? "S5" : nil), "\(String(describing: violation))")
  }
}
