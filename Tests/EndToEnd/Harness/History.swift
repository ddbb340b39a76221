import Foundation

/// A row of `guestwatchd history --json`.
struct HistoryRow: Decodable, Sendable {
  var killId: String, rule: String?, reason: String, vcenter: String, vm: String, vmName: String
  var pid: Int64, name: String, owner: String, started: String?
  var action: String, outcome: String, error: String?, dryRun: Bool
  var decided: String?, confirmed: String?, sent: String?, answered: String?, verified: String?
  var recorded: String?, closed: String?, bootId: String, closedBootId: String?
  var confirmedAfter: Double?, recordedAfter: Double?, sentAfter: Double?, answeredAfter: Double?
  var verifiedAfter: Double?, closedAfter: Double?
  var askedBy: String, gate: String?, count: Int, first: String?, mixed: Bool
  var guestLogin: String, vcenterUuid: String, vmUuid: String, description: String
  var command: String?, commandHash: String?, ruleHash: String?, configHash: String?, version: String?

  /// Whether a terminate can have been sent for it.
  var isKill: Bool { outcome != "reported" }

  /// The times of the confirm and of the steps after it, as far as they were taken, in their order.
  var times: [Date] { [confirmed, sent, answered, verified].compactMap { $0 }.compactMap(date) }
}

/// Reads every line as one JSON object with exactly the fields of guestwatchd(8).
func historyRows(_ lines: String) throws -> [HistoryRow] {
  let fields: Set = [
    "kill_id", "rule", "reason", "vcenter", "vm", "vm_name", "pid", "name", "owner", "started", "action", "outcome",
    "error", "dry_run", "decided", "confirmed", "sent", "answered", "verified", "recorded", "closed", "boot_id",
    "closed_boot_id", "confirmed_after", "recorded_after", "sent_after", "answered_after", "verified_after",
    "closed_after", "asked_by", "gate", "count", "first", "mixed", "guest_login", "vcenter_uuid", "vm_uuid",
    "description", "command", "command_hash", "rule_hash", "config_hash", "version",
  ]
  let decoder = JSONDecoder()
  decoder.keyDecodingStrategy = .convertFromSnakeCase
  return try lines.split(separator: "\n").map { line in
    let data = Data(line.utf8)
    guard let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
      throw Trouble("not an object: \(line)")
    }
    guard Set(object.keys) == fields else { throw Trouble("fields missing or added: \(line)") }
    return try decoder.decode(HistoryRow.self, from: data)
  }
}

/// A time as RFC 3339 with or without a fraction.
func date(_ text: String) -> Date? {
  if let date = try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text) { return date }
  return try? Date.ISO8601FormatStyle().parse(text)
}

extension Date {
  /// With the fraction of the second, as the ledger and the simulator write times.
  var precise: String { formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)) }
}
