import Glibc

/// A service manager's side of `$NOTIFY_SOCKET`.
final class DatagramSocket {
  struct Refused: Error { var call: String, code: Int32 }

  private let descriptor: Int32
  private let path: String?

  /// Binds to a path, or to the abstract name behind an `@`.
  init(_ name: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Refused(call: "socket", code: errno) }
    var bytes = Array(name.utf8)
    path = name.hasPrefix("/") ? name : nil
    if path == nil { bytes[0] = 0 }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    let bound = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    guard bound == 0 else { throw Refused(call: "bind", code: errno) }
  }

  deinit {
    close(descriptor)
    if let path { unlink(path) }
  }

  /// The next datagram that is there already; nil where none is.
  func receive() -> String? {
    var buffer = [UInt8](repeating: 0, count: 8192)
    let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
  }
}
