import Foundation
import Glibc
import Synchronization

/// A child of the tests: it dies with them, and with its `Program`.
final class Program: Sendable {
  enum End: Equatable, CustomStringConvertible {
    case exited(Int32)
    case killed(by: Int32)

    var description: String {
      switch self {
      case .exited(let status): "exit status \(status)"
      case .killed(let signal): "killed by signal \(signal)"
      }
    }
  }

  let pid: pid_t
  let name: String
  /// The files that its stdout and stderr go to.
  let output: String
  let errors: String
  private let end = Mutex<End?>(nil)
  private let core = Mutex(false)

  private init(pid: pid_t, name: String, output: String, errors: String) {
    self.pid = pid
    self.name = name
    self.output = output
    self.errors = errors
  }

  deinit { killAndReap() }

  /// - Parameters:
  ///   - arguments: the first is the path of the program.
  ///   - environment: all of it, as `NAME=value`.
  ///   - folder: where what it writes goes, to `NAME.out` and `NAME.err`.
  static func start(
    _ arguments: [String], environment: [String] = [], name: String, folder: String
  ) async throws -> Program {
    let (output, errors) = ("\(folder)/\(name).out", "\(folder)/\(name).err")
    // It becomes the program, so the pid is the program's.
    let all = ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--"] + arguments
    let pid = try await SpawnThread.shared.run { try spawn(all, environment, output: output, errors: errors) }
    return Program(pid: pid, name: name, output: output, errors: errors)
  }

  private static func spawn(
    _ arguments: [String], _ environment: [String], output: String, errors: String
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let fresh = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, fresh, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errors, fresh, 0o600)
    // Other tests of this process have pipes whose end they wait for.
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
      if let descriptor = Int32(name), descriptor > 2 { posix_spawn_file_actions_addclose(&actions, descriptor) }
    }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    let words = arguments.map { strdup($0) } + [nil]
    let variables = environment.map { strdup($0) } + [nil]
    defer { for word in words + variables { free(word) } }
    var pid: pid_t = 0
    let status = posix_spawn(&pid, arguments[0], &actions, &attributes, words, variables)
    guard status == 0 else { throw Trouble("\(arguments[0]) was not started: \(String(cString: strerror(status)))") }
    return pid
  }

  /// How it ended; nil while it runs.
  func ended() -> End? {
    end.withLock { end in
      if end == nil { end = reap(WNOHANG) }
      return end
    }
  }

  func signal(_ number: Int32) {
    end.withLock { end in
      // Not yet waited for, so the pid is its own.
      if end == nil { _ = Glibc.kill(pid, number) }
    }
  }

  func killAndReap() {
    end.withLock { end in
      guard end == nil else { return }
      _ = Glibc.kill(pid, SIGKILL)
      end = reap(0)
    }
  }

  /// Whether the kernel wrote a core file of it, or gave one to a program.
  var dumpedCore: Bool { core.withLock { $0 } }

  private func reap(_ options: Int32) -> End? {
    var status: Int32 = 0
    while true {
      let waited = waitpid(pid, &status, options)
      if waited < 0, errno == EINTR { continue }
      guard waited == pid else { return nil }
      if status & 0x7f != 0, status & 0x80 != 0 { core.withLock { $0 = true } }
      return status & 0x7f == 0 ? .exited((status >> 8) & 0xff) : .killed(by: status & 0x7f)
    }
  }

  /// Waits for its end.
  func end(within limit: Duration) async throws -> End {
    try await eventually("\(name) has ended", within: limit) { self.ended() }
  }

  var said: String { text(of: output) }
  var complained: String { text(of: errors) }
}

/// A file's text; empty where there is none. What is not UTF-8 becomes U+FFFD.
func text(of path: String) -> String {
  String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
}

/// Asks real state again and again until it is there, 20 times a second.
///
/// - Throws: where it is not there in time; `otherwise` says what was there instead.
func eventually<Value>(
  _ what: String, within limit: Duration, otherwise: () -> String = { "" },
  isolation: isolated (any Actor)? = #isolation, _ question: () async throws -> Value?
) async throws -> Value {
  let end = ContinuousClock.now + limit
  while true {
    if let answer = try await question() { return answer }
    guard ContinuousClock.now < end else { throw Trouble("not in \(limit): \(what)\n\(otherwise())") }
    try await Task.sleep(for: .milliseconds(50))
  }
}
