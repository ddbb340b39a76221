import GuestWatchCore

/// Writes one step of a kill. Runs in a transaction; what it refuses it has not written.
///
/// Each step may come again after a failure that hid its success: the same step twice is written once.
struct Steps {
  let connection: Connection
  let time: RunningTime
  let now: Now
  /// Of the daemon; nil: not known.
  let version: String?

  /// Returns why the step cannot be: it contradicts what is written. nil: it is written.
  func write(_ id: KillID, _ step: LedgerStep) throws(SQLiteError) -> String? {
    switch step {
    case .intent(let record): try begin(id, record)
    case .reported(let record, let gate): try report(id, record, gate)
    case .answered(let timing, let answer): try note(id, timing, answer)
    case .closed(let outcome, let error, let verified, let at):
      try close(id, outcome, error: error, verified: verified, at: at)
    }
  }

  private func begin(_ id: KillID, _ record: KillRecord) throws(SQLiteError) -> String? {
    if let refusal = try refusal(id, record, gate: nil) { return refusal.isEmpty ? nil : refusal }
    try insert(record, [])
    return nil
  }

  private func report(_ id: KillID, _ record: KillRecord, _ gate: Gate) throws(SQLiteError) -> String? {
    let reports = Reports(connection: connection, time: time)
    if try reports.hasCounted(id) { return nil }
    if let refusal = try refusal(id, record, gate: gate) { return refusal.isEmpty ? nil : refusal }
    let earlier = try reports.earlier(record, gate)
    let decided = time.at(record.decided.continuous)
    try insert(
      record,
      [
        ("gate", .text(gate.rawValue)), ("outcome", .text(HistoryOutcome.reported.word)),
        ("closed_boot", .integer(time.boot)), ("closed_wall", .integer(record.decided.wall)),
        ("closed_clock", .integer(record.decided.continuous.nanoseconds)), ("closed_running", .integer(decided)),
        ("count", .integer(1 + (earlier?.count ?? 0))), ("mixed", Value(earlier?.mixed ?? false)),
        ("first_wall", .integer(earlier?.firstWall ?? record.decided.wall)),
        ("first_running", .integer(earlier?.firstRunning ?? decided)),
      ])
    try reports.takeOut(earlier)
    try reports.note(id)
    return nil
  }

  /// Why a row cannot be begun; "": it is there already; nil: it can.
  private func refusal(_ id: KillID, _ record: KillRecord, gate: Gate?) throws(SQLiteError) -> String? {
    guard record.id == id else { return "its record calls itself kill \(record.id)" }
    guard let written = try self.record(of: id) else { return nil }
    return written == Written(record: record, gate: gate) ? "" : "another row has this id already"
  }

  private func insert(_ record: KillRecord, _ more: [(name: String, value: Value)]) throws(SQLiteError) {
    let names =
      RecordColumns.names + [
        "version", "boot", "decided_running", "written_wall", "written_clock", "written_running",
      ]
    let values =
      RecordColumns.values(of: record) + [
        version.map(Value.text) ?? .null, .integer(time.boot), .integer(time.at(record.decided.continuous)),
        .integer(now.wall), .integer(now.continuous.nanoseconds), .integer(time.at(now.continuous)),
      ]
    try connection.run(Ledger.insert("kills", names + more.map(\.name)), values + more.map(\.value))
  }

  private func note(_ id: KillID, _ timing: Timing, _ answer: KillAnswer) throws(SQLiteError) -> String? {
    guard let row = try find(id) else { return "the ledger has no intent with this id" }
    guard !row.reported else { return "it was only reported, there is nothing to answer" }
    let names = ["kill"] + AnswerColumns.names + AnswerColumns.timing
    let values = [.integer(row.id)] + AnswerColumns.values(of: answer) + AnswerColumns.values(of: timing)
    // IS and not =: NULLs are equal here.
    let same = names.map { "\($0) IS ?" }.joined(separator: " AND ")
    if try connection.number("SELECT 1 FROM answers WHERE \(same)", values) != nil { return nil }
    try connection.run(
      Ledger.insert("answers", names + ["boot", "after_outcome"]),
      values + [.integer(time.boot), Value(row.outcome != nil)])
    return nil
  }

  private func close(
    _ id: KillID, _ outcome: Outcome, error: Fault?, verified: Now?, at: Now
  ) throws(SQLiteError) -> String? {
    guard let row = try find(id) else {
      // An intent whose write failed is closed all the same, in case the failure hid its success: then there is nothing.
      return outcome == .abandoned ? nil : "the ledger has no intent with this id"
    }
    let names = [
      "outcome", "error_kind", "error_code", "error_detail", "verified_wall", "verified_clock", "closed_wall",
      "closed_clock",
    ]
    let values =
      [.text(outcome.rawValue)] + FaultColumns.values(of: error) + [
        Value(verified?.wall), Value(verified?.continuous.nanoseconds), .integer(at.wall),
        .integer(at.continuous.nanoseconds),
      ]
    if let written = row.outcome {
      let same = names.map { "\($0) IS ?" }.joined(separator: " AND ")
      let sql = "SELECT 1 FROM kills WHERE id = ? AND \(same)"
      let again = try connection.number(sql, [.integer(row.id)] + values) != nil
      return again ? nil : "it was closed as \(written) before, and that stands"
    }
    let assigned = (names + ["closed_boot", "closed_running"]).map { "\($0) = ?" }.joined(separator: ", ")
    try connection.run(
      "UPDATE kills SET \(assigned) WHERE id = ?",
      values + [.integer(time.boot), .integer(time.at(at.continuous)), .integer(row.id)])
    return nil
  }

  private struct Found {
    var id: Int64
    /// nil: open.
    var outcome: String?
    var reported: Bool
  }

  private func find(_ id: KillID) throws(SQLiteError) -> Found? {
    var cursor = try connection.query(
      "SELECT id, outcome, gate IS NOT NULL FROM kills WHERE life = ? AND number = ?", id.values)
    guard try cursor.next() else { return nil }
    return Found(id: cursor.integer(), outcome: cursor.optionalText(), reported: cursor.flag())
  }

  private struct Written: Equatable {
    var record: KillRecord
    var gate: Gate?
  }

  private func record(of id: KillID) throws(SQLiteError) -> Written? {
    var cursor = try connection.query(
      "SELECT \(RecordColumns.selected), k.gate FROM kills k WHERE k.life = ? AND k.number = ?", id.values)
    guard try cursor.next() else { return nil }
    return Written(record: try RecordColumns.read(&cursor), gate: cursor.optionalText().flatMap(Gate.init(rawValue:)))
  }
}

/// `INSERT` for these columns. The names are constants of this target.
func insert(_ table: String, _ names: [String]) -> String {
  let places = Array(repeating: "?", count: names.count).joined(separator: ", ")
  return "INSERT INTO \(table) (\(names.joined(separator: ", "))) VALUES (\(places))"
}

extension KillID {
  /// For the columns `life` and `number`.
  fileprivate var values: [Value] { [.integer(Int64(life)), .integer(Int64(number))] }
}
