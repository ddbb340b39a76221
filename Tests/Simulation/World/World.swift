public import GuestWatchCore
import VCenterModel

/// One seed: a daemon's `Watch` against a `VCenterModel`, on one thread, in virtual time.
///
/// First faults, as the seed's `Mix` has them; then they heal, old troubles settle, and fresh runaways must be dealt
/// with in time. The same seed gives the same run, bit for bit: everything is drawn from `Seeded`, nothing iterates a
/// hashed collection.
public struct World {
  /// Something that is due at a moment.
  enum Item {
    case wake(daemon: Int, number: Int)
    case leave(OpID)
    case arrive(OpID)
    case resume(CallID, OpID)
    case deliver(OpID, Answer)
    case giveUp(OpID)
    case written(daemon: Int)
    case restart
    case stopOverdue(daemon: Int)
    case churn(moid: String)
    case trouble(Trouble)
    case mend(moid: String, Mending)
    case meddle(moid: String, pid: Int64, Meddling)
    case heal
    case trial
    case due(Int)
    case end
  }

  /// What a call comes back with.
  enum Answer {
    case response(Response)
    case fault(Fault)
    /// The whole of a refresh.
    case inventory(Inventory)
  }

  /// An operation on its way.
  struct Flight {
    var effect: Effect
    var by: Instant
    var daemon: Int
    var firstByte: Now?
    var fate: Fate
    var isAnswered = false
  }

  public let seed: UInt64
  public let mix: Mix
  /// What is drawn from now; zero once everything has healed.
  var faults: Mix
  var random: Seeded
  var agenda = Agenda<Item>()
  var clock: Int64
  /// How far the daemon's wall clock is ahead of the right one.
  var hostShift: Int64 = 0
  var model: VCenterModel
  var watch = Watch()
  /// What every daemon of this run begins as: a `Watch` that knows nothing.
  public var fresh = Watch()
  var isRunning = false
  var daemon = 0
  var configuration: Configuration
  var ledger = SimulatedLedger()
  var writes: [(kill: KillID, step: LedgerStep)] = []
  var flights: [OpID: Flight] = [:]
  var tokens = Tokens()
  var wakes = 0
  var checker: Checker
  var liveness = Liveness()
  var trace: Trace
  var tally = Tally()
  var isOver = false
  /// Effects since the clock last moved.
  private var effectsAtOnce = 0

  struct Tokens {
    var vi: String?
    var rest: String?
  }

  /// What was counted on the way.
  public struct Tally: Sendable {
    public var events = 0
    public var effects = 0
    public var faults: [String: Int] = [:]

    mutating func count(_ fault: String) { faults[fault, default: 0] += 1 }
  }

  /// Where continuous time begins, and what the right wall clock then says.
  static let origin: Int64 = 10_000 * Span.second
  static let wallBase: Int64 = 1_790_000_000 * Span.second

  /// - Parameters:
  ///   - kept: how many of the last lines a failure shows.
  ///   - loud: print every line as it happens.
  ///   - ignored: promises that the checker looks past (`Checker.ignored`).
  public init(seed: UInt64, kept: Int = 60, loud: Bool = false, ignoring ignored: Set<String> = []) throws {
    self.seed = seed
    var random = Seeded(seed)
    mix = Mix.drawn(&random)
    faults = mix
    clock = World.origin
    let start = ModelTime(continuous: clock, wall: clock + World.wallBase)
    let setup = try Setup(mix, at: start, &random)
    configuration = setup.configuration
    let release: Release = random.pick(.v8u3, .v8u3, .v8u3, .v8u2, .v8u1, .v7u3)
    model = VCenterModel(
      settings: VCenterModel.Settings(release: release, pageSize: random.pick(2, 100), overlap: .waits, seed: seed),
      accounts: [VCenterAccount(user: "svc", password: "secret")])
    for machine in setup.machines { model.add(machine) }
    checker = Checker(reusesPIDs: mix.quickReuse, ignoring: ignored)
    trace = Trace(kept: kept)
    trace.isLoud = loud
    self.random = random
  }

  var now: Now { Now(continuous: Instant(nanoseconds: clock), wall: clock + World.wallBase + hostShift) }
  var modelTime: ModelTime { ModelTime(continuous: clock, wall: clock + World.wallBase) }

  /// Runs the seed to its end.
  public mutating func run() -> Report {
    do throws(Violation) {
      try play()
      return report(nil)
    } catch {
      return report(error)
    }
  }

  /// How a seed went.
  public struct Report: Sendable {
    public var seed: UInt64
    public var violation: Violation?
    /// Of every event and effect.
    public var hash: UInt64
    /// Lines in the trace.
    public var steps: Int
    public var last: [String]
    /// Virtual time, in nanoseconds.
    public var span: Int64
    public var tally: Tally
    public var checked: Checker.Tally
  }

  private func report(_ violation: Violation?) -> Report {
    Report(
      seed: seed, violation: violation, hash: trace.hash, steps: trace.lines, last: trace.last,
      span: clock - World.origin, tally: tally, checked: checker.tally)
  }

  private mutating func play() throws(Violation) {
    try takeTruths()
    for machine in model.virtualMachines {
      for _ in 0..<(2 + random.below(6)) { spawnAnything(machine.facts.moid) }
      agenda.enter(.churn(moid: machine.facts.moid), at: clock + random.wait(mean: mix.churn))
    }
    for trouble in Trouble.allCases { enter(trouble) }
    agenda.enter(.heal, at: clock + random.between(15...40) * Span.minute)
    try begin()
    while !isOver, let (at, item) = agenda.take() {
      if at > clock {
        clock = at
        effectsAtOnce = 0
      }
      try happen(item)
    }
  }

  private mutating func happen(_ item: Item) throws(Violation) {
    switch item {
    case .wake(let daemon, let number):
      if isRunning, daemon == self.daemon, number == wakes { try tell(.timeCame) }
    case .leave(let op): try leave(op)
    case .arrive(let op): try arrive(op)
    case .resume(let call, let op): try goOn(call, op)
    case .deliver(let op, let answer): try deliver(op, answer)
    case .giveUp(let op): try giveUp(op)
    case .written(let daemon): try written(daemon)
    case .restart: try begin()
    case .stopOverdue(let daemon):
      if isRunning, daemon == self.daemon {
        throw Violation("L4", "the daemon did not stop within 100 s of being asked to")
      }
    case .churn(let moid): try churn(moid)
    case .trouble(let trouble): try makeTrouble(trouble)
    case .mend(let moid, let mending): mend(moid, mending)
    case .meddle(let moid, let pid, let meddling): try meddle(moid, pid, meddling)
    case .heal: try heal()
    case .trial: try holdTrial()
    case .due(let number): try judge(number)
    case .end: try finish()
    }
  }

  // MARK: the daemon

  /// Starts a daemon: with what the ledger knows, and the configuration as it is now.
  mutating func begin() throws(Violation) {
    guard !isRunning else { return }
    daemon += 1
    isRunning = true
    watch = fresh
    tokens = Tokens()
    let restored = ledger.restored(at: now.continuous)
    note("* daemon \(daemon) starts")
    try check(.daemonBegan(open: restored.open.map(\.record.id)))
    try tell(.began(seed: random.next(), restored: restored))
    if isRunning { try tell(.configured(configuration)) }
  }

  /// Kills the daemon: what was sent stays sent, what was not yet on disk may or may not be.
  mutating func crash() throws(Violation) {
    guard isRunning else { return }
    note("* daemon \(daemon) crashes")
    tally.count("crash")
    while let write = writes.first, random.chance(0.5) {
      writes.removeFirst()
      try persist(write.kill, write.step)
    }
    try lay()
    agenda.enter(.restart, at: clock + random.between(200...40_000) * Span.millisecond)
  }

  /// The daemon is no more.
  mutating func lay() throws(Violation) {
    writes = []
    isRunning = false
    try check(.daemonEnded)
  }

  /// Tells the daemon something and carries out what it asks for.
  mutating func tell(_ event: Event) throws(Violation) {
    try takeTruths()
    tally.events += 1
    note("> " + Line.of(event))
    try check(.event(event))
    liveness.see(event, at: clock)
    let teller = daemon
    for effect in watch.handle(event, at: now) {
      if random.chance(faults.crash) { return try crash() }
      tally.effects += 1
      effectsAtOnce += 1
      if effectsAtOnce > 20_000 { throw Violation("L4", "20,000 effects without any time passing") }
      note("< " + Line.of(effect))
      try check(.effect(effect))
      try carryOut(effect)
      if !isRunning || daemon != teller { return }
    }
    if random.chance(faults.crash) { try crash() }
  }

  private mutating func carryOut(_ effect: Effect) throws(Violation) {
    switch effect {
    case .refresh(let op, _, _, let by): launch(op, effect, by)
    case .survey(let op, _, _, _, let by):
      liveness.see(effect)
      launch(op, effect, by)
    case .look(let op, let vm, _, let pid, let purpose, let by):
      if case .confirm = purpose { incite(vm, pid) }
      launch(op, effect, by)
    case .terminate(let op, _, let vm, _, let pid, _, _, let by):
      incite(vm, pid)
      launch(op, effect, by)
    case .record(let kill, let step):
      writes.append((kill, step))
      if writes.count == 1 {
        agenda.enter(.written(daemon: daemon), at: clock + random.between(100...20_000) * 1_000)
      }
    case .wake(let at):
      wakes += 1
      if at != .never {
        let late = random.between(0...1_500) * 1_000
        agenda.enter(.wake(daemon: daemon, number: wakes), at: max(at.nanoseconds, clock) + late)
      }
    case .note(let note): ledger.write(note, at: now.continuous)
    case .remember(let memory): ledger.write(memory)
    case .keepPauses(let pauses): ledger.pauses = pauses
    case .report, .status, .ready: break
    case .stopped: try stopped()
    }
  }

  private mutating func written(_ daemon: Int) throws(Violation) {
    guard isRunning, daemon == self.daemon, !writes.isEmpty else { return }
    let (kill, step) = writes.removeFirst()
    if !writes.isEmpty {
      agenda.enter(.written(daemon: daemon), at: clock + random.between(100...20_000) * 1_000)
    }
    if random.chance(faults.ledgerFailure) {
      tally.count("ledger failure")
      // An error of the disk says nothing about what is on it.
      if random.chance(0.3) { try persist(kill, step) }
      return try tell(.recorded(kill, step.kind, .failure(LedgerFailure("disk full"))))
    }
    try persist(kill, step)
    try tell(.recorded(kill, step.kind, .success(())))
  }

  mutating func persist(_ kill: KillID, _ step: LedgerStep) throws(Violation) {
    ledger.write(kill, step, at: now.continuous)
    try check(.durable(kill, step))
  }

  // MARK: what is noted

  mutating func note(_ line: String) { trace.add(Line.time(now.continuous) + " " + line) }

  mutating func check(_ observation: Observation) throws(Violation) {
    try checker.observe(observation, at: now)
  }

  /// Lets the guests come to now and tells the checker what happened in them.
  mutating func takeTruths() throws(Violation) {
    model.advance(to: modelTime)
    for truth in model.takeTruths() {
      note("  \(truth.moid) \(truth.event)")
      try check(.truth(truth))
    }
  }
}
