import Glibc
import GuestWatchCore
import RuleFiles
import Testing

@Suite struct FileTests {
  func goodFolder() throws -> ConfigurationFolder {
    let folder = try ConfigurationFolder()
    try folder.write("main.toml", accounts + rule())
    try folder.write("secret", "hunter2\n", mode: 0o400)
    return folder
  }

  @Test func aMissingMainFileIsAnError() throws {
    let folder = try ConfigurationFolder()
    let result = folder.load()
    #expect(result.loaded == nil)
    #expect(
      folder.lines(result) == ["main.toml:1:1: error: this file does not exist; create it or correct the path"])
  }

  @Test func aFolderIsNoFile() throws {
    let folder = try goodFolder()
    try folder.write("rules.d/a.toml/x", "")
    let result = folder.load()
    #expect(
      folder.lines(result) == ["rules.d/a.toml:1:1: error: this file is not a regular file; put a file there"])
  }

  @Test func aPipeDoesNotHoldTheReaderUp() throws {
    let folder = try goodFolder()
    try folder.write("rules.d/b.toml", rule("name = \"b\""))
    #expect(mkfifo(folder.path + "/rules.d/a.toml", 0o600) == 0)
    #expect(
      folder.lines(folder.load()) == ["rules.d/a.toml:1:1: error: this file is not a regular file; put a file there"])
  }

  @Test func aFileWithoutEndIsNotReadToTheEnd() throws {
    let folder = try goodFolder()
    try folder.write("rules.d/a.toml", String(repeating: "# no rule\n", count: 110_000))
    #expect(
      folder.lines(folder.load()) == ["rules.d/a.toml:1:1: error: this file is too large; split it or correct the path"]
    )
  }

  @Test func readsRuleFilesInTheOrderOfTheirBytes() throws {
    let folder = try goodFolder()
    for name in ["b", "B", "ä", "10", "9", "a"] {
      try folder.write("rules.d/\(name).toml", rule("name = \"\(name == "ä" ? "umlaut" : name)\""))
    }
    try folder.write("rules.d/.hidden.toml", "x")
    try folder.write("rules.d/notes.txt", "x")
    try folder.write("rules.d/old.toml~", "x")
    #expect(symlink("/dev/null", folder.path + "/rules.d/masked.toml") == 0)
    let result = folder.load()
    #expect(folder.lines(result) == [])
    #expect(result.loaded?.configuration.rules.map(\.id.name) == ["r", "10", "9", "B", "a", "b", "umlaut"])
    #expect(result.loaded?.files.map { folder.shortened($0) }.last == "rules.d/ä.toml")
  }

  @Test func aBrokenFileHidesNothingInOthers() throws {
    let folder = try goodFolder()
    try folder.write("rules.d/a.toml", "[[rule]\n")
    try folder.write("rules.d/b.toml", rule("name = \"r\"", "guest_login = \"linus\""))
    try folder.write("rules.d/c.toml", rule("every = 1"))
    #expect(
      folder.lines(folder.load()) == [
        "rules.d/a.toml:1:8: error: this is not TOML (table header): expected ']'; write [table] or [[list]]",
        "rules.d/b.toml:2:8: error: rule 'r' was defined before, at main.toml:12:8; give each its own name",
        "rules.d/b.toml:3:15: error: no [[guest_login]] is named 'linus'; did you mean 'linux'?",
        "rules.d/c.toml:2:8: error: rule 'r' was defined before, at main.toml:12:8; give each its own name",
        #"rules.d/c.toml:7:9: error: 'every' is an integer; write a duration in quotes, such as "2h30m" or "90s""#,
      ])
  }

  @Test func aBrokenMainFileHidesNothingInRuleFiles() throws {
    let folder = try goodFolder()
    try folder.write("main.toml", accounts + "[daemon\n")
    try folder.write("rules.d/a.toml", rule("guest_login = \"nobody-knows\"", "every = 1"))
    #expect(
      folder.lines(folder.load()) == [
        "main.toml:11:8: error: this is not TOML (table header): expected ']'; write [table] or [[list]]",
        #"rules.d/a.toml:7:9: error: 'every' is an integer; write a duration in quotes, such as "2h30m" or "90s""#,
      ])
  }

  @Test func whoeverMayWriteRulesMayKill() throws {
    let folder = try goodFolder()
    try folder.write("rules.d/a.toml", rule("name = \"a\""), mode: 0o602)
    #expect(chmod(folder.path + "/main.toml", 0o664) == 0)
    #expect(chmod(folder.path, 0o770) == 0)
    #expect(chmod(folder.path + "/rules.d", 0o1777) == 0)
    let door = "and whoever writes rules kills; run chmod go-w on it"
    #expect(
      folder.lines(folder.load()) == [
        ".:1:1: error: group or others may write this folder (mode 0770), \(door)",
        "main.toml:1:1: error: group or others may write this file (mode 0664), \(door)",
        "rules.d:1:1: error: group or others may write this folder (mode 1777), \(door)",
        "rules.d/a.toml:1:1: error: group or others may write this file (mode 0602), \(door)",
      ])
  }

  @Test func aLinkIsFollowedToAFolderThatOthersMayWrite() throws {
    let folder = try goodFolder()
    try folder.write("elsewhere/a.toml", rule("name = \"a\""))
    try folder.write("rules.d/README", "")
    #expect(chmod(folder.path + "/elsewhere", 0o757) == 0)
    #expect(symlink(folder.path + "/elsewhere/a.toml", folder.path + "/rules.d/a.toml") == 0)
    #expect(
      folder.lines(folder.load()) == [
        "elsewhere:1:1: error: group or others may write this folder (mode 0757), and whoever writes rules kills; "
          + "run chmod go-w on it"
      ])
  }

  @Test func aFileNameCannotForgeALine() throws {
    let folder = try goodFolder()
    try folder.write("rules.d/a\nmain.toml:1:1: error: \u{1B}[2J.toml", "x")
    let lines = folder.lines(folder.load())
    #expect(lines.count == 1)
    #expect(lines.allSatisfy { !$0.contains("\n") && !$0.contains("\u{1B}") })
    #expect(lines.first?.hasPrefix(#"rules.d/a\u{a}main.toml:1:1: error: \u{1b}[2J.toml:1:2: error: "#) == true)
  }

  @Test func aByteOrderMarkAndCarriageReturnsAreFine() throws {
    let folder = try goodFolder()
    let text = rule("name = \"a\"", "evry = 1").replacing("\n", with: "\r\n")
    try folder.write("rules.d/a.toml", [0xEF, 0xBB, 0xBF] + Array(text.utf8))
    #expect(
      folder.lines(folder.load()) == [
        "rules.d/a.toml:7:1: error: unknown key 'evry' in [[rule]]; did you mean 'every'?"
      ])
  }

  @Test func columnsCountScalars() throws {
    let folder = try goodFolder()
    try folder.write("rules.d/a.toml", rule("name = \"a\"", "scope = { names = [\"ü👩‍🔧\", \"\"] }"))
    // 👩‍🔧 is one letter to the eye and three scalars.
    #expect(
      folder.lines(folder.load()) == [
        "rules.d/a.toml:4:28: error: 'names' has an empty pattern; write \"*\" for any text"
      ])
  }

  @Test func bytesThatAreNotTextHaveTheirPlace() throws {
    let folder = try goodFolder()
    try folder.write("rules.d/a.toml", Array("# ok\na = \"é".utf8) + [0xC3, 0x28] + Array("\"\n".utf8))
    #expect(
      folder.lines(folder.load()) == [
        "rules.d/a.toml:2:7: error: this is not TOML: bytes that are not UTF-8; correct or remove it"
      ])
  }
}
