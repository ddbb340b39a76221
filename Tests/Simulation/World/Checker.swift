public import GuestWatchCore
import VCenterModel

/// Watches a daemon from outside, with the truth at hand, and says which promise it breaks first.
///
/// It is written from design.md section 4 and shares no code with `Watch` beyond the words of the contract.
public struct Checker: Sendable {
  /// One answer that the daemon was shown.
  struct Shown: Sendable {
    enum What: Sendable {
      case listing(Listing)
      case look(Look, pid: Int64, LookPurpose)
    }

    var login: LoginID
    var daemon: Int
    var sent: Now
    var ended: Now
    var what: What
    /// What guest the VM was known to have then: it decides how names compare.
    var family: GuestFamily
    /// When the guest answered; nil: it never came so far.
    var executed: Instant?
    /// Who held which pid when the guest answered.
    var lives: [Int64: Truth.Life]
  }

  /// An operation that is not answered yet.
  struct Flight: Sendable {
    var vm: VMAddress?
    /// The VM that this address led to.
    var key: VMKey?
    var login: LoginID?
    var kind: Kind
    var executed: Instant?
    var lives: [Int64: Truth.Life] = [:]
    /// Sent to what this vCenter's entry named before a reload.
    var isOfOld = false
    /// How it stands to its login.
    var use: CheckedLogins.Use?

    var vcenter: VCenterID? {
      if case .refresh(let vcenter, _) = kind { vcenter } else { vm?.vcenter }
    }

    enum Kind: Sendable {
      case refresh(VCenterID, asked: [Selector])
      case survey(LookPurpose)
      case look(pid: Int64, LookPurpose)
      case terminate(KillID)

      /// Where it is not answered the VM rests; looks at what became of a kill have a pace of their own.
      var bringsRest: Bool {
        switch self {
        case .survey(.check), .survey(.confirm), .look(_, .check), .look(_, .confirm), .look(_, .find): true
        case .refresh, .survey, .look, .terminate: false
        }
      }

      /// A look at what became of a terminate.
      var followsKill: Bool {
        switch self {
        case .survey(.verify), .survey(.resolve), .look(_, .verify), .look(_, .resolve): true
        case .refresh, .survey, .look, .terminate: false
        }
      }
    }
  }

  /// One kill from its intent on, over the daemon's lives.
  struct Kill: Sendable {
    var record: KillRecord
    var daemon: Int
    /// The intent was asked for then.
    var asked: Instant
    var isDurable = false
    /// The daemon was told that the intent is on disk.
    var isTold = false
    var terminated: Instant?
    /// With which secret it was sent, and when the first reload came since.
    var credential: CheckedLogins.Credential?
    var reloaded: Instant?
    /// When that was answered or given up.
    var answered: Instant?
    /// From its first byte to its answer.
    var took: Duration?
    /// Steps on their way to the disk.
    var pending: Set<LedgerStep.Kind> = []
    /// The answer that is on disk.
    var recorded: KillAnswer?
    /// The daemon was told that nothing came of it: its outcome is certain to be one that gives the intent back.
    var nothingCame = false
    /// Its deadline came before its answer, which may still come.
    var wasUnanswered = false
    /// False where not a byte of it left.
    var isSent = true
    /// The row that the confirm showed, when its look was sent, and which life it was in truth.
    var confirmed: Confirmed?
    var signalled = false
    /// When its outcome was said first. It is written only when the answer before it is, and an epoch may begin between.
    var said: Instant?
    /// The life of the daemon that said it: a crash may take an outcome that was said, and the next life finds its own.
    var saidIn: Int?
    var closed: (outcome: Outcome, at: Instant)?
    /// From when on it counts, and its end, as the life that runs was told: time that no ledger saw does not count.
    var counts: Instant?
    var closedCounts: Instant?
    var isClosedDurable = false
    /// The daemon was told that the outcome is on disk.
    var isClosedTold = false

    struct Confirmed: Sendable {
      var process: GuestWatchCore.Process
      var sent: Now
      var life: Truth.Life?
    }
  }

  struct LifeState: Sendable {
    /// When it first began: for one that came back with a snapshot, in the life that the snapshot was taken of.
    var born: Int64
    /// Since when it is in the guest: its birth, or when it came back with a snapshot.
    var appeared: Int64
    var died: Int64?
    /// The life that it first was: another than its own where it came back with a snapshot.
    var origin: Truth.Life
  }

  /// What is known of a VM.
  struct Machine: Sendable {
    /// A complete listing.
    struct Listed: Sendable {
      var sent: Now
      var rows: [GuestWatchCore.Process]
      var identities: Set<OwnIdentity>
    }

    /// What was known before an epoch.
    struct Before: Sendable {
      var at: Instant
      var epoch: Instant
      var epochShown: Instant
      var sightings: [LoginID: [Truth.Life: Sighting]]
    }

    var key: VMKey?
    var facts: VMFacts?
    /// When an inventory showed them.
    var shownAt = Instant(nanoseconds: .min)
    /// Its entry leads elsewhere since an inventory showed it last.
    var isRedirected = false
    /// When its entry was last changed.
    var redirected = Instant(nanoseconds: .min)
    var shown: [Shown] = []
    /// Kills whose intent was asked for and that have no outcome yet.
    var open: [KillID] = []
    /// Spans in which a kill was open: they do not count against the 3E of a chain.
    var killSpans: [(from: Int64, to: Int64?)] = []
    var inFlight: OpID?
    /// When its last operations began, oldest first.
    var begun: [Instant] = []
    var epoch = Instant(nanoseconds: .min)
    /// When an inventory last showed that a new epoch had begun, whether the daemon said so or not.
    var epochShown = Instant(nanoseconds: .min)
    /// The daemon says nothing of one that it had not seen before: an inventory may show it all the same.
    var epochKnown: Instant { max(epoch, epochShown) }
    /// What was known before each epoch that this life was shown: it may die before its memory of one is on disk.
    var before: [Before] = []
    var boot: (instance: String, boot: Int64?, suspend: Int64?)?
    /// The id under which a life that lost the memory of an epoch still knows it: another one is shown as registered anew.
    var lostMoid: String?
    /// Since it was last reverted in truth: a new epoch, whether the daemon can tell or not.
    var reverted = Instant(nanoseconds: .min)
    /// No survey or check before that, after one that was not answered.
    var rests = Instant(nanoseconds: .min)
    var lastOutcome: [RuleID: Instant] = [:]
    var lookedInLife = false
    /// The last complete inventory did not have it.
    var missing = false
    /// By login: when each life was first shown in this epoch, and the last complete listing of this life of the daemon.
    var sightings: [LoginID: [Truth.Life: Sighting]] = [:]
    var listed: [LoginID: Listed] = [:]
    /// By login: the same of rows that nobody held, as a list without ends shows programs that have ended.
    var unheld: [LoginID: [OwnIdentity: Sighting]] = [:]
    /// By login: identities that a complete listing lacked after one that had them, in the order of that.
    var gone: [LoginID: [OwnIdentity]] = [:]
    /// Since when neither rules nor what the VM is called have changed: the daemon keeps what it knows of it.
    var steadySince = Instant(nanoseconds: .min)
    /// Something that was listed speaks against the start times of this guest.
    var startsDoubted: (since: Instant, why: String)?
    /// What a complete listing lacked after one that had it, or a look showed to have ended: whoever may own it by then.
    var absent: Set<OwnStart> = []
    /// Whether a selector holds it, as the inventories say; what is not in it is not known.
    var placed: [Selector: Bool] = [:]
    /// No verify look before that, after one that was not answered when 25 s had passed.
    var verifyRests = Instant(nanoseconds: .min)
  }

  /// True where pids may come back within 25 s: only then may a death be excused.
  let reusesPIDs: Bool
  var configuration: Configuration?
  /// Since when a rule has been as it is (S7).
  var ruleSince: [RuleID: Instant] = [:]
  /// When a reload changed a rule or took it away: what was stuck by it is not any more.
  var ruleChanged: [RuleID: Instant] = [:]
  /// What `every` of a rule was, newest last.
  var everies: [RuleID: [(since: Instant, every: Duration)]] = [:]
  var machines: [VMAddress: Machine] = [:]
  /// Where each VM is, and what is known of those that are nowhere for now.
  var homes: [VMKey: VMAddress] = [:]
  /// What each vCenter said last of the selectors that it was asked for. Never iterated.
  var resolutions: [VCenterID: [Selector: Resolution]] = [:]
  /// When ordinary accounts were shown only their own processes last, by guest.
  var hides: [Int: (from: Int64, to: Int64)] = [:]
  /// Which VM an inventory last showed at an address: two entries may lead to one vCenter, and so two addresses to one VM.
  var keys: [VMAddress: VMKey] = [:]
  var away: [VMKey: Machine] = [:]
  var flights: [OpID: Flight] = [:]
  var usedOps = Set<OpID>()
  var kills: [KillID: Kill] = [:]
  /// In the order of their intents.
  var killOrder: [KillID] = []
  var terminates: [OpID: KillID] = [:]
  var calls: [CallID: KillID] = [:]
  var lives: [Truth.Life: LifeState] = [:]
  var daemon = 0
  /// Late answers that are not on their way to the ledger yet.
  var owed: [KillID: KillAnswer] = [:]
  var stopping = false
  var stopAsked = Instant.never
  /// Outcomes that could not be written yet.
  var unwritten = Set<KillID>()
  /// How far the true continuous clock is ahead of that of the daemon's host, in nanoseconds.
  var ahead: Int64 = 0
  /// Logins of which it was said that they are not used anywhere any more.
  var stopped = Set<LoginID>()
  /// When a gate was last named for a runaway.
  var told: [Told: Instant] = [:]
  struct Told: Hashable, Sendable {
    var vm: VMAddress
    var pid: Int64
    var rule: RuleID
  }

  var logins = CheckedLogins()
  var clock = CheckedClock()
  var tally = Tally()
  var effects = 0
  /// Operators who ask about a kill and were not answered yet.
  var asked: [AskID: Asked] = [:]
  /// Gates that an operator closed.
  var pauses: [Pause] = []
  /// Those that are on disk.
  var keptPauses: [Pause] = []

  /// Promises that are looked past, to see what lies behind one that is known to be broken. Only for those that do not
  /// change what is known afterwards (S6 and the contract).
  let ignored: Set<String>

  public init(reusesPIDs: Bool, ignoring ignored: Set<String> = []) {
    self.reusesPIDs = reusesPIDs
    self.ignored = ignored
  }

  /// What was counted so far.
  public var counted: Tally { tally }

  /// Throws, unless the promise, or the check of that name, is looked past.
  func raise(_ invariant: String, _ what: @autoclosure () -> String, _ name: String? = nil) throws(Violation) {
    if ignored.contains(invariant) || name.map(ignored.contains) ?? false { return }
    throw Violation(invariant, what())
  }

  /// Takes one thing in; throws at the first promise that is broken.
  public mutating func observe(_ observation: Observation, at now: Now) throws(Violation) {
    let now = onTrueClock(now)
    switch observation {
    case .daemonBegan(let open): begin(open, at: now)
    case .daemonEnded: end(at: now)
    case .effect(let effect): try see(onTrueClock(effect), at: now)
    case .event(let event): try see(onTrueClock(event), at: now)
    case .durable(let kill, let step): see(durable: step, of: kill)
    case .kept(let pauses): keptPauses = pauses.map(onTrueClock)
    case .hostBooted(let ahead): self.ahead = ahead
    case .executed(let op, _, let lives):
      flights[op]?.lives = lives
      flights[op]?.executed = now.continuous
    case .reached(let op, let call):
      // Not from the flights: it may have been sent by a daemon that has died since.
      if let kill = terminates[op] { calls[call] = kill }
    case .truth(let truth): try see(truth)
    }
  }

  private mutating func begin(_ open: [KillID], at now: Now) {
    daemon += 1
    stopping = false
    pauses = keptPauses
    ruleSince = [:]
    everies = [:]
    configuration = nil
    for key in away.keys {
      away[key]?.listed = [:]
      away[key]?.absent = []
      away[key]?.unsettle(now.continuous)
      away[key]?.inFlight = nil
    }
    for vm in machines.keys {
      machines[vm]?.inFlight = nil
      machines[vm]?.rests = Instant(nanoseconds: .min)
      machines[vm]?.verifyRests = Instant(nanoseconds: .min)
      machines[vm]?.lookedInLife = false
      machines[vm]?.listed = [:]
      machines[vm]?.absent = []
      machines[vm]?.unsettle(now.continuous)
    }
    clock = CheckedClock()
    forgetPlaces(of: nil)
  }

  private mutating func end(at now: Now) {
    flights = [:]
    asked = [:]
    unwritten = []
    owed = [:]
    // What it was about to note went with it.
    logins.owedNote = nil
    for id in killOrder {
      guard let kill = kills[id], !kill.isClosedDurable else { continue }
      if !kill.isDurable {
        // It never was: nothing was sent for it, and nobody will know of it.
        forget(id, at: now)
      } else if kill.closed != nil {
        // Its outcome was not on disk: it is open again.
        kills[id]?.closed = nil
        reopen(id, kill.record, at: now)
      }
    }
  }

  private mutating func reopen(_ id: KillID, _ record: KillRecord, at now: Now) {
    let vm = home(record)
    // Another VM may be at its address by now.
    if machines[vm]?.key == record.vm {
      machines[vm]?.open.append(id)
      machines[vm]?.killSpans.append((now.continuous.nanoseconds, nil))
    } else {
      away[record.vm, default: Machine()].open.append(id)
      away[record.vm]?.killSpans.append((now.continuous.nanoseconds, nil))
    }
  }

  mutating func forget(_ id: KillID, at now: Now) {
    guard let kill = kills.removeValue(forKey: id) else { return }
    killOrder.removeAll { $0 == id }
    close(home(kill.record), id, at: now)
  }

  mutating func close(_ vm: VMAddress, _ id: KillID, at now: Now) {
    machines[vm]?.close(id, at: now)
    // Its VM may be in no inventory for now.
    for key in away.keys { away[key]?.close(id, at: now) }
  }

  /// On disk: after a crash it counts, whether the daemon was told or not.
  private mutating func see(durable step: LedgerStep, of id: KillID) {
    switch step {
    case .intent: kills[id]?.isDurable = true
    case .answered(_, let answer): kills[id]?.recorded = answer
    case .reported: break
    case .closed: kills[id]?.isClosedDurable = true
    }
  }

  // MARK: effects

  private mutating func see(_ effect: Effect, at now: Now) throws(Violation) {
    try guardSecrets(effect)
    switch effect {
    case .refresh(let op, let vcenter, let query, let by):
      try open(op, Flight(kind: .refresh(vcenter, asked: query.selectors)), by: by, at: now)
    case .survey(let op, let vm, let login, let ends, let by):
      adopt(vm)
      let purpose: LookPurpose = isVerify(vm, ends) ? .verify : .check
      try guardLook(vm, login, purpose, at: now)
      try open(op, Flight(vm: vm, login: login, kind: .survey(purpose)), by: by, at: now)
    case .look(let op, let vm, let login, let pid, let purpose, let by):
      adopt(vm)
      try guardLook(vm, login, purpose, at: now)
      try open(op, Flight(vm: vm, login: login, kind: .look(pid: pid, purpose)), by: by, at: now)
    case .terminate(let op, let id, let vm, let login, let pid, let firstByteBy, let wall, let by):
      adopt(vm)
      try judge(terminate: id, vm, login, pid, firstByteBy, wall, at: now)
      terminates[op] = id
      try open(op, Flight(vm: vm, login: login, kind: .terminate(id)), by: by, at: now)
    case .record(let id, let step): try see(record: step, of: id, at: now)
    case .report(let report): try see(report, at: now)
    case .note(.refused(let refusal)):
      let credential = CheckedLogins.Credential(account: refusal.account, digest: refusal.digest)
      if logins.owedNote == CheckedLogins.Place(vm: refusal.vm, credential: credential) { logins.owedNote = nil }
    case .answer(let ask, let answer): try see(answer, to: ask, at: now)
    case .show(let ask, let answer): try see(answer, to: ask)
    case .note, .remember, .keepPauses, .status, .wake, .ready: break
    case .stopped:
      for flight in flights.values {
        guard case .terminate(let id) = flight.kind, now.continuous < stopAsked + .seconds(25) else { continue }
        throw Violation("contract", "stopped while the terminate of kill \(id) is in flight")
      }
    }
  }

  /// S6 and the exactly-once of operations.
  private mutating func open(_ op: OpID, _ flight: Flight, by: Instant, at now: Now) throws(Violation) {
    guard usedOps.insert(op).inserted else { throw Violation("contract", "operation \(op) was used twice") }
    if by <= now.continuous { try raise("contract", "operation \(op) is due when it begins") }
    if stopping, case .terminate = flight.kind {
      throw Violation("S1", "a terminate after the daemon was asked to stop")
    }
    if let vm = flight.vm {
      if let other = machines[vm]?.inFlight {
        try raise("S6", "operations \(other) and \(op) are in flight on \(vm) at once")
      }
      machines[vm, default: Machine()].inFlight = op
      try guardPace(vm, at: now)
    }
    var flight = flight
    flight.use = try use(flight, at: now)
    flights[op] = flight
    flights[op]?.key = flight.vm.flatMap { machines[$0]?.key }
    if case .terminate(let id) = flight.kind { kills[id]?.credential = flight.use?.place.credential }
    guard let configuration else { return }
    if let entry = configuration.vcenters.first(where: { $0.id == flight.vcenter }) {
      let inFlight = flights.values.count { !$0.isOfOld && $0.vcenter == entry.id }
      if inFlight > entry.maxInFlight {
        try raise("S6", "\(inFlight) requests are in flight, \(entry.maxInFlight) are allowed to vCenter \(entry.id)")
      }
    }
    if let login = flight.login, let entry = configuration.logins.first(where: { $0.id == login }) {
      let used = flights.values.count { $0.login == login }
      if used > entry.maxInFlight {
        try raise("S6", "\(used) operations are in flight with login \(login), \(entry.maxInFlight) are allowed")
      }
    }
  }

  /// Every operation is a login in the guest. Surveys every 2 s with two logins, checks, and the looks of a kill after the
  /// other stay well below this; a loop does not.
  private static let most = 240

  private mutating func guardPace(_ vm: VMAddress, at now: Now) throws(Violation) {
    machines[vm]?.begun.append(now.continuous)
    guard let begun = machines[vm]?.begun, begun.count > Checker.most else { return }
    machines[vm]?.begun.removeFirst()
    if now.continuous - begun[0] < .seconds(60) {
      throw Violation("L3", "more than \(Checker.most) operations on \(vm) within a minute")
    }
  }

  /// A survey that shows ends while a terminate of that VM is waiting for its outcome is a verify, too.
  private func isVerify(_ vm: VMAddress, _ ends: Bool) -> Bool {
    ends && machines[vm]?.open.contains { kills[$0].map { $0.answered != nil || $0.daemon < daemon } ?? false } == true
  }

  private func guardLook(
    _ vm: VMAddress, _ login: LoginID, _ purpose: LookPurpose, at now: Now
  ) throws(Violation) {
    guard let machine = machines[vm] else { throw Violation("contract", "\(vm) is in no inventory") }
    switch purpose {
    case .check, .confirm, .find:
      if purpose != .confirm, now.continuous < machine.rests {
        try raise("S6", "\(vm) is looked at before its rest of 30 s is over")
      }
      if let facts = machine.facts, let protect = configuration?.protect, isUntouchable(vm, facts, protect) {
        throw Violation("S2", "\(vm) is never in scope, but is looked at")
      }
      try guardScope(of: login, vm)
    case .verify, .resolve:
      if now.continuous < machine.verifyRests {
        try raise("S6", "a look after a kill on \(vm) was not answered and is repeated at once")
      }
    }
  }

  private mutating func see(_ report: Report, at now: Now) throws(Violation) {
    tally.reports[report.kind, default: 0] += 1
    if let gate = report.gate {
      tally.gates[gate, default: 0] += 1
      if let rule = report.rule, let vcenter = report.vcenter, let moid = report.moid, let process = report.process {
        told[Told(vm: VMAddress(vcenter: vcenter, moid: moid), pid: process.pid, rule: rule)] = now.continuous
      }
    }
    if report.kind == .loginStopped, let login = report.login { stopped.insert(login) }
    if report.kind == .loginTried, let vcenter = report.vcenter, let moid = report.moid, let login = report.login,
      let credential = logins.loaded[login], let key = machines[VMAddress(vcenter: vcenter, moid: moid)]?.key
    {
      logins.announced = CheckedLogins.Place(vm: key, credential: credential)
    }
    if report.kind == .killed, let id = report.killID, kills[id]?.saidIn != daemon {
      kills[id]?.said = now.continuous
      kills[id]?.saidIn = daemon
    }
    if report.kind == .epochEnded, let moid = report.moid, let vcenter = report.vcenter {
      let vm = home(VMAddress(vcenter: vcenter, moid: moid))
      machines[vm]?.epoch = now.continuous
      machines[vm]?.forgetEpoch()
      // A listing that shows it is the first look of the new one.
      if let last = machines[vm]?.shown.last, last.ended.continuous == now.continuous { sight(last, vm) }
      // What was not answered belongs to the time before.
      machines[vm]?.rests = Instant(nanoseconds: .min)
    }
  }

  // MARK: events

  private mutating func see(_ event: Event, at now: Now) throws(Violation) {
    if let place = logins.owedNote {
      try raise("S10", "a refusal of \(place.credential.account) on \(place.vm) is not given to the ledger", "S10-note")
      logins.owedNote = nil
    }
    // A later step waits for an earlier one of its kill to be on disk.
    if let kill = owed.keys.first(where: { kills[$0]?.pending.isEmpty != false }) {
      try raise("S5", "the late answer to kill \(kill) was not recorded", "S5-late")
      owed[kill] = nil
    }
    logins.announced = nil
    readClock(event, at: now)
    switch event {
    case .began(_, let restored):
      logins.begin(restored)
      takeAges(restored, now)
      forgetLostEpochs(restored)
    case .timeCame: break
    case .configured(let new):
      let old = configuration
      for rule in new.rules {
        let before = old?.rules.first { $0.id == rule.id }
        if before?.every != rule.every { everies[rule.id, default: []].append((now.continuous, rule.every)) }
        if let before, OwnRules.isSame(rule, before), ruleSince[rule.id] != nil { continue }
        ruleSince[rule.id] = now.continuous
      }
      for rule in old?.rules ?? [] where !new.rules.contains(where: { OwnRules.isSame($0, rule) }) {
        ruleChanged[rule.id] = now.continuous
      }
      // Another secret is another chance.
      for login in new.logins where old?.logins.first(where: { $0.id == login.id })?.digest != login.digest {
        stopped.remove(login.id)
      }
      for entry in old?.vcenters ?? [] where !new.vcenters.contains(where: { $0.id == entry.id }) {
        redirected(entry.id, at: now.continuous)
      }
      // Another address or account: what is in flight there, and what was not answered there, belongs to another server.
      for entry in new.vcenters where old?.vcenters.first(where: { $0.id == entry.id })?.digest != entry.digest {
        redirected(entry.id, at: now.continuous)
      }
      configuration = new
      for vm in machines.keys { machines[vm]?.unsettle(now.continuous) }
      for key in away.keys { away[key]?.unsettle(now.continuous) }
      logins.configure(new.logins, at: now.continuous)
      for id in killOrder where kills[id]?.terminated != nil && kills[id]?.reloaded == nil {
        kills[id]?.reloaded = now.continuous
      }
    case .asked(let request):
      take(request, at: now)
      if case .retryLogin(let login) = request { logins.retry(login) }
    case .shutdownAsked:
      // The first time counts.
      if !stopping { stopAsked = now.continuous }
      stopping = true
    case .inventory(let op, _, let result):
      if case .failure(let fault) = result { tally.faults[fault.kind, default: 0] += 1 }
      guard case .refresh(let vcenter, let asked)? = flights.removeValue(forKey: op)?.kind else { return }
      if case .success(let inventory) = result {
        let answer = Answered(inventory, asked: asked)
        hear(answer, of: vcenter)
        take(inventory, of: vcenter, answer, at: now)
        if inventory.complete { missing(inventory, of: vcenter) }
      }
    case .surveyed(let op, let timing, let result):
      try answer(op, timing, result.map { .listing($0) }, at: now)
    case .looked(let op, let timing, let result):
      guard case .look(let pid, let purpose)? = flights[op]?.kind else { return }
      try answer(op, timing, result.map { .look($0, pid: pid, purpose) }, at: now)
    case .terminated(let op, let timing, let answer):
      tally.answers[AnswerKind(answer), default: 0] += 1
      if let fault = answer.fault { tally.faults[fault.kind, default: 0] += 1 }
      guard let flight = flights.removeValue(forKey: op), let vm = flight.vm else {
        if let kill = terminates[op], kills[kill]?.daemon == daemon,
          kills[kill]?.wasUnanswered == true
        {
          // One more answer after it was heard is none that is owed.
          kills[kill]?.wasUnanswered = false
          owed[kill] = answer
        }
        return
      }
      landed(op, on: vm)
      if case .terminate(let id) = flight.kind {
        kills[id]?.answered = now.continuous
        kills[id]?.took = timing.firstByte.map { timing.ended.continuous - $0.continuous }
        switch answer {
        case .notSent:
          kills[id]?.isSent = false
          kills[id]?.nothingCame = true
        case .denied, .notBegun: kills[id]?.nothingCame = true
        case .unanswered: kills[id]?.wasUnanswered = true
        case .done, .notFound, .ambiguous: break
        }
      }
      switch answer {
      case .done, .notFound: told(flight, nil, accepts: true, at: now)
      case .denied(let fault), .ambiguous(let fault), .notBegun(let fault), .notSent(let fault):
        // Only a refusal for certain is one.
        if case .denied = answer {
          told(flight, fault, accepts: false, at: now)
        } else if fault.kind != .guestLoginRefused {
          told(flight, fault, accepts: false, at: now)
        }
      case .unanswered: break
      }
    case .recorded(let id, let kind, let result):
      if case .success = result { kills[id]?.pending.remove(kind) }
      switch (kind, result) {
      case (.intent, .success): kills[id]?.isTold = true
      // It may be on disk all the same: it is open until it is closed.
      case (.intent, .failure): break
      case (.closed, .success):
        kills[id]?.isClosedTold = true
        unwritten.remove(id)
      case (.closed, .failure): unwritten.insert(id)
      case (.answered, _), (.reported, _): break
      }
    }
  }

  /// The VM that it was asked of may have another address by now, or none.
  private mutating func landed(_ op: OpID, on vm: VMAddress) {
    if machines[vm]?.inFlight == op {
      machines[vm]?.inFlight = nil
    } else if let key = away.first(where: { $0.value.inFlight == op })?.key {
      away[key]?.inFlight = nil
    } else if let other = machines.first(where: { $0.value.inFlight == op })?.key {
      machines[other]?.inFlight = nil
    }
  }

  private mutating func answer(
    _ op: OpID, _ timing: Timing, _ result: Result<Shown.What, Fault>, at now: Now
  ) throws(Violation) {
    guard let flight = flights.removeValue(forKey: op), let asked = flight.vm, let login = flight.login else { return }
    landed(op, on: asked)
    switch result {
    case .success(.look(.vmGone, _, _)): told(flight, nil, accepts: false, at: now)
    case .success: told(flight, nil, accepts: true, at: now)
    case .failure(let fault): if !flight.isOfOld { told(flight, fault, accepts: false, at: now) }
    }
    // What is known of the VM may have gone to another entry's address meanwhile; with another id it is another epoch.
    let vm = flight.key.flatMap { homes[$0] }.flatMap { $0.moid == asked.moid ? $0 : nil } ?? asked
    // What it says is about a VM of another server, or about nothing that is still believed.
    if flight.isOfOld, flight.kind.bringsRest { return }
    switch result {
    case .success(let what):
      machines[vm]?.rests = Instant(nanoseconds: .min)
      machines[vm]?.lookedInLife = true
      let shown = Shown(
        login: login, daemon: daemon, sent: timing.firstByte ?? timing.ended, ended: timing.ended, what: what,
        family: machines[vm]?.facts?.family ?? .unknown, executed: flight.executed, lives: flight.lives)
      sight(shown, vm)
      machines[vm]?.shown.append(shown)
      if let count = machines[vm]?.shown.count, count > 4_000 { machines[vm]?.shown.removeFirst(1_000) }
    case .failure(let fault):
      tally.faults[fault.kind, default: 0] += 1
      guard fault.kind == .unanswered else { break }
      if flight.isOfOld { break }
      if flight.kind.bringsRest {
        machines[vm]?.rests = now.continuous + .seconds(30)
      } else if let id = machines[vm]?.open.first, let answered = kills[id]?.answered,
        now.continuous - answered > .seconds(25)
      {
        // The shortest back-off is 1 s, less a fifth.
        machines[vm]?.verifyRests = now.continuous + .milliseconds(800)
      }
    }
  }
}
