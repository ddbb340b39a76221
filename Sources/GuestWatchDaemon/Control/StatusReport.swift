import GuestWatchCore
import Ledger
import Systemd

/// What `status` is answered, as values: they are made into text where no kill waits for it.
public struct StatusReport: Sendable {
  /// A warning or an error that was reported.
  struct Trouble: Sendable {
    var report: Report
    var at: Now
  }

  var at: Now
  var started: Now
  var life: UInt32
  /// When the configuration in force was loaded, and when the last load after that was refused.
  var loaded: Now?
  var refused: Now?
  var configHash: UInt64?
  var overview: Overview
  var ledgerFailing: Bool
  /// The last ones, oldest first.
  var troubles: [Trouble]

  /// One JSON object each; `is` says of what. Seconds are whole, times RFC 3339 in UTC, null where there is nothing to say.
  func lines(configuration: String) -> [String] {
    [daemon(configuration)] + overview.vcenters.map(line) + overview.rules.map(line) + overview.logins.map(line)
      + overview.pauses.map(line) + overview.openKills.map(line) + overview.standings.map(line)
      + overview.unwatched.map(line) + troubles.map(line)
  }

  private func daemon(_ configuration: String) -> String {
    let snapshot = overview.snapshot
    return object(
      "daemon",
      [
        ("version", jsonString(version)), ("life", String(life)), ("at", jsonTime(at.wall)),
        ("started", jsonTime(started.wall)),
        ("up_seconds", String((at.continuous - started.continuous).wholeSeconds)),
        ("configuration", jsonString(configuration)), ("config_hash", jsonDigest(configHash)),
        ("loaded", jsonTime(loaded?.wall)), ("refused", jsonTime(refused?.wall)), ("dry_run", json(snapshot.dryRun)),
        ("clock_trusted", json(snapshot.clockTrusted)), ("ledger_failing", json(ledgerFailing)),
        ("rules", String(snapshot.rules)), ("vms_in_scope", String(snapshot.vmsInScope)),
        ("vms_watched", String(snapshot.vmsWatched)), ("vms_late", String(snapshot.vmsLate)),
        ("candidates", String(snapshot.candidates)), ("candidates_shown", String(overview.standings.count)),
        ("open_kills", String(snapshot.openKills)),
      ] + budget(overview.fleet))
  }

  private func line(_ vcenter: Overview.VCenter) -> String {
    // Neither where it was not asked yet.
    let up = vcenter.down != nil ? "false" : vcenter.answered ? "true" : "null"
    return object(
      "vcenter",
      [
        ("vcenter", jsonString(vcenter.id.name)), ("up", up), ("error", json(vcenter.down)),
        ("login_refused", json(vcenter.down?.kind == .loginRefused)),
        ("watch_only", json(vcenter.answered && !vcenter.canTerminate)),
      ])
  }

  private func line(_ rule: Overview.RuleState) -> String {
    object(
      "rule", [("rule", jsonString(rule.id.name)), ("action", jsonString(rule.action.rawValue))] + budget(rule.budget))
  }

  private func line(_ login: Overview.Login) -> String {
    object(
      "login",
      [
        ("guest_login", jsonString(login.id.name)), ("stopped", json(login.isStopped)),
        ("vms_refusing", String(login.quarantined)), ("next_try", time(login.nextTry)),
      ])
  }

  private func line(_ pause: Pause) -> String {
    object(
      "pause",
      [
        ("rule", pause.rule.map { jsonString($0.name) } ?? "null"),
        ("vms", pause.vms.map { jsonString($0.pattern) } ?? "null"), ("until", time(pause.until)),
        ("left_seconds", pause.until.map { String(max(($0 - at.continuous).wholeSeconds, 0)) } ?? "null"),
      ])
  }

  private func line(_ kill: Overview.OpenKill) -> String {
    object(
      "kill",
      [
        ("kill_id", jsonString(kill.id.description)),
        ("rule", kill.cause.rule.map { jsonString($0.name) } ?? "null"), ("asked_by", jsonString(kill.cause.askedBy)),
      ]
        + place(kill.address, kill.vmName) + process(kill.process)
        + [("decided", jsonTime(kill.decided.wall)), ("step", jsonString(kill.step.rawValue))])
  }

  private func line(_ standing: Standing) -> String {
    object(
      "candidate",
      [("rule", jsonString(standing.rule.name))] + place(standing.address, standing.vmName) + process(standing.process)
        + [
          ("claimed_seconds", String(standing.claimedAge.wholeSeconds)),
          ("proven_seconds", String(standing.provenAge.wholeSeconds)),
        ] + verdict(standing))
  }

  /// `due`: when it becomes a runaway if nothing changes; for one within its limits, when its age exceeds the limit.
  private func verdict(_ standing: Standing) -> [(String, String)] {
    let word: String
    let reason: String?
    var due: Instant?
    var left: Gate?
    switch standing.verdict {
    case .within(let maxAge, let place):
      word = "within"
      reason = [
        maxAge.map { "max_age \(words($0))" },
        place.map { "number \($0.place) of \($0.count), max_instances \($0.limit)" },
      ].compactMap { $0 }.joined(separator: ", ")
      due = maxAge.map { at.continuous + max($0 - standing.provenAge, .zero) }
    case .exceeded(let why, _, let until): (word, reason, due) = ("exceeded", field(why), until)
    case .runaway(let why, let gate): (word, reason, left) = ("runaway", field(why), gate)
    }
    return [
      ("verdict", jsonString(word)), ("reason", reason.flatMap { $0.isEmpty ? nil : jsonString($0) } ?? "null"),
      ("due", time(due)), ("due_seconds", due.map { String(max(($0 - at.continuous).wholeSeconds, 0)) } ?? "null"),
      ("gate", left.map { jsonString($0.rawValue) } ?? "null"),
      ("gate_says", left.map { jsonString(words($0)) } ?? "null"),
    ]
  }

  private func line(_ vm: Unwatched) -> String {
    object(
      "unwatched",
      [
        ("vcenter", jsonString(vm.vcenter.name)), ("vm", jsonString(vm.moid)), ("vm_name", jsonString(vm.name)),
        ("reason", jsonString(vm.reason)), ("error", json(vm.fault)),
      ])
  }

  private func line(_ trouble: Trouble) -> String {
    object(
      "trouble",
      [
        ("at", jsonTime(trouble.at.wall)), ("level", jsonString(trouble.report.level.rawValue)),
        ("event", jsonString(trouble.report.kind.rawValue)),
        ("message", jsonString(entry(for: trouble.report).message)),
      ])
  }

  // MARK: Parts

  private func object(_ kind: String, _ fields: [(String, String)]) -> String {
    jsonObject([("is", jsonString(kind))] + fields)
  }

  private func place(_ address: VMAddress, _ name: String) -> [(String, String)] {
    [("vcenter", jsonString(address.vcenter.name)), ("vm", jsonString(address.moid)), ("vm_name", jsonString(name))]
  }

  private func process(_ process: Process) -> [(String, String)] {
    [
      ("pid", String(process.pid)), ("name", jsonString(process.name.value)),
      ("owner", jsonString(process.owner.value)),
      ("started", rfc3339(unixSeconds: process.started).map(jsonString) ?? "null"),
      ("command", process.command.value.isEmpty ? "null" : jsonString(process.command.value)),
    ]
  }

  private func budget(_ spent: Overview.Spent?) -> [(String, String)] {
    [
      ("kills_in_window", spent.map { String($0.used) } ?? "null"),
      ("kills_allowed", spent.map { String($0.kills) } ?? "null"),
      ("window_seconds", spent.map { String($0.within.wholeSeconds) } ?? "null"),
      ("next_room", time(spent?.nextRoom)),
    ]
  }

  private func json(_ value: Bool) -> String { value ? "true" : "false" }
  private func json(_ fault: Fault?) -> String { fault.map { jsonString(words($0)) } ?? "null" }

  /// The wall time of an instant, as far as the wall clock goes on as it does now.
  private func time(_ instant: Instant?) -> String {
    guard let instant else { return "null" }
    let (wall, overflow) = at.wall.addingReportingOverflow((instant - at.continuous).nanoseconds)
    return overflow ? "null" : jsonTime(wall)
  }
}
