import Glibc

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
    var rest = waiting[...]
    while works, !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count >= 0 { rest = rest.dropFirst(count) } else if errno != EINTR { works = false }
    }
    waiting.removeAll(keepingCapacity: true)
    return works
  }
}

/// The columns of the terminal on stdout; `$COLUMNS` where there is none, else 80.
func terminalWidth() -> Int {
  var size = winsize()
  if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
  return getenv("COLUMNS").flatMap { Int(String(cString: $0)) } ?? 80
}

/// SIGINT and SIGTERM as an end that was asked for, and a reader of stdout that goes away.
struct Patience {
  private var signals = sigset_t()

  /// From here on the signals wait to be asked for.
  init() {
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    sigprocmask(SIG_BLOCK, &signals, nil)
    // A write says so itself.
    signal(SIGPIPE, SIG_IGN)
  }

  /// Waits so long; false as soon as there is nobody to wait for.
  mutating func wait(milliseconds: Int32) -> Bool {
    // No event is asked for: only that the other end was closed is told.
    var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
    let told = poll(&output, 1, milliseconds)
    if told > 0, Int32(output.revents) & (POLLERR | POLLHUP | POLLNVAL) != 0 { return false }
    var none = timespec()
    return sigtimedwait(&signals, nil, &none) < 0
  }
}
