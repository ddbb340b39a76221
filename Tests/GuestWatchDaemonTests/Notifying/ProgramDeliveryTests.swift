import Foundation
import Glibc
import Testing

@testable import GuestWatchDaemon

/// `[[notify]] exec`, with real programs that behave badly.
@Suite("Notify: programs", .serialized)
struct ProgramDeliveryTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  /// A shell script of its own, and its path.
  private func script(_ text: String, name: String = "page", mode: mode_t = 0o700) throws -> String {
    let path = "\(folder.path)/\(name)"
    try folder.write(name, "#!/bin/sh\n" + text + "\n")
    try #require(chmod(path, mode) == 0)
    return path
  }

  private func run(
    _ command: [String], limit: Duration = .seconds(30), grace: Duration = .seconds(5)
  ) async -> Delivered {
    await ProgramDelivery(command: command, limit: limit, grace: grace).deliver(notice())
  }

  private func text(_ name: String) -> String {
    String(decoding: FileManager.default.contents(atPath: "\(folder.path)/\(name)") ?? Data(), as: UTF8.self)
  }

  /// True while the process is there and no zombie.
  private func lives(_ pid: pid_t) -> Bool {
    let state = String(decoding: FileManager.default.contents(atPath: "/proc/\(pid)/stat") ?? Data(), as: UTF8.self)
    return !state.isEmpty && !state.contains(") Z ")
  }

  /// How many children of this process are dead and were not waited for, of those with that name.
  private func zombies(_ name: String) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").count { entry in
      let stat = String(decoding: FileManager.default.contents(atPath: "/proc/\(entry)/stat") ?? Data(), as: UTF8.self)
      return stat.contains("(\(name)) Z \(getpid()) ")
    }
  }

  /// Waits for something that another process does.
  private func until(_ holds: () throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(20)
    while try !holds() {
      try #require(ContinuousClock.now < end, "it never came")
      await Task.yield()
    }
  }

  @Test("It finds the event in its environment, its own words in its arguments, nothing to read, and / around it")
  func environmentAndArguments() async throws {
    let path = try script(
      #"""
      { env; echo "arguments: $#:$1:$2"; pwd; cat; } >"$3"
      """#)
    #expect(await run([path, "$(id)", "a b", "\(folder.path)/out"]) == .done)
    let lines = text("out").split(separator: "\n").map(String.init)
    #expect(lines.contains("arguments: 3:$(id):a b") && lines.contains("/"))
    // What the shell itself adds is no part of it.
    let given = lines.filter {
      $0.contains("=") && !$0.hasPrefix("PWD=") && !$0.hasPrefix("_=") && !$0.hasPrefix("SHLVL=")
    }
    #expect(given.sorted() == environment(for: notice()).sorted())
  }

  @Test("It inherits no descriptor: neither sockets nor files, also where they were opened without close-on-exec")
  func descriptors() async throws {
    var leaks = [socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0), open("/etc/passwd", O_RDONLY)]
    // A high number, and one that is free: other suites have descriptors of their own.
    leaks.append(fcntl(leaks[1], F_DUPFD, 200))
    defer { for leak in leaks { close(leak) } }
    try #require(leaks.allSatisfy { $0 >= 3 } && fcntl(leaks[0], F_GETFD) == 0)
    let path = try script(#"ls -l /proc/self/fd >"$1"; ls /proc/$$/fd >"$2""#)
    #expect(await run([path, "\(folder.path)/own", "\(folder.path)/shell"]) == .done)
    // The shell has its script and its own output open as 10 and 11, as it would have anywhere.
    let open = text("shell").split(separator: "\n").compactMap { Int32($0) }.sorted()
    #expect(open.starts(with: [0, 1, 2]) && open.allSatisfy { $0 < 3 || $0 == 10 || $0 == 11 }, "\(open)")
    let own = text("own")
    #expect(own.contains("0 -> /dev/null") && !own.contains("socket:") && !own.contains("passwd"), "\(own)")
  }

  @Test("No signal is blocked or ignored, and its group is its own")
  func signals() async throws {
    let path = try script(#"grep ^Sig /proc/self/status >"$1"; cat /proc/$$/stat >"$2""#)
    let before = signal(SIGPIPE, SIG_IGN)
    defer { signal(SIGPIPE, before) }
    #expect(await run([path, "\(folder.path)/status", "\(folder.path)/stat"]) == .done)
    for set in ["SigBlk", "SigIgn"] {
      let line = try #require(text("status").split(separator: "\n").first { $0.hasPrefix("\(set):\t") })
      // 32 and 33 are the C library's own, which no program can use.
      #expect(UInt64(line.dropFirst(set.utf8.count + 2), radix: 16).map { $0 & ~0x1_8000_0000 } == 0, "\(line)")
    }
    let fields = text("stat").split(separator: " ")
    #expect(fields.count > 5 && fields[0] == fields[4], "pid and process group: \(fields.prefix(5))")
  }

  @Test("A status that is not 0 is a failure, with the first line of what it said")
  func fails() async throws {
    let path = try script("echo; echo '  no route \u{1B}[31m to host' >&2; echo more; exit 3")
    #expect(await run([path]) == .failed(#"exit status 3, saying "no route \u{1B}[31m to host""#))
    #expect(await run(["/bin/false"]) == .failed("exit status 1"))
    #expect(await run([try script("kill -SEGV $$")]) == .failed("killed by signal 11"))
  }

  @Test("What is not there, no program or may not be executed is a failure that says so")
  func notStartable() async throws {
    #expect(await run(["/no/such/program"]) == .failed("it cannot be started: No such file or directory"))
    #expect(await run([try script("true", mode: 0o600)]) == .failed("it cannot be started: Permission denied"))
    try folder.write("text", "no program\n")
    chmod("\(folder.path)/text", 0o700)
    #expect(await run(["\(folder.path)/text"]) == .failed("it cannot be started: Exec format error"))
    #expect(await run([folder.path]) == .failed("it cannot be started: Permission denied"))
  }

  @Test("What hangs is told to end at its limit, and its children are, too")
  func hangs() async throws {
    let path = try script(#"sleep 1000 & echo $! >"$1"; echo waiting; wait"#)
    let began = ContinuousClock.now
    #expect(
      await run([path, "\(folder.path)/child"], limit: .milliseconds(500))
        == .failed(#"it did not end within 0s: killed by signal 15, saying "waiting""#))
    #expect(ContinuousClock.now - began >= .milliseconds(500))
    let child = try #require(pid_t(text("child").trimmingCharacters(in: .newlines)))
    try await until { !lives(child) }
  }

  @Test("What ignores SIGTERM is killed after its grace, with its whole group")
  func ignores() async throws {
    let path = try script(
      #"trap '' TERM; (trap '' TERM; echo $$ >"$1"; while :; do sleep 0.05; done) & while :; do sleep 0.05; done"#)
    let began = ContinuousClock.now
    #expect(
      await run([path, "\(folder.path)/pid"], limit: .milliseconds(300), grace: .milliseconds(400))
        == .failed("it did not end within 0s: killed by signal 9"))
    #expect(ContinuousClock.now - began >= .milliseconds(700))
    let leader = try #require(pid_t(text("pid").trimmingCharacters(in: .newlines)))
    try await until { kill(-leader, 0) != 0 && errno == ESRCH }
  }

  @Test("A child that keeps the pipe open holds nothing up, and ends with it")
  func leavesAChild() async throws {
    let path = try script(#"sleep 1000 & echo $! >"$1"; exit 0"#)
    let began = ContinuousClock.now
    #expect(await run([path, "\(folder.path)/child"]) == .done)
    #expect(ContinuousClock.now - began < .seconds(20))
    let child = try #require(pid_t(text("child").trimmingCharacters(in: .newlines)))
    try await until { !lives(child) }
  }

  @Test("What writes gigabytes is not read for ever: it ends by SIGPIPE")
  func writesVeryMuch() async throws {
    let path = try script("echo first; exec cat /dev/zero")
    #expect(
      await run([path]) == .failed(#"it wrote more than 1 MiB: killed by signal 13, saying "first""#))
    // What writes some, and nobody wants to see, is nothing special.
    #expect(await run([try script("head -c 300000 /dev/zero")]) == .done)
    #expect(await run([try script("trap '' PIPE; head -c 3000000 /dev/zero; exit 0")]) == .done)
  }

  @Test("One that is given up is told to end at once, and killed two seconds later")
  func givenUp() async throws {
    let path = try script(#"trap 'echo bye; exit 7' TERM; sleep 1000 & echo $$ >"$1"; wait"#)
    let run = Task { [folder] in
      await ProgramDelivery(command: [path, "\(folder.path)/pid"], limit: .seconds(600)).deliver(notice())
    }
    try await until { text("pid").hasSuffix("\n") }
    run.cancel()
    #expect(await run.value == .failed(#"guestwatchd ended before it did: exit status 7, saying "bye""#))

    let deaf = try script(#"trap '' TERM; echo $$ >"$1"; while :; do sleep 0.05; done"#, name: "deaf")
    let other = Task { [folder] in
      await ProgramDelivery(
        command: [deaf, "\(folder.path)/deaf-pid"], limit: .seconds(600), shortGrace: .milliseconds(200)
      ).deliver(notice())
    }
    try await until { text("deaf-pid").hasSuffix("\n") }
    other.cancel()
    #expect(await other.value == .failed("guestwatchd ended before it did: killed by signal 9"))
  }

  @Test("One that was told to end at its limit, and is given up then, is not waited for as long as it had")
  func givenUpLate() async throws {
    let path = try script(#"trap 'echo >"$1"' TERM; while :; do sleep 0.05; done"#)
    let run = Task { [folder] in
      await ProgramDelivery(
        command: [path, "\(folder.path)/told"], limit: .milliseconds(200), grace: .seconds(600),
        shortGrace: .milliseconds(100)
      ).deliver(notice())
    }
    try await until { text("told") == "\n" }
    run.cancel()
    // Some shells say of their child that it was terminated.
    guard case .failed(let why) = await run.value else {
      Issue.record("it did not fail")
      return
    }
    #expect(why.hasPrefix("it did not end within 0s: killed by signal 9"))
  }

  @Test("Each is waited for, and nobody else's child is taken")
  func reaps() async throws {
    var pid: pid_t = 0
    var words = [strdup("/bin/sleep"), strdup("1000"), nil]
    defer { for word in words { free(word) } }
    try #require(posix_spawn(&pid, "/bin/sleep", nil, nil, &words, nil) == 0)
    let path = try script("exit 0", name: "zombie-\(getpid())")
    for _ in 1...20 { #expect(await run([path]) == .done) }
    #expect(try zombies(String("zombie-\(getpid())".prefix(15))) == 0)
    kill(pid, SIGKILL)
    var status: Int32 = 0
    #expect(waitpid(pid, &status, 0) == pid, "it is still ours to wait for")
  }

  @Test("Many side by side, and no descriptor is left")
  func manyAtOnce() async throws {
    let path = try script("echo x; exit 0")
    let count = { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
    _ = await run([path])
    let before = try count()
    await withTaskGroup(of: Delivered.self) { group in
      for _ in 1...40 { group.addTask { await run([path]) } }
      for await result in group { #expect(result == .done) }
    }
    // Other suites have some open for a moment.
    try await until { try count() <= before + 10 }
  }
}
