import Glibc
import Testing

@testable import GuestWatchDaemon

/// The built command as a process of its own, with files, signals and a service manager's socket.
@Suite("guestwatchd run", .serialized, .enabled(if: Product.path != nil))
struct CommandTests {
  private let files: ConfigurationFolder

  init() throws { files = try ConfigurationFolder() }

  private func run(_ more: String..., environment: [String] = []) throws -> Child {
    try Child(["run", "--config", files.main, "--state", files.state] + more, environment: environment)
  }

  @Test("A broken, a missing and an empty configuration: 78, where and what on stderr, nothing started")
  func badConfiguration() throws {
    try files.write(vcenters: [ConfigurationFolder.vcenter("lab")], more: "max_agee = \"2h\"")
    let broken = try run().end()
    #expect(broken.status == 78)
    #expect(broken.errors.contains("\(files.main):17:1: error:"), "\(broken.errors)")

    try files.folder.write("guestwatchd.toml", "")
    let empty = try run().end()
    #expect(empty.status == 78)
    #expect(empty.errors.contains("\(files.main):1:1: error:"), "\(empty.errors)")

    let missing = try Child(["run", "--config", "\(files.folder.path)/none.toml", "--state", files.state]).end()
    #expect(missing.status == 78)
    #expect(missing.errors.hasPrefix("\(files.folder.path)/none.toml:1:1: error:"), "\(missing.errors)")

    #expect(access(files.state, F_OK) != 0, "no state directory was made")
  }

  @Test("64 for a bad command line, 73 for a state directory that cannot be, 75 for one that is held")
  func otherStatuses() throws {
    #expect(try Child(["run", "--bogus"]).end().status == 64)
    #expect(try run("--log", "syslog").end().status == 64)
    let nowhere = try Child(["run", "--config", files.main, "--state", "/proc/none"]).end()
    #expect(nowhere.status == 73)
    #expect(nowhere.errors.contains("/proc/none"))

    let socket = try NotifySocket("\(files.folder.path)/notify")
    let first = try run(environment: ["NOTIFY_SOCKET=\(files.folder.path)/notify"])
    _ = try socket.next("READY=1")
    let second = try run().end()
    #expect(second.status == 75)
    #expect(second.errors.contains(files.state))
    first.signal(SIGTERM)
    #expect(try first.end().status == 0)
  }

  @Test("READY, STATUS, WATCHDOG, RELOADING and STOPPING reach the service manager; a vCenter that is down is a status")
  func serviceManager() throws {
    let socket = try NotifySocket("\(files.folder.path)/notify")
    let child = try run(
      "--log", "stderr",
      environment: ["NOTIFY_SOCKET=\(files.folder.path)/notify", "WATCHDOG_USEC=600000"])
    _ = try socket.next("READY=1")
    #expect(try socket.next("STATUS=").contains("1 rule"))
    _ = try socket.next("WATCHDOG=1")
    _ = try socket.next("WATCHDOG=1")

    try files.write(vcenters: [ConfigurationFolder.vcenter("lab")], more: "max_agee = \"2h\"")
    child.signal(SIGHUP)
    #expect(try socket.next("RELOADING=1").contains("\nMONOTONIC_USEC="))
    _ = try socket.next("READY=1")
    _ = try socket.next("WATCHDOG=1")
    // It may take its time to learn this.
    try child.hear("vCenter \"lab\" cannot be asked")

    child.signal(SIGTERM)
    _ = try socket.next("STOPPING=1")
    let (status, errors) = try child.end()
    #expect(status == 0)
    let lines = errors.split(separator: "\n")
    #expect(lines.contains { $0.contains("configuration refused") && $0.contains("\(files.main):17:1: error:") })
    #expect(!errors.contains("correct horse") && !errors.contains("battery staple"))
  }

  @Test("No core file can hold a password: the process is not dumpable", arguments: [SIGINT, SIGTERM])
  func secrecy(signal: Int32) throws {
    let socket = try NotifySocket("\(files.folder.path)/notify")
    let child = try run(environment: ["NOTIFY_SOCKET=\(files.folder.path)/notify"])
    _ = try socket.next("READY=1")
    let limits = try #require(bytes(of: "/proc/\(child.pid)/limits")).split(separator: UInt8(ascii: "\n"))
    let core = limits.map { String(decoding: $0, as: UTF8.self) }.first { $0.hasPrefix("Max core file size") }
    #expect(core?.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"])
    // The kernel gives what belongs to a process that is not dumpable to root (to whom it belongs anyway where root runs this).
    var status = stat()
    #expect(stat("/proc/\(child.pid)/environ", &status) == 0)
    #expect(status.st_uid == 0)
    child.signal(signal)
    #expect(try child.end().status == 0)
  }

  @Test("The state directory is systemd's first one where --state is not given, and SIGHUP takes a good configuration")
  func stateDirectoryAndReload() throws {
    let socket = try NotifySocket("\(files.folder.path)/notify")
    let child = try Child(
      ["run", "--config", files.main],
      environment: [
        "NOTIFY_SOCKET=\(files.folder.path)/notify", "STATE_DIRECTORY=\(files.state):\(files.folder.path)/other",
      ])
    _ = try socket.next("READY=1")
    #expect(access("\(files.state)/ledger.db", F_OK) == 0)
    try files.write(vcenters: [ConfigurationFolder.vcenter("lab"), ConfigurationFolder.vcenter("two")])
    child.signal(SIGHUP)
    _ = try socket.next("RELOADING=1")
    _ = try socket.next("READY=1")
    child.signal(SIGTERM)
    _ = try socket.next("STOPPING=1")
    // A second one does not skip the logout, nor change the status.
    child.signal(SIGTERM)
    let (status, errors) = try child.end()
    #expect(status == 0)
    #expect(errors.contains("configuration loaded: rules: 1, vCenters: 1,"))
    #expect(errors.contains("configuration loaded: rules: 1, vCenters: 2,"))
  }

  @Test("history takes the same directory of systemd's as run", arguments: ["", ":"])
  func stateDirectoryOfHistory(before: String) throws {
    let (status, errors) = try Child(
      ["history"], environment: ["STATE_DIRECTORY=\(before)\(files.state):\(files.folder.path)/other"]
    ).end()
    #expect(status == 73)
    #expect(errors.contains("there is no ledger in \(files.state):"), "\(errors)")
  }

  @Test("--version and --help say so on stdout")
  func version() throws {
    #expect(try Child(["--version"]).end().status == 0)
    #expect(try Child(["run", "--help"]).end().status == 0)
  }
}
