@testable import GuestWatchCore

/// One VM with a guest as a table of processes, in virtual time: answers what a `Watch` asks for and keeps all effects.
struct Stage {
  static let vcenter = VCenterID("lab")
  static let login = LoginID("linux")
  static let key = VMKey(vcenter: "vc-uuid", instance: "vm-uuid")
  /// 2026-01-01T00:00:00Z.
  static let epoch: Int64 = 1_767_225_600

  var watch = Watch()
  /// Nanoseconds since the start, on the continuous clock.
  var time: Int64 = 1_000_000_000_000
  /// What wall time is ahead of the continuous clock beyond its start.
  var wallStep: Int64 = 0
  var guest: [Process] = []
  var facts = VMFacts(
    moid: "vm-1", name: "db-07", instanceUUID: "vm-uuid", family: .linux, bootTime: Stage.epoch - 86_400)
  var latency = Duration.milliseconds(100)

  /// Answers an effect in place of the guest; nil: as usual. An empty list: never.
  var intercept: (Effect, inout Stage) -> [(Duration, Event)]? = { _, _ in nil }
  /// Every effect with when it came.
  var log: [(at: Int64, effect: Effect)] = []
  private var answers: [(at: Int64, sequence: Int, event: Event)] = []
  private var sequence = 0
  private var wake: Int64?

  var now: Now {
    Now(
      continuous: Instant(nanoseconds: time),
      wall: Stage.epoch * 1_000_000_000 + time - 1_000_000_000_000 + wallStep)
  }

  /// Seconds since 1970 that a process which starts now shows.
  var second: Int64 { now.wall / 1_000_000_000 }

  init() {
    // A guest that has been up for long: enough rows of the system for evidence and anchors.
    for pid: Int64 in [1, 2, 3, 100, 101, 102, 103, 104, 105, 106] {
      guest.append(
        Process(
          pid: pid, started: Stage.epoch - 86_400 + pid, owner: "root", name: GuestText("system-\(pid)"), command: "s"))
    }
  }

  mutating func begin(
    _ rules: [Rule], restored: Restored = Restored(life: 1), _ change: (inout Configuration) -> Void = { _ in }
  ) {
    send(.began(seed: 7, restored: restored))
    send(.configured(Stage.configuration(rules, change)))
  }

  static func configuration(_ rules: [Rule], _ change: (inout Configuration) -> Void = { _ in }) -> Configuration {
    var configuration = Configuration(
      vcenters: [VCenterEntry(id: vcenter)], logins: [LoginEntry(id: login, account: "guestwatch", digest: 1)],
      rules: rules)
    change(&configuration)
    return configuration
  }

  static func rule(
    _ name: String = "r", match: String = "spin", limits: Limits = .forbidden, lasting: Duration = .zero,
    every: Duration = .seconds(10), action: Action = .terminate, _ change: (inout Rule) -> Void = { _ in }
  ) -> Rule {
    var rule = Rule(
      id: RuleID(name), login: login, scope: Scope(names: [glob("*")]), match: Match(names: [glob(match)]),
      limits: limits, lasting: lasting, every: every, action: action)
    change(&rule)
    return rule
  }

  @discardableResult
  mutating func spawn(_ pid: Int64, _ name: String = "spin", owner: String = "bob", started: Int64? = nil) -> Process {
    let process = Process(
      pid: pid, started: started ?? second, owner: GuestText(owner), name: GuestText(name),
      command: GuestText("/usr/bin/\(name) --work"))
    guest.append(process)
    return process
  }

  mutating func exit(_ pid: Int64) { guest.removeAll { $0.pid == pid } }

  mutating func send(_ event: Event) {
    for effect in watch.handle(event, at: now) {
      log.append((time, effect))
      let custom = intercept(effect, &self)
      for (after, event) in custom ?? usual(effect) { answer(event, after: after) }
    }
  }

  mutating func answer(_ event: Event, after: Duration) {
    sequence += 1
    answers.append((time + after.nanoseconds, sequence, event))
  }

  /// Lets virtual time pass.
  mutating func run(_ duration: Duration) {
    let end = time + duration.nanoseconds
    while true {
      let next = answers.min { ($0.at, $0.sequence) < ($1.at, $1.sequence) }
      let timer = wake ?? .max
      if let next, next.at <= timer, next.at <= end {
        time = max(time, next.at)
        answers.removeAll { $0.sequence == next.sequence }
        send(next.event.ended(at: now))
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

  func timing() -> Timing { Timing(firstByte: now, ended: now, date: second) }

  private mutating func usual(_ effect: Effect) -> [(Duration, Event)] {
    switch effect {
    case .refresh(let id, _, _, _):
      let inventory = Inventory(vcenterUUID: "vc-uuid", canTerminate: true, vms: [facts], complete: true)
      return [(latency, .inventory(id, timing(), .success(inventory)))]
    case .survey(let id, _, _, let ends, _):
      return [(latency, .surveyed(id, timing(), .success(Listing(rows: guest, showsEnds: ends))))]
    case .look(let id, _, _, let pid, _, _):
      return [(latency, .looked(id, timing(), .success(look(pid))))]
    case .record(let id, let step):
      return [(.milliseconds(1), .recorded(id, step.kind, .success(())))]
    case .terminate(let id, _, _, _, let pid, _, _, _):
      let answer: KillAnswer = guest.contains { $0.pid == pid } ? .done : .notFound
      let sent = timing()
      exit(pid)
      return [(latency, .terminated(id, sent, answer))]
    case .wake(let at):
      wake = at.nanoseconds
      return []
    case .note, .remember, .keepPauses, .answer, .show, .report, .status, .ready, .stopped:
      return []
    }
  }

  func look(_ pid: Int64) -> Look {
    guard let process = guest.first(where: { $0.pid == pid }) else { return .gone }
    return process.finished == nil ? .running(process) : .finished(process)
  }

  // MARK: What happened

  /// (pid, seconds since the start) of every terminate.
  var terminates: [(pid: Int64, at: Double)] {
    log.compactMap { entry in
      guard case .terminate(_, _, _, _, let pid, _, _, _) = entry.effect else { return nil }
      return (pid, Double(entry.at - 1_000_000_000_000) / 1e9)
    }
  }

  var killed: [Int64] { terminates.map(\.pid) }

  var outcomes: [Outcome] {
    log.compactMap { entry in
      guard case .record(_, .closed(let outcome, _, _, _)) = entry.effect else { return nil }
      return outcome
    }
  }

  var notes: [LoginNote] {
    log.compactMap { if case .note(let note) = $0.effect { note } else { nil } }
  }

  func reports(_ kind: Report.Kind) -> [Report] {
    log.compactMap { entry in
      guard case .report(let report) = entry.effect, report.kind == kind else { return nil }
      return report
    }
  }

  var surveys: Int {
    log.count { entry in
      guard case .survey = entry.effect else { return false }
      return true
    }
  }
}

/// A glob that a test knows to be right.
func glob(_ pattern: String) -> Glob {
  do {
    return try Glob(pattern)
  } catch {
    preconditionFailure("bad glob in a test: \(pattern)")
  }
}

extension Event {
  /// Answers carry the time of their sending; their end is when they come.
  func ended(at now: Now) -> Event {
    switch self {
    case .inventory(let id, var timing, let result):
      timing.ended = now
      return .inventory(id, timing, result)
    case .surveyed(let id, var timing, let result):
      timing.ended = now
      return .surveyed(id, timing, result)
    case .looked(let id, var timing, let result):
      timing.ended = now
      return .looked(id, timing, result)
    case .terminated(let id, var timing, let answer):
      timing.ended = now
      return .terminated(id, timing, answer)
    case .began, .configured, .timeCame, .recorded, .asked, .shutdownAsked: return self
    }
  }
}
