import GuestWatchCore
import Testing
import WatchSimulation

/// S10 as the checker holds it: every use of a login that it must not have is caught, and those that it may have pass.
@Suite struct CheckerLoginTests {
  /// A checker with some VMs, and the operations told to it.
  struct Teller {
    var checker = Checker(reusesPIDs: true)
    var configuration: Configuration
    var number: UInt64 = 100
    var at = 0.0

    init(vms: Int = 4, directory: Bool = false) throws {
      configuration = try Story().configuration
      configuration.logins = [LoginEntry(id: Story.login, account: "guestwatch", directory: directory, digest: 1)]
      try checker.observe(.daemonBegan(open: []), at: Story.now(0))
      try configure()
      let facts = (1...vms).map {
        VMFacts(moid: "vm-\($0)", name: "web-\($0)", instanceUUID: "i-\($0)", family: .linux)
      }
      let op = next()
      let inventory = Inventory(vcenterUUID: "vc", canTerminate: true, vms: facts, complete: true)
      try effect(.refresh(op, Story.vcenter, ScopeQuery(scopes: []), by: by))
      try event(.inventory(op, timing, .success(inventory)))
    }

    var by: Instant { Story.now(at + 30).continuous }
    var timing: Timing { Timing(firstByte: Story.now(at), ended: Story.now(at)) }

    mutating func next() -> OpID {
      number += 1
      return Story.op(number)
    }
    mutating func effect(_ effect: Effect) throws(Violation) {
      try checker.observe(.effect(effect), at: Story.now(at))
    }
    mutating func event(_ event: Event) throws(Violation) { try checker.observe(.event(event), at: Story.now(at)) }
    mutating func configure() throws(Violation) { try event(.configured(configuration)) }

    mutating func send(_ vm: Int, _ login: LoginID = Story.login) throws(Violation) -> OpID {
      let op = next()
      let address = VMAddress(vcenter: Story.vcenter, moid: "vm-\(vm)")
      try effect(.survey(op, address, login, showingEnds: false, by: by))
      return op
    }

    mutating func accept(_ op: OpID) throws(Violation) {
      at += 0.1
      try event(.surveyed(op, timing, .success(Listing(rows: [], showsEnds: false))))
    }

    mutating func refuse(_ op: OpID, _ vm: Int, noted: Bool = true) throws(Violation) {
      at += 0.1
      try event(.surveyed(op, timing, .failure(Fault(.guestLoginRefused, code: "InvalidGuestLogin"))))
      guard noted, let login = configuration.logins.first else { return }
      try effect(.note(.refused(refusal(vm, login))))
    }

    func refusal(_ vm: Int, _ login: LoginEntry) -> LoginRefusal {
      LoginRefusal(
        vm: VMKey(vcenter: "vc", instance: "i-\(vm)"), login: login.id, account: login.account, digest: login.digest)
    }

    /// The timer's or an operator's try.
    mutating func announce(_ vm: Int) throws(Violation) {
      try effect(.report(Report(.loginTried, .info, vcenter: Story.vcenter, moid: "vm-\(vm)", login: Story.login)))
    }

    mutating func isCaught(_ vm: Int, _ login: LoginID = Story.login) -> Bool {
      do {
        _ = try send(vm, login)
        return false
      } catch {
        return error.invariant == "S10"
      }
    }
  }

  @Test func `a refusal holds under another name of the entry, but not for another secret`() throws {
    var told = try Teller()
    try told.refuse(try told.send(1), 1)
    told.configuration.logins[0].id = LoginID("renamed")
    try told.configure()
    var renamed = told
    let isCaught = renamed.isCaught(1, LoginID("renamed"))
    #expect(isCaught)
    told.configuration.logins[0].digest = 2
    try told.configure()
    try told.accept(try told.send(1, LoginID("renamed")))
  }

  @Test func `a refusal is that of the VM, whatever its address`() throws {
    var told = try Teller()
    try told.refuse(try told.send(1), 1)
    let op = told.next()
    let moved = VMFacts(moid: "vm-9", name: "web-1", instanceUUID: "i-1", family: .linux)
    let inventory = Inventory(vcenterUUID: "vc", canTerminate: true, vms: [moved], complete: true)
    try told.effect(.refresh(op, Story.vcenter, ScopeQuery(scopes: []), by: told.by))
    try told.event(.inventory(op, told.timing, .success(inventory)))
    let isCaught = told.isCaught(9)
    #expect(isCaught)
  }

  @Test func `a refusal outlives the daemon by the ledger`() throws {
    var told = try Teller()
    try told.refuse(try told.send(1), 1)
    try told.checker.observe(.daemonEnded, at: Story.now(10))
    try told.checker.observe(.daemonBegan(open: []), at: Story.now(11))
    var restored = Restored(life: 2)
    restored.refusals = [told.refusal(1, told.configuration.logins[0])]
    told.at = 12
    try told.event(.began(seed: 1, restored: restored))
    try told.configure()
    let isCaught = told.isCaught(1)
    #expect(isCaught)
  }

  @Test func `a refusal that is not given to the ledger is caught`() throws {
    var told = try Teller()
    try told.refuse(try told.send(1), 1, noted: false)
    #expect(throws: Violation.self) { try told.event(.timeCame) }
  }

  @Test func `what is not proven is used on one VM at a time`() throws {
    var told = try Teller()
    let first = try told.send(1)
    var early = told
    let isCaught = early.isCaught(2)
    #expect(isCaught)
    try told.accept(first)
    for vm in 1...4 { _ = try told.send(vm) }
  }

  @Test func `after a refusal an account is used once at a time until it is accepted`() throws {
    var told = try Teller()
    try told.accept(try told.send(1))
    let other = try told.send(2)
    try told.refuse(try told.send(3), 3)
    var early = told
    let isCaught = early.isCaught(1)
    #expect(isCaught)
    // This one was sent before the refusal: it proves nothing.
    try told.accept(other)
    let alone = try told.send(1)
    var twice = told
    let isTwiceCaught = twice.isCaught(2)
    #expect(isTwiceCaught)
    try told.accept(alone)
    _ = try told.send(1)
    _ = try told.send(2)
  }

  @Test(arguments: [true, false]) func `refusals in a row stop the account`(directory: Bool) throws {
    var told = try Teller(directory: directory)
    for vm in 1...(directory ? 2 : 3) { try told.refuse(try told.send(vm), vm) }
    let isCaught = told.isCaught(4)
    #expect(isCaught)
  }

  @Test func `a stopped account is tried after an hour, then after two, or when an operator asks`() throws {
    var told = try Teller(directory: true)
    for vm in 1...2 { try told.refuse(try told.send(vm), vm) }
    func tries(_ told: Teller, after seconds: Double) throws -> Bool {
      var told = told
      told.at += seconds
      try told.event(.timeCame)
      try told.announce(3)
      return !told.isCaught(3)
    }
    #expect(try !tries(told, after: 3_500))
    #expect(try tries(told, after: 3_700))
    told.at += 3_700
    try told.event(.timeCame)
    try told.announce(3)
    try told.refuse(try told.send(3), 3)
    #expect(try !tries(told, after: 7_000))
    #expect(try tries(told, after: 7_300))
    try told.event(.asked(.retryLogin(Story.login)))
    #expect(try tries(told, after: 0))
    let isCaught = told.isCaught(4)
    #expect(isCaught)
  }

  @Test func `an operator's request is good for one use on a VM that refused`() throws {
    var told = try Teller()
    try told.refuse(try told.send(1), 1)
    try told.event(.asked(.retryLogin(Story.login)))
    try told.refuse(try told.send(1), 1)
    let isCaught = told.isCaught(1)
    #expect(isCaught)
  }

  @Test func `a directory account is in flight four times at most`() throws {
    var told = try Teller(vms: 6, directory: true)
    try told.accept(try told.send(1))
    for vm in 1...4 { _ = try told.send(vm) }
    let isCaught = told.isCaught(5)
    #expect(isCaught)
  }
}
