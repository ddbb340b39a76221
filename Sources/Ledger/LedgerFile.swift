import Glibc

/// Opens the database of a state directory; refuses what is not a sound ledger, and then leaves it as it is.
enum LedgerFile {
  /// Opens it for writing, makes it where there is none. The caller holds the lock of the directory.
  static func openForWriting(_ files: StateFiles, steps: [String] = Schema.steps) throws(LedgerError) -> Connection {
    if !(try exists(files)) { try make(files, steps: steps) }
    do {
      let connection = try Connection(path: files.ledger, .readWrite)
      try inspect(connection, files, steps: steps)
      let sound = try firstLine(of: "PRAGMA quick_check(1)", connection)
      guard sound == "ok" else { throw SQLiteError(damaged: sound) }
      let mode = try firstLine(of: "PRAGMA journal_mode = WAL", connection)
      guard mode == "wal" else {
        throw LedgerError.unusable(
          "\(files.ledger) cannot be written through a write-ahead log (SQLite chose \"\(mode)\"); "
            + "put the state directory on a local file system")
      }
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
      return connection
    } catch let error as LedgerError {
      throw error
    } catch let error as SQLiteError {
      throw .unusable("cannot use the ledger \(files.ledger): \(error.explanation)")
    } catch {
      throw .unusable("cannot use the ledger \(files.ledger): \(error)")
    }
  }

  /// The most that the write-ahead log keeps on disk after its pages were moved into the file: it is usually 4 MB
  /// (SQLite moves it every 1000 pages), more only beside a slow reader.
  private static let logLimit = 8 << 20

  /// Opens it for reading, beside a daemon or without one. Takes no lock of the directory.
  static func openForReading(_ files: StateFiles) throws(LedgerError) -> Connection {
    guard try exists(files) else {
      throw .unusable(
        "there is no ledger in \(files.directory): no daemon has run with this state directory yet; "
          + "give the right one with --state")
    }
    do {
      let connection = try Connection(path: files.ledger, try mode(files))
      try inspect(connection, files, steps: Schema.steps)
      return connection
    } catch let error as LedgerError {
      throw error
    } catch let error as SQLiteError {
      throw .unusable("cannot read the ledger \(files.ledger): \(error.explanation)")
    } catch {
      throw .unusable("cannot read the ledger \(files.ledger): \(error)")
    }
  }

  /// On a read-only file system there is nobody who writes, and SQLite could not make its shared memory there. Where a
  /// log is left, its rows count: then it must be read with it.
  private static func mode(_ files: StateFiles) throws(LedgerError) -> Connection.Mode {
    var system = statvfs()
    guard statvfs(files.directory, &system) == 0 else {
      throw .unusable("cannot look at \(files.directory): \(systemMessage(errno)); check its permissions")
    }
    let readOnly = system.f_flag & UInt(ST_RDONLY) != 0
    return readOnly && FileIdentity(path: files.log) == nil ? .immutable : .readOnly
  }

  /// Is there a ledger? Throws where there is something else, or half of one.
  private static func exists(_ files: StateFiles) throws(LedgerError) -> Bool {
    var found = stat()
    guard lstat(files.ledger, &found) == 0 else {
      let reason = errno
      guard reason == ENOENT else {
        throw .unusable(
          "cannot look at the ledger \(files.ledger): \(systemMessage(reason)); check the permissions of its folders")
      }
      if FileIdentity(path: files.log) != nil {
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
      throw .unusable("cannot use the ledger \(files.ledger): \(damage.explanation)")
    }
    return true
  }

  /// Makes a ledger under another name, and gives it its own when it is on disk.
  private static func make(_ files: StateFiles, steps: [String]) throws(LedgerError) {
    // Left by a start that died here; nobody else is in this directory.
    for old in [files.unfinished, files.unfinished + "-journal"] where unlink(old) != 0 && errno != ENOENT {
      throw .unusable("cannot remove \(old): \(systemMessage(errno)); check the permissions of its folder")
    }
    // The file is made here and not by SQLite for its mode; SQLite gives the same to its log.
    let made = open(files.unfinished, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard made >= 0 else {
      let reason = errno
      throw .unusable("cannot make a ledger in \(files.directory): \(systemMessage(reason)); \(advice(reason))")
    }
    close(made)
    do {
      // In a function of its own, so that the connection is closed before the file gets its name.
      try fill(files.unfinished, steps: steps)
    } catch {
      throw .unusable("cannot make a ledger in \(files.directory): \(error.explanation)")
    }
    guard rename(files.unfinished, files.ledger) == 0, synchronize(directory: files.directory) else {
      let reason = errno
      throw .unusable("cannot make a ledger in \(files.directory): \(systemMessage(reason)); \(advice(reason))")
    }
  }

  private static func advice(_ reason: Int32) -> String {
    switch reason {
    case ENOSPC, EDQUOT: "free some space there"
    case EROFS: "make the file system writable"
    default: "make the folder writable for the daemon's account"
    }
  }

  private static func fill(_ path: String, steps: [String]) throws(SQLiteError) {
    let connection = try Connection(path: path, .readWrite)
    try connection.runScript("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;")
    try Schema.migrate(connection, steps: steps)
  }

  /// A new name is durable only when its directory is.
  private static func synchronize(directory: String) -> Bool {
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return fsync(descriptor) == 0
  }

  /// Is it a ledger, and one that this version knows?
  private static func inspect(_ connection: Connection, _ files: StateFiles, steps: [String]) throws {
    guard try connection.number("PRAGMA application_id") == Schema.applicationID else {
      throw LedgerError.unusable(
        "\(files.ledger) is a SQLite database, but not a ledger of guestwatchd; move it away, then a new one is made")
    }
    let version = try Schema.version(of: connection)
    guard version >= 1 else { throw SQLiteError(damaged: "its schema has no version") }
    guard version <= steps.count else {
      throw LedgerError.unusable(
        "\(files.ledger) was written by a newer guestwatchd (schema \(version), this one knows up to \(steps.count)); "
          + "install that version again, or restore a backup of the ledger from before it")
    }
  }

  private static func firstLine(of sql: String, _ connection: Connection) throws(SQLiteError) -> String {
    var cursor = try connection.query(sql)
    return try cursor.next() ? cursor.text() : ""
  }
}
