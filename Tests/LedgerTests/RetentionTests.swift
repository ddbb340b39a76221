import GuestWatchCore
import Testing

@testable import Ledger

/// What is old goes, nothing that is needed goes, and the file stays as large as what is kept.
@Suite struct RetentionTests {
  private static let day: Int64 = 86_400

  private func kill(
    _ store: LedgerStore, _ number: UInt32, day: Int64, _ outcome: Outcome?, pid: Int64 = 4242, vmName: String = "db-07"
  ) async throws {
    let moment = at(day * Self.day)
    try await store.put(id(number), .intent(record(id(number), decided: moment, vmName: vmName, pid: pid)), moment)
    try await store.put(id(number), .answered(timing(moment, moment), .done), moment)
    guard let outcome else { return }
    try await store.put(id(number), .closed(outcome, error: nil, verified: nil, at: moment), moment)
  }

  private func forget(_ store: LedgerStore, day: Int64, keep days: Int64) async throws {
    try require(await store.forget(beyond: .seconds(days * Self.day), now: at(day * Self.day)))
  }

  private func report(_ store: LedgerStore, _ number: UInt32, day: Int64) async throws {
    var report = record(id(number), decided: at(day * Self.day))
    report.confirmed = nil
    try await store.put(id(number), .reported(report, gate: .report), at(day * Self.day))
  }

  @Test func whatIsOlderGoesWithItsAnswers() async throws {
    let folder = try Folder()
    let store = try folder.store()
    for number in 1...5 as ClosedRange<UInt32> { try await kill(store, number, day: Int64(number), .exited) }
    try await report(store, 6, day: 1)
    try await report(store, 7, day: 6)
    try await forget(store, day: 8, keep: 5)
    #expect(try folder.history().map(\.id.number) == [3, 4, 5, 7])
    #expect(try store.number("SELECT count(*) FROM answers") == 3)
    // Another moment changes nothing, a shorter time does.
    try await forget(store, day: 8, keep: 5)
    #expect(try folder.history().count == 4)
    try await forget(store, day: 8, keep: 3)
    #expect(try folder.history().map(\.id.number) == [5, 7])
  }

  @Test(arguments: Outcome.allCases) func anOpenKillStaysForEver(_ outcome: Outcome) async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await kill(store, 1, day: 0, nil)
    try await kill(store, 2, day: 0, .exited, pid: 5)
    try await kill(store, 3, day: 0, .exited, pid: 6)
    try await forget(store, day: 9000, keep: 1)
    #expect(try folder.history().map(\.id.number) == [1, 3])
    #expect(try store.restored(now: at(9000 * Self.day)).open.map(\.answer) == [.done])
    // Closed, it goes by when it was decided.
    let end = at(9000 * Self.day)
    try await store.put(id(1), .closed(outcome, error: nil, verified: nil, at: end), end)
    try await forget(store, day: 9000, keep: 1)
    #expect(try folder.history().map(\.id.number) == [3])
  }

  @Test func anOpenRowCannotBeRemovedByAnyone() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await store.put(id(1), .intent(record(id(1))))
    #expect(throws: (any Error).self) { try store.number("DELETE FROM kills RETURNING id") }
    #expect(try folder.history().map(\.outcome) == [.open])
  }

  @Test(arguments: [Outcome.survived, .stuck, .denied, .unknown])
  func whatWasTriedIsKnownAsLongAsItMayLive(_ outcome: Outcome) async throws {
    let folder = try Folder()
    let store = try folder.store()
    for number in 1...3 as ClosedRange<UInt32> {
      try await kill(store, number, day: Int64(number), outcome, pid: Int64(number))
    }
    try await kill(store, 4, day: 4, .exited, pid: 2)
    try await kill(store, 5, day: 5, .exited, pid: 99)
    try await forget(store, day: 1000, keep: 100)
    // The second one was seen to end; the last row keeps its number.
    #expect(try folder.history().map(\.id.number) == [1, 3, 5])
    // And a life that restores a hundred days knows them.
    let restored = try store.restored(now: at(1000 * Self.day), reach: .seconds(100 * Self.day))
    #expect(restored.rows.map(\.id.number) == [1, 3] && restored.rows.allSatisfy { $0.outcome == outcome })

    // The VM began a new epoch: none of its processes of then is there.
    let vm = VMKey(vcenter: "vc-uuid", instance: "vm-uuid")
    let memory = VMMemory(
      vm: vm, bootTime: nil, suspendTime: nil, epochBegan: at(2 * Self.day + 5).continuous, seen: [])
    try require(await store.mark([memory], now: at(1000 * Self.day)))
    try await forget(store, day: 1000, keep: 100)
    #expect(try folder.history().map(\.id.number) == [3, 5])
    // After ten years nothing matters.
    try await forget(store, day: 3654, keep: 100)
    #expect(try folder.history().map(\.id.number) == [5])
  }

  @Test func timeInWhichNobodyRanDoesNotCount() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await kill(store, 1, day: 0, .exited)
    try await kill(store, 2, day: 0, .exited)
    store.close()
    let booted = Now(continuous: Instant(nanoseconds: 1), wall: at(900 * Self.day).wall)
    let next = try folder.store(booted, boot: "boot-b")
    try require(await next.forget(beyond: .seconds(60), now: booted))
    #expect(try folder.history().count == 2)
  }

  @Test func smallPortions() async throws {
    let folder = try Folder()
    let store = try folder.store()
    _ = try store.number("PRAGMA synchronous = OFF")
    let rows = Retention.portion * 2 + 7
    for number in 1...UInt32(rows) {
      let moment = at(Int64(number))
      try await store.put(id(number), .intent(record(id(number), decided: moment, pid: Int64(number))), moment)
      // One in ten is stuck, and must not keep the others from being looked at.
      let outcome: Outcome = number % 10 == 0 ? .stuck : .exited
      let closed = LedgerStep.closed(outcome, error: nil, verified: nil, at: moment)
      if number > 1 { try await store.put(id(number), closed, moment) }
    }
    let left = { try store.number("SELECT count(*) FROM kills") ?? 0 }
    var counts = [try left()]
    for _ in 1...4 {
      try await forget(store, day: 400, keep: 1)
      counts.append(try left())
    }
    for (before, after) in zip(counts, counts.dropFirst()) { #expect(before - after <= Retention.portion) }
    // The open one, the stuck ones, and the newest.
    #expect(counts.last == 1 + rows / 10 + 1)
  }

  /// A year of rows goes through a ledger that keeps thirty days.
  @Test func theFileStaysAsLargeAsWhatIsKept() async throws {
    let folder = try Folder()
    let store = try folder.store()
    _ = try store.number("PRAGMA synchronous = OFF")
    var number: UInt32 = 0
    var largest: Int64 = 0
    for day in 1...365 as ClosedRange<Int64> {
      for _ in 1...5 {
        number += 1
        // Texts of changing lengths, as guests have them.
        let command = GuestText(String(repeating: "x", count: Int(number * 7919 % 3000)))
        let moment = at(day * Self.day)
        try await store.put(id(number), .intent(record(id(number), decided: moment, command: command)), moment)
        try await store.put(id(number), .closed(.exited, error: nil, verified: nil, at: moment), moment)
      }
      number += 1
      try await report(store, number, day: day)
      try await forget(store, day: day, keep: 30)
      let pages = try store.number("PRAGMA page_count") ?? 0
      if day <= 60 { largest = max(largest, pages) }
      // A row more or less on a page.
      #expect(pages <= largest + largest / 20, "day \(day)")
    }
    #expect(try store.number("SELECT count(*) FROM kills") == 31 * 6)
    #expect(try store.number("SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1)
  }
}
