import GuestWatchCore
import Testing

@testable import GuestWatchDaemon

@Suite("What is counted for the metrics")
struct TallyTests {
  private static let sent = Now(continuous: Instant(nanoseconds: 1_000_000_000), wall: 500_000_000_000)
  private static let ended = Now(continuous: Instant(nanoseconds: 1_750_000_000), wall: 500_750_000_000)
  private static let timing = Timing(firstByte: sent, ended: ended)
  private static let process = Process(pid: 77, started: 1, owner: "eve", name: "miner", command: "")

  private func begun(_ rules: String...) -> Tally {
    var tally = Tally()
    tally.heard(.configured(configuration(rules)))
    return tally
  }

  private func configuration(_ rules: [String], vcenters: [VCenterID] = [lab]) -> Configuration {
    Configuration(
      vcenters: vcenters.map { VCenterEntry(id: $0) }, logins: [],
      rules: rules.map { MetricsTextTests.rule($0, budget: nil) })
  }

  private func record(_ kill: KillID, _ cause: Cause) -> KillRecord {
    KillRecord(
      id: kill, cause: cause, action: .terminate, dryRun: false, vm: VMKey(vcenter: "u", instance: "i"), address: vm42,
      vmName: "db-1", login: linux, process: Self.process, anchors: [], decided: Self.sent, confirmed: Self.sent)
  }

  private func closed(_ kill: KillID, _ outcome: Outcome) -> Effect {
    .record(kill, .closed(outcome, error: nil, verified: nil, at: Self.ended))
  }

  private func call(_ kind: Operations.Kind, _ result: CallResult) -> CallTally.Call {
    CallTally.Call(kind: kind, result: result)
  }

  @Test("Each kind of call counts with what came of it, once, and with the time that it took")
  func calls() {
    var tally = begun()
    let query = ScopeQuery(scopes: [])
    tally.asked(.refresh(op(1), lab, query, by: .never))
    tally.asked(.refresh(op(2), lab, query, by: .never))
    tally.asked(.survey(1003, by: .never))
    tally.asked(.survey(1004, by: .never))
    tally.asked(.survey(1005, by: .never))
    for number in 6...8 as ClosedRange<UInt64> { tally.asked(.look(number, by: .never)) }
    tally.heard(
      .inventory(op(1), Self.timing, .success(Inventory(vcenterUUID: "u", canTerminate: true, vms: [], complete: true)))
    )
    tally.heard(
      .inventory(
        op(2), Self.timing, .success(Inventory(vcenterUUID: "u", canTerminate: true, vms: [], complete: false))))
    tally.heard(.surveyed(op(1003), Self.timing, .success(Listing(rows: [Self.process], showsEnds: false))))
    // One without rows is not complete.
    tally.heard(.surveyed(op(1004), Self.timing, .success(Listing(rows: [], showsEnds: false))))
    tally.heard(.surveyed(op(1005), Self.timing, .failure(Fault(.toolsUnavailable, code: "x"))))
    tally.heard(.looked(op(6), Self.timing, .success(.running(Self.process))))
    tally.heard(.looked(op(7), Self.timing, .success(.gone)))
    tally.heard(.looked(op(8), Self.timing, .success(.vmGone)))
    // Answered already, and never asked.
    tally.heard(.looked(op(8), Self.timing, .success(.gone)))
    tally.heard(.looked(op(9999), Self.timing, .success(.gone)))

    #expect(
      tally[lab].calls == [
        call(.refresh, .ok): 1, call(.refresh, .incomplete): 1, call(.survey, .ok): 1, call(.survey, .incomplete): 1,
        call(.survey, .fault(.toolsUnavailable)): 1, call(.look, .ok): 2, call(.look, .fault(.vmGone)): 1,
      ])
    #expect(tally[lab].latencies[.survey]?.counts.reduce(0, +) == 3)
    #expect(tally[lab].latencies[.survey]?.sum == .milliseconds(2250))
    #expect(tally[lab].lastAnswer == Self.ended.wall)
  }

  @Test(
    "A terminate counts as answered where vCenter answered",
    arguments: [
      (KillAnswer.done, CallResult.ok), (.notFound, .ok), (.notBegun(Fault(.busy, code: "")), .fault(.busy)),
      (.denied(Fault(.guestDenied, code: "")), .fault(.guestDenied)),
      (.ambiguous(Fault(.transient, code: "")), .fault(.transient)),
      (.notSent(Fault(.sessionLost, code: "")), .fault(.sessionLost)), (.unanswered, .fault(.unanswered)),
    ])
  func terminates(answer: KillAnswer, result: CallResult) {
    var tally = begun()
    tally.asked(.terminate(1, at: Self.sent, by: .never))
    tally.heard(.terminated(op(1), Self.timing, answer))
    #expect(tally[lab].calls == [call(.terminate, result): 1])
    #expect((tally[lab].lastAnswer != nil) == (result == .ok))
  }

  @Test("What was never sent took no time, and is no contact")
  func unsent() {
    var tally = begun()
    tally.asked(.survey(1, by: .never))
    tally.heard(
      .surveyed(op(1), Timing(firstByte: nil, ended: Self.ended), .failure(Fault(.unreachable, code: "refused"))))
    #expect(tally[lab].calls == [call(.survey, .fault(.unreachable)): 1])
    #expect(tally[lab].latencies == [:] && tally[lab].lastAnswer == nil)
  }

  @Test("A kill counts once, by its rule, however often its outcome has to be written")
  func kills() {
    var tally = begun("a", "b")
    tally.asked(.record(kill1, .intent(record(kill1, .rule(RuleID("b"), .forbidden)))))
    tally.asked(.record(kill1, .answered(Self.timing, .done)))
    #expect(tally[RuleID("b")].outcomes == [:])
    for _ in 0..<3 { tally.asked(closed(kill1, .exited)) }
    #expect(tally[RuleID("b")].outcomes == [.exited: 1])
    #expect(tally[RuleID("a")].outcomes == [:])
    #expect(tally.byHand == [:])
  }

  @Test("A kill by hand counts apart, and so does one that a life before began")
  func otherKills() {
    var tally = begun("a")
    let (hand, old) = (KillID(life: 2, number: 1), KillID(life: 1, number: 9))
    tally.heard(
      .began(
        seed: 1,
        restored: Restored(
          life: 2,
          open: [Restored.OpenKill(record: record(old, .rule(RuleID("a"), .forbidden)), age: .seconds(9), answer: nil)])
      ))
    tally.asked(.record(hand, .intent(record(hand, .demand(Demand(uid: 0, why: "x"))))))
    tally.asked(closed(hand, .denied))
    tally.asked(closed(old, .unknown))
    #expect(tally.byHand == [.denied: 1])
    #expect(tally[RuleID("a")].outcomes == [.unknown: 1])
  }

  @Test("Reports count by their event, and what would have been killed by its rule")
  func reports() {
    var tally = begun("a", "b")
    for _ in 0..<2 { tally.told(Report(.wouldKill, .notice, rule: RuleID("a"))) }
    tally.told(Report(.vcenterDown, .error, vcenter: lab))
    #expect(tally.reports == [.wouldKill: 2, .vcenterDown: 1])
    #expect(tally[RuleID("a")].wouldKill == 2 && tally[RuleID("b")].wouldKill == 0)
  }

  @Test("A reload keeps what stays, forgets what is gone, and begins what is new at 0")
  func reload() {
    var tally = begun("a", "b")
    for (number, rule) in [(1, "a"), (2, "b")] as [(UInt32, String)] {
      let kill = KillID(life: 1, number: number)
      tally.asked(.record(kill, .intent(record(kill, .rule(RuleID(rule), .forbidden)))))
    }
    tally.asked(closed(KillID(life: 1, number: 1), .exited))
    tally.asked(.survey(1, by: .never))
    tally.asked(.survey(2, by: .never))
    tally.heard(.surveyed(op(1), Self.timing, .failure(Fault(.busy, code: ""))))
    let new = VCenterID("new")

    tally.heard(.configured(configuration(["c", "a"], vcenters: [new, lab])))
    #expect(tally.rules == [RuleID("c"), RuleID("a")])
    #expect(tally[RuleID("a")].outcomes == [.exited: 1])
    #expect(tally.vcenters == [new, lab] && tally[lab].calls.count == 1)
    // A kill that was sent is still told of, behind the rules of the configuration.
    tally.asked(closed(KillID(life: 1, number: 2), .gone))
    #expect(tally.rules == [RuleID("c"), RuleID("a"), RuleID("b")])
    #expect(tally[RuleID("b")].outcomes == [.gone: 1])

    tally.heard(.configured(configuration(["a"], vcenters: [new])))
    tally.heard(.surveyed(op(2), Self.timing, .failure(Fault(.busy, code: ""))))
    #expect(tally.rules == [RuleID("a")])
    #expect(tally.vcenters == [new], "an answer of one that is gone brings it not back")
  }
}
