import GuestWatchCore

/// `reported x12`: in 12 columns, whatever the number.
private func counted(_ count: Int64) -> String {
  if count < 100 { return "reported x\(count)" }
  return count < 10_000 ? "report x\(count)" : count < 1_000_000 ? "report x\(count / 1000)k" : "report x1M+"
}

/// `history` as a table that fits a terminal. Lines have no line end and no blanks at their end.
///
/// Columns do not depend on the rows, so that the first line can be shown before the last is read.
public struct HistoryTable: Sendable {
  private struct Column {
    var title: String
    var width: Int
    var alignedRight = false
    var cell: @Sendable (HistoryRow) -> String
  }

  private let columns: [Column]

  /// Fits `width` columns; a terminal narrower than 80 gets lines of 80, one wider than 200 lines of 200.
  public init(width: Int) {
    let width = min(max(width, 80), 200)
    // What an operator looks for most gets the room: who, where, by what rule. From 100 columns on the kill's id (it leads
    // to the journal) and seconds are there too.
    let roomy = width >= 100
    let when = Column(title: "DECIDED (UTC)", width: roomy ? 19 : 16) { row in
      let moment = CalendarTime(unixSeconds: row.decided / 1_000_000_000)
      return "\(moment.date) \(roomy ? moment.time : moment.hourAndMinute)"
    }
    let id = Column(title: "KILL", width: 9) { $0.id.description }
    let outcome = Column(title: "OUTCOME", width: 12) { row in
      row.count == 1 ? row.outcome.word : counted(row.count)
    }
    let pid = Column(title: "PID", width: 7, alignedRight: true) { String($0.pid) }
    let whyWidth = roomy ? 12 : 9
    let why = Column(title: "WHY", width: whyWidth) { $0.cause.cell(width: whyWidth) }
    let fixed = roomy ? [when, id, outcome] : [when, outcome]
    let taken = (fixed + [pid, why]).reduce(0) { $0 + $1.width + 1 }
    // Three names share the rest; each has a blank before it, but for the line's first column.
    let room = width - taken + 1 - 3
    let third = room / 3
    columns =
      fixed + [
        Column(title: "VM", width: third) { $0.vmName },
        pid,
        Column(title: "PROCESS", width: third) { $0.name.value },
        Column(title: "RULE", width: room - 2 * third) { $0.cause.rule?.name ?? $0.cause.askedBy },
        why,
      ]
  }

  /// The titles.
  public var header: String { line { $0.title } }

  /// One row.
  public func line(_ row: HistoryRow) -> String { line { $0.cell(row) } }

  private func line(_ cell: (Column) -> String) -> String {
    var text = columns.map { terminalCell(cell($0), width: $0.width, alignedRight: $0.alignedRight) }
      .joined(separator: " ")
    while text.hasSuffix(" ") { text.removeLast() }
    return text
  }
}
