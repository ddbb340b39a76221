import Glibc
import GuestWatchCore
import RuleFiles
import Testing

/// What `check` says, for people and for programs.
@Suite struct CheckReportTests {
  func report(
    main: String = accounts, rules: String, change: (inout Surroundings) -> Void = { _ in }
  ) throws -> (CheckReport, ConfigurationFolder) {
    let folder = try ConfigurationFolder()
    try folder.write("main.toml", main)
    try folder.write("secret", "hunter2\n", mode: 0o400)
    try folder.write("rules.d/a.toml", rules)
    var surroundings = Surroundings.ofTests
    change(&surroundings)
    return (CheckReport(config: "main.toml", result: folder.load(surroundings: surroundings)), folder)
  }

  @Test func saysWhatWasReadAndHowOftenItLooks() throws {
    let (report, _) = try report(
      main: accounts + "[[guest_login]]\nname = \"spare\"\nusername = \"u\"\n" + passwordLine,
      rules: rule("action = \"terminate\"") + rule("name = \"s\"", "every = \"7m\""))
    #expect(
      report.text == [
        "main.toml: 2 rules (1 may terminate) in 2 files, 1 vCenter, 2 guest logins",
        "guest login 'linux': surveys at most 288 times a day in each VM that its rules reach (every 5m); each is a login "
          + "there",
      ])
  }

  @Test func looksAreCountedPerLogin() throws {
    let (report, _) = try report(
      rules: rule("every = \"7m\"") + rule("name = \"s\"", "every = \"1h\""))
    #expect(report.result.loaded?.looks == [Looks(login: "linux", every: .seconds(420), perDay: 206)])
  }

  @Test func jsonIsOneObjectALine() throws {
    let (report, folder) = try report(rules: rule("evry = \"a\\\"b\"", "lasting = \"1s\""))
    #expect(
      report.json.map { folder.shortened($0) } == [
        #"{"is":"diagnostic","file":"rules.d/a.toml","line":7,"column":1,"severity":"error","code":"unknown-key","#
          + #""message":"unknown key 'evry' in [[rule]]; did you mean 'every'?"}"#,
        #"{"is":"diagnostic","file":"rules.d/a.toml","line":8,"column":11,"severity":"warning","code":"short-lasting","#
          + #""message":"'lasting' is shorter than 'every', so that no look may fall into it; write at least as much as "#
          + #"'every'"}"#,
        #"{"is":"summary","config":"main.toml","usable":false,"errors":1,"warnings":1}"#,
      ])
    #expect(report.text == nil)
  }

  @Test func jsonSaysWhatWasRead() throws {
    let (report, folder) = try report(rules: rule())
    #expect(
      report.json.map { folder.shortened($0) } == [
        #"{"is":"summary","config":"main.toml","usable":true,"errors":0,"warnings":0,"files":["main.toml","#
          + #""rules.d/a.toml"],"rules":1,"terminating_rules":0,"vcenters":1,"guest_logins":1,"dry_run":false,"#
          + #""time_zone":"UTC","looks":[{"guest_login":"linux","every_seconds":300,"surveys_per_vm_per_day":288}]}"#
      ])
  }

  @Test func jsonEscapes() {
    let diagnostic = Diagnostic(
      file: "a\"\\\n\u{1B}\u{2028}\u{E000}é\u{1F600}", line: 1, column: 2, severity: .warning, code: .noRules,
      message: "\u{7F}\t")
    #expect(
      diagnostic.json
        == #"{"is":"diagnostic","file":"a\"\\\n\u001b\u2028\ue000é"# + "\u{1F600}"
        + #"","line":1,"column":2,"severity":"warning","code":"no-rules","message":"\u007f\t"}"#)
  }

  @Test func codesAreStable() {
    #expect(Set(Diagnostic.Code.allCases.map(\.rawValue)).count == Diagnostic.Code.allCases.count)
    for code in Diagnostic.Code.allCases {
      #expect(code.rawValue.utf8.allSatisfy { (97...122).contains($0) || $0 == 45 })
    }
  }

  @Test func withoutSecretsNoneIsOpened() throws {
    let main = accounts.replacing(#"{ file = "secret" }"#, with: #"{ file = "not-there" }"#, maxReplacements: 1)
      .replacing(#"{ file = "secret" }"#, with: #"{ credential = "guest" }"#, maxReplacements: 1)
    let (strict, _) = try report(main: main, rules: rule())
    #expect(strict.result.diagnostics.map(\.code) == [.unreadableSecret, .unreadableSecret])
    let (report, _) = try report(main: main, rules: rule()) { $0.opensSecrets = false }
    #expect(report.result.diagnostics.isEmpty)
    #expect(report.result.loaded?.vcenters.map { $0.password.reveal() } == [""])
    #expect(
      report.result.loaded?.logins.map(\.secret) == [.password(userName: "guestwatch", Secret(""))])
    // A pipe that nobody writes to would be felt.
    let folder = try ConfigurationFolder()
    try folder.write("main.toml", accounts + rule())
    #expect(mkfifo(folder.path + "/secret", 0o600) == 0)
    var surroundings = Surroundings.ofTests
    surroundings.opensSecrets = false
    #expect(folder.load(surroundings: surroundings).diagnostics.isEmpty)
  }

  @Test func withoutSecretsTheirFormIsStillChecked() throws {
    let main = accounts.replacing(#"{ file = "secret" }"#, with: #""hunter2""#, maxReplacements: 1)
      .replacing(#"{ file = "secret" }"#, with: #"{ credential = "a/b" }"#, maxReplacements: 1)
    let (report, _) = try report(main: main, rules: rule()) { $0.opensSecrets = false }
    #expect(report.result.diagnostics.map(\.code) == [.literalSecret, .badName])
  }
}
