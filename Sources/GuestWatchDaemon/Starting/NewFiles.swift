import Glibc

/// Files that are made together or not at all, and never over others.
///
/// They belong to root and to the group of the service, which may read them; where there is no such group, or who makes them
/// is not root, to their maker alone.
struct NewFiles {
  /// Why they could not be made.
  struct Failure: Error {
    var message: String
  }

  /// The group of the service.
  static let group = "guestwatchd"

  private var made: [String] = []

  /// - Parameters:
  ///   - folders: made where they are missing, in this order.
  ///   - files: in this order; the last one is what makes them count.
  static func write(folders: [String], files: [(path: String, text: String)]) throws(Failure) {
    var new = NewFiles()
    do throws(Failure) {
      for folder in folders { try new.make(folder: folder) }
      for file in files { try new.make(file: file.path, Array(file.text.utf8)) }
    } catch {
      for path in new.made.reversed() { if unlink(path) != 0 { rmdir(path) } }
      throw error
    }
  }

  private mutating func make(folder: String) throws(Failure) {
    if mkdir(folder, 0o755) == 0 { return made.append(folder) }
    var there = stat()
    guard errno == EEXIST, stat(folder, &there) == 0, there.st_mode & S_IFMT == S_IFDIR else {
      throw failure("cannot make the folder", folder)
    }
    guard there.st_mode & 0o022 == 0 else {
      throw Failure(message: "group or others may write \(folder); run chmod go-w on it: whoever writes rules, kills")
    }
  }

  private mutating func make(file: String, _ bytes: [UInt8]) throws(Failure) {
    let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure("cannot make", file) }
    made.append(file)
    defer { close(descriptor) }
    if getuid() == 0, let group = getgrnam(Self.group) {
      guard fchown(descriptor, 0, group.pointee.gr_gid) == 0, fchmod(descriptor, 0o640) == 0 else {
        throw failure("cannot give to the group \(Self.group)", file)
      }
    }
    guard writeAll(bytes, to: descriptor), fsync(descriptor) == 0 else { throw failure("cannot write", file) }
  }

  private func failure(_ what: String, _ path: String) -> Failure {
    let why = errno
    return Failure(message: "\(what) \(path): \(String(cString: strerror(why)))")
  }
}
