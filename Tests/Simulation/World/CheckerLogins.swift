import GuestWatchCore

/// Guest logins as S10 wants them, by user name and secret: what the entries are called means nothing.
///
/// It counts what a daemon was told in its life and what the ledger told it at its start, never more: whoever may not use
/// a login by this count may not use it by any.
struct CheckedLogins: Sendable {
  struct Credential: Hashable, Sendable {
    var account: String
    var digest: UInt64
  }
  struct Place: Hashable, Sendable {
    var vm: VMKey
    var credential: Credential
  }
  /// One secret of an account.
  struct State: Sendable {
    /// Refusals since it was last accepted, and uses of which nobody saw the answer.
    var row = 0
    /// What an acceptance must have been sent after to prove anything.
    var serial = 0
    var proven: Set<VCenterID> = []
    var stopped = false
  }
  /// How an operation stands to its login, as it was when it was sent.
  struct Use: Sendable {
    var place: Place
    var vcenter: VCenterID
    var serial: Int
    var isGuess: Bool
    var isTry: Bool
  }
  enum Verdict { case accepted, refused, nothing(mayHaveCome: Bool) }

  /// Where a login was refused, and when.
  var refused: [Place: Instant] = [:]
  /// Where an operator lets it be used once more.
  var onTrial: Set<Place> = []
  var states: [Credential: State] = [:]
  var loaded: [LoginID: Credential] = [:]
  var directories: Set<String> = []
  /// Accounts with a refusal that is not explained: one operation at a time.
  var alone: Set<String> = []
  /// The timer's tries of a stopped account, and when it may be tried again.
  var tries: [String: Int] = [:]
  var notBefore: [String: Instant] = [:]
  var byOperator: Set<String> = []
  /// What was said to be tried right now.
  var announced: Place?
  /// A refusal whose note to the ledger has not come yet.
  var owedNote: Place?

  init() {}

  private func isLoaded(_ credential: Credential) -> Bool { loaded.values.contains(credential) }

  private func inRow(_ account: String) -> Int {
    Set(loaded.values).reduce(0) { sum, credential in
      guard credential.account == account, let state = states[credential], !state.stopped else { return sum }
      return sum + state.row
    }
  }

  // MARK: What a life begins with

  mutating func begin(_ restored: Restored) {
    let before = self
    self = CheckedLogins()
    for refusal in restored.refusals {
      let credential = Credential(account: refusal.account, digest: refusal.digest)
      let place = Place(vm: refusal.vm, credential: credential)
      refused[place] = before.refused[place] ?? Instant(nanoseconds: 0)
      guard refusal.inRow else { continue }
      states[credential, default: State()].row += 1
      alone.insert(refusal.account)
    }
    for standing in restored.standings {
      let credential = Credential(account: standing.account, digest: standing.digest)
      states[credential, default: State()].row += max(standing.doubts, 0)
      if standing.doubts > 0 { alone.insert(standing.account) }
      guard standing.tries != nil else { continue }
      states[credential]?.stopped = true
      // A try that a crash took before it was noted is one that nobody knows of.
      guard let noted = standing.tries, noted >= before.tries[standing.account] ?? 0 else { continue }
      tries[standing.account] = before.tries[standing.account]
      notBefore[standing.account] = before.notBefore[standing.account]
    }
  }

  mutating func configure(_ logins: [LoginEntry], at now: Instant) {
    loaded = [:]
    for login in logins {
      let credential = Credential(account: login.account, digest: login.digest)
      loaded[login.id] = credential
      if states[credential] == nil { states[credential] = State() }
      if login.directory { directories.insert(login.account) }
    }
    for account in Set(loaded.values.map(\.account)) {
      let secrets = Set(loaded.values).filter { $0.account == account }
      if secrets.contains(where: { states[$0]?.stopped == false }) { free(account) }
      stop(account, at: now)
      if inRow(account) == 0 { alone.remove(account) }
    }
  }

  /// Those that were stopped with others' refusals are free.
  private mutating func free(_ account: String) {
    for credential in states.keys where credential.account == account && states[credential]?.row == 0 {
      states[credential]?.stopped = false
    }
  }

  func allowed(_ account: String) -> Int { directories.contains(account) ? 2 : 3 }

  private mutating func stop(_ account: String, at now: Instant) {
    guard inRow(account) >= allowed(account) else { return }
    alone.remove(account)
    tries[account] = 0
    notBefore[account] = now + .seconds(3600)
    byOperator.remove(account)
    for credential in states.keys where credential.account == account {
      if isLoaded(credential) || states[credential]?.row ?? 0 > 0 { states[credential]?.stopped = true }
    }
  }

  mutating func retry(_ login: LoginID) {
    guard let credential = loaded[login] else { return }
    for place in refused.keys where place.credential == credential {
      refused[place] = nil
      onTrial.insert(place)
    }
    if states[credential]?.stopped == true { byOperator.insert(credential.account) }
  }

  // MARK: Before an operation

  /// Why it must not be sent; nil: it may. `others` are the uses of the same account that are in flight.
  func objection(_ use: Use, _ others: [Use], at now: Instant) -> (what: String, name: String)? {
    let credential = use.place.credential
    let account = credential.account
    if use.isTry {
      if !others.isEmpty { return ("account \(account) is tried while it is in use", "S10-try") }
      if let from = notBefore[account], now < from, !byOperator.contains(account) {
        return ("account \(account) is tried again before \(Line.time(from))", "S10-try")
      }
      return nil
    }
    if let since = refused[use.place] {
      return ("a login of \(account) is used on \(use.place.vm) again, refused at \(Line.time(since))", "S10-again")
    }
    if states[credential]?.stopped == true { return ("account \(account) is used, but it is stopped", "S10-stopped") }
    if alone.contains(account), isLoaded(credential), !others.isEmpty {
      return ("account \(account) is used twice at once after a refusal", "S10-alone")
    }
    if use.isGuess, others.contains(where: \.isGuess) {
      return ("two operations with account \(account), which is not proven, are in flight", "S10-guess")
    }
    if directories.contains(account), others.count >= 4 {
      return ("more than 4 operations with the directory account \(account) are in flight", "S10-cap")
    }
    return nil
  }

  mutating func use(_ credential: Credential, on vm: VMKey, _ vcenter: VCenterID) -> Use {
    let place = Place(vm: vm, credential: credential)
    let state = states[credential, default: State()]
    states[credential] = state
    let isTry = announced == place
    if isTry { announced = nil }
    let isGuess =
      alone.contains(credential.account) || !state.proven.contains(vcenter) || onTrial.contains(place)
      || refused[place] != nil
    return Use(place: place, vcenter: vcenter, serial: state.serial, isGuess: isGuess, isTry: isTry)
  }

  // MARK: After it

  mutating func told(_ verdict: Verdict, _ use: Use, at now: Instant) {
    let credential = use.place.credential
    let account = credential.account
    switch verdict {
    case .nothing(let mayHaveCome): if use.isTry, mayHaveCome { tried(account, at: now) }
    case .accepted:
      guard states[credential]?.serial == use.serial else { return }
      refused[use.place] = nil
      onTrial.remove(use.place)
      let wasStopped = states[credential]?.stopped == true
      states[credential]?.row = 0
      states[credential]?.stopped = false
      states[credential]?.proven.insert(use.vcenter)
      if isLoaded(credential) { alone.remove(account) }
      if wasStopped { free(account) }
    case .refused:
      owedNote = use.place
      refused[use.place] = now
      onTrial.remove(use.place)
      states[credential]?.row += 1
      guard isLoaded(credential) else {
        states[credential]?.serial += 1
        states[credential]?.proven = []
        if states[credential]?.row ?? 0 >= allowed(account) { states[credential]?.stopped = true }
        return
      }
      for secret in Set(loaded.values) where secret.account == account {
        states[secret]?.serial += 1
        states[secret]?.proven = []
      }
      if use.isTry { return tried(account, at: now) }
      stop(account, at: now)
      if inRow(account) > 0 { alone.insert(account) } else { alone.remove(account) }
    }
  }

  /// A try may have been refused: the next one is the timer's, later each time.
  private mutating func tried(_ account: String, at now: Instant) {
    if byOperator.remove(account) == nil { tries[account, default: 0] += 1 }
    notBefore[account] = now + .seconds(3600 * min(1 << min(tries[account] ?? 0, 5), 24))
  }
}

extension Checker {
  /// The secret that an operation goes out with: looks after a kill use that of their terminate until 90 s after the first
  /// reload since.
  func credential(_ flight: Flight, at now: Now) -> CheckedLogins.Credential? {
    guard let login = flight.login, let vm = flight.vm else { return nil }
    let isListing = if case .survey = flight.kind { true } else { false }
    let isConfigured = configuration?.vcenters.contains { $0.id == vm.vcenter } == true && logins.loaded[login] != nil
    // A listing is about no pid: nobody can tell that it follows a kill, so it goes with the loaded secret.
    if flight.kind.followsKill, !(isListing && isConfigured) {
      for id in machines[vm]?.open ?? [] {
        guard let kill = kills[id], kill.daemon == daemon, kill.record.login == login, let sent = kill.credential
        else { continue }
        if kill.reloaded.map({ now.continuous < $0 + .seconds(90) }) ?? true { return sent }
      }
    }
    return logins.loaded[login]
  }

  /// What an operation uses; throws where it may not.
  mutating func use(_ flight: Flight, at now: Now) throws(Violation) -> CheckedLogins.Use? {
    guard let vm = flight.vm, let key = machines[vm]?.key, let credential = credential(flight, at: now) else {
      return nil
    }
    let use = logins.use(credential, on: key, vm.vcenter)
    let others = flights.values.compactMap(\.use).filter { $0.place.credential.account == credential.account }
    if let (what, name) = logins.objection(use, others, at: now.continuous) { try raise("S10", what, name) }
    return use
  }

  mutating func told(_ flight: Flight, _ fault: Fault?, accepts: Bool, at now: Now) {
    guard let use = flight.use else { return }
    switch fault?.kind {
    case nil: logins.told(accepts ? .accepted : .nothing(mayHaveCome: false), use, at: now.continuous)
    case .guestLoginRefused: logins.told(.refused, use, at: now.continuous)
    case .unanswered, .transient, .badAnswer, .unknown, .guestLoginTrouble, .guestDenied:
      logins.told(.nothing(mayHaveCome: true), use, at: now.continuous)
    case .noCredential, .vmGone, .wrongState, .toolsUnavailable, .unsupported, .busy, .notPermitted, .sessionLost,
      .loginRefused, .noSession, .unreachable, .untrusted, .overCap, .badRequest:
      logins.told(.nothing(mayHaveCome: false), use, at: now.continuous)
    }
  }
}
