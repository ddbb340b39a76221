/// Start times are computed once per life of the guest agent, so a restart of it moves all of them together: by a second,
/// or by what the guest's clock stepped meanwhile (vsphere-api.md, 8.2).
enum AgentRestart {
  /// Fewer common rows than this prove nothing.
  static let fewest = 8

  /// By how many seconds the start times moved between two complete listings; nil: they did not, or it cannot be told.
  ///
  /// - Parameters:
  ///   - before: the rows of the listing before, by pid.
  ///   - rows: the rows of the listing now, by pid, and the hashes of their `owners`.
  ///   - sent: when the listing before was sent, seconds since 1970: the oldest of the rows must have started before it,
  ///     else this is another life of the guest.
  static func shift(from before: [RowMemory], to rows: [Process], _ owners: [UInt64], sent: Int64) -> Int64? {
    var deltas: [Int64] = []
    var oldest: (before: Int64, now: Int64)?
    var b = 0
    for (i, owner) in owners.enumerated() {
      let pid = rows[i].pid
      while b < before.count, before[b].pid < pid { b += 1 }
      guard b < before.count, before[b].pid == pid, before[b].owner == owner else { continue }
      let started = rows[i].started
      deltas.append(started - before[b].started)
      if oldest.map({ before[b].started < $0.before }) ?? true { oldest = (before[b].started, started) }
    }
    guard deltas.count >= fewest, let oldest, oldest.now < sent else { return nil }
    // Three quarters share it, so the middle one has it.
    let middle = deltas.sorted()[deltas.count / 2]
    guard middle != 0, deltas.count(where: { isShift($0, middle) }) * 4 >= deltas.count * 3 else { return nil }
    return middle
  }

  /// Whole seconds on either side leave a second of play.
  static func isShift(_ delta: Int64, _ shift: Int64) -> Bool { abs(delta - shift) <= 1 }
}
