import Glibc

/// Opens the database of a state directory; refuses what is not a sound ledger, and then leaves it as it is.
enum LedgerFile {
  /// Opens it for writing, makes it where there is none. The caller holds the lock of the directory.
  ///
  /// - Parameters:
  ///   - wall: unix nanoseconds, for the name of the copy that is kept of a damaged one.
  ///   - vfs: SQLite's name of the file system; nil: its own.
  static func openForWriting(
    _ files: StateFiles, wall: Int64, steps: [String] = Schema.steps, vfs: String? = nil
  ) throws(LedgerError) -> Connection {
    let use = Purpose.use(wall: wall)
    if !(try exists(files, use)) { try make(files, steps: steps, vfs: vfs) }
    let connection = try open(files, .readWrite, to: use, steps: steps, vfs: vfs)
    let mode = try explaining(use, files) { () throws(SQLiteError) -> String in
      // With its indexes, for a missing entry would hide an open kill. Seconds for millions of rows, once a start.
      let sound = try connection.text("PRAGMA integrity_check(1)")
      guard sound == "ok" else { throw SQLiteError(damaged: sound) }
      return try connection.text("PRAGMA journal_mode = WAL")
    }
    guard mode == "wal" else {
      throw .unusable(
        "\(files.ledger) cannot be written through a write-ahead log (SQLite chose \"\(mode)\"); "
          + "put the state directory on a local file system")
    }
    try explaining(use, files) { () throws(SQLiteError) in
      connection.checkpointOnClose()
      try connection.runScript(
        """
        PRAGMA synchronous = FULL;
        PRAGMA foreign_keys = ON;
        PRAGMA trusted_schema = OFF;
        PRAGMA cell_size_check = ON;
        PRAGMA temp_store = MEMORY;
        PRAGMA journal_size_limit = \(logLimit);
        """)
      try Schema.migrate(connection, steps: steps)
    }
    return connection
  }

  /// The most that the write-ahead log keeps on disk after its pages were moved into the file: it is usually 4 MB
  /// (SQLite moves it every 1000 pages), more only beside a slow reader.
  private static let logLimit = 8 << 20

  /// Opens it for reading, beside a daemon or without one. Takes no lock of the directory. A file of an earlier version
  /// (nobody has started the new daemon yet) shows the columns of this one, but lacks its indexes.
  static func openForReading(_ files: StateFiles) throws(LedgerError) -> (Connection, version: Int) {
    guard try exists(files, .read) else {
      throw .unusable(
        "there is no ledger in \(files.directory): no daemon has run with this state directory yet; "
          + "give the right one with --state")
    }
    let connection = try open(files, try mode(files), to: .read, steps: Schema.steps)
    let version = try explaining(.read, files) { () throws(SQLiteError) in
      let version = try Schema.version(of: connection)
      try Schema.showAsCurrent(connection, version: version)
      return version
    }
    return (connection, version)
  }

  /// On a read-only file system there is nobody who writes, and SQLite could not make its shared memory there. Where a
  /// log is left, its rows count: then it must be read with it.
  private static func mode(_ files: StateFiles) throws(LedgerError) -> Connection.Mode {
    var system = statvfs()
    guard statvfs(files.directory, &system) == 0 else {
      throw .unusable("cannot look at \(files.directory): \(systemMessage(errno)); check its permissions")
    }
    let readOnly = system.f_flag & UInt(ST_RDONLY) != 0
    return readOnly && !hasLog(files) ? .immutable : .readOnly
  }

  /// Is there a log with something in it? Whoever reads a closed ledger leaves an empty one.
  private static func hasLog(_ files: StateFiles) -> Bool {
    var found = stat()
    return stat(files.log, &found) == 0 && found.st_size > 0
  }

  /// Is there a ledger? Throws where there is something else, or half of one.
  private static func exists(_ files: StateFiles, _ purpose: Purpose) throws(LedgerError) -> Bool {
    var found = stat()
    guard lstat(files.ledger, &found) == 0 else {
      let reason = errno
      guard reason == ENOENT else {
        throw .unusable(
          "cannot look at the ledger \(files.ledger): \(systemMessage(reason)); check the permissions of its folders")
      }
      if hasLog(files) {
        throw .unusable(
          "\(files.log) is there, but \(files.ledger) is missing: a ledger was moved away without its log; "
            + "bring it back, or move the log away too (a new ledger knows of no earlier kill)")
      }
      return false
    }
    guard found.st_mode & S_IFMT == S_IFREG else {
      throw .unusable("\(files.ledger) is not a plain file; move it away, then a new ledger is made")
    }
    // A new ledger gets its name when it is whole, so one without a first page was cut off. SQLite would take it for a
    // new database and write to it. 512 bytes: its smallest page.
    guard found.st_size >= 512 else {
      let damage = SQLiteError(damaged: found.st_size == 0 ? "it is empty" : "it ends after \(found.st_size) bytes")
      throw refusal(damage, purpose, files)
    }
    return true
  }

  /// Makes a ledger under another name, and gives it its own when it is on disk.
  private static func make(_ files: StateFiles, steps: [String], vfs: String?) throws(LedgerError) {
    // Left by a start that died here; nobody else is in this directory.
    for suffix in ["", "-journal", "-wal", "-shm"] {
      let old = files.unfinished + suffix
      if unlink(old) == 0 { continue }
      let reason = errno
      guard reason == ENOENT else {
        throw .unusable("cannot remove \(old): \(systemMessage(reason)); check the permissions of its folder")
      }
    }
    // The file is made here and not by SQLite for its mode; SQLite gives the same to its log.
    let made = Glibc.open(files.unfinished, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard made >= 0 else { throw notMade(files, explanation(of: errno)) }
    let isLeft = leaveToOwner(made, of: files.directory)
    let reason = errno
    close(made)
    guard isLeft else { throw notMade(files, explanation(of: reason)) }
    do {
      // In a function of its own, so that the connection is closed before the file gets its name.
      try fill(files.unfinished, steps: steps, vfs: vfs)
    } catch {
      throw notMade(files, error.explanation)
    }
    guard rename(files.unfinished, files.ledger) == 0, synchronize(directory: files.directory) else {
      throw notMade(files, explanation(of: errno))
    }
  }

  private static func notMade(_ files: StateFiles, _ explanation: String) -> LedgerError {
    .unusable("cannot make a ledger in \(files.directory): \(explanation)")
  }

  /// What the system said, and what helps.
  private static func explanation(of reason: Int32) -> String {
    let advice =
      switch reason {
      case ENOSPC, EDQUOT: "free some space there"
      case EROFS: "make the file system writable"
      default: "make the folder writable for the daemon's account"
      }
    return "\(systemMessage(reason)); \(advice)"
  }

  private static func fill(_ path: String, steps: [String], vfs: String?) throws(SQLiteError) {
    let connection = try Connection(path: path, .readWrite, vfs: vfs)
    try connection.runScript("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;")
    try Schema.migrate(connection, steps: steps)
    // The file remembers it, so that it never has a rollback journal under its own name.
    try connection.runScript("PRAGMA journal_mode = WAL;")
    connection.checkpointOnClose()
  }

  /// Opens what is there, if it is a ledger and one that this version knows.
  private static func open(
    _ files: StateFiles, _ mode: Connection.Mode, to purpose: Purpose, steps: [String], vfs: String? = nil
  ) throws(LedgerError) -> Connection {
    let (connection, mark, version) = try explaining(purpose, files) {
      () throws(SQLiteError) -> (Connection, Int64?, Int) in
      let connection = try Connection(path: files.ledger, mode, vfs: vfs)
      let mark = try connection.number("PRAGMA application_id")
      let version = try Schema.version(of: connection)
      // Mark and version are written together.
      if mark == Schema.applicationID && version < 1 { throw SQLiteError(damaged: "its schema has no version") }
      return (connection, mark, version)
    }
    guard mark == Schema.applicationID else {
      throw .unusable(
        "\(files.ledger) is a SQLite database, but not a ledger of guestwatchd; move it away, then a new one is made")
    }
    guard version <= steps.count else {
      throw .unusable(
        "\(files.ledger) was written by a newer guestwatchd (schema \(version), this one knows up to \(steps.count)); "
          + "install that version again, or restore a backup of the ledger from before it")
    }
    return connection
  }

  /// What the ledger is opened for.
  enum Purpose {
    case read
    /// To write to it. A damaged ledger is copied then; the wall time names the copy.
    case use(wall: Int64)
  }

  /// Does `body`; says of its error what could not be done, where, why and what helps.
  static func explaining<T>(
    _ purpose: Purpose, _ files: StateFiles, _ body: () throws(SQLiteError) -> T
  ) throws(LedgerError) -> T {
    do {
      return try body()
    } catch {
      throw refusal(error, purpose, files)
    }
  }

  private static func refusal(_ error: SQLiteError, _ purpose: Purpose, _ files: StateFiles) -> LedgerError {
    switch purpose {
    case .read: .unusable("cannot read the ledger \(files.ledger): \(error.explanation)")
    case .use(let wall) where error.isDamage:
      // Copying opens and closes the file, which takes away the locks that an open connection of this process has on it.
      // That is for the end only: the daemon does not start.
      .unusable("cannot use the ledger \(files.ledger): \(error.damage); \(DamagedCopy(files: files).keep(wall: wall))")
    case .use: .unusable("cannot use the ledger \(files.ledger): \(error.explanation)")
    }
  }
}
