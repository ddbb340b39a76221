/// One kill, from the decision to its outcome on disk. A VM has one at most.
struct Kill: Sendable {
  enum Phase: Sendable {
    /// Waits for its confirm to be sent, not before an instant; `tries` were slow or failed.
    case confirming(notBefore: Instant, tries: Int)
    /// The intent is on its way to the disk.
    case recording
    /// The terminate is in flight.
    case terminating
    /// Looks until it is clear; the next one not before an instant.
    case verifying(next: Instant, looks: Int)
    /// The outcome is on its way to the disk.
    case closing(Outcome)
  }

  /// The row's name; nil until there is an intent.
  var id: KillID?
  /// As it stood when it was decided; asked for anew at every gate.
  var ground: Ground
  var login: LoginID
  var address: VMAddress
  var vmName: String
  /// The process as the last look before the terminate showed it.
  var target: Process
  var anchors: [Anchor] = []
  var phase: Phase
  var decided: Now
  /// The look under way that is its confirm. One that was under way for a kill before, which was dropped, is none: it may
  /// have been made with another login, and how it ends is nothing of this one's.
  var confirm: OpID?
  /// When the confirm was sent: the terminate leaves within 5 s of it.
  var confirmSent: Now?
  var confirmed: Now?
  /// Held from the confirm to the end of the terminate, so that the terminate never waits for one.
  var slot: Slot?
  /// When the intent was decided.
  var intentAt: Instant
  var firstByte: Now?
  var answer: KillAnswer?
  /// When the terminate was answered or given up.
  var answered: Instant?
  /// Until when the time that it was open was taken out of the chains of looks.
  var chainsKept = Instant(nanoseconds: .min)
  /// What it was closed with, while the outcome is on its way to the disk.
  var error: Fault?
  /// Its VM's epoch ended: the outcome cannot be known any more.
  var lost = false
  /// Of an earlier life of the daemon.
  var restored = false
  /// A look showed another start on the pid: only a listing can tell what that means.
  var verifyNeedsListing = false
  /// How long the terminate took to be answered.
  var took: Duration?
  /// The last look that succeeded, or the start of this life.
  var since = Instant(nanoseconds: .min)
  /// Until when its looks go over the link that its terminate left by, though its vCenter entry changed or is gone.
  var keepsLinkUntil = Instant(nanoseconds: .min)
  /// What the terminate was sent with: its looks use the same, for as long as its link is kept.
  var credential: Credential?
  /// A reload came since the terminate: when the scheduler drops the link that it left by, and the secret with it.
  var linkUntil: Instant?
  /// Looks in a row that failed.
  var failedLooks = 0
  /// A look failed since the last survey: the survey goes first.
  var surveyTurn = false

  /// The identity as listings show it since the guest's agent restarted; nil: as it was.
  var shifted: Identity?

  var identity: Identity { target.identity }
  /// What the outcome is about from now on.
  var identityNow: Identity { shifted ?? identity }

  /// True where it is past the point at which nothing was recorded yet.
  var isOpen: Bool { id != nil }
}

/// Constants of a kill, with their reasons.
enum KillTiming {
  /// From the send of the confirm to the first byte of the terminate: what a pid may have become in between is bounded.
  static let window = Duration.seconds(5)
  /// The guest agent may take 20 s (SIGTERM, 5 s, SIGKILL, 15 s) for a terminate.
  static let terminate = Duration.seconds(60)
  /// A look at a guest, body included.
  static let look = Duration.seconds(30)
  static let refresh = Duration.seconds(30)
  /// Not-found sooner than this into our own call: it had ended before us. Later, our SIGTERM did it.
  static let ownEffect = Duration.seconds(5)
  /// Looks after the answer.
  static let verify: [Duration] = [1, 2, 4, 8, 16, 25].map { .seconds($0) }
  /// The same identity still there after this: survived.
  static let survived = Duration.seconds(25)
  /// A reload leaves the link of a kill that was sent in place for 90 s; looks over it begin a little before that ends.
  static let keepsLink = Duration.seconds(85)
  /// When that link is really dropped, and how near to it nobody can say which secret a look would be sent with.
  static let linkEnds = Duration.seconds(90)
  static let linkDoubt = Duration.seconds(5)
  /// After a restart the same identity is watched this long from the intent on before nobody can know.
  static let resolve = Duration.seconds(90)
  /// No look succeeded for this long: unknown.
  static let giveUp = Duration.seconds(86_400)
  /// Tries of a confirm before the next survey decides.
  static let confirmTries = 3
  /// A VM rests after an unanswered look.
  static let rest = Duration.seconds(30)
  /// A permanent answer parks the VM.
  static let park = Duration.seconds(3600)
  /// How often what could not be written is tried again.
  static let ledgerRetry = Duration.seconds(10)

  /// Back-off after the n-th failure in a row, before jitter.
  static func backOff(_ failures: Int) -> Duration {
    switch failures {
    case ...1: .seconds(1)
    case 2: .seconds(2)
    case 3: .seconds(4)
    case 4: .seconds(8)
    case 5: .seconds(16)
    default: .seconds(60)
    }
  }
}

/// Whether the ledger takes what it is given.
struct LedgerState: Sendable {
  struct Unwritten: Sendable {
    var id: KillID
    var step: LedgerStep
    /// False where it waits for a step before it, or to be tried again.
    var inFlight: Bool
    /// It failed before: no new intent until it is written.
    var failed = false
    var failedAt = Instant(nanoseconds: .min)
  }
  /// Steps that are not on disk yet, oldest first: retried every 10 s. Intents are never kept here.
  var unwritten: [Unwritten] = []
  /// Until when no intent is tried after one failed.
  var intentsFrom = Instant(nanoseconds: .min)
  var failing = false
  /// When one that failed may be tried again: at once where another was written, else after a pause.
  var retriesFrom = Instant(nanoseconds: .min)
  static let unwrittenCap = 10_000

  /// When the next one that failed is tried again; nil: none is left, or one is in flight.
  var nextRetry: Instant? {
    var waits = false
    for one in unwritten where one.failed {
      if one.inFlight { return nil }
      waits = true
    }
    return waits ? retriesFrom : nil
  }

  /// No new intent before what happened is written.
  func takesIntents(_ now: Instant) -> Bool { now >= intentsFrom && !unwritten.contains { $0.failed } }
}
