import GuestWatchCore

/// Reads what a new start must know of the lives before it.
struct Restoring {
  let connection: Connection
  let time: RunningTime
  let now: Now

  /// Outcomes that hold for as long as the process lives: how often it was tried, and that it is left alone.
  static let lasting = "'survived', 'stuck', 'denied', 'unknown'"

  /// What is given back counts for no window.
  private static let givenBack = Outcome.allCases.filter(\.givesBack).map { "'\($0.rawValue)'" }.joined(separator: ", ")

  /// Rows with an intent that are no older than `reach` nor than the newest so many that windows count, oldest first.
  /// Whatever their age, those that are open, and what the ledger still holds of tries on processes that may live.
  func rows(reach: Duration, most: Int = Restored.mostRows) throws(SQLiteError) -> [Restored.Row] {
    let (since, before) = time.at(now.continuous).subtractingReportingOverflow(reach.nanoseconds)
    var cursor = try connection.query(
      """
      SELECT \(RecordColumns.selected), k.decided_running, k.outcome, k.closed_running FROM kills k
      WHERE k.id IN (
        SELECT id FROM kills INDEXED BY kills_running
        WHERE gate IS NULL AND decided_running >= ? AND decided_running >= coalesce((
          SELECT decided_running FROM kills INDEXED BY kills_running
          WHERE gate IS NULL AND (outcome IS NULL OR outcome NOT IN (\(Self.givenBack)))
          ORDER BY decided_running DESC LIMIT 1 OFFSET ?), decided_running)
        UNION SELECT id FROM kills WHERE outcome IS NULL
        UNION SELECT id FROM kills INDEXED BY kills_outcome WHERE outcome IN (\(Self.lasting))
      )
      ORDER BY k.id
      """, [.integer(before ? .min : since), .integer(Int64(most) - 1)])
    var rows: [Restored.Row] = []
    while try cursor.next() {
      let record = try RecordColumns.read(&cursor)
      let decided = cursor.integer()
      let outcome = try readOutcome(&cursor)
      let closed = cursor.optionalInteger()
      rows.append(
        Restored.Row(
          id: record.id, rule: record.cause.rule, vm: record.vm, process: record.process, login: record.login,
          age: time.age(of: decided, at: now.continuous), outcome: outcome,
          closedAge: closed.map { time.age(of: $0, at: now.continuous) }))
    }
    return rows
  }

  /// Kills without an outcome, oldest first, each with the last answer that was written.
  func open() throws(SQLiteError) -> [Restored.OpenKill] {
    var cursor = try connection.query(
      """
      SELECT \(RecordColumns.selected), k.written_running, \(AnswerColumns.selected),
        a.ended_clock - a.first_byte_clock FROM kills k
      LEFT JOIN answers a ON a.id = (SELECT max(id) FROM answers WHERE kill = k.id)
      WHERE k.outcome IS NULL ORDER BY k.id
      """)
    var kills: [Restored.OpenKill] = []
    while try cursor.next() {
      let record = try RecordColumns.read(&cursor)
      let written = cursor.integer()
      let answer = try AnswerColumns.read(&cursor)
      kills.append(
        Restored.OpenKill(
          record: record, age: time.age(of: written, at: now.continuous), answer: answer,
          answerTook: cursor.optionalInteger().map { .nanoseconds($0) }))
    }
    return kills
  }

  private func readOutcome(_ row: inout Cursor) throws(SQLiteError) -> Outcome? {
    guard let word = row.optionalText() else { return nil }
    guard let outcome = Outcome(rawValue: word) else {
      throw SQLiteError(damaged: "a row holds an outcome that this version does not know")
    }
    return outcome
  }
}
