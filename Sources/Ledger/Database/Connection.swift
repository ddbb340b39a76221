import CSQLite
import Glibc

/// One connection to a SQLite database with its prepared statements. Used from one thread at a time.
///
/// A class because it is a resource with an identity: a cursor keeps it alive for as long as it reads.
final class Connection {
  private let handle: OpaquePointer
  /// Every statement is prepared once; the texts are constants of this target.
  private var prepared: [String: OpaquePointer] = [:]

  enum Mode {
    /// The file must exist.
    case readWrite
    case readOnly
    /// The file cannot change while it is read (it lies on a read-only file system): no locks, no shared memory.
    case immutable
  }

  /// How long a statement waits for another program (an operator's `sqlite3`) to let go of the database. Well under the
  /// 5 s between a confirm and the first byte of its terminate.
  static let patience: Int32 = 1000

  /// - Parameter vfs: SQLite's name of the file system; nil: its own.
  init(path: String, _ mode: Mode, vfs: String? = nil) throws(SQLiteError) {
    // EXRESCODE: extended codes tell a full disk from a broken one. NOMUTEX: the owner's lock is enough.
    var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
    var name = path
    switch mode {
    case .readWrite: flags |= SQLITE_OPEN_READWRITE
    case .readOnly: flags |= SQLITE_OPEN_READONLY
    case .immutable:
      flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
      name = "file:" + percentEncoded(path) + "?immutable=1"
    }
    var opened: OpaquePointer?
    let code = sqlite3_open_v2(name, &opened, flags, vfs)
    guard let opened else { throw SQLiteError(code: SQLITE_NOMEM, message: "out of memory", systemError: 0) }
    guard code == SQLITE_OK else {
      let error = SQLiteError(lastOf: opened, code: code)
      sqlite3_close_v2(opened)
      throw error
    }
    handle = opened
    sqlite3_busy_timeout(handle, Connection.patience)
    // Until the file has proved sound, closing must not move the log into it: a damaged file is never written.
    _ = guestwatch_checkpoint_on_close(handle, 0)
    _ = guestwatch_defend(handle)
  }

  deinit {
    for statement in prepared.values { sqlite3_finalize(statement) }
    sqlite3_close_v2(handle)
  }

  /// From here on, closing the last connection moves the write-ahead log into the database file.
  func checkpointOnClose() { _ = guestwatch_checkpoint_on_close(handle, 1) }

  /// Starts a statement that yields rows.
  func query(_ sql: String, _ values: [Value] = []) throws(SQLiteError) -> Cursor {
    Cursor(self, try bound(sql, values))
  }

  /// Runs a statement to its end. Returns how many rows it changed.
  @discardableResult
  func run(_ sql: String, _ values: [Value] = []) throws(SQLiteError) -> Int {
    var cursor = try query(sql, values)
    while try cursor.next() {}
    return Int(sqlite3_changes(handle))
  }

  /// Runs several statements without values, as one text.
  func runScript(_ sql: String) throws(SQLiteError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw SQLiteError(lastOf: handle, code: code) }
  }

  /// The first column of the first row as a number; nil where there is no row.
  func number(_ sql: String, _ values: [Value] = []) throws(SQLiteError) -> Int64? {
    var cursor = try query(sql, values)
    return try cursor.next() ? cursor.integer() : nil
  }

  /// The first column of the first row as text; "" where there is no row.
  func text(_ sql: String) throws(SQLiteError) -> String {
    var cursor = try query(sql)
    return try cursor.next() ? cursor.text() : ""
  }

  /// Does `body` as one transaction that is on disk when this returns, or has left no trace when it throws.
  func transaction<T>(_ body: () throws(SQLiteError) -> T) throws(SQLiteError) -> T {
    // IMMEDIATE: it is known at once whether we may write, not half way through.
    try run("BEGIN IMMEDIATE")
    do {
      let value = try body()
      try run("COMMIT")
      return value
    } catch {
      // A full disk may have rolled back already; then there is nothing left to do.
      if sqlite3_get_autocommit(handle) == 0 { try run("ROLLBACK") }
      throw error
    }
  }

  /// What was done so far: steps of SQLite's machine by the statements, and pages that were read from the file. For tests.
  var cost: (steps: Int64, pages: Int64) {
    var steps: Int64 = 0
    for statement in prepared.values { steps += Int64(sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0)) }
    var (pages, highest): (Int32, Int32) = (0, 0)
    sqlite3_db_status(handle, SQLITE_DBSTATUS_CACHE_MISS, &pages, &highest, 0)
    return (steps, Int64(pages))
  }

  /// How SQLite would do it, line by line. For tests.
  func plan(_ sql: String, _ values: [Value]) throws(SQLiteError) -> [String] {
    var cursor = try query("EXPLAIN QUERY PLAN " + sql, values)
    var lines: [String] = []
    while try cursor.next() {
      // id, parent, not used, detail
      for _ in 1...3 { _ = cursor.integer() }
      lines.append(cursor.text())
    }
    return lines
  }

  private func bound(_ sql: String, _ values: [Value]) throws(SQLiteError) -> OpaquePointer {
    let statement = try prepare(sql)
    for (index, value) in values.enumerated() {
      let place = Int32(index + 1)
      let code: Int32
      switch value {
      case .null: code = sqlite3_bind_null(statement, place)
      case .integer(let number): code = sqlite3_bind_int64(statement, place, number)
      case .text(var text):
        code = text.withUTF8 { bytes in
          bytes.withMemoryRebound(to: CChar.self) { bytes in
            guestwatch_bind_text(statement, place, bytes.baseAddress, Int32(bytes.count))
          }
        }
      case .bytes(var text):
        code = text.withUTF8 { bytes in
          // A null pointer would bind NULL; an empty text is a blob of no bytes.
          bytes.isEmpty
            ? sqlite3_bind_zeroblob(statement, place, 0)
            : guestwatch_bind_blob(statement, place, bytes.baseAddress, Int32(bytes.count))
        }
      }
      guard code == SQLITE_OK else { throw SQLiteError(lastOf: handle, code: code) }
    }
    return statement
  }

  private func prepare(_ sql: String) throws(SQLiteError) -> OpaquePointer {
    if let statement = prepared[sql] { return statement }
    var statement: OpaquePointer?
    let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard code == SQLITE_OK, let statement else { throw SQLiteError(lastOf: handle, code: code) }
    prepared[sql] = statement
    return statement
  }

  fileprivate func step(_ statement: OpaquePointer) throws(SQLiteError) -> Bool {
    let code = sqlite3_step(statement)
    switch code {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default: throw SQLiteError(lastOf: handle, code: code)
    }
  }
}

/// The rows of one statement; reads the columns of a row from left to right.
struct Cursor: ~Copyable {
  private let connection: Connection
  private let statement: OpaquePointer
  private var column: Int32 = 0

  fileprivate init(_ connection: Connection, _ statement: OpaquePointer) {
    self.connection = connection
    self.statement = statement
  }

  deinit {
    sqlite3_reset(statement)
    sqlite3_clear_bindings(statement)
  }

  /// Goes to the next row; false where there is none.
  mutating func next() throws(SQLiteError) -> Bool {
    column = 0
    return try connection.step(statement)
  }

  /// The next column as a number; 0 where it is NULL.
  mutating func integer() -> Int64 {
    defer { column += 1 }
    return sqlite3_column_int64(statement, column)
  }

  /// The next column as a number, or nil where it is NULL.
  mutating func optionalInteger() -> Int64? {
    isNull ? skip() : integer()
  }

  /// The next column as true (not 0) or false.
  mutating func flag() -> Bool { integer() != 0 }

  /// The next column as text, with any NUL that is in it; "" where it is NULL.
  mutating func text() -> String {
    defer { column += 1 }
    // sqlite3_column_blob first: the length must be asked for after the pointer.
    guard let bytes = sqlite3_column_blob(statement, column) else { return "" }
    let count = Int(sqlite3_column_bytes(statement, column))
    return String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
  }

  /// The next column as text, or nil where it is NULL.
  mutating func optionalText() -> String? {
    isNull ? skip() : text()
  }

  private var isNull: Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }

  private mutating func skip<T>() -> T? {
    column += 1
    return nil
  }
}

/// A path as part of a `file:` URI.
private func percentEncoded(_ path: String) -> String {
  let digits = Array("0123456789ABCDEF".utf8)
  var encoded: [UInt8] = []
  for byte in path.utf8 {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "-"):
      encoded.append(byte)
    default: encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
  }
  return String(decoding: encoded, as: UTF8.self)
}
