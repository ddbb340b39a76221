import OrderedCollections

/// One user name with one secret: what a guest accepts or refuses, whatever the entries with it are called.
struct Credential: Hashable, Sendable {
  /// The user name, case folded.
  var account: String
  /// Digest of user name and secret.
  var digest: UInt64
}

/// Where one secret of an account stands.
struct CredentialState: Sendable {
  /// Refusals since it was last accepted.
  var row = 0
  /// Uses in an earlier life of which nobody saw the answer: each may have been a refusal.
  var doubts = 0
  /// Not used anywhere until a try is accepted.
  var stopped = false
  /// vCenters on which a VM accepted it in this life, since the last refusal.
  var proven: OrderedSet<VCenterID> = []
  /// VMs that accepted it, latest last.
  var accepted: [VMKey] = []
  /// Counts what an acceptance must have been sent after to prove anything.
  var serial: UInt64 = 0
  var inFlight = 0

  /// So many VMs that accepted it are remembered: one of them that answers is enough.
  static let acceptedCap = 16

  /// Refusals in a row, as many as there may have been.
  var refusals: Int { row + doubts }
  var isBlank: Bool { row == 0 && doubts == 0 && !stopped && inFlight == 0 }

  mutating func remember(accepted vm: VMKey) {
    if accepted.contains(vm) { return }
    if accepted.count >= CredentialState.acceptedCap { accepted.removeFirst() }
    accepted.append(vm)
  }
}

/// One user name, case folded, over all entries and vCenters: what a directory counts refusals of.
struct LoginAccount: Sendable {
  /// Tries with a stopped account, one VM at a time, until one is told something.
  struct Window: Sendable {
    /// VMs whose answer said nothing.
    var asked: OrderedSet<VMKey> = []
    /// An operator asked for it.
    var byOperator = false
  }

  /// By digest.
  var credentials: OrderedDictionary<UInt64, CredentialState> = [:]
  /// Digests that entries of the configuration in force have.
  var loaded: OrderedSet<UInt64> = []
  /// True where any entry says so: lockout policies count.
  var directory = false
  var inFlight = 0
  /// Operations in flight that were sent unproven; one at most.
  var guesses = 0
  /// A refusal is not explained yet: one operation at a time, and a VM that accepted it before goes first.
  var alone = false
  /// VMs that were asked since then.
  var asked: OrderedSet<VMKey> = []
  /// VMs that wait for a slot, in the order in which they came.
  var waiting: [VMKey] = []
  /// Tries of the timer since the account was stopped.
  var tries = 0
  /// When the timer allows the next one; nil: nothing is stopped.
  var nextTry: Instant?
  var window: Window?
  /// No VM was found for the window: looked for again then.
  var lookFrom = Instant(nanoseconds: .min)

  /// Refusals in a row that stop an account everywhere: directories lock an account over all machines.
  var allowed: Int { directory ? 2 : 3 }
  /// So many uses of which no life saw the answer stop any account: all of them may have been refused by one VM, and an
  /// account of that VM alone may be locked by the third.
  static let doubtsAllowed = 2
  /// A directory account is never in flight more often: all of them may be refused at once.
  static let directoryCap = 4

  /// The pause before the next try after so many.
  static func pause(tries: Int) -> Duration { .seconds(3600 * min(1 << min(tries, 5), 24)) }
  /// How often a VM is looked for that could take the try.
  static let searchEvery = Duration.seconds(10)
  /// The same VMs are asked again by one window after that long, where none of their answers said anything.
  static let againEvery = Duration.seconds(60)

  var isProvenSomewhere: Bool { credentials.values.contains { !$0.proven.isEmpty } }
  var hasStopped: Bool { loaded.contains { credentials[$0]?.stopped ?? false } }
  /// Refusals in a row over the secrets in force that are not stopped yet.
  var inRow: Int { sum(\.refusals) }

  /// True where it was refused, or may have been, as often as is allowed.
  var isUsedUp: Bool { inRow >= allowed || sum(\.doubts) >= LoginAccount.doubtsAllowed }

  /// Of the secrets in force that are not stopped yet.
  private func sum(_ count: (CredentialState) -> Int) -> Int {
    loaded.reduce(0) { sum, digest in
      guard let state = credentials[digest], !state.stopped else { return sum }
      return sum + count(state)
    }
  }

  /// True where nothing can be sent to this vCenter: a guess is in flight, and there everything would be one.
  func waitsForProof(on vcenter: VCenterID) -> Bool {
    guesses > 0 && !loaded.contains { credentials[$0]?.proven.contains(vcenter) ?? false }
  }

  /// False where no operation at all can begin: who waits need not be asked.
  var hasRoom: Bool {
    if alone || (directory && inFlight >= LoginAccount.directoryCap) { return false }
    return guesses == 0 || isProvenSomewhere
  }
}
