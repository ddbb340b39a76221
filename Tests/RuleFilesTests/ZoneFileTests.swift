import GuestWatchCore
import Testing

@testable import RuleFiles

@Suite struct ZoneFileTests {
  private func read(_ file: ZoneFileBytes) throws -> TimeZoneRules { try readZoneFile(file.bytes, name: "x") }

  private func mistake(_ bytes: [UInt8]) -> ZoneFileMistake? {
    do {
      _ = try readZoneFile(bytes, name: "x")
      return nil
    } catch {
      return error
    }
  }

  @Test func berlinToTheEndOfTime() throws {
    let zone = try read(.berlin)
    #expect(zone.name == "x")
    #expect(zone.first == 3600)
    #expect(zone.transitions.prefix(2).map(\.at) == [utc(2025, 3, 30, 1), utc(2025, 10, 26, 1)])
    // The last Sundays of March and October, of years that the file does not spell out.
    for (year, march, october) in [(2027, 28, 31), (2100, 28, 31), (2199, 31, 27), (2262, 30, 26)] {
      let spring = utc(year, 3, march, 1)
      let autumn = utc(year, 10, october, 1)
      #expect([spring - 1, spring, autumn - 1, autumn].map { zone.offset(at: $0) } == [3600, 7200, 7200, 3600])
    }
    // Nothing of the rule comes before the file's last transition.
    #expect(zone.transitions.count { $0.at < utc(2027, 1, 1) } == 4)
  }

  @Test(arguments: [1, 2, 3, 4]) func everyVersion(_ version: Int) throws {
    var file = ZoneFileBytes.berlin
    file.version = version
    let zone = try read(file)
    #expect(zone.transitions.prefix(4).map(\.offset) == [7200, 3600, 7200, 3600])
    // Version 1 has no rule: the last offset stays.
    #expect(zone.offset(at: utc(2030, 7, 1)) == (version == 1 ? 3600 : 7200))
  }

  @Test func zonesWithoutChanges() throws {
    #expect(try read(ZoneFileBytes(types: [0], footer: "UTC0")) == TimeZoneRules(name: "x", first: 0))
    let kolkata = ZoneFileBytes(types: [21_208, 19_800], transitions: [(-1_000_000_000, 1)], footer: "IST-5:30")
    #expect(try read(kolkata).offset(at: utc(2100, 3, 1)) == 19_800)
    #expect(try read(ZoneFileBytes(types: [7200], footer: "")).offset(at: 0) == 7200)
    // Before the first transition the first type holds.
    #expect(try read(kolkata).offset(at: -2_000_000_000) == 21_208)
    // A rule alone.
    let rule = ZoneFileBytes(types: [3600], footer: "CET-1CEST,M3.5.0,M10.5.0/3")
    #expect(try read(rule).offset(at: utc(2026, 7, 1)) == 7200)
  }

  @Test func whatIsNoZone() {
    #expect(mistake([]) == .notAZone)
    #expect(mistake(Array("# tz zone descriptions\n".utf8) + [UInt8](repeating: 32, count: 99)) == .notAZone)
    var file = ZoneFileBytes.berlin
    file.version = 5
    #expect(mistake(file.bytes) == .unknownVersion)
    file.version = 2
    file.leapSeconds = [78_796_800]
    #expect(mistake(file.bytes) == .leapSeconds)
  }

  @Test func whatIsDamaged() {
    let changes: [(String, (inout ZoneFileBytes) -> Void)] = [
      ("no footer", { $0.footer = nil }),
      ("a footer that is no rule", { $0.footer = "CET" }),
      ("two footers", { $0.footer = "CET-1CEST,M3.5.0,M10.5.0/3\n" }),
      ("a rule that contradicts the file", { $0.footer = "CET-2CEST,M3.5.0,M10.5.0/3" }),
      ("no type", { $0.types = [] }),
      ("a transition to a type that is not there", { $0.transitions[1].type = 2 }),
      ("transitions out of order", { $0.transitions[1].at = $0.transitions[0].at }),
      ("an offset of more than a day", { $0.types[1] = 93_600 }),
      ("an offset of more than a day, west", { $0.types[1] = .min }),
      ("indicators of some types", { $0.indicators = 1 }),
    ]
    for (what, change) in changes {
      var file = ZoneFileBytes.berlin
      change(&file)
      #expect(mistake(file.bytes) == .damaged, "\(what)")
    }
    var whole = ZoneFileBytes.berlin
    whole.indicators = 2
    #expect(mistake(whole.bytes) == nil)
    #expect(mistake(whole.bytes + [0]) == .damaged)
    whole.version = 1
    #expect(mistake(whole.bytes + [0]) == .damaged)
  }

  @Test(arguments: [1, 2]) func everyTruncation(_ version: Int) {
    var file = ZoneFileBytes.berlin
    file.version = version
    for count in file.bytes.indices { #expect(mistake(Array(file.bytes[..<count])) != nil) }
  }

  /// Whatever comes out can be asked.
  private func isSound(_ zone: TimeZoneRules) -> Bool {
    zip(zone.transitions, zone.transitions.dropFirst()).allSatisfy { $0.at < $1.at }
      && ([zone.first] + zone.transitions.map(\.offset)).allSatisfy { abs($0) <= TimeZoneRules.greatestOffset }
      && [QuietTime(days: .monday)].end(wall: .max, zone: zone) != nil
      && [QuietTime(days: .monday)].end(wall: .min, zone: zone) != nil
  }

  @Test(arguments: [1, 2]) func everyBitTurned(_ version: Int) {
    var file = ZoneFileBytes.berlin
    file.version = version
    var read = 0
    for place in file.bytes.indices {
      for bit in 0..<8 {
        var bytes = file.bytes
        bytes[place] ^= 1 << bit
        guard let zone = try? readZoneFile(bytes, name: "x") else { continue }
        read += 1
        #expect(isSound(zone))
      }
    }
    // Some are harmless (the reserved bytes): the test is not vacuous.
    #expect(read > 100)
  }

  @Test func manyBytesTurned() {
    var random = SplitMix(state: 2026)
    let whole = ZoneFileBytes.berlin.bytes
    for _ in 0..<3000 {
      var bytes = whole
      for _ in 0...Int.random(in: 0..<6, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] =
          [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
      }
      if Int.random(in: 0..<4, using: &random) == 0 {
        bytes = Array(bytes.prefix(Int.random(in: 0...400, using: &random)))
      }
      if let zone = try? readZoneFile(bytes, name: "x") { #expect(isSound(zone)) }
    }
  }

  @Test func rulesThatAreNone() {
    let texts = [
      "", "CE-1", "CET", "CET-25", "CET-1:60", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,M10.5.0/3,",
      "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.0.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
      "CET-1CEST,J0,J366", "CET-1CEST,366,1", "CET-1CEST,M3.5.0/168,M10.5.0", "<CET-1", "<+1>-1", "CET-1 ",
      "C1T-1", "CET-1CEST,M3.5.0/,M10.5.0", "CET-99999999999999999999", "CET-1CEST,M3.5,M10.5.0", "CET--1", "CÉT-1",
    ]
    for text in texts { #expect(PosixZone(text.utf8) == nil, "\(text)") }
  }

  private func transitions(_ text: String, _ year: Int) throws -> [TimeZoneRules.Transition] {
    let rule = try #require(PosixZone(text.utf8))
    let zone = TimeZoneRules(name: "x", first: rule.standard, transitions: rule.transitions)
    return zone.transitions.filter { (utc(year, 1, 1)..<utc(year + 1, 1, 1)).contains($0.at) }
  }

  @Test func rulesOfTheWorld() throws {
    #expect(
      try transitions("EST5EDT,M3.2.0,M11.1.0", 2026) == [
        .init(at: utc(2026, 3, 8, 7), offset: -14_400), .init(at: utc(2026, 11, 1, 6), offset: -18_000),
      ])
    // Half an hour, and south of the equator.
    #expect(
      try transitions("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 2100) == [
        .init(at: utc(2100, 4, 3, 15), offset: 37_800), .init(at: utc(2100, 10, 2, 15, 30), offset: 39_600),
      ])
    // Winter time is the one that is saved (Dublin).
    #expect(
      try transitions("IST-1GMT0,M10.5.0,M3.5.0/1", 2026) == [
        .init(at: utc(2026, 3, 29, 1), offset: 3600), .init(at: utc(2026, 10, 25, 1), offset: 0),
      ])
    // Hours below 0 and over 24 (Nuuk, Gaza).
    #expect(
      try transitions("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2026) == [
        .init(at: utc(2026, 3, 29, 1), offset: -3600), .init(at: utc(2026, 10, 25, 1), offset: -7200),
      ])
    #expect(
      try transitions("EET-2EEST,M3.4.4/50,M10.4.4/50", 2026) == [
        .init(at: utc(2026, 3, 28, 0), offset: 10_800), .init(at: utc(2026, 10, 23, 23), offset: 7200),
      ])
    // Days by number: J60 is 1 March always, 59 is 29 February in a leap year.
    #expect(try transitions("AAA0BBB,J60/0,J305/0", 2024).map(\.at) == [utc(2024, 3, 1), utc(2024, 10, 31, 23)])
    #expect(try transitions("AAA0BBB,59/0,J305/0", 2024).map(\.at).first == utc(2024, 2, 29))
    #expect(try transitions("AAA0BBB,59/0,J305/0", 2100).map(\.at).first == utc(2100, 3, 1))
    // Summer time for ever: the year ends where the next begins.
    let summer = try transitions("XXX3EDT4,0/0,J365/23", 2026)
    #expect(summer.allSatisfy { $0.offset == -14_400 })
  }
}

/// SplitMix64, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
