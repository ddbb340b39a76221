import Foundation
import Glibc
import Testing

/// An argument of a guest's process: what people put there is a secret too.
private let argument = "7651934821907734"
private let canaries = Secrets.all + [argument]

private let noMiners = Settings(RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true"))

/// Everything that comes into the world: a kill, a report, a refused login.
private let scenario = Scenario(
  Machine(
    "vm-101", "web-01",
    [
      Guest(label: "miner", name: "xmrig", owner: "mallory", argv: ["/bin/sleep", "100000", argument]),
      Guest(label: "watched", name: "watched", owner: "bob", argv: ["/bin/sleep", "100000", argument]),
    ]),
  Machine("vm-102", "web-02", [], accounts: [Machine.Account(password: "another one")]))

extension EndToEnd {
  /// S9: no secret and no command line anywhere, not even in what a crash leaves.
  @Suite("Secrets", .serialized, .timeLimit(.minutes(3))) struct Secrecy {
    @Test(
      "No password and no process argument in log, STATUS, ledger, argv or environment; from files and from credentials",
      arguments: [false, true])
    func nowhere(credentials: Bool) async throws {
      var settings = noMiners
      settings.credentials = credentials
      settings.rules.append(RuleText("watch", match: #"name = "watched""#, "forbidden = true", action: "report"))
      try await World.with(scenario, settings) { world in
        let shown = try await world.control.state().guests["vm-101"] ?? []
        #expect(shown.allSatisfy { $0.command?.contains(argument) == true }, "vCenter shows the arguments: \(shown)")
        let daemon = try await world.startReadyDaemon(
          environment: ["CREDENTIALS_DIRECTORY=\(world.folder.path)/etc"])
        try await world.rows(try world.pid("miner"), "exited")
        try await world.rows(try world.pid("watched"), "reported")
        try await world.line("refused guest login")
        // Both while it runs (the last rows are in the write-ahead log) and after.
        try expectNone(in: world)
        #expect(FileManager.default.fileExists(atPath: "\(world.state)/ledger.db-wal"))
        for file in ["cmdline", "environ"] {
          let bytes = FileManager.default.contents(atPath: "/proc/\(daemon.pid)/\(file)")
          // Its environment is hidden from all but root: it is not dumpable.
          if file == "environ", geteuid() != 0 {
            #expect(bytes == nil)
            continue
          }
          let content = String(decoding: try #require(bytes), as: UTF8.self)
          #expect(!content.isEmpty)
          for canary in canaries { #expect(!content.contains(canary), "\(canary) in \(file)") }
        }
        for format in [[], ["--json"]] {
          let (_, table, errors) = try await world.command(["history", "--state", world.state] + format)
          #expect(table.contains("xmrig"))
          for canary in canaries { #expect(!(table + errors).contains(canary), "\(canary) in history") }
        }
        try await world.audit()
        try await world.stopDaemon(daemon)
        try expectNone(in: world)
        try await world.expectLoggedOut()
      }
    }

    /// Looks through all that the daemon writes, and makes sure that it looks at the right thing.
    private func expectNone(in world: World) throws {
      let log = world.log.joined(separator: "\n")
      let notices = world.notify.all.joined(separator: "\n")
      #expect(log.contains("xmrig") && notices.contains("STATUS="))
      for canary in canaries {
        #expect(!log.contains(canary), "\(canary) in the log")
        #expect(!notices.contains(canary), "\(canary) in what the service manager was told")
      }
      var names = 0
      for file in try FileManager.default.contentsOfDirectory(atPath: world.state) {
        let bytes = FileManager.default.contents(atPath: "\(world.state)/\(file)") ?? Data()
        if bytes.range(of: Data("xmrig".utf8)) != nil { names += 1 }
        for canary in canaries { #expect(bytes.range(of: Data(canary.utf8)) == nil, "\(canary) in \(file)") }
      }
      #expect(names > 0, "the kill's row is in one of the files")
    }

    /// Runs a program in the world's folder with core files allowed, whatever the limits here are.
    private func dumping(_ world: World) -> [String] {
      ["/usr/bin/env", "--chdir=\(world.folder.path)", "/usr/bin/prlimit", "--core=unlimited"]
    }

    @Test("A crash leaves no core file, where one of any other program would be left")
    func crash() async throws {
      try await World.with(scenario, noMiners) { world in
        let daemon = try await world.startReadyDaemon(wrapper: dumping(world))
        try await world.rows(try world.pid("miner"), "exited")
        let limits = text(of: "/proc/\(daemon.pid)/limits").split(separator: "\n")
        let core = try #require(limits.first { $0.hasPrefix("Max core file size") })
        #expect(core.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"])
        daemon.signal(SIGABRT)
        #expect(try await daemon.end(within: .seconds(20)) == .killed(by: SIGABRT))
        #expect(!daemon.dumpedCore)
        // The Swift runtime's own account of a crash shows what registers point to.
        #expect(!daemon.complained.contains("Registers:") && !daemon.complained.contains("Thread 0"))

        let other = try await Program.start(
          dumping(world) + ["/bin/sleep", "1000"], name: "other", folder: world.folder.path)
        try await world.eventuallyRuns(other, "sleep")
        other.signal(SIGABRT)
        #expect(try await other.end(within: .seconds(20)) == .killed(by: SIGABRT))
        let cores = try FileManager.default.contentsOfDirectory(atPath: world.folder.path).filter {
          $0.hasPrefix("core")
        }
        // Where this machine writes core files at all, the other one's is the only one.
        if other.dumpedCore { #expect(cores.count <= 1, "\(cores)") } else { #expect(cores.isEmpty, "\(cores)") }
        print("EndToEnd secrets: core files are \(other.dumpedCore ? "" : "not ")written here")
        for file in cores {
          let bytes = FileManager.default.contents(atPath: "\(world.folder.path)/\(file)") ?? Data()
          for canary in Secrets.all { #expect(bytes.range(of: Data(canary.utf8)) == nil) }
        }
      }
    }

    @Test("`check` reads the same passwords and leaves no core file either")
    func check() async throws {
      var settings = noMiners
      // More mistakes than fit into a pipe: it waits in the middle of saying them, with all passwords in its memory.
      for number in 1...1000 {
        settings.rules.append(RuleText("rule-\(number)", match: #"name = "a""#, "no_such_limit = \(number)"))
      }
      try await World.with(scenario, settings) { world in
        let pipe = "\(world.folder.path)/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        let end = open(pipe, O_RDWR | O_CLOEXEC)
        #expect(end >= 0)
        defer { close(end) }
        let check = try await Program.start(
          dumping(world) + [
            "/bin/sh", "-c", "exec \(Binaries.guestwatchd) check --config \(world.config) 2>\(pipe)",
          ], name: "check", folder: world.folder.path)
        _ = try await eventually("the pipe is full", within: .seconds(60)) {
          var waiting: Int32 = 0
          return ioctl(end, UInt(FIONREAD), &waiting) == 0 && waiting >= 60 << 10 ? true : nil
        }
        let limits = text(of: "/proc/\(check.pid)/limits").split(separator: "\n")
        let core = try #require(limits.first { $0.hasPrefix("Max core file size") })
        #expect(core.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"])
        check.signal(SIGABRT)
        #expect(try await check.end(within: .seconds(20)) == .killed(by: SIGABRT))
        #expect(!check.dumpedCore)
      }
    }

    @Test("Nobody else of its own account can read its memory or environment, as of any other process of that account")
    func memory() async throws {
      // Root may read all; then daemon and reader are of an account that may not.
      let account =
        geteuid() == 0 ? ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] : []
      try await World.with(scenario, noMiners) { world in
        if geteuid() == 0 { try world.giveTo(65534) }
        let daemon = try await world.startReadyDaemon(wrapper: account)
        try await world.rows(try world.pid("miner"), "exited")
        let other = try await Program.start(
          account + ["/bin/sleep", "1000"], environment: ["A=b"], name: "other", folder: world.folder.path)
        try await world.eventuallyRuns(other, "sleep")
        for file in ["environ", "maps", "mem"] {
          func read(_ pid: pid_t, _ name: String) async throws -> String {
            // 4 KiB of `mem` lie nowhere at 0: that is an error of reading, not of opening.
            let reader = try await Program.start(
              account + ["/bin/dd", "if=/proc/\(pid)/\(file)", "of=/dev/null", "bs=16", "count=1"], name: name,
              folder: world.folder.path)
            _ = try await reader.end(within: .seconds(20))
            return reader.complained
          }
          let denied = try await read(daemon.pid, "reads-daemon-\(file)")
          #expect(denied.contains("failed to open") && denied.contains("Permission denied"), "\(file): \(denied)")
          // A machine may forbid tracing altogether (Yama); that of `environ` and `maps` is always allowed.
          let allowed = try await read(other.pid, "reads-other-\(file)")
          if file != "mem" { #expect(!allowed.contains("failed to open"), "\(file): \(allowed)") }
        }
        #expect(daemon.ended() == nil)
        try await world.stopDaemon(daemon)
      }
    }
  }
}

extension World {
  /// Gives all files of this world to an account.
  fileprivate func giveTo(_ account: uid_t) throws {
    var paths = [folder.path]
    for part in ["etc", "vcenter/ca.pem", "notify"] {
      paths.append("\(folder.path)/\(part)")
      paths += (FileManager.default.subpaths(atPath: "\(folder.path)/\(part)") ?? []).map {
        "\(folder.path)/\(part)/\($0)"
      }
    }
    for path in paths where chown(path, account, account) != 0 {
      throw Trouble("\(path): \(String(cString: strerror(errno)))")
    }
    for path in ["\(folder.path)/vcenter"] where chmod(path, 0o711) != 0 { throw Trouble(path) }
  }

  /// Waits until wrappers have become the program itself.
  fileprivate func eventuallyRuns(_ program: Program, _ name: String) async throws {
    _ = try await eventually("\(name) runs", within: .seconds(20)) {
      text(of: "/proc/\(program.pid)/comm") == "\(name)\n" ? true : nil
    }
  }
}
