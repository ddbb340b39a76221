public import GuestWatchCore
import VCenterModel

/// One seed: a daemon's `Watch` against vCenters as values, on one thread, in virtual time.
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
    case deliver(OpID, Answer, again: Bool)
    case giveUp(OpID)
    case written(daemon: Int)
    case mark(daemon: Int)
    case restart
    case stopOverdue(daemon: Int)
    case churn(guest: Int)
    case trouble(Trouble)
    case mend(Mending)
    case meddle(guest: Int, pid: Int64, Meddling)
    case runaway(guest: Int, name: String)
    case reload
    case reloadUnchanged
    case interfere(Interference, VMAddress)
    case byHand(HandyOperator.Deed)
    case hostWakes
    case heal
    case trial
    case due(Int)
    case end
  }

  public let seed: UInt64
  public private(set) var mix: Mix
  /// What is drawn from now; zero once everything has healed.
  var faults: Mix
  var random: Seeded
  var agenda = Agenda<Item>()
  /// The true continuous time.
  var clock: Int64

  // the daemon's host
  /// How far the daemon's wall clock is ahead of the right one, at `slewsSince`, and how fast that grows.
  var hostShift: Int64 = 0
  var slew: Int64 = 0
  var slewsSince: Int64 = 0
  /// The true time at which the host's continuous clock read zero.
  var bootZero: Int64 = 0
  /// The host boots before the next daemon starts.
  var mustBoot = false
  /// Nothing on the daemon's side happens before that: its host is suspended.
  var asleepUntil: Int64 = 0
  /// What was to happen there since.
  var asleep: [Item] = []
  var isDiskFull = false
  var ledger = SimulatedLedger()

  // the vCenters
  var servers: [Server]
  /// Where the VM with a guest is.
  var homes: [Int: (server: Int, moid: String)] = [:]
  var nextGuest: Int
  /// Guests that answer nothing, whatever heals (L3).
  var bad = Set<Int>()
  /// VMs that are in no vCenter for a while.
  var limbo: [(number: Int, server: Int, machine: VirtualMachine)] = []
  let crowd: Int
  /// The passwords that are right now, by user name in lower case; of the vCenters by place.
  var passwords = Setup.passwords
  /// What a full disk did not take yet.
  var unkeptMemories: [VMMemory] = []
  /// Refusals in a row that a daemon was told of, and when the last one was, by account.
  var toldRefusals: [String: (count: Int, last: Int64)] = [:]
  var vcenterPasswords: [String]

  // the daemon
  var watch = Watch()
  /// What every daemon of this run begins as: a `Watch` that knows nothing.
  public var fresh = Watch()
  /// A run that fails is played once more, for its last lines and to see that it replays.
  public var replaysFailures = true
  var isRunning = false
  var daemon = 0
  var writes: [Write] = []
  /// Guest calls that wait for the notes that were given before them: for how many of those on their way to the disk.
  var held: [HeldCall] = []
  var flights: [OpID: Flight] = [:]
  var links: [Link] = []
  var sent: [SentKill] = []
  var wakes = 0

  // what the operator entered
  var configuration = Configuration(vcenters: [], logins: [], rules: [])
  var entrances: [UInt64: Entrance] = [:]
  var credentials: [UInt64: GuestCredential] = [:]
  var secretsEntered = 0
  var secretsRotated = 0
  var uuids = 0
  var moids = 0
  var every = Duration.seconds(60)
  var rulesDrawn = 0
  var removed: [Rule] = []
  var removedEntries: [VCenterEntry] = []

  var checker: Checker
  var liveness = Liveness()
  var trace: Trace
  var tally = Tally()
  /// nil: nobody kills by hand.
  var handy: HandyOperator?
  var isOver = false
  /// Listings that were shown, by guest: one that did not change is the same value again.
  var listings: [Int: ShownListing] = [:]
  var livesShown: [Int: (version: UInt64, lives: [Int64: Truth.Life])] = [:]
  /// A fleet for measuring instead of a seed for breaking.
  let fleet: Fleet?
  private let kept: Int
  private let hours: Int?
  private let ignored: Set<String>
  /// Effects since the clock last moved.
  private var effectsAtOnce = 0

  /// What was counted on the way.
  public struct Tally: Sendable {
    public var events = 0
    public var effects = 0
    public var faults: [String: Int] = [:]
    /// Runaways that a gate kept of which nobody is told, at moments at which that is common.
    public var silentGates: [Gate: Int] = [:]

    mutating func count(_ fault: @autoclosure () -> String) { faults[fault(), default: 0] += 1 }
  }

  /// Where continuous time begins, and what the right wall clock then says.
  static let origin: Int64 = 10_000 * Span.second
  static let wallBase: Int64 = 1_790_000_000 * Span.second

  /// - Parameters:
  ///   - kept: how many of the last lines a failure shows.
  ///   - loud: print every line as it happens.
  ///   - hours: virtual hours of faults; nil: two.
  ///   - ignored: promises that the checker looks past (`Checker.ignored`).
  ///   - byHand: an operator kills by hand; all else that is drawn is what it is without one.
  public init(
    seed: UInt64, kept: Int = 60, loud: Bool = false, hours: Int? = nil, ignoring ignored: Set<String> = [],
    byHand: Bool = false
  ) throws {
    try self.init(seed: seed, fleet: nil, kept: kept, loud: loud, rendered: loud, hours: hours, ignoring: ignored)
    if byHand { handy = HandyOperator(seed: seed) }
  }

  init(
    seed: UInt64, fleet: Fleet?, kept: Int, loud: Bool, rendered: Bool, hours: Int?, ignoring ignored: Set<String>
  ) throws {
    self.seed = seed
    self.kept = kept
    self.hours = hours
    self.ignored = ignored
    self.fleet = fleet
    var random = Seeded(seed)
    mix = fleet == nil ? Mix.drawn(&random) : Fleet.mix
    if fleet == nil {
      var apart = Seeded(~seed)
      mix.adjust(to: Focus.drawn(&apart), &apart)
    }
    faults = mix
    clock = World.origin
    let start = ModelTime(continuous: clock, wall: clock + World.wallBase)
    let setup = fleet.map { $0.setup(at: start, &random) } ?? Setup(mix, at: start, seed: seed, &random)
    servers = setup.servers
    nextGuest = setup.nextGuest
    crowd = setup.crowd
    vcenterPasswords = servers.map { _ in "canary-vcenter-1" }
    checker = Checker(reusesPIDs: mix.quickReuse, ignoring: ignored)
    trace = Trace(kept: rendered ? kept : 0, isLoud: loud)
    self.random = random
    for s in servers.indices {
      for moid in servers[s].model.moids { homes[guestNumber(s, moid)] = (s, moid) }
    }
    if let fleet { try fleet.configure(&self) } else { try drawConfiguration(setup) }
  }

  /// As the daemon's host reads its clocks.
  var now: Now {
    let wall = clock + World.wallBase + hostShift + (slew == 0 ? 0 : (clock - slewsSince) / 1_000_000 * slew)
    return Now(continuous: Instant(nanoseconds: clock - bootZero), wall: wall)
  }
  var modelTime: ModelTime { ModelTime(continuous: clock, wall: clock + World.wallBase) }

  /// A point of the daemon's clock in true time.
  func trueTime(_ at: Instant) -> Int64 { (at + .nanoseconds(bootZero)).nanoseconds }

  /// Runs the seed to its end.
  public mutating func run() -> Report {
    do throws(Violation) {
      try play()
      return report(nil)
    } catch {
      return trace.isRendered || !replaysFailures ? report(error) : replay(error)
    }
  }

  /// A failure is played once more, with its lines.
  private func replay(_ violation: Violation) -> Report {
    var report = report(violation)
    guard
      var again = try? World(
        seed: seed, fleet: fleet, kept: max(kept, 1), loud: false, rendered: true, hours: hours, ignoring: ignored)
    else { return report }
    again.fresh = fresh
    if handy != nil { again.handy = HandyOperator(seed: seed) }
    let second = again.run()
    report.last = second.last
    if second.hash != report.hash {
      report.violation = Violation(
        "contract", "the seed does not replay: \(violation), then \(String(describing: second.violation))")
    }
    return report
  }

  /// How a seed went.
  public struct Report: Sendable {
    public var seed: UInt64
    public var violation: Violation?
    /// Of every event and effect.
    public var hash: UInt64
    /// Things that happened.
    public var steps: Int
    public var last: [String]
    /// Virtual time, in nanoseconds.
    public var span: Int64
    public var tally: Tally
    public var checked: Checker.Tally
  }

  private func report(_ violation: Violation?) -> Report {
    Report(
      seed: seed, violation: violation, hash: trace.hash, steps: trace.steps, last: trace.last,
      span: clock - World.origin, tally: tally, checked: checker.tally)
  }

  private mutating func play() throws(Violation) {
    try takeTruths()
    if let fleet {
      fleet.populate(&self)
    } else {
      for guest in homes.keys.sorted() {
        for _ in 0..<(2 + random.below(crowd * 2 / 3)) { spawnAnything(guest) }
        agenda.enter(.churn(guest: guest), at: clock + random.wait(mean: mix.churn))
      }
      for trouble in Trouble.allCases { enter(trouble) }
      enterOperator()
      agenda.enter(.heal, at: clock + Int64(hours ?? 2) * Span.hour)
    }
    try begin()
    while !isOver, let (at, item) = agenda.take() {
      if at > clock {
        clock = at
        effectsAtOnce = 0
      }
      if clock < asleepUntil, item.isOfTheHost {
        asleep.append(item)
      } else {
        try happen(item)
      }
    }
  }

  private mutating func happen(_ item: Item) throws(Violation) {
    switch item {
    case .wake(let daemon, let number):
      if isRunning, daemon == self.daemon, number == wakes { try tell(.timeCame) }
    case .leave(let op): try leave(op)
    case .arrive(let op): try arrive(op)
    case .resume(let call, let op): try goOn(call, op)
    case .deliver(let op, let answer, let again): try deliver(op, answer, again: again)
    case .giveUp(let op): try giveUp(op)
    case .written(let daemon): try written(daemon)
    case .mark(let daemon):
      guard isRunning, daemon == self.daemon else { return }
      if !isDiskFull { ledger.mark(now.continuous) }
      agenda.enter(.mark(daemon: daemon), at: clock + Span.minute)
    case .restart: try begin()
    case .stopOverdue(let daemon):
      if isRunning, daemon == self.daemon {
        throw Violation("L4", "the daemon did not stop within 100 s of being asked to")
      }
    case .churn(let guest): try churn(guest)
    case .trouble(let trouble): try makeTrouble(trouble)
    case .mend(let mending): try mend(mending)
    case .meddle(let guest, let pid, let meddling): try meddle(guest, pid, meddling)
    case .runaway(let guest, let name): runAway(guest, name)
    case .reload: if hasFaults { try reload() }
    case .reloadUnchanged: if hasFaults, isRunning { try tell(.configured(configuration)) }
    case .interfere(let interference, let vm): try happen(interference, to: vm)
    case .byHand(let deed): try happen(deed)
    case .hostWakes: if clock >= asleepUntil { wakeHost() }
    case .heal: try heal()
    case .trial: try holdTrial()
    case .due(let number): try judge(number)
    case .end: if fleet == nil { try finish() } else { isOver = true }
    }
  }

  // MARK: what is noted

  mutating func note(_ line: @autoclosure () -> String) {
    trace.step(clock, { _ in }, line: line)
  }

  mutating func check(_ observation: Observation) throws(Violation) {
    try checker.observe(observation, at: now)
  }

  /// Counts an effect; without time passing there may not be many.
  mutating func countEffect() throws(Violation) {
    tally.effects += 1
    effectsAtOnce += 1
    if effectsAtOnce > 40_000 { throw Violation("L4", "40,000 effects without any time passing") }
  }

  /// Lets the guests come to now and tells the checker what happened in them.
  mutating func takeTruths() throws(Violation) {
    for s in servers.indices {
      servers[s].model.advance(to: modelTime)
      if servers[s].model.hasTruths { try tell(truths: servers[s].model.takeTruths()) }
    }
  }

  mutating func tell(truths: [Truth]) throws(Violation) {
    for truth in truths {
      trace.step(clock, { $0.add(truth) }, line: { "  \(truth.moid) guest \(truth.guest) \(truth.event)" })
      try check(.truth(truth))
    }
  }
}

extension World.Item {
  /// It happens on the daemon's host, or not while that is asleep: nobody can tell a daemon anything then.
  var isOfTheHost: Bool {
    switch self {
    case .wake, .leave, .deliver, .giveUp, .written, .mark, .restart, .stopOverdue, .reload, .reloadUnchanged,
      .interfere, .byHand:
      true
    case .trouble(let trouble): trouble.isOfTheHost
    case .mend(let mending): mending.isOfTheHost
    case .arrive, .resume, .churn, .meddle, .runaway, .hostWakes, .heal, .trial, .due, .end: false
    }
  }
}
