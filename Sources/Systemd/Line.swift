import Glibc

/// An entry as one line of text.
enum Line {
  /// The line with its newline; `prefixed` puts the priority before it as sd-daemon(3) has it.
  static func text(_ entry: JournalEntry, prefixed: Bool) -> String {
    (prefixed ? "<\(entry.priority.rawValue)>" : "") + entry.message + "\n"
  }

  /// Writes the line with one write(2), so that it is not mixed with those of others. Blocks while nobody reads. False
  /// where it cannot be written.
  static func write(_ entry: JournalEntry, prefixed: Bool, to descriptor: Int32) -> Bool {
    let bytes = Array(text(entry, prefixed: prefixed).utf8)
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written >= 0 {
        // Short only where a file system is full or a terminal was interrupted: then better the rest than half a line.
        rest = rest.dropFirst(written)
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        // Somebody who shares our stderr has made it non-blocking.
        var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&wanted, 1, -1)
      default: return false
      }
    }
    return true
  }
}
