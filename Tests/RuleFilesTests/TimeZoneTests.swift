import Glibc
import GuestWatchCore
import Testing

@testable import RuleFiles

/// A folder of time zones of a test's own, with a machine's files beside it.
@Suite struct TimeZoneTests {
  private let folder: ConfigurationFolder

  init() throws {
    folder = try ConfigurationFolder()
    try folder.write("secret", "hunter2\n", mode: 0o400)
    try folder.write("zoneinfo/Europe/Berlin", ZoneFileBytes.berlin.bytes)
    try folder.write("zoneinfo/Asia/Kolkata", ZoneFileBytes(types: [19_800], footer: "IST-5:30").bytes)
    try folder.write("zoneinfo/zone.tab", "# a table\n")
    try folder.write("zoneinfo/Broken", Array(ZoneFileBytes.berlin.bytes.dropLast(3)))
    try folder.write("zoneinfo/right/Europe/Berlin", ZoneFileBytes(leapSeconds: [78_796_800]).bytes)
  }

  private var sources: ZoneSources {
    ZoneSources(
      folder: folder.path + "/zoneinfo", localTime: folder.path + "/localtime", nameFile: folder.path + "/timezone")
  }

  private func load(zone: String?, rules: String = rule(#"not_during = ["sat"]"#)) throws -> (LoadResult, [String]) {
    try folder.write("main.toml", accounts + "[daemon]\n" + (zone.map { "time_zone = \($0)\n" } ?? "dry_run = true\n"))
    try folder.write("rules.d/a.toml", rules)
    var surroundings = Surroundings.ofTests
    surroundings.zones = sources
    let result = folder.load(surroundings: surroundings)
    return (result, folder.lines(result))
  }

  private func link(_ target: String) { #expect(symlink(target, folder.path + "/localtime") == 0) }

  @Test func aZoneByItsName() throws {
    let (result, lines) = try load(zone: #""Europe/Berlin""#)
    #expect(lines == [])
    let zone = try #require(result.loaded).configuration.timeZone
    #expect(zone.name == "Europe/Berlin")
    #expect(zone.offset(at: utc(2026, 7, 1)) == 7200)
  }

  @Test func isReadOnlyWhereItMatters() throws {
    for zone in [#""Mars/Olympus""#, #""Broken""#] {
      let (result, lines) = try load(zone: zone, rules: rule())
      #expect(lines == [])
      #expect(try #require(result.loaded).configuration.timeZone == .utc)
    }
    try folder.write("localtime", "no zone")
    #expect(try load(zone: nil, rules: rule()).1 == [])
  }

  @Test func whatIsNoName() throws {
    let hint = #"write an IANA name such as "Europe/Berlin" or "UTC""#
    for name in [
      "", "../secret", "/etc/localtime", "Europe//Berlin", "Europe/./Berlin", "Europe/", "a b", "CET\\u0000",
    ] {
      // The form is wrong whether it is needed or not.
      for rules in [rule(), rule(#"not_during = ["sat"]"#)] {
        #expect(
          try load(zone: "\"\(name)\"", rules: rules).1 == [
            "main.toml:12:13: error: 'time_zone' is not the name of a time zone; \(hint)"
          ])
      }
    }
    #expect(try load(zone: "1").1 == ["main.toml:12:13: error: 'time_zone' is an integer; \(hint)"])
  }

  @Test func whatIsNotThere() throws {
    let cases = [
      ("Europe/Berln", "did you mean 'Europe/Berlin'?"), ("europe/berlin", "did you mean 'Europe/Berlin'?"),
      ("kolkata", "did you mean 'Asia/Kolkata'?"), ("Europe", #"write an IANA name such as "Europe/Berlin" or "UTC""#),
      ("Mars/Olympus", #"write an IANA name such as "Europe/Berlin" or "UTC""#),
    ]
    for (name, right) in cases {
      #expect(
        try load(zone: "\"\(name)\"").1 == [
          "main.toml:12:13: error: 'time_zone' names no time zone of zoneinfo; \(right)"
        ])
    }
  }

  @Test func whatIsNoZoneFile() throws {
    let cases = [
      ("zone.tab", "is not a time zone file"), ("Broken", "is damaged"),
      ("right/Europe/Berlin", "counts leap seconds, which the clock of this machine does not"),
    ]
    for (name, what) in cases {
      #expect(
        try load(zone: "\"\(name)\"").1 == [
          "main.toml:12:13: error: 'time_zone': zoneinfo/\(name) \(what); write an IANA name such as "
            + #""Europe/Berlin" or "UTC""#
        ])
    }
  }

  @Test func utcNeedsNoFile() throws {
    for name in ["UTC", "Etc/UTC"] {
      let (result, lines) = try load(zone: "\"\(name)\"")
      #expect(lines == [])
      #expect(try #require(result.loaded).configuration.timeZone == TimeZoneRules(name: name, first: 0))
    }
    var nowhere = sources
    nowhere.folder += "/none"
    #expect(throws: ZoneMistake.unknown) { try nowhere.zone("Europe/Berlin") }
    #expect(try nowhere.zone("UTC").offset(at: 0) == 0)
  }

  @Test func theMachinesByItsLink() throws {
    link("../usr/share/zoneinfo/Europe/Berlin")
    let (result, lines) = try load(zone: nil)
    #expect(lines == [])
    #expect(try #require(result.loaded).configuration.timeZone.name == "Europe/Berlin")
    #expect(try #require(result.loaded).configuration.timeZone.offset(at: utc(2026, 7, 1)) == 7200)
  }

  @Test func theMachinesByACopy() throws {
    try folder.write("localtime", ZoneFileBytes.berlin.bytes)
    // A name that contradicts it does not count: programs go by the copy.
    try folder.write("timezone", "Asia/Kolkata\n")
    let zone = try #require(load(zone: nil).0.loaded).configuration.timeZone
    #expect(zone.name == folder.path + "/localtime")
    #expect(zone.offset(at: utc(2026, 7, 1)) == 7200)
  }

  @Test func theMachinesByALinkToElsewhere() throws {
    try folder.write("my-zone", ZoneFileBytes(types: [19_800], footer: "").bytes)
    link(folder.path + "/my-zone")
    #expect(try #require(load(zone: nil).0.loaded).configuration.timeZone.first == 19_800)
  }

  @Test func theMachinesByItsName() throws {
    try folder.write("timezone", " Asia/Kolkata \n# more\n")
    #expect(try #require(load(zone: nil).0.loaded).configuration.timeZone.name == "Asia/Kolkata")
  }

  @Test func theMachinesIsUTCWhereNobodySays() throws {
    #expect(try #require(load(zone: nil).0.loaded).configuration.timeZone == .utc)
    try folder.write("timezone", "\n")
    #expect(try #require(load(zone: nil).0.loaded).configuration.timeZone == .utc)
  }

  @Test func theMachinesCannotBeTold() throws {
    func line(_ what: String) -> String {
      "main.toml:11:1: error: 'not_during' needs a time zone and this machine's cannot be told: \(what); correct that, "
        + "install tzdata, or write time_zone = \"...\" in [daemon]"
    }
    try folder.write("timezone", "Mars/Olympus\n")
    #expect(try load(zone: nil).1 == [line("timezone names 'Mars/Olympus', and zoneinfo/Mars/Olympus does not exist")])
    try folder.write("timezone", "../secret\n")
    #expect(try load(zone: nil).1 == [line("timezone names '../secret', and zoneinfo/../secret does not exist")])
    // The copy goes before the name.
    try folder.write("localtime", "no zone")
    #expect(try load(zone: nil).1 == [line("localtime is not a time zone file")])
    unlink(folder.path + "/localtime")
    link("/usr/share/zoneinfo/Europe/Paris")
    #expect(try load(zone: nil).1 == [line("localtime names 'Europe/Paris', and zoneinfo/Europe/Paris does not exist")])
    // A link to UTC is right without any file.
    unlink(folder.path + "/localtime")
    link("/usr/share/zoneinfo/Etc/UTC")
    #expect(try #require(load(zone: nil).0.loaded).configuration.timeZone.name == "Etc/UTC")
  }
}
