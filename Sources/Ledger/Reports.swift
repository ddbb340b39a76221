import GuestWatchCore

/// Runaways that are only reported, counted: one row for each rule, VM, gate and process name a day, however often such a
/// process is started anew. Runs in a transaction.
///
/// The row is the last sighting; with each one more the old row goes and a new one takes its place at the end. A rule that
/// was changed has rows of its own: they are what gets it approved.
struct Reports {
  let connection: Connection
  let time: RunningTime

  /// So long a row takes sightings from its first on (by the running time): what is counted for weeks could not be told
  /// apart by time, nor be forgotten in time.
  static let span = Duration.seconds(86_400)
  /// The most names of one rule, VM and gate in that time: names are the guest's choice. Those beyond share one row.
  static let mostNames: Int64 = 100

  /// The row that one more sighting takes the place of.
  struct Earlier {
    /// nil: there is none yet, this is the first name beyond the most.
    var row: Int64?
    var count: Int64
    var mixed: Bool
    var firstWall: Int64
    var firstRunning: Int64
  }

  /// The row that the record is one more sighting of; nil: it is the first.
  func earlier(_ record: KillRecord, _ gate: Gate) throws(SQLiteError) -> Earlier? {
    let now = time.at(record.decided.continuous)
    let (since, before) = now.subtractingReportingOverflow(Self.span.nanoseconds)
    let same: [Value] = [
      .text(record.cause.rule?.name ?? ""), .text(record.vm.instance), .text(record.vm.vcenter), .text(gate.rawValue),
      Value(digest: record.origin.rule), .integer(before ? .min : since),
    ]
    let name = Value.bytes(record.process.name.value)
    if let earlier = try find("AND name = ? AND mixed = 0", same + [name]) { return earlier }
    let names = try connection.number(
      "SELECT count(*) FROM (SELECT 1 FROM kills \(Self.same) AND mixed = 0 LIMIT \(Self.mostNames))", same)
    guard names == Self.mostNames else { return nil }
    return try find("AND mixed = 1", same)
      ?? Earlier(row: nil, count: 0, mixed: true, firstWall: record.decided.wall, firstRunning: now)
  }

  private static let same = """
    INDEXED BY kills_reported WHERE outcome = 'reported' AND rule = ? AND vm_uuid = ? AND vcenter_uuid = ?
    AND gate = ? AND rule_hash IS ? AND coalesce(first_running, decided_running) > ?
    """

  private func find(_ condition: String, _ values: [Value]) throws(SQLiteError) -> Earlier? {
    var cursor = try connection.query(
      """
      SELECT id, count, mixed, coalesce(first_wall, decided_wall), coalesce(first_running, decided_running)
      FROM kills \(Self.same) \(condition) ORDER BY id DESC LIMIT 1
      """, values)
    guard try cursor.next() else { return nil }
    return Earlier(
      row: cursor.integer(), count: cursor.integer(), mixed: cursor.flag(), firstWall: cursor.integer(),
      firstRunning: cursor.integer())
  }

  /// When the new row is there: the old one goes. In this order, so that no id is given out twice.
  func takeOut(_ earlier: Earlier?) throws(SQLiteError) {
    guard let row = earlier?.row else { return }
    try connection.run("DELETE FROM kills WHERE id = ?", [.integer(row)])
  }

  /// More reports than can wait for the disk at a time (10,000), so that one that was counted by a write whose success was
  /// hidden is known when it comes again.
  private static let remembered: Int64 = 16_384

  func hasCounted(_ id: KillID) throws(SQLiteError) -> Bool {
    try connection.number(
      "SELECT 1 FROM counted WHERE place = ? AND life = ? AND number = ?",
      [.integer(Int64(id.number) % Self.remembered), .integer(Int64(id.life)), .integer(Int64(id.number))]) != nil
  }

  func note(_ id: KillID) throws(SQLiteError) {
    try connection.run(
      "INSERT OR REPLACE INTO counted (place, life, number) VALUES (?, ?, ?)",
      [.integer(Int64(id.number) % Self.remembered), .integer(Int64(id.life)), .integer(Int64(id.number))])
  }
}
