import ArgumentParser
import Glibc
import GuestWatchDaemon
import Synchronization

/// Ends the command with what it has to complain of.
func fail(_ status: ExitStatus, _ message: String) throws -> Never {
  complain("guestwatchd: \(message)")
  throw ExitCode(status.rawValue)
}

/// Lines to stdout in large pieces: a million rows are a million lines.
final class StandardOutput {
  private var waiting: [UInt8] = []
  private var works = true

  func line(_ text: String) {
    waiting += text.utf8
    waiting.append(UInt8(ascii: "\n"))
    if waiting.count >= 64 << 10 { flush() }
  }

  /// False where stdout does not take what was written (a full disk behind `>`, a reader that is gone).
  @discardableResult
  func flush() -> Bool {
    works = works && writeAll(waiting, to: STDOUT_FILENO)
    waiting.removeAll(keepingCapacity: true)
    return works
  }
}

/// The columns of the terminal there; `$COLUMNS` where there is none, else 80.
func terminalWidth(of descriptor: Int32 = STDOUT_FILENO) -> Int {
  var size = winsize()
  if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
  return getenv("COLUMNS").flatMap { Int(String(cString: $0)) } ?? 80
}

/// A handler may do no more than this.
private let interrupted = Atomic<Bool>(false)

/// SIGINT and SIGTERM as an end that was asked for, and a reader of stdout that goes away.
struct Patience {
  /// From here on the signals are noted.
  init() {
    // Made now: a handler must not be the first to ask for it.
    interrupted.store(false, ordering: .relaxed)
    // By a handler and not by a mask, for that would have to be on every thread of the process.
    for number in [SIGINT, SIGTERM] { signal(number) { _ in interrupted.store(true, ordering: .relaxed) } }
    // A write says so itself.
    signal(SIGPIPE, SIG_IGN)
  }

  /// Waits so long; false as soon as there is nobody to wait for.
  func wait(milliseconds: Int32) -> Bool {
    // No event is asked for: only that the other end was closed is told.
    var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
    if !interrupted.load(ordering: .relaxed), poll(&output, 1, milliseconds) > 0 {
      return Int32(output.revents) & (POLLERR | POLLHUP | POLLNVAL) == 0
    }
    return !interrupted.load(ordering: .relaxed)
  }
}
