import CSQLite
import Foundation
import Glibc

/// Strikes when the ledger is written to: the kernel says so at the first byte of a transaction, not when it is whole.
enum LedgerLog {
  /// Sends SIGKILL to the daemon so many writes to the log from now on, and then so long; or when `giveUp` has passed.
  ///
  /// It waits on a thread of its own: what counts is a fraction of a millisecond.
  static func strike(
    _ daemon: Program, log: String, after writes: Int, delay: Duration, giveUp: Duration
  ) async throws -> Date {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(
          with: Result {
            try wait(log, for: writes, giveUp: giveUp)
            if delay > .zero { usleep(UInt32(delay / .microseconds(1))) }
            let moment = Date()
            daemon.signal(SIGKILL)
            return moment
          })
      }
    }
  }

  private static func wait(_ log: String, for writes: Int, giveUp: Duration) throws {
    let descriptor = inotify_init1(Int32(IN_CLOEXEC))
    guard descriptor >= 0 else { throw Trouble("inotify: \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    // Where there is no log the daemon has not come so far.
    guard inotify_add_watch(descriptor, log, UInt32(IN_MODIFY)) >= 0 else { return }
    let end = ContinuousClock.now + giveUp
    var seen = 0
    // Events of one file have no name: each is as long as its head.
    var buffer = [UInt8](repeating: 0, count: 64 * MemoryLayout<inotify_event>.size)
    while seen < writes {
      let left = end - ContinuousClock.now
      guard left > .zero else { return }
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&waiting, 1, Int32(left / .milliseconds(1)) + 1) > 0 else { continue }
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { throw Trouble("inotify: \(String(cString: strerror(errno)))") }
      seen += count / MemoryLayout<inotify_event>.size
    }
  }
}

/// The ledger as SQLite sees it, without any code of the daemon.
enum LedgerFile {
  /// Takes SQLite's lock for writing on a ledger again and again, as an operator's `sqlite3` would, until it is cancelled.
  ///
  /// Each time for less than the second that a step waits (`Connection.patience`): so that it is written, but late.
  static func hold(_ path: String, _ dice: Dice) async throws {
    var dice = dice
    var database: OpaquePointer?
    defer { sqlite3_close_v2(database) }
    guard sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK else {
      throw Trouble("SQLite cannot open \(path)")
    }
    // What the dead daemon left is for its next life.
    _ = guestwatch_checkpoint_on_close(database, 0)
    while !Task.isCancelled {
      // Where it is taken it will be free in a moment.
      if sqlite3_exec(database, "BEGIN IMMEDIATE", nil, nil, nil) == SQLITE_OK {
        try? await Task.sleep(for: .milliseconds(dice.roll(200...800)))
        sqlite3_exec(database, "ROLLBACK", nil, nil, nil)
      }
      // A step that waits asks every 100 ms: most find the gap.
      try? await Task.sleep(for: .milliseconds(dice.roll(60...300)))
    }
  }

  /// Whether a guest login is stopped everywhere: the ledger keeps it with the number of tries since.
  static func hasStoppedLogin(_ path: String) throws -> Bool {
    try reading(path) { try rows($0, "SELECT account FROM login_standings WHERE tries IS NOT NULL") != [] }
  }

  /// What `PRAGMA integrity_check` and `foreign_key_check` say; empty where all is well.
  static func complaints(_ path: String) throws -> [String] {
    try reading(path) { database in
      let answers = try rows(database, "PRAGMA integrity_check") + rows(database, "PRAGMA foreign_key_check")
      return answers == ["ok"] ? [] : answers
    }
  }

  private static func reading<Value>(_ path: String, _ read: (OpaquePointer?) throws -> Value) throws -> Value {
    var database: OpaquePointer?
    defer { sqlite3_close_v2(database) }
    guard sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, nil) == SQLITE_OK else {
      throw Trouble("SQLite cannot open \(path)")
    }
    sqlite3_busy_timeout(database, 5000)
    return try read(database)
  }

  private static func rows(_ database: OpaquePointer?, _ sql: String) throws -> [String] {
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK else {
      throw Trouble("\(sql): \(String(cString: sqlite3_errmsg(database)))")
    }
    defer { sqlite3_finalize(statement) }
    var rows: [String] = []
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW: rows.append(sqlite3_column_text(statement, 0).map { String(cString: $0) } ?? "NULL")
      case SQLITE_DONE: return rows
      default: throw Trouble("\(sql): \(String(cString: sqlite3_errmsg(database)))")
      }
    }
  }
}
