import GuestWatchCore

extension HistoryRow {
  /// One JSON object without a line end: the fields of design.md, section 6. Times are RFC 3339 in UTC with milliseconds,
  /// `started` in whole seconds as a rule's `match.started` takes it; null where there is none.
  public var json: String {
    var fields = [
      ("kill_id", jsonString(id.description)),
      ("rule", jsonString(rule.name)),
      ("reason", jsonString(reason.sentence)),
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
    ]
    for (name, time) in [
      ("decided", decided), ("confirmed", confirmed), ("sent", sent), ("answered", answered), ("verified", verified),
    ] {
      fields.append((name, time.flatMap { rfc3339(unixNanoseconds: $0) }.map(jsonString) ?? "null"))
    }
    return "{" + fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
  }
}
