public import GuestWatchCore

/// Which rows `history` shows: all conditions that are given must hold.
public struct HistoryFilter: Hashable, Sendable {
  /// Decided at this wall time (nanoseconds since 1970) or later.
  public var since: Int64?
  /// The VM's exact name or managed object id.
  public var vm: String?
  public var rule: RuleID?
  public var outcome: HistoryOutcome?
  /// The newest so many; 0: all.
  public var limit: Int

  public init(
    since: Int64? = nil, vm: String? = nil, rule: RuleID? = nil, outcome: HistoryOutcome? = nil, limit: Int = 0
  ) {
    self.since = since
    self.vm = vm
    self.rule = rule
    self.outcome = outcome
    self.limit = limit
  }
}

/// Reads the ledger for people: without a daemon, beside a running one, and whatever the configuration looks like.
public enum HistoryReader {
  /// The rows that pass the filter, newest last.
  public static func rows(stateDirectory: String, filter: HistoryFilter) throws(LedgerError) -> [HistoryRow] {
    var rows: [HistoryRow] = []
    try forEach(stateDirectory: stateDirectory, filter: filter) { rows.append($0) }
    return rows
  }

  /// The same one by one, for a ledger of a million rows.
  public static func forEach(
    stateDirectory: String, filter: HistoryFilter, _ show: (HistoryRow) -> Void
  ) throws(LedgerError) {
    let files = StateFiles(directory: stateDirectory)
    let connection = try LedgerFile.openForReading(files)
    do {
      var (sql, values) = statement(filter)
      if filter.limit > 0 {
        sql = "SELECT * FROM (\(sql) ORDER BY k.id DESC LIMIT ?) ORDER BY place"
        values.append(.integer(Int64(filter.limit)))
      } else {
        sql += " ORDER BY k.id"
      }
      var cursor = try connection.query(sql, values)
      while try cursor.next() { show(try read(&cursor)) }
    } catch {
      throw .unusable("cannot read the ledger \(files.ledger): \(error.explanation)")
    }
  }

  /// Without its order. Everything that was given to us is bound, never part of the text.
  private static func statement(_ filter: HistoryFilter) -> (sql: String, values: [Value]) {
    var conditions: [String] = []
    var values: [Value] = []
    if let since = filter.since {
      conditions.append("k.decided_wall >= ?")
      values.append(.integer(since))
    }
    if let vm = filter.vm {
      conditions.append("(k.moid = ? OR k.vm_name = ?)")
      values += [.text(vm), .bytes(vm)]
    }
    if let rule = filter.rule {
      conditions.append("k.rule = ?")
      values.append(.text(rule.name))
    }
    switch filter.outcome {
    case nil: break
    case .open?: conditions.append("k.outcome IS NULL")
    case .reported?, .closed?:
      conditions.append("k.outcome = ?")
      values.append(filter.outcome.map { .text($0.word) } ?? .null)
    }
    var sql = """
      SELECT k.id AS place, k.life, k.number, k.rule, k.reason, k.reason_limit, k.reason_proven, k.reason_claimed,
        k.reason_count, k.reason_place, k.vcenter, k.moid, k.vm_name, k.pid, k.name, k.name_doubtful, k.owner,
        k.owner_doubtful, k.started, k.action, k.dry_run, k.outcome, k.error_kind, k.error_code, k.error_detail,
        a.fault_kind, a.fault_code, a.fault_detail, k.decided_wall, k.confirmed_wall,
        (SELECT first_byte_wall FROM answers WHERE kill = k.id AND first_byte_wall IS NOT NULL ORDER BY id LIMIT 1),
        CASE WHEN a.answer NOT IN ('unanswered', 'not-sent') THEN a.ended_wall END, k.verified_wall
      FROM kills k
      LEFT JOIN answers a ON a.id = (SELECT max(id) FROM answers WHERE kill = k.id AND after_outcome = 0)
      """
    if !conditions.isEmpty { sql += " WHERE " + conditions.joined(separator: " AND ") }
    return (sql, values)
  }

  private static func read(_ row: inout Cursor) throws(SQLiteError) -> HistoryRow {
    _ = row.integer()
    let id = try KillID(reading: &row)
    let rule = RuleID(row.text())
    let reason = try RecordColumns.readReason(&row)
    let vcenter = VCenterID(row.text())
    let moid = row.text()
    let vmName = row.text()
    let pid = row.integer()
    let name = row.guestText()
    let owner = row.guestText()
    let started = row.integer()
    let action: Action = try row.word("an action")
    let dryRun = row.flag()
    let outcome = HistoryOutcome(row.optionalText() ?? HistoryOutcome.open.word)
    guard let outcome else { throw SQLiteError(damaged: "kill \(id) has an outcome that this version does not know") }
    let closing = try FaultColumns.read(&row)
    let answering = try FaultColumns.read(&row)
    return HistoryRow(
      id: id, rule: rule, reason: reason, vcenter: vcenter, moid: moid, vmName: vmName, pid: pid, name: name,
      owner: owner, started: started, action: action, dryRun: dryRun, outcome: outcome,
      error: outcome == .open ? answering : closing, decided: row.integer(), confirmed: row.optionalInteger(),
      sent: row.optionalInteger(), answered: row.optionalInteger(), verified: row.optionalInteger())
  }
}
