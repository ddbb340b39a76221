import OrderedCollections

/// Tries with a stopped account: by the timer, or because an operator asked.
extension LoginBook {
  /// When the next account wants a VM for a try; never: none is stopped, or its try is in flight.
  var nextTrial: Instant {
    var next = Instant.never
    for name in restricted {
      guard let account = accounts[name], account.hasStopped, account.inFlight == 0 else { continue }
      if account.window != nil {
        next = min(next, account.lookFrom)
      } else if let nextTry = account.nextTry {
        next = min(next, nextTry)
      }
    }
    return next
  }

  /// True where a VM should be looked for now; opens the timer's window.
  mutating func wantsTrial(_ name: String, _ now: Instant) -> Bool {
    guard let account = accounts[name], account.hasStopped, account.inFlight == 0 else { return false }
    if account.window == nil {
      guard let nextTry = account.nextTry, nextTry <= now else { return false }
      accounts[name]?.window = LoginAccount.Window()
      accounts[name]?.lookFrom = now
    }
    return (accounts[name]?.lookFrom ?? .never) <= now
  }

  /// How good a VM is for a try with this credential, 0 the best; nil: it is not to be asked.
  func rank(_ vm: VMKey, _ credential: Credential) -> Int? {
    guard let account = accounts[credential.account], let window = account.window,
      let state = account.credentials[credential.digest], state.stopped, !window.asked.contains(vm)
    else { return nil }
    if quarantined[Place(vm: vm, credential: credential)] != nil { return 2 }
    return state.accepted.contains(vm) ? 0 : 1
  }

  /// No VM could take the try: again in a while.
  mutating func foundNone(_ name: String, _ now: Instant) {
    let askedSome = accounts[name]?.window?.asked.isEmpty == false
    accounts[name]?.window?.asked = []
    accounts[name]?.lookFrom = now + (askedSome ? LoginAccount.againEvery : LoginAccount.searchEvery)
  }

  /// A try begins: it counts before it is sent, so that a crash cannot repeat it.
  ///
  /// - Returns: true where an operator asked for it.
  mutating func beginTrial(_ credential: Credential, on vm: VMKey, _ now: Instant) -> Bool {
    guard var account = accounts[credential.account], let window = account.window else { return false }
    if window.asked.isEmpty && !window.byOperator { account.tries += 1 }
    account.nextTry = now + LoginAccount.pause(tries: account.tries)
    account.window?.asked.append(vm)
    accounts[credential.account] = account
    if let standing = noteOf(credential) { notes.append(.standing(standing)) }
    return window.byOperator
  }

  /// A try was told something, or may have been: the next one is the timer's.
  mutating func endWindow(_ name: String, _ now: Instant) {
    guard var account = accounts[name] else { return }
    account.window = nil
    account.nextTry = now + LoginAccount.pause(tries: account.tries)
    accounts[name] = account
    for (digest, state) in account.credentials where state.stopped {
      notes.append(.standing(standing(Credential(account: name, digest: digest), state, account)))
    }
  }

  /// An operator asks for one more try: VMs that refused this login one at a time, a stopped account on one VM first.
  mutating func retry(_ login: LoginID, _ now: Instant) -> Bool {
    guard let credential = credential(login) else { return false }
    for place in quarantined.keys where place.credential == credential { quarantined[place] = .onTrial }
    guard let account = accounts[credential.account], state(credential)?.stopped == true else { return true }
    if account.window == nil {
      accounts[credential.account]?.window = LoginAccount.Window(byOperator: true)
    }
    accounts[credential.account]?.lookFrom = now
    return true
  }

  // MARK: Alone

  /// VMs that accepted what was refused, latest first, and with which entries; only those that were not asked since.
  func witnesses(_ name: String) -> [(vm: VMKey, login: LoginID)] {
    guard let account = accounts[name] else { return [] }
    var found: [(vm: VMKey, login: LoginID)] = []
    for entry in entries.values where entry.account == name {
      guard let state = account.credentials[entry.digest], state.refusals > 0 else { continue }
      for vm in state.accepted.reversed() where !account.asked.contains(vm) { found.append((vm, entry.id)) }
    }
    return found
  }
}
