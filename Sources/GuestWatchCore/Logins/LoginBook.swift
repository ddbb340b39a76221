import OrderedCollections

/// Where guest logins may be used: one refusal stops a login on that VM, refusals in a row stop the account (S10).
///
/// Everything is kept by user name and secret; the names of entries mean nothing. Three questions are answered before an
/// operation: `isStopped` (not now, and waiting is of no use), `hasSlot` (wait for a slot), `occupy` (it goes). Each
/// operation ends with `release` and exactly one of `accepted`, `refused` and `saysNothing`.
struct LoginBook: Sendable {
  struct Place: Hashable, Sendable {
    var vm: VMKey
    var credential: Credential
  }
  /// What a VM that refused a credential is.
  enum Quarantine: Sendable {
    case closed
    /// An operator asked: it is used once more, as one that was never proven.
    case onTrial
  }

  var entries: OrderedDictionary<LoginID, LoginEntry> = [:]
  var accounts: OrderedDictionary<String, LoginAccount> = [:]
  /// Accounts that are alone or stopped: those that `LoginTurns` has to care for.
  var restricted: OrderedSet<String> = []
  private var inFlight: [LoginID: Int] = [:]
  var quarantined: OrderedDictionary<Place, Quarantine> = [:]
  /// The one VM that an account which is alone may be used on at this moment.
  var granted: VMKey?
  /// What the ledger has to keep, in this order; taken out after every change.
  var notes: [LoginNote] = []

  /// The most (VM, credential) that are remembered as refused, oldest dropped first.
  static let cap = 100_000

  // MARK: What is known

  /// Takes a configuration in. Secrets that it has for the first time are new chances.
  mutating func configure(_ logins: [LoginEntry], _ now: Instant) {
    entries = [:]
    for name in accounts.keys { accounts[name]?.loaded = [] }
    for login in logins {
      entries[login.id] = login
      var account = accounts[login.account] ?? LoginAccount()
      account.loaded.append(login.digest)
      account.directory = account.directory || login.directory
      if account.credentials[login.digest] == nil { account.credentials[login.digest] = CredentialState() }
      accounts[login.account] = account
    }
    for name in accounts.keys {
      freeByNewSecret(name)
      // Also for what an earlier life counted, which did not know what kind of account this is.
      stopWhereDue(name, now)
      guard var account = accounts[name] else { continue }
      // What made it go alone may not be in force any more.
      if account.inRow == 0 { account.alone = false }
      // A try that began has been counted: a reload does not make room for another one.
      if account.window?.asked.isEmpty == false { account.window = nil }
      let loaded = account.loaded
      account.credentials.removeAll { !loaded.contains($0.key) && $0.value.isBlank }
      accounts[name] = account
      noteRestricted(name)
    }
    accounts.removeAll { $0.value.credentials.isEmpty && $0.value.inFlight == 0 }
  }

  /// A secret that is not stopped is in force now: those that were stopped with others' refusals are free, those that were
  /// refused themselves are not.
  private mutating func freeByNewSecret(_ name: String) {
    guard let account = accounts[name], account.hasStopped else { return }
    guard account.loaded.contains(where: { account.credentials[$0]?.stopped == false }) else { return }
    freeUnrefused(name)
  }

  /// Frees what was stopped without a refusal of its own, and ends the timer where nothing is stopped any more.
  mutating func freeUnrefused(_ name: String) {
    guard var account = accounts[name] else { return }
    for (digest, state) in account.credentials where state.stopped && state.refusals == 0 {
      account.credentials[digest]?.stopped = false
      notes.append(.standing(LoginStanding(account: name, digest: digest, doubts: 0, tries: nil)))
    }
    if !account.credentials.values.contains(where: \.stopped) {
      account.tries = 0
      account.nextTry = nil
      account.window = nil
    }
    accounts[name] = account
  }

  /// What earlier lives were answered. Takes effect with the configuration, where that has the same secrets.
  mutating func restore(_ refusals: [LoginRefusal], _ standings: [LoginStanding], _ now: Instant) {
    for refusal in refusals.suffix(LoginBook.cap) {
      let credential = Credential(account: refusal.account, digest: refusal.digest)
      quarantined[Place(vm: refusal.vm, credential: credential)] = .closed
      guard refusal.inRow else { continue }
      accounts[refusal.account, default: LoginAccount()].credentials[refusal.digest, default: CredentialState()].row +=
        1
      accounts[refusal.account]?.alone = true
    }
    for standing in standings {
      var account = accounts[standing.account] ?? LoginAccount()
      account.credentials[standing.digest, default: CredentialState()].doubts = max(standing.doubts, 0)
      if standing.doubts > 0 { account.alone = true }
      if let tries = standing.tries {
        account.credentials[standing.digest]?.stopped = true
        account.tries = max(account.tries, tries)
        // The latest try counts, whichever secret it was with.
        let next = now - standing.age + LoginAccount.pause(tries: max(tries, 0))
        account.nextTry = max(account.nextTry ?? next, next)
      }
      accounts[standing.account] = account
    }
  }

  func credential(_ login: LoginID) -> Credential? {
    entries[login].map { Credential(account: $0.account, digest: $0.digest) }
  }

  func state(_ credential: Credential) -> CredentialState? {
    accounts[credential.account]?.credentials[credential.digest]
  }

  // MARK: Questions

  /// True where the login may not be sent to this VM at all for now.
  func isStopped(_ login: LoginID, on vm: VMKey) -> Bool {
    guard let credential = credential(login) else { return true }
    return isStopped(credential, on: vm)
  }

  func isStopped(_ credential: Credential, on vm: VMKey) -> Bool {
    if state(credential)?.stopped ?? false { return true }
    return !quarantined.isEmpty && quarantined[Place(vm: vm, credential: credential)] == .closed
  }

  /// True where one more operation may be sent with this credential now.
  func hasSlot(_ login: LoginID, _ credential: Credential, vcenter: VCenterID, on vm: VMKey) -> Bool {
    guard let account = accounts[credential.account], let state = account.credentials[credential.digest] else {
      return false
    }
    if state.stopped { return false }
    if let entry = entries[login], inFlight[login, default: 0] >= entry.maxInFlight, !mutated(.ignoreLoginSlots) {
      return false
    }
    if account.directory && account.inFlight >= LoginAccount.directoryCap { return false }
    if account.alone {
      // Whose turn it is goes with a secret in force. Looks of a kill that was sent with an older one go when they are due,
      // but they are refused under the same name: none of them beside another, either.
      return account.inFlight == 0 && (granted == vm || !account.loaded.contains(credential.digest))
    }
    return account.guesses == 0 || mutated(.useUnprovenLoginsInParallel)
      || !isGuess(state, credential, vcenter: vcenter, on: vm)
  }

  /// Nobody knows that the guest will take it: one at a time, over all VMs and entries of the account.
  private func isGuess(
    _ state: CredentialState, _ credential: Credential, vcenter: VCenterID, on vm: VMKey
  ) -> Bool {
    if !state.proven.contains(vcenter) { return true }
    return !quarantined.isEmpty && quarantined[Place(vm: vm, credential: credential)] != nil
  }

  // MARK: Slots

  /// Makes a credential known that no entry has any more: a kill that is open was sent with it.
  mutating func know(_ credential: Credential) {
    if state(credential) == nil {
      accounts[credential.account, default: LoginAccount()].credentials[credential.digest] = CredentialState()
    }
  }

  /// An operation starts and takes a slot. What is not proven is noted before it is sent.
  ///
  /// - Parameter trial: a try with a stopped account.
  mutating func occupy(
    _ login: LoginID, _ credential: Credential, vcenter: VCenterID, on vm: VMKey, trial: Bool = false
  ) -> Slot {
    know(credential)
    let state = state(credential) ?? CredentialState()
    let alone = accounts[credential.account]?.alone == true
    let guess = alone || isGuess(state, credential, vcenter: vcenter, on: vm)
    inFlight[login, default: 0] += 1
    // Changed where it stands: a copy would copy all that is in it, too.
    if let a = accounts.index(forKey: credential.account) {
      accounts.values[a].inFlight += 1
      accounts.values[a].credentials[credential.digest]?.inFlight += 1
      if guess { accounts.values[a].guesses += 1 }
      if alone { accounts.values[a].asked.append(vm) }
      if guess, !trial {
        let account = accounts.values[a]
        let doubts = state.doubts + account.guesses
        notes.append(.standing(standing(credential, state, account, doubts: doubts)))
      }
    }
    return Slot(
      vcenter: vcenter, login: login, credential: credential, serial: state.serial, isGuess: guess, isTrial: trial)
  }

  mutating func release(_ slot: Slot) {
    guard let credential = slot.credential else { return }
    inFlight[slot.login, default: 1] -= 1
    guard let a = accounts.index(forKey: credential.account) else { return }
    accounts.values[a].inFlight -= 1
    accounts.values[a].credentials[credential.digest]?.inFlight -= 1
    if slot.isGuess { accounts.values[a].guesses -= 1 }
  }

  func standing(
    _ credential: Credential, _ state: CredentialState, _ account: LoginAccount, doubts: Int? = nil
  ) -> LoginStanding {
    LoginStanding(
      account: credential.account, digest: credential.digest, doubts: doubts ?? state.doubts,
      tries: state.stopped ? account.tries : nil)
  }

  /// True where what the slot was taken for may still be sent: nothing was refused since.
  func stillHolds(_ slot: Slot) -> Bool {
    guard let credential = slot.credential, credential == self.credential(slot.login), let state = state(credential)
    else { return false }
    return !state.stopped && state.serial == slot.serial
  }

  /// The VMs that refused some login and were not asked successfully since.
  var refusing: OrderedSet<VMKey> { OrderedSet(quarantined.keys.map(\.vm)) }

  /// A VM is known by another uuid now. Its guest is the same, and so are the accounts in it: what was refused stays
  /// refused. It is one refusal for all that, and counts once among those in a row.
  mutating func carryRefusals(from old: VMKey, to new: VMKey) {
    for (place, quarantine) in quarantined.elements where place.vm == old {
      let credential = place.credential
      let there = Place(vm: new, credential: credential)
      guard quarantined[there] == nil else { continue }
      if quarantined.count >= LoginBook.cap { quarantined.removeFirst() }
      quarantined[there] = quarantine
      let login = entries.values.first { $0.account == credential.account && $0.digest == credential.digest }
      notes.append(
        .refused(
          LoginRefusal(
            vm: new, login: login?.id ?? LoginID(""), account: credential.account, digest: credential.digest,
            inRow: false)))
    }
  }

  /// An entry of this name may lead to another vCenter now: nothing was accepted there.
  mutating func forgetProofs(on vcenter: VCenterID) {
    for name in accounts.keys {
      for digest in accounts[name]?.credentials.keys ?? [] {
        accounts[name]?.credentials[digest]?.proven.remove(vcenter)
      }
    }
  }

  // MARK: Waiting

  mutating func wait(_ vm: VMKey, for account: String) { accounts[account]?.waiting.append(vm) }

  /// Takes those that wait for the account out, in their order.
  mutating func takeWaiting(_ account: String) -> [VMKey] {
    guard let waiting = accounts[account]?.waiting, !waiting.isEmpty else { return [] }
    accounts[account]?.waiting = []
    return waiting
  }

  mutating func putBack(_ waiting: [VMKey], for account: String) { accounts[account]?.waiting = waiting }

  mutating func forgetWaiting() {
    for account in accounts.keys { accounts[account]?.waiting = [] }
  }

  mutating func noteRestricted(_ name: String) {
    if let account = accounts[name], account.alone || account.hasStopped {
      restricted.append(name)
    } else {
      restricted.remove(name)
    }
  }
}
