import GuestWatchCore

/// A `KillAnswer` and its `Timing` as columns of `answers`.
enum AnswerColumns {
  /// The answer itself.
  static let names = ["answer", "fault_kind", "fault_code", "fault_detail"]
  static let selected = names.map { "a." + $0 }.joined(separator: ", ")
  /// When it came.
  static let timing = ["first_byte_wall", "first_byte_clock", "ended_wall", "ended_clock", "date"]

  static func values(of answer: KillAnswer) -> [Value] {
    switch answer {
    case .done: [.text("done")] + FaultColumns.values(of: nil)
    case .notFound: [.text("not-found")] + FaultColumns.values(of: nil)
    case .notBegun(let fault): [.text("not-begun")] + FaultColumns.values(of: fault)
    case .denied(let fault): [.text("denied")] + FaultColumns.values(of: fault)
    case .ambiguous(let fault): [.text("ambiguous")] + FaultColumns.values(of: fault)
    case .notSent(let fault): [.text("not-sent")] + FaultColumns.values(of: fault)
    case .unanswered: [.text("unanswered")] + FaultColumns.values(of: nil)
    }
  }

  static func values(of timing: Timing) -> [Value] {
    [
      Value(timing.firstByte?.wall), Value(timing.firstByte?.continuous.nanoseconds), .integer(timing.ended.wall),
      .integer(timing.ended.continuous.nanoseconds), Value(timing.date),
    ]
  }

  /// nil where there is no answer (a joined row of NULLs).
  static func read(_ row: inout Cursor) throws(SQLiteError) -> KillAnswer? {
    let word = row.optionalText()
    let fault = try FaultColumns.read(&row)
    switch (word, fault) {
    case (nil, nil): return nil
    case ("done", nil): return .done
    case ("not-found", nil): return .notFound
    case ("not-begun", let fault?): return .notBegun(fault)
    case ("denied", let fault?): return .denied(fault)
    case ("ambiguous", let fault?): return .ambiguous(fault)
    case ("not-sent", let fault?): return .notSent(fault)
    case ("unanswered", nil): return .unanswered
    default: throw SQLiteError(damaged: "a row holds an answer that this version does not know")
    }
  }
}

/// A `Fault` as three columns (kind, code, detail); NULLs where there is none.
enum FaultColumns {
  static func values(of fault: Fault?) -> [Value] {
    guard let fault else { return [.null, .null, .null] }
    return [.text(fault.kind.rawValue), .bytes(fault.code), .bytes(fault.detail)]
  }

  static func read(_ row: inout Cursor) throws(SQLiteError) -> Fault? {
    let word = row.optionalText()
    let code = row.text()
    let detail = row.text()
    guard let word else { return nil }
    guard let kind = FaultKind(rawValue: word) else {
      throw SQLiteError(damaged: "a row holds an error that this version does not know")
    }
    return Fault(kind, code: code, detail: detail)
  }
}
