package import GuestWatchCore

/// Reads the rows of guest answers straight from their bytes. The one place that knows their fields.
///
/// A guest says what stands in them, so what is wrong with one field is laid to that field: a text that is missing, of
/// another type, damaged, too long or there twice is doubtful, and the row counts. Of a row whose pid or times cannot be
/// read nobody knows which process it is: it is left out, and the listing is not complete, for the process that is asked
/// about may be that one. Structure is vCenter's: where that is broken, nothing is believed.
enum GuestRows {
  /// How an API names the fields.
  struct Dialect: Sendable {
    fileprivate var name: [UInt8] = Array("name".utf8)
    fileprivate var pid: [UInt8] = Array("pid".utf8)
    fileprivate var owner: [UInt8] = Array("owner".utf8)
    fileprivate var command: [UInt8]
    fileprivate var started: [UInt8]
    fileprivate var finished: [UInt8]
    /// VI JSON lists who has ended, with the end; REST lists some as if they lived.
    fileprivate var showsEnds: Bool

    /// vsphere-api.md, 3.8 and 3.9.
    static let rest = Dialect(
      command: Array("command".utf8), started: Array("started".utf8), finished: Array("finished".utf8),
      showsEnds: false)
    /// `GuestProcessInfo`, 5.4.
    static let vi = Dialect(
      command: Array("cmdLine".utf8), started: Array("startTime".utf8), finished: Array("endTime".utf8),
      showsEnds: true)
  }

  /// The answer of a list: an array of rows, or null for none.
  static func listing(_ bytes: [UInt8], _ dialect: Dialect) throws(Fault) -> Listing {
    var reader = RowReader(bytes, dialect)
    let read: (rows: [Process], unreadable: Int)?
    do { read = try reader.rows() } catch { throw noJSON(error) }
    guard let (rows, unreadable) = read else { throw badAnswer("the listing is not an array") }
    if rows.isEmpty, unreadable > 0 {
      throw badAnswer("of \(unreadable) rows of the listing none has a pid and a start time that can be read")
    }
    return Listing(rows: rows, parsedToEnd: unreadable == 0, showsEnds: dialect.showsEnds)
  }

  /// The answer of a `get`: it carries no pid of its own.
  static func look(_ bytes: [UInt8], pid: Int64) throws(Fault) -> Look {
    var reader = RowReader(bytes, .rest)
    let read: Process?
    do { read = try reader.one(pid: pid) } catch { throw noJSON(error) }
    guard let process = read else { throw badAnswer("process \(pid) has no start or end time that can be read") }
    return process.finished == nil ? .running(process) : .finished(process)
  }

  private static func noJSON(_ error: NotJSON) -> Fault {
    badAnswer("the answer is not JSON (byte \(error.offset))", status: 200)
  }
}

/// Reads a listing that was saved: the answer of the REST `list` or of `ListProcessesInGuest`, by the same readers.
package func savedListing(_ bytes: [UInt8]) throws(Fault) -> Listing {
  // Their fields tell them apart: read as the other one, no row has a start. Of no rows there is nothing to tell.
  if let listing = try? GuestRows.listing(bytes, .vi), !listing.rows.isEmpty { return listing }
  return try GuestRows.listing(bytes, .rest)
}

/// Walks over one guest answer.
private struct RowReader {
  private var cursor: JSONCursor
  private let fields: GuestRows.Dialect

  init(_ bytes: [UInt8], _ fields: GuestRows.Dialect) {
    cursor = JSONCursor(bytes)
    self.fields = fields
  }

  /// nil: it is no array. Of what goes beyond the cap of a listing one row is read, which shows that it does.
  mutating func rows() throws(NotJSON) -> (rows: [Process], unreadable: Int)? {
    var rows: [Process] = []
    var unreadable = 0
    switch try cursor.peek() {
    case .null: try cursor.word("null")
    case .array:
      guard try cursor.opens(.array) else { break }
      repeat {
        if let process = try row().process {
          rows.append(process)
          if rows.count > Listing.rowCap { return (rows, unreadable) }
        } else {
          unreadable += 1
        }
      } while try cursor.goesOn(.array)
    case .object, .string, .number, .true, .false: return nil
    }
    try cursor.end()
    return (rows, unreadable)
  }

  /// One row that does not say its pid.
  mutating func one(pid: Int64) throws(NotJSON) -> Process? {
    var row = try row()
    try cursor.end()
    row.pid = .value(pid)
    return row.process
  }

  private mutating func row() throws(NotJSON) -> Row {
    var row = Row()
    guard case .object = try cursor.peek() else {
      try cursor.skip()
      return row
    }
    guard try cursor.opens(.object) else { return row }
    repeat {
      let key = try cursor.key()
      if cursor.says(key, fields.pid) {
        row.pid.read(try number())
      } else if cursor.says(key, fields.name) {
        row.name = try guestText(row.name)
      } else if cursor.says(key, fields.owner) {
        row.owner = try guestText(row.owner)
      } else if cursor.says(key, fields.command) {
        row.command = try guestText(row.command)
      } else if cursor.says(key, fields.started) {
        row.started.read(try time())
      } else if cursor.says(key, fields.finished) {
        row.finished.read(try time())
      } else {
        try cursor.skip()
      }
    } while try cursor.goesOn(.object)
    return row
  }

  private mutating func number() throws(NotJSON) -> Field {
    guard case .number = try cursor.peek() else { return try other() }
    return try cursor.integer().map(Field.value) ?? .unreadable
  }

  private mutating func time() throws(NotJSON) -> Field {
    guard case .string = try cursor.peek() else { return try other() }
    let raw = try cursor.text()
    // No time is that long; what is not ASCII in it makes it none.
    guard raw.range.count <= 256 else { return .unreadable }
    return secondsSince1970(rfc3339: cursor.decoded(raw).text).map(Field.value) ?? .unreadable
  }

  /// A null is what is not there; any other type is not what was asked for.
  private mutating func other() throws(NotJSON) -> Field {
    if case .null = try cursor.peek() {
      try cursor.word("null")
      return .absent
    }
    try cursor.skip()
    return .unreadable
  }

  /// `before`: what the row had said of the same field. Of two neither is believed, and the last is shown.
  private mutating func guestText(_ before: GuestText?) throws(NotJSON) -> GuestText {
    guard case .string = try cursor.peek() else {
      try cursor.skip()
      return Row.unknown
    }
    var text = cursor.guestText(try cursor.text())
    if before != nil { text.doubtful = true }
    return text
  }
}

/// A number or a time of a row.
private enum Field {
  case absent, unreadable
  case value(Int64)

  /// Takes what the row says; said twice, it is not known.
  mutating func read(_ new: Field) {
    switch self {
    case .absent: self = new
    case .value, .unreadable: self = .unreadable
    }
  }
}

/// What a row says.
private struct Row {
  var pid = Field.absent
  var started = Field.absent
  var finished = Field.absent
  var name: GuestText?
  var owner: GuestText?
  var command: GuestText?

  /// Nothing that can be believed.
  static let unknown = GuestText("", doubtful: true)

  /// nil: it is not known which process this is, or whether it lives.
  var process: Process? {
    guard case .value(let pid) = pid, case .value(let started) = started else { return nil }
    let end: Int64?
    switch finished {
    case .absent: end = nil
    case .value(let time): end = time
    case .unreadable: return nil
    }
    return Process(
      pid: pid, started: started, owner: owner ?? Row.unknown, name: name ?? Row.unknown,
      command: command ?? Row.unknown, finished: end)
  }
}
