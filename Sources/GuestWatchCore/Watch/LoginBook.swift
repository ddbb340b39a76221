import OrderedCollections

/// Where guest logins may be used: one refusal stops a login on that VM, refusals in a row stop the account (S10).
struct LoginBook: Sendable {
  private struct Account: Sendable {
    /// Digest of user name and secret of each login entry with this account.
    var digests: OrderedDictionary<LoginID, UInt64> = [:]
    var directory = false
    var refusals = 0
    var inFlight = 0
    /// Where it was accepted since its secret was read.
    var proven: OrderedSet<Proof> = []
    var stopped = false
    var waiting: [VMKey] = []
  }
  private struct Proof: Hashable, Sendable {
    var vcenter: VCenterID
    var login: LoginID
  }
  private struct Place: Hashable, Sendable {
    var vm: VMKey
    var login: LoginID
  }

  private(set) var entries: OrderedDictionary<LoginID, LoginEntry> = [:]
  private var accounts: OrderedDictionary<String, Account> = [:]
  private var inFlight: [LoginID: Int] = [:]
  /// Which VMs refused which login, with the digest of what was refused.
  private var quarantined: OrderedDictionary<Place, UInt64> = [:]

  /// The most (VM, login) that are remembered as refused, oldest dropped first.
  private static let cap = 100_000

  /// Refusals in a row that stop an account everywhere: directories lock an account over all machines.
  static func allowed(directory: Bool) -> Int { directory ? 2 : 3 }

  /// Takes a configuration in. A login whose user name or secret changed starts anew.
  mutating func configure(_ logins: [LoginEntry]) {
    var fresh: OrderedDictionary<LoginID, LoginEntry> = [:]
    for login in logins {
      fresh[login.id] = login
      var account = accounts[login.account] ?? Account()
      if let known = account.digests[login.id], known != login.digest {
        account.refusals = 0
        account.stopped = false
        account.proven = []
      }
      account.digests[login.id] = login.digest
      account.directory = account.directory || login.directory
      // Also for what an earlier life counted, which did not know what kind of account this is.
      account.stopped = account.stopped || account.refusals >= LoginBook.allowed(directory: account.directory)
      accounts[login.account] = account
    }
    entries = fresh
  }

  /// What an earlier life was refused. Takes effect with the configuration, where that still has the same secret.
  mutating func restore(_ refusals: [LoginRefusal]) {
    for refusal in refusals.suffix(LoginBook.cap) {
      quarantined[Place(vm: refusal.vm, login: refusal.login)] = refusal.digest
      guard refusal.inRow else { continue }
      accounts[refusal.account, default: Account()].digests[refusal.login] = refusal.digest
      accounts[refusal.account, default: Account()].refusals += 1
    }
  }

  /// True where the login may not be sent to this VM at all for now.
  func stopped(_ login: LoginID, on vm: VMKey) -> Bool {
    guard let entry = entries[login] else { return true }
    if quarantined[Place(vm: vm, login: login)] == entry.digest { return true }
    return accounts[entry.account]?.stopped ?? false
  }

  /// Logins that are stopped somewhere, in configuration order.
  var stoppedLogins: [LoginID] {
    entries.values.filter { entry in
      (accounts[entry.account]?.stopped ?? false)
        || quarantined.contains { $0.key.login == entry.id && $0.value == entry.digest }
    }.map(\.id)
  }

  /// True where one more operation may be sent with this login: an unproven one is used on one VM at a time.
  func hasSlot(_ login: LoginID, vcenter: VCenterID) -> Bool {
    guard let entry = entries[login], let account = accounts[entry.account] else { return false }
    if account.stopped { return false }
    if inFlight[login, default: 0] >= entry.maxInFlight, !mutated(.ignoreLoginSlots) { return false }
    if account.directory && account.inFlight >= 4 { return false }
    return account.inFlight == 0 || mutated(.useUnprovenLoginsInParallel)
      || account.proven.contains(Proof(vcenter: vcenter, login: login))
  }

  mutating func wait(_ vm: VMKey, for login: LoginID) {
    guard let entry = entries[login] else { return }
    accounts[entry.account]?.waiting.append(vm)
  }

  /// Takes those that wait for the account out, in their order.
  mutating func takeWaiting(_ account: String) -> [VMKey] {
    guard let waiting = accounts[account]?.waiting, !waiting.isEmpty else { return [] }
    accounts[account]?.waiting = []
    return waiting
  }

  mutating func forgetWaiting() {
    for account in accounts.keys { accounts[account]?.waiting = [] }
  }

  /// An operation starts and takes a slot.
  ///
  /// - Parameter digest: of the secret that is sent, where that is not the loaded one.
  mutating func occupy(_ login: LoginID, vcenter: VCenterID, digest: UInt64? = nil) -> Slot {
    let entry = entries[login]
    let account = entry?.account ?? ""
    inFlight[login, default: 0] += 1
    accounts[account]?.inFlight += 1
    return Slot(vcenter: vcenter, login: login, account: account, digest: digest ?? entry?.digest ?? 0)
  }

  mutating func release(_ slot: Slot) {
    inFlight[slot.login, default: 1] -= 1
    accounts[slot.account]?.inFlight -= 1
  }

  /// A guest took the login. True where that ended refusals in a row.
  mutating func accepted(_ slot: Slot) -> Bool {
    guard let entry = entries[slot.login], entry.digest == slot.digest else { return false }
    let ends = (accounts[entry.account]?.refusals ?? 0) > 0
    accounts[entry.account]?.refusals = 0
    accounts[entry.account]?.proven.append(Proof(vcenter: slot.vcenter, login: slot.login))
    return ends
  }

  /// What a refusal came to.
  enum Refusal {
    /// It was about a secret that is not in force any more.
    case old
    /// Not used on this VM any more.
    case quarantined
    /// The last of several in a row: not used anywhere any more.
    case stopped
  }

  /// A guest refused the login: not used on this VM any more.
  mutating func refused(_ slot: Slot, on vm: VMKey) -> Refusal {
    guard let entry = entries[slot.login], entry.digest == slot.digest, var account = accounts[entry.account] else {
      return .old
    }
    if quarantined.count >= LoginBook.cap { quarantined.removeFirst() }
    if !mutated(.forgetARefusal) { quarantined[Place(vm: vm, login: slot.login)] = slot.digest }
    account.refusals += 1
    account.proven = []
    let stops =
      !account.stopped && !mutated(.neverStopAnAccount)
      && account.refusals >= LoginBook.allowed(directory: account.directory)
    account.stopped = account.stopped || stops
    accounts[entry.account] = account
    return stops ? .stopped : .quarantined
  }
}
