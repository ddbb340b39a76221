import Foundation
import Glibc
import Synchronization

/// A service manager's side of `$NOTIFY_SOCKET`. It reads at once what comes, so that the sender is never held up.
final class NotifySocket: Sendable {
  let path: String
  private let messages = Mutex<[String]>([])
  /// Set once; a source may be cancelled from any thread.
  nonisolated(unsafe) private let source: any DispatchSourceRead

  init(_ path: String) throws {
    self.path = path
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    address.sun_family = sa_family_t(AF_UNIX)
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard path.utf8.count < room else { throw Trouble("\(path) is too long for a socket") }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0 else {
      close(descriptor)
      throw Trouble("bind \(path): \(String(cString: strerror(errno)))")
    }
    source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: DispatchQueue(label: "notify"))
    source.setEventHandler { [weak self] in
      var bytes = [UInt8](repeating: 0, count: 8192)
      while true {
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        guard count >= 0 else { return }
        let message = String(decoding: bytes.prefix(count), as: UTF8.self)
        self?.messages.withLock { $0.append(message) }
      }
    }
    source.setCancelHandler { close(descriptor) }
    source.activate()
  }

  deinit { source.cancel() }

  /// All that came, in order.
  var all: [String] { messages.withLock { $0 } }

  /// The last `STATUS=`, without that word.
  var status: String? { all.last { $0.hasPrefix("STATUS=") }.map { String($0.dropFirst(7)) } }
}
