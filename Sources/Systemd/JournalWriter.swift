import Dispatch
import Glibc
import GuestWatchCore

/// Says entries, to the journal or on stderr, from a thread of its own.
///
/// `sd_journal_sendv` blocks for as long as journald is stuck, and stderr may be a full pipe; neither may ever hold up a
/// kill. So `write` only puts the entry in a bounded queue. What does not fit there is dropped and counted, and an entry
/// (`MessageID.entriesDropped`) says how many once there is room.
public final class JournalWriter: Sendable {
  /// The thread could not be started.
  public struct NoThread: Error, Hashable, Sendable, CustomStringConvertible {
    /// As pthread_create(3) returned it.
    public var code: Int32
    public var description: String {
      "cannot start the thread that writes the log (error \(code) of pthread_create): is the limit of tasks reached?"
    }
  }

  /// How many entries may wait: at some 1 KiB each about 1 MiB while journald is stuck, and enough for the burst of a
  /// vCenter of thousands of VMs that goes away.
  static let capacity = 1024
  /// Of those, how many are kept for notices and louder.
  static let reserved = 256

  private let queue: EntryQueue

  /// A writer to `destination`; `descriptor` is stderr (2).
  public convenience init(to destination: LogDestination, descriptor: Int32 = 2) throws(NoThread) {
    let sink: @Sendable (JournalEntry) -> Bool
    switch destination {
    case .journal(let prefixed):
      sink = { Journal.send($0) || Line.write($0, prefixed: prefixed, to: descriptor) }
    case .lines(let prefixed):
      sink = { Line.write($0, prefixed: prefixed, to: descriptor) }
    }
    try self.init(capacity: JournalWriter.capacity, reserved: JournalWriter.reserved, sink: sink)
  }

  /// A writer to any sink, which is called on the writer's thread only and returns false where it could not say an entry.
  init(capacity: Int, reserved: Int, sink: @escaping @Sendable (JournalEntry) -> Bool) throws(NoThread) {
    queue = EntryQueue(capacity: capacity, reserved: reserved)
    try JournalThread(queue: queue, sink: sink).start()
  }

  deinit { queue.end() }

  /// Has `entry` said after all before it. Never waits.
  public func write(_ entry: JournalEntry) { queue.push(entry) }

  /// Blocks the calling thread until all that was written before is said, for at most `limit`.
  ///
  /// For the very end of the process. False where time ran out: what then still waits is lost to the journal (the ledger
  /// has every kill).
  public func flush(within limit: Duration) -> Bool {
    let said = DispatchSemaphore(value: 0)
    queue.push(mark: said)
    // An hour is for ever at the end of a process, and far from where the sum could overflow.
    let nanoseconds = min(limit, .seconds(3600)).nanoseconds
    return said.wait(timeout: .now() + .nanoseconds(Int(nanoseconds))) == .success
  }

  /// Entries that wait, and how many were dropped and not yet said.
  var backlog: (waiting: Int, dropped: UInt64) { queue.backlog }
}

/// What the writer's thread does.
private final class JournalThread: Sendable {
  private let queue: EntryQueue
  private let sink: @Sendable (JournalEntry) -> Bool

  init(queue: EntryQueue, sink: @escaping @Sendable (JournalEntry) -> Bool) {
    self.queue = queue
    self.sink = sink
  }

  func start() throws(JournalWriter.NoThread) {
    let context = Unmanaged.passRetained(self)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<JournalThread>.fromOpaque(context).takeRetainedValue().run()
        return nil
      },
      context.toOpaque())
    guard code == 0 else {
      context.release()
      throw JournalWriter.NoThread(code: code)
    }
    pthread_detach(thread)
  }

  private func run() {
    // Signals are for others; and a reader of stderr that went away must not end the daemon by SIGPIPE.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    while true {
      switch queue.pop() {
      case .entry(let entry):
        if !sink(entry) { queue.noteDropped(1) }
        sayDropped()
      case .mark(let said):
        sayDropped()
        said.signal()
      case .end:
        return
      }
    }
  }

  private func sayDropped() {
    let count = queue.takeDropped()
    if count > 0 && !sink(.dropped(count)) { queue.noteDropped(count) }
  }
}

extension JournalEntry {
  /// What is said of entries that were dropped.
  static func dropped(_ count: UInt64) -> JournalEntry {
    let entries = count == 1 ? "1 log entry was" : "\(count) log entries were"
    return JournalEntry(
      .entriesDropped, .warning,
      "\(entries) dropped because the log did not take them in time; "
        + "no kill is missing in the ledger: see guestwatchd history",
      fields: [Field(.event, "entries-dropped")])
  }
}
