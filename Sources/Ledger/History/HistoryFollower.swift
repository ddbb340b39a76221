import GuestWatchCore

/// Reads the ledger on and on: first the newest rows, then each new one, and each that was open once it is closed.
///
/// Holds nothing of the ledger between two readings, so that the daemon is not slowed.
public struct HistoryFollower {
  private let files: StateFiles
  private let filter: HistoryFilter
  private var open: Open?
  /// The newest row that was seen; nil: none was read yet.
  private var last: Int64?
  /// Rows that were open when they were last seen.
  private var waiting: [Int64] = []

  private struct Open {
    var connection: Connection
    var version: Int
    var file: FileIdentity?
    /// SQLite's: changes when anybody else has written.
    var data: Int64?
  }

  /// - Parameter filter: its limit is for the first rows.
  public init(stateDirectory: String, filter: HistoryFilter) {
    files = StateFiles(directory: stateDirectory)
    self.filter = filter
  }

  /// What there is to show since the last time, in the order in which it came to be.
  public mutating func next() throws(LedgerError) -> [HistoryRow] {
    let file = FileIdentity(path: files.ledger)
    if open == nil || open?.file != file {
      // Moved away and made anew, or brought back: what has a greater number is new.
      let (connection, version) = try LedgerFile.openForReading(files)
      open = Open(connection: connection, version: version, file: file, data: nil)
      if last != nil { last = min(last ?? 0, try newest(connection)) }
      waiting = []
    }
    guard var open else { return [] }
    let connection = open.connection
    // Asked before the rows are: a change that comes in between is seen the next time.
    let data = try reading { () throws(SQLiteError) in try connection.number("PRAGMA data_version") }
    if last != nil, data == open.data { return [] }
    open.data = data
    self.open = open
    return try last == nil ? begin(connection, open.version) : fresh(connection)
  }

  private func reading<T>(_ body: () throws(SQLiteError) -> T) throws(LedgerError) -> T {
    try LedgerFile.explaining(.read, files, body)
  }

  private func newest(_ connection: Connection) throws(LedgerError) -> Int64 {
    try reading { () throws(SQLiteError) in try connection.number("SELECT coalesce(max(id), 0) FROM kills") ?? 0 }
  }

  private mutating func begin(_ connection: Connection, _ version: Int) throws(LedgerError) -> [HistoryRow] {
    var newest = try newest(connection)
    var open = try openRows(connection)
    var shown: [HistoryRow] = []
    var pages = HistoryPages(connection: connection, filter: filter, indexed: version >= Schema.indexed)
    while true {
      let places = try reading { () throws(SQLiteError) in try pages.nextWithPlaces() }
      if places.isEmpty { break }
      for (id, row) in places {
        // Written or closed since the number was asked for.
        newest = max(newest, id)
        open.removeAll { $0 == id }
        if row.outcome == .open { open.append(id) }
        shown.append(row)
      }
    }
    (last, waiting) = (newest, open)
    return shown
  }

  private func openRows(_ connection: Connection) throws(LedgerError) -> [Int64] {
    try reading { () throws(SQLiteError) in
      var cursor = try connection.query("SELECT id FROM kills WHERE outcome IS NULL ORDER BY id")
      var ids: [Int64] = []
      while try cursor.next() { ids.append(cursor.integer()) }
      return ids
    }
  }

  /// Rows that were closed, then rows that are new.
  private mutating func fresh(_ connection: Connection) throws(LedgerError) -> [HistoryRow] {
    let known = last ?? 0
    let ids = try reading { () throws(SQLiteError) in
      var cursor = try connection.query("SELECT id FROM kills WHERE id > ? ORDER BY id", [.integer(known)])
      var ids: [Int64] = []
      while try cursor.next() { ids.append(cursor.integer()) }
      return ids
    }
    var rows: [HistoryRow] = []
    var open: [Int64] = []
    for id in waiting + ids {
      let row = try reading { () throws(SQLiteError) in try HistoryRow.read(connection, id: id) }
      guard let row else { continue }
      let isKnown = id <= known
      if row.outcome == .open { open.append(id) }
      if isKnown && row.outcome == .open { continue }
      if filter.fits(row) { rows.append(row) }
    }
    (last, waiting) = (ids.last ?? known, open)
    return rows
  }
}

extension HistoryFilter {
  /// True where the row passes, whatever the limit.
  func fits(_ row: HistoryRow) -> Bool {
    (since.map { row.decided >= $0 } ?? true) && (rule.map { row.cause.rule == $0 } ?? true)
      && (vm.map { row.moid == $0 || row.vmName == $0 } ?? true) && (outcome.map { row.outcome == $0 } ?? true)
  }
}
