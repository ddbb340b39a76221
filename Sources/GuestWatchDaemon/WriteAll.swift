import Glibc

/// Writes all of it; false where the descriptor does not take it (a full disk, a reader that is gone).
public func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if count >= 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return false }
  }
  return true
}

/// Writes a line to stderr. With nobody there to read, the exit status says what is left to say.
public func complain(_ line: String) { _ = writeAll(Array("\(line)\n".utf8), to: STDERR_FILENO) }
