import CSQLite
import Glibc

/// A statement or a connection that failed.
struct SQLiteError: Error {
  /// The extended result code.
  var code: Int32
  /// SQLite's words.
  var message: String
  /// The `errno` behind it; 0 where there is none.
  var systemError: Int32

  init(code: Int32, message: String, systemError: Int32) {
    self.code = code
    self.message = message
    self.systemError = systemError
  }

  /// The last error of a connection.
  init(lastOf handle: OpaquePointer, code: Int32) {
    self.code = code
    message = String(cString: sqlite3_errmsg(handle))
    systemError = sqlite3_system_errno(handle)
  }

  /// A value in the file that this version never writes.
  init(damaged what: String) {
    self.init(code: SQLITE_CORRUPT, message: what, systemError: 0)
  }

  /// The file holds what no ledger holds.
  var isDamage: Bool {
    switch code & 0xff {
    case SQLITE_CORRUPT, SQLITE_NOTADB: true
    default: false
    }
  }

  /// What is said of damage, without what to do about it.
  var damage: String { "the file is damaged (\(message)) and was left as it is" }

  /// Why, and what to do about it: the end of a sentence that begins with what could not be done.
  var explanation: String {
    switch code & 0xff {
    case SQLITE_FULL: "the file system is full; free some space there"
    case SQLITE_READONLY:
      "it cannot be written (\(reason)); make the file system and the file writable for the daemon's account"
    case SQLITE_BUSY, SQLITE_LOCKED:
      "another program holds the database; end it (`fuser` on the file names it)"
    case SQLITE_CORRUPT, SQLITE_NOTADB:
      "\(damage); keep a copy of it and its log, then restore a backup or move both away: a new ledger knows of no "
        + "earlier kill"
    case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH:
      "it cannot be opened (\(reason)); check that it exists and that the account may read and write it and its folder"
    case SQLITE_IOERR where systemError == ENOSPC || systemError == EDQUOT:
      "the file system is full (\(reason)); free some space there"
    case SQLITE_IOERR: "input or output failed (\(reason)); check the disk and the kernel's log"
    case SQLITE_NOMEM: "there is not enough memory; free some"
    default: "SQLite said: \(reason) (code \(code)); this may be a mistake in guestwatchd, please report it"
    }
  }

  private var reason: String {
    systemError == 0 ? message : "\(message): \(systemMessage(systemError))"
  }
}

/// The text of an `errno`.
func systemMessage(_ code: Int32) -> String {
  String(cString: strerror(code))
}
