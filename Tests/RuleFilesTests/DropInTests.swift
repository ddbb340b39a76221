import Glibc
import GuestWatchCore
import RuleFiles
import Testing

/// Rule files of /run and /usr/lib.
@Suite struct DropInTests {
  let folder: ConfigurationFolder

  init() throws {
    folder = try ConfigurationFolder()
    try folder.write("etc/main.toml", accounts)
    try folder.write("etc/secret", "hunter2\n", mode: 0o400)
  }

  /// As with the installed main file, the drop-ins being `run` and `lib`.
  func load(_ main: String = "etc/main.toml") -> LoadResult {
    var surroundings = Surroundings.ofTests
    surroundings.defaultMain = folder.path + "/etc/main.toml"
    surroundings.dropIns = [folder.path + "/run", folder.path + "/lib"]
    return folder.load(main, surroundings: surroundings)
  }

  func add(_ file: String, _ name: String) throws { try folder.write(file, rule("name = \"\(name)\"")) }

  func names(_ result: LoadResult) -> [String]? { result.loaded?.configuration.rules.map(\.id.name) }

  @Test func standBehindTheOperatorsSortedByName() throws {
    try add("lib/10.toml", "lib-10")
    try add("lib/30.toml", "lib-30")
    try add("run/20.toml", "run-20")
    try add("etc/rules.d/25.toml", "etc-25")
    try add("etc/rules.d/05.toml", "etc-05")
    let result = load()
    #expect(folder.lines(result) == [])
    #expect(names(result) == ["etc-05", "lib-10", "run-20", "etc-25", "lib-30"])
    #expect(
      result.loaded?.files.map { folder.shortened($0) } == [
        "etc/main.toml", "etc/rules.d/05.toml", "lib/10.toml", "run/20.toml", "etc/rules.d/25.toml", "lib/30.toml",
      ])
  }

  @Test func theSameNameMasks() throws {
    try add("lib/a.toml", "lib-a")
    try add("run/a.toml", "run-a")
    try add("lib/b.toml", "lib-b")
    try folder.write("etc/rules.d/b.toml", "")
    #expect(names(load()) == ["run-a"])
    try add("etc/rules.d/a.toml", "etc-a")
    #expect(names(load()) == ["etc-a"])
  }

  @Test func aLinkToTheNullDeviceHides() throws {
    try add("lib/a.toml", "lib-a")
    try add("lib/b.toml", "lib-b")
    try add("run/c.toml", "run-c")
    try add("etc/rules.d/d.toml", "etc-d")
    #expect(symlink("/dev/null", folder.path + "/run/a.toml") == 0)
    #expect(symlink("/dev/null", folder.path + "/etc/rules.d/c.toml") == 0)
    let result = load()
    #expect(folder.lines(result) == [])
    #expect(names(result) == ["lib-b", "etc-d"])
    // What is masked is not even read.
    try folder.write("lib/a.toml", "[[rule")
    #expect(folder.lines(load()) == [])
  }

  @Test func countOnlyWithTheInstalledMainFile() throws {
    try add("lib/a.toml", "lib-a")
    try add("etc/rules.d/b.toml", "etc-b")
    try folder.write("etc/other.toml", accounts)
    #expect(names(load("etc/other.toml")) == ["etc-b"])
    #expect(names(load("etc/../etc/main.toml")) == ["etc-b"])
    #expect(names(load()) == ["lib-a", "etc-b"])
  }

  @Test func anotherRulesFolderReplacesTheFirstAlone() throws {
    try folder.write("etc/main.toml", accounts + "[daemon]\nrules = \"mine\"\n")
    try add("etc/rules.d/a.toml", "etc-a")
    try add("etc/mine/b.toml", "mine-b")
    try add("lib/c.toml", "lib-c")
    #expect(names(load()) == ["mine-b", "lib-c"])
  }

  @Test func aFolderThatIsNotThereIsNoMistake() throws {
    try add("lib/a.toml", "lib-a")
    #expect(names(load()) == ["lib-a"])
  }

  @Test func whoeverMayWriteThemMayKill() throws {
    try add("lib/a.toml", "lib-a")
    try add("run/b.toml", "run-b")
    #expect(chmod(folder.path + "/run", 0o777) == 0)
    #expect(chmod(folder.path + "/lib/a.toml", 0o620) == 0)
    let door = "and whoever writes rules kills; run chmod go-w on it"
    #expect(
      folder.lines(load()) == [
        "run:1:1: error: group or others may write this folder (mode 0777), \(door)",
        "lib/a.toml:1:1: error: group or others may write this file (mode 0620), \(door)",
      ])
  }

  @Test func areWhereTheServiceLooks() {
    let surroundings = Surroundings.ofThisProcess(.check)
    #expect(surroundings.defaultMain == "/etc/guestwatchd/guestwatchd.toml")
    #expect(surroundings.dropIns == ["/run/guestwatchd.d/rules.d", "/usr/lib/guestwatchd/rules.d"])
    #expect(surroundings.opensSecrets)
  }
}
