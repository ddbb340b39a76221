import Glibc
import GuestWatchCore
import Ledger
public import RuleFiles
public import Systemd
import UnixSignals

extension LedgerStore: KillLedger {}

/// `guestwatchd run`: what wires the parts together, from the first line of the configuration to the last of the log.
public struct Daemon: Sendable {
  /// What the command line and the environment say.
  public struct Options: Sendable {
    /// The path of `guestwatchd.toml`.
    public var config: String
    /// The state directory.
    public var state: String
    /// `--log`; nil: the journal where stderr goes there, else stderr.
    public var log: LogDestination.Asked?
    /// `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`, `JOURNAL_STREAM` and `RUNTIME_DIRECTORY`, where they are set.
    public var environment: [String: String]
    public var surroundings: Surroundings

    public init(
      config: String, state: String, log: LogDestination.Asked?, environment: [String: String],
      surroundings: Surroundings
    ) {
      self.config = config
      self.state = state
      self.log = log
      self.environment = environment
      self.surroundings = surroundings
    }
  }

  /// `WATCHDOG=1` is due so often, or at half of what the service manager asks for where that is shorter.
  private static let feedEvery = Duration.seconds(10)
  /// The log's last lines wait so long for a journald that is stuck.
  private static let flushLimit = Duration.seconds(2)
  /// The file with the metrics goes at the end; its disk may hang.
  private static let metricsLimit = Duration.seconds(1)
  /// The whole end takes 25 s for terminates, 5 s for logouts, 5 s for those who are to be told, 1 s for the metrics and 2 s
  /// for the log; after this the kernel ends a process that hangs, before the service manager would have to (45 s in our
  /// unit).
  static let endLimit: UInt32 = 40

  let options: Options
  let clock = SystemClock()
  private let manager: ServiceManager

  public init(_ options: Options) {
    self.options = options
    manager = ServiceManager(environment: options.environment, processID: getpid())
  }

  /// Runs until SIGTERM or SIGINT; returns what to exit with. Mistakes that keep it from starting go to stderr.
  public func run() async -> ExitStatus {
    prepareProcess()
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)

    let source = RuleFileSource(
      main: options.config, surroundings: options.surroundings, machine: .read(environment: options.environment),
      clock: clock)
    let setup: Setup<VSphereLink>
    switch await source.load(keeping: []) {
    case .loaded(let loaded): setup = loaded
    case .refused(let diagnostics):
      for diagnostic in diagnostics { complain(diagnostic) }
      return .configuration
    }
    let status: ExitStatus
    do throws(Failure) {
      let log = try openLog()
      let (ledger, restored) = try openLedger(reach: setup.reach)
      await watch(setup, source, ledger, restored, log, signals)
      return .done
    } catch {
      complain("guestwatchd: \(error.message)")
      status = error.status
    }
    for link in setup.links { await link.close() }
    return status
  }

  private func watch(
    _ setup: Setup<VSphereLink>, _ source: RuleFileSource, _ ledger: LedgerStore, _ restored: Restored,
    _ log: JournalWriter, _ signals: UnixSignalsSequence
  ) async {
    let notifier = Notifier(clock: clock, say: { log.write($0) })
    // Before the first word is said, which somebody may wait for.
    notifier.take(setup.notify)
    async let notifying: Void = notifier.run()
    let metrics = Textfile()
    let scheduler = Scheduler(
      deciding: Watch(), source: source, ledger: ledger,
      line: SystemLine(manager: manager, journal: log, notifier: notifier), clock: clock,
      feedEvery: min(Self.feedEvery, manager.watchdogInterval.map { $0 / 2 } ?? Self.feedEvery), metrics: metrics)
    let control = listen(to: scheduler, log)
    await withDiscardingTaskGroup { group in
      group.addTask {
        var ending = false
        for await signal in signals {
          if signal == .sighup {
            scheduler.askReload()
            continue
          }
          // A second one does not give a process that hangs more time.
          if !ending { alarm(Self.endLimit) }
          ending = true
          scheduler.askShutdown()
        }
      }
      await scheduler.run(setup, restored: restored, seed: .random(in: .min ... .max))
      group.cancelAll()
    }
    // Before the lock is given back: the next daemon finds no socket of ours, and we remove none of its.
    control?.stop()
    ledger.close()
    notifier.end()
    await notifying
    metrics.finish(within: Self.metricsLimit)
    _ = log.flush(within: Self.flushLimit)
  }

  /// The control socket; nil, and said, where there can be none: then nobody can ask, and all else goes on.
  private func listen(
    to scheduler: Scheduler<Watch, RuleFileSource>, _ log: JournalWriter
  ) -> ControlServer? {
    let path = ControlAddress.ofDaemon(
      state: options.state, runtime: options.environment["RUNTIME_DIRECTORY"])
    do throws(ControlSocket.Unusable) {
      return try ControlServer(
        path: path, link: ControlAddress.ofDaemon(state: options.state, runtime: nil), configuration: options.config,
        clock: clock, ask: { question, enquirer, reply in scheduler.ask(question, by: enquirer, reply: reply) },
        gone: { scheduler.leave($0) })
    } catch {
      log.write(
        entry(
          for: Report(
            .limitReached, .error,
            detail: "no operator can ask this daemon anything (status, pause, ...): \(error.message)")))
      return nil
    }
  }

  /// Why it did not start.
  struct Failure: Error {
    var status: ExitStatus
    var message: String
  }

  private func openLog() throws(Failure) -> JournalWriter {
    let destination: LogDestination
    do {
      destination = try LogDestination.decide(asked: options.log, environment: options.environment)
    } catch {
      throw Failure(status: .usage, message: error.description)
    }
    do {
      return try JournalWriter(to: destination)
    } catch {
      throw Failure(status: .unavailable, message: error.description)
    }
  }

  func openLedger(reach: Duration) throws(Failure) -> (LedgerStore, Restored) {
    let bootID = try bootID()
    let status = "looking through the ledger in \(options.state); nothing is watched before that is done"
    let long = LongStart { [manager] grant in
      // A manager that does not listen does not wait either; that is said when the scheduler runs.
      try? manager.notify(.extendStart(grant), .status(status))
    }
    defer { long.end() }
    do {
      let ledger = try LedgerStore.open(
        stateDirectory: options.state, now: clock.now(), bootID: bootID, version: version)
      return (ledger, try ledger.restored(now: clock.now(), reach: reach))
    } catch {
      switch error {
      case .held: throw Failure(status: .stateHeld, message: error.description)
      case .unusable: throw Failure(status: .stateUnusable, message: error.description)
      }
    }
  }

  private static let bootIDFile = "/proc/sys/kernel/random/boot_id"

  /// Names this boot; without it rows of the ledger could not be aged (S3).
  private func bootID() throws(Failure) -> String {
    let id = bytes(of: Self.bootIDFile).map { String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace } } ?? ""
    guard !id.isEmpty else {
      throw Failure(
        status: .stateUnusable,
        message: "\(Self.bootIDFile) cannot be read, so the ledger cannot tell boots apart; mount /proc without "
          + "subset=pid (ProcSubset=all in the unit)")
    }
    return id
  }
}
