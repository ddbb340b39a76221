import OrderedCollections

/// What an answer says of the login that it was asked with.
extension LoginBook {
  /// What a refusal came to.
  enum Refusal {
    /// Not used on this VM any more.
    case quarantined
    /// The last of several in a row: not used anywhere any more.
    case stopped
    /// A try of a stopped account was refused: it stays stopped.
    case stillStopped
    /// A secret that is not in force any more was refused: that says nothing about the new one.
    case old
  }

  /// A guest took the login.
  ///
  /// - Parameter proves: false where its vCenter entry is another one by now.
  /// - Returns: true where that ended refusals, so that an operator wants to know.
  mutating func accepted(_ slot: Slot, on vm: VMKey, proves: Bool = true) -> Bool {
    guard let credential = slot.credential, var account = accounts[credential.account],
      var state = account.credentials[credential.digest]
    else {
      return false
    }
    state.remember(accepted: vm)
    guard slot.serial == state.serial else {
      // It was sent before a refusal came in: the secret may have been changed in between.
      account.credentials[credential.digest] = state
      accounts[credential.account] = account
      if slot.isGuess { noteStanding(credential) }
      return false
    }
    let wasQuarantined = quarantined.removeValue(forKey: Place(vm: vm, credential: credential)) != nil
    let ends = state.row > 0 || state.stopped || wasQuarantined
    let wasStopped = state.stopped
    let hadDoubts = state.doubts > 0
    state.row = 0
    state.doubts = 0
    state.stopped = false
    if proves { state.proven.append(slot.vcenter) }
    account.credentials[credential.digest] = state
    if account.loaded.contains(credential.digest) {
      account.alone = false
      account.asked = []
    }
    if wasStopped { account.window = nil }
    accounts[credential.account] = account
    if ends || hadDoubts {
      notes.append(.accepted(vm, account: credential.account, digest: credential.digest))
    } else if slot.isGuess {
      noteStanding(credential)
    }
    if wasStopped { freeUnrefused(credential.account) }
    noteRestricted(credential.account)
    return ends
  }

  /// A guest refused the login: not used on this VM any more.
  mutating func refused(_ slot: Slot, on vm: VMKey, _ now: Instant) -> Refusal {
    guard let credential = slot.credential else { return .old }
    let name = credential.account
    know(credential)
    if quarantined.count >= LoginBook.cap { quarantined.removeFirst() }
    if !mutated(.forgetARefusal) { quarantined[Place(vm: vm, credential: credential)] = .closed }
    notes.append(
      .refused(LoginRefusal(vm: vm, login: slot.login, account: name, digest: credential.digest)))
    accounts[name]?.credentials[credential.digest]?.row += 1
    accounts[name]?.credentials[credential.digest]?.accepted.removeAll { $0 == vm }
    if slot.isGuess && !slot.isTrial { noteStanding(credential) }
    guard let account = accounts[name], account.loaded.contains(credential.digest) else {
      return refusedOld(credential)
    }
    for digest in account.loaded {
      accounts[name]?.credentials[digest]?.serial += 1
      accounts[name]?.credentials[digest]?.proven = []
    }
    if slot.isTrial {
      endWindow(name, now)
      return .stillStopped
    }
    let stops = stopWhereDue(name, now)
    let unexplained = (accounts[name]?.inRow ?? 0) > 0
    accounts[name]?.alone = unexplained
    accounts[name]?.asked = []
    noteRestricted(name)
    return stops ? .stopped : .quarantined
  }

  /// Only looks of kills that were sent with it still use it, and they stop like all others.
  private mutating func refusedOld(_ credential: Credential) -> Refusal {
    guard let account = accounts[credential.account], var state = account.credentials[credential.digest] else {
      return .old
    }
    state.serial += 1
    state.proven = []
    if state.refusals >= account.allowed { state.stopped = true }
    accounts[credential.account]?.credentials[credential.digest] = state
    return .old
  }

  /// The answer says nothing about the login, or there was none.
  ///
  /// - Parameter mayHaveCome: the guest may have been asked all the same.
  mutating func saysNothing(_ slot: Slot, mayHaveCome: Bool, _ now: Instant) {
    guard let credential = slot.credential else { return }
    if slot.isTrial {
      // Then that was the one try that the timer allows.
      if mayHaveCome { endWindow(credential.account, now) }
    } else if slot.isGuess {
      noteStanding(credential)
    }
  }

  func noteOf(_ credential: Credential) -> LoginStanding? {
    guard let account = accounts[credential.account], let state = account.credentials[credential.digest] else {
      return nil
    }
    return standing(credential, state, account)
  }

  private mutating func noteStanding(_ credential: Credential) {
    if let standing = noteOf(credential) { notes.append(.standing(standing)) }
  }

  /// Stops the account where its refusals in a row are as many as it may have.
  @discardableResult
  mutating func stopWhereDue(_ name: String, _ now: Instant) -> Bool {
    guard var account = accounts[name], account.isUsedUp, !mutated(.neverStopAnAccount) else {
      return false
    }
    account.tries = 0
    account.nextTry = now + LoginAccount.pause(tries: 0)
    account.window = nil
    account.alone = false
    for (digest, state) in account.credentials where account.loaded.contains(digest) || state.refusals > 0 {
      account.credentials[digest]?.stopped = true
    }
    accounts[name] = account
    for (digest, state) in account.credentials where state.stopped {
      notes.append(.standing(standing(Credential(account: name, digest: digest), state, account)))
    }
    noteRestricted(name)
    return true
  }
}
