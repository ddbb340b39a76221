import OrderedCollections

/// What answers say of guest logins (S10), to the book, the ledger and the operator.
extension Watch {
  /// A guest took the login.
  mutating func loginAccepted(_ operation: Operation, _ place: Int, _ now: Now) {
    guard let slot = operation.slot else { return }
    // What another vCenter's guest says under the same name proves nothing there.
    let proves = vcenters[slot.vcenter]?.entry.digest == slot.entry
    let ended = logins.accepted(slot, on: vms[place].key, proves: proves)
    sendLoginNotes()
    guard ended else { return }
    report(aboutVM(.loginBelieved, .info, place, login: slot.login))
    loginsFreed(now)
  }

  /// One refusal stops a login on that VM.
  mutating func loginRefused(_ operation: Operation, _ place: Int, _ fault: Fault, _ now: Now) {
    guard let slot = operation.slot, slot.credential != nil else { return }
    let refusal = logins.refused(slot, on: vms[place].key, now.continuous)
    sendLoginNotes()
    statusDirty = true
    report(aboutVM(.loginQuarantined, .error, place, login: slot.login, fault: fault))
    switch refusal {
    case .quarantined, .old: break
    case .stopped, .stillStopped:
      let next = slot.credential.flatMap { logins.accounts[$0.account]?.nextTry }
      report(Report(.loginStopped, .error, login: slot.login, fault: fault, detail: nextTryWords(next, now)))
    }
  }

  /// A VM that has another uuid than it had is the same to its guest: a login that was refused there is not sent again (S10).
  ///
  /// By its managed object id, which no other VM of this vCenter gets. Of several with one uuid nobody knows which is meant.
  mutating func carryRefusals(_ inventory: Inventory, _ twice: Set<VMKey>) {
    guard !logins.quarantined.isEmpty else { return }
    var refusing: [String: [VMKey]] = [:]
    for vm in logins.refusing where vm.vcenter == inventory.vcenterUUID {
      if let moid = places[vm].flatMap({ vms[$0].shownMoid }) { refusing[moid, default: []].append(vm) }
    }
    for facts in inventory.vms {
      guard let olds = refusing[facts.moid], let uuid = facts.instanceUUID, !uuid.isEmpty else { continue }
      let key = VMKey(vcenter: inventory.vcenterUUID, instance: uuid)
      guard !twice.contains(key), places[key].flatMap({ vms[$0].shownMoid }) != facts.moid else { continue }
      for old in olds where old != key { logins.carryRefusals(from: old, to: key) }
    }
    sendLoginNotes()
  }

  /// What is stopped already when a configuration is taken in: an earlier life said so, in another journal.
  mutating func sayStoppedLogins(_ now: Now) {
    for login in logins.troubles where login.isStopped {
      report(Report(.loginStopped, .error, login: login.id, detail: nextTryWords(login.nextTry, now)))
    }
  }

  /// The answer says nothing of the login: the next VM may be asked.
  ///
  /// - Parameter fault: nil where vCenter answered before the guest was asked.
  mutating func loginUntold(_ operation: Operation, _ fault: Fault?, _ now: Now) {
    guard let slot = operation.slot else { return }
    logins.saysNothing(slot, mayHaveCome: fault?.kind.mayHaveReachedGuest ?? false, now.continuous)
    sendLoginNotes()
  }

  mutating func terminateToldOfLogin(_ answer: KillAnswer, _ operation: Operation, _ place: Int, _ now: Now) {
    credentialTold(operation, answer.fault)
    switch answer {
    case .done, .notFound: loginAccepted(operation, place, now)
    case .denied(let fault) where fault.kind == .guestLoginRefused: loginRefused(operation, place, fault, now)
    case .denied(let fault), .ambiguous(let fault), .notBegun(let fault), .notSent(let fault):
      loginUntold(operation, fault, now)
    case .unanswered: loginUntold(operation, Fault(.unanswered, code: "no answer"), now)
    }
  }

  /// Whether there was anything to log in with is no guest's answer; said once for a login, whatever VM it was for.
  mutating func credentialTold(_ operation: Operation, _ fault: Fault?) {
    guard let login = operation.login else { return }
    if fault?.kind == .noCredential {
      guard unreadableLogins.insert(login).inserted else { return }
      report(Report(.loginUnreadable, .error, login: login, fault: fault))
    } else if unreadableLogins.remove(login) != nil {
      report(Report(.loginReadable, .info, login: login))
    }
  }

  /// An operator asks for one more try with a login that was refused.
  mutating func retryLogin(_ login: LoginID, _ now: Now) {
    guard logins.retry(login, now.continuous) else { return }
    loginsFreed(now)
  }

  /// VMs may be looked at again that nobody has booked.
  private mutating func loginsFreed(_ now: Now) {
    statusDirty = true
    for place in vms.indices { book(place, now) }
  }

  /// Gives what the book wants to be kept to the ledger, in its order and before what is sent next.
  mutating func sendLoginNotes() {
    for note in logins.notes { effects.append(.note(note)) }
    logins.notes.removeAll(keepingCapacity: true)
  }

  private func nextTryWords(_ next: Instant?, _ now: Now) -> String {
    guard let next else { return "" }
    let minutes = (max((next - now.continuous).nanoseconds, 0) + 59_999_999_999) / 60_000_000_000
    return "it is tried on one VM in \(minutes < 120 && minutes != 60 ? "\(minutes) min" : "\(minutes / 60) h")"
  }
}

extension FaultKind {
  /// The guest may have been asked, and may have refused the login, though nobody heard of it.
  var mayHaveReachedGuest: Bool {
    switch self {
    case .unanswered, .transient, .badAnswer, .unknown, .guestLoginTrouble, .guestDenied, .guestLoginRefused: true
    case .noCredential, .vmGone, .wrongState, .toolsUnavailable, .unsupported, .busy, .notPermitted, .sessionLost,
      .loginRefused, .noSession, .unreachable, .untrusted, .overCap, .badRequest:
      false
    }
  }
}
