import Glibc
import GuestWatchDaemon

/// Somebody can be asked, and sees the question.
var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

/// Asks for a line; nil: there is no terminal, or nobody answered. Blocks.
func askLine(_ question: String) -> String? {
  guard canAsk else { return nil }
  _ = writeAll(Array(question.utf8), to: STDERR_FILENO)
  return readLine().map { line in
    String(line.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}

/// Asks something that is not done unless somebody says yes; without a terminal nobody does. On a thread that nobody else
/// waits for: meanwhile the daemon that this may be goes on.
func askWhetherYes(_ question: String) async -> KillTalk.Said {
  guard canAsk else { return .nothing }
  // What was typed before the question is no answer to it.
  tcflush(STDIN_FILENO, TCIFLUSH)
  _ = writeAll(Array(question.utf8), to: STDERR_FILENO)
  return await offThePool {
    var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    guard poll(&input, 1, patience) > 0 else {
      complain("")
      return .nothing
    }
    let said = readLine()?.lowercased().filter { !$0.isWhitespace }
    return said == "y" || said == "yes" ? .yes : .no
  }
}

/// Milliseconds. What was shown 10 minutes ago is looked at anew in any case, and without a daemon nothing is watched for as
/// long as a question stands there.
private let patience: Int32 = 600_000
