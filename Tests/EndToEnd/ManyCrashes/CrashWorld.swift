import Foundation
import Glibc

/// One world of the crash test: a simulator, a state directory, and one life of the daemon after the other in it.
actor CrashWorld {
  /// How a life ended.
  struct Death: Sendable {
    var life: Int
    var moment: Moment
    var weather: Weather
    /// When it said READY=1; nil: it did not come so far.
    var ready: Date?
    var started: Date
    /// Right before the signal, and when the process was gone.
    var struck: Date
    var reaped: Date
    /// The kills that it left open, as the ledger told them then.
    var open: [HistoryRow]
  }

  nonisolated let name: String
  nonisolated let plan: CrashPlan
  private let world: World
  private var dice: Dice
  let population = Population()
  private(set) var calls = CallBook()
  private(set) var deaths: [Death] = []
  private(set) var book = RowBook()
  /// What was wrong, in the order in which it was found.
  private(set) var faults: [String] = []
  private(set) var slowestStart = Duration.zero
  private(set) var loginsFreed = 0
  private var started = Date()
  private var newcomers = 0
  private var holder: Task<Void, any Error>?
  /// What was said to the service manager before the life that was begun last.
  private var messages = 0

  init(_ name: String, _ plan: CrashPlan, _ world: World, _ dice: Dice) {
    self.name = name
    self.plan = plan
    self.world = world
    self.dice = dice
  }

  func note(_ fault: String) { faults.append("\(name): \(fault)") }

  private func readCalls() async throws { try calls.take(try await world.control.calls(from: calls.next)) }

  // MARK: the lives

  /// Lives and dies for as long as `another` says so, and then lives once more until every kill has its outcome.
  func run(_ another: () async -> Bool) async throws {
    try await settle()
    let population = population
    let watcher = Task { await population.watch() }
    defer { watcher.cancel() }
    while await another() { try await live() }
    try await end()
    await population.look()
  }

  /// Those who are there from the start.
  private func settle() async throws {
    started = Date()
    for (vm, guests) in world.ready.guests {
      for row in guests {
        guard let os = row.osPid, let process = LocalProcess(os) else { throw Trouble("\(row.name) is gone already") }
        await population.add(
          Population.Member(
            name: row.name, vm: vm, pid: row.pid, process: process, isRunaway: false, lived: Date()))
      }
    }
  }

  private func live() async throws {
    let life = deaths.count + 1
    var dice = dice.split()
    let weather = Weather(&dice)
    let moment = moment(of: life, weather, &dice)
    try await populate(life, &dice)
    try await endSomebody(&dice)
    let fault = try await arm(weather, &dice)

    let born = ContinuousClock.now
    let started = Date()
    let daemon = try await begin()
    let (struck, ready) = try await strike(daemon, at: moment, born: born, weather, dice.split())
    try await letGo()
    let end = try await daemon.end(within: .seconds(10))
    let reaped = Date()
    if end != .killed(by: SIGKILL) { note("life \(life) ended by itself, \(end): \(daemon.complained.suffix(600))") }

    if let fault { try await disarm(fault) }
    try await readCalls()
    let now = try await readHistory(of: life, &dice)
    deaths.append(
      Death(
        life: life, moment: moment, weather: weather, ready: ready, started: started, struck: struck, reaped: reaped,
        open: now.filter { $0.outcome == "open" }))
    if dice.chance(0.25) { try await swapSomebody() }
  }

  private func moment(of life: Int, _ weather: Weather, _ dice: inout Dice) -> Moment {
    // The first one dies while it makes its ledger.
    if life == 1 { return .afterStart(.milliseconds(dice.roll(0...250))) }
    // A terminate that did not wait for its intent is there while that still waits for the disk: then there is no row.
    if weather == .slowLedger && dice.chance(0.5) { return .afterTerminate(.milliseconds(dice.roll(0...150))) }
    return Moment(&dice)
  }

  private func begin() async throws -> Program {
    messages = world.notify.all.count
    return try await world.startDaemon()
  }

  /// Ends the life at its moment. Returns when that was, and when the daemon had said that it was ready.
  private func strike(
    _ daemon: Program, at moment: Moment, born: ContinuousClock.Instant, _ weather: Weather, _ dice: Dice
  ) async throws -> (struck: Date, ready: Date?) {
    if case .afterStart(let time) = moment {
      try await Task.sleep(until: born + time)
      let struck = Date()
      daemon.signal(SIGKILL)
      // Had it said so by then? What was said is in the socket when the signal is sent.
      try await Task.sleep(for: .milliseconds(20))
      return (struck, saidReady ? struck : nil)
    }
    try await isReady(daemon)
    try await freeLogin()
    if weather == .slowLedger { hold(dice) }
    let ready = ContinuousClock.now
    let readyAt = Date()
    slowestStart = max(slowestStart, ready - born)
    let possible = ready + .milliseconds(4900)
    let latest = ready + .seconds(11)
    switch moment {
    case .afterStart: break
    case .afterReady(let time): try await Task.sleep(until: ready + time)
    case .afterWrites(let count, let delay):
      try await Task.sleep(until: possible)
      return (try await strike(daemon, after: count, delay: delay, latest), readyAt)
    case .atWriteAfterTerminate(let count):
      try await Task.sleep(until: possible)
      if try await waits(until: latest, for: { $0.received >= readyAt }) {
        return (try await strike(daemon, after: count, delay: .zero, latest), readyAt)
      }
    case .afterTerminate(let time):
      try await Task.sleep(until: possible)
      if try await waits(until: latest, for: { $0.received >= readyAt }) { try await Task.sleep(for: time) }
    case .afterAnswer(let time):
      try await Task.sleep(until: possible)
      if try await waits(until: latest, for: { $0.answered.map { $0 >= readyAt } ?? false }) {
        try await Task.sleep(for: time)
      }
    }
    let struck = Date()
    daemon.signal(SIGKILL)
    return (struck, readyAt)
  }

  private func strike(
    _ daemon: Program, after writes: Int, delay: Duration, _ latest: ContinuousClock.Instant
  ) async throws -> Date {
    try await LedgerLog.strike(
      daemon, log: "\(world.state)/ledger.db-wal", after: writes, delay: delay, giveUp: latest - .now)
  }

  /// Three lives in a row that died under the first use of a login (all guests busy, a machine that is slow) count as three
  /// refusals, and that stops it (S10): it is never known what they were answered. Then an operator says that all is well.
  private func freeLogin() async throws {
    guard try LedgerFile.hasStoppedLogin("\(world.state)/ledger.db") else { return }
    loginsFreed += 1
    let (end, _, complaint) = try await world.command("retry-login", "linux", "--state", world.state)
    if end != .exited(0) { note("retry-login: \(end): \(complaint)") }
  }

  private func hold(_ dice: Dice) {
    let path = "\(world.state)/ledger.db"
    holder = Task { try await LedgerFile.hold(path, dice) }
  }

  /// Before the files are touched in any other way: a lock of this process would go with them.
  private func letGo() async throws {
    holder?.cancel()
    try await holder?.value
    holder = nil
  }

  private func isReady(_ daemon: Program) async throws {
    // Messages of earlier lives are there too: each life that was ready has one.
    _ = try await eventually("life \(deaths.count + 1) is ready", within: .seconds(60)) {
      if let end = daemon.ended() { throw Trouble("the daemon did not start: \(end): \(daemon.complained)") }
      return self.saidReady ? true : nil
    }
  }

  /// Whether the life that was begun last said so.
  private var saidReady: Bool { world.notify.all.dropFirst(messages).contains("READY=1") }

  /// Whether a terminate of this life is such a one in time.
  private func waits(
    until end: ContinuousClock.Instant, for wanted: (CallBook.Entry) -> Bool
  ) async throws -> Bool {
    while ContinuousClock.now < end {
      try await readCalls()
      if calls.terminates.contains(where: wanted) { return true }
      try await Task.sleep(for: .milliseconds(15))
    }
    return false
  }

  /// The last life: nothing is wrong any more, nothing new is begun, and everything open is looked after.
  private func end() async throws {
    let daemon = try await begin()
    try await isReady(daemon)
    let (paused, _, complaint) = try await world.command("pause", "--state", world.state)
    if paused != .exited(0) { note("pause: \(paused): \(complaint)") }
    // What died between its intent and its answer waits 90 s for its `unknown`; one kill at a time on each VM.
    let rows = try await world.poll("every kill is closed", within: .seconds(200)) {
      try await self.freeLogin()
      let rows = try await self.world.history()
      return rows.contains { $0.outcome == "open" } ? nil : rows
    }
    take(rows, "at the end")
    daemon.signal(SIGTERM)
    let end = try await daemon.end(within: .seconds(40))
    if end != .exited(0) { note("the last life: \(end)") }
    try await readCalls()
    for complaint in try LedgerFile.complaints("\(world.state)/ledger.db") { note("integrity_check: \(complaint)") }
    take(try await world.history(), "after the end")
    for file in try FileManager.default.contentsOfDirectory(atPath: world.state) where file.contains("damaged") {
      note("a ledger was damaged: \(file)")
    }
    let state = try await world.control.state()
    for account in state.accounts where account.locked { note("an account was locked: \(account)") }
    hits = Dictionary(uniqueKeysWithValues: state.terminates.map { ($0.call, $0.hit) })
    noteSecrets()
  }
  /// Which process each terminate found, by the number of its call.
  private(set) var hits: [Int: SimulatorState.Terminate.Hit?] = [:]

  private func noteSecrets() {
    let text = world.log.joined(separator: "\n") + world.notify.all.joined(separator: "\n")
    for secret in Secrets.all where text.contains(secret) { note("a password in the log or STATUS") }
  }

  // MARK: what happens around them

  /// So many runaways on each VM that there is always one more than any budget lets die.
  private func populate(_ life: Int, _ dice: inout Dice) async throws {
    for vm in CrashPlan.vms {
      let there = await population.runaways(on: vm)
      for number in there.count..<max(3, there.count) {
        // Starts within 2 s count as equally old, and the oldest twin must stay the oldest.
        let isTwin = dice.chance(0.35) && Date().timeIntervalSince(started) > 4
        let name = "\(isTwin ? "twin" : "runaway")-\(vm.suffix(3))-\(life)-\(number)"
        // Some end at once, some only by SIGKILL 5 s later: so that a death meets every step.
        let pid = try await world.start(
          .sleeper(name, owner: "eve", ignoresSigterm: dice.chance(0.4)), on: vm)
        guard let process = LocalProcess(Int32(pid)) else { throw Trouble("\(name) is gone already") }
        await population.add(
          Population.Member(name: name, vm: vm, pid: pid, process: process, isRunaway: true, lived: Date()))
      }
    }
  }

  /// Now and then a runaway ends by itself when its terminate comes.
  private func endSomebody(_ dice: inout Dice) async throws {
    guard dice.chance(0.15), let victim = await population.runaways(on: dice.pick(CrashPlan.vms)).first,
      !victim.isEndedByTest
    else { return }
    try await world.control.post(
      "hooks",
      #"{"calls": "terminate", "at": "before", "vm": "\#(victim.vm)", "pid": \#(victim.pid), "kill": true}"#,
      as: Armed.self)
    await population.willBeEnded(victim.name)
  }

  /// While no daemon lives, a runaway dies and its pid goes to somebody who must live: best one whose kill is open.
  private func swapSomebody() async throws {
    // A terminate that is at work in the guest goes by the pid alone, and so would hit the newcomer. Nobody could help that.
    let atWork = Set(calls.terminates.filter { $0.answered == nil }.map(\.call.vm))
    let open = Set(deaths.last?.open.map(\.name) ?? [])
    var victims: [Population.Member] = []
    for vm in CrashPlan.vms where !atWork.contains(vm) { victims += await population.runaways(on: vm) }
    victims.removeAll(where: \.isEndedByTest)
    guard let victim = victims.first(where: { open.contains($0.name) }) ?? victims.first else { return }
    newcomers += 1
    let newcomer = "newcomer-\(newcomers)"
    struct Swapped: Decodable, Sendable {}
    try await world.control.post(
      "guests/\(victim.vm)/swap",
      #"{"pid": \#(victim.pid), "name": "\#(newcomer)", "owner": "bob", "argv": ["/bin/sleep", "100000"]}"#,
      as: Swapped.self)
    await population.wasSwapped(victim.name)
    let guests = try await world.control.state().guests[victim.vm] ?? []
    guard let row = guests.first(where: { $0.name == newcomer }), let os = row.osPid, let process = LocalProcess(os)
    else { throw Trouble("\(newcomer) is not there") }
    await population.add(
      Population.Member(
        name: newcomer, vm: victim.vm, pid: row.pid, process: process, isRunaway: false, lived: Date()))
  }

  private func arm(_ weather: Weather, _ dice: inout Dice) async throws -> Int? {
    guard let fault = weather.fault(&dice) else { return nil }
    return try await world.control.post("faults", "{\(fault), \"times\": \(weather.times)}", as: Armed.self).id
  }

  /// One that is used up is not there any more, and that is fine.
  private func disarm(_ id: Int) async throws {
    _ = try? await world.control.post("disarm", "{\"id\": \(id)}")
  }

  // MARK: the ledger

  /// Reads the ledger that a life left behind, with no daemon there: often a copy, so that the next life meets the files
  /// exactly as the dead one left them.
  private func readHistory(of life: Int, _ dice: inout Dice) async throws -> [HistoryRow] {
    var state = world.state
    guard FileManager.default.fileExists(atPath: "\(state)/ledger.db") else { return [] }
    if dice.chance(0.5) {
      state = "\(world.folder.path)/copy"
      try? FileManager.default.removeItem(atPath: state)
      try world.folder.make("copy")
      // Without the shared memory, as if the machine had lost it: it is made anew from the log.
      for file in ["ledger.db", "ledger.db-wal"] where FileManager.default.fileExists(atPath: "\(world.state)/\(file)")
      {
        try FileManager.default.copyItem(atPath: "\(world.state)/\(file)", toPath: "\(state)/\(file)")
      }
    }
    let (end, out, complaint) = try await world.command("history", "--state", state, "--limit", "0", "--json")
    guard end == .exited(0) else {
      note("history after life \(life): \(end): \(complaint)")
      return []
    }
    let rows = try historyRows(out)
    take(rows, "after life \(life)")
    return rows
  }

  private func take(_ read: [HistoryRow], _ when: String) {
    for fault in book.take(read, when) { note(fault) }
  }

  /// Leaves what is needed to look into it.
  func keepEvidence() async -> String {
    world.folder.keep()
    if let state: Data = try? await world.control.raw("state") { try? world.folder.write("state.json", state) }
    if let calls: Data = try? await world.control.raw("calls") { try? world.folder.write("calls.json", calls) }
    let lives = deaths.map { death in
      "life \(death.life): \(death.weather), killed \(death.moment), at \(death.struck.precise); "
        + "ready \(death.ready?.precise ?? "never"); open \(death.open.map(\.killId))"
    }
    try? world.folder.write("lives.txt", lives.joined(separator: "\n") + "\n")
    return world.folder.path
  }
}
