import Glibc
import GuestWatchCore
import Ledger
import Testing
import VSphere

@testable import GuestWatchDaemon

/// What a program finds in its environment, and what a webhook is posted.
@Suite("Notify: what is told")
struct NoticeTests {
  @Test("A kill, as environment")
  func environmentOfAKill() {
    #expect(
      environment(for: notice()) == [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
        "GUESTWATCHD_EVENT=killed", "GUESTWATCHD_LEVEL=notice", "GUESTWATCHD_TIME=2023-11-14T22:13:20Z",
        #"GUESTWATCHD_MESSAGE=killed "spin" (pid 4242, owner bob) on VM "db-07": rule "spinners" forbids it; it was told to end and exited [kill 3-1]"#,
        "GUESTWATCHD_RULE=spinners", "GUESTWATCHD_VCENTER=lab", "GUESTWATCHD_VM=vm-7", "GUESTWATCHD_VM_NAME=db-07",
        "GUESTWATCHD_PID=4242", "GUESTWATCHD_PROCESS=spin", "GUESTWATCHD_OWNER=bob",
        "GUESTWATCHD_STARTED=2026-11-21T21:39:05Z", "GUESTWATCHD_COMMAND=", "GUESTWATCHD_REASON=forbidden",
        "GUESTWATCHD_GATE=", "GUESTWATCHD_OUTCOME=exited", "GUESTWATCHD_KILL_ID=3-1",
      ])
  }

  @Test("What has no process: the same names, all of them there")
  func environmentOfALessOne() {
    let names = { (all: [String]) in all.map { String($0.prefix { $0 != "=" }) } }
    let down = environment(for: notice(Report(.vcenterDown, .error, vcenter: VCenterID("lab"))))
    #expect(names(down) == names(environment(for: notice())))
    #expect(down.contains("GUESTWATCHD_PID=") && down.contains("GUESTWATCHD_VCENTER=lab"))
    #expect(down.contains("GUESTWATCHD_EVENT=vcenter-down") && down.contains("GUESTWATCHD_KILL_ID="))
  }

  @Test("What would have been killed says why it was not")
  func gate() {
    let would = notice(noticeReport(.wouldKill))
    #expect(environment(for: would).contains("GUESTWATCHD_GATE=dry-run"))
    #expect(environment(for: would).contains("GUESTWATCHD_OUTCOME="))
    #expect(would.json.contains(#""gate":"dry-run","outcome":null"#))
  }

  @Test("A kill, as JSON: the names of history --json")
  func json() {
    #expect(
      notice(number: 12).json
        == #"{"id":"1700000000123456789-12","event":"killed","level":"notice","at":"2023-11-14T22:13:20.123Z","message":"#
        + #""killed \"spin\" (pid 4242, owner bob) on VM \"db-07\": rule \"spinners\" forbids it; it was told to end and exited "#
        + #"[kill 3-1]","rule":"spinners","vcenter":"lab","vm":"vm-7","vm_name":"db-07","pid":4242,"name":"spin","#
        + #""owner":"bob","started":"2026-11-21T21:39:05Z","command":null,"reason":"forbidden","gate":null,"#
        + #""outcome":"exited","kill_id":"3-1"}"#)
  }

  /// Text of a stranger: ends of lines and text, other variables, escapes, bidi, bytes that are no UTF-8, and very much of it.
  static let hostile = [
    "a\0b", "x\nGUESTWATCHD_RULE=mine\nPATH=/tmp", "\u{1B}[2J\u{9B}31m\u{7}", "\u{202E}gnp.exe",
    "$(reboot)`id`;|&\"'\\",
    "\u{FFFD}\u{FFFD}", "\u{2028}\u{85}\u{FEFF}\u{E000}", String(repeating: "é", count: 5000), "=", "-rf",
    "\"},{\"event\":\"killed\"", "",
  ]

  @Test("Hostile names are one printable line of at most 256 bytes each, in both", arguments: hostile)
  func hostileNames(_ text: String) throws {
    let report = noticeReport(name: text, owner: text, command: text, vm: text)
    let told = notice(report)
    let variables = environment(for: told)
    #expect(variables.count == environment(for: notice()).count)
    for variable in variables {
      let scalars = variable.unicodeScalars
      #expect(!scalars.contains { $0.value < 0x20 || $0.value == 0x7F || $0.properties.generalCategory == .control })
      #expect(!scalars.contains { [.format, .lineSeparator, .privateUse].contains($0.properties.generalCategory) })
      let value = variable.drop { $0 != "=" }.dropFirst()
      #expect(value.utf8.count <= (variable.hasPrefix("GUESTWATCHD_MESSAGE=") ? 3072 : 256), "\(variable)")
    }
    #expect(Set(variables.map { $0.prefix { $0 != "=" } }).count == variables.count)
    guard case .object(let members) = try JSONReader.read(Array(told.json.utf8)) else {
      Issue.record("no object")
      return
    }
    #expect(members.count == 18 && Set(members.map(\.key)).count == 18)
    #expect(members.first { $0.key == "event" }?.value.string == "killed")
    #expect(members.first { $0.key == "rule" }?.value.string == "spinners")
  }

  @Test("No command line of a guest, unless the configuration lets them be written (S9)")
  func commands() {
    // `log_commands = "name"`: the decision leaves it out of every report.
    let without = notice()
    #expect(environment(for: without).contains("GUESTWATCHD_COMMAND="))
    #expect(without.json.contains(#""command":null"#))
    let with = notice(noticeReport(command: "spin --password=x"))
    #expect(environment(for: with).contains("GUESTWATCHD_COMMAND=spin --password=x"))
    #expect(with.json.contains(#""command":"spin --password=x""#))
    #expect(with.message.contains("--password=x"), "the journal has it then, too")
  }

  @Test("Nothing of the daemon's own environment is handed on")
  func nothingElse() {
    setenv("CANARY_OF_NOTIFY", "x", 1)
    defer { unsetenv("CANARY_OF_NOTIFY") }
    let names = environment(for: notice()).map { $0.prefix { $0 != "=" } }
    #expect(names.allSatisfy { $0.hasPrefix("GUESTWATCHD_") || ["PATH", "LANG"].contains($0) })
  }

  @Test("The manual names each variable and each member, and no other")
  func manual() throws {
    let page = try Manual("guestwatchd.toml.5")
    let names = environment(for: notice()).map { String($0.prefix { $0 != "=" }) }
    let told = page.items("[[notify]]", mark: "Ev")
    #expect(told.sorted() == names.filter { $0.hasPrefix("GUESTWATCHD_") }.sorted())
    let example = page.section("[[notify]]").drop { !$0.hasPrefix("{") }.prefix { $0 != ".Ed" }.joined()
    let members = try #require(try? JSONReader.read(Array(example.utf8)))
    guard case .object(let described) = members, case .object(let sent) = try JSONReader.read(Array(notice().json.utf8))
    else {
      Issue.record("\(example)")
      return
    }
    #expect(described.map(\.key) == sent.map(\.key))
  }
}
