import Dispatch
public import GuestWatchCore
import Synchronization

/// The durable record of every kill, intent first (design.md, sections 3 and 4; S3, S5, S6).
///
/// Holds the lock of its state directory for as long as it is open. Writing is done on a queue of its own: a slow disk
/// holds up no executor.
public final class LedgerStore: Sendable {
  /// What only one thread at a time may touch.
  private struct Open: ~Copyable {
    let connection: Connection
    /// Given back together with the connection. Should the next daemon be quicker than SQLite's closing, SQLite's own
    /// locks keep the two apart.
    let lock: StateLock
    /// The file that the connection writes to.
    let file: FileIdentity
    /// The largest that it was; it never becomes smaller by us.
    var size: Int64
  }

  private let state: Mutex<Open?>
  private let queue = DispatchQueue(label: "guestwatchd.ledger")
  private let files: StateFiles
  private let time: RunningTime
  private let version: String?
  private let retention = Mutex(Retention.Place())
  /// Which life of the daemon this is: one more than the last one's.
  public let life: UInt32

  /// How far back rows are restored where nothing else is asked for: as long as the ledger keeps them by default
  /// (`[ledger] keep`). The longest window of the configuration must not be longer than what is asked for.
  public static let defaultReach: Duration = .seconds(400 * 86_400)

  /// Takes the lock of the state directory, opens the ledger in it (makes it where there is none; mode 0600), brings it to
  /// this version's schema and begins a life: 1 more than the last.
  ///
  /// `bootID` is the kernel's (`/proc/sys/kernel/random/boot_id`); `now.continuous` counts from that boot. `version` is
  /// the daemon's, for the rows that it writes. Blocks while it looks through the file.
  public static func open(
    stateDirectory: String, now: Now, bootID: String, version: String? = nil
  ) throws(LedgerError) -> LedgerStore {
    try open(stateDirectory: stateDirectory, now: now, bootID: bootID, version: version, vfs: nil)
  }

  /// - Parameter vfs: SQLite's name of the file system: tests have one that loses its power.
  static func open(
    stateDirectory: String, now: Now, bootID: String, version: String? = nil, vfs: String?
  ) throws(LedgerError) -> LedgerStore {
    let files = StateFiles(directory: stateDirectory)
    let lock = try StateLock(files)
    let connection = try LedgerFile.openForWriting(files, wall: now.wall, vfs: vfs)
    guard let file = FileIdentity(path: files.ledger) else {
      throw .unusable("the ledger \(files.ledger) went away while it was opened; find out who removes it")
    }
    let (life, time) = try LedgerFile.explaining(.use(wall: now.wall), files) { () throws(SQLiteError) in
      try begin(connection, bootID: bootID, now: now)
    }
    return LedgerStore(
      Open(connection: connection, lock: lock, file: file, size: fileSize(files.ledger)), files: files, time: time,
      life: life, version: version)
  }

  /// Begins a life: counts it, and goes on with the boot or begins a new one.
  private static func begin(
    _ connection: Connection, bootID: String, now: Now
  ) throws(SQLiteError) -> (life: UInt32, time: RunningTime) {
    try connection.transaction { () throws(SQLiteError) -> (life: UInt32, time: RunningTime) in
      let counted = try connection.number(
        "UPDATE counters SET value = value + 1 WHERE name = 'life' RETURNING value")
      guard let counted, let life = UInt32(exactly: counted) else {
        throw SQLiteError(damaged: "its life counter is missing or out of range")
      }
      let time = try RunningTime.begin(connection, bootID: bootID, now: now)
      try Memories(connection: connection, time: time).forget()
      return (life, time)
    }
  }

  private init(
    _ open: consuming sending Open, files: StateFiles, time: RunningTime, life: UInt32, version: String?
  ) {
    state = Mutex(open)
    self.files = files
    self.time = time
    self.life = life
    self.version = version
  }

  /// What earlier lives did and knew: rows with an intent no older than `reach` (by S3's ages), every kill that is still
  /// open, and all refusals, memories and pauses.
  public func restored(now: Now, reach: Duration = LedgerStore.defaultReach) throws(LedgerError) -> Restored {
    try restored(now: now, reach: reach, most: Restored.mostRows)
  }

  func restored(now: Now, reach: Duration, most: Int) throws(LedgerError) -> Restored {
    try state.withLock { (open) throws(LedgerError) -> Restored in
      guard let connection = open?.connection else { throw .unusable("the ledger \(files.ledger) was closed") }
      let restoring = Restoring(connection: connection, time: time, now: now)
      return try LedgerFile.explaining(.use(wall: now.wall), files) { () throws(SQLiteError) in
        let refusals = Refusals(connection: connection, time: time)
        return Restored(
          life: life, rows: try restoring.rows(reach: reach, most: most), open: try restoring.open(),
          refusals: try refusals.guests(), standings: try refusals.standings(now: now),
          vcenterRefusals: try refusals.vcenters(now: now),
          memories: try Memories(connection: connection, time: time).all(now: now),
          pauses: try Pauses(connection: connection, time: time).all(now: now),
          commandKey: try commandKey(connection))
      }
    }
  }

  private func commandKey(_ connection: Connection) throws(SQLiteError) -> CommandKey {
    let half = { (name: String) throws(SQLiteError) -> UInt64 in
      guard let value = try connection.number("SELECT value FROM counters WHERE name = ?", [.text(name)]) else {
        throw SQLiteError(damaged: "its \(name) is missing")
      }
      return UInt64(bitPattern: value)
    }
    return CommandKey(try half("command-key-1"), try half("command-key-2"))
  }

  /// Writes one step. When it returns success, the step is on disk. After a failure the same step may be written again:
  /// if it was on disk after all, that succeeds and changes nothing.
  public func write(_ id: KillID, _ step: LedgerStep, now: Now) async -> Result<Void, LedgerFailure> {
    await inTransaction("write \"\(step.kind.rawValue)\" of kill \(id)", now: now) {
      (steps) throws(SQLiteError) in try steps.write(id, step)
    }
  }

  /// Keeps what a login was answered (S10). When it returns success, the note is on disk.
  public func note(_ note: LoginNote, now: Now) async -> Result<Void, LedgerFailure> {
    await inTransaction("note what a login was answered", now: now) { (steps) throws(SQLiteError) in
      try Refusals(connection: steps.connection, time: steps.time).note(note, now: now)
      return nil
    }
  }

  /// Notes that the clock has come to `now`, and keeps what is known of some VMs, each in the place of what was known of
  /// it before. Once a minute: at a reboot, rows age by what was noted (S3). All of it is on disk when it returns success,
  /// and none after a failure.
  public func mark(_ memories: [VMMemory], now: Now) async -> Result<Void, LedgerFailure> {
    await inTransaction("note the running time", now: now) { (steps) throws(SQLiteError) in
      try Memories(connection: steps.connection, time: steps.time).keep(memories, now: now)
      return nil
    }
  }

  /// Keeps the pauses that are in force, in the place of all before. When it returns success, they are on disk.
  public func keep(_ pauses: [Pause], now: Now) async -> Result<Void, LedgerFailure> {
    await inTransaction("keep the pauses", now: now) { (steps) throws(SQLiteError) in
      try Pauses(connection: steps.connection, time: steps.time).keep(pauses)
      return nil
    }
  }

  /// Forgets some of the closed rows that are older than `reach` (by the running time), but none that a kill, a window, a
  /// wait or a process that may still live needs. A small portion, so that no intent waits for it: to be called again and
  /// again.
  ///
  /// - Parameter reach: how long rows are kept; at least as long as any window or cooldown of the configuration.
  public func forget(beyond reach: Duration, now: Now) async -> Result<Void, LedgerFailure> {
    await inTransaction("forget old rows", now: now) { (steps) throws(SQLiteError) in
      try self.retention.withLock { (place) throws(SQLiteError) in
        let retention = Retention(connection: steps.connection, time: steps.time, now: now)
        try retention.forget(beyond: reach, from: &place)
      }
      return nil
    }
  }

  /// Moves the log into the file, closes it and gives the lock back. Later writes fail.
  public func close() {
    state.withLock { $0 = nil }
  }

  /// Does `body` and a mark in one transaction on the queue. The mark makes every transaction write something, so that a
  /// commit always waits for the disk: for rows of an earlier commit too that failed after it had reached the log.
  private func inTransaction(
    _ what: String, now: Now, _ body: @escaping @Sendable (Steps) throws(SQLiteError) -> String?
  ) async -> Result<Void, LedgerFailure> {
    await withCheckedContinuation { continuation in
      queue.async {
        let result = self.state.withLock { open -> Result<Void, LedgerFailure> in
          guard let connection = open?.connection else {
            return .failure(LedgerFailure("cannot \(what): the ledger \(self.files.ledger) was closed"))
          }
          if open?.lock.holds != true || open?.file != FileIdentity(path: self.files.ledger) {
            return .failure(
              LedgerFailure(
                "cannot \(what): the ledger or the lock in \(self.files.directory) was moved, removed or replaced while "
                  + "the daemon runs; put them back as they were, or restart the daemon"))
          }
          // What is committed now would lie in a log beside a file that has lost its pages.
          let size = fileSize(self.files.ledger)
          if let largest = open?.size, size < largest {
            return .failure(
              LedgerFailure(
                "cannot \(what): the ledger \(self.files.ledger) was cut off while the daemon runs (\(size) of "
                  + "\(largest) bytes are left); restart the daemon, it then says what can be done"))
          }
          open?.size = size
          do throws(SQLiteError) {
            let refusal = try connection.transaction { () throws(SQLiteError) in
              try self.time.mark(connection, now)
              return try body(Steps(connection: connection, time: self.time, now: now, version: self.version))
            }
            guard let refusal else { return .success(()) }
            return .failure(
              LedgerFailure(
                "cannot \(what) in \(self.files.ledger): \(refusal); this is a mistake in guestwatchd, please report it"
              ))
          } catch {
            return .failure(LedgerFailure("cannot \(what) in \(self.files.ledger): \(error.explanation)"))
          }
        }
        continuation.resume(returning: result)
      }
    }
  }

  /// What the connection says of itself (`PRAGMA synchronous`): tests ask it.
  func number(_ sql: String) throws(SQLiteError) -> Int64? {
    try state.withLock { (open) throws(SQLiteError) in try open?.connection.number(sql) }
  }
}
