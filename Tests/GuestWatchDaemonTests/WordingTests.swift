import GuestWatchCore
import GuestWatchDaemon
import Systemd
import Testing

/// A row of a table: what goes in, and the text that comes out, in pieces.
private struct Case<Given: Sendable>: Sendable {
  let given: Given
  let expected: String

  init(_ given: Given, _ pieces: String...) {
    self.given = given
    expected = pieces.joined()
  }
}

@Suite struct WordingTests {
  private static func report(
    _ kind: Report.Kind, _ level: Report.Level = .notice, reason: Reason? = nil, gate: Gate? = nil,
    outcome: Outcome? = nil, fault: Fault? = nil, detail: String = "", opens: Opening? = nil, demand: Demand? = nil
  ) -> Report {
    Report(
      kind, level, rule: demand == nil ? RuleID("spinners") : nil, vcenter: VCenterID("lab"), moid: "vm-7",
      vmName: "db-07",
      login: LoginID("linux"),
      process: Process(pid: 4242, started: 1_795_297_145, owner: "bob", name: "spin", command: ""),
      killID: KillID(life: 3, number: 1), reason: reason, demand: demand, gate: gate, outcome: outcome, fault: fault,
      detail: detail, opens: opens)
  }

  private static func unresolved(_ selector: Selector, _ trouble: SelectorTrouble, _ detail: String = "") -> Report {
    Report(
      .selectorUnresolved, .warning, vcenter: VCenterID("lab"), detail: detail, selector: selector, trouble: trouble)
  }

  private static let old = Reason.tooOld(limit: .seconds(10), proven: .seconds(14), claimed: .seconds(16))
  private static let subject = #""spin" (pid 4242, owner bob) on VM "db-07""#
  private static let because = #"rule "spinners" allows 10s, it was proven 14s old"#
  private static let denial = Fault(.guestDenied, code: "GuestPermissionDenied", detail: "no\nway")

  private static let demand = Demand(uid: 1000, why: "it eats \"the\"\ndisk")
  private static let because1000 = #"uid 1000 asked for it: "it eats \u{22}the\u{22}\ndisk""#

  /// Every sort of report has its words.
  private static let sentenceRows: [Case<Report>] = [
    Case(
      report(.killAsked, demand: demand),
      "\(subject) is to be killed by hand: \(because1000); it is looked at once more and then killed"),
    Case(
      report(.killAsked, gate: .dryRun, demand: demand),
      "\(subject) is to be killed by hand: \(because1000); not killed: this is a dry run"),
    Case(
      report(.killAsked, gate: .ledger, detail: "disk full", demand: demand),
      "\(subject) is to be killed by hand: \(because1000); not killed: the ledger cannot be written: disk full"),
    Case(
      report(.killAsked, detail: "whoever asked for it has gone", demand: demand),
      "\(subject) is to be killed by hand: \(because1000); not killed: whoever asked for it has gone"),
    Case(
      report(.killed, outcome: .exited, demand: demand),
      "killed \(subject): \(because1000); it was told to end and exited [kill 3-1]"),
    Case(
      report(.spared, detail: "another process has the pid now", demand: demand),
      "spared \(subject): it is not the process that uid 1000 asked to kill [kill 3-1]: another process has the pid now"
    ),
    Case(
      report(.runaway, reason: old),
      "\(subject) has run away: \(because); it is looked at once more and then killed [kill 3-1]"
    ),
    Case(report(.terminating, .info, reason: old), "terminating \(subject): \(because) [kill 3-1]"),
    Case(
      report(.waiting, .warning, reason: old, gate: .fleetBudget, detail: "20 of 20 in 1h"),
      "\(subject) has run away and is not killed for now: \(because), but the budget of all rules is used up: ",
      "20 of 20 in 1h"
    ),
    Case(
      report(.waiting, .info, reason: old, gate: .notDuring, opens: Opening(at: 1_795_323_600, offset: 3600)),
      "\(subject) has run away and is not killed for now: \(because), but the rule's not_during holds until ",
      "2026-11-22T06:00:00+01:00"
    ),
    Case(
      report(.waiting, .info, reason: old, gate: .notDuring, opens: Opening(at: 1_795_323_600, offset: -12_600)),
      "\(subject) has run away and is not killed for now: \(because), but the rule's not_during holds until ",
      "2026-11-22T01:30:00-03:30"
    ),
    Case(
      report(.waiting, .info, reason: old, gate: .notDuring, detail: "the clock of this machine is not trusted"),
      "\(subject) has run away and is not killed for now: \(because), but the rule's not_during holds: ",
      "the clock of this machine is not trusted"
    ),
    Case(
      report(.wouldKill, reason: old, gate: .dryRun), "would kill \(subject): \(because); this is a dry run [kill 3-1]"),
    Case(
      report(.wouldKill, reason: .forbidden, gate: .report),
      #"would kill \#(subject): rule "spinners" forbids it; the rule only reports [kill 3-1]"#
    ),
    Case(
      report(.spared, detail: "started 5s later"),
      #"spared \#(subject): it is not the process that rule "spinners" was about to kill [kill 3-1]: started 5s later"#
    ),
    Case(
      report(.shortLived, .info),
      #"\#(subject) matched rule "spinners" and was gone before the second look: not killed"#
    ),
    Case(
      report(.stillListed, .warning),
      "\(subject) is still listed 5m after it was seen to be gone: left alone [kill 3-1]"
    ),
    Case(
      report(.loginQuarantined, .error, fault: Fault(.guestLoginRefused, code: "InvalidGuestLogin")),
      #"VM "db-07" refused guest login "linux" (InvalidGuestLogin); "#,
      "it is not used there any more until its secret changes or an operator asks (retry-login)"
    ),
    Case(
      report(.loginStopped, .error, detail: "the next try is in 1h"),
      #"guest login "linux" was refused too often: the next try is in 1h; "#,
      "its account is used nowhere any more until its secret changes or an operator asks (retry-login)"
    ),
    Case(
      report(.loginTried, .info, detail: "its time came"),
      #"guest login "linux", which was refused before, is tried on VM "db-07": its time came"#
    ),
    Case(
      report(.loginBelieved, .info),
      #"VM "db-07" accepted guest login "linux", which was refused before: "#,
      "it is used again where it was not refused"
    ),
    Case(
      report(
        .loginUnreadable, .error,
        fault: Fault(.noCredential, code: "UnreadableToken", detail: "the secret file is empty")),
      #"the token of guest login "linux" cannot be read (the secret file is empty): "#,
      "nothing is looked at or killed with it until it can"
    ),
    Case(report(.loginReadable, .info), #"the token of guest login "linux" can be read again"#),
    Case(
      report(.vmParked, .warning, fault: Fault(.toolsUnavailable, code: "503")),
      #"VM "db-07" cannot be watched for now: VMware Tools does not run in the guest (503)"#
    ),
    Case(report(.vmWatched, .info), #"VM "db-07" is watched"#),
    Case(
      report(.epochEnded, .info, detail: "its boot time moved"),
      #"VM "db-07" began a new life (power cycle, revert, clone or the like): all counting starts anew there: "#,
      "its boot time moved"
    ),
    Case(
      report(.startsDoubted, .warning, detail: "a start in the future"),
      #"start times on VM "db-07" are not believed any more: only ages that were seen count there: "#,
      "a start in the future"
    ),
    Case(report(.vcenterUp, .info), #"vCenter "lab" answers"#),
    Case(
      report(.vcenterDown, .error, fault: Fault(.unreachable, code: "ECONNREFUSED"), detail: "tried again in 4s"),
      #"vCenter "lab" cannot be asked: no connection (ECONNREFUSED); tried again in 4s"#
    ),
    Case(
      report(.vcenterLoginRefused, .error, fault: Fault(.loginRefused, code: "InvalidLogin")),
      #"vCenter "lab" refused our login (InvalidLogin)"#
    ),
    Case(
      report(.watchOnly, .warning),
      #"vCenter "lab" is only watched, nothing is killed there: it has no VI JSON API (8.0 U1 brings it)"#
    ),
    Case(report(.scopeEmpty, .warning), #"the scope of rule "spinners" reaches no VM of vCenter "lab""#),
    Case(
      Report(.scopeEmpty, .warning, selector: .tag("ops:hands-off")),
      #"no VM that a rule reaches has tag "ops:hands-off": [protect] vms protects none by it"#),
    Case(
      Report(.scopeEmpty, .warning, login: LoginID("linux"), selector: .folder("/DC/vm/d\"b")),
      #"no VM that a rule reaches is in folder "/DC/vm/d\u{22}b": guest login "linux" may be sent to none by it"#),
    Case(
      unresolved(.folder("db"), .unknown),
      #"vCenter "lab" has no folder "db", or does not show it to this account: it chooses no VM there"#),
    Case(
      unresolved(.folder("db"), .ambiguous),
      #"vCenter "lab" has several folders called "db": it chooses no VM there; write the path of the one that is meant"#
    ),
    Case(
      unresolved(.cluster("db"), .ambiguous),
      #"vCenter "lab" has several clusters called "db": it chooses no VM there; give them different names, or choose "#,
      "by folder or tag"),
    Case(
      unresolved(.tag("a:b"), .ambiguous),
      #"vCenter "lab" has several tags called "a:b": it chooses no VM there; give them different names"#),
    Case(
      unresolved(.tag("a:b"), .denied, "no VM is touched"),
      #"vCenter "lab" does not let this account read tag "a:b": it chooses no VM there; grant it read access: "#,
      "no VM is touched"),
    Case(
      unresolved(.cluster("c"), .unsupported),
      #"vCenter "lab" is too old to say what cluster "c" holds: it chooses no VM there; 8.0 U1 brings it"#),
    Case(
      report(.clockDoubted, .warning, detail: "it jumped by 1h"),
      "the clock of this machine is not trusted: until it agrees again start times count for nothing, and rules with "
        + "not_during kill nothing: it jumped by 1h"
    ),
    Case(report(.clockTrusted, .info), "the clock of this machine is trusted"),
    Case(
      report(.ledgerFailing, .error, detail: "no space left"),
      "the ledger cannot be written, so nothing is killed until it can: no space left"
    ),
    Case(report(.ledgerWorks, .info), "the ledger can be written again"),
    Case(
      report(.metricsFailing, .warning, detail: "/x.prom.new cannot be made: Permission denied"),
      "the metrics cannot be written; nothing else is held up by that: /x.prom.new cannot be made: Permission denied"),
    Case(report(.metricsWork, .info, detail: "/x.prom"), "the metrics can be written again: /x.prom"),
    Case(report(.started, .info, detail: "3 rules"), "started: 3 rules"),
    Case(report(.stopping, .info), "stopping: nothing new is begun"),
    Case(report(.paused, detail: "VMs db-*, for 60 s"), #"an operator paused rule "spinners": VMs db-*, for 60 s"#),
    Case(
      Report(.paused, .notice, detail: "all VMs, until it is resumed"),
      "an operator paused all rules: all VMs, until it is resumed"),
    Case(report(.resumed), #"the pause of rule "spinners" is over, kills may begin again"#),
    Case(
      Report(.resumed, .notice, detail: "its time is over"),
      "a pause is over, kills may begin again: its time is over"),
    Case(
      report(.waiting, .warning, reason: old, gate: .paused),
      "\(subject) has run away and is not killed for now: \(because), but an operator paused it"),
    Case(report(.configured, .info, detail: "3 rules"), "configuration loaded: 3 rules"),
    Case(
      report(.configurationRefused, .error, detail: "a.toml:1:1: error: x\nb.toml:2:1: error: y"),
      #"configuration refused, the one before stays in force: a.toml:1:1: error: x\nb.toml:2:1: error: y"#
    ),
    Case(report(.limitReached, .warning, detail: "20000 candidates"), "a limit was reached: 20000 candidates"),
  ]

  @Test(arguments: sentenceRows)
  private func sentences(row: Case<Report>) {
    let (report, expected) = (row.given, row.expected)
    let entry = entry(for: report)
    #expect(entry.message == expected)
    #expect(entry.messageID == MessageID(report.kind))
    #expect(entry[.event] == report.kind.rawValue)
  }

  private static let outcomeRows: [Case<Outcome>] = [
    Case(.exited, "killed \(subject): \(because); it was told to end and exited [kill 3-1]"),
    Case(.alreadyGone, "not killed: \(subject) had ended by itself before the terminate came: \(because) [kill 3-1]"),
    Case(.gone, "\(subject) is gone after a terminate without an answer, the cause is unknown: \(because) [kill 3-1]"),
    Case(.survived, "\(subject) survived a terminate and is tried again later: \(because) [kill 3-1]"),
    Case(
      .stuck,
      "\(subject) cannot be killed and is left alone until its rule changes or an operator asks: ",
      "\(because) [kill 3-1]"
    ),
    Case(.denied, "not killed: the terminate of \(subject) was not allowed: \(because) [kill 3-1]"),
    Case(.failed, "not killed: the terminate of \(subject) was not begun and is tried again: \(because) [kill 3-1]"),
    Case(.abandoned, "not killed: the terminate of \(subject) was not sent: \(because) [kill 3-1]"),
    Case(.unknown, "what became of \(subject) after a terminate cannot be known: \(because) [kill 3-1]"),
  ]

  @Test(arguments: outcomeRows)
  private func outcomes(row: Case<Outcome>) {
    let (outcome, expected) = (row.given, row.expected)
    let entry = entry(for: WordingTests.report(.killed, reason: WordingTests.old, outcome: outcome))
    #expect(entry.message == expected)
    #expect(entry[.outcome] == outcome.rawValue)
  }

  @Test func aDenialSaysWhoSaidWhat() {
    let report = WordingTests.report(
      .killed, reason: WordingTests.old, outcome: .denied, fault: WordingTests.denial, detail: "not tried again")
    #expect(
      entry(for: report).message.hasSuffix(
        #"[kill 3-1]: the account may not do this in the guest (GuestPermissionDenied), it says "no\nway"; "#
          + "not tried again"))
  }

  @Test(
    arguments: [
      (
        .tooOld(limit: .seconds(9000), proven: .seconds(90_061), claimed: .seconds(90_063)),
        "allows 2h30m, it was proven 1d1h1m1s old", "max_age 2h30m, proven 1d1h1m1s, claimed 1d1h1m3s"
      ),
      (
        .tooOld(limit: .seconds(10), proven: .milliseconds(10_400), claimed: .seconds(12)),
        "allows 10s, it was proven just over 10s old", "max_age 10s, proven 10s, claimed 12s"
      ),
      (
        .tooOld(limit: .seconds(10), proven: .seconds(14), claimed: .seconds(-7200)),
        "allows 10s, it was proven 14s old (its start time claims -2h)", "max_age 10s, proven 14s, claimed -2h"
      ),
      (
        .tooOld(limit: .seconds(10), proven: .seconds(14), claimed: .seconds(Int64.min + 14)),
        nil, nil
      ),
      (.tooMany(limit: 2, count: 3, place: 3), "allows 2, it was number 3 of 3", "max_instances 2, number 3 of 3"),
      (.forbidden, "forbids it", "forbidden"),
    ] as [(Reason, String?, String?)])
  func reasons(reason: Reason, words: String?, field: String?) {
    let entry = entry(for: WordingTests.report(.runaway, reason: reason))
    if let words { #expect(entry.message.contains(#"rule "spinners" \#(words); it is looked at"#)) }
    if let field { #expect(entry[.reason] == field) }
    #expect(entry.message.contains("4242"))
  }

  @Test(arguments: Gate.allCases)
  func everyGateHasWordsOfItsOwn(gate: Gate) {
    let others = Gate.allCases.filter { $0 != gate }
    func message(_ gate: Gate) -> String {
      entry(for: WordingTests.report(.waiting, reason: .forbidden, gate: gate)).message
    }
    #expect(!others.contains { message($0) == message(gate) })
  }

  @Test(arguments: FaultKind.allCases)
  func everyFaultHasWordsOfItsOwn(kind: FaultKind) {
    func message(_ kind: FaultKind) -> String {
      entry(for: WordingTests.report(.vmParked, fault: Fault(kind, code: "x"))).message
    }
    #expect(!FaultKind.allCases.contains { $0 != kind && message($0) == message(kind) })
    #expect(entry(for: WordingTests.report(.vmParked, fault: Fault(kind, code: "x")))[.reason] == kind.rawValue)
  }

  @Test(
    arguments: [
      (.info, .info), (.notice, .notice), (.warning, .warning), (.error, .error),
    ] as [(Report.Level, JournalEntry.Priority)])
  func levels(level: Report.Level, priority: JournalEntry.Priority) {
    #expect(entry(for: WordingTests.report(.killed, level)).priority == priority)
  }

  @Test func aKillByHandSaysWhyAndNamesNoRule() {
    let entry = entry(for: WordingTests.report(.killed, outcome: .exited, demand: WordingTests.demand))
    #expect(entry[.rule] == nil)
    #expect(entry[.reason] == #"it eats "the"\ndisk"#)
  }

  @Test func aKillHasAllFields() {
    let entry = entry(for: WordingTests.report(.killed, reason: WordingTests.old, outcome: .exited))
    #expect(
      entry.fields == [
        .init(.event, "killed"), .init(.rule, "spinners"), .init(.vcenter, "lab"), .init(.vm, "vm-7"),
        .init(.vmName, "db-07"), .init(.pid, "4242"), .init(.process, "spin"), .init(.owner, "bob"),
        .init(.started, "2026-11-21T21:39:05Z"), .init(.reason, "max_age 10s, proven 14s, claimed 16s"),
        .init(.outcome, "exited"), .init(.killID, "3-1"),
      ])
  }

  @Test func whatIsNotKnownIsNoField() {
    let entry = entry(for: Report(.ledgerWorks, .info))
    #expect(entry.fields == [.init(.event, "ledger-works")])
  }

  @Test(arguments: Report.Kind.allCases)
  func aReportWithNothingInItStillReads(kind: Report.Kind) {
    let message = entry(for: Report(kind, .info)).message
    #expect(!message.isEmpty)
    #expect(!message.contains("nil") && !message.contains("\"\"") && !message.contains("  "))
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00Z"),
      (-1, "1969-12-31T23:59:59Z"),
      (951_782_399, "2000-02-28T23:59:59Z"),
      (951_782_400, "2000-02-29T00:00:00Z"),
      (951_868_800, "2000-03-01T00:00:00Z"),
      (4_107_542_400, "2100-03-01T00:00:00Z"),
      // What no clock can mean is cut by the process itself.
      (253_402_300_799, "2255-03-14T15:59:59Z"),
      (Int64.min, "1684-10-19T08:00:01Z"),
    ] as [(Int64, String)])
  func startTimes(seconds: Int64, expected: String) {
    let process = Process(pid: 1, started: seconds, owner: "a", name: "b", command: "")
    #expect(entry(for: Report(.runaway, .info, process: process))[.started] == expected)
  }

  /// Names that want to be more than names.
  @Test(arguments: [
    "x\nMESSAGE=all is well", "x\u{1B}[2J", "\u{202E}gpj", "x\u{2028}y",
    #"x" (pid 1, owner root) on VM "prod": rule "y" forbids it; it was told to end and exited [kill 9-9]"#,
  ])
  func guestTextCannotForgeALineOrASentence(name: String) {
    let report = Report(
      .killed, .notice, rule: RuleID("spinners"), moid: "vm-7", vmName: name,
      process: Process(
        pid: 4242, started: 0, owner: GuestText(name), name: GuestText(name), command: GuestText(name)),
      killID: KillID(life: 3, number: 1), reason: .forbidden, outcome: .exited)
    let entry = entry(for: report)
    let name = quoted(name)
    #expect(
      entry.message == "killed \(name) (pid 4242, owner \(name), command \(name)) on VM \(name): "
        + #"rule "spinners" forbids it; it was told to end and exited [kill 3-1]"#)
    // Four texts of the guest and the rule's name: not one quotation mark more.
    #expect(entry.message.utf8.count { $0 == UInt8(ascii: "\"") } == 10)
    #expect(!entry.fields.contains { $0.value.unicodeScalars.contains { $0.value < 0x20 } })
  }

  @Test(arguments: [
    ("bob", "owner bob"), (#"CORP\bob"#, #"owner CORP\bob"#), ("bob@corp.example", "owner bob@corp.example"),
    (#"NT AUTHORITY\SYSTEM"#, #"owner "NT AUTHORITY\SYSTEM""#), ("", "owner unknown"), ("a) b", #"owner "a) b""#),
    ("a,b", #"owner "a,b""#),
  ])
  func owners(owner: String, expected: String) {
    let process = Process(pid: 1, started: 0, owner: GuestText(owner), name: "b", command: "")
    #expect(entry(for: Report(.runaway, .info, process: process)).message.hasPrefix("\"b\" (pid 1, \(expected))"))
  }

  private static let statusRows: [Case<Snapshot>] = [
    Case(
      Snapshot(
        vmsInScope: 14, vmsWatched: 12, candidates: 2, openKills: 1, killsInWindow: 4, killsAllowed: 20, rules: 3),
      "watching 12 of 14 VMs, 3 rules, 2 candidates, 1 kill open, 4 of 20 kills in the window"
    ),
    Case(
      Snapshot(
        vmsInScope: 1, vmsWatched: 1, candidates: 1, openKills: 0, killsInWindow: 0, killsAllowed: 1, dryRun: true,
        rules: 1),
      "dry run, nothing is killed; watching 1 of 1 VM, 1 rule, 1 candidate, 0 kills open, 0 of 1 kill in the window"
    ),
    Case(
      Snapshot(
        vmsInScope: 2, killsAllowed: 20, dryRun: true, rules: 1, vcentersDown: [VCenterID("lab")],
        loginsStopped: [LoginID("linux"), LoginID("windows")], ledgerFailing: true, clockTrusted: false),
      "LEDGER FAILING, no kills until it can be written; vCenter down: lab; logins stopped: linux, windows; ",
      "clock not trusted, only ages that were seen count; dry run, nothing is killed; ",
      "watching 0 of 2 VMs, 1 rule, 0 candidates, 0 kills open, 0 of 20 kills in the window"
    ),
    Case(
      Snapshot(killsAllowed: 20),
      "no rules, nothing to watch, 0 candidates, 0 kills open, 0 of 20 kills in the window"
    ),
    Case(
      Snapshot(vmsInScope: 9, killsAllowed: 20, rules: 1, vcentersDown: (1...8).map { VCenterID("v\($0)") }),
      "vCenters down: v1, v2, v3, v4, v5 and 3 more; ",
      "watching 0 of 9 VMs, 1 rule, 0 candidates, 0 kills open, 0 of 20 kills in the window"
    ),
  ]

  @Test(arguments: statusRows)
  private func status(row: Case<Snapshot>) {
    let (snapshot, expected) = (row.given, row.expected)
    #expect(statusLine(snapshot) == expected)
  }
}
