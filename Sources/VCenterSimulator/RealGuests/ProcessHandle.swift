import Glibc

/// A pid and the moment its process began: within one boot of this machine no two processes share it.
public struct LocalIdentity: Hashable, Sendable {
  public var pid: Int32
  /// Clock ticks since boot (`/proc/PID/stat`, field 22).
  public var startTicks: UInt64

  public init(pid: Int32, startTicks: UInt64) {
    self.pid = pid
    self.startTicks = startTicks
  }
}

/// A pidfd: it means one process for ever, also after the kernel has given that pid to another.
///
/// The only way in which the simulator sends signals, so that it can never hit a process that took over a pid.
struct ProcessHandle: ~Copyable {
  private let descriptor: Int32

  /// Opens the process and then proves, by its start time, that the descriptor means the one that was asked for.
  ///
  /// Nil where that process is gone, or where another one holds its pid by now.
  init?(_ identity: LocalIdentity) {
    guard let open = PidfdCalls.open else { return nil }
    let descriptor = open(identity.pid, 0)
    guard descriptor >= 0 else { return nil }
    guard ProcessTable.startTicks(of: identity.pid) == identity.startTicks else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Sends a signal; 0, or the errno of the refusal (`ESRCH`: it has ended and is reaped).
  func send(_ signal: Int32) -> Int32 {
    guard let send = PidfdCalls.sendSignal else { return ENOSYS }
    return send(descriptor, signal, nil, 0) == 0 ? 0 : errno
  }

  /// Whether the process has ended, reaped or not.
  var hasEnded: Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&request, 1, 0) == 1
  }
}

/// The two calls of `<sys/pidfd.h>` (glibc 2.36, Linux 5.3), which Swift's Glibc module does not have. They are looked up by
/// name, so that an older C library is a plain message instead of a program that does not start.
enum PidfdCalls {
  static let open: (@convention(c) @Sendable (Int32, UInt32) -> Int32)? =
    dlsym(nil, "pidfd_open").map { unsafeBitCast($0, to: (@convention(c) @Sendable (Int32, UInt32) -> Int32).self) }

  static let sendSignal: (@convention(c) @Sendable (Int32, Int32, UnsafeMutableRawPointer?, UInt32) -> Int32)? =
    dlsym(nil, "pidfd_send_signal").map {
      unsafeBitCast(
        $0, to: (@convention(c) @Sendable (Int32, Int32, UnsafeMutableRawPointer?, UInt32) -> Int32).self)
    }

  /// Whether this machine's C library has both.
  static var available: Bool { open != nil && sendSignal != nil }
}
