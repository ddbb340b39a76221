import Glibc

/// Where the control socket is.
public enum ControlAddress {
  /// What the socket is called in its directory.
  static let name = "control"

  /// Where the daemon listens: in its runtime directory, of several the first; without one, in the state directory.
  static func ofDaemon(state: String, runtime: String?) -> String {
    inside(firstDirectory(runtime) ?? state)
  }

  /// Where a command looks for it, in this order. The daemon leaves a link in its state directory where it listens
  /// elsewhere, so that a command with the same `--state` finds it.
  ///
  /// - Parameter usual: where our unit has it; only for a command that names no state directory.
  public static func ofCommand(state: String, runtime: String?, usual: Bool) -> [String] {
    [firstDirectory(runtime).map(inside), inside(state), usual ? inside("/run/guestwatchd") : nil].compactMap { $0 }
  }

  private static func inside(_ directory: String) -> String {
    directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
  }
}

/// The address of a path as bind(2) and connect(2) take it; nil where it is too long for one.
func withSocketAddress<Result>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result? {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  let bytes = Array(path.utf8)
  // One byte for the end.
  guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
    return nil
  }
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
  return withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
  }
}

/// A stream socket for local peers; negative, with `errno` set, where there is none to be had.
func localSocket(nonBlocking: Bool) -> Int32 {
  let more = nonBlocking ? SOCK_NONBLOCK.rawValue : 0
  return socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | more), 0)
}
