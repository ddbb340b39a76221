import GuestWatchCore
import Testing

@testable import Ledger

/// S5: exactly one outcome; and a step that is written again after a failure is written once.
@Suite struct OneOutcomeTests {
  @Test func everyStepTwiceIsOne() async throws {
    let folder = try Folder()
    let store = try folder.store()
    let steps: [(KillID, LedgerStep)] = [
      (id(1), .intent(record(id(1)))),
      (id(1), .answered(timing(), .denied(fault))),
      (id(1), .closed(.denied, error: fault, verified: nil, at: at(8))),
      (id(2), .reported(record(id(2)), gate: .report)),
    ]
    for (id, step) in steps {
      try await store.put(id, step, at(8))
      try await store.put(id, step, at(18))
    }
    // An old step again, when a later one is written already.
    try await store.put(id(1), steps[0].1, at(28))
    try await store.put(id(1), steps[1].1, at(28))
    #expect(try folder.history().map(\.outcome) == [.closed(.denied), .reported])
    #expect(try store.number("SELECT count(*) FROM answers") == 1)
    #expect(try store.restored(now: at(108)).rows.map(\.closedAge) == [.seconds(100)])
  }

  @Test func aRowClosesOnce() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1))))
    try await store.put(id(1), .closed(.gone, error: nil, verified: at(7), at: at(8)), at(8))
    for other in [
      LedgerStep.closed(.exited, error: nil, verified: at(7), at: at(8)),
      .closed(.gone, error: nil, verified: nil, at: at(8)),
      .closed(.gone, error: nil, verified: at(7), at: at(9)),
      .closed(.gone, error: fault, verified: at(7), at: at(8)),
    ] {
      let message = try await store.refuse(id(1), other, at(9))
      #expect(message.contains("kill 1-1") && message.contains("closed as gone before"))
    }
    #expect(try folder.history().map(\.outcome) == [.closed(.gone)])
    #expect(try folder.history().map(\.verified?.wall) == [at(7).wall])
  }

  @Test func closedRowsCannotBeChangedByAnyone() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1))))
    try await store.put(id(1), .closed(.gone, error: nil, verified: nil, at: at(8)), at(8))
    #expect(throws: (any Error).self) { try store.number("UPDATE kills SET outcome = 'exited' RETURNING id") }
    #expect(try folder.history().map(\.outcome) == [.closed(.gone)])
  }

  @Test func unknownIdsAreRefused() async throws {
    let folder = try Folder()
    let store = try folder.store()
    #expect(try await store.refuse(id(9), .answered(timing(), .done)).contains("no intent"))
    #expect(
      try await store.refuse(id(9), .closed(.exited, error: nil, verified: nil, at: at(0))).contains("no intent"))
    // An intent whose write failed is closed as abandoned, whether it reached the disk or not.
    let abandoned = LedgerStep.closed(.abandoned, error: nil, verified: nil, at: at(0))
    guard case .success = await store.write(id(9), abandoned, now: at(0)) else {
      Issue.record("an abandoned intent that never reached the disk is refused")
      return
    }
    #expect(try await store.refuse(id(9), .intent(record(id(8)))).contains("kill 1-8"))
    #expect(try folder.history() == [])
  }

  @Test func anIdIsForOneRow() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1))))
    #expect(try await store.refuse(id(1), .intent(record(id(1), pid: 4243))).contains("this id already"))
    #expect(try await store.refuse(id(1), .reported(record(id(1)), gate: .report)).contains("this id already"))
    #expect(try folder.history().map(\.pid) == [4242])
    // The same number in another life is another kill.
    try await store.put(id(1, life: 2), .intent(record(id(1, life: 2))))
    #expect(try folder.history().map(\.id) == [id(1), id(1, life: 2)])
  }

  @Test func aReportHasNoAnswerAndNoOtherOutcome() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .reported(record(id(1)), gate: .dryRun))
    #expect(try await store.refuse(id(1), .answered(timing(), .done)).contains("only reported"))
    let message = try await store.refuse(id(1), .closed(.exited, error: nil, verified: nil, at: at(1)))
    #expect(message.contains("closed as reported before"))
  }

  @Test func aLateAnswerIsANote() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1))))
    try await store.put(id(1), .answered(timing(at(1), at(61)), .unanswered), at(61))
    try await store.put(id(1), .closed(.gone, error: nil, verified: at(62), at: at(62)), at(62))
    let before = try folder.history()
    try await store.put(id(1), .answered(timing(at(1), at(90)), .done), at(90))
    #expect(try store.number("SELECT count(*) FROM answers WHERE after_outcome = 1 AND answer = 'done'") == 1)
    #expect(try folder.history() == before)
  }
}
