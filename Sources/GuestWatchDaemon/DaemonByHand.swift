import Glibc
import GuestWatchCore
import Ledger
import Synchronization
import Systemd
import UnixSignals

/// A daemon for what an operator asks where none runs: the same scheduler, decision and ledger, but no rule acts.
extension Daemon {
  /// Has `talk` ask it, and ends when that has ended, or on SIGTERM, SIGINT or SIGHUP (its terminal is gone): also then a
  /// terminate that was sent is followed, and it logs out. Holds the lock of the state directory.
  ///
  /// - Parameters:
  ///   - onStep: is called with each step on the way of a kill.
  ///   - talk: what is asked; it is given what answers.
  /// - Returns: what `talk` came to; or why it could not ask.
  public func byHand<Outcome: Sendable>(
    onStep: @escaping @Sendable (String) -> Void,
    _ talk: @escaping @Sendable (@escaping @Sendable (Question) async -> ControlClient.Reply) async -> Outcome
  ) async -> Result<Outcome, NotByHand> {
    let asTheyAre = { (files: RuleFileSource, setup: Setup<VSphereLink>) in (files, setup) }
    return await alone(asTheyAre) { reply in await talk { question in await reply(question, onStep, nil) } }
  }

  /// The same for who only looks: nothing that could be asked here, and nothing that answers, can terminate anything.
  ///
  /// - Parameter talk: what is asked; it is given what answers, and what takes the lines of an answer as they are made.
  public func looking<Outcome: Sendable>(
    _ talk:
      @escaping @Sendable (
        @escaping @Sendable (ViewQuestion, @escaping @Sendable (String) -> Void) async -> ControlClient.Reply
      ) async -> Outcome
  ) async -> Result<Outcome, NotByHand> {
    let lookedAt = { (files: RuleFileSource, setup: Setup<VSphereLink>) in
      (LookingSource(source: files), LookingSource<RuleFileSource>.looking(setup))
    }
    return await alone(lookedAt) { reply in
      await talk { question, onLine in await reply(.view(question), { _ in }, onLine) }
    }
  }

  typealias Answering =
    @Sendable (
      Question, _ onStep: @escaping @Sendable (String) -> Void, _ onLine: (@Sendable (String) -> Void)?
    ) async -> ControlClient.Reply

  /// - Parameter through: what the scheduler sees of the rule files and of the vCenters.
  func alone<Source: ConfigurationSource, Outcome: Sendable>(
    _ through: (RuleFileSource, Setup<VSphereLink>) async -> (Source, Setup<Source.Link>),
    _ talk: @escaping @Sendable (@escaping Answering) async -> Outcome
  ) async -> Result<Outcome, NotByHand> {
    prepareProcess()
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)

    let files = RuleFileSource(
      main: options.config, surroundings: options.surroundings, machine: .read(environment: options.environment),
      clock: clock)
    var loaded: Setup<VSphereLink>
    switch await files.load(keeping: []) {
    case .loaded(let setup): loaded = setup
    case .refused(let diagnostics): return .failure(NotByHand(status: .configuration, lines: diagnostics))
    }
    loaded.configuration.onlyByHand = true
    let (ledger, restored): (LedgerStore, Restored)
    do throws(Failure) {
      (ledger, restored) = try openLedger(reach: loaded.reach)
    } catch {
      for link in loaded.links { await link.close() }
      return .failure(NotByHand(status: error.status, lines: ["guestwatchd: \(error.message)"]))
    }
    let (source, setup) = await through(files, loaded)
    let line = HandLine()
    let scheduler = Scheduler(deciding: Watch(), source: source, ledger: ledger, line: line, clock: clock)
    let result = Mutex<Outcome?>(nil)
    let isOrdered = Atomic(false)
    let asking = Task { [options] in
      let outcome = await talk { question, onStep, onLine in
        if case .kill = question { isOrdered.store(true, ordering: .relaxed) }
        return await scheduler.reply(to: question, configuration: options.config, onStep, onLine)
      }
      result.withLock { $0 = outcome }
      scheduler.askShutdown()
    }
    let stopping = Task {
      var ending = false
      for await _ in signals {
        // Whoever asks again does not give a process that hangs more time.
        if !ending { alarm(Self.endLimit) }
        ending = true
        scheduler.askShutdown()
      }
    }
    await scheduler.run(setup, restored: restored, seed: .random(in: .min ... .max))
    for task in [asking, stopping] { task.cancel() }
    ledger.close()
    line.flush()
    // None: a signal came, perhaps while somebody was being asked; nobody waits for what he says now.
    guard let outcome = result.withLock({ $0 }) else {
      let line =
        isOrdered.load(ordering: .relaxed)
        ? "guestwatchd: interrupted; `guestwatchd history` shows whether anything was sent, and what came of it"
        : "guestwatchd: interrupted; nothing was sent"
      return .failure(NotByHand(status: .unavailable, lines: [line], isInterrupted: true))
    }
    return .success(outcome)
  }

  /// Why nobody could be asked.
  public struct NotByHand: Error, Sendable {
    public var status: ExitStatus
    /// For stderr.
    public var lines: [String]
    /// A signal ended it.
    public var isInterrupted = false
  }
}

extension Scheduler {
  /// Asks as a peer of the control socket would, in this process.
  fileprivate nonisolated func reply(
    to question: Question, configuration: String, _ onStep: @Sendable (String) -> Void,
    _ onLine: (@Sendable (String) -> Void)?
  ) async -> ControlClient.Reply {
    let number = enquiries.add(1, ordering: .relaxed).newValue
    let (answers, box) = AsyncStream<Answer>.makeStream()
    ask(question, by: Enquirer(number: number, uid: getuid())) { answer in
      box.yield(answer)
      if case .step = answer {} else { box.finish() }
    }
    for await answer in answers {
      if case .step(let text) = answer {
        onStep(text)
        continue
      }
      var kept: [String] = []
      for line in answer.pieces(configuration: configuration).joined() {
        if let onLine, !line.starts(with: #"{"is":"end""#) { onLine(line) } else { kept.append(line) }
      }
      if let reply = ControlClient.reply(Array((kept.joined(separator: "\n") + "\n").utf8)) { return reply }
    }
    return ControlClient.Reply(
      lines: [], isDone: false, status: .unavailable, message: "it ended before it had answered", notes: [])
  }
}

private let enquiries = Atomic<UInt64>(0)

/// What is said besides answers: the journal hears of the kill as it would from a daemon, where there is a journal; the rest
/// is what the command itself says.
final class HandLine: OperatorLine {
  private let journal: JournalWriter?

  init() {
    let destination = try? LogDestination.decide(asked: .journal, environment: [:])
    journal = destination.flatMap { try? JournalWriter(to: $0) }
  }

  func report(_ report: Report, at now: Now) {
    switch report.level {
    case .info: break
    case .notice, .warning, .error: journal?.write(entry(for: report))
    }
  }
  func status(_ snapshot: Snapshot) {}
  func ready() {}
  func reloading() {}
  func stopping() {}
  func alive() {}
  func flush() { _ = journal?.flush(within: .seconds(2)) }
}
