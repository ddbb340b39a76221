import GuestWatchCore

extension HistoryRow {
  /// One JSON object without a line end: the fields of design.md, section 6, and behind them what else the ledger knows.
  /// Times are RFC 3339 in UTC with milliseconds, `started` in whole seconds as a rule's `match.started` takes it, `_after`
  /// seconds since `decided` by the continuous clock; digests are 16 hex digits; null where there is none.
  public var json: String {
    var fields = [
      ("kill_id", jsonString(id.description)),
      ("rule", cause.rule.map { jsonString($0.name) } ?? "null"),
      ("reason", jsonString(cause.sentence)),
      ("vcenter", jsonString(vcenter.name)),
      ("vm", jsonString(moid)),
      ("vm_name", jsonString(vmName)),
      ("pid", String(pid)),
      ("name", jsonString(name.value)),
      ("owner", jsonString(owner.value)),
      ("started", rfc3339(unixSeconds: started).map(jsonString) ?? "null"),
      ("action", jsonString(action.rawValue)),
      ("outcome", jsonString(outcome.word)),
      ("error", error.map { jsonString($0.sentence) } ?? "null"),
      ("dry_run", dryRun ? "true" : "false"),
      ("decided", jsonTime(decided)),
    ]
    for (name, moment) in [
      ("confirmed", confirmed), ("sent", sent), ("answered", answered), ("verified", verified),
    ] {
      fields.append((name, jsonTime(moment?.wall)))
    }
    fields += [
      ("recorded", jsonTime(recorded.wall)), ("closed", jsonTime(closed?.wall)),
      ("boot_id", jsonString(bootID)), ("closed_boot_id", closedBootID.map(jsonString) ?? "null"),
    ]
    for (name, moment) in [
      ("confirmed", confirmed), ("recorded", recorded), ("sent", sent), ("answered", answered), ("verified", verified),
      ("closed", closed),
    ] {
      fields.append((name + "_after", moment?.after.map(jsonSeconds) ?? "null"))
    }
    fields += [
      ("asked_by", jsonString(cause.askedBy)), ("gate", gate.map { jsonString($0.rawValue) } ?? "null"),
      ("count", String(count)), ("first", jsonTime(first)), ("mixed", mixed ? "true" : "false"),
      ("guest_login", jsonString(login.name)), ("vcenter_uuid", jsonString(vm.vcenter)),
      ("vm_uuid", jsonString(vm.instance)), ("description", jsonString(ruleDescription)),
      ("command", command.value.isEmpty ? "null" : jsonString(command.value)),
      ("command_hash", jsonDigest(origin.command)), ("rule_hash", jsonDigest(origin.rule)),
      ("config_hash", jsonDigest(origin.configuration)), ("version", version.map(jsonString) ?? "null"),
    ]
    return jsonObject(fields)
  }
}

/// Values are JSON already.
package func jsonObject(_ fields: [(String, String)]) -> String {
  "{" + fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
}

/// Nanoseconds since 1970.
package func jsonTime(_ wall: Int64?) -> String {
  wall.flatMap { rfc3339(unixNanoseconds: $0) }.map(jsonString) ?? "null"
}

/// 16 hex digits, as `sha256sum` begins.
package func jsonDigest(_ digest: UInt64?) -> String { digest.map { jsonString(digits($0)) } ?? "null" }

/// The 16 hex digits of a digest.
func digits(_ digest: UInt64) -> String {
  let text = String(digest, radix: 16)
  return String(repeating: "0", count: 16 - text.utf8.count) + text
}

/// Seconds with microseconds, `-0.000120`.
private func jsonSeconds(_ duration: Duration) -> String {
  let microseconds = duration.nanoseconds / 1000
  let (seconds, rest) = microseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
  let fraction = String(rest)
  return (microseconds < 0 ? "-" : "") + "\(seconds)." + String(repeating: "0", count: 6 - fraction.utf8.count)
    + fraction
}
