@testable import GuestWatchCore

/// Many VMs of several vCenters in virtual time, and a directory that knows which secret is right: counts what a lockout
/// policy would count. Knows nothing of how a `Watch` decides.
struct Fleet {
  /// One use of a login that left and was not answered yet.
  struct Use {
    var vm: String
    var account: String
    var digest: UInt64
    var taken: Bool
    /// How many refusals of its account had been heard when it left.
    var heard: Int
  }

  var watch = Watch()
  var time: Int64 = 1_000_000_000_000
  private(set) var life: UInt32 = 0
  var chance: Chance
  var configuration: Configuration
  /// (vCenter entry, uuid of the vCenter, VM names).
  let places: [(id: VCenterID, uuid: String, vms: [String])]
  /// The digest that guests accept, by account; each VM may be bad for itself.
  var right: [String: UInt64] = [:]
  var badVMs: Set<String> = []
  /// VMs whose agent does not answer; nothing is said of a login.
  var deafVMs: Set<String> = []
  /// The instance uuids of VMs that have another than their name.
  var uuids: [String: String] = [:]
  var latency = Duration.milliseconds(100)
  /// "VM login": answered after 25 s only.
  var slow: Set<String> = []

  private(set) var inFlight: [OpID: Use] = [:]
  private var answers: [(at: Int64, sequence: Int, event: Event)] = []
  private var sequence = 0
  private var wake: Int64?

  // What the ledger has on disk.
  private var refusals: [LoginRefusal] = []
  private var standings: [(standing: LoginStanding, at: Int64)] = []
  private var memories: [VMKey: VMMemory] = [:]

  // What really happened.
  /// (account, digest, VM, when it left) of every refusal in a guest.
  private(set) var refused: [(account: String, digest: UInt64, vm: String, at: Int64)] = []
  /// Every use, in order.
  private(set) var uses: [(account: String, digest: UInt64, vm: String, at: Int64, taken: Bool)] = []
  private(set) var reports: [Report] = []
  private var heard: [String: Int] = [:]
  /// Accounts with a refusal that no acceptance has explained.
  private(set) var unexplained: Set<String> = []
  private var closed: Set<String> = []
  private(set) var violations: [String] = []

  init(seed: UInt64, vcenters: Int = 1, vms: Int, logins: [LoginEntry], maxInFlight: Int = 64) {
    chance = Chance(seed: seed)
    places = (0..<vcenters).map { v in
      (VCenterID("vc\(v)"), "uuid-\(v)", (0..<vms).map { "vm-\(v)-\($0)" })
    }
    configuration = Configuration(
      vcenters: places.map { VCenterEntry(id: $0.id, maxInFlight: maxInFlight) }, logins: logins,
      rules: Fleet.rules(logins))
  }

  /// One rule for each login, over all VMs.
  static func rules(_ logins: [LoginEntry]) -> [Rule] {
    logins.map { login in
      Stage.rule("r-\(login.id.name)", match: "none", every: .seconds(60), action: .report) { $0.login = login.id }
    }
  }

  var now: Now {
    Now(continuous: Instant(nanoseconds: time), wall: Stage.epoch * 1_000_000_000 + time - 1_000_000_000_000)
  }

  mutating func draw(_ below: Int) -> Int { Int(chance.next() % UInt64(max(below, 1))) }

  // MARK: What happens

  mutating func start() {
    life += 1
    watch = Watch()
    let kept = standings.map { entry in
      var standing = entry.standing
      standing.age = .nanoseconds(time - entry.at)
      return standing
    }
    let known = memories.values.sorted { $0.vm.instance < $1.vm.instance }
    send(
      .began(
        seed: UInt64(life), restored: Restored(life: life, refusals: refusals, standings: kept, memories: known)))
    send(.configured(configuration))
  }

  /// The daemon dies at once: what was in flight goes on in the guests, and nobody hears of it.
  mutating func crash() {
    answers = []
    inFlight = [:]
    wake = nil
    heard = [:]
    start()
  }

  mutating func reload(_ logins: [LoginEntry]) {
    configuration.logins = logins
    configuration.rules = Fleet.rules(logins)
    send(.configured(configuration))
  }

  /// What an operator's `retry-login` does.
  mutating func retry(_ login: LoginID) {
    reopen()
    send(.asked(.retryLogin(login)))
  }

  mutating func run(_ duration: Duration) {
    let end = time + duration.nanoseconds
    while true {
      let next = answers.min { ($0.at, $0.sequence) < ($1.at, $1.sequence) }
      let timer = wake ?? .max
      if let next, next.at <= timer, next.at <= end {
        time = max(time, next.at)
        answers.removeAll { $0.sequence == next.sequence }
        hear(next.event)
        send(next.event)
      } else if timer <= end {
        time = max(time, timer)
        wake = nil
        send(.timeCame)
      } else {
        break
      }
    }
    time = end
  }

  mutating func send(_ event: Event) {
    for effect in watch.handle(event, at: now) {
      switch effect {
      case .refresh(let op, let id, _, _):
        guard let place = places.first(where: { $0.id == id }) else { continue }
        let vms = place.vms.map {
          VMFacts(moid: $0, name: $0, instanceUUID: uuids[$0] ?? $0, family: .linux, bootTime: 1)
        }
        let found = Inventory(vcenterUUID: place.uuid, canTerminate: true, vms: vms, complete: true)
        answer(.inventory(op, timing(), .success(found)))
      case .survey(let op, let address, let login, let ends, _):
        let taken = use(op, address, login)
        let rows = [1, 2, 3].map { Process(pid: $0, started: 1, owner: "root", name: "system", command: "s") }
        let usual = latency
        if slow.contains("\(address.moid) \(login.name)") { latency = .seconds(25) }
        defer { latency = usual }
        if deafVMs.contains(address.moid) {
          answer(.surveyed(op, timing(), .failure(Fault(.toolsUnavailable, code: "503"))))
        } else if taken {
          answer(.surveyed(op, timing(), .success(Listing(rows: rows, showsEnds: ends))))
        } else {
          answer(.surveyed(op, timing(), .failure(Fault(.guestLoginRefused, code: "InvalidGuestLogin"))))
        }
      case .note(let note): keep(note)
      case .wake(let at): wake = at.nanoseconds
      case .report(let report): reports.append(report)
      case .remember(let memory): memories[memory.vm] = memory
      case .look, .record, .terminate, .keepPauses, .answer, .show, .status, .ready, .stopped: break
      }
    }
  }

  private func timing() -> Timing { Timing(firstByte: now, ended: now, date: now.wall / 1_000_000_000) }

  private mutating func answer(_ event: Event) {
    sequence += 1
    answers.append((time + chance.around(latency).nanoseconds, sequence, event))
  }

  // MARK: The guests and the directory

  private mutating func use(_ op: OpID, _ address: VMAddress, _ login: LoginID) -> Bool {
    guard let entry = configuration.logins.first(where: { $0.id == login }) else {
      violations.append("login \(login) is not configured")
      return false
    }
    let deaf = deafVMs.contains(address.moid)
    let taken = deaf || (right[entry.account] == entry.digest && !badVMs.contains(address.moid))
    let mine = inFlight.values.filter { $0.account == entry.account }
    if unexplained.contains(entry.account), !mine.isEmpty {
      violations.append("\(entry.account) is not alone on \(address.moid) after a refusal")
    }
    let isDirectory = configuration.logins.contains { $0.account == entry.account && $0.directory }
    if isDirectory && mine.count >= 4 { violations.append("\(entry.account) is in flight \(mine.count + 1) times") }
    if closed.contains("\(address.moid) \(entry.account) \(entry.digest)") {
      violations.append("\(entry.account) is sent to \(address.moid) again, which refused it")
    }
    uses.append((entry.account, entry.digest, address.moid, time, taken))
    if !taken { refused.append((entry.account, entry.digest, address.moid, time)) }
    inFlight[op] = Use(
      vm: address.moid, account: entry.account, digest: entry.digest, taken: taken && !deaf,
      heard: heard[entry.account, default: 0])
    return taken
  }

  private mutating func hear(_ event: Event) {
    guard case .surveyed(let op, _, let result) = event, let use = inFlight.removeValue(forKey: op) else { return }
    switch result {
    case .success where use.heard == heard[use.account, default: 0]: unexplained.remove(use.account)
    case .failure(let fault) where fault.kind == .guestLoginRefused:
      heard[use.account, default: 0] += 1
      guard configuration.logins.contains(where: { $0.account == use.account && $0.digest == use.digest }) else {
        return
      }
      unexplained.insert(use.account)
      closed.insert("\(use.vm) \(use.account) \(use.digest)")
    case .success, .failure: break
    }
  }

  /// An operator or a timer asks again: what was refused may be sent once more.
  mutating func reopen() {
    closed = []
    unexplained = []
  }

  // MARK: The disk

  private mutating func keep(_ note: LoginNote) {
    switch note {
    case .refused(let refusal):
      refusals.removeAll { $0.vm == refusal.vm && $0.login == refusal.login && $0.digest == refusal.digest }
      refusals.append(refusal)
    case .accepted(let vm, let account, let digest):
      refusals.removeAll { $0.vm == vm && $0.account == account && $0.digest == digest }
      for i in refusals.indices where refusals[i].account == account && refusals[i].digest == digest {
        refusals[i].inRow = false
      }
      standings.removeAll { $0.standing.account == account && $0.standing.digest == digest }
    case .standing(let standing):
      standings.removeAll { $0.standing.account == standing.account && $0.standing.digest == standing.digest }
      if !standing.isClear { standings.append((standing, time)) }
    case .vcenterRefused, .vcenterAccepted: break
    }
  }
}
