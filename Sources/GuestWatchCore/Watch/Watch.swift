import OrderedCollections

/// The decision: a pure state machine. Everything that happens is an event, everything to be done is an effect.
///
/// It holds all of the state that decisions depend on, never throws, never awaits, reads no clock. The same seed and
/// events give the same effects, bit for bit: only arrays and ordered collections are iterated, ties are broken by
/// sequence numbers, chance comes from a generator in its state.
public struct Watch: Sendable {
  var configuration: Configuration?
  /// Where each rule is in the configuration.
  var rulePlaces: [RuleID: Int] = [:]
  var life: UInt32 = 0
  var chance = Chance(seed: 0)
  var clock = ClockTrust()

  var vcenters: OrderedDictionary<VCenterID, VCenterState> = [:]
  /// Until when a vCenter login that was refused is not tried again, by the digest of its entry.
  var refusedLogins: OrderedDictionary<UInt64, Refused> = [:]
  /// Every VM that some rule reaches, or that a kill is open on. Places are stable within one event.
  var vms: [VMState] = []
  var places: [VMKey: Int] = [:]
  var agenda = Agenda()

  var operations: [OpID: Operation] = [:]
  var lastOperation: UInt64 = 0
  var lastKill: UInt32 = 0

  var budgets = BudgetBook()
  var pauses = PauseBook()
  var asks = Asks()
  /// VMs with a runaway that a budget keeps alive.
  var budgetWaiters: OrderedDictionary<VMKey, BudgetWaiter> = [:]
  var lastBudgetState: [Int] = []
  /// VMs whose kill is being confirmed (and some whose kill no longer is).
  var confirming: OrderedSet<VMKey> = []
  var logins = LoginBook()
  var ledger = LedgerState()
  var commandKey: CommandKey?
  /// Which VM a row in the making belongs to.
  var killPlaces: [KillID: VMKey] = [:]
  /// Terminates that were given up; their late answers are recorded.
  var late: OrderedDictionary<OpID, KillID> = [:]
  /// First sightings that were reported, by rule, VM and name.
  var sightings: OrderedDictionary<Sighting, Instant> = [:]

  /// Rules of which it was said that they reach no VM.
  var saidEmpty: OrderedSet<RuleID> = []
  /// Logins whose token could not be read the last time.
  var unreadableLogins: Set<LoginID> = []
  /// Selectors of `[protect] vms` and logins of which it was said that they hold no VM.
  var saidEmptySelectors: Set<SaidEmpty> = []
  /// What was said of selectors that could not be resolved. Never iterated.
  var saidUnresolved: [SaidTrouble.Place: SaidTrouble] = [:]
  var saidDoubt = false

  var candidateCount = 0
  var shutdown: Shutdown?
  var saidReady = false
  var saidStopped = false
  var statusDirty = false
  var statusFrom = Instant(nanoseconds: .min)
  /// How often a VM was asked what it wants: what tests of scale bound.
  var attended = 0
  var lastStatus: Snapshot?
  var lastWake: Instant?
  var effects: [Effect] = []
  #if Mutations
    /// The fault that is put into this decision, for tests of the simulation.
    var mutation: Mutation?
  #endif

  public init() {}

  /// Takes one event in and says what is to be done now, in this order.
  ///
  /// - Parameters:
  ///   - event: what happened. An answer to an operation that is not known is ignored.
  ///   - now: both clocks, read when the event happened; the continuous one never runs backwards.
  public mutating func handle(_ event: Event, at now: Now) -> [Effect] {
    #if Mutations
      Mutation.active = mutation
    #endif
    if clock.read(now) { clockChanged(now) }
    switch event {
    case .began(let seed, let restored): begin(seed: seed, restored, now)
    case .configured(let configuration): configure(configuration, now)
    case .timeCame: if !mutated(.forgetTheWake) { lastWake = nil }
    case .inventory(let id, let timing, let result): inventory(id, timing, result, now)
    case .surveyed(let id, let timing, let result): surveyed(id, timing, result, now)
    case .looked(let id, let timing, let result): looked(id, timing, result, now)
    case .terminated(let id, let timing, let answer): terminated(id, timing, answer, now)
    case .recorded(let id, let kind, let result): recorded(id, kind, result, now)
    case .asked(let request): asked(request, now)
    case .shutdownAsked: askToStop(now)
    }
    plan(now)
    defer { effects.removeAll(keepingCapacity: true) }
    return effects
  }
}

/// The generator in the state: SplitMix64, so that a seed replays.
struct Chance: Hashable, Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// The duration, more or less up to a fifth of it.
  mutating func around(_ duration: Duration) -> Duration {
    let nanoseconds = duration.nanoseconds
    let width = UInt64(max(nanoseconds / 5 * 2, 1))
    return .nanoseconds(nanoseconds - nanoseconds / 5 + Int64(next() % width))
  }
}

/// One operation that was asked for and is not answered yet.
struct Operation: Sendable {
  enum Kind: Sendable {
    case refresh(VCenterID, ScopeQuery)
    /// A survey; with a purpose where a kill waits for it.
    case survey(SurveyPurpose)
    case look(pid: Int64, LookPurpose)
    case terminate(KillID)
  }
  enum SurveyPurpose: Hashable, Sendable { case follow, confirm, verify }

  var kind: Kind
  var vm: VMKey?
  var vcenter: VCenterID
  var login: LoginID?
  /// Epoch of the VM when it was asked: an answer from another epoch proves nothing.
  var epoch: UInt32
  /// The slots that it holds.
  var slot: Slot?
}

/// A place among the operations in flight of a vCenter and of an account.
struct Slot: Hashable, Sendable {
  var vcenter: VCenterID
  /// Digest of the entry that it was taken from: another entry of that name does not get it back.
  var entry: UInt64?
  var login: LoginID
  /// It counts in the share of those that time out.
  var isSlow = false
  /// What is sent: a refusal of an old secret says nothing about the new one. nil: no login is configured, none is sent.
  var credential: Credential?
  /// `CredentialState.serial` when it was taken.
  var serial: UInt64 = 0
  /// It was sent unproven.
  var isGuess = false
  /// It is a try with a stopped account.
  var isTrial = false
}

/// SIGTERM came: until when terminates that were sent may be followed.
struct Shutdown: Hashable, Sendable {
  /// Design.md, section 6: up to 25 s for terminates already sent; what is open then stays open in the ledger.
  static let patience = Duration.seconds(25)
  var until: Instant
}

/// What was reported as a match that ended before its second look.
struct Sighting: Hashable, Sendable {
  var rule: RuleID
  var vm: VMKey
  var name: UInt64
}
