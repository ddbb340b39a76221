import Testing

@testable import GuestWatchCore
@testable import GuestWatchDaemon

@Suite("What status shows") struct StatusTextTests {
  private let hostile = "x\u{1b}[2J\u{202e}\n\"y" + String(repeating: "\u{4e00}", count: 60)

  /// One of everything, with names from inside a guest.
  private func lines() -> [String] {
    let now = Now(continuous: Instant(nanoseconds: 100_000_000_000), wall: 1_700_000_000_000_000_000)
    let address = VMAddress(vcenter: lab, moid: "vm-42")
    let process = Process(
      pid: 77, started: 1_699_999_000, owner: GuestText(hostile), name: GuestText(hostile), command: "")
    let key = VMKey(vcenter: "u", instance: "i")
    func standing(_ verdict: Standing.Verdict) -> Standing {
      Standing(
        vm: key, address: address, vmName: hostile, rule: RuleID("miners"), login: linux, process: process,
        claimedAge: .seconds(1000), provenAge: .seconds(90), verdict: verdict)
    }
    var overview = Overview(
      snapshot: Snapshot(
        vmsInScope: 5, vmsWatched: 4, vmsLate: 1, candidates: 4, openKills: 1, killsInWindow: 1, killsAllowed: 20,
        dryRun: true, rules: 2, clockTrusted: false))
    let spent = Overview.Spent(used: 1, kills: 20, within: .seconds(3600), nextRoom: now.continuous + .seconds(60))
    overview.fleet = spent
    overview.vcenters = [
      Overview.VCenter(id: lab, answered: true, down: nil, canTerminate: false),
      Overview.VCenter(
        id: VCenterID("west"), answered: true, down: Fault(.unreachable, code: hostile), canTerminate: true),
      Overview.VCenter(id: VCenterID("new"), answered: false, down: nil, canTerminate: false),
    ]
    overview.rules = [
      Overview.RuleState(id: RuleID("miners"), action: .terminate, budget: spent),
      Overview.RuleState(id: RuleID("others"), action: .report, budget: nil),
    ]
    overview.logins = [
      Overview.Login(id: linux, isStopped: true, quarantined: 3, nextTry: now.continuous + .seconds(3600)),
      Overview.Login(id: LoginID("win"), isStopped: false, quarantined: 1, nextTry: nil),
    ]
    overview.pauses = [
      Pause(), Pause(rule: RuleID("miners"), vms: try? Glob("db-*"), until: now.continuous + .seconds(61)),
    ]
    overview.openKills = [
      Overview.OpenKill(
        id: kill1, cause: .rule(RuleID("miners"), .forbidden), address: address, vmName: hostile, process: process,
        decided: now,
        step: .verifying)
    ]
    overview.standings = [
      standing(.within(maxAge: .seconds(100), place: nil)),
      standing(.exceeded(.forbidden, since: now.continuous, due: now.continuous + .seconds(30))),
      standing(.runaway(.forbidden, gate: .paused)), standing(.runaway(.forbidden, gate: nil)),
    ]
    overview.unwatched = [
      Unwatched(vcenter: lab, moid: "vm-9", name: hostile, reason: "it is not powered on", fault: nil)
    ]
    let report = StatusReport(
      at: now, started: Now(continuous: Instant(nanoseconds: 10_000_000_000), wall: now.wall - 90_000_000_000), life: 3,
      loaded: now, refused: now, configHash: 255, overview: overview, ledgerFailing: true,
      troubles: [
        .init(report: Report(.stillListed, .warning, vmName: hostile, process: process), at: now)
      ])
    return report.lines(configuration: "/etc/guestwatchd/guestwatchd.toml")
  }

  @Test(
    "Every line fits, whatever guests call themselves, and nothing in it moves a cursor", arguments: [0, 80, 132, 999])
  func fits(width: Int) {
    for line in StatusText.lines(lines(), width: width) {
      #expect(columns(line) <= min(max(width, 60), 200), "\(line)")
      #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f && $0 != "\u{202e}" }, "\(line)")
    }
  }

  /// Two for the wide letter of these tests.
  private func columns(_ line: String) -> Int {
    line.unicodeScalars.reduce(0) { $0 + ($1 == "\u{4e00}" ? 2 : 1) }
  }

  @Test("It says all of it, troubles before figures")
  func says() {
    let text = StatusText.lines(lines(), width: 200)
    let flat = text.joined(separator: " ").replacing("    ", with: "").replacing("   ", with: " ")
    #expect(text[0] == "guestwatchd 0.1.0, up 1m30s, since 2023-11-14 22:11:50 UTC (life 3 of this ledger)")
    #expect(text[2] == "THE LEDGER CANNOT BE WRITTEN: no kills until it can")
    for words in [
      "A LATER CONFIGURATION WAS REFUSED at 2023-11-14 22:13:20 UTC", "CLOCK NOT TRUSTED", "DRY RUN",
      "watching 4 of 5 VMs, 2 rules, 4 candidates, 1 kill open", "1 VM wait longer",
      "budget of all rules: 1 of 20 kills used in 1h, more room at 2023-11-14 22:14:20 UTC",
      "lab: up, only watched", "west: DOWN, no connection", "new: has not answered yet",
      "linux: STOPPED everywhere after refusals (by 3 VMs), next try 2023-11-14 23:13:20 UTC",
      "win: refused by 1 VM, not used there any more", "all rules, all VMs, until it is resumed",
      "rule miners, VMs db-*, for another 1m1s (until 2023-11-14 22:14:21 UTC)",
      "miners: terminate, 1 of 20 kills used in 1h", "others: report",
      "1-1: ", "now verifying", "age 1m30s proven, 16m40s claimed",
      "within its limits (max_age 1m40s), exceeds them in 10s",
      "over its limit (forbidden), due in 30s, 2023-11-14 22:13:50 UTC",
      "RUNAWAY (forbidden), not killed: an operator paused it", "RUNAWAY (forbidden), its kill is on its way",
      "(vm-9 of lab): it is not powered on", "2023-11-14 22:13:20 warning: ",
    ] { #expect(flat.contains(words), "\(words)\n\(text.joined(separator: "\n"))") }
  }

  @Test("What is sent is one line of ASCII controls free JSON each, all of the kinds")
  func json() {
    let lines = lines()
    #expect(lines.count == 17)
    for line in lines {
      #expect(line.hasPrefix("{\"is\":\"") && line.hasSuffix("}"))
      #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "\u{202e}" })
    }
  }

  @Test("A kill by hand names who asked, and no rule")
  func byHand() throws {
    var overview = Overview(snapshot: Snapshot(openKills: 1))
    overview.openKills = [
      Overview.OpenKill(
        id: kill1, cause: .demand(Demand(uid: 1000, why: "it eats the disk")), address: vm42, vmName: "db-07",
        process: Process(pid: 5, started: 1, owner: "eve", name: "hog", command: ""),
        decided: Now(continuous: Instant(nanoseconds: 5), wall: 5), step: .terminating)
    ]
    let now = Now(continuous: Instant(nanoseconds: 5), wall: 5)
    let lines = StatusReport(
      at: now, started: now, life: 3, loaded: now, refused: nil, configHash: nil, overview: overview,
      ledgerFailing: false, troubles: []
    ).lines(configuration: "/c")
    #expect(lines.contains { $0.contains(#""kill_id":"1-1","rule":null,"asked_by":"uid 1000""#) }, "\(lines)")
    let text = StatusText.lines(lines, width: 120).joined(separator: "\n")
    #expect(text.contains("hog (pid 5, owner eve) on db-07, asked for by uid 1000, decided"), "\(text)")
  }
}
