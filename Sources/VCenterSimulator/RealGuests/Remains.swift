import Glibc

/// What a simulator that was killed with SIGKILL leaves behind: the kernel ends the programs it started, but not what those
/// started themselves. A small process of its own notices the simulator's end and ends the rest.
public enum Remains {
  /// Waits until standard input ends, which the simulator holds open, and kills every process that carries the mark.
  /// - Parameter mark: `VARIABLE=TOKEN`, what the environment of those processes begins with.
  public static func sweep(mark: String) {
    var byte: UInt8 = 0
    while true {
      let count = read(0, &byte, 1)
      if count == 0 || (count < 0 && errno != EINTR) { break }
    }
    kill(mark: mark)
  }

  /// Kills every process that carries the mark.
  static func kill(mark: String) {
    let parts = mark.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, !parts[1].isEmpty else { return }
    // What is killed may have started something just before; a few rounds find it.
    for _ in 0..<10 {
      var found = false
      for pid in ProcessTable.pids() {
        guard let entry = ProcessTable.entry(of: pid) else { continue }
        // It shows its mark soon, if it has one.
        if ProcessTable.isBecomingAProgram(entry) { found = true }
        guard ProcessTable.environment(of: pid, parts[0])?.hasPrefix(parts[1] + "/") == true,
          let handle = ProcessHandle(entry.identity)
        else { continue }
        found = true
        _ = handle.send(SIGKILL)
      }
      if !found { return }
      usleep(50_000)
    }
  }
}

/// The simulator's end of that process.
struct Sweeper: Sendable {
  private let process: LocalIdentity
  /// Closed by the kernel when this process ends, however it ends.
  private let holds: Int32

  init(_ arguments: [String]) throws(SimulatorError) {
    var ends: [Int32] = [-1, -1]
    // Closed in children from its first moment on: a guest that inherited it would keep the sweeper waiting. (Swift's Glibc
    // module has no pipe2.)
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw SimulatorError("no socket pair: \(String(cString: strerror(errno)))")
    }
    defer { close(ends[0]) }
    do throws(SimulatorError) {
      process = try ChildProcess.spawn(arguments, environment: [], standardInput: ends[0])
    } catch {
      close(ends[1])
      throw error
    }
    holds = ends[1]
  }

  /// Lets it find that nothing is left, and waits for its end.
  func dismiss() {
    close(holds)
    var status: Int32 = 0
    _ = waitpid(process.pid, &status, 0)
  }
}
