import DequeModule
public import GuestWatchCore

/// The actor around the one `Watch`: it feeds events in, carries effects out in child tasks, and sleeps until the next
/// thing is due.
///
/// It decides nothing and queues nothing that the decision did not ask for. All its children belong to one task group,
/// so that nothing outlives `run`.
public actor Scheduler<Decision: Deciding, Source: ConfigurationSource> {
  /// A terminate that was sent is waited for so long when the daemon stops; then its intent stays open.
  static var stopLimit: Duration { .seconds(25) }
  /// Logging out of all vCenters, side by side, takes no longer.
  static var leaveLimit: Duration { .seconds(5) }
  /// Rows age over boots by these marks (S3): at most a minute of running time is lost at a crash.
  static var markEvery: Duration { .seconds(60) }
  /// Something that comes so late was held up: the scheduler does not make progress as it should.
  static var lateness: Duration { .seconds(5) }
  /// A step that takes the ledger longer than this means that the disk hangs.
  static var writeLimit: Duration { .seconds(30) }

  var decision: Decision
  let source: Source
  let ledger: any KillLedger
  let line: any OperatorLine
  let clock: any DaemonClock
  let feedEvery: Duration
  let metrics: (any MetricsFile)?

  let messages: AsyncStream<Message<Source.Link>>
  nonisolated let mailbox: AsyncStream<Message<Source.Link>>.Continuation
  let ledgerJobs: AsyncStream<LedgerJob>
  let ledgerBox: AsyncStream<LedgerJob>.Continuation
  let noteGate = NoteGate()
  let goodbyes: AsyncStream<Source.Link>
  let goodbyeBox: AsyncStream<Source.Link>.Continuation

  var routes = Routes<Source.Link>()
  var operations = Operations()
  /// When each step was handed to the ledger that is not written yet, oldest first.
  var writing: Deque<Instant> = []
  /// When a mark was handed to the ledger that is not written yet.
  var marking: Instant?
  /// Something that is to be written at once came while a mark was under way.
  var markAgain = false
  var markFails = false
  /// So says the decision.
  var stepsFail = false
  var saidLedgerFails = false
  /// The last one of the decision.
  var snapshot: Snapshot?
  /// How long the ledger keeps its rows.
  var reach = Setup<Source.Link>.defaultKeep
  var memories = MemoryQueue()
  /// The pauses in force that are not known to be on disk. They are given again until they are: without them a restart
  /// would open a gate that an operator closed.
  var unkeptPauses: [Pause]?
  var pausesUnderWay = 0
  /// How often pauses were given to the ledger, and how often it has answered.
  var pausesGiven = 0
  var pausesAnswered = 0
  var asking = Asking()
  var measuring = Measuring()

  var wake: Instant?
  var nextMark: Instant
  var nextFeed: Instant
  /// When the alarms that were set go off, the earliest last. A later one is not taken back: it finds nothing to do.
  var alarms: [Instant] = []

  enum Reload { case none, loading, loadingThenAgain }
  var reload = Reload.none
  enum Phase: Equatable { case running, stopping(until: Instant), stopped }
  var phase = Phase.running
  var saidHanging = false

  /// - Parameters:
  ///   - decision: What decides. Nothing was fed to it yet.
  ///   - feedEvery: How often `WATCHDOG=1` is due.
  ///   - metrics: Where the configuration's metrics are put; nil: nowhere, whatever it says.
  public init(
    deciding decision: Decision, source: Source, ledger: any KillLedger, line: any OperatorLine,
    clock: any DaemonClock, feedEvery: Duration = .seconds(10),
    metrics: (any MetricsFile)? = nil
  ) {
    self.decision = decision
    self.source = source
    self.ledger = ledger
    self.line = line
    self.clock = clock
    self.feedEvery = feedEvery
    self.metrics = metrics
    (messages, mailbox) = AsyncStream.makeStream()
    (ledgerJobs, ledgerBox) = AsyncStream.makeStream()
    (goodbyes, goodbyeBox) = AsyncStream.makeStream()
    let now = clock.now().continuous
    nextMark = now + Self.markEvery
    nextFeed = now + feedEvery
  }

  /// SIGHUP: loads the rule files anew. One that comes while a load runs is served by one more load after it.
  public nonisolated func askReload() { mailbox.yield(.reloadAsked) }

  /// SIGTERM: nothing new starts, what was sent is waited for, then `run` logs out and returns.
  public nonisolated func askShutdown() { mailbox.yield(.shutdownAsked) }

  /// Runs until a shutdown that was asked for is complete. To be called once.
  ///
  /// - Parameter seed: Starts the generator that spreads polls.
  public func run(_ setup: Setup<Source.Link>, restored: Restored, seed: UInt64) async {
    async let books = Self.keepBooks(ledger, ledgerJobs, mailbox, noteGate, clock)
    async let farewell: Void = Self.leave(goodbyes, clock)
    await withDiscardingTaskGroup { children in
      asking.began(clock.now(), life: restored.life)
      let past = "this is life \(restored.life), kills still open: \(restored.open.count)"
      say(Report(.started, .info, detail: "guestwatchd \(version); \(past)"))
      sayLoaded(setup)
      reach = setup.reach
      giveMark()
      routes.install(setup.links, at: clock.now().continuous)
      feed(.began(seed: seed, restored: restored), &children)
      feed(.configured(setup.configuration), &children)
      measure(at: setup.textfile)
      setAlarm(&children)
      for await message in messages {
        take(message, &children)
        leaveUnused()
        if phase == .stopped && reload == .none { break }
        setAlarm(&children)
      }
      // What is still under way is given up: an intent without an outcome stays open and is resolved at the next start.
      children.cancelAll()
      removeMetrics()
      for link in routes.takeAll() { goodbyeBox.yield(link) }
      goodbyeBox.finish()
      giveTheRest()
      ledgerBox.finish()
    }
    await farewell
    closed(await books)
  }

  // MARK: - Messages

  func take(_ message: Message<Source.Link>, _ children: inout DiscardingTaskGroup) {
    switch message {
    case .answered(let op, let event):
      let (operation, fate) = operations.end(op)
      switch fate {
      case .inTime: feed(event, &children)
      // A terminate's late answer is still evidence; any other was answered as `unanswered` and is settled.
      case .late: if operation?.kind == .terminate { feed(event, &children) }
      case .notAsked: break
      }
    case .recorded(let kill, let kind, let result):
      _ = writing.popFirst()
      feed(.recorded(kill, kind, result), &children)
    case .marked(let result, let notes):
      marking = nil
      if (try? result.get()) == nil { memories.giveBack() } else { memories.confirm() }
      if markAgain {
        markAgain = false
        giveMark()
      }
      marked(result.flatMap { notes })
    case .kept(let result):
      _ = writing.popFirst()
      pausesUnderWay -= 1
      pausesAnswered += 1
      // Those behind it take its place, so only the last answer counts.
      if (try? result.get()) != nil && pausesUnderWay == 0 { unkeptPauses = nil }
      marked(result)
      answerPauses(result)
    case .noted(let result, let overflow):
      _ = writing.popFirst()
      noted(result, overflow: overflow)
    case .alarm:
      serveWhatIsDue(&children)
    case .reloadAsked:
      reloadAsked(&children)
    case .asked(let question, let enquirer, let reply):
      asked(question, enquirer, reply, &children)
    case .enquirerGone(let enquirer):
      enquirerGone(enquirer, &children)
    case .loaded(let outcome):
      loaded(outcome, &children)
    case .measured(let path, let result):
      measured(path, result)
    case .shutdownAsked:
      shutdownAsked(&children)
    }
  }

  /// - Parameter at: when it happened; nil: now.
  func feed(_ event: Event, at: Now? = nil, _ children: inout DiscardingTaskGroup) {
    // After the end nothing is carried out any more, so nothing is asked either.
    if phase == .stopped { return }
    let now = at ?? clock.now()
    measuring.tally.heard(event)
    for effect in decision.handle(event, at: now) {
      measuring.tally.asked(effect)
      carryOut(effect, now, &children)
    }
  }

  // MARK: - Time

  func nextDue() -> Instant {
    var due = min(nextMark, nextFeed, measuring.next)
    if let wake { due = min(due, wake) }
    if let deadline = operations.nextDeadline() { due = min(due, deadline) }
    if let expiry = routes.nextExpiry() { due = min(due, expiry) }
    if case .stopping(let until) = phase { due = min(due, until) }
    return due
  }

  func setAlarm(_ children: inout DiscardingTaskGroup) {
    let due = nextDue()
    if let earliest = alarms.last, earliest <= due { return }
    alarms.append(due)
    children.addTask { [mailbox, clock] in
      // A cancelled sleep means that the scheduler has ended: nobody listens any more.
      guard (try? await clock.sleep(until: due)) != nil else { return }
      mailbox.yield(.alarm)
    }
  }

  func serveWhatIsDue(_ children: inout DiscardingTaskGroup) {
    let now = clock.now().continuous
    let late = nextDue() + Self.lateness < now
    while let last = alarms.last, last <= now { alarms.removeLast() }

    for (op, operation) in operations.expire(at: now) {
      // No client knows of it, so none comes back with it.
      if noteGate.giveUp(op) { _ = operations.end(op) }
      feed(operation.unanswered(op, at: clock.now()), &children)
    }
    if let at = wake, at <= now {
      wake = nil
      feed(.timeCame, &children)
    }
    if nextMark <= now {
      nextMark = now + Self.markEvery
      giveMark()
    }
    if measuring.next <= now { measure(now) }
    if case .stopping(let until) = phase, until <= now { phase = .stopped }
    if nextFeed <= now {
      nextFeed = now + feedEvery
      feedWatchdog(now, late: late)
    }
  }

  func say(_ report: Report) { tell(report, at: clock.now()) }

  func tell(_ report: Report, at now: Now) {
    asking.note(report, now)
    measuring.tally.told(report)
    line.report(report, at: now)
  }
}
