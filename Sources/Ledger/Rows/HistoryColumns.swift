import GuestWatchCore

extension HistoryRow {
  /// Reads one row with what was answered before its outcome; nil: it is not there any more.
  static func read(_ connection: Connection, id: Int64) throws(SQLiteError) -> HistoryRow? {
    var cursor = try connection.query(Self.statement, [.integer(id)])
    return try cursor.next() ? try read(&cursor) : nil
  }

  private static let statement = """
    SELECT k.life, k.number, k.rule, k.rule_description, k.reason, k.reason_limit, k.reason_proven, k.reason_claimed,
      k.reason_count, k.reason_place, k.vcenter, k.moid, k.vm_name, k.vcenter_uuid, k.vm_uuid, k.login, k.pid, k.name,
      k.name_doubtful, k.owner, k.owner_doubtful, k.started, k.command, k.command_doubtful, k.action, k.dry_run, k.gate,
      k.outcome, k.error_kind, k.error_code, k.error_detail, a.fault_kind, a.fault_code, a.fault_detail,
      k.rule_hash, k.config_hash, k.command_hash, k.asked_by, k.asked_reason, k.version,
      k.count, coalesce(k.first_wall, k.decided_wall), k.mixed,
      b.boot_id, c.boot_id, k.boot IS k.closed_boot, k.decided_clock, k.decided_wall,
      k.confirmed_wall, k.confirmed_clock, k.written_wall, k.written_clock, s.first_byte_wall, s.first_byte_clock,
      CASE WHEN a.answer NOT IN ('unanswered', 'not-sent') THEN a.ended_wall END, a.ended_clock,
      k.verified_wall, k.verified_clock, k.closed_wall, k.closed_clock
    FROM kills k
    JOIN boots b ON b.id = k.boot
    LEFT JOIN boots c ON c.id = k.closed_boot
    LEFT JOIN answers a ON a.id = (SELECT max(id) FROM answers WHERE kill = k.id AND after_outcome = 0)
    LEFT JOIN answers s ON s.id = (SELECT min(id) FROM answers WHERE kill = k.id AND first_byte_wall IS NOT NULL)
    WHERE k.id = ?
    """

  private static func read(_ row: inout Cursor) throws(SQLiteError) -> HistoryRow {
    let id = try KillID(reading: &row)
    let rule = RuleID(row.text())
    let ruleDescription = row.text()
    let reason = try RecordColumns.readReason(&row)
    let vcenter = VCenterID(row.text())
    let moid = row.text()
    let vmName = row.text()
    let vm = VMKey(vcenter: row.text(), instance: row.text())
    let login = LoginID(row.text())
    let pid = row.integer()
    let name = row.guestText()
    let owner = row.guestText()
    let started = row.integer()
    let command = row.guestText()
    let action: Action = try row.word("an action")
    let dryRun = row.flag()
    let gate = row.optionalText().flatMap(Gate.init(rawValue:))
    let outcome = HistoryOutcome(row.optionalText() ?? HistoryOutcome.open.word)
    guard let outcome else { throw SQLiteError(damaged: "kill \(id) has an outcome that this version does not know") }
    let closing = try FaultColumns.read(&row)
    let answering = try FaultColumns.read(&row)
    let origin = RecordColumns.readOrigin(&row)
    let cause = try RecordColumns.readCause(&row, rule, reason)
    let version = row.optionalText()
    let count = row.integer()
    let first = row.integer()
    let mixed = row.flag()
    let bootID = row.text()
    let closedBootID = row.optionalText()
    let sameBoot = row.flag()
    let clock = row.integer()
    return HistoryRow(
      id: id, cause: cause, ruleDescription: ruleDescription, vcenter: vcenter, moid: moid,
      vmName: vmName, vm: vm, login: login, pid: pid, name: name, owner: owner, started: started, command: command,
      action: action, dryRun: dryRun, gate: gate, outcome: outcome, error: outcome == .open ? answering : closing,
      origin: origin, version: version, count: count, first: first, mixed: mixed, bootID: bootID,
      closedBootID: closedBootID, decided: row.integer(), confirmed: row.moment(since: clock),
      recorded: row.moment(since: clock) ?? Moment(wall: 0, after: nil), sent: row.moment(since: clock),
      answered: row.moment(since: clock), verified: row.moment(since: sameBoot ? clock : nil),
      closed: row.moment(since: sameBoot ? clock : nil))
  }
}

extension Cursor {
  /// The next two columns, wall time and continuous time; nil where the first is NULL. Without `clock`, the continuous time
  /// is of another boot and says nothing.
  fileprivate mutating func moment(since clock: Int64?) -> HistoryRow.Moment? {
    let wall = optionalInteger()
    let at = optionalInteger()
    guard let wall else { return nil }
    let after = clock.flatMap { clock in
      at.map { Instant(nanoseconds: $0) - Instant(nanoseconds: clock) }
    }
    return HistoryRow.Moment(wall: wall, after: after)
  }
}
