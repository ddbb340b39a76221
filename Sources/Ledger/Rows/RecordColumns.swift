import GuestWatchCore

/// A `KillRecord` as columns of `kills`, in this order in every statement.
enum RecordColumns {
  static let names = [
    "life", "number", "rule", "rule_description", "action", "dry_run", "reason", "reason_limit", "reason_proven",
    "reason_claimed", "reason_count", "reason_place", "vcenter", "vcenter_uuid", "vm_uuid", "moid", "vm_name", "login",
    "pid", "started", "finished", "owner", "owner_doubtful", "name", "name_doubtful", "command", "command_doubtful",
    "anchors", "decided_wall", "decided_clock", "confirmed_wall", "confirmed_clock",
    "rule_hash", "config_hash", "command_hash", "asked_by", "asked_reason",
  ]
  /// For a SELECT; `kills` is called `k` there.
  static let selected = names.map { "k." + $0 }.joined(separator: ", ")

  static func values(of record: KillRecord) -> [Value] {
    [
      .integer(Int64(record.id.life)), .integer(Int64(record.id.number)), .text(record.cause.rule?.name ?? ""),
      .bytes(record.ruleDescription), .text(record.action.rawValue), Value(record.dryRun),
    ] + values(of: record.cause.reason) + [
      .text(record.address.vcenter.name), .text(record.vm.vcenter), .text(record.vm.instance),
      .text(record.address.moid), .bytes(record.vmName), .text(record.login.name),
      .integer(record.process.pid), .integer(record.process.started), Value(record.process.finished),
      .bytes(record.process.owner.value), Value(record.process.owner.doubtful),
      .bytes(record.process.name.value), Value(record.process.name.doubtful),
      .bytes(record.process.command.value), Value(record.process.command.doubtful),
      .text(AnchorText.encode(record.anchors)),
      .integer(record.decided.wall), .integer(record.decided.continuous.nanoseconds),
      Value(record.confirmed?.wall), Value(record.confirmed?.continuous.nanoseconds),
    ] + values(of: record.origin) + values(of: record.cause)
  }

  static func read(_ row: inout Cursor) throws(SQLiteError) -> KillRecord {
    let id = try KillID(reading: &row)
    let rule = RuleID(row.text())
    let ruleDescription = row.text()
    let action: Action = try row.word("an action")
    let dryRun = row.flag()
    let reason = try readReason(&row)
    let vcenter = VCenterID(row.text())
    let vm = VMKey(vcenter: row.text(), instance: row.text())
    let address = VMAddress(vcenter: vcenter, moid: row.text())
    let vmName = row.text()
    let login = LoginID(row.text())
    let pid = row.integer()
    let started = row.integer()
    let finished = row.optionalInteger()
    let owner = row.guestText()
    let name = row.guestText()
    let command = row.guestText()
    let process = Process(pid: pid, started: started, owner: owner, name: name, command: command, finished: finished)
    guard let anchors = AnchorText.decode(row.text()) else { throw SQLiteError(damaged: "kill \(id) has no anchors") }
    guard let decided = row.now() else { throw SQLiteError(damaged: "kill \(id) was never decided") }
    let confirmed = row.now()
    let origin = readOrigin(&row)
    return KillRecord(
      id: id, cause: try readCause(&row, rule, reason), ruleDescription: ruleDescription, action: action,
      dryRun: dryRun, vm: vm, address: address, vmName: vmName, login: login, process: process, anchors: anchors,
      decided: decided, confirmed: confirmed, origin: origin)
  }

  private static func values(of origin: Origin) -> [Value] {
    [Value(digest: origin.rule), Value(digest: origin.configuration), Value(digest: origin.command)]
  }

  static func readOrigin(_ row: inout Cursor) -> Origin {
    let rule = row.digest()
    let configuration = row.digest()
    return Origin(rule: rule, configuration: configuration, command: row.digest())
  }

  // asked_by, asked_reason
  private static func values(of cause: Cause) -> [Value] {
    switch cause {
    case .rule: [.text(cause.askedBy), .null]
    case .demand(let demand): [.text(cause.askedBy), .bytes(demand.why)]
    }
  }

  /// - Parameters:
  ///   - rule: what the row names as its rule; empty where an operator asked.
  ///   - reason: nil where an operator asked.
  static func readCause(_ row: inout Cursor, _ rule: RuleID, _ reason: Reason?) throws(SQLiteError) -> Cause {
    let askedBy = row.text()
    let why = row.optionalText()
    switch (reason, why) {
    case (let reason?, nil) where askedBy == "rule" && !rule.name.isEmpty: return .rule(rule, reason)
    case (nil, let why?) where rule.name.isEmpty:
      guard askedBy.hasPrefix("uid "), let uid = UInt32(askedBy.dropFirst(4)) else { break }
      return .demand(Demand(uid: uid, why: why))
    default: break
    }
    throw SQLiteError(damaged: "a row does not say who asked for it")
  }

  // limit, proven, claimed (nanoseconds; the limit of too-many is a count), count, place
  private static func values(of reason: Reason?) -> [Value] {
    switch reason {
    case nil:
      [.text("asked"), .null, .null, .null, .null, .null]
    case .tooOld(let limit, let proven, let claimed):
      [
        .text("too-old"), .integer(limit.nanoseconds), .integer(proven.nanoseconds), .integer(claimed.nanoseconds),
        .null, .null,
      ]
    case .tooMany(let limit, let count, let place):
      [.text("too-many"), .integer(Int64(limit)), .null, .null, .integer(Int64(count)), .integer(Int64(place))]
    case .forbidden:
      [.text("forbidden"), .null, .null, .null, .null, .null]
    }
  }

  /// nil where an operator asked.
  static func readReason(_ row: inout Cursor) throws(SQLiteError) -> Reason? {
    let word = row.text()
    let limit = row.optionalInteger()
    let proven = row.optionalInteger()
    let claimed = row.optionalInteger()
    let count = row.optionalInteger()
    let place = row.optionalInteger()
    switch (word, limit, proven, claimed, count, place) {
    case ("too-old", let limit?, let proven?, let claimed?, nil, nil):
      return .tooOld(limit: .nanoseconds(limit), proven: .nanoseconds(proven), claimed: .nanoseconds(claimed))
    case ("too-many", let limit?, nil, nil, let count?, let place?):
      return .tooMany(limit: Int(limit), count: Int(count), place: Int(place))
    case ("forbidden", nil, nil, nil, nil, nil):
      return .forbidden
    case ("asked", nil, nil, nil, nil, nil):
      return nil
    default:
      throw SQLiteError(damaged: "a row holds a reason that this version does not know")
    }
  }
}

extension Cause {
  /// Who asked, as written in the ledger and in JSON: `rule`, `uid 1000`.
  package var askedBy: String {
    switch self {
    case .rule: "rule"
    case .demand(let demand): "uid \(demand.uid)"
    }
  }
}

extension Value {
  /// A digest by its bits; NULL where there is none.
  init(digest: UInt64?) { self.init(digest.map { Int64(bitPattern: $0) }) }
}

extension KillID {
  /// Reads the columns `life` and `number`.
  init(reading row: inout Cursor) throws(SQLiteError) {
    guard let life = UInt32(exactly: row.integer()), let number = UInt32(exactly: row.integer()) else {
      throw SQLiteError(damaged: "a row holds a kill id that is out of range")
    }
    self.init(life: life, number: number)
  }
}

extension Cursor {
  /// The next column as one of an enum's words.
  mutating func word<Word: RawRepresentable<String>>(_ what: String) throws(SQLiteError) -> Word {
    guard let word = Word(rawValue: text()) else {
      throw SQLiteError(damaged: "a row holds \(what) that this version does not know")
    }
    return word
  }

  /// The next two columns as guest text and its mark of doubt.
  mutating func guestText() -> GuestText {
    let value = text()
    return GuestText(value, doubtful: flag())
  }

  /// The next column as a digest; nil where it is NULL.
  mutating func digest() -> UInt64? { optionalInteger().map { UInt64(bitPattern: $0) } }

  /// The next two columns as wall time and continuous time; nil where either is NULL.
  mutating func now() -> Now? {
    let wall = optionalInteger()
    let clock = optionalInteger()
    guard let wall, let clock else { return nil }
    return Now(continuous: Instant(nanoseconds: clock), wall: wall)
  }
}
