import Testing

@testable import GuestWatchCore
@testable import GuestWatchDaemon

@Suite("The metrics as text")
struct MetricsTextTests {
  static let second: Int64 = 1_000_000_000

  /// One vCenter, one login and two rules, of which one has a budget.
  static let configuration = Configuration(
    vcenters: [VCenterEntry(id: lab)], logins: [LoginEntry(id: linux, account: "watch")],
    rules: [rule("stuck-backup", budget: Budget(kills: 5, within: .seconds(3600))), rule("miners", budget: nil)])

  static func rule(_ name: String, budget: Budget?) -> Rule {
    Rule(
      id: RuleID(name), description: "", login: linux, vcenters: nil, scope: Scope(), match: Match(), unless: [],
      limits: .forbidden, lasting: .zero, every: .seconds(60), action: .terminate, budget: budget, cooldown: nil,
      notDuring: [])
  }

  static func picture(_ tally: Tally = begun(), _ figures: Figures = figures()) -> MetricsPicture {
    MetricsPicture(
      at: Now(continuous: Instant(nanoseconds: 0), wall: 1_700_000_100 * second + 250_000_000),
      started: Now(continuous: Instant(nanoseconds: 0), wall: 1_700_000_000 * second),
      loaded: Now(continuous: Instant(nanoseconds: 0), wall: 1_700_000_001 * second), isRefused: false, logins: [linux],
      figures: figures, tally: tally, ledgerFailing: false, pauses: 0, writes: MetricsWrites())
  }

  static func begun() -> Tally {
    var tally = Tally()
    tally.heard(.configured(configuration))
    return tally
  }

  static func figures() -> Figures {
    var figures = Figures(
      snapshot: Snapshot(
        vmsInScope: 7, vmsWatched: 5, vmsLate: 1, candidates: 3, openKills: 2, killsInWindow: 4,
        killsAllowed: 20, rules: 2))
    figures.vcenters = [Overview.VCenter(id: lab, answered: true, down: nil, canTerminate: true)]
    figures.rules = [
      Overview.RuleState(
        id: RuleID("stuck-backup"), action: .terminate,
        budget: Overview.Spent(used: 2, kills: 5, within: .seconds(3600), nextRoom: nil)),
      Overview.RuleState(id: RuleID("miners"), action: .terminate, budget: nil),
    ]
    figures.unwatched = [.vm(.off): 1, .loginsStopped: 1]
    return figures
  }

  /// The samples of one family.
  private func samples(_ family: MetricFamily, _ picture: MetricsPicture = picture()) -> [String] {
    let lines = metricsText(picture, daemon: "d").split(separator: "\n").map(String.init)
    let start = lines.firstIndex { $0.hasPrefix("# TYPE \(family.rawValue) ") } ?? 0
    return Array(lines[(start + 1)...].prefix { !$0.hasPrefix("#") })
  }

  @Test("The whole of it is in the exposition format, each family with its labels and no other")
  func format() throws {
    let read = try ExpositionReader(metricsText(Self.picture(), daemon: "guestwatchd"))
    #expect(read.families.map(\.name) == MetricFamily.allCases.map(\.rawValue))
    #expect(read.families.map(\.kind) == MetricFamily.allCases.map(\.kind.rawValue))
    for (series, _) in read.values {
      let family = try #require(
        MetricFamily(rawValue: series.name)
          ?? MetricFamily.allCases.first { $0.kind == .histogram && series.name.hasPrefix($0.rawValue + "_") })
      var labels = Set(series.labels.keys)
      labels.remove("le")
      #expect(labels == Set(family.labels + ["daemon"]), "\(series)")
      #expect(series.labels["daemon"] == "guestwatchd")
    }
  }

  @Test("A help is one line that needs no escape, and says something else for each")
  func help() {
    for family in MetricFamily.allCases {
      #expect(!family.help.contains { $0 == "\n" || $0 == "\\" } && family.help.hasSuffix("."), "\(family)")
    }
  }

  @Test("Gauges and times are what the picture says")
  func gauges() {
    let common = #"{daemon="d"}"#
    #expect(samples(.build) == [#"guestwatchd_build_info{daemon="d",version="\#(version)"} 1"#])
    #expect(samples(.started) == ["guestwatchd_start_time_seconds\(common) 1700000000"])
    #expect(samples(.taken) == ["guestwatchd_metrics_time_seconds\(common) 1700000100.25"])
    #expect(samples(.reloadSuccessful) == ["guestwatchd_config_last_reload_successful\(common) 1"])
    #expect(
      samples(.reloadTime) == ["guestwatchd_config_last_reload_success_timestamp_seconds\(common) 1700000001"])
    #expect(samples(.inScope) == ["guestwatchd_vms_in_scope\(common) 7"])
    #expect(samples(.watched) == ["guestwatchd_vms_watched\(common) 5"])
    #expect(samples(.late) == ["guestwatchd_vms_late\(common) 1"])
    #expect(samples(.candidates) == ["guestwatchd_candidates\(common) 3"])
    #expect(samples(.openKills) == ["guestwatchd_kills_open\(common) 2"])
    #expect(samples(.rules) == ["guestwatchd_rules\(common) 2"])
    #expect(samples(.budget) == ["guestwatchd_budget_kills\(common) 20"])
    #expect(samples(.budgetLeft) == ["guestwatchd_budget_kills_left\(common) 16"])
    #expect(samples(.ruleBudget) == [#"guestwatchd_rule_budget_kills{daemon="d",rule="stuck-backup"} 5"#])
    #expect(samples(.ruleBudgetLeft) == [#"guestwatchd_rule_budget_kills_left{daemon="d",rule="stuck-backup"} 3"#])
    #expect(samples(.up) == [#"guestwatchd_vcenter_up{daemon="d",vcenter="lab"} 1"#])
    #expect(
      samples(.lastAnswer) == [#"guestwatchd_vcenter_last_answer_timestamp_seconds{daemon="d",vcenter="lab"} 0"#])
    #expect(samples(.loginStopped) == [#"guestwatchd_guest_login_stopped{daemon="d",guest_login="linux"} 0"#])
    #expect(samples(.loginRefusing) == [#"guestwatchd_guest_login_refusing_vms{daemon="d",guest_login="linux"} 0"#])
    for family in [MetricFamily.dryRun, .pauses, .ledgerFailing] {
      #expect(samples(family) == ["\(family.rawValue)\(common) 0"])
    }
    #expect(samples(.clockTrusted) == ["guestwatchd_clock_trusted\(common) 1"])
  }

  @Test("Troubles show")
  func troubles() {
    var picture = Self.picture()
    picture.isRefused = true
    picture.loaded = nil
    picture.ledgerFailing = true
    picture.pauses = 2
    picture.writes = MetricsWrites(ok: 9, failed: 2, skipped: 1)
    picture.figures.snapshot.dryRun = true
    picture.figures.snapshot.clockTrusted = false
    // More than the budget allows, as after a budget was made smaller.
    picture.figures.snapshot.killsInWindow = .max / 2
    picture.figures.rules[0].budget?.used = 6
    picture.figures.vcenters[0].down = Fault(.unreachable, code: "x")
    picture.figures.logins = [Overview.Login(id: linux, isStopped: true, quarantined: 3, nextTry: nil)]
    func value(_ family: MetricFamily) -> [String] {
      samples(family, picture).map { String($0.split(separator: " ").last ?? "") }
    }
    #expect(value(.reloadSuccessful) == ["0"] && value(.reloadTime) == ["0"])
    #expect(value(.ledgerFailing) == ["1"] && value(.pauses) == ["2"] && value(.dryRun) == ["1"])
    #expect(value(.clockTrusted) == ["0"] && value(.up) == ["0"])
    #expect(value(.budgetLeft) == ["0"] && value(.ruleBudgetLeft) == ["0"])
    #expect(value(.loginStopped) == ["1"] && value(.loginRefusing) == ["3"])
    #expect(
      samples(.writes, picture) == [
        #"guestwatchd_metrics_writes_total{daemon="d",result="ok"} 9"#,
        #"guestwatchd_metrics_writes_total{daemon="d",result="failed"} 2"#,
        #"guestwatchd_metrics_writes_total{daemon="d",result="skipped"} 1"#,
      ])
  }

  @Test("A vCenter that was not asked yet is not up")
  func notAsked() {
    var picture = Self.picture()
    picture.figures.vcenters[0].answered = false
    #expect(samples(.up, picture) == [#"guestwatchd_vcenter_up{daemon="d",vcenter="lab"} 0"#])
  }

  @Test("Every series that can be is there from the beginning, with 0")
  func zeros() throws {
    let read = try ExpositionReader(metricsText(Self.picture(Self.begun(), Figures(snapshot: Snapshot())), daemon: "d"))
    let count = { (family: MetricFamily) in read.values.keys.count { $0.name == family.rawValue } }
    #expect(count(.events) == Report.Kind.allCases.count)
    #expect(count(.unwatched) == UnwatchedCause.allCases.count)
    // Two rules, and the kills by hand.
    #expect(count(.kills) == 3 * Outcome.allCases.count)
    #expect(count(.wouldKills) == 2)
    #expect(count(.calls) == 4 * (FaultKind.allCases.count + 2))
    #expect(read.values.keys.count { $0.name == "guestwatchd_vcenter_call_duration_seconds_count" } == 4)
    for (series, value) in read.values where series.name.hasSuffix("_total") || series.name.hasSuffix("_count") {
      #expect(value == 0, "\(series)")
    }
  }

  @Test("VMs that are not watched stand under a label of their reason, each of its own")
  func unwatched() {
    let lines = samples(.unwatched)
    #expect(Set(UnwatchedCause.allCases.map(\.label)).count == UnwatchedCause.allCases.count)
    #expect(lines.contains(#"guestwatchd_vms_unwatched{daemon="d",reason="off"} 1"#))
    #expect(lines.contains(#"guestwatchd_vms_unwatched{daemon="d",reason="logins-stopped"} 1"#))
    #expect(lines.count { $0.hasSuffix(" 0") } == UnwatchedCause.allCases.count - 2)
  }

  @Test("A histogram's buckets hold all that is in those before; the bounds belong to their bucket")
  func histogram() {
    var tally = Self.begun()
    let sent = Now(continuous: Instant(nanoseconds: 0), wall: 0)
    // As long as a bound, a nanosecond longer, longer than all.
    for (number, took) in [Duration.milliseconds(25), .nanoseconds(25_000_001), .seconds(61)].enumerated() {
      tally.asked(.look(op(UInt64(number)), vm42, linux, pid: 5, .check, by: .never))
      let ended = Now(continuous: sent.continuous + took, wall: 0)
      tally.heard(.looked(op(UInt64(number)), Timing(firstByte: sent, ended: ended), .success(.gone)))
    }
    let name = "guestwatchd_vcenter_call_duration_seconds"
    let labels = #"daemon="d",vcenter="lab",call="look""#
    let expected =
      zip(
        ["0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "20", "30", "60", "+Inf"],
        [1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3]
      ).map { "\(name)_bucket{\(labels),le=\"\($0)\"} \($1)" } + [
        "\(name)_sum{\(labels)} 61.050000001", "\(name)_count{\(labels)} 3",
      ]
    #expect(samples(.durations, Self.picture(tally)).filter { $0.contains(#"call="look""#) } == expected)
  }

  @Test("Whatever a label's value holds reads back to the same, each on one line")
  func escapes() throws {
    for name in ["a\"b", "a\\", "a\nb", "\\n", "é \u{1F600}\u{202E}", "", "}", "a\" 1\nb{c=\"", "\r"] {
      let read = try ExpositionReader(metricsText(Self.picture(), daemon: name))
      #expect(read["guestwatchd_rules", ["daemon": name]] == 2, "\(name)")
    }
    #expect(Exposition.escaped("a\"b\\c\nd") == #"a\"b\\c\nd"#)
  }

  @Test("Seconds have the digits that they need")
  func seconds() {
    #expect(Exposition.words(.zero) == "0")
    #expect(Exposition.words(.seconds(60)) == "60")
    #expect(Exposition.words(.milliseconds(25)) == "0.025")
    #expect(Exposition.words(.nanoseconds(1)) == "0.000000001")
    #expect(Exposition.words(.nanoseconds(-1_500_000_000)) == "-1.5")
    #expect(Exposition.words(.seconds(Int64.max)) == "9223372036854775807")
  }

  @Test("The daemon is called by its file")
  func daemon() {
    #expect(daemonLabel("/var/lib/x/guestwatchd.prom") == "guestwatchd")
    #expect(daemonLabel("/guestwatchd-lab.2.prom") == "guestwatchd-lab.2")
  }
}
