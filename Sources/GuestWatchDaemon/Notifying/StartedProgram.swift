import CSystemd
import Glibc

/// A program that was started without a shell, the leader of a process group of its own.
struct StartedProgram {
  let pid: pid_t
  /// Readable as soon as it has ended.
  let end: Int32
  /// What it writes to stdout and stderr; never blocks.
  let output: Int32

  /// Why it was not started.
  struct Failure: Error, Hashable {
    var what: String
    /// As errno has it.
    var code: Int32

    /// For the journal.
    var words: String { "\(what): \(String(cString: strerror(code)))" }
  }

  /// Starts it in `/`, with exactly this environment. It inherits three descriptors (nothing to read, one pipe to write) and no
  /// other, no blocked signal and no handler; nothing is searched for in a path.
  ///
  /// - Parameter command: its path, then its arguments.
  static func start(_ command: [String], environment: [String]) throws(Failure) -> StartedProgram {
    let (output, input) = try privatePipe()
    defer { close(input) }
    // Only our end: what a program is given should be as it expects it.
    _ = fcntl(output, F_SETFL, O_NONBLOCK)

    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    var code = posix_spawn_file_actions_init(&actions)
    if code == 0 { code = posix_spawnattr_init(&attributes) }
    guard code == 0 else {
      close(output)
      throw Failure(what: "it cannot be started", code: code)
    }
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    // Each of these fails only where memory is short, and then so does the next.
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, input, 1)
    code = posix_spawn_file_actions_adddup2(&actions, input, 2)
    // Sockets of vCenter, the ledger, secrets: also those that a library opened without asking for close-on-exec.
    if code == 0 { code = posix_spawn_file_actions_addclosefrom_np(&actions, 3) }
    if code == 0 { code = posix_spawn_file_actions_addchdir_np(&actions, "/") }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

    let words = command.map { strdup($0) } + [nil]
    let variables = environment.map { strdup($0) } + [nil]
    defer { for word in words + variables { free(word) } }
    var pid: pid_t = 0
    if code == 0 { code = posix_spawn(&pid, command[0], &actions, &attributes, words, variables) }
    guard code == 0 else {
      close(output)
      throw Failure(what: "it cannot be started", code: code)
    }
    let end = pidfd_open(pid, 0)
    guard end >= 0 else {
      let failure = Failure(what: "it was started and cannot be followed, so it was killed", code: errno)
      close(output)
      kill(-pid, SIGKILL)
      _ = reap(pid)
      throw failure
    }
    return StartedProgram(pid: pid, end: end, output: output)
  }

  /// To all that it started and did not leave its group. Until it is reaped the number is nobody else's.
  func signalGroup(_ number: Int32) { kill(-pid, number) }

  /// Waits for its end, of this one child alone, and gives back its status as wait(2) has it; nil where somebody else took it.
  static func reap(_ pid: pid_t) -> Int32? {
    var status: Int32 = 0
    while true {
      let ended = waitpid(pid, &status, 0)
      if ended == pid { return status }
      if errno != EINTR { return nil }
    }
  }
}

/// A pipe that no program inherits unless it is given to it. (A program that is started between the two calls closes all that
/// it was not given.)
func privatePipe() throws(StartedProgram.Failure) -> (readEnd: Int32, writeEnd: Int32) {
  var ends: [Int32] = [-1, -1]
  guard pipe(&ends) == 0 else { throw StartedProgram.Failure(what: "there can be no pipe", code: errno) }
  for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  return (ends[0], ends[1])
}
