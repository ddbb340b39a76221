import Glibc

/// A trap in the decision must not look like a broken promise: it ends with 127 and says which seed it was.
enum Crash {
  private struct Playing {
    var thread: pthread_t
    var seed: UInt64
  }

  /// Which thread plays which seed; a thread plays one seed at a time and never leaves it half played. Read by the signal
  /// handler on the thread that crashed, which alone writes its own entry.
  nonisolated(unsafe) private static let table: UnsafeMutableBufferPointer<Playing> = {
    let table = UnsafeMutableBufferPointer<Playing>.allocate(capacity: 256)
    table.initialize(repeating: Playing(thread: 0, seed: 0))
    return table
  }()

  /// This thread plays that seed from now on.
  static func begins(_ seed: UInt64) {
    let me = pthread_self()
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    for i in table.indices where table[i].thread == me || table[i].thread == 0 {
      table[i] = Playing(thread: me, seed: seed)
      return
    }
  }

  nonisolated(unsafe) private static let lock: UnsafeMutablePointer<pthread_mutex_t> = {
    let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
    return lock
  }()

  static func handle() {
    // Made now, not in the handler.
    _ = table.count
    for number in [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE] {
      signal(number) { _ in
        let me = pthread_self()
        var seed: UInt64 = 0
        for i in Crash.table.indices where Crash.table[i].thread == me { seed = Crash.table[i].seed }
        // Nothing may be allocated here: the digits are put together by hand.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
          var rest = seed
          var at = 20
          repeat {
            at -= 1
            digits[at] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
          } while rest > 0
          let text: StaticString = "the simulation crashed in seed "
          _ = write(2, text.utf8Start, text.utf8CodeUnitCount)
          if let base = digits.baseAddress { _ = write(2, base + at, 20 - at) }
          let end: StaticString = "\n"
          _ = write(2, end.utf8Start, end.utf8CodeUnitCount)
        }
        _exit(127)
      }
    }
  }
}
