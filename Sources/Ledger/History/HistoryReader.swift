import GuestWatchCore

/// Reads the ledger for people: without a daemon, beside a running one, and whatever the configuration looks like.
public enum HistoryReader {
  /// The rows that pass the filter, newest last.
  public static func rows(stateDirectory: String, filter: HistoryFilter) throws(LedgerError) -> [HistoryRow] {
    var rows: [HistoryRow] = []
    try forEach(stateDirectory: stateDirectory, filter: filter) { rows.append($0) }
    return rows
  }

  /// The same one by one, for a ledger of a million rows.
  ///
  /// Reads in portions, and shows each when nothing of the ledger is held any more: a pager that waits for its reader would
  /// otherwise keep the daemon's log from being moved into the file, and let it grow for as long.
  public static func forEach(
    stateDirectory: String, filter: HistoryFilter, _ show: (HistoryRow) -> Void
  ) throws(LedgerError) {
    let files = StateFiles(directory: stateDirectory)
    let (connection, version) = try LedgerFile.openForReading(files)
    var pages = HistoryPages(connection: connection, filter: filter, indexed: version >= Schema.indexed)
    while true {
      let rows = try LedgerFile.explaining(.read, files) { () throws(SQLiteError) in try pages.next() }
      if rows.isEmpty { return }
      for row in rows { show(row) }
    }
  }
}

/// The rows that pass a filter, oldest first, a portion at a time.
struct HistoryPages {
  let connection: Connection
  let filter: HistoryFilter
  let indexed: Bool
  /// The place after which the next portion begins; nil: nothing was read yet.
  private var last: (wall: Int64, id: Int64)?
  private var left: Int
  private var isOver = false

  static let portion = 1000

  init(connection: Connection, filter: HistoryFilter, indexed: Bool) {
    self.connection = connection
    self.filter = filter
    self.indexed = indexed
    left = filter.limit > 0 ? filter.limit : .max
  }

  /// The next rows; none: that was all.
  mutating func next() throws(SQLiteError) -> [HistoryRow] { try nextWithPlaces().map(\.row) }

  /// With the number that each has in the table.
  mutating func nextWithPlaces() throws(SQLiteError) -> [(id: Int64, row: HistoryRow)] {
    while left > 0, !isOver {
      // What one portion shows is of one moment.
      try connection.run("BEGIN")
      let places: [(wall: Int64, id: Int64)]
      var rows: [(id: Int64, row: HistoryRow)] = []
      do {
        places = try self.places()
        for place in places {
          if let row = try HistoryRow.read(connection, id: place.id) { rows.append((place.id, row)) }
        }
      } catch {
        _ = try? connection.run("ROLLBACK")
        throw error
      }
      try connection.run("COMMIT")
      isOver = places.count < min(left, Self.portion)
      last = places.last ?? last
      left -= places.count
      if !rows.isEmpty { return rows }
    }
    return []
  }

  private func places() throws(SQLiteError) -> [(wall: Int64, id: Int64)] {
    let most = min(left, Self.portion)
    if let last {
      let (sql, values) = filter.places(
        "(decided_wall, id) > (?, ?)", [.integer(last.wall), .integer(last.id)], indexed: indexed)
      return try list("\(sql) ORDER BY wall, id LIMIT ?", values + [.integer(Int64(most))])
    }
    let (sql, values) = filter.places(indexed: indexed)
    guard filter.limit > 0 else {
      return try list("\(sql) ORDER BY wall, id LIMIT ?", values + [.integer(Int64(most))])
    }
    let newest = "\(sql) ORDER BY wall DESC, id DESC LIMIT ?"
    if filter.limit <= Self.portion {
      return try list(newest, values + [.integer(Int64(filter.limit))]).reversed()
    }
    // The first of the newest so many, and what follows it.
    let first = try list(newest + " OFFSET ?", values + [.integer(1), .integer(Int64(filter.limit) - 1)]).first
    let (since, bound) = filter.places(
      "(decided_wall, id) >= (?, ?)", [.integer(first?.wall ?? .min), .integer(first?.id ?? .min)], indexed: indexed)
    return try list("\(since) ORDER BY wall, id LIMIT ?", bound + [.integer(Int64(most))])
  }

  private func list(_ sql: String, _ values: [Value]) throws(SQLiteError) -> [(wall: Int64, id: Int64)] {
    var cursor = try connection.query(sql, values)
    var places: [(wall: Int64, id: Int64)] = []
    while try cursor.next() { places.append((cursor.integer(), cursor.integer())) }
    return places
  }
}
