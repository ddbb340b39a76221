import Foundation
import Synchronization

/// The thread that starts all children. It lives as long as the tests: the kernel sends a child its parent death signal
/// when the thread that made it ends, and threads of a pool come and go.
final class SpawnThread: Sendable {
  static let shared = SpawnThread()

  private let jobs = Mutex<[@Sendable () -> Void]>([])
  private let waiting = DispatchSemaphore(value: 0)

  private init() {
    Thread.detachNewThread { [self] in
      while true {
        waiting.wait()
        jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }?()
      }
    }
  }

  func run<Value: Sendable>(_ job: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      jobs.withLock { $0.append { continuation.resume(with: Result(catching: job)) } }
      waiting.signal()
    }
  }
}
