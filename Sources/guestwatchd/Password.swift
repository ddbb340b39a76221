import Glibc
import Synchronization

/// A handler may do no more than this.
private let isGivenUp = Atomic<Bool>(false)

/// Asks on the terminal, with no echo of what is typed; nil: there is no terminal, or it was given up (Ctrl-C, Ctrl-D).
///
/// Blocks. The terminal is as it was when this returns, also after a signal.
func askPassword(_ question: String) -> String? {
  let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
  guard terminal >= 0 else { return nil }
  defer { close(terminal) }
  var before = termios()
  guard tcgetattr(terminal, &before) == 0 else { return nil }

  // Not by `signal`: that would begin the read anew, and the terminal would stay without an echo.
  isGivenUp.store(false, ordering: .relaxed)
  var handler = sigaction()
  handler.__sigaction_handler.sa_handler = { _ in isGivenUp.store(true, ordering: .relaxed) }
  let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
  let old = signals.map { number in
    var old = sigaction()
    sigaction(number, &handler, &old)
    return old
  }
  var silent = before
  silent.c_lflag &= ~tcflag_t(ECHO)
  // What was typed before the question is no answer to it.
  tcsetattr(terminal, TCSAFLUSH, &silent)
  defer {
    tcsetattr(terminal, TCSAFLUSH, &before)
    for (number, var old) in zip(signals, old) { sigaction(number, &old, nil) }
    say("\n", on: terminal)
  }
  say(question, on: terminal)

  var typed: [UInt8] = []
  var byte: UInt8 = 0
  while typed.count < 4096, !isGivenUp.load(ordering: .relaxed) {
    // The signal may go to another thread, so the read does not wait for ever either.
    var waited = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
    let ready = poll(&waited, 1, 200)
    if ready == 0 || (ready < 0 && errno == EINTR) { continue }
    guard ready > 0, read(terminal, &byte, 1) == 1 else { return nil }
    if byte == UInt8(ascii: "\n") { return typed.isEmpty ? nil : String(validating: typed, as: UTF8.self) }
    typed.append(byte)
  }
  return nil
}

private func say(_ text: String, on terminal: Int32) {
  var text = text
  text.withUTF8 { _ = write(terminal, $0.baseAddress, $0.count) }
}
