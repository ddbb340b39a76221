import Glibc

/// Where things lie in a state directory.
struct StateFiles: Sendable {
  let directory: String

  init(directory: String) {
    var path = directory[...]
    while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
    self.directory = String(path)
  }

  private func inside(_ name: String) -> String { directory == "/" ? "/\(name)" : "\(directory)/\(name)" }

  /// The file that the one daemon of this directory holds a lock on. Never removed: a lock on a removed file is none.
  var lock: String { inside("lock") }
  var ledger: String { inside("ledger.db") }
  /// SQLite's write-ahead log: what is committed, but not yet in the ledger file.
  var log: String { inside("ledger.db-wal") }
  /// How the names of copies of damaged ledgers begin; a moment follows.
  var damaged: String { inside("ledger.db.damaged-") }
  /// A ledger that is being made; it gets its name when it is whole.
  var unfinished: String { inside("ledger.db.new") }
}

/// A new name is durable only when its directory is. False, with `errno` set, where that failed.
func synchronize(directory: String) -> Bool {
  let descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { return false }
  defer { close(descriptor) }
  return fsync(descriptor) == 0
}

/// Root may ask in a directory of the service's account (`guestwatchd kill` where no daemon runs): a file that it has just
/// made there goes to that account, or the daemon could not open it at its next start.
///
/// - Returns: False, with `errno` set, where that failed.
func leaveToOwner(_ descriptor: Int32, of directory: String) -> Bool {
  var file = stat()
  var folder = stat()
  guard fstat(descriptor, &file) == 0, stat(directory, &folder) == 0 else { return false }
  // Only a plain file that has no second name and nothing in it: nobody's but ours.
  guard geteuid() == 0, folder.st_uid != 0, file.st_uid == 0, file.st_mode & S_IFMT == S_IFREG, file.st_nlink == 1,
    file.st_size == 0
  else { return true }
  return fchown(descriptor, folder.st_uid, folder.st_gid) == 0
}

/// Which file a path leads to, whatever it is called later.
struct FileIdentity: Hashable, Sendable {
  var device: UInt64
  var inode: UInt64

  /// nil, with `errno` set, where nothing is there or it cannot be asked.
  init?(path: String) {
    var found = stat()
    guard stat(path, &found) == 0 else { return nil }
    self.init(found)
  }

  init(_ found: stat) {
    device = UInt64(found.st_dev)
    inode = UInt64(found.st_ino)
  }
}

/// In bytes; 0 where nothing is there.
func fileSize(_ path: String) -> Int64 {
  var found = stat()
  return stat(path, &found) == 0 ? Int64(found.st_size) : 0
}

/// The lock on a state directory: at most one process of the machine has it (S6). Given back at the end of its life.
struct StateLock: ~Copyable, Sendable {
  private let descriptor: Int32
  private let identity: FileIdentity
  private let files: StateFiles

  /// Makes the directory where only its last component is missing, and takes the lock without waiting.
  init(_ files: StateFiles) throws(LedgerError) {
    // 0700: the ledger may hold command lines.
    if mkdir(files.directory, 0o700) != 0 && errno != EEXIST {
      throw cannot("make", files.directory, errno)
    }
    let opened = open(files.lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard opened >= 0 else { throw cannot("open the lock", files.lock, errno) }
    guard leaveToOwner(opened, of: files.directory) else {
      let reason = errno
      close(opened)
      throw cannot("give the directory's owner the lock", files.lock, reason)
    }
    guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
      let reason = errno
      let holder = reason == EWOULDBLOCK ? holderWritten(in: opened) : nil
      close(opened)
      if reason == EWOULDBLOCK {
        throw .held(directory: files.directory, by: holder.map { "process \($0)" })
      }
      throw cannot("take the lock", files.lock, reason)
    }
    var found = stat()
    guard fstat(opened, &found) == 0 else {
      let reason = errno
      close(opened)
      throw cannot("look at the lock", files.lock, reason)
    }
    descriptor = opened
    identity = FileIdentity(found)
    self.files = files
    // Only for the text of the next one's error: the lock holds even where this cannot be written.
    let line = Array("\(getpid())\n".utf8)
    if ftruncate(opened, 0) == 0 { _ = pwrite(opened, line, line.count, 0) }
  }

  deinit {
    // Not by closing alone: a child that was forked, but has not run its program yet, still has the descriptor.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// False where the lock file was removed or replaced: then another daemon could hold "the" lock too.
  var holds: Bool { FileIdentity(path: files.lock) == identity }
}

/// The process id that the holder of a lock wrote, if that is one.
private func holderWritten(in descriptor: Int32) -> Int32? {
  var bytes = [UInt8](repeating: 0, count: 16)
  let count = pread(descriptor, &bytes, bytes.count, 0)
  guard count > 1, bytes[count - 1] == UInt8(ascii: "\n") else { return nil }
  guard let pid = Int32(String(decoding: bytes[..<(count - 1)], as: UTF8.self)), pid > 0 else { return nil }
  return pid
}

private func cannot(_ what: String, _ path: String, _ code: Int32) -> LedgerError {
  let advice =
    switch code {
    case ENOENT: "make the folder above it, or give another with --state"
    case ENOSPC, EDQUOT: "free some space there"
    case EACCES, EPERM: "run as the account that owns it, or give another with --state"
    case EROFS: "make the file system writable, or give another directory with --state"
    default: "give a directory of your own with --state"
    }
  return .unusable("cannot \(what) \(path): \(systemMessage(code)); \(advice)")
}
