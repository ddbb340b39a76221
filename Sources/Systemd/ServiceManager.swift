import Glibc
import GuestWatchCore

/// The service manager that started this process: told over the socket in `$NOTIFY_SOCKET`, see sd_notify(3).
///
/// Where there is none, nothing is sent and nothing fails. The protocol is a stable one and is spoken here, not by
/// libsystemd, for two reasons: the environment is a parameter, and a message never blocks for longer than a second (the
/// caller is the scheduler; `sd_notify` waits as long as the manager is busy).
public struct ServiceManager: Sendable {
  /// One thing to tell; several may go together.
  public enum Notice: Hashable, Sendable {
    /// Started, or the reload is done.
    case ready
    /// One line for `systemctl status`: anything that would end it or cannot be shown is escaped.
    case status(String)
    /// Alive.
    case watchdog
    /// A reload begins; ends with `ready`.
    case reloading
    /// The end begins.
    case stopping
    /// The start takes longer; the manager waits so long from now, or until it hears this again.
    case extendStart(Duration)
  }

  /// A notice that could not be sent.
  public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    public var socket: String
    public var why: String
    public var description: String { "cannot tell the service manager at NOTIFY_SOCKET=\(shown(socket)): \(why)" }
  }

  /// The most bytes of a status that are sent: well within the 4 KiB that the manager reads of one message.
  public static let statusCap = 1024

  /// How often the manager wants to hear `watchdog` at least; nil: it does not watch this process. Tell it at half of
  /// that or more often.
  public let watchdogInterval: Duration?
  /// nil: no manager listens.
  private let socket: String?
  /// CLOCK_MONOTONIC in microseconds.
  private let monotonic: @Sendable () -> UInt64

  public init(
    environment: [String: String], processID: Int32,
    monotonic: @escaping @Sendable () -> UInt64 = ServiceManager.monotonicMicroseconds
  ) {
    self.monotonic = monotonic
    socket = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
    watchdogInterval = ServiceManager.watchdogInterval(environment: environment, processID: processID)
  }

  /// Sends the notices together, in one datagram; with none to send, or to nobody, does nothing.
  public func notify(_ notices: Notice...) throws(Failure) {
    guard let socket, !notices.isEmpty else { return }
    let message = notices.map(text).joined(separator: "\n")
    if let why = ServiceManager.send(message, to: socket) { throw Failure(socket: socket, why: why) }
  }

  private func text(_ notice: Notice) -> String {
    switch notice {
    case .ready: "READY=1"
    case .status(let status): "STATUS=\(shown(status, cap: ServiceManager.statusCap))"
    case .watchdog: "WATCHDOG=1"
    // The manager tells by the time which reload it is: both lines must be in one datagram.
    case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(monotonic())"
    case .stopping: "STOPPING=1"
    case .extendStart(let time): "EXTEND_TIMEOUT_USEC=\(max(0, time.nanoseconds / 1000))"
    }
  }

  /// `$WATCHDOG_USEC`, if it is meant for this process (`$WATCHDOG_PID`), see sd_watchdog_enabled(3).
  private static func watchdogInterval(environment: [String: String], processID: Int32) -> Duration? {
    guard let text = environment["WATCHDOG_USEC"], let microseconds = UInt64(text), microseconds > 0,
      microseconds < UInt64(Int64.max)
    else { return nil }
    if let pid = environment["WATCHDOG_PID"], Int32(pid) != processID { return nil }
    return .microseconds(Int64(microseconds))
  }

  /// CLOCK_MONOTONIC in microseconds, as `RELOADING=1` wants it.
  public static let monotonicMicroseconds: @Sendable () -> UInt64 = {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
  }

  /// Sends one datagram; returns why it could not, or nil.
  private static func send(_ message: String, to path: String) -> String? {
    guard let (address, length) = address(path) else {
      return "it must be an absolute path or @NAME, at most 107 bytes"
    }
    let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return reason("socket") }
    defer { close(descriptor) }
    var patience = timeval(tv_sec: 1, tv_usec: 0)
    guard
      setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size)) == 0
    else { return reason("setsockopt") }
    let bytes = Array(message.utf8)
    while true {
      let sent = withUnsafePointer(to: address) { address in
        address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
        }
      }
      if sent >= 0 { return nil }
      if errno != EINTR { return errno == EAGAIN ? "it took no message for a second" : reason("sendto") }
    }
  }

  private static func reason(_ call: String) -> String { "\(call): \(String(cString: strerror(errno)))" }

  /// The socket address of a path, or of the abstract name behind an `@`.
  private static func address(_ path: String) -> (sockaddr_un, socklen_t)? {
    var name = Array(path.utf8)
    guard let first = name.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@"), name.count > 1 else {
      return nil
    }
    // An abstract name begins with a zero byte and has no other end than its length; a path ends in a zero byte.
    if first == UInt8(ascii: "@") { name[0] = 0 } else { name.append(0) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard name.count <= MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let head = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? MemoryLayout<sa_family_t>.size
    return (address, socklen_t(head + name.count))
  }
}
