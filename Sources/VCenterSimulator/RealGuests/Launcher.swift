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
  public init(token: String) throws(SimulatorError) {
    guard PidfdCalls.available else {
      throw SimulatorError("this C library has no pidfd calls; real guests need glibc 2.36 or newer")
    }
    let places = ["/usr/bin/setpriv", "/bin/setpriv"]
    guard let setpriv = places.first(where: { access($0, X_OK) == 0 }) else {
      throw SimulatorError("setpriv is missing; real guests need the package util-linux")
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
  func launch(_ program: GuestProgram, vm: String, root: Int) async throws(SimulatorError) -> LocalIdentity {
    guard let first = program.arguments.first, !first.isEmpty else {
      throw SimulatorError("a program without arguments cannot be started")
    }
    guard !program.arguments.contains(where: { $0.utf8.contains(0) }), program.name?.utf8.contains(0) != true else {
      throw SimulatorError("an argument of \(first.debugDescription) holds a NUL")
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
        try ChildProcess.spawn(setUp + becomes, environment: environment)
      }
    } catch let error as SimulatorError {
      throw error
    } catch {
      throw SimulatorError("\(first.debugDescription) was not started: \(error)")
    }
    // setpriv and bash need a few milliseconds to become the program; 5 s is a machine in trouble.
    for _ in 0..<1000 {
      guard let entry = ProcessTable.entry(of: identity.pid), entry.state != UInt8(ascii: "Z") else {
        var status: Int32 = 0
        _ = waitpid(identity.pid, &status, 0)
        throw SimulatorError(
          "\(first.debugDescription) ended at once (wait status \(status)); is it there and executable?")
      }
      if !entry.arguments.isEmpty, !stages.contains(entry.arguments) { return identity }
      try? await Task.sleep(for: .milliseconds(5))
    }
    if let handle = ProcessHandle(identity) { _ = handle.send(SIGKILL) }
    throw SimulatorError("\(first.debugDescription) did not become the program within 5 s")
  }
}
