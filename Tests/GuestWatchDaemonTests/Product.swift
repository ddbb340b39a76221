import Glibc
import Testing

/// The built command: it lies beside the tests.
enum Product {
  static let path: String? = {
    var path = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &path, path.count)
    guard count > 0, let slash = path[..<count].lastIndex(of: CChar(UInt8(ascii: "/"))) else { return nil }
    let product = String(decoding: path[..<slash].map { UInt8(bitPattern: $0) }, as: UTF8.self) + "/guestwatchd"
    return access(product, X_OK) == 0 ? product : nil
  }()
}

/// A folder that is removed with all that is in it.
final class Folder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/guestwatchd-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Writes a file that only its owner may read.
  func write(_ name: String, _ text: String) throws {
    let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    try #require(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
  }

  deinit { Folder.remove(path) }

  private static func remove(_ path: String) {
    if let listing = opendir(path) {
      while let entry = readdir(listing) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { remove("\(path)/\(name)") }
      }
      closedir(listing)
      rmdir(path)
    } else {
      unlink(path)
    }
  }
}

/// The command as a process of its own.
final class Child {
  let pid: pid_t
  private let errors: Int32
  private var said: [UInt8] = []
  private var ended: Int32?

  /// Starts it with these arguments and nothing in its environment but these.
  init(_ arguments: [String], environment: [String] = []) throws {
    let product = try #require(Product.path)
    var ends: [Int32] = [0, 0]
    // Another test's child must not hold it open. (Swift's Glibc module has no pipe2.)
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
    errors = ends[0]
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)
    var words = ([product] + arguments).map { strdup($0) } + [nil]
    var variables = environment.map { strdup($0) } + [nil]
    defer { for word in words + variables { free(word) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, product, &actions, nil, &words, &variables)
    close(ends[1])
    try #require(code == 0, "posix_spawn: \(code)")
    self.pid = pid
  }

  func signal(_ number: Int32) { kill(pid, number) }

  private var text: String { String(decoding: said, as: UTF8.self) }

  /// Waits until it has said this on stderr.
  func hear(_ words: String) throws {
    while !text.contains(words) { try #require(try hearMore(), "it ended without \"\(words)\": \(text)") }
  }

  /// Waits for its end: its exit status (negative: the signal that ended it) and all it said on stderr.
  func end() throws -> (status: Int32, errors: String) {
    while try hearMore() {}
    var status: Int32 = 0
    try #require(waitpid(pid, &status, 0) == pid)
    ended = status & 0x7f == 0 ? (status >> 8) & 0xff : -(status & 0x7f)
    return (ended ?? 0, text)
  }

  /// Reads what comes next; false at the end.
  private func hearMore() throws -> Bool {
    var waiting = pollfd(fd: errors, events: Int16(POLLIN), revents: 0)
    try #require(poll(&waiting, 1, 60_000) == 1, "it said no more and did not end: \(text)")
    var piece = [UInt8](repeating: 0, count: 65_536)
    let count = read(errors, &piece, piece.count)
    said += piece[..<max(count, 0)]
    return count > 0
  }

  deinit {
    close(errors)
    if ended == nil {
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
    }
  }
}

/// A service manager's end of `NOTIFY_SOCKET`.
final class NotifySocket {
  private let descriptor: Int32

  init(_ path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0, "bind: \(errno)")
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  /// The next message that begins with this; those before it are passed over.
  func next(_ word: String) throws -> String {
    var bytes = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(descriptor, &bytes, bytes.count, 0)
      try #require(count > 0, "no \(word) came in 30 s")
      let message = String(decoding: bytes[..<count], as: UTF8.self)
      if message.hasPrefix(word) { return message }
    }
  }

  deinit { close(descriptor) }
}
