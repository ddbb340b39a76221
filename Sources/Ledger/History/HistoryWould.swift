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
    names.map { $0.count == 1 ? $0.name : "\($0.name) x\($0.count)" }.joined(separator: ", ") + (mixed ? ", ..." : "")
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
  /// - Parameter filter: its outcome counts for nothing. Sightings are counted by the day, so `since` may take some of the
  ///   day before in.
  public static func would(stateDirectory: String, filter: HistoryFilter) throws(LedgerError) -> [WouldKill] {
    let files = StateFiles(directory: stateDirectory)
    let (connection, version) = try LedgerFile.openForReading(files)
    return try LedgerFile.explaining(.read, files) { () throws(SQLiteError) in
      var sum = WouldSum()
      try sum.read(connection, filter, indexed: version >= Schema.indexed)
      return sum.lines(newest: filter.limit)
    }
  }
}

/// Adds reports up, oldest first.
private struct WouldSum {
  private struct Key: Hashable {
    var rule: String
    var digest: UInt64?
    var vm: VMKey
  }
  private struct Text: Hashable {
    var rule: String
    var digest: UInt64?
  }
  private struct Line {
    var kill: WouldKill
    var names: [String: Int64] = [:]
  }
  private var lines: [Key: Line] = [:]
  /// When the last report of each text was.
  private var texts: [Text: Int64] = [:]

  mutating func read(_ connection: Connection, _ filter: HistoryFilter, indexed: Bool) throws(SQLiteError) {
    var filter = filter
    filter.outcome = .reported
    let (places, values) = filter.places(indexed: indexed)
    var cursor = try connection.query(
      """
      SELECT k.rule, k.rule_hash, k.vcenter_uuid, k.vm_uuid, k.vcenter, k.moid, k.vm_name, k.name, k.mixed, k.gate,
        k.count, coalesce(k.first_wall, k.decided_wall), k.decided_wall
      FROM kills k WHERE k.id IN (SELECT id FROM (\(places))) ORDER BY k.decided_wall, k.id
      """, values)
    while try cursor.next() {
      let rule = cursor.text()
      let digest = cursor.digest()
      let vm = VMKey(vcenter: cursor.text(), instance: cursor.text())
      let vcenter = VCenterID(cursor.text())
      let (moid, vmName, name, mixed) = (cursor.text(), cursor.text(), cursor.text(), cursor.flag())
      let (gate, count, first, last) = (cursor.text(), cursor.integer(), cursor.integer(), cursor.integer())
      let key = Key(rule: rule, digest: digest, vm: vm)
      let new = WouldKill(
        rule: RuleID(rule), ruleDigest: digest, isNewest: true, vcenter: vcenter, moid: moid, vmName: vmName, vm: vm,
        count: 0, first: first, last: last, names: [], mixed: false, gates: [])
      var line = lines[key] ?? Line(kill: new)
      // The newest report says what the VM is called.
      (line.kill.vcenter, line.kill.moid, line.kill.vmName) = (vcenter, moid, vmName)
      line.kill.count += count
      line.kill.first = min(line.kill.first, first)
      line.kill.last = max(line.kill.last, last)
      if mixed { line.kill.mixed = true } else { line.names[name, default: 0] += count }
      if !line.kill.gates.contains(gate) { line.kill.gates.append(gate) }
      lines[key] = line
      texts[Text(rule: rule, digest: digest)] = last
    }
  }

  func lines(newest limit: Int) -> [WouldKill] {
    var newest: [String: (last: Int64, digest: UInt64?)] = [:]
    for (text, last) in texts where newest[text.rule].map({ $0.last < last }) ?? true {
      newest[text.rule] = (last, text.digest)
    }
    var all: [WouldKill] = []
    for (key, line) in lines {
      var kill = line.kill
      kill.isNewest = newest[key.rule].map { $0.digest == key.digest } ?? true
      kill.gates.sort()
      kill.names = line.names.map { WouldKill.Name(name: $0.key, count: $0.value) }
        .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
      all.append(kill)
    }
    if limit > 0 { all = Array(all.sorted { ($1.last, $0.vm.instance) < ($0.last, $1.vm.instance) }.prefix(limit)) }
    return all.sorted { one, other in
      if one.rule != other.rule { return one.rule.name < other.rule.name }
      if one.ruleDigest != other.ruleDigest {
        let texts = [one, other].map { self.texts[Text(rule: $0.rule.name, digest: $0.ruleDigest)] ?? 0 }
        if texts[0] != texts[1] { return texts[0] < texts[1] }
      }
      return (one.vmName, one.vm.instance, one.vm.vcenter, one.ruleDigest ?? 0)
        < (other.vmName, other.vm.instance, other.vm.vcenter, other.ruleDigest ?? 0)
    }
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
