import Glibc

/// A real process of this machine, by its pid and start: it cannot be taken for another one that got its pid.
struct LocalProcess: Hashable, Sendable {
  var pid: Int32
  /// Clock ticks since boot (`/proc/PID/stat`, field 22).
  private var start: Substring

  /// Nil where no process has that pid.
  init?(_ pid: Int32) {
    guard let fields = LocalProcess.stat(pid) else { return nil }
    self.pid = pid
    start = fields.start
  }

  /// Whether it runs: a zombie is dead.
  var lives: Bool {
    guard kill(pid, 0) == 0, let fields = LocalProcess.stat(pid) else { return false }
    return fields.start == start && fields.state != "Z" && fields.state != "X"
  }

  private static func stat(_ pid: Int32) -> (state: Substring, start: Substring)? {
    let line = text(of: "/proc/\(pid)/stat")
    // The name stands in brackets and may hold anything.
    guard let bracket = line.lastIndex(of: ")") else { return nil }
    let fields = line[bracket...].split(separator: " ")
    return fields.count > 20 ? (fields[1], fields[20]) : nil
  }
}
