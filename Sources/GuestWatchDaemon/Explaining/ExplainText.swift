import GuestWatchCore
import Ledger
import Systemd
import VSphere

/// The lines of `explain` for a person at a terminal: every line within the width, nothing from a guest as it came.
public struct ExplainText {
  private let width: Int
  private var isFirst = true
  /// `2026-11-21`: the day of the last listing, which need not be said again.
  private var day = ""
  /// The gates of the last rule.
  private var shared: [Gate] = []
  /// The last rule, of which nothing was shown yet: its name, and its lines for when it matches something.
  private var waiting: (name: String, lines: [String])?

  /// - Parameter width: columns of the terminal; lines are no shorter than 60.
  public init(width: Int) { self.width = min(max(width, 60), 200) }

  /// What a line, a JSON object, is in words.
  public mutating func lines(_ line: String) -> [String] {
    guard let object = try? JSONReader.read(Array(line.utf8)) else { return [] }
    defer { isFirst = false }
    let rule = waiting.take()
    switch object["is"].string {
    case "others" where rule != nil: return nothingMatches(rule?.name ?? "", object)
    default: return (rule?.lines ?? []) + saying(object)
    }
  }

  private mutating func saying(_ object: JSON) -> [String] {
    switch object["is"].string {
    case "vm":
      day = String((object["listed"].string ?? "").prefix(10))
      return head(object)
    case "rule":
      waiting = (text(object["rule"]), rule(object))
      return []
    case "process": return process(object)
    case "others": return others(object)
    case "unwatched":
      let login = object["guest_login"].isNull ? "" : ", login \(text(object["guest_login"]))"
      return blank
        + put(
          "\(text(object["vm_name"])) (\(text(object["vm"])) of \(text(object["vcenter"]))\(login)): not looked at: "
            + text(object["reason"], cap: 1024))
    case "note": return blank + put(text(object["message"], cap: 1024))
    case "summary": return blank + put(text(object["message"], cap: 4096))
    default: return []
    }
  }

  private var blank: [String] { isFirst ? [] : [""] }

  private func put(_ line: String, indent: Int = 0) -> [String] { wrapped(line, indent: indent, width: width) }

  private func head(_ vm: JSON) -> [String] {
    let family = vm["family"].string == "unknown" ? "family not known" : text(vm["family"])
    var lines =
      blank
      + put(
        "\(text(vm["vm_name"])) (\(text(vm["vm"])) of \(text(vm["vcenter"]))), \(family), login "
          + "\(text(vm["guest_login"])), \(counted(vm["processes"], "process", "processes")) at "
          + "\(moment(vm["listed"], day: "")) UTC")
    if vm["pid_found"].bool == false { lines += put("no process has pid \(vm["pid"].int ?? 0) there", indent: 2) }
    if vm["clock_trusted"].bool == false {
      lines += put("this machine's clock is not trusted: only ages that were seen count", indent: 2)
    }
    if !vm["start_times_doubted"].isNull {
      lines += put(
        "start times are not believed there (\(text(vm["start_times_doubted"]))): only ages that were seen count",
        indent: 2)
    }
    return lines
  }

  private func process(_ object: JSON) -> [String] {
    let owner = object["owner"].string == "" ? "owner not known" : text(object["owner"])
    let who = "\(text(object["name"])) (pid \(object["pid"].int ?? 0), \(owner))"
    if object["matched"].bool != true { return put("\(who): \(text(object["failed_says"], cap: 1024))", indent: 4) }
    let proven = span(object["proven_seconds"])
    let claimed = span(object["claimed_seconds"])
    var lines = put("\(who): age \(proven)" + (claimed == proven ? "" : " proven, \(claimed) claimed"), indent: 4)
    if !object["command"].isNull { lines += put(text(object["command"]), indent: 6) }
    // The ages stand on the line above.
    let limit = object["reason"].string.map { String($0.split(separator: ", proven ")[0]) }
    let reason = limit.map { ": \(shown($0))" } ?? ""
    let due = "due in \(span(object["due_seconds"])), \(moment(object["due"], day: day))"
    switch object["verdict"].string {
    case "killing": lines += put("ITS KILL IS UNDER WAY\(reason)", indent: 6)
    case "runaway": lines += put("RUNAWAY\(reason), since \(moment(object["since"], day: day))", indent: 6)
    case "exceeded":
      lines += put("over its limit\(reason), since \(moment(object["since"], day: day)), \(due)", indent: 6)
    case "ended": return lines + put("it has ended, though it is still listed", indent: 6)
    case "not-followed": return lines + put("more processes match there than can be followed", indent: 6)
    default:
      let exceeds =
        object["exceeds"].isNull
        ? "" : ", exceeds it at \(moment(object["exceeds"], day: day)), \(due)"
      lines += put("within its limits\(reason)\(exceeds)", indent: 6)
    }
    if object["verdict"].string != "killing" { lines += own(object) }
    return lines
  }

  /// What keeps alive all that it matches is said once.
  private mutating func rule(_ object: JSON) -> [String] {
    shared = gates(of: object)
    let lines = put(
      "rule \(text(object["rule"])) (\(text(object["action"]))): \(text(object["limits"]))", indent: 2)
    guard !shared.isEmpty else { return lines }
    let says = shared.map { gate in
      switch gate {
      case .notDuring where !object["gate_opens"].isNull: "\(words(gate)) until \(text(object["gate_opens"]))"
      default: words(gate)
      }
    }
    return lines + put("kills nothing now: \(says.joined(separator: "; "))", indent: 4)
  }

  /// The gates of one process alone.
  private func own(_ object: JSON) -> [String] {
    let own = gates(of: object).filter { !shared.contains($0) }
    if own.isEmpty {
      return object["verdict"].string == "within" || !shared.isEmpty ? [] : put("no gate keeps it alive", indent: 6)
    }
    let says = own.map { gate in
      switch gate {
      case .protected: "it is protected by \(text(object["protected_by"]))"
      default: words(gate)
      }
    }
    return put("kept alive: \(says.joined(separator: "; "))", indent: 6)
  }

  /// Most rules have nothing to do with most VMs: one line says so.
  private func nothingMatches(_ rule: String, _ others: JSON) -> [String] {
    put("rule \(rule): no process matches (\(reasons(others)))", indent: 2)
  }

  private func others(_ object: JSON) -> [String] {
    let count = counted(object["count"], "other does not match", "others do not match")
    return put("\(count): \(reasons(object))", indent: 4)
  }

  private func reasons(_ object: JSON) -> String {
    let failed = object["failed"]
    let reasons = (MatchKey.allCases.map(\.rawValue) + ["unless"]).compactMap { key -> String? in
      guard let count = failed[key].int, count > 0 else { return nil }
      return key == "unless" ? "\(count) excepted by unless" : "\(count) by \(key)"
    }
    return reasons.joined(separator: ", ")
  }
}

private func text(_ value: JSON, cap: Int = 256) -> String { shown(value.string ?? "?", cap: cap) }

private func span(_ value: JSON) -> String { value.int.map { words(.seconds($0)) } ?? "?" }

private func counted(_ value: JSON, _ one: String, _ more: String) -> String {
  counted(Int(clamping: value.int ?? 0), one, more)
}

/// `2026-11-21T21:36:02.123Z` as `2026-11-21 21:36:02`; on that day as `21:36:02`.
private func moment(_ value: JSON, day: String) -> String {
  guard let text = value.string, text.utf8.count >= 19 else { return "?" }
  let moment = shown(String(text.prefix(19))).replacing("T", with: " ")
  return !day.isEmpty && moment.hasPrefix(day + " ") ? String(moment.dropFirst(day.utf8.count + 1)) : moment
}
