import GuestWatchCore
import Testing

@testable import Ledger

/// Every row says by what it was decided, on what, when, and by whom.
@Suite struct OriginTests {
  private let origin = Origin(rule: .max, configuration: 1, command: 0x8000_0000_0000_0000)

  @Test func aRowComesBackWhole() async throws {
    let folder = try Folder()
    let store = try LedgerStore.open(stateDirectory: folder.state, now: at(0), bootID: "boot-a", version: "7.8.9")
    var full = record(id(1), command: "bkagent --full\u{1b}")
    full.origin = origin
    full.cause = .demand(Demand(uid: .max, why: "it eats\nthe \u{1b}[31mdisk"))
    full.ruleDescription = ""
    try await store.put(id(1), .intent(full), at(0))
    // The same again changes nothing, another is refused.
    try await store.put(id(1), .intent(full), at(1))
    var other = full
    other.cause = .demand(Demand(uid: .max, why: "another reason"))
    #expect(try await store.refuse(id(1), .intent(other)).contains("another row has this id already"))
    #expect(try store.restored(now: at(2)).open.map(\.record) == [full])
    let row = try #require(try folder.history().first)
    #expect(
      row.cause == full.cause && row.origin == origin && row.version == "7.8.9" && row.command == full.process.command)
    #expect(row.vm == full.vm && row.login == full.login && row.ruleDescription == full.ruleDescription)
    #expect(row.json.contains(#""command":"bkagent --full\u001b","command_hash":"8000000000000000""#))
    #expect(row.json.contains(#""asked_by":"uid 4294967295""#))
    #expect(row.json.contains(#""rule":null,"reason":"it eats\nthe \u001b[31mdisk""#))
    let line = HistoryTable(width: 120).line(row)
    #expect(line.contains("uid 429496") && line.contains("it eats") && !line.contains("\u{1b}"), "\(line)")
    // It counts for what counts every kill, and for no rule.
    #expect(try store.restored(now: at(2)).rows.map(\.rule) == [nil])
  }

  @Test func everyStepByTheContinuousClock() async throws {
    let folder = try Folder()
    let store = try folder.store()
    // The wall clock is set back by an hour after the terminate was sent.
    try await store.put(id(1), .intent(record(id(1), decided: at(0))), at(1))
    try await store.put(id(1), .answered(timing(at(2), at(6, step: -3600)), .done), at(6, step: -3600))
    try await store.put(
      id(1), .closed(.exited, error: nil, verified: at(7, step: -3600), at: at(8, step: -3600)), at(8, step: -3600))
    let row = try #require(try folder.history().first)
    let after = [row.confirmed, row.recorded, row.sent, row.answered, row.verified, row.closed].map { $0?.after }
    #expect(after == [0, 1, 2, 6, 7, 8].map { .seconds($0) })
    #expect(row.bootID == "boot-a" && row.closedBootID == "boot-a")
    #expect(row.answered?.wall == at(6, step: -3600).wall && row.closed?.wall == at(8, step: -3600).wall)
    #expect(row.json.contains(#""answered_after":6.000000,"verified_after":7.000000,"closed_after":8.000000"#))
  }

  @Test func clocksOfTwoBootsAreNotCompared() async throws {
    let folder = try Folder()
    let first = try folder.store()
    try await first.put(id(1), .intent(record(id(1))))
    first.close()
    let booted = Now(continuous: Instant(nanoseconds: 5_000_000_000), wall: at(500).wall)
    let second = try folder.store(booted, boot: "boot-b")
    let later = Now(continuous: Instant(nanoseconds: 99_000_000_000), wall: at(594).wall)
    try await second.put(id(1), .closed(.unknown, error: nil, verified: later, at: later), later)
    let row = try #require(try folder.history().first)
    #expect(row.bootID == "boot-a" && row.closedBootID == "boot-b")
    #expect(row.recorded.after == .zero && row.verified?.after == nil && row.closed?.after == nil)
    #expect(row.verified?.wall == later.wall && row.closed?.wall == later.wall)
  }

  @Test func oneKeyForEachStateDirectory() throws {
    let (folder, other) = (try Folder(), try Folder())
    let store = try folder.store()
    let key = try #require(try store.restored(now: at(0)).commandKey)
    store.close()
    #expect(try folder.store(at(9)).restored(now: at(9)).commandKey == key)
    #expect(try other.store().restored(now: at(0)).commandKey != key)
    #expect(key.first != key.second)
  }

  @Test func aLostKeyIsDamage() throws {
    let folder = try Folder()
    let store = try folder.store()
    _ = try store.number("DELETE FROM counters WHERE name = 'command-key-2'")
    let error = refusal { () throws(LedgerError) in _ = try store.restored(now: at(0)) }
    #expect(error?.description.contains("its command-key-2 is missing") == true)
  }
}
