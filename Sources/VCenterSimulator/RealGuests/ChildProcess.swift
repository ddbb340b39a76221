import Glibc

/// Starts programs as children.
enum ChildProcess {
  /// `posix_spawn` with nothing inherited: no descriptors, no blocked or ignored signals, a session
  /// of its own (so that a Ctrl-C at the simulator's terminal does not reach it).
  /// - Parameters:
  ///   - arguments: the first is the path of the program.
  ///   - standardInput: a descriptor to read from; nil: nothing to read.
  static func spawn(
    _ arguments: [String], environment: [String], standardInput: Int32? = nil
  ) throws(SimulatorError) -> LocalIdentity {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let standardInput {
      posix_spawn_file_actions_adddup2(&actions, standardInput, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    // What this process itself inherited; all that it opened closes by itself. (Closing what is closed already is no error.)
    for descriptor in ProcessTable.ownDescriptors() where descriptor > 2 {
      posix_spawn_file_actions_addclose(&actions, descriptor)
    }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    // POSIX_SPAWN_SETSID of <spawn.h> (glibc 2.26), which Swift's Glibc module does not show.
    let ownSession: Int32 = 0x80
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | ownSession))

    let argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    let envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }

    var pid: pid_t = 0
    let status = posix_spawn(&pid, arguments[0], &actions, &attributes, argv, envp)
    guard status == 0 else {
      throw SimulatorError("\(arguments[0].debugDescription) was not started: \(String(cString: strerror(status)))")
    }
    // It is our child and not yet waited for, so the pid is its own whatever has become of it.
    guard let start = ProcessTable.startTicks(of: pid) else {
      throw SimulatorError("/proc does not show the new process \(pid); is it mounted?")
    }
    return LocalIdentity(pid: pid, startTicks: start)
  }
}
