import Dispatch
import Glibc
import GuestWatchCore
import GuestWatchDaemon
import Synchronization

/// What goes to stdout of `explain`: the lines as they are, or in words. They come one at a time, from any thread.
final class Shower: Sendable {
  private struct State: ~Copyable {
    var text: ExplainText?
    let output = StandardOutput()
  }

  private let state: Mutex<State>
  /// Somebody looks on.
  private let isTerminal = isatty(STDOUT_FILENO) == 1

  init(json: Bool) {
    state = Mutex(State(text: json ? nil : ExplainText(width: terminalWidth())))
  }

  func line(_ line: String) {
    state.withLock { state in
      for shown in state.text?.lines(line) ?? [line] { state.output.line(shown) }
      if isTerminal { state.output.flush() }
    }
  }

  /// From here on an interrupt is an end that was asked for, and so is a reader that goes away; whatever is being waited for.
  func endWhenInterrupted() {
    let patience = Patience()
    DispatchQueue.global().async { [self] in
      while patience.wait(milliseconds: 250) {}
      flush()
      exit(0)
    }
  }

  /// False where stdout does not take what was written.
  @discardableResult
  func flush() -> Bool { state.withLock { $0.output.flush() } }
}

extension Shower {
  /// Lets so long pass; false where nobody reads any more, or it was interrupted.
  func pause(_ duration: Duration) async -> Bool {
    guard flush() else { return false }
    return (try? await Task.sleep(for: duration)) != nil
  }
}

/// Why the first question was not even heard by a daemon; nil: it was.
final class FirstSilence: Sendable {
  private let state = Mutex<(asked: Bool, silence: ControlClient.NoAnswer?)>((false, nil))

  func hear(_ answer: Result<ControlClient.Reply, ControlClient.NoAnswer>) {
    state.withLock { state in
      if !state.asked, case .failure(let nobody) = answer, !nobody.isListening { state.silence = nobody }
      state.asked = true
    }
  }

  var first: ControlClient.NoAnswer? { state.withLock { $0.silence } }
}

/// Something that blocks, on a thread that nobody else waits for.
func offThePool<Answer: Sendable>(_ work: @escaping @Sendable () -> Answer) async -> Answer {
  await withCheckedContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(returning: work()) }
  }
}

/// The continuous clock, as the daemon has it.
@Sendable func monotonic() -> Instant { SystemClock().now().continuous }
