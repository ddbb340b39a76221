import Glibc
import GuestWatchCore
import Systemd

/// Tells somebody by running a program: what happened stands in its environment. A run that fails is not repeated: nobody
/// knows what of it was done.
struct ProgramDelivery: Delivery {
  /// Its path, then its arguments.
  let command: [String]
  let limit: Duration
  /// Between SIGTERM and SIGKILL, as with a guest's process.
  var grace = Duration.seconds(5)
  /// The same at the end of the daemon.
  var shortGrace = Duration.seconds(2)

  func deliver(_ notice: Notice) async -> Delivered {
    let stop: StopPipe
    do {
      stop = try StopPipe()
    } catch {
      return .failed(error.words)
    }
    let run = ProgramRun(
      command: command, environment: environment(for: notice), limit: limit, grace: grace, shortGrace: shortGrace,
      stop: stop.readEnd)
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        // A thread of its own: it waits, and the tasks that look and kill share a few.
        let isStarted = startThread {
          run.run { continuation.resume(returning: judge($0)) }
          // It holds the pipe open until nobody reads it.
          withExtendedLifetime(stop) {}
        }
        if !isStarted { continuation.resume(returning: .failed("there is no thread left to wait for it")) }
      }
    } onCancel: {
      stop.order()
    }
  }

  func close() async {}

  private func judge(_ result: Result<ProgramRun.Outcome, StartedProgram.Failure>) -> Delivered {
    switch result {
    case .success(let outcome): judge(outcome)
    case .failure(let failure): .failed(failure.words)
    }
  }

  private func judge(_ outcome: ProgramRun.Outcome) -> Delivered {
    // One that goes on although nobody reads any more, and then is content, has done what it should.
    if outcome.end == .exited(0) && [nil, .tooMuchOutput].contains(outcome.cut) { return .done }
    let line = firstLine(String(decoding: outcome.output, as: UTF8.self))
    let cut =
      switch outcome.cut {
      case .timeLimit: "it did not end within \(words(limit)): "
      case .givenUp: "guestwatchd ended before it did: "
      case .tooMuchOutput: "it wrote more than 1 MiB: "
      case nil: ""
      }
    let end =
      switch outcome.end {
      case .exited(let status): "exit status \(status)"
      case .signalled(let number): "killed by signal \(number)"
      case .unknown: "nobody knows how it ended"
      case .stuck: "it was killed and is still there"
      }
    return .failed(cut + end + (line.isEmpty ? "" : ", saying \(quoted(line, cap: 200))"))
  }
}

/// Tells a thread that waits in poll(2) to give up.
private final class StopPipe: Sendable {
  let readEnd: Int32
  private let writeEnd: Int32

  init() throws(StartedProgram.Failure) {
    (readEnd, writeEnd) = try privatePipe()
    // Whoever orders never waits.
    _ = fcntl(writeEnd, F_SETFL, O_NONBLOCK)
  }

  func order() { _ = write(writeEnd, "x", 1) }

  deinit {
    close(readEnd)
    close(writeEnd)
  }
}

/// Runs `work` on a thread of its own; false where there can be none.
private func startThread(_ work: @escaping @Sendable () -> Void) -> Bool {
  final class Work: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
  let context = Unmanaged.passRetained(Work(work))
  var thread = pthread_t()
  let code = pthread_create(
    &thread, nil,
    { context in
      guard let context else { return nil }
      // Signals are for others.
      var all = sigset_t()
      sigfillset(&all)
      pthread_sigmask(SIG_BLOCK, &all, nil)
      Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
      return nil
    },
    context.toOpaque())
  guard code == 0 else {
    context.release()
    return false
  }
  pthread_detach(thread)
  return true
}
