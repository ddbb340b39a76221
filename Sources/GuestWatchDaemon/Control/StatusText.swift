import GuestWatchCore
import Ledger
import Systemd
import VSphere

/// The answer to `status` for a person at a terminal: troubles first, every line within the width, nothing from a guest
/// as it came.
public struct StatusText {
  private let width: Int
  private var lines: [String] = []

  /// - Parameters:
  ///   - lines: as the daemon sent them.
  ///   - width: columns of the terminal; lines are no shorter than 60.
  public static func lines(_ sent: [String], width: Int) -> [String] {
    var text = StatusText(width: min(max(width, 60), 200))
    let objects = sent.compactMap { try? JSONReader.read(Array($0.utf8)) }
    let of = { (kind: String) in objects.filter { $0["is"].string == kind } }
    if let daemon = of("daemon").first { text.head(daemon) }
    text.section("vCenters", of("vcenter"), StatusText.words(vcenter:))
    text.section("guest logins not used everywhere", of("login"), StatusText.words(login:))
    text.section("pauses", of("pause"), StatusText.words(pause:))
    text.section("rules", of("rule"), StatusText.words(rule:))
    text.section("kills without an outcome", of("kill"), StatusText.words(kill:))
    text.section("candidates", of("candidate"), StatusText.words(candidate:))
    let (all, shown) = (of("daemon").first?["candidates"].int ?? 0, of("daemon").first?["candidates_shown"].int ?? 0)
    if shown >= Overview.mostStandings { text.put("and more: \(all) processes in all", indent: 2) }
    text.section("VMs in scope that are not watched", of("unwatched"), StatusText.words(unwatched:))
    text.section("last warnings and errors", of("trouble"), StatusText.words(trouble:))
    return text.lines
  }

  private init(width: Int) { self.width = width }

  private mutating func head(_ daemon: JSON) {
    put(
      "guestwatchd \(text(daemon["version"])), up \(span(daemon["up_seconds"])), since \(moment(daemon["started"])) UTC "
        + "(life \(daemon["life"].int ?? 0) of this ledger)")
    put("configuration \(text(daemon["configuration"])), loaded \(moment(daemon["loaded"])) UTC")
    if daemon["ledger_failing"].bool == true { put("THE LEDGER CANNOT BE WRITTEN: no kills until it can") }
    if !daemon["refused"].isNull {
      put("A LATER CONFIGURATION WAS REFUSED at \(moment(daemon["refused"])) UTC: see `guestwatchd check`")
    }
    if daemon["clock_trusted"].bool == false { put("CLOCK NOT TRUSTED: only ages that were seen count") }
    if daemon["dry_run"].bool == true { put("DRY RUN: nothing is killed") }
    put(
      "watching \(daemon["vms_watched"].int ?? 0) of \(counted(daemon["vms_in_scope"], "VM")), "
        + "\(counted(daemon["rules"], "rule")), \(counted(daemon["candidates"], "candidate")), "
        + "\(counted(daemon["open_kills"], "kill")) open")
    if let late = daemon["vms_late"].int, late > 0 {
      put("\(counted(daemon["vms_late"], "VM")) wait longer for a look than promised: too few slots, or slow answers")
    }
    put("budget of all rules: \(StatusText.budget(daemon))")
  }

  private mutating func section(_ title: String, _ objects: [JSON], _ words: (JSON) -> String) {
    guard !objects.isEmpty else { return }
    lines.append("")
    put("\(title):")
    for object in objects { put(words(object), indent: 2) }
  }

  /// One thing, on as many lines as it needs.
  private mutating func put(_ line: String, indent: Int = 0) { lines += wrapped(line, indent: indent, width: width) }

  // MARK: Words

  private static func words(vcenter: JSON) -> String {
    let name = text(vcenter["vcenter"])
    if vcenter["up"].isNull { return "\(name): has not answered yet" }
    if vcenter["up"].bool == false { return "\(name): DOWN, \(text(vcenter["error"]))" }
    return
      "\(name): up\(vcenter["watch_only"].bool == true ? ", only watched: nothing can be terminated through it" : "")"
  }

  private static func words(login: JSON) -> String {
    let name = text(login["guest_login"])
    let refused = counted(login["vms_refusing"], "VM")
    guard login["stopped"].bool == true else { return "\(name): refused by \(refused), not used there any more" }
    return "\(name): STOPPED everywhere after refusals (by \(refused)), next try \(moment(login["next_try"])) UTC"
  }

  private static func words(pause: JSON) -> String {
    let rule = pause["rule"].isNull ? "all rules" : "rule \(text(pause["rule"]))"
    let vms = pause["vms"].isNull ? "all VMs" : "VMs \(text(pause["vms"]))"
    let until =
      pause["until"].isNull
      ? "until it is resumed" : "for another \(span(pause["left_seconds"])) (until \(moment(pause["until"])) UTC)"
    return "\(rule), \(vms), \(until)"
  }

  private static func words(rule: JSON) -> String {
    "\(text(rule["rule"])): \(text(rule["action"]))" + (rule["kills_allowed"].isNull ? "" : ", \(budget(rule))")
  }

  private static func budget(_ object: JSON) -> String {
    let room = object["next_room"].isNull ? "" : ", more room at \(moment(object["next_room"])) UTC"
    return "\(object["kills_in_window"].int ?? 0) of \(counted(object["kills_allowed"], "kill")) used in "
      + "\(span(object["window_seconds"]))\(room)"
  }

  private static func words(kill: JSON) -> String {
    let cause = kill["rule"].isNull ? "asked for by \(text(kill["asked_by"]))" : "rule \(text(kill["rule"]))"
    return "\(text(kill["kill_id"])): \(process(kill)), \(cause), decided \(moment(kill["decided"])) UTC, "
      + "now \(text(kill["step"]))"
  }

  private static func words(candidate: JSON) -> String {
    let proven = span(candidate["proven_seconds"])
    let claimed = span(candidate["claimed_seconds"])
    let age = "age \(proven) proven" + (claimed == proven ? "" : ", \(claimed) claimed")
    let reason = candidate["reason"].isNull ? "" : " (\(text(candidate["reason"])))"
    let due = "\(span(candidate["due_seconds"])), \(moment(candidate["due"])) UTC"
    let verdict: String =
      switch candidate["verdict"].string {
      case "runaway":
        "RUNAWAY\(reason), "
          + (candidate["gate"].isNull ? "its kill is on its way" : "not killed: \(text(candidate["gate_says"]))")
      case "exceeded": "over its limit\(reason), due in \(due)"
      default: "within its limits\(reason)" + (candidate["due"].isNull ? "" : ", exceeds them in \(due)")
      }
    return "\(process(candidate)), rule \(text(candidate["rule"])): \(age); \(verdict)"
  }

  private static func words(unwatched: JSON) -> String {
    let error = unwatched["error"].isNull ? "" : ": \(text(unwatched["error"]))"
    return "\(text(unwatched["vm_name"])) (\(text(unwatched["vm"])) of \(text(unwatched["vcenter"]))): "
      + "\(text(unwatched["reason"]))\(error)"
  }

  private static func words(trouble: JSON) -> String {
    "\(moment(trouble["at"])) \(text(trouble["level"])): \(text(trouble["message"], cap: 1024))"
  }

  private static func process(_ object: JSON) -> String {
    "\(text(object["name"])) (pid \(object["pid"].int ?? 0), owner \(text(object["owner"]))) on \(text(object["vm_name"]))"
  }
}

/// Text of anybody's as it may be shown.
private func text(_ value: JSON, cap: Int = 256) -> String { shown(value.string ?? "?", cap: cap) }

private func span(_ value: JSON) -> String { value.int.map { words(.seconds($0)) } ?? "?" }

/// `2026-11-21T21:36:02.123Z` as `2026-11-21 21:36:02`.
private func moment(_ value: JSON) -> String {
  guard let text = value.string, text.utf8.count >= 19 else { return "?" }
  let shown = shown(String(text.prefix(19)))
  return shown.replacing("T", with: " ")
}

private func counted(_ value: JSON, _ noun: String) -> String { counted(Int(clamping: value.int ?? 0), noun) }
