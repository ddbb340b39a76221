import GuestWatchCore
import Testing

@Suite("A vCenter that is out for a day")
struct OutageTests {
  /// How it fails, and the most calls an hour that this may cost it once the back-off is there.
  struct Case: Sendable, CustomTestStringConvertible {
    var kind: FaultKind
    var takes: Duration = .milliseconds(50)
    var mostAnHour: Int
    var testDescription: String { kind.rawValue }
  }

  /// One refresh in 48 to 72 s and nothing else: guests are not asked while their vCenter cannot be.
  private static let refreshesAlone = 75
  /// As many for each VM, where the fault is laid to that.
  private static let allAsOften = refreshesAlone * (OutageWorld.vmsOfA + 1)

  static let cases = [
    Case(kind: .unreachable, mostAnHour: refreshesAlone), Case(kind: .untrusted, mostAnHour: refreshesAlone),
    Case(kind: .sessionLost, mostAnHour: refreshesAlone),
    // Two refusals a minute apart, then one in half an hour (24 to 36 min).
    Case(kind: .loginRefused, mostAnHour: 3),
    // Turned away: one in ten minutes (8 to 12).
    Case(kind: .noSession, mostAnHour: 8),
    // Nothing answers: each call takes as long as it may.
    Case(kind: .unanswered, takes: .seconds(600), mostAnHour: refreshesAlone),
    Case(kind: .transient, mostAnHour: allAsOften), Case(kind: .badAnswer, mostAnHour: allAsOften),
  ]

  @Test(
    "Bounded calls, nothing grows, the journal can be read, the other vCenter is watched as ever, and afterwards all is well",
    arguments: cases)
  func day(_ outage: Case) throws {
    let world = try OutageWorld()
    world.pass(.seconds(600))
    #expect(world.watching.overview(at: world.clock.now()).snapshot.vmsInScope == 13)

    world.traffic.failure = Traffic.Failure(kind: outage.kind, takes: outage.takes)
    var weights: [Int] = []
    var sleepers: [Int] = []
    var told = world.line.told
    for hour in 1...24 {
      let begin = world.clock.now().continuous
      world.pass(.seconds(3600))
      let calls = world.traffic.calls(since: begin)
      if hour > 1 { #expect(calls.count { $0.vcenter == "a" } <= outage.mostAnHour, "hour \(hour)") }
      #expect(longestGap(in: calls, begin, world.clock.now().continuous) <= OutageWorld.every + .seconds(20))
      weights.append(world.watching.weight)
      sleepers.append(world.clock.sleeping)
      let now = world.line.told
      let said = now.reduce(0) { $0 + $1.value - told[$1.key, default: 0] }
      #expect(said <= (hour == 1 ? 20 : 2), "hour \(hour): \(now)")
      told = now
    }
    // The first hour fills what has a bound.
    #expect(weights.dropFirst().allSatisfy { $0 <= weights[0] + 50 }, "\(weights)")
    #expect(sleepers.allSatisfy { $0 <= 10 + OutageWorld.vmsOfA + OutageWorld.vmsOfB }, "\(sleepers)")

    world.traffic.failure = nil
    // A login that was refused or turned away is tried again in its own time.
    world.pass(outage.kind == .loginRefused ? .seconds(2200) : outage.kind == .noSession ? .seconds(750) : .seconds(90))
    let begin = world.clock.now().continuous
    world.pass(OutageWorld.every + .seconds(20))
    let asked = Set(world.traffic.calls(since: begin).filter { $0.vcenter == "a" }.compactMap(\.vm))
    #expect(asked.count == OutageWorld.vmsOfA, "every VM of it is looked at again")
    world.stop()
  }

  /// The longest time in which one VM of "b" was not looked at.
  private func longestGap(in calls: [Traffic.Call], _ begin: Instant, _ end: Instant) -> Duration {
    var longest = Duration.zero
    for number in 0..<OutageWorld.vmsOfB {
      let times = calls.filter { $0.vcenter == "b" && $0.vm == "vm-\(number)" }.map(\.at)
      for (one, next) in zip([begin] + times, times + [end]) { longest = max(longest, next - one) }
    }
    return longest
  }
}
