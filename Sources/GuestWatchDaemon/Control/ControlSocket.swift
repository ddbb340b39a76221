import Glibc

/// The socket that the daemon listens on. Only with the lock of the state directory held.
struct ControlSocket: ~Copyable {
  /// Why nobody can ask the daemon anything; all else goes on.
  struct Unusable: Error, Hashable {
    var message: String
  }

  let descriptor: Int32
  private let path: String
  private let link: String?
  /// Which file is ours: one of that name that somebody else made is not removed.
  private let inode: ino_t

  /// - Parameters:
  ///   - path: where it is to be. A socket there that nobody listens on is left from a daemon that died, and goes.
  ///   - link: a name that is to lead to it; nil, or the path itself: none.
  init(path: String, link: String?) throws(Unusable) {
    self.path = path
    let opened = localSocket(nonBlocking: true)
    guard opened >= 0 else { throw Self.cannot("make a socket", errno) }
    do throws(Unusable) {
      try Self.removeStale(path)
      // The daemon's umask leaves nothing to others: there is no moment at which they could connect.
      guard let bound = withSocketAddress(path, { bind(opened, $0, $1) }) else {
        throw Unusable(
          message: "the path \(path) is too long for a socket (107 bytes); set RuntimeDirectory= in the unit")
      }
      guard bound == 0 else { throw Self.cannot("bind \(path)", errno) }
      var found = stat()
      guard chmod(path, 0o600) == 0, lstat(path, &found) == 0, listen(opened, ControlServer.mostPeers) == 0 else {
        throw Self.cannot("listen on \(path)", errno)
      }
      inode = found.st_ino
    } catch {
      close(opened)
      throw error
    }
    descriptor = opened
    self.link = link.flatMap { $0 != path && Self.makeLink($0, to: path) ? $0 : nil }
  }

  deinit {
    close(descriptor)
    var found = stat()
    if lstat(path, &found) == 0, found.st_ino == inode { unlink(path) }
    if let link { unlink(link) }
  }

  /// A link that was left, or a socket of a life without a runtime directory, goes; anything else stays, and then there is
  /// no link: whoever put it there wants it.
  private static func makeLink(_ link: String, to path: String) -> Bool {
    var found = stat()
    if lstat(link, &found) == 0 {
      guard [S_IFLNK, S_IFSOCK].contains(found.st_mode & S_IFMT) else { return false }
      unlink(link)
    }
    return symlink(path, link) == 0
  }

  private static func removeStale(_ path: String) throws(Unusable) {
    var found = stat()
    guard lstat(path, &found) == 0 else { return }
    switch found.st_mode & S_IFMT {
    // A link in the state directory, from a life that had a runtime directory.
    case S_IFLNK: break
    case S_IFSOCK:
      let probe = localSocket(nonBlocking: true)
      guard probe >= 0 else { throw cannot("make a socket", errno) }
      defer { close(probe) }
      let connected = withSocketAddress(path) { connect(probe, $0, $1) }
      // EAGAIN: somebody listens and is busy.
      if connected == 0 || errno == EAGAIN {
        throw Unusable(message: "another process listens on \(path); give each daemon a RuntimeDirectory= of its own")
      }
    default:
      throw Unusable(message: "\(path) is no socket; move it away")
    }
    guard unlink(path) == 0 || errno == ENOENT else { throw cannot("remove what was left at \(path)", errno) }
  }

  private static func cannot(_ what: String, _ code: Int32) -> Unusable {
    Unusable(message: "cannot \(what): \(String(cString: strerror(code)))")
  }
}
