import GuestWatchCore
import GuestWatchDaemon
import Synchronization

/// Runs every job of a test's tasks on the test's own thread, in the order in which they were enqueued: what the
/// scheduler does is the same at every run, and nothing happens between two lines of a test.
final class TestExecutor: TaskExecutor {
  private let queue = Mutex<[UnownedJob]>([])

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.withLock { $0.append(job) }
  }

  /// Runs until nothing is left to do without time passing.
  func drain() {
    while true {
      let jobs = queue.withLock { queue in
        defer { queue = [] }
        return queue
      }
      if jobs.isEmpty { return }
      for job in jobs { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
  }
}

/// A clock that stands still until the test moves it, and cannot sleep.
final class TestClock: DaemonClock {
  private struct Sleeper {
    var id: Int
    var deadline: Instant
    var continuation: CheckedContinuation<Void, any Error>
  }
  private struct State {
    var now = Instant(nanoseconds: 1_000_000_000_000)
    var sleepers: [Sleeper] = []
    var cancelled: Set<Int> = []
    var next = 0
  }
  private let state = Mutex(State())
  /// Wall time less continuous time.
  static let offset: Int64 = 1_700_000_000_000_000_000

  func now() -> Now {
    let now = state.withLock { $0.now }
    return Now(continuous: now, wall: now.nanoseconds + Self.offset)
  }

  func sleep(until deadline: Instant) async throws {
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let cancelled = state.withLock { state in
          if state.cancelled.remove(id) != nil { return true }
          state.sleepers.append(Sleeper(id: id, deadline: deadline, continuation: continuation))
          return false
        }
        if cancelled { continuation.resume(throwing: CancellationError()) }
      }
    } onCancel: {
      let sleeper = state.withLock { state -> Sleeper? in
        guard let place = state.sleepers.firstIndex(where: { $0.id == id }) else {
          state.cancelled.insert(id)
          return nil
        }
        return state.sleepers.remove(at: place)
      }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
  }

  /// How many tasks sleep.
  var sleeping: Int { state.withLock { $0.sleepers.count } }

  /// Lets time pass: everyone wakes at the moment that was asked for, the earliest first.
  func advance(by duration: Duration, _ executor: TestExecutor) {
    let end = now().continuous + duration
    executor.drain()
    while let sleeper = state.withLock({ state -> Sleeper? in
      guard
        let first = state.sleepers.min(by: { ($0.deadline, $0.id) < ($1.deadline, $1.id) }), first.deadline <= end
      else { return nil }
      state.sleepers.removeAll { $0.id == first.id }
      state.now = max(state.now, first.deadline)
      return first
    }) {
      sleeper.continuation.resume()
      executor.drain()
    }
    state.withLock { $0.now = end }
  }

  /// Time passes and nobody wakes, as when the machine's timers are held up; the next `advance` wakes them late.
  func jump(by duration: Duration) { state.withLock { $0.now = $0.now + duration } }
}
