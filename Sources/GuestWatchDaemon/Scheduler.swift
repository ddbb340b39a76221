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

  private var decision: Decision
  private let source: Source
  private let ledger: any KillLedger
  private let line: any OperatorLine
  private let clock: any DaemonClock
  private let feedEvery: Duration

  private let messages: AsyncStream<Message<Source.Link>>
  private nonisolated let mailbox: AsyncStream<Message<Source.Link>>.Continuation
  private let ledgerJobs: AsyncStream<LedgerJob>
  private let ledgerBox: AsyncStream<LedgerJob>.Continuation
  private let goodbyes: AsyncStream<Source.Link>
  private let goodbyeBox: AsyncStream<Source.Link>.Continuation

  private var routes = Routes<Source.Link>()
  private var operations = Operations()
  /// When each step was handed to the ledger that is not written yet, oldest first.
  private var writing: Deque<Instant> = []
  private var marking = false
  private var markFails = false
  private var memories = MemoryQueue()
  /// The pauses in force that are not known to be on disk. They are given again until they are: without them a restart
  /// would open a gate that an operator closed.
  private var unkeptPauses: [Pause]?
  private var pausesUnderWay = 0

  private var wake: Instant?
  private var nextMark: Instant
  private var nextFeed: Instant
  /// When the alarms that were set go off, the earliest last. A later one is not taken back: it finds nothing to do.
  private var alarms: [Instant] = []

  private enum Reload { case none, loading, loadingThenAgain }
  private var reload = Reload.none
  private enum Phase: Equatable { case running, stopping(until: Instant), stopped }
  private var phase = Phase.running
  private var saidHanging = false

  /// - Parameters:
  ///   - decision: What decides. Nothing was fed to it yet.
  ///   - feedEvery: How often `WATCHDOG=1` is due.
  public init(
    deciding decision: Decision, source: Source, ledger: any KillLedger, line: any OperatorLine,
    clock: any DaemonClock, feedEvery: Duration = .seconds(10)
  ) {
    self.decision = decision
    self.source = source
    self.ledger = ledger
    self.line = line
    self.clock = clock
    self.feedEvery = feedEvery
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
    async let books = Self.keepBooks(ledger, ledgerJobs, mailbox, clock)
    async let farewell: Void = Self.leave(goodbyes, clock)
    await withDiscardingTaskGroup { children in
      let past = "this is life \(restored.life), kills still open: \(restored.open.count)"
      say(Report(.started, .info, detail: "guestwatchd \(version); \(past)"))
      sayLoaded(setup)
      giveMark()
      routes.install(setup.links, at: clock.now().continuous)
      feed(.began(seed: seed, restored: restored), &children)
      feed(.configured(setup.configuration), &children)
      setAlarm(&children)
      for await message in messages {
        take(message, &children)
        leaveUnused()
        if phase == .stopped && reload == .none { break }
        setAlarm(&children)
      }
      // What is still under way is given up: an intent without an outcome stays open and is resolved at the next start.
      children.cancelAll()
      for link in routes.takeAll() { goodbyeBox.yield(link) }
      goodbyeBox.finish()
      giveTheRest()
      ledgerBox.finish()
    }
    await farewell
    marked(await books)
  }

  // MARK: - Messages

  private func take(_ message: Message<Source.Link>, _ children: inout DiscardingTaskGroup) {
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
    case .marked(let result):
      marking = false
      if (try? result.get()) == nil { memories.giveBack() } else { memories.confirm() }
      marked(result)
    case .kept(let result):
      _ = writing.popFirst()
      pausesUnderWay -= 1
      // Those behind it take its place, so only the last answer counts.
      if (try? result.get()) != nil && pausesUnderWay == 0 { unkeptPauses = nil }
      marked(result)
    case .noted(let result):
      _ = writing.popFirst()
      // The note is lost with this life; what it is about holds in this one all the same.
      marked(result)
    case .alarm:
      serveWhatIsDue(&children)
    case .reloadAsked:
      reloadAsked(&children)
    case .loaded(let outcome):
      loaded(outcome, &children)
    case .shutdownAsked:
      shutdownAsked(&children)
    }
  }

  private func feed(_ event: Event, _ children: inout DiscardingTaskGroup) {
    // After the end nothing is carried out any more, so nothing is asked either.
    if phase == .stopped { return }
    let now = clock.now()
    for effect in decision.handle(event, at: now) { carryOut(effect, now, &children) }
  }

  // MARK: - Effects

  /// Carries one effect out. It never feeds an event: all answers come through the mailbox.
  private func carryOut(_ effect: Effect, _ now: Now, _ children: inout DiscardingTaskGroup) {
    switch effect {
    case .refresh(let op, let vcenter, let query, let by):
      let link = routes.link(vcenter)
      begin(op, .refresh, "\(vcenter)", by, link, now)
      children.addTask { [mailbox, clock] in
        let (timing, result) =
          await link?.inventory(query, by: by) ?? (.unsent(clock.now()), .failure(.notConfigured("\(vcenter)")))
        mailbox.yield(.answered(op, .inventory(op, timing, result)))
      }
    case .survey(let op, let address, let login, let showingEnds, let by):
      let link = routes.link(address, login)
      begin(op, .survey, "\(address)", by, link, now)
      children.addTask { [mailbox, clock] in
        let (timing, result) =
          await link?.survey(moid: address.moid, login: login, showingEnds: showingEnds, by: by)
          ?? (.unsent(clock.now()), .failure(.notConfigured("\(address.vcenter), guest login \(login)")))
        mailbox.yield(.answered(op, .surveyed(op, timing, result)))
      }
    case .look(let op, let address, let login, let pid, let purpose, let by):
      let link = routes.link(address, login, pid: pid, for: purpose)
      begin(op, .look, "\(address) pid \(pid)", by, link, now)
      children.addTask { [mailbox, clock] in
        let (timing, result) =
          await link?.look(moid: address.moid, login: login, pid: pid, by: by)
          ?? (.unsent(clock.now()), .failure(.notConfigured("\(address.vcenter), guest login \(login)")))
        mailbox.yield(.answered(op, .looked(op, timing, result)))
      }
    case .record(let kill, let step):
      switch step {
      case .closed: routes.killClosed(kill)
      case .intent, .answered, .reported: break
      }
      writing.append(now.continuous)
      ledgerBox.yield(.step(kill, step, now))
    case .note(let note):
      writing.append(now.continuous)
      ledgerBox.yield(.note(note, now))
    case .remember(let memory):
      memories.put(memory)
    case .keepPauses(let pauses):
      unkeptPauses = pauses
      give(pauses, now)
    case .terminate(let op, let kill, let address, let login, let pid, let firstByteBy, let firstByteByWall, let by):
      let link = routes.link(address, login)
      begin(op, .terminate, "\(address) pid \(pid)", by, link, now)
      if let link { routes.killSent(kill, address, login, pid: pid, over: link) }
      // High: it is of no use after `firstByteBy`.
      children.addTask(priority: .high) { [mailbox, clock] in
        let (timing, answer) =
          await link?.terminate(
            moid: address.moid, login: login, pid: pid, firstByteBy: firstByteBy, firstByteByWall: firstByteByWall,
            by: by)
          ?? (.unsent(clock.now()), .notSent(.notConfigured("\(address.vcenter), guest login \(login)")))
        mailbox.yield(.answered(op, .terminated(op, timing, answer)))
      }
    case .report(let report):
      line.report(report, at: now)
    case .status(let snapshot):
      line.status(snapshot)
    case .wake(let at):
      // One that is past is due now, not late.
      wake = max(at, now.continuous)
    case .ready:
      line.ready()
    case .stopped:
      phase = .stopped
    }
  }

  private func begin(
    _ op: OpID, _ kind: Operations.Kind, _ target: String, _ by: Instant, _ link: Source.Link?, _ now: Now
  ) {
    operations.begin(op, .init(kind: kind, target: target, begun: now, by: by, session: link?.session))
  }

  // MARK: - Time

  private func nextDue() -> Instant {
    var due = min(nextMark, nextFeed)
    if let wake { due = min(due, wake) }
    if let deadline = operations.nextDeadline() { due = min(due, deadline) }
    if let expiry = routes.nextExpiry() { due = min(due, expiry) }
    if case .stopping(let until) = phase { due = min(due, until) }
    return due
  }

  private func setAlarm(_ children: inout DiscardingTaskGroup) {
    let due = nextDue()
    if let earliest = alarms.last, earliest <= due { return }
    alarms.append(due)
    children.addTask { [mailbox, clock] in
      // A cancelled sleep means that the scheduler has ended: nobody listens any more.
      guard (try? await clock.sleep(until: due)) != nil else { return }
      mailbox.yield(.alarm)
    }
  }

  private func serveWhatIsDue(_ children: inout DiscardingTaskGroup) {
    let now = clock.now().continuous
    let late = nextDue() + Self.lateness < now
    while let last = alarms.last, last <= now { alarms.removeLast() }

    for (op, operation) in operations.expire(at: now) { feed(operation.unanswered(op, at: clock.now()), &children) }
    if let at = wake, at <= now {
      wake = nil
      feed(.timeCame, &children)
    }
    if nextMark <= now {
      nextMark = now + Self.markEvery
      giveMark()
    }
    if case .stopping(let until) = phase, until <= now { phase = .stopped }
    if nextFeed <= now {
      nextFeed = now + feedEvery
      feedWatchdog(now, late: late)
    }
  }

  /// The alarm that led here is the probe: it passed through the clock and the mailbox, as every event does.
  private func feedWatchdog(_ now: Instant, late: Bool) {
    let hanging = operations.hanging(at: now)
    let stuckDisk = writing.first.map { $0 + Self.writeLimit < now } ?? false
    if hanging == nil && !stuckDisk {
      saidHanging = false
      if !late { line.alive() }
      return
    }
    if saidHanging { return }
    saidHanging = true
    let what =
      hanging.map { "operation \($0.0) (\($0.1.kind.rawValue) of \($0.1.target)) did not come back at its deadline" }
      ?? "a step has been waiting for the ledger's disk for over \(Self.writeLimit.wholeSeconds) s"
    say(
      Report(
        .limitReached, .error,
        detail: "the watchdog is not fed, so the service manager will start the daemon anew: \(what)"))
  }

  // MARK: - Ledger

  /// A mark, with the next portion of what is to be remembered. One that is not written yet stands for this one.
  private func giveMark() {
    if let pauses = unkeptPauses, pausesUnderWay == 0 { give(pauses, clock.now()) }
    if marking { return }
    marking = true
    ledgerBox.yield(.mark(memories.next(), clock.now()))
  }

  private func give(_ pauses: [Pause], _ now: Now) {
    pausesUnderWay += 1
    writing.append(now.continuous)
    ledgerBox.yield(.pauses(pauses, now))
  }

  /// At the end nothing can be held up any more: all that waits is written at once, and one last mark.
  private func giveTheRest() {
    // Nobody hears any more whether the last portion was written.
    memories.giveBack()
    let now = clock.now()
    if let pauses = unkeptPauses, pausesUnderWay == 0 { give(pauses, now) }
    ledgerBox.yield(.rest(memories, now, until: now.continuous + Self.leaveLimit))
  }

  /// One step after the other, so that an `answered` or `closed` never overtakes its `intent`. Returns whether the last
  /// thing could be written.
  private static func keepBooks(
    _ ledger: any KillLedger, _ jobs: AsyncStream<LedgerJob>, _ mailbox: AsyncStream<Message<Source.Link>>.Continuation,
    _ clock: any DaemonClock
  ) async -> Result<Void, LedgerFailure> {
    for await job in jobs {
      switch job {
      case .step(let kill, let step, let now):
        mailbox.yield(.recorded(kill, step.kind, await ledger.write(kill, step, now: now)))
      case .note(let note, let now):
        mailbox.yield(.noted(await ledger.note(note, now: now)))
      case .pauses(let pauses, let now):
        mailbox.yield(.kept(await ledger.keep(pauses, now: now)))
      case .mark(let memories, let now):
        mailbox.yield(.marked(await ledger.mark(memories, now: now)))
      case .rest(var memories, let now, let until):
        return await write(&memories, to: ledger, now, until: until, clock)
      }
    }
    return .success(())
  }

  /// In portions, until one fails or the time is over: what is left is proven anew by the next life.
  private static func write(
    _ memories: inout MemoryQueue, to ledger: any KillLedger, _ now: Now, until: Instant, _ clock: any DaemonClock
  ) async -> Result<Void, LedgerFailure> {
    while true {
      let result = await ledger.mark(memories.next(), now: now)
      if (try? result.get()) == nil || memories.isEmpty || until <= clock.now().continuous { return result }
    }
  }

  /// Says at once that the ledger fails, not only when a kill waits for it.
  private func marked(_ result: Result<Void, LedgerFailure>) {
    switch result {
    case .success:
      if markFails { say(Report(.ledgerWorks, .info)) }
      markFails = false
    case .failure(let failure):
      if !markFails { say(Report(.ledgerFailing, .error, detail: failure.message)) }
      markFails = true
    }
  }

  // MARK: - Reload

  private func reloadAsked(_ children: inout DiscardingTaskGroup) {
    guard phase == .running else { return }
    switch reload {
    case .none: startLoad(&children)
    case .loading, .loadingThenAgain: reload = .loadingThenAgain
    }
  }

  private func startLoad(_ children: inout DiscardingTaskGroup) {
    reload = .loading
    line.reloading()
    let present = routes.current
    children.addTask { [source, mailbox] in mailbox.yield(.loaded(await source.load(keeping: present))) }
  }

  private func loaded(_ outcome: LoadOutcome<Source.Link>, _ children: inout DiscardingTaskGroup) {
    let again = reload == .loadingThenAgain
    reload = .none
    switch outcome {
    case .loaded(let setup):
      // Also while stopping, so that clients that were just made are closed with all others.
      routes.install(setup.links, at: clock.now().continuous)
      if phase == .running {
        sayLoaded(setup)
        feed(.configured(setup.configuration), &children)
      }
    case .refused(let diagnostics):
      for diagnostic in diagnostics { say(Report(.configurationRefused, .error, detail: diagnostic)) }
    }
    line.ready()
    if again && phase == .running { startLoad(&children) }
  }

  private func sayLoaded(_ setup: Setup<Source.Link>) {
    for warning in setup.warnings { say(Report(.configured, .warning, detail: warning)) }
    let configuration = setup.configuration
    let mode = configuration.dryRun ? ", dry run: nothing is terminated" : ""
    say(
      Report(
        .configured, .info,
        detail: "rules: \(configuration.rules.count), vCenters: \(configuration.vcenters.count), guest logins: "
          + "\(configuration.logins.count)\(mode)"))
  }

  // MARK: - The end

  private func shutdownAsked(_ children: inout DiscardingTaskGroup) {
    // A second one changes nothing: above all it does not skip the logout.
    guard phase == .running else { return }
    line.stopping()
    say(
      Report(
        .stopping, .info,
        detail: "terminates already sent are waited for, \(Self.stopLimit.wholeSeconds) s at most"))
    phase = .stopping(until: clock.now().continuous + Self.stopLimit)
    feed(.shutdownAsked, &children)
  }

  /// Logs out of clients that no configuration, kill or operation needs any more.
  private func leaveUnused() {
    for link in routes.takeUnused(at: clock.now().continuous, operations: operations) { goodbyeBox.yield(link) }
  }

  /// Logs out side by side, each as soon as it is asked for, until there are no more. Not a child of the operations'
  /// group: giving those up must not cut a logout short.
  private static func leave(_ links: AsyncStream<Source.Link>, _ clock: any DaemonClock) async {
    await withDiscardingTaskGroup { leaving in
      for await link in links {
        leaving.addTask { await link.leave(by: clock.now().continuous + Self.leaveLimit) }
      }
    }
  }

  private func say(_ report: Report) { line.report(report, at: clock.now()) }
}
