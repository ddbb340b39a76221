public import GuestWatchCore

/// What one rule, as it was written at the time, would have killed on one VM: what gets a rule approved.
public struct WouldKill: Hashable, Sendable {
  /// A process name and how often it was seen.
  public struct Name: Hashable, Sendable {
    public var name: String
    public var count: Int64
  }

  public var rule: RuleID
  /// Digest of the rule's text; nil: not known.
  public var ruleDigest: UInt64?
  /// False where the ledger holds reports of this rule with a newer text.
  public var isNewest: Bool
  public var vcenter: VCenterID
  public var moid: String
  public var vmName: String
  public var vm: VMKey
  public var count: Int64
  /// Unix nanoseconds.
  public var first: Int64
  public var last: Int64
  /// The most frequent first.
  public var names: [Name]
  /// There were more names than are told apart.
  public var mixed: Bool
  /// What kept them alive: `report`, `dry-run` or both.
  public var gates: [String]

  /// The rule; one whose text was changed since carries its digest.
  var ruleWords: String { isNewest ? rule.name : "\(rule.name)@\(ruleDigest.map { digits($0).prefix(8) } ?? "?")" }

  /// `java x12, spin x3, ...`
  var nameWords: String {
    // No table is so wide that more of them would show.
    names.prefix(100).map { $0.count == 1 ? $0.name : "\($0.name) x\($0.count)" }.joined(separator: ", ")
      + (mixed || names.count > 100 ? ", ..." : "")
  }

  /// One JSON object without a line end.
  public var json: String {
    let names = names.map { jsonObject([("name", jsonString($0.name)), ("count", String($0.count))]) }
    return jsonObject([
      ("rule", jsonString(rule.name)), ("rule_hash", jsonDigest(ruleDigest)),
      ("newest", isNewest ? "true" : "false"), ("vcenter", jsonString(vcenter.name)),
      ("vcenter_uuid", jsonString(vm.vcenter)), ("vm", jsonString(moid)), ("vm_name", jsonString(vmName)),
      ("vm_uuid", jsonString(vm.instance)), ("gates", "[" + gates.map(jsonString).joined(separator: ",") + "]"),
      ("count", String(count)), ("first", jsonTime(first)), ("last", jsonTime(last)),
      ("names", "[" + names.joined(separator: ",") + "]"), ("mixed", mixed ? "true" : "false"),
    ])
  }
}

extension HistoryReader {
  /// What the rules would have killed: by rule, its texts oldest first, then by VM.
  ///
  /// - Parameters:
  ///   - filter: its outcome counts for nothing. Sightings are counted by the day, so `since` may take some of the day
  ///     before in.
  ///   - show: is called with each line, in this order.
  public static func forEachWould(
    stateDirectory: String, filter: HistoryFilter, _ show: (WouldKill) -> Void
  ) throws(LedgerError) {
    let files = StateFiles(directory: stateDirectory)
    let (connection, version) = try LedgerFile.openForReading(files)
    var reading = WouldReading(connection: connection, filter: filter, indexed: version >= Schema.indexed)
    var newest = NewestWould(limit: filter.limit)
    while let sum = try LedgerFile.explaining(.read, files, { () throws(SQLiteError) in try reading.next() }) {
      if filter.limit > 0 { sum.forEach { newest.take($0) } } else { sum.forEach(show) }
    }
    for kill in newest.kills { show(kill) }
  }

  /// All of them at once.
  public static func would(stateDirectory: String, filter: HistoryFilter) throws(LedgerError) -> [WouldKill] {
    var kills: [WouldKill] = []
    try forEachWould(stateDirectory: stateDirectory, filter: filter) { kills.append($0) }
    return kills
  }
}

/// The newest so many lines, in the order in which they came.
struct NewestWould {
  let limit: Int
  private var taken: [(place: Int, kill: WouldKill)] = []
  private var count = 0

  init(limit: Int) { self.limit = limit }

  mutating func take(_ kill: WouldKill) {
    taken.append((count, kill))
    count += 1
    // Seldom, and each time half of them go.
    if taken.count >= 2 * min(max(limit, 500), 1 << 40) { drop() }
  }

  var kills: [WouldKill] {
    var rest = self
    rest.drop()
    return rest.taken.map(\.kill)
  }

  private mutating func drop() {
    taken.sort { ($1.kill.last, $0.kill.vm.instance, $0.place) < ($0.kill.last, $1.kill.vm.instance, $1.place) }
    taken = Array(taken.prefix(limit)).sorted { $0.place < $1.place }
  }
}

/// `history --would` as a table that fits a terminal, as `HistoryTable` does.
public struct WouldTable: Sendable {
  private let widths: [Int]
  private static let titles = ["RULE", "VM", "COUNT", "FIRST (UTC)", "LAST (UTC)", "PROCESSES"]

  public init(width: Int) {
    let width = min(max(width, 80), 200)
    // Two times and a count are fixed, five blanks lie between; who, where and what share the rest.
    let room = width - 16 - 16 - 6 - 5
    widths = [room / 3, room / 3, 6, 16, 16, room - room / 3 * 2]
  }

  public var header: String { line(Self.titles) }

  public func line(_ kill: WouldKill) -> String {
    line([
      kill.ruleWords, kill.vmName, kill.count < 1_000_000 ? String(kill.count) : ">999k", moment(kill.first),
      moment(kill.last), kill.nameWords,
    ])
  }

  private func moment(_ wall: Int64) -> String {
    let moment = CalendarTime(unixSeconds: wall / 1_000_000_000)
    return "\(moment.date) \(moment.hourAndMinute)"
  }

  private func line(_ cells: [String]) -> String {
    var text = zip(cells, widths).enumerated()
      .map { place, cell in terminalCell(cell.0, width: cell.1, alignedRight: place == 2) }
      .joined(separator: " ")
    while text.hasSuffix(" ") { text.removeLast() }
    return text
  }
}
