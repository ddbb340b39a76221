import Glibc
import NIOPosix

/// A program to run as a process of a real guest.
public struct GuestProgram: Hashable, Sendable {
  /// The program and its arguments; the first is looked up in PATH unless it has a slash.
  public var arguments: [String]
  /// What the process shows as argv[0]; nil: what was typed.
  public var name: String?
  /// Whether it is started with SIGTERM ignored, which its children inherit and a shell cannot undo.
  public var ignoresTerminate: Bool
  /// The owner that the guest shows for it and all it starts; nil: the real one.
  public var owner: String?

  public init(_ arguments: [String], name: String? = nil, ignoresTerminate: Bool = false, owner: String? = nil) {
    self.arguments = arguments
    self.name = name
    self.ignoresTerminate = ignoresTerminate
    self.owner = owner
  }
}

/// Why a program could not be started.
public struct LaunchError: Error, Hashable, Sendable, CustomStringConvertible {
  public var description: String

  init(_ description: String) { self.description = description }
}

/// Starts children that die with this process, even when it is killed with SIGKILL.
///
/// The kernel sends a child its "parent death signal" when the *thread* that made it ends, so all children are made on one
/// thread that lives as long as the launcher; `setpriv` of util-linux asks the kernel for that signal and becomes the program.
/// What such a child starts itself is marked by a variable in its environment, which `Remains` looks for.
public final class Launcher: Sendable {
  /// The variable that marks every process of a real guest: `TOKEN/VM/ROOT`.
  static let mark = "GUESTWATCHD_SIMULATED_GUEST"

  /// 128 random bits that only this simulator's processes carry.
  public let token: String
  private let thread: NIOThreadPool
  private let setpriv: String

  /// - Throws: where this machine lacks `setpriv`, or pidfds.
  public init(token: String) throws(LaunchError) {
    guard PidfdCalls.available else {
      throw LaunchError("this C library has no pidfd calls; real guests need glibc 2.36 or newer")
    }
    let places = ["/usr/bin/setpriv", "/bin/setpriv"]
    guard let setpriv = places.first(where: { access($0, X_OK) == 0 }) else {
      throw LaunchError("setpriv is missing; real guests need the package util-linux")
    }
    self.token = token
    self.setpriv = setpriv
    self.thread = NIOThreadPool(numberOfThreads: 1)
    thread.start()
  }

  /// Ends the thread, and with it every child that still lives.
  public func shutdown() async {
    // It fails only where it was shut down before.
    try? await thread.shutdownGracefully()
  }

  /// Starts a program and waits until it is that program (and no longer what sets it up).
  func launch(_ program: GuestProgram, vm: String, root: Int) async throws(LaunchError) -> LocalIdentity {
    guard let first = program.arguments.first, !first.isEmpty else {
      throw LaunchError("a program without arguments cannot be started")
    }
    guard !program.arguments.contains(where: { $0.utf8.contains(0) }), program.name?.utf8.contains(0) != true else {
      throw LaunchError("an argument of \(first.debugDescription) holds a NUL")
    }
    let setUp = [setpriv, "--pdeathsig", "KILL", "--"]
    let becomes: [String]
    if program.name != nil || program.ignoresTerminate {
      let script = (program.ignoresTerminate ? "trap '' TERM; " : "") + #"exec -a "$0" "$@""#
      becomes = ["/bin/bash", "-c", script, program.name ?? first] + program.arguments
    } else {
      becomes = program.arguments
    }
    let stages = [setUp + becomes, becomes].filter { $0 != program.arguments || program.name != nil }
    let environment = [
      "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C", "\(Self.mark)=\(token)/\(vm)/\(root)",
    ]
    let identity: LocalIdentity
    do {
      identity = try await thread.runIfActive {
        try Self.spawn(setUp + becomes, environment: environment)
      }
    } catch let error as LaunchError {
      throw error
    } catch {
      throw LaunchError("\(first.debugDescription) was not started: \(error)")
    }
    // setpriv and bash need a few milliseconds to become the program; 5 s is a machine in trouble.
    for _ in 0..<1000 {
      guard let entry = ProcessTable.entry(of: identity.pid), entry.state != UInt8(ascii: "Z") else {
        var status: Int32 = 0
        _ = waitpid(identity.pid, &status, 0)
        throw LaunchError("\(first.debugDescription) ended at once (wait status \(status)); is it there and executable?")
      }
      if !entry.arguments.isEmpty, !stages.contains(entry.arguments) { return identity }
      try? await Task.sleep(for: .milliseconds(5))
    }
    if let handle = ProcessHandle(identity) { _ = handle.send(SIGKILL) }
    throw LaunchError("\(first.debugDescription) did not become the program within 5 s")
  }

  /// `posix_spawn` with nothing inherited: no descriptors, no blocked or ignored signals, a session of its own (so that a
  /// Ctrl-C at the simulator's terminal does not reach the guests).
  private static func spawn(_ arguments: [String], environment: [String]) throws(LaunchError) -> LocalIdentity {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor in Int32(0)...2 {
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
    }
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
      throw LaunchError("\(arguments[0].debugDescription) was not started: \(String(cString: strerror(status)))")
    }
    // It is our child and not yet waited for, so the pid is its own whatever has become of it.
    guard let start = ProcessTable.startTicks(of: pid) else {
      throw LaunchError("/proc does not show the new process \(pid); is it mounted?")
    }
    return LocalIdentity(pid: pid, startTicks: start)
  }
}
