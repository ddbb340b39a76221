/// What the ledger told at each reading. A row is for ever: what was read once is read again, and an outcome never changes.
struct RowBook: Sendable {
  /// By their ids, as they were read last.
  private(set) var rows: [String: HistoryRow] = [:]

  /// Takes all rows of a reading; returns what is wrong with them.
  mutating func take(_ read: [HistoryRow], _ when: String) -> [String] {
    var faults: [String] = []
    let byID = Dictionary(read.map { ($0.killId, $0) }, uniquingKeysWith: { first, _ in first })
    if byID.count != read.count { faults.append("\(when) a kill has two rows") }
    for (id, earlier) in rows {
      guard let row = byID[id] else {
        faults.append("\(when) kill \(id) is not in the ledger any more: \(earlier)")
        continue
      }
      if row.intent != earlier.intent { faults.append("\(when) the intent of kill \(id) changed: \(earlier) \(row)") }
      if earlier.outcome != "open", row.end != earlier.end {
        faults.append("\(when) the outcome of kill \(id) changed: \(earlier) \(row)")
      }
    }
    rows.merge(byID) { _, new in new }
    return faults
  }
}

extension HistoryRow {
  /// What stands before the terminate leaves.
  fileprivate var intent: [String?] {
    [rule, reason, vm, String(pid), name, owner, started, decided, confirmed, recorded, bootId]
  }
  fileprivate var end: [String?] { [outcome, error, verified, closed] }
}
