/// What is known of one `[[vcenter]]`.
struct VCenterState: Sendable {
  var entry: VCenterEntry
  /// `about.instanceUuid`, once it answered.
  var uuid: String?
  var canTerminate = false
  var refreshing: OpID?
  var nextRefresh: Instant
  /// When the last refresh was sent; on a VM that is not found it is repeated at most once a minute.
  var lastRefresh: Instant?
  /// In a row: slows the whole vCenter down.
  var failures = 0
  /// nil: it answers. Only refreshes are sent while it is down.
  var down: Fault?
  var downSince = Instant(nanoseconds: .min)
  /// What the operator was told last; nil: nothing yet.
  var told: Told?
  /// Operations in flight, a refresh among them.
  var inFlight = 0
  /// A refresh is due and waits for a slot, before all others.
  var refreshWaits = false
  /// VMs that wait for a slot, in the order in which they came.
  var waiting: [VMKey] = []
  /// Of those in flight, how many are on VMs whose last operation timed out, and which of these wait for a place.
  var slowInFlight = 0
  var slowWaiting: [VMKey] = []
  /// VMs that a rule reaches but that have no instance uuid: they cannot be known again, so they are not watched.
  var nameless: [(moid: String, name: String)] = []
  var saidWatchOnly = false
  /// What the last complete inventory was asked for; nil: none came yet.
  var answered: ScopeQuery?
  /// What it said of selectors.
  var book = SelectorBook()
  /// Selectors of `[protect] vms` of which it cannot be known whether they hold a VM of this vCenter.
  var unsure: Set<Selector> = []

  /// The pause after so many refusals of our login in a row: two may be all that stands between us and a locked account.
  static func pause(refusals: Int) -> Duration { refusals < 2 ? .seconds(60) : .seconds(1800) }

  /// The pause after so many failures in a row where our login is turned away: what is full is left alone for longer.
  static func pause(turnedAway: Int) -> Duration {
    switch turnedAway {
    case ...1: .seconds(60)
    case 2: .seconds(120)
    case 3: .seconds(240)
    case 4: .seconds(480)
    default: .seconds(600)
    }
  }

  /// VMs that time out share a quarter of the vCenter's places, so that they cannot starve the others.
  var slowShare: Int { max(entry.maxInFlight / 4, 1) }
  static let namelessCap = 1_000
  static let refreshEvery = Duration.seconds(120)
  static let refreshOnMissing = Duration.seconds(60)
}

/// What the operator was told last of whether a vCenter answers.
struct Told: Hashable, Sendable {
  /// Of what it was down when that was said last, and when that was.
  var kind: FaultKind
  var at: Instant
  /// False where it was said since that it answers again.
  var isDown = true

  /// One that comes and goes is down once in this time, not each time.
  static let again = Duration.seconds(600)
  /// But it is said where it stays down for this long.
  static let lasts = Duration.seconds(60)
}

/// A vCenter login that was refused.
struct Refused: Hashable, Sendable {
  /// Not tried before.
  var until: Instant
  /// Refusals in a row.
  var count: Int
}

/// Why a VM that a rule reaches cannot be watched now.
public enum Unwatchable: String, Hashable, Sendable, CaseIterable {
  case off = "it is not powered on"
  case disconnected = "its host is not connected"
  case notReady = "guest operations are not ready (VMware Tools)"
  case template = "it is a template"
  case managed = "a solution manages it"
  case protected = "[protect] vms covers it"
  case protectionUnknown = "it cannot be known whether [protect] vms covers it"
  case twice = "its instance uuid is there twice"
  case own = "the daemon itself runs on it"
  case nameless = "it has no instance uuid"
  case outOfSight = "its vCenter does not show it any more"
  case unconfirmed = "its vCenter has not shown it since the configuration changed"
}

/// What is known of one VM.
struct VMState: Sendable {
  var key: VMKey
  var address: VMAddress
  var facts: VMFacts
  /// False where it is kept only for an open kill or because it may come back.
  var present: Bool
  var unwatchable: Unwatchable?
  /// The id that the last inventory with it showed, as the only one with its uuid.
  var shownMoid: String?
  /// An inventory of the entry as it is now has shown it: its moid is believed.
  var isShown = false
  /// The last complete inventory said which selectors hold it.
  var isPlaced = false
  /// The last complete inventory lacked it although it was asked for, and it is asked for by its id now.
  var isOutOfSight = false
  /// Since when it is not in the inventory; nil: it is, or that was not looked at yet.
  var missingSince: Instant?
  /// Terminates in a row that were not sent or not begun, and those that were denied; and until when none is tried.
  var killFailures = 0
  var denials = 0
  var killRestUntil = Instant(nanoseconds: .min)
  /// The views are what the rules say of these facts; false: they are to be found anew.
  var rulesApply = false
  /// The inventory has its instance uuid twice: which of them a look shows cannot be told.
  var isTwice = false
  var views: [LoginView] = []
  /// One guest operation in flight, always.
  var busy: OpID?
  /// The VM that was at its address before: what is in flight there is still the only operation that may be.
  var predecessor: VMKey?
  /// The one that waits for the operation in flight here to be answered.
  var successor: VMKey?
  /// After an unanswered look, and while backing off.
  var restUntil = Instant(nanoseconds: .min)
  /// After an unanswered look alone: its agent may still be at it, whatever the inventory says meanwhile.
  var silentUntil = Instant(nanoseconds: .min)
  var failures = 0
  /// Its last operation was not answered in time.
  var timedOut = false
  /// A permanent answer: left alone until then.
  var parked: (until: Instant, fault: Fault)?
  var kill: Kill?
  /// What an operator wants to know or to be done here.
  var hand: Hand?
  /// The process that was last shown to an operator.
  var shown: Shown?
  /// Open kills of an earlier life that wait for their turn: one at a time.
  var waitingKills: [Kill] = []
  /// Tries on identities of this VM, over all rules; by pid, which is the same for all names of one.
  var attempts: [Attempts] = []
  /// Processes that ended: never a candidate again in this epoch. What is still listed moves to the end.
  var ended: [Ended] = []
  /// Counts the epochs: power cycles, reverts, clones.
  var epoch: UInt32 = 0
  /// When this one began, where that was seen, in this life or before.
  var epochBegan: Instant?
  /// What speaks against the start times of this epoch; nil: nothing so far.
  var doubt: String?
  /// The last known values: an unset property is unknown, never a change.
  var bootTime: Int64?
  var suspendTime: Int64?
  /// What an earlier life knew of identities, until a complete listing with the same login has answered for them.
  var restoredSeen: [VMMemory.Seen] = []
  /// What was last given to the ledger, and whether that may have changed.
  var remembered: VMMemory?
  var memoryIsStale = false
  /// When the last outcome was closed: the next victim of a group is chosen from a listing sent after that.
  var lastOutcome = Instant(nanoseconds: .min)
  /// What the agenda has booked.
  var booked = Instant.never
  /// Waits for a slot of its vCenter.
  var queued = false
  /// Waits for a slot of these logins; what others want goes on meanwhile.
  var waits: [LoginWait] = []

  /// The most identities that are remembered as ended, those dropped first that are not listed any more, oldest first.
  static let endedCap = 512
  /// The most processes that are there and were tried. Where there are more, no other is tried: of whom it is not known how
  /// often, that may be one to be left alone.
  static let attemptsCap = 2_048
  /// A VM that is missing so long is forgotten; where its login was refused is remembered all the same.
  static let forgetAfter = Duration.seconds(3600)

  var watchable: Bool { present && unwatchable == nil }

  /// Where the tries on who has this pid begin, or would.
  private func firstAttempt(on pid: Int64) -> Int {
    var (low, high) = (0, attempts.count)
    while low < high {
      let middle = (low + high) / 2
      if attempts[middle].identity.pid < pid { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Tries on what has this name or had it.
  func attempts(on identity: Identity) -> [Attempts] {
    var found: [Attempts] = []
    var i = firstAttempt(on: identity.pid)
    while i < attempts.count, attempts[i].identity.pid == identity.pid {
      if attempts[i].isOn(identity) { found.append(attempts[i]) }
      i += 1
    }
    return found
  }

  mutating func insert(_ new: Attempts) { attempts.insert(new, at: firstAttempt(on: new.identity.pid)) }

  /// A terminate was begun here, or may have been.
  mutating func takesTerminates() {
    killFailures = 0
    denials = 0
  }
}

/// A VM waits for a slot of this login.
struct LoginWait: Hashable, Sendable {
  var login: LoginID
  var account: String
}

/// What one login has shown of a VM. Looks with one login prove nothing for another.
struct LoginView: Sendable {
  var login: LoginID
  /// Places of the rules in the configuration, in rule order.
  var rules: [Int]
  var every: Duration
  var nextSurvey: Instant
  /// The rows of the last complete listing, by pid.
  var rows: [RowMemory] = []
  /// When the last complete listing was sent (both clocks); nil: none in this epoch.
  var lastListing: Now?
  /// Our wall clock was trusted from that listing on.
  var listingIsDated = false
  /// Of rows that a complete listing did not show any more: three that come back end the epoch.
  var gone = GoneRows()
  /// By pid.
  var candidates: [Candidate] = []
  /// Of each group the last place in its order that nobody follows, for there were too many candidates; by rule. It is
  /// waited for: nobody dies in the place of another.
  var unfollowed: [RuleID: [Group.Key: Int]] = [:]
  /// The guest denies this account: left alone until then.
  var parkedUntil = Instant(nanoseconds: .min)
  /// What it said to that, until a look works.
  var parked: Fault?

  /// E of L1: what `every` really gives.
  var interval: Duration { max(every, .seconds(10)) }
  /// A chain of looks breaks after this long without one.
  var chain: Duration { interval * 3 }
  static let candidateCap = 5_000
  /// So many that come back at once are no chance.
  static let comeback = 3
}

/// An identity that matches a rule and is being followed.
struct Candidate: Sendable {
  /// As the last look showed it.
  var process: Process
  var firstSeen: Instant
  var evidence: Int64?
  var looks: Int
  var tracks: [Track]
  /// When it should next be looked at on its own; never: the surveys are enough.
  var due: Instant
  /// A `get` contradicted the listings: not asked for again sooner, for each of them causes one more survey and a guest may
  /// contradict itself for ever (an owner that is named otherwise in a listing, say).
  var getsFrom = Instant(nanoseconds: .min)
}

extension Candidate {
  /// Ends all chains.
  mutating func breakChains() {
    for t in tracks.indices { tracks[t].exceeded = nil }
  }

  /// Ends the chains in which the last look is longer ago than `chain`.
  mutating func breakChains(_ chain: Duration, _ now: Now) {
    for t in tracks.indices {
      if let exceeded = tracks[t].exceeded, now.continuous - exceeded.lastEnded > chain { tracks[t].exceeded = nil }
    }
  }
}

/// One rule's view of a candidate.
struct Track: Sendable {
  /// A limit that is exceeded over an unbroken chain of looks.
  struct Exceeded: Sendable {
    var reason: Reason
    /// When the first look of the chain was answered.
    var since: Instant
    var lastSent: Instant
    var lastEnded: Instant
    var looks: Int
    /// Key of the group, for `max_instances`.
    var group: Group.Key?

    /// When the chain is long enough.
    func due(_ lasting: Duration) -> Instant {
      if mutated(.ignoreLasting) { return since + Track.twoLooks }
      if mutated(.actOnOneLook) { return since + lasting }
      return since + max(lasting, Track.twoLooks)
    }
  }

  /// Two looks must be this far apart.
  static let twoLooks = Duration.seconds(5)

  var rule: RuleID
  var exceeded: Exceeded?
  /// Where the last listing ranked it, for `max_instances`.
  var rank: Rank?

  struct Rank: Sendable {
    var group: Group.Key
    var place: Standing.Place
  }

  /// Gates that were said, so that each is said once.
  var said: [Gate] = []
  var announced = false
}

/// Tries on one identity, over all rules.
struct Attempts: Sendable {
  var identity: Identity
  /// What it was called before the guest's agent restarted, oldest first: a revert brings those starts back, and nothing need
  /// tell of it.
  var former: [Identity] = []
  /// Outcomes `survived` and `unknown`.
  var count = 0
  var last = Instant(nanoseconds: .min)
  var stuck = false
  /// The rule of the last try by one: where it changes, `stuck` ends. nil: only operators tried.
  var rule: RuleID?
  /// Logins with which it was denied.
  var denied: [LoginID] = []
  /// Logins with which it was tried: only what one of them lists tells that the identity is gone.
  var tried: [LoginID] = []

  /// The same identity is tried again at the earliest 30 s after `survived`, then 10 min, then it is stuck.
  static let firstWait = Duration.seconds(30)
  static let secondWait = Duration.seconds(600)
  static let most = 3
  /// So often an agent may restart; what it was called before that is forgotten.
  static let formerCap = 16

  func isOn(_ identity: Identity) -> Bool { identity == self.identity || former.contains(identity) }

  /// All that it is or was called.
  var names: [Ended.Name] { ([identity] + former).map { Ended.Name($0) } }

  /// From now on it is called that, and what it was called before is known.
  mutating func rename(_ identity: Identity) {
    guard identity != self.identity else { return }
    former.removeAll { $0 == identity || $0 == self.identity }
    former.append(self.identity)
    if former.count > Attempts.formerCap { former.removeFirst() }
    self.identity = identity
  }

  /// Counts a try.
  mutating func note(_ outcome: Outcome, rule: RuleID?, login: LoginID, _ at: Instant) {
    if let rule { self.rule = rule }
    if !tried.contains(login) { tried.append(login) }
    last = max(last, at)
    switch outcome {
    case .survived, .unknown:
      count += 1
      if count >= Attempts.most, !mutated(.neverStuck) { stuck = true }
    case .stuck: stuck = true
    case .denied: if !denied.contains(login) { denied.append(login) }
    case .exited, .alreadyGone, .gone, .failed, .abandoned: break
    }
  }

  /// The rule that it was stuck for is another one now: it may be tried anew, but not with what it was denied to.
  mutating func free() {
    count = 0
    stuck = false
    last = Instant(nanoseconds: .min)
  }

  /// Until when it is left alone.
  var waitsUntil: Instant {
    switch mutated(.retryAtOnce) ? 0 : count {
    case 0: Instant(nanoseconds: .min)
    case 1: last + Attempts.firstWait
    default: last + Attempts.secondWait
    }
  }
}

/// A process that ended or was closed as gone.
struct Ended: Sendable {
  /// Whoever the guest says owns it: a dead one that is still listed may be shown under another owner than it had.
  struct Name: Hashable, Sendable {
    var pid: Int64
    var started: Int64
  }

  var name: Name
  /// The login whose look lacked it: what one may see proves nothing for another. nil: it was shown to have ended, or a kill
  /// found it gone.
  var login: LoginID?
  var at: Instant
  /// It was said that it is still listed.
  var said = false

  /// A guest shows ended processes that were started through the API for 5 minutes.
  static let shown = Duration.seconds(300)
}

extension Ended {
  func counts(for login: LoginID) -> Bool { self.login.map { $0 == login } ?? true }
}

extension Ended.Name {
  init(_ identity: Identity) { self.init(pid: identity.pid, started: identity.started) }
}
