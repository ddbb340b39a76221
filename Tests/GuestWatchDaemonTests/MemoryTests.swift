import GuestWatchCore
import Synchronization
import Testing

@testable import GuestWatchDaemon

private func memory(_ vm: Int, boot: Int64 = 1, seen: Int = 0) -> VMMemory {
  VMMemory(
    vm: VMKey(vcenter: "u", instance: "\(vm)"), bootTime: boot, suspendTime: nil,
    seen: (0..<seen).map {
      VMMemory.Seen(
        login: linux, identity: Identity(pid: Int64($0), started: 1, owner: "eve"), firstSeen: Instant(nanoseconds: 1))
    })
}

extension VMMemory {
  /// Which VM, and which of its memories.
  fileprivate var name: String { "\(vm.instance)/\(bootTime ?? 0)" }
}

/// A decision that says something new at each `timeCame`, one list of effects after the other.
private func telling(_ steps: [@Sendable (Now) -> [Effect]], every: Duration = .seconds(1))
  -> @Sendable (Event, Now)
  -> [Effect]
{
  let left = Mutex(steps[...])
  return { event, now in
    switch event {
    case .configured, .timeCame:
      let next = left.withLock { $0.popFirst() }
      return (next?(now) ?? []) + (left.withLock { $0.isEmpty } ? [] : [.wake(at: now.continuous + every)])
    case .shutdownAsked: return [.stopped]
    default: return []
    }
  }
}

@Suite("What is to be remembered goes to the ledger with the marks, and holds up no kill")
struct MemoryTests {
  private func bench(
    _ shelf: Shelf, markGate: Barrier? = nil, gate: Barrier? = nil, every: Duration = .seconds(1),
    _ steps: @Sendable (Now) -> [Effect]...
  ) -> Bench {
    let bench = Bench(
      ledger: { FakeLedger(journal: $0, gate: gate, markGate: markGate, shelf: shelf) }, telling(steps, every: every))
    bench.start(bench.link("lab", bench.client("A")))
    return bench
  }

  @Test("Per VM only the last one is written, and only with the mark of the minute")
  func coalesced() {
    let shelf = Shelf()
    let bench = bench(
      shelf, { _ in [.remember(memory(1)), .remember(memory(2))] }, { _ in [.remember(memory(1, boot: 2))] },
      { _ in [.remember(memory(1, boot: 3)), .remember(memory(3))] })
    bench.pass(.seconds(59))
    #expect(shelf.marks == [[]], "the first mark of a life")
    bench.pass(.seconds(1))
    #expect(shelf.marks.last?.map(\.name) == ["1/3", "2/1", "3/1"])
    bench.pass(.seconds(60))
    #expect(shelf.marks.count == 3 && shelf.marks.last == [], "nothing is written twice")
  }

  @Test("40,000 VMs: an intent waits for one portion at most, and each VM is written once")
  func bounded() {
    let shelf = Shelf()
    let gate = Barrier()
    let bench = bench(
      shelf, markGate: gate, every: .seconds(60.5), { _ in (0..<40_000).map { .remember(memory($0)) } },
      { now in [.intent(at: now)] })
    gate.open()
    bench.pass(.seconds(61))
    // The mark of the first minute came just before the intent.
    #expect(shelf.marks.map(\.count) == [0, 2_000])
    #expect(
      bench.journal.lines("ledger", "mark") == ["mark", "mark", "ledger begins 1-1 intent", "ledger wrote 1-1 intent"])
    bench.pass(.seconds(60 * 19))
    #expect(shelf.marks.map(\.count) == [0] + Array(repeating: 2_000, count: 20))
    #expect(shelf.marks.flatMap { $0 }.map(\.vm.instance) == (0..<40_000).map { "\($0)" })
    bench.pass(.seconds(60))
    #expect(shelf.marks.last == [])
  }

  @Test("VMs with many processes make smaller portions: rows are what takes time")
  func boundedRows() {
    var queue = MemoryQueue()
    for vm in 0..<60 { _ = queue.put(memory(vm, seen: vm == 7 ? 999_999 : 1_000)) }
    var portions: [Int] = []
    while !queue.isEmpty {
      let portion = queue.next()
      #expect(portion.reduce(0) { $0 + 1 + min($1.seen.count, VMMemory.cap) } <= MemoryQueue.mostRows)
      portions.append(portion.count)
      queue.confirm()
    }
    #expect(portions == [19, 19, 19, 3])
  }

  @Test("A new epoch goes before all others, once, and asks to be written at once")
  func newEpoch() {
    func memory(_ vm: Int, epoch: Int64?) -> VMMemory {
      VMMemory(
        vm: VMKey(vcenter: "vc", instance: "\(vm)"), bootTime: 1, suspendTime: nil,
        epochBegan: epoch.map { Instant(nanoseconds: $0) }, seen: [])
    }
    var queue = MemoryQueue()
    for vm in 0..<5 {
      let isUrgent = queue.put(memory(vm, epoch: nil))
      #expect(!isUrgent)
    }
    let began = queue.put(memory(3, epoch: 7))
    let goesOn = queue.put(memory(3, epoch: 7))
    let again = queue.put(memory(4, epoch: 8))
    #expect(began && !goesOn && again)
    #expect(queue.next().map(\.vm.instance) == ["4", "3", "0", "1", "2"])
  }

  @Test("While the disk hangs, no second portion is on its way, and an intent comes right behind the first")
  func hangingDisk() {
    let shelf = Shelf()
    let gate = Barrier()
    let bench = bench(
      shelf, markGate: gate, every: .seconds(200), { _ in (0..<5_000).map { .remember(memory($0)) } },
      { now in [.intent(at: now)] })
    bench.pass(.seconds(300))
    #expect(bench.journal.lines("mark", "ledger") == ["mark"])
    bench.open(gate)
    #expect(bench.journal.lines("mark", "ledger") == ["mark", "ledger begins 1-1 intent", "ledger wrote 1-1 intent"])
    bench.pass(.seconds(60))
    #expect(shelf.marks.map(\.count) == [0, 2_000])
  }

  @Test("What could not be written is written with the next mark, unless something newer came")
  func refused() {
    let shelf = Shelf()
    let bench = bench(
      shelf, every: .seconds(61), { _ in [.remember(memory(1)), .remember(memory(2))] },
      { _ in [.remember(memory(2, boot: 2))] })
    shelf.refuse(next: 1)
    bench.pass(.seconds(60))
    #expect(shelf.marks == [[]])
    #expect(bench.journal.lines("report ledger") == ["report ledger-failing error: disk full"])
    bench.pass(.seconds(60))
    #expect(shelf.marks.last?.map(\.name).sorted() == ["1/1", "2/2"])
    #expect(bench.journal.lines("report ledger").last == "report ledger-works info: ")
  }

  @Test("A newer memory that comes while the older one is being written is written too")
  func newerUnderWay() {
    let shelf = Shelf()
    let gate = Barrier()
    let bench = bench(
      shelf, markGate: gate, every: .seconds(50), { _ in [.remember(memory(1))] }, { _ in [] },
      { _ in [.remember(memory(1, boot: 2))] })
    gate.open()
    bench.pass(.seconds(180))
    #expect(shelf.marks.flatMap { $0 }.map(\.name) == ["1/1", "1/2"])
  }

  // MARK: - The end

  @Test("At the orderly stop all that waits is written, in portions, with a last mark")
  func atTheStop() {
    let shelf = Shelf()
    let bench = bench(shelf, { _ in (0..<5_000).map { .remember(memory($0)) } })
    bench.pass(.seconds(3))
    bench.scheduler.askShutdown()
    bench.pass(.zero)
    #expect(bench.hasEnded)
    #expect(shelf.marks.map(\.count) == [0, 2_000, 2_000, 1_000])
    #expect(Set(shelf.marks.flatMap { $0 }.map(\.vm)).count == 5_000)
  }

  @Test("A portion that was under way at the stop is written again: nobody hears any more what became of it")
  func underWayAtTheStop() {
    let shelf = Shelf()
    let gate = Barrier()
    let bench = Bench(
      ledger: { FakeLedger(journal: $0, gate: gate, shelf: shelf) },
      telling([{ _ in [.remember(memory(1))] }, { now in [.intent(at: now)] }], every: .seconds(59)))
    bench.start(bench.link("lab", bench.client("A")))
    // The intent hangs, and behind it the mark with the memory.
    bench.pass(.seconds(61))
    #expect(shelf.marks == [[]])
    shelf.refuse(next: 1)
    bench.scheduler.askShutdown()
    bench.pass(.zero)
    bench.open(gate)
    #expect(bench.hasEnded)
    #expect(shelf.marks.map { $0.map(\.name) } == [[], ["1/1"]])
  }

  @Test("At the stop a disk that refuses is asked once, and said")
  func refusedAtTheStop() {
    let shelf = Shelf()
    let bench = bench(shelf, { _ in (0..<5_000).map { .remember(memory($0)) } })
    shelf.refuse(next: 100)
    bench.scheduler.askShutdown()
    bench.pass(.zero)
    #expect(bench.hasEnded)
    #expect(bench.journal.lines("mark").count == 2)
    #expect(bench.journal.lines("report ledger") == ["report ledger-failing error: disk full"])
  }

  @Test("At the stop a slow disk gets 5 s; what is left is proven anew")
  func slowAtTheStop() {
    let shelf = Shelf()
    let gate = Barrier()
    let bench = bench(shelf, markGate: gate, { _ in (0..<5_000).map { .remember(memory($0)) } })
    bench.scheduler.askShutdown()
    bench.pass(.seconds(6))
    #expect(!bench.hasEnded)
    bench.open(gate)
    #expect(bench.hasEnded)
    #expect(shelf.marks.map(\.count) == [0, 2_000])
  }

  // MARK: - Pauses

  @Test("Pauses are written in their turn with the steps of kills")
  func pausesInOrder() {
    let gate = Barrier()
    let shelf = Shelf()
    let pauses = [Pause(rule: RuleID("r")), Pause()]
    let bench = bench(
      shelf, gate: gate, { now in [.intent(at: now), .keepPauses(pauses), .closed(.exited, at: now)] })
    bench.open(gate)
    #expect(
      bench.journal.lines("ledger") == [
        "ledger begins 1-1 intent", "ledger wrote 1-1 intent", "ledger kept 2 pauses", "ledger begins 1-1 closed",
        "ledger wrote 1-1 closed",
      ])
    #expect(shelf.pauses == [pauses])
    bench.pass(.seconds(180))
    #expect(shelf.pauses.count == 1)
  }

  @Test("Pauses that could not be written are said, and written with a mark as soon as they can be: the last ones")
  func pausesRefused() {
    let shelf = Shelf()
    let (older, newer) = ([Pause(rule: RuleID("r"))], [Pause(rule: RuleID("r")), Pause()])
    let bench = bench(shelf, every: .seconds(10), { _ in [] }, { _ in [.keepPauses(older), .keepPauses(newer)] })
    bench.pass(.seconds(5))
    shelf.refuse(next: 2)
    bench.pass(.seconds(10))
    #expect(shelf.pauses == [])
    #expect(bench.journal.lines("report ledger") == ["report ledger-failing error: disk full"])
    bench.pass(.seconds(50))
    #expect(shelf.pauses == [newer])
    bench.pass(.seconds(180))
    #expect(shelf.pauses == [newer])
  }

  @Test("A failure of older pauses does not bring them back over newer ones")
  func olderRefused() {
    let shelf = Shelf()
    let bench = bench(shelf, every: .seconds(10), { _ in [] }, { _ in [.keepPauses([Pause()]), .keepPauses([])] })
    bench.pass(.seconds(5))
    shelf.refuse(next: 1)
    bench.pass(.seconds(300))
    #expect(shelf.pauses == [[]])
  }

  @Test("Pauses that could not be written are given once more at the stop")
  func pausesAtTheStop() {
    let shelf = Shelf()
    let bench = bench(shelf, every: .seconds(10), { _ in [] }, { _ in [.keepPauses([Pause()])] })
    bench.pass(.seconds(5))
    shelf.refuse(next: 1)
    bench.pass(.seconds(10))
    #expect(shelf.pauses == [])
    bench.scheduler.askShutdown()
    bench.pass(.zero)
    #expect(bench.hasEnded)
    #expect(shelf.pauses == [[Pause()]])
  }

  @Test("Pauses that hang in the disk count for the watchdog, as steps do")
  func pausesHang() {
    let gate = Barrier()
    let bench = bench(Shelf(), gate: gate, { _ in [.keepPauses([Pause()])] })
    bench.pass(.seconds(60))
    #expect(
      bench.journal.lines("report limit-reached").contains { $0.contains("waiting for the ledger's disk") })
  }
}
