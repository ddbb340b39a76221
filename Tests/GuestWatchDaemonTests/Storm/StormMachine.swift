import GuestWatchCore
import GuestWatchDaemon
import Synchronization

/// The machine that a storm runs on: one thread, a clock that the storm moves, and a task executor that runs one job at a
/// time, the next one drawn from the seed. Whatever order jobs of several threads could have, some seed has it.
final class StormMachine: TaskExecutor, DaemonClock {
  private struct Sleeper {
    var deadline: Instant
    /// Ties go by age.
    var id: Int
    var continuation: CheckedContinuation<Void, any Error>
  }
  private struct State {
    var dice: Dice
    var jobs: [UnownedJob] = []
    var now = Instant(nanoseconds: 1_000_000_000_000)
    var sleepers: [Sleeper] = []
    var cancelled: Set<Int> = []
    var nextID = 0
  }
  private let state: Mutex<State>
  /// Wall time less continuous time.
  static let offset: Int64 = 1_700_000_000_000_000_000

  init(seed: UInt64) { state = Mutex(State(dice: Dice(seed))) }

  // MARK: jobs

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    state.withLock { $0.jobs.append(job) }
  }

  /// Runs one job; false where there is none.
  func runOne() -> Bool {
    let job = state.withLock { state -> UnownedJob? in
      if state.jobs.isEmpty { return nil }
      return state.jobs.remove(at: state.dice.below(state.jobs.count))
    }
    guard let job else { return false }
    unsafe job.runSynchronously(on: asUnownedTaskExecutor())
    return true
  }

  // MARK: time

  func now() -> Now {
    let now = state.withLock { $0.now }
    return Now(continuous: now, wall: now.nanoseconds + Self.offset)
  }

  func sleep(until deadline: Instant) async throws {
    let id = nextID()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { add(Sleeper(deadline: deadline, id: id, continuation: $0)) }
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

  /// A sleep that no cancellation ends: what hangs.
  func hang(until deadline: Instant) async {
    let id = nextID()
    // Never thrown to: nothing cancels it.
    _ = try? await withCheckedThrowingContinuation { add(Sleeper(deadline: deadline, id: id, continuation: $0)) }
  }

  private func nextID() -> Int {
    state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
  }

  private func add(_ sleeper: Sleeper) {
    let cancelled = state.withLock { state in
      if state.cancelled.remove(sleeper.id) != nil { return true }
      state.sleepers.append(sleeper)
      return false
    }
    if cancelled { sleeper.continuation.resume(throwing: CancellationError()) }
  }

  /// When the next sleeper wakes; nil where nobody sleeps.
  var nextWake: Instant? { state.withLock { $0.sleepers.map(\.deadline).min() } }
  var sleeping: Int { state.withLock { $0.sleepers.count } }

  /// Moves the clock, never back, and wakes whoever is due.
  func move(to instant: Instant) {
    let due = state.withLock { state in
      state.now = max(state.now, instant)
      let now = state.now
      let due = state.sleepers.filter { $0.deadline <= now }
      state.sleepers.removeAll { $0.deadline <= now }
      return due.sorted { ($0.deadline, $0.id) < ($1.deadline, $1.id) }
    }
    for sleeper in due { sleeper.continuation.resume() }
  }
}
