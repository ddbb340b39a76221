import GuestWatchCore
import GuestWatchDaemon
import Synchronization

/// Everything that the scheduler did to its surroundings, in order.
final class Journal: Sendable {
  private let lines = Mutex<[String]>([])
  func note(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
  /// Those that begin with one of these words.
  func lines(_ words: String...) -> [String] {
    all.filter { line in words.contains { line.hasPrefix($0) } }
  }
}

/// A decision made of the test's own answers; what it was told is in `heard`.
struct Script: Deciding {
  final class Heard: Sendable {
    private let events = Mutex<[Event]>([])
    func add(_ event: Event) { events.withLock { $0.append(event) } }
    var all: [Event] { events.withLock { $0 } }
  }
  var heard = Heard()
  var answer: @Sendable (Event, Now) -> [Effect]
  /// What was asked for last, as a decision with room for two would have it.
  var pausesInForce: [Pause] = []
  static let mostPauses = 2

  func overview(at now: Now) -> Overview {
    var overview = Overview(snapshot: Snapshot(vmsInScope: 4, rules: 1))
    overview.pauses = pausesInForce
    return overview
  }

  func figures(at now: Now) -> Figures { Figures(snapshot: Snapshot(vmsInScope: 4, rules: 1)) }

  mutating func handle(_ event: Event, at now: Now) -> [Effect] {
    heard.add(event)
    switch event {
    case .asked(.pause(let pause, _)) where pausesInForce.count < Self.mostPauses: pausesInForce.append(pause)
    case .asked(.resume(let rule, let vms, _)):
      pausesInForce.removeAll { (rule == nil && vms == nil) || ($0.rule == rule && $0.vms == vms) }
    default: break
    }
    return answer(event, now)
  }
}

extension Event {
  var name: String {
    switch self {
    case .began: "began"
    case .configured: "configured"
    case .timeCame: "timeCame"
    case .inventory: "inventory"
    case .surveyed: "surveyed"
    case .looked: "looked"
    case .terminated: "terminated"
    case .recorded(let kill, let kind, let result):
      "recorded \(kill) \(kind)\((try? result.get()) == nil ? " failed" : "")"
    case .asked: "asked"
    case .shutdownAsked: "shutdownAsked"
    }
  }
}

/// Something that is waited for until the test opens it.
final class Barrier: Sendable {
  private struct State {
    var open = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())

  var isOpen: Bool { state.withLock { $0.open } }

  /// Does not end at a cancellation: this is what hangs.
  func wait() async {
    await withCheckedContinuation { continuation in
      let open = state.withLock { state in
        if !state.open { state.waiting.append(continuation) }
        return state.open
      }
      if open { continuation.resume() }
    }
  }

  func open() {
    let waiting = state.withLock { state in
      state.open = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }
}

/// A client: a name, and what holds its answers back.
final class FakeClient: Sendable {
  let name: String
  let journal: Journal
  /// Every call waits here, where there is one.
  let gate: Barrier?
  let leaveGate: Barrier?

  init(_ name: String, _ journal: Journal, gate: Barrier? = nil, leaveGate: Barrier? = nil) {
    self.name = name
    self.journal = journal
    self.gate = gate
    self.leaveGate = leaveGate
  }
}

struct FakeLink: VCenterLink {
  var vcenter: VCenterID
  var client: FakeClient
  var logins: [String]
  var clock: TestClock

  var session: ObjectIdentifier { ObjectIdentifier(client) }
  func knows(_ login: LoginID) -> Bool { logins.contains(login.name) }

  private func call(_ text: String) async -> Timing {
    client.journal.note("\(client.name) \(text)")
    let sent = clock.now()
    if let gate = client.gate { await gate.wait() }
    return Timing(firstByte: sent, ended: clock.now())
  }

  func inventory(_ query: ScopeQuery, by: Instant) async -> (Timing, Result<Inventory, Fault>) {
    let timing = await call("inventory")
    return (timing, .success(Inventory(vcenterUUID: "u", canTerminate: true, vms: [], complete: true)))
  }
  func survey(
    moid: String, login: LoginID, showingEnds: Bool, by: Instant
  ) async -> (Timing, Result<Listing, Fault>) {
    let timing = await call("survey \(moid) \(login)")
    return (timing, .failure(Fault(.busy, code: "RESOURCE_BUSY")))
  }
  func look(moid: String, login: LoginID, pid: Int64, by: Instant) async -> (Timing, Result<Look, Fault>) {
    let timing = await call("look \(moid) \(login) \(pid)")
    return (timing, .success(.gone))
  }
  func terminate(
    moid: String, login: LoginID, pid: Int64, firstByteBy: Instant, firstByteByWall: Int64, by: Instant
  ) async -> (Timing, KillAnswer) {
    let timing = await call("terminate \(moid) \(login) \(pid)")
    return (timing, .done)
  }
  func leave(by: Instant) async {
    client.journal.note("\(client.name) leave")
    if let gate = client.leaveGate { await gate.wait() }
    client.journal.note("\(client.name) left")
  }
}

/// Loads what the test put in, one outcome after the other.
final class FakeSource: ConfigurationSource {
  let journal: Journal
  let outcomes: Mutex<[@Sendable ([FakeLink]) -> LoadOutcome<FakeLink>]>
  let gate: Barrier?

  init(
    _ journal: Journal, gate: Barrier? = nil,
    _ outcomes: (@Sendable ([FakeLink]) -> LoadOutcome<FakeLink>)...
  ) {
    self.journal = journal
    self.gate = gate
    self.outcomes = Mutex(outcomes)
  }

  func load(keeping present: [FakeLink]) async -> LoadOutcome<FakeLink> {
    journal.note("load")
    if let gate { await gate.wait() }
    return outcomes.withLock { $0.isEmpty ? .refused(["rules:1:1: error: none left"]) : $0.removeFirst()(present) }
  }
}

/// What a fake ledger was given to keep, and how often it refuses.
final class Shelf: Sendable {
  private let state = Mutex(State())
  private struct State {
    var reaches: [Duration] = []
    var marks: [[VMMemory]] = []
    var pauses: [[Pause]] = []
    var refusals = 0
  }

  /// Every call but those that were refused.
  var marks: [[VMMemory]] { state.withLock { $0.marks } }
  /// What was given to forget.
  var reaches: [Duration] { state.withLock { $0.reaches } }
  var pauses: [[Pause]] { state.withLock { $0.pauses } }

  func forget(_ reach: Duration) { state.withLock { $0.reaches.append(reach) } }
  func refuse(next count: Int) { state.withLock { $0.refusals = count } }
  func put(_ memories: [VMMemory]) -> Result<Void, LedgerFailure> { put { $0.marks.append(memories) } }
  func put(_ pauses: [Pause]) -> Result<Void, LedgerFailure> { put { $0.pauses.append(pauses) } }

  private func put(_ change: (inout State) -> Void) -> Result<Void, LedgerFailure> {
    state.withLock { state in
      if state.refusals > 0 {
        state.refusals -= 1
        return .failure(LedgerFailure("disk full"))
      }
      change(&state)
      return .success(())
    }
  }
}

/// A ledger that can be held up and can refuse.
struct FakeLedger: KillLedger {
  var journal: Journal
  var gate: Barrier?
  /// Holds up marks only.
  var markGate: Barrier?
  /// Holds up notes only.
  var noteGate: Barrier?
  var refuses = false
  var shelf = Shelf()

  func write(_ kill: KillID, _ step: LedgerStep, now: Now) async -> Result<Void, LedgerFailure> {
    journal.note("ledger begins \(kill) \(step.kind)")
    if let gate { await gate.wait() }
    journal.note("ledger wrote \(kill) \(step.kind)")
    return refuses ? .failure(LedgerFailure("disk full")) : .success(())
  }

  func note(_ note: LoginNote, now: Now) async -> Result<Void, LedgerFailure> {
    if let noteGate { await noteGate.wait() }
    journal.note("noted \(note)")
    return .success(())
  }

  func keep(_ pauses: [Pause], now: Now) async -> Result<Void, LedgerFailure> {
    if let gate { await gate.wait() }
    let result = shelf.put(pauses)
    journal.note("ledger \((try? result.get()) == nil ? "refused" : "kept") \(pauses.count) pauses")
    return result
  }

  func forget(beyond reach: Duration, now: Now) async -> Result<Void, LedgerFailure> {
    shelf.forget(reach)
    return refuses ? .failure(LedgerFailure("disk full")) : .success(())
  }

  func mark(_ memories: [VMMemory], now: Now) async -> Result<Void, LedgerFailure> {
    journal.note("mark")
    if let markGate { await markGate.wait() }
    return refuses ? .failure(LedgerFailure("disk full")) : shelf.put(memories)
  }
}

struct FakeLine: OperatorLine {
  var journal: Journal
  func report(_ report: Report, at now: Now) {
    journal.note("report \(report.kind.rawValue) \(report.level): \(report.detail)")
  }
  func status(_ snapshot: Snapshot) {
    journal.note("STATUS \(snapshot.vmsInScope)\(snapshot.ledgerFailing ? " LEDGER FAILING" : "")")
  }
  func ready() { journal.note("READY") }
  func reloading() { journal.note("RELOADING") }
  func stopping() { journal.note("STOPPING") }
  func alive() { journal.note("WATCHDOG") }
}
