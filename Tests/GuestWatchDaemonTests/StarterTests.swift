import Glibc
import GuestWatchCore
import RuleFiles
import Testing

@testable import GuestWatchDaemon

@Suite("A first configuration")
struct StarterTests {
  private static func files(in directory: String) -> StarterFiles {
    StarterFiles(
      directory: directory, url: "https://vcenter.example.com", userName: #"LAB\svc"#, caFile: nil,
      fingerprint: String(repeating: "ab", count: 32), guestUserName: #"LAB\watch "x""#, moid: "vm-101",
      vmName: "db\n[[rule]]\u{202e}", processes: "java*")
  }

  private static func write(_ files: StarterFiles) throws {
    try NewFiles.write(
      folders: [files.directory, "\(files.directory)/rules.d"],
      files: [
        (files.vcenterPassword, "one\n"), (files.guestPassword, "two\n"), (files.rulePath, files.rule),
        (files.mainPath, files.main),
      ])
  }

  private static func mode(_ path: String) -> mode_t {
    var there = stat()
    return lstat(path, &there) == 0 ? there.st_mode & 0o7777 : 0
  }

  @Test("It is read without a mistake or a warning, kills nothing, and hostile names stay names")
  func isGood() throws {
    let folder = try Folder()
    let files = Self.files(in: folder.path + "/new")
    try Self.write(files)
    var surroundings = Surroundings.ofThisProcess(.check)
    surroundings.opensSecrets = true
    let result = loadRuleFiles(main: files.mainPath, surroundings: surroundings)
    #expect(result.diagnostics.isEmpty, "\(result.diagnostics)")
    let loaded = try #require(result.loaded)
    #expect(loaded.configuration.dryRun)
    #expect(loaded.configuration.rules.map(\.action) == [.report])
    #expect(loaded.configuration.rules.map(\.scope) == [Scope(ids: ["vm-101"])])
    #expect(loaded.vcenters.map(\.userName) == [#"LAB\svc"#])
    #expect(loaded.vcenters.map(\.fingerprints) == [[String(repeating: "ab", count: 32)]])
    #expect(loaded.logins.map(\.userName) == [#"LAB\watch "x""#])
    #expect(!(files.main + files.rule).unicodeScalars.contains { $0 == "\u{1b}" || $0 == "\u{202e}" })
    for path in [files.mainPath, files.rulePath, files.vcenterPassword, files.guestPassword] {
      #expect([0o600, 0o640].contains(Self.mode(path)), "\(path)")
    }
  }

  @Test("Where one file cannot be made none stays, and what was there is not touched")
  func allOrNothing() throws {
    let folder = try Folder()
    let files = Self.files(in: folder.path)
    try folder.write("guestwatchd.toml", "mine")
    #expect(throws: NewFiles.Failure.self) { try Self.write(files) }
    for path in [files.rulePath, files.vcenterPassword, files.guestPassword, folder.path + "/rules.d"] {
      #expect(access(path, F_OK) != 0, "\(path)")
    }
    #expect(Self.mode(files.mainPath) != 0)
  }

  @Test("The fingerprint as openssl writes it, in two lines")
  func fingerprint() {
    let lines = Starter.halves(of: String(repeating: "0a", count: 32))
    #expect(lines == Array(repeating: Array(repeating: "0A", count: 16).joined(separator: ":"), count: 2))
  }

  @Test("What runs there: ordinary accounts only, the most frequent first, nothing that steers a terminal")
  func names() {
    func process(_ pid: Int64, _ name: GuestText, _ owner: GuestText) -> Process {
      Process(pid: pid, started: 1, owner: owner, name: name, command: "")
    }
    let rows = [
      process(1, "systemd", "root"), process(50, "java", "app"), process(51, "bash", "eve"),
      process(52, "java", "app"), process(53, "x\u{1b}[2J", "eve"),
    ]
    #expect(Starter.names(rows) == ["java", "\"x\\u{1B}[2J\"", "bash"])
  }
}
