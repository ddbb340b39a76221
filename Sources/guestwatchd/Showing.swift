import ArgumentParser
import Dispatch
import Glibc
import GuestWatchCore
import GuestWatchDaemon
import Synchronization

/// What goes to stdout of `explain` and `ps`: the lines as they are, or in words. They come one at a time, from any thread.
final class Shower: Sendable {
  enum Form { case asTheyAre, explanation, listing }

  private struct State: ~Copyable {
    var explanation: ExplainText?
    var listing: ListedText?
    let output = StandardOutput()
  }

  private let state: Mutex<State>
  /// Somebody looks on.
  private let isTerminal = isatty(STDOUT_FILENO) == 1

  init(_ form: Form) {
    let width = terminalWidth()
    switch form {
    case .asTheyAre: state = Mutex(State())
    case .explanation: state = Mutex(State(explanation: ExplainText(width: width)))
    case .listing: state = Mutex(State(listing: ListedText(width: width)))
    }
  }

  func line(_ line: String) {
    state.withLock { state in
      for shown in state.explanation?.lines(line) ?? state.listing?.lines(line) ?? [line] { state.output.line(shown) }
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

  /// The end of the command: what it has to complain of, and its status.
  func finish(_ end: ExplainTalk.End) throws {
    let isWritten = flush()
    for note in end.notes { complain("guestwatchd: \(note)") }
    guard end.status == .done else { try fail(end.status, end.message) }
    guard isWritten else { throw ExitCode.failure }
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

  /// True for the first answer of a daemon.
  func hear(_ answer: Result<ControlClient.Reply, ControlClient.NoAnswer>) -> Bool {
    state.withLock { state in
      defer { state.asked = true }
      guard !state.asked else { return false }
      if case .failure(let nobody) = answer, !nobody.isListening { state.silence = nobody }
      return state.silence == nil
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
