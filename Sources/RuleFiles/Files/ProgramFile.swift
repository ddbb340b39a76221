import Glibc

/// What is wrong with the file of a program that is to be started.
enum ProgramMistake: Error, Hashable {
  /// It may be put there later, so this is no reason not to watch.
  case unusable(String)
  /// Somebody else could exchange it, and run as the service.
  case unsafe(String)
}

/// Looks at the file of a program, and at its folder; a link is followed.
func checkProgram(_ path: String) throws(ProgramMistake) {
  var status = stat()
  guard stat(path, &status) == 0 else { throw .unusable(FileMistake(errno: errno).message) }
  guard status.st_mode & S_IFMT == S_IFREG else { throw .unusable("is not a regular file; name a program") }
  let rights = FileRights(status)
  if rights.mode & 0o022 != 0 {
    throw .unsafe("may be written by group or others (mode \(rights.octal))")
  }
  if let real = resolved(path), let folder = try? folderRights(folder(of: real)), folder.mode & 0o022 != 0 {
    throw .unsafe("lies in a folder that group or others may write (mode \(folder.octal))")
  }
  if access(path, X_OK) != 0 {
    throw .unusable(
      "may not be executed by this user (mode \(rights.octal)); run chmod a+rx on it, or correct the path")
  }
}
