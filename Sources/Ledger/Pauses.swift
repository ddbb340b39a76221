import GuestWatchCore

/// The gates that operators closed. Runs in a transaction.
struct Pauses {
  let connection: Connection
  let time: RunningTime

  /// Puts these in the place of all before.
  func keep(_ pauses: [Pause]) throws(SQLiteError) {
    try connection.run("DELETE FROM pauses")
    for (place, pause) in pauses.enumerated() {
      try connection.run(
        "INSERT INTO pauses (place, rule, vms, until_running) VALUES (?, ?, ?, ?)",
        [
          .integer(Int64(place)), pause.rule.map { .text($0.name) } ?? .null,
          pause.vms.map { .bytes($0.pattern) } ?? .null, Value(pause.until.map(time.at)),
        ])
    }
  }

  /// In the order in which they were given. Each ends when the running time that was left has passed: over a reboot later
  /// than an operator's clock would say, never earlier. One that is over already is given all the same, to be told so.
  func all(now: Now) throws(SQLiteError) -> [Pause] {
    var cursor = try connection.query("SELECT rule, vms, until_running FROM pauses ORDER BY place")
    var pauses: [Pause] = []
    while try cursor.next() {
      let rule = cursor.optionalText().map { RuleID($0) }
      let vms = try glob(cursor.optionalText())
      let until = cursor.optionalInteger().map { now.continuous + time.left(until: $0, at: now.continuous) }
      pauses.append(Pause(rule: rule, vms: vms, until: until))
    }
    return pauses
  }

  private func glob(_ pattern: String?) throws(SQLiteError) -> Glob? {
    guard let pattern else { return nil }
    // Left out, it would open a gate that somebody closed.
    guard let glob = try? Glob(pattern) else { throw SQLiteError(damaged: "a pause holds a pattern that is none") }
    return glob
  }
}
