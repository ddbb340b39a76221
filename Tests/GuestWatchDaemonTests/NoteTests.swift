import GuestWatchCore
import GuestWatchDaemon
import Synchronization
import Testing

/// A disk that outlives the daemon and can be full.
private final class Disk: KillLedger {
  private struct State {
    var full = true
    var tried: [UInt64] = []
    var kept: [UInt64] = []
    var order: [String] = []
  }
  private let state = Mutex(State())

  var full: Bool {
    get { state.withLock { $0.full } }
    set { state.withLock { $0.full = newValue } }
  }
  var tried: [UInt64] { state.withLock { $0.tried } }
  var kept: [UInt64] { state.withLock { $0.kept } }
  /// Everything that was asked of it, `!` where it was refused.
  var order: [String] { state.withLock { $0.order } }
  func forget() { state.withLock { ($0.order, $0.tried) = ([], []) } }

  /// What the next life would be told.
  func restored(life: UInt32) -> Restored {
    Restored(life: life, vcenterRefusals: kept.map { VCenterRefusal(digest: $0, count: 1, age: .zero) })
  }

  private func write(_ what: String, note: UInt64? = nil) -> Result<Void, LedgerFailure> {
    state.withLock { state in
      state.order.append(state.full ? what + "!" : what)
      if let note { state.tried.append(note) }
      if state.full { return .failure(LedgerFailure("disk full")) }
      if let note { state.kept.append(note) }
      return .success(())
    }
  }

  func write(_ kill: KillID, _ step: LedgerStep, now: Now) async -> Result<Void, LedgerFailure> {
    write("step")
  }
  func note(_ note: LoginNote, now: Now) async -> Result<Void, LedgerFailure> {
    guard case .vcenterRefused(let digest, _) = note else { return .success(()) }
    return write("note \(digest)", note: digest)
  }
  func mark(_ memories: [VMMemory], now: Now) async -> Result<Void, LedgerFailure> { write("mark") }
  func forget(beyond reach: Duration, now: Now) async -> Result<Void, LedgerFailure> { .success(()) }
  func keep(_ pauses: [Pause], now: Now) async -> Result<Void, LedgerFailure> { write("pauses") }
}

extension Effect {
  fileprivate static func note(_ digest: UInt64) -> Effect { .note(.vcenterRefused(digest: digest, count: 1)) }
}

@Suite("Answers to logins that could not be written")
struct NoteTests {
  private func bench(_ disk: Disk, notes: ClosedRange<UInt64>, stepAfter: Duration? = nil) -> Bench {
    Bench(ledger: { _ in disk }) { event, now in
      switch event {
      case .configured: notes.map { .note($0) } + (stepAfter.map { [.wake(at: now.continuous + $0)] } ?? [])
      case .timeCame: [.closed(.exited, at: now)]
      case .shutdownAsked: [.stopped]
      default: []
      }
    }
  }

  @Test("They are given again before the next step, oldest first, and none overtakes another")
  func beforeTheNextStep() {
    let disk = Disk()
    let bench = bench(disk, notes: 1...3, stepAfter: .seconds(20))
    bench.start(bench.link("lab", bench.client("A")))
    // Each new one tries again, from the oldest on.
    #expect(disk.tried == [1, 1, 1])
    disk.forget()
    disk.full = false
    bench.pass(.seconds(20))
    #expect(disk.order == ["note 1", "note 2", "note 3", "step"])
    disk.forget()
    bench.pass(.seconds(60))
    #expect(disk.order == ["mark"], "what is kept does not come again")
  }

  @Test("... and with the mark of each minute; the ledger fails until they are kept")
  func withTheMark() {
    let disk = Disk()
    let bench = bench(disk, notes: 1...2)
    bench.start(bench.link("lab", bench.client("A")))
    disk.forget()
    bench.pass(.seconds(60))
    #expect(disk.order == ["note 1!", "mark!"])
    disk.full = false
    bench.pass(.seconds(60))
    #expect(disk.order.suffix(3) == ["note 1", "note 2", "mark"])
    #expect(
      bench.journal.lines("report ledger") == ["report ledger-failing error: disk full", "report ledger-works info: "])
  }

  @Test("... and at the end; the next life knows them")
  func atTheEnd() {
    let disk = Disk()
    let first = bench(disk, notes: 1...250)
    first.start(first.link("lab", first.client("A")))
    disk.full = false
    first.scheduler.askShutdown()
    first.executor.drain()
    #expect(first.hasEnded)
    #expect(disk.kept == Array(1...250))
    #expect(first.journal.lines("report ledger-failing").count == 1)

    let second = bench(disk, notes: 251...251)
    second.start(second.link("lab", second.client("A")), restored: disk.restored(life: 2))
    guard case .began(_, let restored)? = second.script.heard.all.first else {
      Issue.record("not begun")
      return
    }
    #expect(restored.vcenterRefusals.map(\.digest) == Array(1...250))
    #expect(disk.kept.last == 251)
  }

  @Test("A disk that stays full to the end: it is said how many are lost")
  func lost() {
    let disk = Disk()
    let bench = bench(disk, notes: 1...7)
    bench.start(bench.link("lab", bench.client("A")))
    bench.scheduler.askShutdown()
    bench.executor.drain()
    #expect(bench.hasEnded)
    #expect(disk.kept.isEmpty)
    let last = bench.journal.lines("report ledger-failing").last
    #expect(last?.contains("could not be written: 7;") == true)
  }

  @Test("A thousand wait, no more: the oldest go and that is said once; a step waits for a hundred, no more")
  func bound() {
    let disk = Disk()
    let bench = bench(disk, notes: 1...1_300, stepAfter: .seconds(20))
    bench.start(bench.link("lab", bench.client("A")))
    let said = bench.journal.lines("report limit-reached")
    #expect(said.count == 1)
    #expect(said.first?.contains("1000 answers to logins wait for the ledger") == true)
    disk.forget()
    disk.full = false
    bench.pass(.seconds(20))
    #expect(disk.kept == Array(301...400))
    #expect(disk.order.last == "step")
    bench.pass(.seconds(600))
    #expect(disk.kept == Array(301...1_300))
  }

  @Test("L4: a mark that hangs is a ledger that hangs, though nothing is killed")
  func hangingMark() {
    let gate = Barrier()
    let bench = Bench(ledger: { FakeLedger(journal: $0, gate: gate, markGate: gate) }) { _, _ in [] }
    bench.start(bench.link("lab", bench.client("A")))
    bench.pass(.seconds(30))
    #expect(bench.journal.lines("WATCHDOG").count == 3)
    bench.pass(.seconds(60))
    #expect(bench.journal.lines("WATCHDOG").count == 3)
    #expect(bench.journal.lines("report limit-reached").count == 1)
    bench.open(gate)
    bench.pass(.seconds(10))
    #expect(bench.journal.lines("WATCHDOG").count == 4)
  }

  @Test("A guest operation leaves after the ledger was asked to write the notes before it; others do not wait (S10)")
  func beforeAGuess() {
    let gate = Barrier()
    let vm = VMAddress(vcenter: VCenterID("lab"), moid: "vm-1")
    let bench = Bench(ledger: { FakeLedger(journal: $0, noteGate: gate) }) { event, now in
      let by = now.continuous + .seconds(30)
      guard case .configured = event else { return [] }
      return [
        .look(OpID(life: 1, number: 1), vm, LoginID("linux"), pid: 7, .check, by: by), .note(1),
        .refresh(OpID(life: 1, number: 2), VCenterID("lab"), ScopeQuery(scopes: []), by: by),
        .survey(OpID(life: 1, number: 3), vm, LoginID("linux"), showingEnds: false, by: by),
      ]
    }
    bench.start(bench.link("lab", bench.client("A")))
    #expect(Set(bench.journal.lines("A ")) == ["A look vm-1 linux 7", "A inventory"])
    bench.open(gate)
    #expect(bench.journal.lines("A ").last == "A survey vm-1 linux")
    let lines = bench.journal.lines("")
    let noted = lines.firstIndex { $0.hasPrefix("noted") }
    let asked = lines.firstIndex { $0.hasPrefix("A survey") }
    #expect(noted ?? .max < asked ?? .min)
  }

  @Test("A disk that refuses holds no guest operation up")
  func aGuessOnAFullDisk() {
    let disk = Disk()
    let vm = VMAddress(vcenter: VCenterID("lab"), moid: "vm-1")
    let bench = Bench(ledger: { _ in disk }) { event, now in
      guard case .configured = event else { return [] }
      return [
        .note(1),
        .survey(OpID(life: 1, number: 1), vm, LoginID("linux"), showingEnds: false, by: now.continuous + .seconds(30)),
      ]
    }
    bench.start(bench.link("lab", bench.client("A")))
    #expect(disk.kept.isEmpty)
    #expect(bench.journal.lines("A ") == ["A survey vm-1 linux"])
  }

  @Test("A disk that hangs past the deadline of a guest operation: it is given up and never leaves")
  func aGuessOnADiskThatHangs() {
    let gate = Barrier()
    let vm = VMAddress(vcenter: VCenterID("lab"), moid: "vm-1")
    let bench = Bench(ledger: { FakeLedger(journal: $0, noteGate: gate) }) { event, now in
      guard case .configured = event else { return [] }
      return [
        .note(1),
        .survey(OpID(life: 1, number: 1), vm, LoginID("linux"), showingEnds: false, by: now.continuous + .seconds(10)),
      ]
    }
    bench.start(bench.link("lab", bench.client("A")))
    bench.pass(.seconds(11))
    #expect(bench.heard.last == "surveyed")
    bench.open(gate)
    #expect(bench.journal.lines("A ").isEmpty)
    #expect(bench.heard.count { $0 == "surveyed" } == 1)
  }
}
