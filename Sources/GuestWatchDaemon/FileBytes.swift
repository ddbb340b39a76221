import Glibc

/// Why something cannot be read to its end.
enum ReadFailure: Error {
  /// The number of the error.
  case system(Int32)
  case tooLong
}

/// All that is left to be read, at most so many bytes.
func readAll(_ descriptor: Int32, most: Int) throws(ReadFailure) -> [UInt8] {
  var all: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 65_536)
  while all.count <= most {
    let count = read(descriptor, &piece, piece.count)
    if count == 0 { return all }
    if count > 0 { all += piece[..<count] } else if errno != EINTR { throw .system(errno) }
  }
  throw .tooLong
}

/// What a file holds; nil where it cannot be read or holds over 16 MiB (a bundle of all public roots has 0.2).
func bytes(of path: String) -> [UInt8]? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  return try? readAll(descriptor, most: 16 << 20)
}
