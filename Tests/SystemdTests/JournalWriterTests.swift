import Dispatch
import GuestWatchCore
import Glibc
import Synchronization
import Testing

@testable import Systemd

@Suite struct JournalWriterTests {
  /// A sink that keeps what it gets and can be held up and told to fail.
  private final class Sink: Sendable {
    let got = Mutex<[JournalEntry]>([])
    let fails = Atomic(false)
    /// One signal lets one entry through, where the sink is held up.
    let gate = DispatchSemaphore(value: 0)
    /// Signalled when an entry came in.
    let entered = DispatchSemaphore(value: 0)
    let held: Bool

    init(held: Bool = false) { self.held = held }

    func take(_ entry: JournalEntry) -> Bool {
      entered.signal()
      if held { gate.wait() }
      if fails.load(ordering: .relaxed) { return false }
      got.withLock { $0.append(entry) }
      return true
    }

    var messages: [String] { got.withLock { $0.map(\.message) } }
  }

  private func entry(_ message: String, _ priority: JournalEntry.Priority = .notice) -> JournalEntry {
    JournalEntry(MessageID(.killed), priority, message, fields: [])
  }

  @Test func saysInOrder() throws {
    let sink = Sink()
    let writer = try JournalWriter(capacity: 1000, reserved: 0, sink: sink.take)
    for number in 0..<500 { writer.write(entry("\(number)")) }
    #expect(writer.flush(within: .seconds(30)))
    #expect(sink.messages == (0..<500).map(String.init))
  }

  @Test func aStuckJournalNeverHoldsUpTheWriterAndLossesAreCounted() throws {
    let sink = Sink(held: true)
    let writer = try JournalWriter(capacity: 4, reserved: 2, sink: sink.take)
    writer.write(entry("stuck"))
    sink.entered.wait()
    for number in 0..<5 { writer.write(entry("info \(number)", .info)) }
    for number in 0..<5 { writer.write(entry("kill \(number)")) }
    #expect(writer.backlog == (waiting: 4, dropped: 6))
    #expect(!writer.flush(within: .milliseconds(1)))

    for _ in 0..<100 { sink.gate.signal() }
    #expect(writer.flush(within: .seconds(30)))
    // Said as soon as half of the queue is free again.
    let lost = JournalEntry.dropped(6)
    #expect(sink.messages == ["stuck", "info 0", "info 1", lost.message, "kill 0", "kill 1"])
    #expect(lost.message.hasPrefix("6 log entries were dropped"))
    #expect(lost[.event] == "entries-dropped")
    #expect(lost.messageID == .entriesDropped)
    #expect(lost.priority == .warning)
    #expect(writer.backlog == (waiting: 0, dropped: 0))
  }

  @Test func whatCannotBeSaidIsCountedToo() throws {
    let sink = Sink()
    sink.fails.store(true, ordering: .relaxed)
    let writer = try JournalWriter(capacity: 10, reserved: 0, sink: sink.take)
    for number in 0..<3 { writer.write(entry("\(number)")) }
    #expect(writer.flush(within: .seconds(30)))
    #expect(writer.backlog == (waiting: 0, dropped: 3))
    sink.fails.store(false, ordering: .relaxed)
    writer.write(entry("again"))
    #expect(writer.flush(within: .seconds(30)))
    #expect(sink.messages == ["again", JournalEntry.dropped(3).message])
  }

  @Test func theThreadEndsWithTheWriter() throws {
    weak var remains: Sink?
    do {
      let sink = Sink()
      remains = sink
      let writer = try JournalWriter(capacity: 10, reserved: 0, sink: sink.take)
      writer.write(entry("last"))
      #expect(writer.flush(within: .seconds(30)))
      #expect(sink.messages == ["last"])
    }
    // The thread lets go of its sink when it has read the end; that it does is a matter of time, not of luck.
    let patience = ContinuousClock.now + .seconds(30)
    while remains != nil && ContinuousClock.now < patience { sched_yield() }
    #expect(remains == nil)
  }
}
