import GuestWatchCore
import Testing

@testable import RuleFiles

/// `show-config`: what is printed reads back to the same.
@Suite struct ShowConfigurationTests {
  func folder() throws -> ConfigurationFolder {
    let folder = try ConfigurationFolder()
    try folder.write("a", "a\n", mode: 0o400)
    try folder.write("b", "b\n", mode: 0o400)
    try folder.write("hook", DrawnConfiguration.hook + "\n", mode: 0o400)
    try folder.write("ca.pem", "-----BEGIN CERTIFICATE-----\n")
    return folder
  }

  /// Without what depends on the files rather than on what they say.
  func bare(_ loaded: LoadedConfiguration) -> LoadedConfiguration {
    var loaded = loaded
    loaded.configuration.digests = nil
    loaded.configuration.timeZone = .utc
    for i in loaded.configuration.vcenters.indices { loaded.configuration.vcenters[i].digest = 0 }
    for i in loaded.configuration.logins.indices { loaded.configuration.logins[i].digest = 0 }
    loaded.files = []
    loaded.wording = Wording()
    return loaded
  }

  @Test(arguments: 0..<300 as Range<UInt64>)
  func whateverIsDrawnReadsBack(_ seed: UInt64) throws {
    let folder = try folder()
    var drawing = DrawnConfiguration(seed: seed)
    let drawn = drawing.draw(in: folder.path)
    let text = drawn.shown()
    try folder.write("main.toml", text)
    let result = folder.load()
    #expect(folder.lines(result).filter { $0.contains(": error: ") } == [], "\(text)")
    let read = try #require(result.loaded)
    #expect(bare(read) == bare(drawn), "\(text)")
    #expect(read.wording.every == drawn.wording.every)
    #expect(read.wording.timeZone == drawn.wording.timeZone || drawn.wording.timeZone == nil)
    // Printed again it differs in where the values came from alone.
    #expect(values(read.shown()) == values(text))
  }

  /// The lines without what stands behind "  # ".
  func values(_ text: String) -> [String] {
    text.split(separator: "\n").map(String.init).map { line in
      line.firstRange(of: "  # ").map { String(line[..<$0.lowerBound]) } ?? line
    }
    // The folder of the rules and the time zone of the machine are only told.
    .filter { !$0.hasPrefix("#") && !$0.hasPrefix("time_zone") }
  }

  @Test func everyValueSaysWhereItCameFrom() throws {
    let folder = try folder()
    try folder.write("secret", "hunter2\n", mode: 0o400)
    try folder.write("main.toml", accounts + "[daemon]\n\nevery = \"2m\"\n[protect]\nnames = \"sshd\"\n")
    try folder.write("rules.d/a.toml", rule("lasting = \"10m\"", "not_during = [\"sat-mon\", \"22:00-06:00\"]"))
    var surroundings = Surroundings.ofTests
    surroundings.zones = ZoneSources(
      folder: folder.path, localTime: folder.path + "/none", nameFile: folder.path + "/none")
    let loaded = try #require(folder.load(surroundings: surroundings).loaded)
    #expect(
      folder.shortened(loaded.shown()) == """
        # What guestwatchd reads, all files in one, with where each value came from.

        [daemon]
        dry_run = false  # default
        every = "2m"  # main.toml:13
        # rules = "rules.d"  # the rules of its files stand below
        log_commands = "name"  # default
        time_zone = "UTC"  # this machine's

        [budget]
        kills = 20  # default
        per_vm = 3  # default
        within = "1h"  # default

        [protect]
        names = ["sshd"]  # main.toml:15
        owners = []  # default
        commands = []  # default

        [ledger]
        keep = "400d"  # default

        [[vcenter]]
        name = "lab"  # main.toml:2
        url = "https://vcenter.example.com"  # main.toml:3
        username = "svc@vsphere.local"  # main.toml:4
        password = { file = "secret" }  # main.toml:5
        max_in_flight = 64  # default

        [[guest_login]]
        name = "linux"  # main.toml:8
        username = "guestwatch"  # main.toml:9
        password = { file = "secret" }  # main.toml:10
        directory = false  # default
        max_in_flight = 64  # default

        [[rule]]
        name = "r"  # rules.d/a.toml:2
        description = ""  # default
        guest_login = "linux"  # rules.d/a.toml:3
        scope = { ids = ["vm-1"] }  # rules.d/a.toml:4
        match = { name = "x" }  # rules.d/a.toml:5
        forbidden = true  # rules.d/a.toml:6
        lasting = "10m"  # rules.d/a.toml:7
        every = "2m"  # [daemon] every
        not_during = ["mon,sat-sun", "22:00-06:00"]  # rules.d/a.toml:8
        action = "report"  # default

        """)
    #expect(!loaded.shown().contains("hunter2"))
  }

  @Test func relativePathsAreMadeAbsolute() throws {
    var wording = Wording()
    wording.workingFolder = "/srv"
    wording.vcenterPasswords = [.file("conf/s")]
    let loaded = LoadedConfiguration(
      configuration: Configuration(vcenters: [VCenterEntry(id: VCenterID("a"))], logins: [], rules: []),
      vcenters: [VCenterSettings(id: VCenterID("a"), host: "h", userName: "u", password: Secret("x"), caFile: "c.pem")],
      logins: [], files: [], wording: wording)
    let text = loaded.shown()
    #expect(text.contains("password = { file = \"/srv/conf/s\" }"))
    #expect(text.contains("ca_file = \"/srv/c.pem\""))
    #expect(text.contains("# rules = \"/srv/rules.d\""))
  }

  @Test func aFileNameCannotLeaveItsComment() throws {
    let folder = try folder()
    try folder.write("secret", "x\n", mode: 0o400)
    try folder.write("main.toml", accounts)
    try folder.write("rules.d/a\n[daemon]\n.toml", rule())
    let text = try #require(folder.load().loaded).shown()
    #expect(text.contains(#"rules.d/a\u{a}[daemon]\u{a}.toml:2"#))
    #expect(text.split(separator: "\n").count { $0 == "[daemon]" } == 1)
  }

  @Test(arguments: [
    ("", #""""#), ("a", #""a""#), ("a\"b", #"'a"b'"#), (#"C:\x"#, #"'C:\x'"#), ("it's", #""it's""#),
    ("it's \"x\"", #""it's \"x\"""#), ("\n\t\r", #""\n\t\r""#), ("\u{0}\u{202E}", #""\U00000000\U0000202e""#),
    ("é", "\"é\""),
  ])
  func writesStrings(_ text: String, _ toml: String) throws {
    #expect(tomlText(text) == toml)
    guard case .string(let read)? = try readToml(Array("a = \(toml)".utf8))["a"]?.value.kind else {
      Issue.record("\(toml) is no string")
      return
    }
    #expect(read == text)
  }

  @Test(arguments: [0, -1, 59, 951_782_399, 951_782_400, -62_135_596_800, 253_402_300_799, 1_772_353_800] as [Int64])
  func writesMoments(_ seconds: Int64) throws {
    guard case .dateTime(let read)? = try readToml(Array("a = \(tomlMoment(seconds))".utf8))["a"]?.value.kind else {
      Issue.record("\(tomlMoment(seconds)) is no date-time")
      return
    }
    #expect(read.secondsSince1970 == seconds)
  }

  @Test func everyDurationReadsBack() throws {
    for seconds in [1, 59, 60, 3599, 3600, 86_400, 93_784, 315_360_000] as [Int64] {
      #expect(try duration(durationText(.seconds(seconds))) == .seconds(seconds))
    }
    #expect(durationText(.zero) == "0s")
  }

  @Test func everyQuietTimeReadsBack() throws {
    for days in 1...127 {
      for (from, until) in [(0, 1440), (0, 1), (1320, 1800), (1439, 2878), (720, 1440), (1, 1440)] {
        let time = QuietTime(days: Weekdays(rawValue: UInt8(days)), from: from, until: until)
        #expect(try quietTime(quietTimeText(time)) == time)
      }
    }
  }
}
