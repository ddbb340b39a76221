import GuestWatchCore
import Ledger

/// An explanation as JSON objects, one a line, made as they are asked for: a listing has 20,000 rows, and every rule says
/// something of each.
///
/// First the VM; then for each rule its own line, a line for each process of which something is to be said, and one that
/// counts the others.
struct ExplainedLines: Sequence, IteratorProtocol {
  /// Rows that are judged at once: a few milliseconds.
  private static let portion = 256

  private let explanation: Explanation
  private let choice: RowChoice
  /// Places of the rules that are wanted.
  private let rules: [Int]
  /// The process that is wanted is there; nil: all are wanted.
  private let isFound: Bool?
  private var began = false
  /// Place in `rules`.
  private var rule = 0
  private var row = 0
  private var others: [Mismatch: Int] = [:]

  init(_ explanation: Explanation, _ choice: RowChoice) {
    self.explanation = explanation
    self.choice = choice
    let isThere = choice.pid.map { pid in (0..<explanation.count).contains { explanation.pid($0) == pid } }
    isFound = isThere
    // Nothing can be said of a process that is not there.
    rules = explanation.rules.indices.filter { place in
      isThere != false && choice.rule.map { explanation.rules[place].id == $0 } ?? true
    }
  }

  /// The next lines; nil: there are no more.
  mutating func next() -> [String]? {
    guard began else {
      began = true
      return [vmLine]
    }
    guard rule < rules.count else { return nil }
    var lines: [String] = []
    if row == 0 {
      others = [:]
      lines.append(line(explanation.rules[rules[rule]], explanation.gates[rules[rule]]))
    }
    let end = Swift.min(row + Self.portion, explanation.count)
    for i in row..<end where choice.pid.map({ $0 == explanation.pid(i) }) ?? true {
      let judgement = explanation.judgement(of: i, by: rules[rule])
      if case .mismatch(let mismatch) = judgement, !choice.all, choice.pid == nil {
        others[mismatch, default: 0] += 1
      } else {
        lines.append(line(i, judgement))
      }
    }
    row = end
    if row == explanation.count {
      if !others.isEmpty { lines.append(othersLine) }
      row = 0
      rule += 1
    }
    return lines
  }

  // MARK: Lines

  private var vmLine: String {
    object(
      "vm",
      place + [
        ("vcenter_uuid", jsonString(explanation.vm.vcenter)), ("vm_uuid", jsonString(explanation.vm.instance)),
        ("family", jsonString(explanation.family.rawValue)), ("listed", jsonTime(explanation.listed.wall)),
        ("processes", String(explanation.count)),
        ("pid", choice.pid.map { String($0) } ?? "null"),
        ("pid_found", isFound.map(json) ?? "null"),
        ("every_seconds", String(explanation.every.wholeSeconds)), ("clock_trusted", json(explanation.clockTrusted)),
        ("start_times_doubted", explanation.doubt.map(jsonString) ?? "null"), ("dry_run", json(explanation.dryRun)),
        (
          "took_milliseconds",
          String((explanation.listed.continuous - explanation.sent.continuous).nanoseconds / 1_000_000)
        ),
      ])
  }

  private func line(_ rule: Rule, _ shared: RuleGates) -> String {
    var (maxAge, instances): (Duration?, MaxInstances?)
    if case .bounded(let age, let count) = rule.limits { (maxAge, instances) = (age, count) }
    return object(
      "rule",
      [("rule", jsonString(rule.id.name))] + place + [
        ("description", jsonString(rule.description)), ("action", jsonString(rule.action.rawValue)),
        ("limits", jsonString(limitWords(rule))), ("forbidden", json(rule.limits == .forbidden)),
        ("max_age_seconds", maxAge.map { String($0.wholeSeconds) } ?? "null"),
        ("max_instances", instances.map { String($0.count) } ?? "null"),
        ("lasting_seconds", String(rule.lasting.wholeSeconds)),
        ("gates", json(shared.gates)),
        ("gate_opens", shared.opens.map { jsonString(timestamp($0.at, offset: $0.offset)) } ?? "null"),
      ])
  }

  private var othersLine: String {
    let keys = MatchKey.allCases.map { key in (key.rawValue, String(others[.match(key)] ?? 0)) }
    let excepted = others.reduce(0) { if case .unless = $1.key { $0 + $1.value } else { $0 } }
    return object(
      "others",
      [("rule", jsonString(explanation.rules[rules[rule]].id.name))] + place + [
        ("count", String(others.values.reduce(0, +))), ("failed", jsonObject(keys + [("unless", String(excepted))])),
      ])
  }

  private func line(_ row: Int, _ judgement: Judgement) -> String {
    let rule = explanation.rules[rules[rule]]
    let explained = explanation.process(row)
    let process = explained.process
    let protector = if case .mismatch = judgement { Protector?.none } else { explanation.protector(of: row) }
    return object(
      "process",
      [("rule", jsonString(rule.id.name))] + place + [
        ("pid", String(process.pid)), ("name", jsonString(process.name.value)),
        ("owner", jsonString(process.owner.value)),
        ("started", rfc3339(unixSeconds: process.started).map(jsonString) ?? "null"),
        ("command", process.command.value.isEmpty ? "null" : jsonString(process.command.value)),
        ("claimed_seconds", String(explained.claimedAge.wholeSeconds)),
        ("proven_seconds", String(explained.provenAge.wholeSeconds)), ("action", jsonString(rule.action.rawValue)),
        ("protected_by", protector.map { jsonString(protectorWords($0, explanation.protect)) } ?? "null"),
      ] + fields(judgement, rule, process))
  }

  private func fields(_ judgement: Judgement, _ rule: Rule, _ process: Process) -> [(String, String)] {
    let at = explanation.at
    switch judgement {
    case .mismatch(let mismatch):
      var (failed, table) = ("unless", "null")
      switch mismatch {
      case .match(let key): failed = key.rawValue
      case .unless(let place): table = String(place + 1)
      }
      return [
        ("matched", "false"), ("failed", jsonString(failed)), ("unless", table),
        ("failed_says", jsonString(mismatchWords(mismatch, rule, process))),
      ]
    case .ended: return [("matched", "true"), ("verdict", jsonString("ended"))]
    case .beyondCap: return [("matched", "true"), ("verdict", jsonString("not-followed"))]
    case .fits(let fit):
      let reason = fit.excess.map { field($0.reason) } ?? withinWords(fit, rule)
      let verdict =
        fit.isBeingKilled ? "killing" : fit.excess.map { $0.isRunaway ? "runaway" : "exceeded" } ?? "within"
      let due = fit.excess?.due ?? fit.due
      return [
        ("matched", "true"), ("verdict", jsonString(verdict)), ("reason", reason.isEmpty ? "null" : jsonString(reason)),
        ("since", time(fit.excess?.since, at)), ("exceeds", time(fit.exceeds, at)), ("due", time(due, at)),
        ("due_seconds", due.map { String(Swift.max(($0 - at.continuous).wholeSeconds, 0)) } ?? "null"),
        ("instance", fit.place.map { String($0.place) } ?? "null"),
        ("instances", fit.place.map { String($0.count) } ?? "null"),
        ("gate", fit.gates.first.map { jsonString($0.rawValue) } ?? "null"),
        ("gates", json(fit.gates)),
        ("gate_says", fit.gates.isEmpty ? "null" : jsonString(fit.gates.map { words($0) }.joined(separator: "; "))),
      ]
    }
  }

  private var place: [(String, String)] {
    [
      ("vcenter", jsonString(explanation.address.vcenter.name)), ("vm", jsonString(explanation.address.moid)),
      ("vm_name", jsonString(explanation.vmName)), ("guest_login", jsonString(explanation.login.name)),
    ]
  }

  private func object(_ kind: String, _ fields: [(String, String)]) -> String {
    jsonObject([("is", jsonString(kind))] + fields)
  }

  private func json(_ gates: [Gate]) -> String {
    "[" + gates.map { jsonString($0.rawValue) }.joined(separator: ",") + "]"
  }

  private func json(_ value: Bool) -> String { value ? "true" : "false" }

  /// The wall time of an instant, as far as the wall clock goes on as it does now.
  private func time(_ instant: Instant?, _ at: Now) -> String {
    guard let instant, instant != .never else { return "null" }
    let (wall, overflow) = at.wall.addingReportingOverflow((instant - at.continuous).nanoseconds)
    return overflow ? "null" : jsonTime(wall)
  }
}
