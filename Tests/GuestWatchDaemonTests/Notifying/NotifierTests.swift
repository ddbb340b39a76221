import GuestWatchCore
import RuleFiles
import Systemd
import Testing

@testable import GuestWatchDaemon

/// Who is told what, in which order, and what is said where that fails; in virtual time.
@Suite("Notify: receivers")
struct NotifierTests {
  @Test("Each receiver hears what it asked for, in order, and nothing else")
  func chosen() throws {
    let (a, b) = (FakeDelivery(), FakeDelivery())
    let bench = NoticeBench(a, b)
    bench.start(try target("a", on: [.killed]), try target("b", on: [.wouldKill, .vcenterDown]))
    bench.tell(noticeReport(.killed, kill: 1))
    bench.tell(noticeReport(.wouldKill, kill: 2))
    bench.tell(Report(.vcenterDown, .error, vcenter: lab))
    bench.tell(Report(.vcenterUp, .info, vcenter: lab))
    bench.tell(noticeReport(.killed, kill: 3))
    #expect(a.told == ["3-1", "3-3"])
    #expect(b.told == ["3-2", "vcenter-down"])
    #expect(bench.said.isEmpty)
    bench.end()
    #expect(bench.hasEnded && a.closed == 1 && b.closed == 1)
    #expect(bench.clock.sleeping == 0, "nothing is left behind")
  }

  @Test("One that hangs holds up neither the others nor whoever offers, and takes one at a time")
  func hanging() throws {
    let gate = Barrier()
    let (a, b) = (FakeDelivery(gate: gate), FakeDelivery())
    let bench = NoticeBench(a, b)
    bench.start(try target("a"), try target("b"))
    for kill in 1...5 { bench.tell(noticeReport(kill: UInt32(kill))) }
    #expect(a.told == ["3-1"])
    #expect(b.told.count == 5)
    bench.open(gate)
    #expect(a.told == ["3-1", "3-2", "3-3", "3-4", "3-5"])
    bench.end()
    #expect(bench.hasEnded && bench.said.isEmpty)
  }

  @Test("A queue that is full drops the oldest; that is said at once, and then once in ten minutes with the number")
  func overflow() throws {
    let gate = Barrier()
    let delivery = FakeDelivery(gate: gate)
    let bench = NoticeBench(delivery)
    bench.start(try target())
    // One is under way, a queue waits, and 50 are too many.
    for kill in 1...(NoticeQueue.cap + 51) { bench.tell(noticeReport(kill: UInt32(kill))) }
    #expect(
      bench.said.map(\.message) == [
        #"notify "pager" lost 1 notice because 256 others waited already: the receiver is too slow or does not answer; "#
          + "no kill is missing in the ledger: see guestwatchd history"
      ])
    #expect(bench.said.first?.messageID == .notifyDropped && bench.said.first?[.event] == "notify-dropped")
    bench.pass(.seconds(600))
    bench.tell(noticeReport(kill: 9999))
    #expect(bench.said.count == 2)
    #expect(bench.said.last?.message.contains("lost 50 notices because") == true)
    bench.open(gate)
    #expect(delivery.told.first == "3-1")
    #expect(delivery.told[1] == "3-53", "the oldest that waited are gone")
    #expect(delivery.told.count == 1 + NoticeQueue.cap)
    bench.end()
    #expect(bench.hasEnded && bench.said.count == 2)
  }

  @Test("What was only counted is said at the end")
  func unsaidDrops() throws {
    let gate = Barrier()
    let bench = NoticeBench(FakeDelivery(gate: gate))
    bench.start(try target())
    for kill in 1...(NoticeQueue.cap + 11) { bench.tell(noticeReport(kill: UInt32(kill))) }
    bench.open(gate)
    bench.end()
    #expect(bench.hasEnded)
    #expect(bench.said.count == 2)
    #expect(bench.said.last?.message.contains("lost 9 notices because 256") == true)
  }

  @Test("What fails for good is said with its kill, and not tried again")
  func failed() throws {
    let delivery = FakeDelivery(.failed("exit status 3"))
    let bench = NoticeBench(delivery)
    bench.start(try target("pager", "/usr/local/bin/page"))
    bench.tell(noticeReport())
    let said = try #require(bench.said.first)
    #expect(
      said.message
        == #"notify "pager" was not told of killed [kill 3-1]: program "/usr/local/bin/page": exit status 3"#)
    #expect(said.messageID == .notifyFailed && said.priority == .warning)
    #expect(said[.event] == "notify-failed" && said[.killID] == "3-1" && said[.rule] == "spinners")
    bench.pass(.seconds(3600))
    #expect(delivery.told == ["3-1"] && bench.said.count == 1)
    bench.end()
  }

  @Test("Of a hundred failures in a minute ten are said, the rest is counted")
  func manyFailures() throws {
    let bench = NoticeBench(FakeDelivery(repeating: .failed("no"), 100))
    bench.start(try target())
    for kill in 1...100 { bench.tell(noticeReport(kill: UInt32(kill))) }
    #expect(bench.said.count == 10)
    bench.end()
    #expect(bench.said.count == 11)
    #expect(bench.said.last?.messageID == .notifyFailed)
    #expect(
      bench.said.last?.message
        == #"notify "pager" was not told of 90 notices more: see the entries before this one"#)
  }

  @Test("What may go better later is tried again after 1, 2, 4 s, and what follows waits for its turn")
  func again() throws {
    let delivery = FakeDelivery(.again("no", after: nil), .again("no", after: nil), .again("no", after: .seconds(40)))
    let bench = NoticeBench(delivery)
    bench.start(try target())
    bench.tell(noticeReport(kill: 1))
    bench.tell(noticeReport(kill: 2))
    #expect(delivery.told.count == 1)
    bench.pass(.milliseconds(999))
    #expect(delivery.told.count == 1)
    bench.pass(.milliseconds(1))
    #expect(delivery.told.count == 2)
    bench.pass(.seconds(2))
    #expect(delivery.told.count == 3)
    bench.pass(.milliseconds(39_999))
    #expect(delivery.told.count == 3, "Retry-After")
    bench.pass(.milliseconds(1))
    #expect(delivery.told == ["3-1", "3-1", "3-1", "3-1", "3-2"])
    #expect(bench.said.isEmpty)
    bench.end()
  }

  @Test("... ten times in all; then it is said, and the next one has its tries")
  func givenUp() throws {
    let answer = Delivered.again("it answered with status 503", after: nil)
    let bench = NoticeBench(FakeDelivery(repeating: answer, 10))
    bench.start(try target())
    bench.tell(noticeReport(kill: 1))
    bench.tell(noticeReport(kill: 2))
    bench.pass(.seconds(510))
    #expect(bench.said.isEmpty)
    bench.pass(.seconds(1))
    #expect(bench.said.count == 1)
    #expect(bench.said.first?.message.hasSuffix("it answered with status 503, after 10 tries") == true)
    bench.end()
    #expect(bench.hasEnded && bench.said.count == 1, "the second one was told")
  }

  @Test("At the end a wait between tries is cut short for one last try, and what is told is not lost")
  func endsTheWait() throws {
    let delivery = FakeDelivery(.again("no", after: .seconds(600)))
    let bench = NoticeBench(delivery)
    bench.start(try target())
    bench.tell(noticeReport(kill: 1))
    bench.end()
    #expect(delivery.told == ["3-1", "3-1"])
    #expect(bench.hasEnded && bench.said.isEmpty && delivery.closed == 1)
    #expect(bench.clock.sleeping == 0)
  }

  @Test("At the end what hangs is given up after 3 s, and the rest of the queue is said to be lost")
  func endsWhatHangs() throws {
    let gate = Barrier()
    let delivery = FakeDelivery(gate: gate, .failed("it was given up"))
    let bench = NoticeBench(delivery)
    bench.start(try target())
    for kill in 1...4 { bench.tell(noticeReport(kill: UInt32(kill))) }
    bench.end()
    bench.pass(.milliseconds(2999))
    #expect(!bench.hasEnded && delivery.cancelled == 0)
    bench.pass(.milliseconds(1))
    #expect(bench.hasEnded && delivery.cancelled == 1 && delivery.told == ["3-1"])
    #expect(bench.said.map(\.messageID) == [.notifyFailed, .notifyDropped])
    #expect(
      bench.said.last?.message.hasPrefix(
        #"notify "pager" lost 3 notices because guestwatchd, or this [[notify]], came to its end first"#) == true)
  }

  @Test("Nothing is offered to anybody after the end")
  func afterTheEnd() throws {
    let delivery = FakeDelivery()
    let bench = NoticeBench(delivery)
    bench.start(try target())
    bench.end()
    bench.tell(noticeReport())
    bench.take(try target("late"))
    bench.tell(noticeReport())
    #expect(bench.hasEnded && delivery.told.isEmpty)
  }

  @Test(
    "A reload: what did not change keeps its queue and its client; what changed is told otherwise from the next try on")
  func reload() throws {
    let gate = Barrier()
    let (old, same, new) = (FakeDelivery(gate: gate), FakeDelivery(), FakeDelivery())
    let bench = NoticeBench(old, same, new)
    bench.start(try target("a"), try target("b"))
    for kill in 1...3 { bench.tell(noticeReport(kill: UInt32(kill))) }
    bench.take(try target("b"), try target("a", "/bin/false", on: [.killed, .wouldKill]))
    #expect(old.closed == 0, "it is under way")
    bench.open(gate)
    #expect(old.told == ["3-1"] && old.closed == 1)
    #expect(new.told == ["3-2", "3-3"])
    #expect(same.told.count == 3 && same.closed == 0)
    bench.tell(noticeReport(.wouldKill, kill: 4))
    #expect(new.told.last == "3-4" && same.told.count == 3)
    bench.end()
    #expect(bench.hasEnded && bench.said.isEmpty && new.closed == 1 && same.closed == 1)
  }

  @Test("A receiver that a reload takes away ends, says what is lost, and does not come back")
  func removed() throws {
    let gate = Barrier()
    let delivery = FakeDelivery(gate: gate)
    let bench = NoticeBench(delivery)
    bench.start(try target("a"))
    for kill in 1...3 { bench.tell(noticeReport(kill: UInt32(kill))) }
    bench.take()
    bench.tell(noticeReport(kill: 4))
    bench.pass(.seconds(3))
    #expect(delivery.told == ["3-1"] && delivery.closed == 1)
    #expect(bench.said.last?.message.hasPrefix(#"notify "a" lost 2 notices"#) == true)
    bench.end()
    #expect(bench.hasEnded)
  }

  @Test("Of a webhook's URL only scheme and host are ever said, also where nobody is there")
  func quietAboutURLs() async throws {
    let settings = WebhookSettings(
      url: Secret("https://localhost:1/services/hunter2?key=hunter2"), origin: "https://localhost:1",
      token: Secret("hunter2"))
    let target = try NotifyTarget(NotifySettings(name: "hook", way: .webhook(settings)))
    let delivery = target.delivery(clock: SystemClock())
    let delivered = await delivery.deliver(notice())
    await delivery.close()
    guard case .again(let why, after: nil) = delivered else {
      Issue.record("\(delivered)")
      return
    }
    let entry = JournalEntry.notifyFailed(target, notice(), why, count: 3)
    #expect(
      entry.message.hasPrefix(#"notify "hook" was not told of killed [kill 3-1]: webhook of https://localhost:1: "#))
    #expect(entry.message.hasSuffix("; 2 notices before it failed, too"))
    #expect(!"\(entry)\(target)".contains("hunter2") && !entry.message.contains("services"))
  }

  @Test("With no receiver nothing is kept")
  func nobody() {
    let bench = NoticeBench()
    bench.start()
    for _ in 1...1000 { bench.tell(noticeReport()) }
    bench.end()
    #expect(bench.hasEnded && bench.said.isEmpty)
  }

  @Test("The scheduler hands over the receivers of the configuration at the start and at each reload")
  func handedOver() throws {
    let line = NotedTargets()
    let setup = { (names: [String]) throws in
      Setup<FakeLink>(configuration: .test, links: [], notify: try names.map { try target($0) })
    }
    let second = try setup(["b", "c"])
    let executor = TestExecutor()
    let clock = TestClock()
    let journal = Journal()
    let source = FakeSource(journal, { _ in .loaded(second) }, { _ in .refused(["x:1:1: error: no"]) })
    let scheduler = Scheduler(
      deciding: Script { event, _ in if case .shutdownAsked = event { [.stopped] } else { [] } }, source: source,
      ledger: FakeLedger(journal: journal), line: line, clock: clock)
    let first = try setup(["a"])
    Task(executorPreference: executor) { await scheduler.run(first, restored: Restored(life: 1), seed: 1) }
    executor.drain()
    #expect(line.all == [["a"]])
    scheduler.askReload()
    executor.drain()
    scheduler.askReload()
    executor.drain()
    #expect(line.all == [["a"], ["b", "c"]], "a load that is refused changes nothing")
    scheduler.askShutdown()
    executor.drain()
  }
}
