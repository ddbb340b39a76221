import GuestWatchCore
import GuestWatchDaemon
import Synchronization

/// The real scheduler and the real decision over two vCenters in virtual time: "a" fails in one way for as long as the test
/// says, "b" never does.
final class OutageWorld {
  static let every = Duration.seconds(60)
  static let vmsOfA = 10
  static let vmsOfB = 3

  let executor = TestExecutor()
  let clock = TestClock()
  let traffic: Traffic
  let watching: Watching
  let line: Line
  private let scheduler: Scheduler<Watching, NoSource>

  init() throws {
    traffic = Traffic(clock)
    watching = Watching()
    line = Line()
    scheduler = Scheduler(
      deciding: watching, source: NoSource(), ledger: FakeLedger(journal: Journal()), line: line, clock: clock)
    let rule = Rule(
      id: RuleID("spinners"), login: linux, scope: Scope(names: [try Glob("*")]),
      match: Match(names: [try Glob("spin")]),
      limits: .forbidden, every: Self.every)
    let names = ["a", "b"]
    let configuration = Configuration(
      vcenters: names.enumerated().map { VCenterEntry(id: VCenterID($1), digest: UInt64($0)) },
      logins: [LoginEntry(id: linux, account: "guestwatch", digest: 1)], rules: [rule])
    let links = zip(names, [Self.vmsOfA, Self.vmsOfB]).map {
      OutageLink(vcenter: VCenterID($0), vms: $1, traffic: traffic, clock: clock)
    }
    Task(executorPreference: executor) { [scheduler] in
      await scheduler.run(Setup(configuration: configuration, links: links), restored: Restored(life: 1), seed: 7)
    }
    executor.drain()
  }

  func pass(_ duration: Duration) { clock.advance(by: duration, executor) }

  /// SIGTERM, and time enough to leave.
  func stop() {
    scheduler.askShutdown()
    pass(.seconds(45))
  }
}

/// What was asked for, when; and how "a" fails, where it does.
final class Traffic: Sendable {
  struct Call { var vcenter: String, vm: String?, at: Instant }
  struct Failure { var kind: FaultKind, takes: Duration }

  private struct State {
    var calls: [Call] = []
    var failure: Failure?
  }
  private let state = Mutex(State())
  private let clock: TestClock

  init(_ clock: TestClock) { self.clock = clock }

  var failure: Failure? {
    get { state.withLock { $0.failure } }
    set { state.withLock { $0.failure = newValue } }
  }

  func note(_ vcenter: VCenterID, _ vm: String?) {
    let call = Call(vcenter: vcenter.name, vm: vm, at: clock.now().continuous)
    state.withLock { $0.calls.append(call) }
  }

  /// The calls since a moment, and forgets all of before.
  func calls(since begin: Instant) -> [Call] {
    state.withLock { state in
      state.calls.removeAll { $0.at < begin }
      return state.calls
    }
  }
}

/// The decision, kept where a test can weigh it.
final class Watching: Deciding {
  private let watch = Mutex(Watch())

  func handle(_ event: Event, at now: Now) -> [Effect] { watch.withLock { $0.handle(event, at: now) } }
  func overview(at now: Now) -> Overview { watch.withLock { $0.overview(at: now) } }
  func figures(at now: Now) -> Figures { watch.withLock { $0.figures(at: now) } }
  var pausesInForce: [Pause] { watch.withLock { $0.pausesInForce } }

  /// How many values it holds, all in all.
  var weight: Int { watch.withLock { Self.weight(of: $0) } }

  private static func weight(of value: Any) -> Int {
    Mirror(reflecting: value).children.reduce(1) { $0 + weight(of: $1.value) }
  }
}

/// Counts what the operator is told.
final class Line: OperatorLine {
  private let reports = Mutex<[Report.Kind: Int]>([:])
  var told: [Report.Kind: Int] { reports.withLock { $0 } }

  func report(_ report: Report, at now: Now) { reports.withLock { $0[report.kind, default: 0] += 1 } }
  func status(_ snapshot: Snapshot) {}
  func ready() {}
  func reloading() {}
  func stopping() {}
  func alive() {}
}

struct NoSource: ConfigurationSource {
  func load(keeping present: [OutageLink]) async -> LoadOutcome<OutageLink> { .refused(["there is none"]) }
}

struct OutageLink: VCenterLink {
  let vcenter: VCenterID
  let vms: Int
  let traffic: Traffic
  let clock: TestClock
  private let client = Client()
  private final class Client: Sendable {}

  var session: ObjectIdentifier { ObjectIdentifier(client) }
  func knows(_ login: LoginID) -> Bool { login == linux }

  init(vcenter: VCenterID, vms: Int, traffic: Traffic, clock: TestClock) {
    self.vcenter = vcenter
    self.vms = vms
    self.traffic = traffic
    self.clock = clock
  }

  /// The answer, or the failure that is in force when the call comes: a call takes 50 ms, or until its end where nobody
  /// answers.
  private func call<Answer>(_ vm: String?, _ by: Instant, _ answer: Answer) async -> (Timing, Result<Answer, Fault>) {
    traffic.note(vcenter, vm)
    let sent = clock.now()
    let failure = vcenter.name == "a" ? traffic.failure : nil
    let end = min(by, sent.continuous + (failure?.takes ?? .milliseconds(50)))
    // The scheduler cancels it only where it gives up.
    try? await clock.sleep(until: end)
    let timing = Timing(firstByte: sent, ended: clock.now())
    guard let failure else { return (timing, .success(answer)) }
    return (timing, .failure(Fault(failure.kind, code: "outage")))
  }

  func inventory(_ query: ScopeQuery, by: Instant) async -> (Timing, Result<Inventory, Fault>) {
    let facts = (0..<vms).map { number in
      VMFacts(
        moid: "vm-\(number)", name: "\(vcenter)-\(number)", instanceUUID: "\(vcenter)-\(number)", family: .linux,
        bootTime: 1_600_000_000)
    }
    return await call(
      nil, by, Inventory(vcenterUUID: "uuid-\(vcenter)", canTerminate: true, vms: facts, complete: true))
  }

  func survey(
    moid: String, login: LoginID, showingEnds: Bool, by: Instant
  ) async -> (Timing, Result<Listing, Fault>) {
    let row = Process(pid: 100, started: 1_600_000_100, owner: "root", name: "init", command: "init")
    return await call(moid, by, Listing(rows: [row], showsEnds: showingEnds))
  }

  func look(moid: String, login: LoginID, pid: Int64, by: Instant) async -> (Timing, Result<Look, Fault>) {
    await call(moid, by, .gone)
  }

  func terminate(
    moid: String, login: LoginID, pid: Int64, firstByteBy: Instant, firstByteByWall: Int64, by: Instant
  ) async -> (Timing, KillAnswer) {
    (.init(firstByte: nil, ended: clock.now()), .notSent(Fault(.unknown, code: "nothing runs away here")))
  }

  func leave(by: Instant) async {}
}
