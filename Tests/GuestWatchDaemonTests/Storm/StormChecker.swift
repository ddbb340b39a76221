import GuestWatchCore

/// What must hold of everything that was seen around the scheduler, whatever happened. It shares no code with it.
struct StormChecker {
  private struct Operation {
    var kind: String
    var vcenter: String
    var by: Instant
    var asked: Instant
    var called: Instant?
    var returned: Instant?
    var client: Int?
    var told: [(at: Instant, voice: Voice)] = []
    /// The client that its vCenter had when it was asked for; 0: none.
    var configured: Int
  }

  let mix: StormMix
  let begun: Instant
  private let findings = Findings()
  var violations: [String] { findings.violations }
  /// What happened, for the summary: a check that never had anything to check is a finding.
  private(set) var counts: [String: Int] = [:]

  /// A reference, so that what is required may be said in terms of the checker.
  private final class Findings {
    var violations: [String] = []
  }

  private var operations: [UInt64: Operation] = [:]
  private var operationOf: [Instant: UInt64] = [:]
  private var configured: [Int] = []
  private var loaded: [[Int]] = []
  private var clients: Set<Int> = []
  private var leaving: [Int: Instant] = [:]
  private var stopped: Instant?
  private var given: [String] = []
  private var written: [String] = []
  private var recorded: [String] = []
  private var inLedger: String?
  private var notesGiven: [String] = []
  private var notesKept = 0
  private var lastPauses: (given: String, kept: String?)?
  private var memories: [Substring: (given: String, kept: String?)] = [:]
  private var lastMarkWorked = false
  private var ended: Instant?
  private var stopAsked: Instant?

  init(_ world: StormWorld) {
    mix = world.mix
    begun = world.begun
    for entry in world.log.all { see(entry.seen, entry.at) }
    conclude(world)
  }

  private func require(_ holds: Bool, _ what: @autoclosure () -> String) {
    if !holds { findings.violations.append(what()) }
  }
  private mutating func count(_ what: String) { counts[what, default: 0] += 1 }

  private mutating func see(_ seen: Seen, _ at: Instant) {
    require(ended == nil || seen.comesAfterTheEnd, "\(seen) after run returned")
    switch seen {
    case .asked(let op, let kind, let vcenter, let by):
      let place = StormWorld.vcenters.firstIndex(of: vcenter) ?? 0
      operations[op] = Operation(kind: kind, vcenter: vcenter, by: by, asked: at, configured: configured[place])
      operationOf[by] = op
    case .told(let op, let kind, let voice): told(op, kind, voice, at)
    case .saidStopped: stopped = stopped ?? at
    case .configured: if !loaded.isEmpty { configured = loaded.removeFirst() }
    case .called(let by, let client): called(by, client, at)
    case .returned(let by, _): if let op = operationOf[by] { operations[op]?.returned = at }
    case .loaded(let now):
      // The first one is installed before anything is asked; each later one is told right when it is installed.
      if configured.isEmpty { configured = now }
      loaded.append(now)
      clients.formUnion(now.filter { $0 > 0 })
    case .leaving(let client):
      require(leaving[client] == nil, "client \(client) leaves twice")
      leaving[client] = at
      count("logouts")
      if stopped == nil && !pastStop(at) {
        for (op, operation) in operations where operation.client == client && operation.returned == nil {
          require(false, "client \(client) leaves while \(op) uses it")
        }
        require(!configured.contains(client), "client \(client) leaves and is configured")
      }
    case .left: break
    case .given(let job): gave(job)
    case .writing(let job): writes(job)
    case .wrote(let job, let ok): wrote(job, ok)
    case .recorded(let job, let ok):
      count(ok ? "steps recorded" : "steps refused")
      recorded.append(job)
      require(
        written.count >= recorded.count && written[recorded.count - 1] == job, "\(job) told before it was written")
    case .alive, .ready, .reloading, .report: break
    case .stopping: stopAsked = at
    case .ended: ended = at
    }
  }

  /// The scheduler's own limit on the end has passed.
  private func pastStop(_ at: Instant) -> Bool { stopAsked.map { $0 + .seconds(25) <= at } ?? false }

  // MARK: operations

  private mutating func called(_ by: Instant, _ client: Int, _ at: Instant) {
    count("calls")
    guard let op = operationOf[by], let operation = operations[op] else {
      return require(false, "a call that nobody asked for")
    }
    require(operation.called == nil, "\(op) is called twice")
    require(leaving[client] == nil, "\(op) is called on client \(client), which was left")
    require(stopped == nil, "\(op) (\(operation.kind)) is called after the decision stopped")
    require(!pastStop(at) || mix.heldUp > 0, "\(op) (\(operation.kind)) is called after the limit of the stop")
    operations[op]?.called = at
    operations[op]?.client = client
    switch operation.kind {
    // A verify goes over the client of its kill; what it must be is for the tests of `Routes`.
    case "verify": break
    default:
      // A load that ends after SIGTERM is installed without a word, so that its clients are logged out too.
      require(
        client == operation.configured || stopAsked != nil,
        "\(op) goes over \(client), configured was \(operation.configured)")
    }
  }

  private mutating func told(_ op: UInt64, _ kind: String, _ voice: Voice, _ at: Instant) {
    count("answers of \(voice)")
    guard var operation = operations[op] else { return require(false, "an answer to \(op), which was not asked") }
    operation.told.append((at, voice))
    operations[op] = operation
    require(
      kind == operation.kind || (kind == "look" && operation.kind == "verify"),
      "\(op) is a \(operation.kind), answered as \(kind)")
    switch voice {
    case .client: require(operation.returned != nil, "\(op) answered for the client before it came back")
    case .scheduler: require(at >= operation.by + .milliseconds(500), "\(op) given up before its deadline")
    case .nobody: require(operation.called == nil, "\(op) was called and is said to be unsent")
    }
    if operation.told.count > 1 {
      count("late answers")
      require(
        operation.kind == "terminate" && operation.told.map(\.voice) == [.scheduler, .client],
        "\(op) (\(operation.kind)) is answered \(operation.told.map(\.voice))")
    }
  }

  // MARK: ledger

  private mutating func gave(_ job: String) {
    if job.hasPrefix("step") { given.append(job) }
    if job.hasPrefix("note") { notesGiven.append(job) }
    if job.hasPrefix("pauses") { lastPauses = (job, lastPauses?.kept) }
    if job.hasPrefix("memory") { memories[job.split(separator: ":")[0], default: ("", nil)].given = job }
  }

  private mutating func writes(_ job: String) {
    require(inLedger == nil, "\(job) begins while the ledger writes \(inLedger ?? "")")
    inLedger = job
    if job.hasPrefix("step") {
      written.append(job)
      require(
        given.count >= written.count && given[written.count - 1] == job,
        "\(job) is not the next step of \(given.prefix(written.count).suffix(1))")
    }
    // The oldest that is not kept, again and again until it is.
    if job.hasPrefix("note") {
      require(
        notesGiven.count > notesKept && notesGiven[notesKept] == job,
        "\(job) is not the oldest that is not kept, \(notesGiven.dropFirst(notesKept).prefix(1))")
    }
  }

  private mutating func wrote(_ job: String, _ ok: Bool) {
    inLedger = nil
    if job.hasPrefix("note") { count(ok ? "notes kept" : "notes refused") }
    if job.hasPrefix("note"), ok { notesKept += 1 }
    if job.hasPrefix("pauses"), ok { lastPauses?.kept = job }
    if job.hasPrefix("mark") {
      lastMarkWorked = ok
      for memory in job.split(separator: " ").dropFirst() where ok {
        memories[memory.split(separator: ":")[0]]?.kept = String(memory)
      }
    }
  }

  // MARK: the end

  private mutating func conclude(_ world: StormWorld) {
    guard let ended else { return require(false, "run did not return") }
    require(world.machine.sleeping == 0, "somebody still sleeps")
    let end = stopped ?? stopAsked.map { $0 + .seconds(25) } ?? ended
    for (op, operation) in operations.sorted(by: { $0.key < $1.key }) {
      let mine = operation.told
      // The scheduler's alarm may be held up as everything else may.
      let due = operation.by + .milliseconds(500)
      if mine.isEmpty && due < end && mix.heldUp == 0 { require(false, "\(op) was never answered") }
      guard mix.heldUp == 0, let first = mine.first else { continue }
      if let returned = operation.returned, returned < due {
        require(first.voice == .client && first.at == returned, "\(op) came back in time and is answered \(mine)")
      } else if first.voice != .nobody {
        require(first.voice == .scheduler && first.at == due, "\(op) is overdue and is answered \(mine)")
        if let returned = operation.returned, returned < end, operation.kind == "terminate" {
          require(mine.count == 2 && mine[1].at == returned, "the late answer to terminate \(op) is lost")
        }
      }
    }
    require(clients == Set(leaving.keys), "clients \(clients.sorted()), logged out \(leaving.keys.sorted())")
    require(written == given, "steps that were given and not written: \(given.dropFirst(written.count))")
    require(inLedger == nil, "the ledger still writes")
    if lastMarkWorked {
      require(notesKept == notesGiven.count, "lost notes: \(notesGiven.dropFirst(notesKept))")
      if let lastPauses { require(lastPauses.kept == lastPauses.given, "lost pauses: \(lastPauses)") }
      for memory in memories.values { require(memory.given == memory.kept, "lost memory: \(memory)") }
    }
  }
}

extension Seen {
  /// A client that hangs comes back when it likes, and a storm's later signals are nobody's business.
  fileprivate var comesAfterTheEnd: Bool {
    switch self {
    case .ended: true
    case .asked, .told, .saidStopped, .configured, .called, .returned, .loaded, .leaving, .left, .given, .writing,
      .wrote, .recorded, .alive, .ready, .reloading, .stopping, .report:
      false
    }
  }
}
