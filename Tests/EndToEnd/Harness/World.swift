import Foundation
import Synchronization
import Testing

/// A simulated vCenter whose guests are real processes, and the daemon's files: all of one test.
///
/// Nothing of it is left when `World.with` returns, however the test ended.
final class World: Sendable {
  let folder: Folder
  let ready: Ready
  let control: Control
  let simulator: Program
  let notify: NotifySocket
  private let settings: Mutex<Settings>
  private let daemons = Mutex<[Program]>([])
  private let commands = Mutex(0)
  /// Every process that was started in a guest, by label.
  private let started = Mutex<[(label: String, vm: String, pid: Int64, process: LocalProcess)]>([])

  private init(
    folder: Folder, ready: Ready, control: Control, simulator: Program, notify: NotifySocket, settings: Settings
  ) {
    self.folder = folder
    self.ready = ready
    self.control = control
    self.simulator = simulator
    self.notify = notify
    self.settings = Mutex(settings)
  }

  /// Makes a world, runs the test in it and takes it down.
  static func with(
    _ scenario: Scenario, _ settings: Settings, isolation: isolated (any Actor)? = #isolation,
    _ test: (World) async throws -> Void
  ) async throws {
    let world = try await make(scenario, settings)
    do {
      try await test(world)
    } catch {
      Issue.record("\(error)\n\(await world.account())")
    }
    await world.end()
  }

  private static func make(_ scenario: Scenario, _ settings: Settings) async throws -> World {
    if let missing = Binaries.missing { throw Trouble(missing) }
    let folder = try Folder()
    for name in ["etc", "etc/rules.d", "vcenter"] { try folder.make(name) }
    try folder.write("scenario.json", try encoded(scenario))
    let simulator = try await Program.start(
      [Binaries.simulator, "--scenario", "\(folder.path)/scenario.json", "--state", "\(folder.path)/vcenter"],
      name: "simulator", folder: folder.path)
    // All suites begin at once: on a machine that is overloaded this may take a while.
    let ready = try await eventually(
      "the simulator is ready", within: .seconds(120), otherwise: { simulator.complained }
    ) {
      if let end = simulator.ended() { throw Trouble("the simulator: \(end): \(simulator.complained)") }
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      let line = FileManager.default.contents(atPath: "\(folder.path)/vcenter/simulator.json")
      return try line.map { try decoder.decode(Ready.self, from: $0) }
    }
    let world = World(
      folder: folder, ready: ready, control: try Control(url: ready.control, token: ready.controlToken),
      simulator: simulator, notify: try NotifySocket("\(folder.path)/notify"), settings: settings)
    for (vm, rows) in ready.guests {
      for row in rows {
        if let label = row.label, let pid = row.osPid, let process = LocalProcess(pid) {
          world.started.withLock { $0.append((label, vm, row.pid, process)) }
        }
      }
    }
    let wanted = scenario.vms.reduce(0) { $0 + $1.processes.count }
    guard world.started.withLock({ $0.count }) == wanted else { throw Trouble("not all guests were started") }
    try world.configure { _ in }
    return world
  }

  private func end() async {
    for daemon in daemons.withLock({ $0 }) { daemon.killAndReap() }
    // It ends its guests.
    simulator.signal(SIGTERM)
    _ = try? await simulator.end(within: .seconds(20))
    simulator.killAndReap()
    let left = started.withLock { $0 }.filter(\.process.lives)
    #expect(left.isEmpty, "guests that outlive the simulator: \(left.map { $0.label })")
  }

  // MARK: the daemon

  var config: String { "\(folder.path)/etc/guestwatchd.toml" }
  var state: String { "\(folder.path)/state" }

  /// Changes the configuration's files; a daemon that runs sees them after a SIGHUP.
  func configure(_ change: (inout Settings) -> Void) throws {
    let settings = settings.withLock { settings in
      change(&settings)
      return settings
    }
    try folder.write("etc/vcenter.password", settings.vcenterPassword + "\n")
    try folder.write("etc/guest.password", settings.guestPassword + "\n")
    try folder.write("etc/guestwatchd.toml", settings.main(url: ready.url, authority: ready.caFile))
    try folder.write("etc/rules.d/50-test.toml", settings.rules.map(\.text).joined())
  }

  /// Starts the daemon; the one before must have ended.
  @discardableResult
  func startDaemon(environment: [String] = [], wrapper: [String] = [], log: [String] = ["--log", "stderr"]) async throws
    -> Program
  {
    let number = daemons.withLock { $0.count } + 1
    let daemon = try await Program.start(
      wrapper + [Binaries.guestwatchd, "run", "--config", config, "--state", state] + log,
      environment: [
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LIBDISPATCH_LOG=NO", "NOTIFY_SOCKET=\(notify.path)",
      ] + environment, name: "daemon-\(number)", folder: folder.path)
    daemons.withLock { $0.append(daemon) }
    return daemon
  }

  /// Starts the daemon and waits until it says that it is ready.
  @discardableResult
  func startReadyDaemon(environment: [String] = [], wrapper: [String] = []) async throws -> Program {
    let before = notify.all.count
    let daemon = try await startDaemon(environment: environment, wrapper: wrapper)
    try await until("READY=1") { self.notify.all.dropFirst(before).contains("READY=1") }
    return daemon
  }

  /// All that the daemons of this world have logged, a line each.
  var log: [Substring] {
    daemons.withLock { $0 }.flatMap { $0.complained.split(separator: "\n") }
  }

  /// SIGTERM, and what must hold after it: exit 0, and no session is left open by that life.
  func stopDaemon(_ daemon: Program) async throws {
    daemon.signal(SIGTERM)
    let end = try await daemon.end(within: .seconds(40))
    #expect(end == .exited(0))
  }

  func command(_ arguments: String...) async throws -> (end: Program.End, out: String, err: String) {
    try await command(arguments)
  }

  func command(_ arguments: [String]) async throws -> (end: Program.End, out: String, err: String) {
    let number = commands.withLock { count in
      count += 1
      return count
    }
    let program = try await Program.start(
      [Binaries.guestwatchd] + arguments, environment: ["LIBDISPATCH_LOG=NO"], name: "command-\(number)",
      folder: folder.path)
    let end = try await program.end(within: .seconds(30))
    return (end, program.said, program.complained)
  }

  /// What `guestwatchd history --json` says, beside the running daemon.
  func history() async throws -> [HistoryRow] {
    // Before the daemon has made it there is nothing to read.
    guard FileManager.default.fileExists(atPath: state) else { return [] }
    let (end, out, err) = try await command("history", "--state", state, "--limit", "0", "--json")
    guard end == .exited(0) else { throw Trouble("history: \(end): \(err)") }
    return try historyRows(out)
  }

  // MARK: the guests

  /// Starts a process in a guest.
  @discardableResult
  func start(_ guest: Guest, on vm: String) async throws -> Int64 {
    let row = try await control.post("guests/\(vm)/start", try guest.json, as: GuestRow.self)
    guard let process = LocalProcess(Int32(row.pid)) else { throw Trouble("\(row.name) is gone already") }
    started.withLock { $0.append((guest.label ?? row.name, vm, row.pid, process)) }
    return row.pid
  }

  /// What the guest shows as the pid of a label.
  func pid(_ label: String) throws -> Int64 {
    guard let found = started.withLock({ $0.last { $0.label == label } }) else { throw Trouble("no \(label)") }
    return found.pid
  }

  func lives(_ label: String) throws -> Bool {
    guard let found = started.withLock({ $0.last { $0.label == label } }) else { throw Trouble("no \(label)") }
    return found.process.lives
  }

  /// The labels of all guests that are dead, sorted.
  var dead: [String] {
    started.withLock { $0 }.filter { !$0.process.lives }.map(\.label).sorted()
  }

  // MARK: waiting

  /// Waits for something real, and says all that is known where it does not come.
  func poll<Value>(
    _ what: String, within limit: Duration = .seconds(60), isolation: isolated (any Actor)? = #isolation,
    _ question: () async throws -> Value?
  ) async throws -> Value {
    let running = daemons.withLock { $0.last }
    return try await eventually(what, within: limit) {
      if let answer = try await question() { return answer }
      if let end = running?.ended() { throw Trouble("waiting for \(what), the daemon ended: \(end)") }
      return nil
    }
  }

  /// Waits until something real holds.
  func until(
    _ what: String, within limit: Duration = .seconds(60), isolation: isolated (any Actor)? = #isolation,
    _ question: () async throws -> Bool
  ) async throws {
    _ = try await poll(what, within: limit) { try await question() ? true : nil }
  }

  /// Waits until the ledger has rows for these pids with these outcomes.
  @discardableResult
  func rows(_ pid: Int64, _ outcomes: String..., within limit: Duration = .seconds(60)) async throws -> HistoryRow {
    try await poll("pid \(pid) \(outcomes) in the ledger", within: limit) {
      try await self.history().last { $0.pid == pid && outcomes.contains($0.outcome) }
    }
  }

  /// Waits for a line of the log that holds all of these.
  @discardableResult
  func line(_ parts: String..., within limit: Duration = .seconds(60)) async throws -> Substring {
    try await poll("a line with \(parts)", within: limit) {
      self.log.first { line in parts.allSatisfy { line.contains($0) } }
    }
  }

  /// Waits until so many more looks at a VM were begun and the last but one is over.
  func looks(_ count: Int, at vm: String) async throws {
    let before = try await control.state().guestCalls[vm]?.received ?? 0
    try await until("\(count) more looks at \(vm)") {
      try await control.state().guestCalls[vm]?.received ?? 0 > before + count
    }
  }

  // MARK: what must hold in every world

  /// What nothing may ever break: one guest call at a time per VM, one outcome for each terminate that was received, and its
  /// steps in their order, the terminate at most 5 s after its confirm.
  ///
  /// - Parameter crashed: a life that was killed leaves its last call at work in the guest; the next one cannot know.
  func audit(crashed: Bool = false) async throws {
    let state = try await control.state()
    if !crashed { #expect(state.counters.overlaps == 0) }
    for (vm, traffic) in state.guestCalls {
      #expect(traffic.mostInFlight <= (crashed ? 2 : 1), "guest calls at once on \(vm)")
    }
    #expect(!state.accounts.contains { $0.locked }, "\(state.accounts)")
    let kills = try await history().filter(\.isKill)
    #expect(Set(kills.map { $0.killId }).count == kills.count, "a kill has two rows")
    for row in kills {
      #expect(row.outcome != "open", "\(row)")
      let times = row.times
      #expect(times == times.sorted(), "steps out of order: \(row)")
      if let decided = row.decided.flatMap(date), let sent = row.sent.flatMap(date) {
        #expect(decided <= sent, "sent before it was decided: \(row)")
      }
      if let confirmed = row.confirmed.flatMap(date), let sent = row.sent.flatMap(date) {
        #expect(sent.timeIntervalSince(confirmed) <= 5, "sent too late: \(row)")
      }
    }
    try await auditTerminates(kills)
    let text = log.joined(separator: "\n") + notify.all.joined(separator: "\n")
    for secret in Secrets.all { #expect(!text.contains(secret), "a password in the log or STATUS") }
    for file in try FileManager.default.contentsOfDirectory(atPath: self.state) {
      let bytes = FileManager.default.contents(atPath: "\(self.state)/\(file)") ?? Data()
      for secret in Secrets.all {
        #expect(bytes.range(of: Data(secret.utf8)) == nil, "a password in the state directory, in \(file)")
      }
    }
  }

  /// Every terminate that was received belongs to one kill, which was decided before and closed after it, and no kill has
  /// two. (A kill may have none: then it was lost on the way, or the daemon died before it left.)
  private func auditTerminates(_ kills: [HistoryRow]) async throws {
    var owners: [String: Int] = [:]
    for call in try await control.calls() where call.isTerminate {
      let received = try #require(date(call.received))
      let rows = kills.filter { row in
        guard row.vm == call.vm, row.pid == call.pid, row.outcome != "abandoned" else { return false }
        guard let decided = row.decided.flatMap(date) else { return false }
        // Rows have milliseconds, cut off.
        let end = row.verified.flatMap(date) ?? row.answered.flatMap(date) ?? .distantFuture
        return decided <= received && received <= end.addingTimeInterval(0.002)
      }
      #expect(rows.count == 1, "a terminate that belongs to no kill, or to two: \(call) \(rows)")
      for row in rows { owners[row.killId, default: 0] += 1 }
    }
    for (kill, count) in owners { #expect(count == 1, "\(count) terminates for kill \(kill)") }
  }

  /// After a clean stop nothing is left at the vCenter.
  func expectLoggedOut() async throws {
    let state = try await control.state()
    #expect(state.openSessions.isEmpty, "\(state.openSessions)")
  }

  /// All that a failure needs to be understood.
  func account() async -> String {
    var parts = ["--- log"] + log.suffix(60).map(String.init)
    parts += ["--- notify"] + notify.all.suffix(20)
    if let rows = try? await history() { parts += ["--- history"] + rows.map { "\($0)" } }
    if let state = try? await control.state() {
      parts += ["--- simulator", "\(state.counters)", "\(state.terminates)", "\(state.guestCalls)"]
    }
    if let calls = try? await control.calls() {
      parts += ["--- last calls"] + calls.suffix(25).map { "\($0)" }
    }
    parts += ["--- simulator's stderr", simulator.complained]
    return parts.joined(separator: "\n")
  }
}
