import GuestWatchCore

/// Forgets what is old, a small portion at a time. Runs in a transaction.
///
/// Pages that become free are used again, so that the file grows no further than to what is kept; it is not made smaller.
struct Retention {
  let connection: Connection
  let time: RunningTime
  let now: Now

  /// Rows that one portion looks at, of kills and of reports each: a few milliseconds, for an intent that comes right
  /// behind it. With a portion a minute a million rows are gone after a day and a half.
  static let portion: Int64 = 500

  /// The longest duration that a configuration can name: what is older matters to nothing.
  static let longest = Duration.seconds(3650 * 86_400)

  /// Where the next portion begins (running time): what must be kept is not looked at again each time.
  struct Place: Sendable {
    var kills = Int64.min
    var reports = Int64.min
  }

  /// Removes closed rows that were decided before `reach`, but for those that are still needed.
  ///
  /// - Parameter reach: at least as long as any window, cooldown or wait that the configuration has.
  func forget(beyond reach: Duration, from place: inout Place) throws(SQLiteError) {
    let before = start(of: reach)
    place.reports = try forget(
      "kills_reported_running", where: "k.outcome = 'reported'", [], before, from: place.reports)
    place.kills = try forget(
      "kills_running", where: "k.gate IS NULL AND \(Self.closed)", [.integer(start(of: Self.longest))], before,
      from: place.kills)
  }

  private func start(of reach: Duration) -> Int64 {
    let (start, isBeyond) = time.at(now.continuous).subtractingReportingOverflow(reach.nanoseconds)
    return isBeyond ? .min : start
  }

  private func forget(
    _ index: String, where condition: String, _ bound: [Value], _ before: Int64, from place: Int64
  ) throws(SQLiteError) -> Int64 {
    // The condition of a partial index must stand in each statement that uses it.
    let partial = index == "kills_running" ? "gate IS NULL" : "outcome = 'reported'"
    let last = try connection.number(
      """
      SELECT decided_running FROM kills INDEXED BY \(index)
      WHERE \(partial) AND decided_running BETWEEN ? AND ? ORDER BY decided_running LIMIT 1 OFFSET ?
      """, [.integer(place), .integer(before - 1), .integer(Self.portion - 1)])
    let rows = """
      SELECT k.id FROM kills k INDEXED BY \(index)
      WHERE k.decided_running BETWEEN ? AND ? AND k.id < (SELECT max(id) FROM kills) AND \(condition)
      """
    let values: [Value] = [.integer(place), .integer(last ?? before - 1)] + bound
    try connection.run("DELETE FROM answers WHERE kill IN (\(rows))", values)
    try connection.run("DELETE FROM kills WHERE id IN (\(rows))", values)
    // At the end it begins anew: what was kept may not be needed any more.
    return last.map { $0 + 1 } ?? .min
  }

  /// An open kill stays. So does what says that a process is stuck, denied or was tried before, for as long as it may live:
  /// until it was seen to end, or its VM began another epoch. The newest row stays for its number.
  private static let closed = """
    k.outcome IS NOT NULL AND (
      k.outcome NOT IN (\(Restoring.lasting))
      OR k.decided_running < ?
      OR EXISTS (
        SELECT 1 FROM memories m WHERE m.vcenter = CAST(k.vcenter_uuid AS BLOB)
          AND m.instance = CAST(k.vm_uuid AS BLOB) AND m.epoch_running > k.closed_running)
      OR EXISTS (
        SELECT 1 FROM kills e INDEXED BY kills_identity WHERE e.gate IS NULL AND e.vm_uuid = k.vm_uuid
          AND e.pid = k.pid AND e.started = k.started AND e.vcenter_uuid = k.vcenter_uuid AND e.owner = k.owner
          AND e.id > k.id AND e.outcome IN ('exited', 'already-gone', 'gone')))
    """
}
