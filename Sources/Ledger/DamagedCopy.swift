import Glibc

/// A copy of a damaged ledger beside it, so that whoever repairs it cannot lose it.
///
/// One copy for each damage: a service manager starts the daemon again and again, and each start meets the same files.
/// They are known again by their sizes and times of change; nobody writes to a ledger that was refused.
struct DamagedCopy {
  let files: StateFiles

  /// Copies the ledger and its log, unless that was done before. Returns the end of a sentence that has called the
  /// ledger damaged: where the copy is, or why there is none, and what to do.
  ///
  /// - Parameter wall: unix nanoseconds, for the copy's name.
  func keep(wall: Int64) -> String {
    do throws(Failure) {
      let name = try copy(wall: wall)
      return
        "a copy is kept as \(name); restore a backup, or read what can be saved with \"sqlite3 \(name) .recover\", or "
        + "move \(files.ledger) and \(files.log) away: a new ledger knows of no earlier kill, so its budgets begin anew"
    } catch {
      return "no copy of it could be kept (\(error.path): \(systemMessage(error.code))\(advice(error.code))); before "
        + "anything else copy \(files.ledger) and \(files.log) elsewhere, then restore a backup or move them away: a new "
        + "ledger knows of no earlier kill, so its budgets begin anew"
    }
  }

  private struct Failure: Error {
    var path: String
    var code: Int32
  }

  private func advice(_ code: Int32) -> String {
    switch code {
    case ENOSPC, EDQUOT: ", free some space there and start again"
    case EROFS: ", make the file system writable"
    default: ""
    }
  }

  private func copy(wall: Int64) throws(Failure) -> String {
    if let kept = try kept() { return kept }
    let moment = CalendarTime(unixSeconds: wall / 1_000_000_000)
    let day = "\(moment.date)T" + moment.time.filter { $0 != ":" } + "Z"
    // Two damages in one second are two copies.
    var name = "\(files.damaged)\(day)"
    var number = 1
    while access(name, F_OK) == 0 {
      number += 1
      name = "\(files.damaged)\(day)-\(number)"
    }
    do throws(Failure) {
      // The ledger last: a copy counts when it has its name, and its name when all of it is on disk.
      if access(files.log, F_OK) == 0 { try copy(files.log, to: name + "-wal") }
      try copy(files.ledger, to: name)
      let synchronized = synchronize(directory: files.directory)
      guard synchronized else { throw Failure(path: files.directory, code: errno) }
    } catch {
      unlink(name + "-wal")
      throw error
    }
    return name
  }

  /// The copy of what lies there now, where there is one.
  private func kept() throws(Failure) -> String? {
    guard let folder = opendir(files.directory) else { throw Failure(path: files.directory, code: errno) }
    defer { closedir(folder) }
    let ledger = Stamp(files.ledger)
    let log = Stamp(files.log)
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      let path = files.directory + "/" + name
      guard path.hasPrefix(files.damaged), !path.hasSuffix("-wal"), !path.hasSuffix(Self.unfinished) else { continue }
      if Stamp(path) == ledger, Stamp(path + "-wal") == log { return path }
    }
    return nil
  }

  /// How a file is known again.
  private struct Stamp: Equatable {
    var size: Int64
    var seconds: Int
    var nanoseconds: Int

    /// nil: it is not there.
    init?(_ path: String) {
      var found = stat()
      guard stat(path, &found) == 0 else { return nil }
      size = Int64(found.st_size)
      (seconds, nanoseconds) = (found.st_mtim.tv_sec, found.st_mtim.tv_nsec)
    }
  }

  /// A copy that is being made.
  private static let unfinished = ".new"

  private func copy(_ source: String, to target: String) throws(Failure) {
    let new = target + Self.unfinished
    do throws(Failure) {
      try write(source, to: new)
      guard rename(new, target) == 0 else { throw Failure(path: target, code: errno) }
    } catch {
      unlink(new)
      throw error
    }
  }

  private func write(_ source: String, to target: String) throws(Failure) {
    let from = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard from >= 0 else { throw Failure(path: source, code: errno) }
    defer { close(from) }
    // 0600: the ledger may hold command lines. What an earlier start left unfinished is written over.
    let to = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard to >= 0 else { throw Failure(path: target, code: errno) }
    defer { close(to) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = read(from, &buffer, buffer.count)
      if count == 0 { break }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw Failure(path: source, code: errno)
      }
      var rest = buffer[..<count]
      while !rest.isEmpty {
        let written = rest.withUnsafeBytes { Glibc.write(to, $0.baseAddress, $0.count) }
        if written >= 0 {
          rest = rest.dropFirst(written)
        } else if errno != EINTR {
          throw Failure(path: target, code: errno)
        }
      }
    }
    var found = stat()
    guard fstat(from, &found) == 0 else { throw Failure(path: source, code: errno) }
    guard futimens(to, [found.st_atim, found.st_mtim]) == 0, fsync(to) == 0 else {
      throw Failure(path: target, code: errno)
    }
  }
}
