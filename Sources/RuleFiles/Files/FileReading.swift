import Glibc

/// Why a file could not be read.
enum FileMistake: Error, Hashable {
  case missing
  case notPermitted
  /// A folder, a pipe, a device.
  case notAFile
  case tooLarge
  case other(errno: Int32)

  init(errno: Int32) {
    switch errno {
    case ENOENT, ENOTDIR: self = .missing
    case EACCES, EPERM: self = .notPermitted
    default: self = .other(errno: errno)
    }
  }

  /// What is wrong and what would be right, to follow "PATH ".
  var message: String {
    switch self {
    case .missing: "does not exist; create it or correct the path"
    case .notPermitted: "may not be read by this user; run as the service's user or correct its mode"
    case .notAFile: "is not a regular file; put a file there"
    case .tooLarge: "is too large; split it or correct the path"
    case .other(let errno): "cannot be read (errno \(errno)); see errno(3)"
    }
  }
}

/// Who owns a file and who may do what with it.
struct FileRights: Hashable, Sendable {
  /// The permission bits, of 0o7777.
  var mode: UInt32
  var group: UInt32

  /// The mode as chmod(1) writes it.
  var octal: String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  init(_ status: stat) {
    mode = status.st_mode & 0o7777
    group = status.st_gid
  }
}

/// A file's bytes with its rights at the moment of reading.
struct FileContents: Sendable {
  var bytes: [UInt8]
  var rights: FileRights
}

/// Reads a regular file of at most `most` bytes; a link is followed. Never blocks on a pipe.
func readFile(_ path: String, most: Int) throws(FileMistake) -> FileContents {
  // A NUL would end the path early and name another file.
  if path.utf8.contains(0) { throw .missing }
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
  guard descriptor >= 0 else { throw FileMistake(errno: errno) }
  defer { close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else { throw FileMistake(errno: errno) }
  guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }

  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 16_384)
  while true {
    let count = read(descriptor, &chunk, chunk.count)
    if count == 0 { break }
    if count < 0 {
      if errno == EINTR { continue }
      throw FileMistake(errno: errno)
    }
    bytes += chunk[..<count]
    if bytes.count > most { throw .tooLarge }
  }
  return FileContents(bytes: bytes, rights: FileRights(status))
}

/// The rights of a folder, or why it cannot be looked at.
func folderRights(_ path: String) throws(FileMistake) -> FileRights {
  if path.utf8.contains(0) { throw .missing }
  var status = stat()
  guard stat(path, &status) == 0 else { throw FileMistake(errno: errno) }
  guard status.st_mode & S_IFMT == S_IFDIR else { throw .missing }
  return FileRights(status)
}

/// True where the path leads to the null device, which is how an operator masks a file.
func isNullDevice(_ path: String) -> Bool {
  var status = stat()
  guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFCHR else { return false }
  var null = stat()
  return stat("/dev/null", &null) == 0 && null.st_rdev == status.st_rdev
}

/// The names in a folder, sorted by byte; a name that is not UTF-8 is shown with U+FFFD (and cannot be opened).
func namesInFolder(_ path: String) throws(FileMistake) -> [String] {
  if path.utf8.contains(0) { throw .missing }
  guard let folder = opendir(path) else { throw FileMistake(errno: errno) }
  defer { closedir(folder) }
  var names: [[UInt8]] = []
  while true {
    errno = 0
    guard let entry = readdir(folder) else {
      if errno != 0 { throw FileMistake(errno: errno) }
      break
    }
    let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
    names.append(name)
  }
  names.sort { $0.lexicographicallyPrecedes($1) }
  return names.map { String(decoding: $0, as: UTF8.self) }
}

/// The folder that holds `path`; "." where the path names none.
func folder(of path: String) -> String {
  guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// `path` as it is reached from `folder`: an absolute path stays.
package func joined(_ folder: String, _ path: String) -> String {
  if path.hasPrefix("/") || folder == "." { return path }
  return folder.hasSuffix("/") ? folder + path : folder + "/" + path
}

/// The path without links; nil where it does not exist.
func resolved(_ path: String) -> String? {
  guard !path.utf8.contains(0), let real = realpath(path, nil) else { return nil }
  defer { free(real) }
  return String(cString: real)
}
