import GuestWatchCore
import Synchronization
import Testing

@testable import GuestWatchDaemon

/// What is explained here was made by a decision of its own from a saved listing: db-07 at 2026-01-01T12:00:00Z.
enum Saved {
  static let noon: Int64 = 1_767_268_800
  static let hostile = "x\u{1b}[2J\u{202e}\n\"y"

  static func process(_ pid: Int64, _ name: String, _ owner: String = "bob", age: Int64 = 60) -> Process {
    Process(
      pid: pid, started: noon - age, owner: GuestText(owner), name: GuestText(name),
      command: GuestText("\(name) --secret"))
  }

  static let rows = [
    process(1, "systemd", "root", age: 90_000), process(500, "bkagent", "backup", age: 3 * 3600),
    process(501, "bkagent", "root", age: 3 * 3600), process(502, "bkagent", "backup", age: 60),
    process(503, hostile, hostile), process(504, "keeper", "backup"), process(505, "cron", ""),
  ]

  static func glob(_ pattern: String) -> Glob {
    do { return try Glob(pattern) } catch { preconditionFailure("bad glob in a test: \(pattern)") }
  }

  static func rule(_ name: String, _ match: Match, _ limits: Limits, _ change: (inout Rule) -> Void = { _ in }) -> Rule
  {
    var rule = Rule(
      id: RuleID(name), login: linux, scope: Scope(names: [glob("db-*")]), match: match, limits: limits,
      lasting: .seconds(300), every: .seconds(60))
    change(&rule)
    return rule
  }

  static let backup = rule(
    "stuck-backup", Match(names: [glob("bk*"), glob("keep*")], owners: [glob("backup")]),
    .bounded(maxAge: .seconds(7200), maxInstances: nil)
  ) { $0.unless = [Match(names: [glob("keeper")])] }
  static let strange = rule("strange", Match(names: [glob("x*")]), .forbidden) {
    $0.action = .terminate
    $0.notDuring = [QuietTime(from: 0, until: 780)]
  }

  static func configuration(_ rules: [Rule], _ change: (inout Configuration) -> Void = { _ in }) -> Configuration {
    var configuration = Configuration(
      vcenters: [VCenterEntry(id: lab)], logins: [LoginEntry(id: linux, account: "watch")], rules: rules)
    change(&configuration)
    return configuration
  }

  static func explanation(
    _ rules: [Rule] = [backup, strange], rows: [Process] = rows, change: (inout Configuration) -> Void = { _ in }
  ) throws -> Explanation {
    let listing = SavedListing(
      listing: Listing(rows: rows, showsEnds: false), vm: "db-07", family: .linux, wall: noon * 1_000_000_000)
    guard case .explained(let explanation)? = listing.explained(by: configuration(rules, change)).first else {
      throw Missing()
    }
    return explanation
  }
  struct Missing: Error {}
}

@Suite("The lines of an explanation") struct ExplainedLinesTests {
  private func lines(
    _ choice: RowChoice = RowChoice(), _ change: (inout Configuration) -> Void = { _ in }
  ) throws -> [String] { Array(ExplainedLines(try Saved.explanation(change: change), choice).joined()) }

  @Test("The VM, then rule by rule what matches and how many do not, by the first condition that failed")
  func standard() throws {
    let lines = try lines()
    #expect(
      lines.map { String($0.dropFirst(7).prefix { $0 != "\"" }) } == [
        "vm", "rule", "process", "process", "others", "rule", "process", "others",
      ])
    #expect(lines[0].contains(#""listed":"2026-01-01T12:00:00.000Z","processes":7"#))
    #expect(lines[0].hasSuffix(#""took_milliseconds":0}"#))
    #expect(lines[2].contains(#""pid":500"#) && lines[2].contains(#""verdict":"exceeded""#))
    #expect(lines[2].contains(#""gates":["report"]"#) && lines[2].contains(#""due_seconds":300"#))
    #expect(lines[3].contains(#""pid":502"#) && lines[3].contains(#""verdict":"within""#))
    #expect(lines[3].contains(#""exceeds":"2026-01-01T13:59:00.000Z""#), "\(lines[3])")
    #expect(lines[4].contains(#""count":5,"failed":{"pid":0,"started":0,"name":3,"owner":1,"command":0,"unless":1}"#))
    #expect(
      lines[6].contains(#""gate":"not-during""#) && lines[5].contains(#""gate_opens":"2026-01-01T13:00:00+00:00""#))
    #expect(!lines.joined().contains("--secret"))
  }

  @Test("Each that does not match, where that is asked for; one process; one rule; one that is not there")
  func choices() throws {
    let all = try lines(RowChoice(rule: RuleID("stuck-backup"), all: true))
    #expect(all.count == 2 + Saved.rows.count)
    #expect(
      all.contains { $0.contains(#""failed":"owner","unless":null,"failed_says":"owner does not fit \"backup\"""#) })
    #expect(
      all.contains {
        $0.contains(#""failed":"unless","unless":1,"failed_says":"excepted by unless (name \"keeper\")""#)
      })
    let one = try lines(RowChoice(pid: 501))
    #expect(one.count == 5 && one.filter { $0.contains(#""pid":501"#) }.count == 3)
    let none = try lines(RowChoice(pid: 4711))
    #expect(none.count == 1 && none[0].contains(#""pid":4711,"pid_found":false"#))
  }

  @Test("Command lines only where they may be written; what protects is named")
  func commands() throws {
    let lines = try lines(RowChoice(pid: 500)) {
      $0.logCommands = .full
      $0.protect.commands = [Saved.glob("*secret*")]
    }
    #expect(lines.contains { $0.contains(#""command":"bkagent --secret""#) })
    #expect(lines.contains { $0.contains(#""protected_by":"commands \"*secret*\" of [protect]""#) })
    #expect(lines.contains { $0.contains(#""gates":["protected","report"]"#) })
  }

  @Test("20,000 rows are made in portions, and each is there once")
  func many() throws {
    let rows = (0..<20_000).map { Saved.process(Int64($0) + 10, "bkagent", $0 % 2 == 0 ? "backup" : "bob") }
    var pieces = ExplainedLines(try Saved.explanation(rows: rows), RowChoice(all: true))
    var (count, largest) = (0, 0)
    while let piece = pieces.next() {
      count += piece.count
      largest = max(largest, piece.count)
    }
    #expect(count == 1 + 2 * 20_001 && largest <= 257)
  }

  @Test("Over the socket it leaves in the same pieces, and ends as every answer does")
  func answer() throws {
    let answer = Answer.explained(try Saved.explanation(), RowChoice())
    let pieces = Array(answer.pieces(configuration: "/c"))
    #expect(pieces.flatMap { $0 } == answer.lines(configuration: "/c"))
    #expect(pieces.count > 2 && pieces.last == [#"{"is":"end","ok":true,"message":"","notes":[]}"#])
  }
}

@Suite("An explanation in words") struct ExplainTextTests {
  private func text(
    _ choice: RowChoice = RowChoice(), rules: [Rule] = [Saved.backup, Saved.strange], width: Int = 80,
    _ change: (inout Configuration) -> Void = { _ in }
  ) throws -> [String] {
    var text = ExplainText(width: width)
    var summary = ExplainSummary()
    var lines: [String] = []
    for line in ExplainedLines(try Saved.explanation(rules, change: change), choice).joined() {
      summary.take(line)
      lines += text.lines(line)
    }
    return lines + text.lines(summary.end())
  }

  @Test("As an operator reads it")
  func whole() throws {
    let said = try text()
    #expect(
      said == [
        "db-07 (db-07 of lab), linux, login linux, 7 processes at 2026-01-01 12:00:00 UTC",
        "  rule stuck-backup (report): max_age 2h, lasting 5m",
        "    kills nothing now: the rule only reports",
        "    bkagent (pid 500, backup): age 3h",
        "      over its limit: max_age 2h, since 12:00:00, due in 5m, 12:05:00",
        "    bkagent (pid 502, backup): age 1m",
        "      within its limits: max_age 2h, exceeds it at 13:59:00, due in 2h4m,",
        "        14:04:00",
        "    5 others do not match: 3 by name, 1 by owner, 1 excepted by unless",
        "  rule strange (terminate): forbidden, lasting 5m",
        "    kills nothing now: the rule's not_during holds until",
        "      2026-01-01T13:00:00+00:00",
        "    x\\u{1B}[2J\\u{202E}\\n\"y (pid 503, x\\u{1B}[2J\\u{202E}\\n\"y): age 1m",
        "      over its limit: forbidden, since 12:00:00, due in 5m, 12:05:00",
        "    6 others do not match: 6 by name",
        "",
        "0 of 2 processes over a limit would be killed; to allow more: action =",
        "  \"terminate\" in rule stuck-backup (1), time: the not_during of rule strange (1)",
      ])
  }

  @Test("A rule that has nothing to do with a VM takes one line there")
  func nothingMatches() throws {
    var other = Saved.backup
    other.id = RuleID("other")
    other.match = Match(names: [try Glob("nobody")])
    let said = try text(rules: [other, Saved.backup])
    #expect(said[1] == "  rule other: no process matches (7 by name)")
    #expect(said[2] == "  rule stuck-backup (report): max_age 2h, lasting 5m")
  }

  @Test("Nothing is wider than the terminal, and nothing of a guest's moves its cursor", arguments: [60, 80, 133])
  func widths(width: Int) throws {
    let wide = Saved.process(600, String(repeating: "\u{4e00}", count: 400), Saved.hostile)
    var text = ExplainText(width: width)
    for line in ExplainedLines(try Saved.explanation(rows: Saved.rows + [wide]), RowChoice(all: true)).joined() {
      for shown in text.lines(line) {
        let columns = shown.unicodeScalars.reduce(0) { $0 + ($1.value >= 0x4e00 && $1.value < 0xa000 ? 2 : 1) }
        #expect(columns <= width, "\(shown)")
        #expect(!shown.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202e })
      }
    }
  }

  @Test(
    "The last line says how many would be killed and what to change",
    arguments: [
      (Action.terminate, false, false, "1 process would be killed"),
      (
        .report, false, false,
        "0 of 1 process over a limit would be killed; to allow more: action = \"terminate\" in rule stuck-backup (1)"
      ),
      (
        .report, true, false,
        "0 of 1 process over a limit would be killed; to allow more: action = \"terminate\" in rule stuck-backup (1), "
          + "dry_run = false in [daemon] (1)"
      ),
      (
        .terminate, false, true,
        "0 of 1 process over a limit would be killed; 1 is protected"
      ),
    ])
  func summaries(action: Action, dryRun: Bool, protected: Bool, says: String) throws {
    var rule = Saved.backup
    rule.action = action
    let lines = try text(rules: [rule], width: 200) {
      $0.dryRun = dryRun
      if protected { $0.protect.names = [Saved.glob("bk*")] }
    }
    #expect(lines.last == says)
  }

  @Test("A process is counted once, however many rules want it dead; of many rules some are named")
  func counts() throws {
    let rules = (1...7).map { i in
      Saved.rule("r\(i)", Match(names: [Saved.glob("bk*")]), .bounded(maxAge: .seconds(7200), maxInstances: nil))
    }
    #expect(
      try text(rules: rules, width: 200).last
        == "0 of 2 processes over a limit would be killed; to allow more: action = \"terminate\" in rules r1, r2, r3, r4, r5 "
        + "and 2 more (2)")
    var one = rules
    one[6].action = .terminate
    #expect(try text(rules: one, width: 200).last == "2 processes would be killed")
  }

  @Test("What matches nothing, what was not looked at, and a note of a vCenter")
  func others() throws {
    var rule = Saved.backup
    rule.match.names = [Saved.glob("nothing")]
    #expect(try text(rules: [rule]).last == "nothing would be killed: no process is over a limit")
    var text = ExplainText(width: 80)
    #expect(
      text.lines(
        #"{"is":"unwatched","vcenter":"lab","vm":"vm-9","vm_name":"off\u001b","reason":"it is not powered on"}"#)
        == ["off\\u{1B} (vm-9 of lab): not looked at: it is not powered on"])
    #expect(text.lines(#"{"is":"vm","processes":0,"pid":7,"pid_found":false}"#).last == "  no process has pid 7 there")
    #expect(text.lines("nonsense") == [] && text.lines(#"{"is":"other"}"#) == [])
  }
}
