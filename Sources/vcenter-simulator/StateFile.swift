import Glibc
import VCenterSimulator

/// Files that the command reads and writes.
enum StateFile {
  static func read(_ path: String) throws(SimulatorError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("cannot be opened", path) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count == 0 { return bytes }
      guard count > 0 else { throw failure("cannot be read", path) }
      bytes += buffer[..<count]
    }
  }

  /// Makes the folder where it is not there.
  static func folder(_ path: String) throws(SimulatorError) -> String {
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw failure("cannot be made", path) }
    guard let absolute = realpath(path, nil) else { throw failure("cannot be found", path) }
    defer { free(absolute) }
    return String(cString: absolute)
  }

  /// Writes a whole file under another name and then renames it, so that nobody reads half of one.
  static func write(_ text: String, to path: String, mode: mode_t) throws(SimulatorError) {
    let draft = path + ".new"
    unlink(draft)
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw failure("cannot be made", draft) }
    defer { close(descriptor) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { throw failure("cannot be written", draft) }
      rest = rest.dropFirst(count)
    }
    guard rename(draft, path) == 0 else { throw failure("cannot be renamed", draft) }
  }

  private static func failure(_ what: String, _ path: String) -> SimulatorError {
    SimulatorError("\(path): \(what): \(String(cString: strerror(errno)))")
  }
}
