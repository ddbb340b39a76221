import Testing

@testable import RuleFiles

@Suite struct ValueTests {
  @Test(arguments: [
    ("1s", 1), ("90s", 90), ("1m", 60), ("2h30m", 9000), ("1d2h3m4s", 93_784), ("0h5m", 300), ("05m", 300),
    ("3650d", 315_360_000), ("3649d24h", 315_360_000), ("87600h", 315_360_000),
  ])
  func readsDurations(_ text: String, _ seconds: Int) throws {
    #expect(try duration(text) == .seconds(seconds))
  }

  @Test(arguments: [
    "", "5", "s", "h5", "5 m", " 5m", "5m ", "5m5", "5s5m", "5m5m", "-5m", "+5m", "1.5h", "5M", "5w", "5ms", "٥m",
    "5m\0",
  ])
  func refusesWhatIsNoDuration(_ text: String) {
    #expect(throws: DurationMistake.malformed) { try duration(text) }
  }

  @Test func refusesDurationsOutOfRange() {
    for text in ["0s", "0m", "0d0s"] { #expect(throws: DurationMistake.zero) { try duration(text) } }
    for text in ["3650d1s", "3651d", "315360001s", "99999999999999999999d", "3650d99999999999999999999h"] {
      #expect(throws: DurationMistake.tooLong) { try duration(text) }
    }
  }

  @Test func knowsNames() {
    for good in ["a", "9", "A.b-c_d", String(repeating: "x", count: 64)] { #expect(isName(good)) }
    for bad in ["", ".", "-a", "_a", ".a", "a b", "a/b", "ä", "a\n", "\u{212A}", String(repeating: "x", count: 65)] {
      #expect(!isName(bad))
    }
  }

  @Test func knowsDirectoryAccounts() {
    for name in [#"CORP\joe"#, "joe@corp.example.com"] { #expect(namesDirectoryAccount(name)) }
    for name in ["joe", "", "@", "joe@", "@corp", #"\joe"#, #"CORP\"#, #".\joe"#] {
      #expect(!namesDirectoryAccount(name))
    }
  }

  @Test(arguments: [
    ("max_ago", "max_age"), ("MAX_AGE", "max_age"), ("maxage", "max_age"), ("naem", "name"), ("nam", "name"),
    ("names", "name"), ("unles", "unless"), ("acton", "action"),
  ])
  func findsWhatWasMeant(_ text: String, _ meant: String) {
    #expect(nearest(to: text, among: ["name", "max_age", "unless", "action", "per"]) == meant)
  }

  @Test func keepsQuietWhereNothingIsNear() {
    for text in ["", "x", "colour", "e", String(repeating: "name", count: 1000)] {
      #expect(nearest(to: text, among: ["name", "max_age", "unless", "action"]) == nil)
    }
  }

  @Test(arguments: [
    ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "axc", 1),
    ("kitten", "sitting", 3), ("ca", "abc", 3),
  ])
  func countsEdits(_ a: String, _ b: String, _ distance: Int) {
    #expect(editDistance(Array(a.utf8), Array(b.utf8)) == distance)
  }

  @Test(arguments: [
    ("https://h", "https h 443"), ("https://H.Example.COM:1", "https h.example.com 1"),
    ("https://10.0.0.1:65535", "https 10.0.0.1 65535"), ("https://[2001:DB8::1]", "https 2001:db8::1 443"),
    ("https://[::1]:8443", "https ::1 8443"), ("http://localhost", "http localhost 80"),
    ("http://127.255.0.9:8080", "http 127.255.0.9 8080"), ("http://[0:0:0:0:0:0:0:1]", "http 0:0:0:0:0:0:0:1 80"),
    ("https://a_b-c.d", "https a_b-c.d 443"),
  ])
  func readsAddresses(_ text: String, _ parts: String) throws {
    let address = try ServerAddress(text)
    #expect("\(address.scheme) \(address.host) \(address.port)" == parts)
  }

  @Test(arguments: [
    ("", ServerAddress.Mistake.malformed), ("h", .malformed), ("HTTPS://h", .malformed), ("ftp://h", .malformed),
    ("https:/h", .malformed), ("https://", .host), ("https://h/", .path), ("https://h?x", .path), ("https://h#", .path),
    ("https://u@h", .credentials), ("https://u:p@h", .credentials), ("https://h:", .port), ("https://h:0", .port),
    ("https://h:65536", .port), ("https://h:+1", .port), ("https://h:1:2", .port), ("https://h:000001", .port),
    ("https://1.2.3", .host), ("https://1.2.3.256", .host), ("https://::1", .port), ("https://[::1", .host),
    ("https://[::1]x", .port), ("https://[fe80::1%eth0]", .host), ("https://[1.2.3.4]", .host), ("https://a b", .host),
    ("https://-a", .host), ("https://a-", .host), ("https://a..b", .host), ("https://a.", .host),
    ("https://ä", .host), ("https://h\n", .host), ("https://h\0", .host), ("http://h", .plainHTTP),
    ("http://128.0.0.1", .plainHTTP), ("http://[::2]", .plainHTTP), ("http://localhost.example.com", .plainHTTP),
    ("http://127.0.0.1.example.com", .plainHTTP),
  ])
  func refusesWhatIsNoAddress(_ text: String, _ mistake: ServerAddress.Mistake) {
    #expect(throws: mistake) { try ServerAddress(text) }
  }

  /// The examples of FIPS 180-4 and an empty message.
  @Test(arguments: [
    ("", [0xe3b0_c442, 0x98fc_1c14, 0x9afb_f4c8, 0x996f_b924, 0x27ae_41e4, 0x649b_934c, 0xa495_991b, 0x7852_b855]),
    ("abc", [0xba78_16bf, 0x8f01_cfea, 0x4141_40de, 0x5dae_2223, 0xb003_61a3, 0x9617_7a9c, 0xb410_ff61, 0xf200_15ad]),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      [0x248d_6a61, 0xd206_38b8, 0xe5c0_2693, 0x0c3e_6039, 0xa33c_e459, 0x64ff_2167, 0xf6ec_edd4, 0x19db_06c1]
    ),
  ])
  func hashesAsTheStandardSays(_ text: String, _ words: [UInt32]) {
    #expect(Digest.sha256(Array(text.utf8)) == words)
  }

  @Test func aDigestDependsOnWhereFieldsEnd() {
    #expect(Digest.of(["ab", "c"]) != Digest.of(["a", "bc"]))
    #expect(Digest.of(["a", ""]) != Digest.of(["a"]))
    #expect(Digest.of(["a", "b"]) == Digest.of(["a", "b"]))
  }

  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59Z", -1), ("2026-03-01T10:30:00+02:00", 1_772_353_800),
    ("2000-02-29T12:00:00Z", 951_825_600), ("2100-03-01T00:00:00Z", 4_107_542_400),
    ("0001-01-01T00:00:00Z", -62_135_596_800), ("9999-12-31T23:59:59-23:59", 253_402_387_139),
  ])
  func countsSeconds(_ text: String, _ seconds: Int64) throws {
    let root = try readToml(Array("t = \(text)".utf8))
    guard case .dateTime(let moment)? = root["t"]?.value.kind else {
      Issue.record("\(text) is no date-time")
      return
    }
    #expect(moment.secondsSince1970 == seconds)
  }
}
