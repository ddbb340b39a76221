import GuestWatchCore

/// The running time that the ledger saw (S3): within a boot what its continuous clock counts, over boots the sum of what
/// was seen of each. A step of the wall clock does not show in it, and time in which the machine was off does not count.
struct RunningTime: Sendable {
  /// The row of the boot that runs now.
  let boot: Int64
  /// Where the continuous clock stood when this boot was first seen.
  private let first: Int64
  /// What the ledger had seen before it.
  private let before: Int64

  /// The running time at a point of this boot's clock, in nanoseconds. Negative for what was before the ledger's first
  /// second; cut off at the ends of `Int64`, so that "never" stays the end of time.
  func at(_ instant: Instant) -> Int64 {
    (Instant(nanoseconds: instant.nanoseconds) + .nanoseconds(before &- first)).nanoseconds
  }

  /// The time from then to now, never negative.
  func age(of running: Int64, at now: Instant) -> Duration {
    max(.zero, .nanoseconds(at(now)) - .nanoseconds(running))
  }

  /// The time from now to then; negative where it has passed.
  func left(until running: Int64, at now: Instant) -> Duration {
    .nanoseconds(running) - .nanoseconds(at(now))
  }

  /// Goes on with the last boot, or begins a new one. Call it in a transaction.
  ///
  /// A clock that stands before the last mark is another clock under the same boot id (another time namespace, a copied
  /// directory): that is a boot of its own, so that rows can only look younger than they are.
  static func begin(_ connection: Connection, bootID: String, now: Now) throws(SQLiteError) -> RunningTime {
    var before: Int64 = 0
    if let last = try lastBoot(connection) {
      if last.bootID == bootID && now.continuous.nanoseconds >= last.last {
        let time = RunningTime(boot: last.row, first: last.first, before: last.before)
        try time.mark(connection, now)
        return time
      }
      before = last.before &+ (last.last &- last.first)
    }
    let clock = now.continuous.nanoseconds
    let made = try connection.number(
      """
      INSERT INTO boots (boot_id, first_clock, last_clock, running_before, last_wall) VALUES (?, ?, ?, ?, ?)
      RETURNING id
      """, [.text(bootID), .integer(clock), .integer(clock), .integer(before), .integer(now.wall)])
    guard let made else { throw SQLiteError(damaged: "a new boot got no row") }
    return RunningTime(boot: made, first: clock, before: before)
  }

  /// Notes that this boot's clock has come to `now`. Part of every write, so that no row is later than the last mark.
  func mark(_ connection: Connection, _ now: Now) throws(SQLiteError) {
    let changed = try connection.run(
      "UPDATE boots SET last_clock = max(last_clock, ?), last_wall = ? WHERE id = ?",
      [.integer(now.continuous.nanoseconds), .integer(now.wall), .integer(boot)])
    guard changed == 1 else { throw SQLiteError(damaged: "the row of the running boot is gone") }
  }

  private struct Boot {
    var row: Int64
    var bootID: String
    var first: Int64
    var last: Int64
    var before: Int64
  }

  private static func lastBoot(_ connection: Connection) throws(SQLiteError) -> Boot? {
    var cursor = try connection.query(
      "SELECT id, boot_id, first_clock, last_clock, running_before FROM boots ORDER BY id DESC LIMIT 1")
    guard try cursor.next() else { return nil }
    return Boot(
      row: cursor.integer(), bootID: cursor.text(), first: cursor.integer(), last: cursor.integer(),
      before: cursor.integer())
  }
}
