import GuestWatchCore
import VCenterModel
import WatchSimulation

/// The story of one kill as a checker is told it. As it stands it is blameless; each test changes one thing.
struct Story {
  static let vcenter = VCenterID("lab")
  static let login = LoginID("root")
  static let key = VMKey(vcenter: "vc", instance: "i-1")
  static let base: Int64 = 10_000

  var configuration: Configuration
  var facts = VMFacts(moid: "vm-1", name: "web-1", instanceUUID: "i-1", family: .linux)
  var address = VMAddress(vcenter: Story.vcenter, moid: "vm-1")
  var row = Story.process(500)
  /// Others in every listing.
  var others: [GuestWatchCore.Process] = []
  /// What the confirm shows; nil: the row.
  var confirmed: Look?
  /// The confirm is a listing that shows ends.
  var confirmsByListing = false
  var confirmPurpose = LookPurpose.confirm
  var reason = Reason.tooOld(limit: .seconds(60), proven: .seconds(90), claimed: .seconds(100))

  // Seconds after `base`.
  var born = -100.0
  /// A first look long before, by which its age is seen and not only shown; nil: none.
  var early: Double? = -70
  var looks = [10.0, 20.0]
  var confirmAt = 22.0
  /// Of the first byte of the terminate, after the confirm was sent.
  var window = 5.0
  var wallWindow = 5.0

  var hasIntent = true
  var isDurable = true
  var isTold = true
  var terminates = 1
  /// Who holds the pid when the terminate comes, and when that one was born.
  var holder: (life: Truth.Life, born: Double) = (7, -100)
  var victimDies = true
  var answer = KillAnswer.done
  /// How long the terminate takes, and whether the guest carries it out.
  var callTakes = 1.0
  var isSignalled = true
  var outcomes: [Outcome] = [.exited]
  var recordedCommand: GuestText = ""
  /// Told right before the terminate.
  var interlude: [Observation] = []
  /// Told after the terminate was answered, before its outcome.
  var aftermath: [Observation] = []
  var reusesPIDs = true

  init(_ change: (inout Rule) -> Void = { _ in }) throws {
    var rule = Rule(
      id: RuleID("old"), login: Story.login, scope: Scope(names: [try Glob("web-*")]),
      match: Match(names: [try Glob("worker")]), limits: .bounded(maxAge: .seconds(60), maxInstances: nil),
      every: .seconds(10), action: .terminate)
    change(&rule)
    configuration = Configuration(
      vcenters: [VCenterEntry(id: Story.vcenter)], logins: [LoginEntry(id: Story.login, account: "guestwatch")],
      rules: [rule])
  }

  static func process(_ pid: Int64, started: Int64 = 1_790_009_900, name: GuestText = "worker")
    -> GuestWatchCore.Process
  {
    GuestWatchCore.Process(pid: pid, started: started, owner: "alice", name: name, command: "/opt/worker --run")
  }

  static func now(_ seconds: Double) -> Now {
    let at = base * 1_000_000_000 + Int64(seconds * 1_000_000_000)
    return Now(continuous: Instant(nanoseconds: at), wall: at + 1_790_000_000_000_000_000)
  }

  static func moment(_ seconds: Double) -> ModelTime {
    let now = now(seconds)
    return ModelTime(continuous: now.continuous.nanoseconds, wall: now.wall)
  }

  static func op(_ number: UInt64) -> OpID { OpID(life: 1, number: number) }

  /// Tells it all; the first broken promise, or nil and the checker as it is then.
  func tell() -> (violation: Violation?, checker: Checker) {
    var checker = Checker(reusesPIDs: reusesPIDs)
    do throws(Violation) {
      try begin(&checker)
      try look(&checker)
      try kill(&checker)
      return (nil, checker)
    } catch {
      return (error, checker)
    }
  }

  func begin(_ checker: inout Checker) throws(Violation) {
    try checker.observe(.daemonBegan(open: []), at: Story.now(-80))
    try checker.observe(.event(.configured(configuration)), at: Story.now(-80))
    func birth(_ life: Truth.Life, _ born: Double) -> Observation {
      .truth(
        Truth(
          moid: "vm-1", at: Story.moment(born), event: .born(life, pid: row.pid, owner: "alice", restored: nil)))
    }
    try checker.observe(birth(7, born), at: Story.now(-80))
    if holder.life != 7 { try checker.observe(birth(holder.life, holder.born), at: Story.now(-80)) }
    try inventory(&checker, Story.op(1), -80, facts)
  }

  func inventory(_ checker: inout Checker, _ op: OpID, _ at: Double, _ facts: VMFacts) throws(Violation) {
    for observation in Story.inventory(op, at, facts) { try checker.observe(observation, at: Story.now(at)) }
  }

  /// A refresh and its answer.
  static func inventory(_ op: OpID, _ at: Double, _ facts: VMFacts) -> [Observation] {
    let inventory = Inventory(vcenterUUID: "vc", canTerminate: true, vms: [facts], complete: true)
    let timing = Timing(firstByte: Story.now(at), ended: Story.now(at))
    return [
      .effect(.refresh(op, Story.vcenter, ScopeQuery(scopes: []), by: Story.now(at + 30).continuous)),
      .event(.inventory(op, timing, .success(inventory))),
    ]
  }

  func look(_ checker: inout Checker) throws(Violation) {
    if let early { try survey(&checker, Story.op(9), early, ends: false) }
    for (i, at) in looks.enumerated() {
      try survey(&checker, Story.op(10 + UInt64(i)), at, ends: false)
    }
    let op = Story.op(50)
    if confirmsByListing { return try survey(&checker, op, confirmAt, ends: true) }
    try checker.observe(
      .effect(
        .look(op, address, Story.login, pid: row.pid, confirmPurpose, by: Story.now(confirmAt + 30).continuous)),
      at: Story.now(confirmAt))
    try checker.observe(.executed(op, lives: [row.pid: 7]), at: Story.now(confirmAt + 0.1))
    try checker.observe(
      .event(.looked(op, timing(confirmAt, confirmAt + 0.2), .success(confirmed ?? .running(row)))),
      at: Story.now(confirmAt + 0.2))
  }

  /// A check of another pid.
  func look(at: Double, pid: Int64, _ what: Look, _ checker: inout Checker) throws(Violation) {
    let op = Story.op(3)
    try checker.observe(
      .effect(.look(op, address, Story.login, pid: pid, .check, by: Story.now(at + 30).continuous)),
      at: Story.now(at))
    try checker.observe(.executed(op, lives: [:]), at: Story.now(at + 0.1))
    try checker.observe(.event(.looked(op, timing(at, at + 0.2), .success(what))), at: Story.now(at + 0.2))
  }

  /// A listing of these rows.
  func list(_ rows: [GuestWatchCore.Process], _ checker: inout Checker, _ op: OpID, _ at: Double) throws(Violation) {
    try checker.observe(
      .effect(.survey(op, address, Story.login, showingEnds: false, by: Story.now(at + 30).continuous)),
      at: Story.now(at))
    try checker.observe(.executed(op, lives: [row.pid: 7]), at: Story.now(at + 0.1))
    try checker.observe(
      .event(.surveyed(op, timing(at, at + 0.2), .success(Listing(rows: rows, showsEnds: false)))),
      at: Story.now(at + 0.2))
  }

  func survey(_ checker: inout Checker, _ op: OpID, _ at: Double, ends: Bool) throws(Violation) {
    try checker.observe(
      .effect(.survey(op, address, Story.login, showingEnds: ends, by: Story.now(at + 30).continuous)),
      at: Story.now(at))
    try checker.observe(.executed(op, lives: [row.pid: 7]), at: Story.now(at + 0.1))
    let listing = Listing(rows: [row] + others, showsEnds: ends)
    try checker.observe(.event(.surveyed(op, timing(at, at + 0.2), .success(listing))), at: Story.now(at + 0.2))
  }

  func record(_ id: KillID) -> KillRecord {
    var process = row
    process.command = recordedCommand
    return KillRecord(
      id: id, cause: .rule(RuleID("old"), reason), action: .terminate, dryRun: false,
      vm: Story.key, address: address, vmName: facts.name, login: Story.login, process: process, anchors: [],
      decided: Story.now(confirmAt), confirmed: Story.now(confirmAt + 0.2))
  }

  static let id = KillID(life: 1, number: 1)

  func kill(_ checker: inout Checker) throws(Violation) {
    let id = Story.id
    let at = confirmAt + 0.2
    if hasIntent {
      let step = LedgerStep.intent(record(id))
      try checker.observe(.effect(.record(id, step)), at: Story.now(at))
      if isDurable { try checker.observe(.durable(id, step), at: Story.now(at)) }
      if isTold { try checker.observe(.event(.recorded(id, .intent, .success(()))), at: Story.now(at)) }
    }
    for observation in interlude { try checker.observe(observation, at: Story.now(at)) }
    for i in 0..<terminates {
      let op = Story.op(60 + UInt64(i))
      let call = CallID(number: 60 + UInt64(i))
      try checker.observe(
        .effect(
          .terminate(
            op, id, address, Story.login, pid: row.pid, firstByteBy: Story.now(confirmAt + window).continuous,
            firstByteByWall: Story.now(confirmAt + wallWindow).wall, by: Story.now(at + 60).continuous)),
        at: Story.now(at))
      try checker.observe(.reached(op, call), at: Story.now(at))
      try truth(&checker, .terminateReceived(call, pid: row.pid, holder: holder.life, account: "guestwatch"), at)
      if isSignalled { try truth(&checker, .signalled(call, holder.life, .term), at) }
      if victimDies {
        let cause = isSignalled ? Truth.Cause.terminated(call) : .exited
        try truth(&checker, .died(holder.life, pid: row.pid, cause), at + 0.5)
      }
      let ended = at + callTakes
      try checker.observe(.event(.terminated(op, timing(at, ended), answer)), at: Story.now(ended))
    }
    for observation in aftermath { try checker.observe(observation, at: Story.now(at + callTakes)) }
    let end = at + callTakes + 1
    for outcome in outcomes { try close(id, outcome, found: end, at: end, &checker) }
  }

  /// A kill that the life before left open: its intent is on disk, and the next life knows it.
  func leftOpen(_ kill: KillRecord, _ checker: inout Checker) throws(Violation) {
    try checker.observe(.effect(.record(kill.id, .intent(kill))), at: Story.now(-79))
    try checker.observe(.durable(kill.id, .intent(kill)), at: Story.now(-79))
    try checker.observe(.daemonEnded, at: Story.now(-79))
    try checker.observe(.daemonBegan(open: [kill.id]), at: Story.now(-78))
    try checker.observe(.event(.configured(configuration)), at: Story.now(-78))
  }

  /// An outcome, found at one moment and on disk at another.
  func close(
    _ id: KillID, _ outcome: Outcome, found: Double, at: Double, _ checker: inout Checker
  ) throws(Violation) {
    let step = LedgerStep.closed(outcome, error: nil, verified: nil, at: Story.now(found))
    try checker.observe(.effect(.record(id, step)), at: Story.now(at))
    try checker.observe(.durable(id, step), at: Story.now(at))
    try checker.observe(.event(.recorded(id, .closed, .success(()))), at: Story.now(at))
  }

  private func truth(_ checker: inout Checker, _ event: Truth.Event, _ at: Double) throws(Violation) {
    try checker.observe(.truth(Truth(moid: "vm-1", at: Story.moment(at), event: event)), at: Story.now(at))
  }

  private func timing(_ sent: Double, _ ended: Double) -> Timing {
    Timing(firstByte: Story.now(sent), ended: Story.now(ended))
  }
}
