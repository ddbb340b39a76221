import GuestWatchCore

/// Adds up what some rules would have killed. What it holds grows with the lines that come of it and with the names on
/// them, not with the rows; a text that many lines share is held once.
struct WouldSum {
  private struct Text: Hashable {
    var rule: String
    var digest: UInt64?
  }
  private struct Key: Hashable {
    var text: Int32
    var vcenter: Int32
    var vm: String
  }
  private struct Line {
    var key: Key
    /// The newest report says what the VM is called.
    var vcenterName: Int32
    var moid: String
    var vmName: String
    var count: Int64 = 0
    var first: Int64
    var last: Int64
    var mixed = false
    /// Places in `words`.
    var gates: [Int32] = []
  }
  /// How often a line's name was seen. One table for all lines: most have one name, some have thousands.
  private struct Seen: Hashable {
    var line: Int32
    var name: Int32
  }

  private var texts: [Text: Int32] = [:]
  /// When the last report of each text was.
  private var lasts: [(text: Text, last: Int64)] = []
  private var words: [String] = []
  private var places: [String: Int32] = [:]
  private var lines: [Line] = []
  private var linePlaces: [Key: Int32] = [:]
  private var counts: [Seen: Int64] = [:]

  var lineCount: Int { lines.count }

  /// Reads the rows of a filter, newest first.
  mutating func read(_ connection: Connection, _ filter: HistoryFilter, indexed: Bool) throws(SQLiteError) {
    let (sql, values) = Self.query(filter, indexed: indexed)
    var cursor = try connection.query(sql, values)
    while try cursor.next() {
      let text = place(of: Text(rule: cursor.text(), digest: cursor.digest()))
      let key = Key(text: text, vcenter: place(of: cursor.text()), vm: cursor.text())
      let (name, mixed, gate) = (cursor.text(), cursor.flag(), place(of: cursor.text()))
      let (count, first, last) = (cursor.integer(), cursor.integer(), cursor.integer())
      let line: Int
      if let known = linePlaces[key] {
        line = Int(known)
      } else {
        line = lines.count
        linePlaces[key] = Int32(line)
        let (vcenter, moid, vmName) = (place(of: cursor.text()), cursor.text(), cursor.text())
        lines.append(Line(key: key, vcenterName: vcenter, moid: moid, vmName: vmName, first: first, last: last))
      }
      lines[line].count += count
      lines[line].first = min(lines[line].first, first)
      lines[line].last = max(lines[line].last, last)
      if !lines[line].gates.contains(gate) { lines[line].gates.append(gate) }
      lasts[Int(text)].last = max(lasts[Int(text)].last, last)
      if mixed {
        lines[line].mixed = true
      } else {
        counts[Seen(line: Int32(line), name: place(of: name)), default: 0] += count
      }
    }
  }

  /// The columns that every row is read of come first.
  static func query(_ filter: HistoryFilter, indexed: Bool) -> (sql: String, values: [Value]) {
    var filter = filter
    filter.outcome = .reported
    let columns = """
      SELECT k.rule, k.rule_hash, k.vcenter_uuid, k.vm_uuid, k.name, k.mixed, k.gate, k.count,
        coalesce(k.first_wall, k.decided_wall), k.decided_wall, k.vcenter, k.moid, k.vm_name FROM kills k
      """
    let ways = filter.ways
    guard ways.count == 1, let way = ways.first else {
      let (places, values) = filter.places(indexed: indexed)
      return ("\(columns) WHERE k.id IN (SELECT id FROM (\(places))) ORDER BY k.decided_wall DESC, k.id DESC", values)
    }
    // The index has them in this order: nothing is sorted, nothing is held.
    let index = indexed ? " INDEXED BY \(way.index)" : ""
    return (
      "\(columns)\(index) WHERE \(way.conditions.joined(separator: " AND ")) ORDER BY decided_wall DESC, id DESC",
      way.values
    )
  }

  private mutating func place(of text: Text) -> Int32 {
    if let known = texts[text] { return known }
    texts[text] = Int32(lasts.count)
    lasts.append((text, .min))
    return Int32(lasts.count - 1)
  }

  private mutating func place(of word: String) -> Int32 {
    if let known = places[word] { return known }
    places[word] = Int32(words.count)
    words.append(word)
    return Int32(words.count - 1)
  }

  /// By rule, its texts oldest first, then by VM.
  func forEach(_ show: (WouldKill) -> Void) {
    let newest = newestTexts()
    let names = namesByLine()
    let order = lines.indices.sorted { isBefore(lines[$0], lines[$1]) }
    for i in order { show(kill(i, names, newest)) }
  }

  private func isBefore(_ one: Line, _ other: Line) -> Bool {
    if one.key.text != other.key.text {
      let (mine, others) = (lasts[Int(one.key.text)], lasts[Int(other.key.text)])
      return (mine.text.rule, mine.last, mine.text.digest ?? 0) < (
        others.text.rule, others.last, others.text.digest ?? 0
      )
    }
    if one.vmName != other.vmName { return one.vmName < other.vmName }
    if one.key.vm != other.key.vm { return one.key.vm < other.key.vm }
    return words[Int(one.key.vcenter)] < words[Int(other.key.vcenter)]
  }

  /// The text that each rule was last reported with.
  private func newestTexts() -> Set<Int32> {
    var newest: [String: Int32] = [:]
    for (place, text) in lasts.enumerated() {
      if let known = newest[text.text.rule], lasts[Int(known)].last >= text.last { continue }
      newest[text.text.rule] = Int32(place)
    }
    return Set(newest.values)
  }

  /// All names behind one another, those of line `i` from `starts[i]` to `starts[i + 1]`.
  private func namesByLine() -> (starts: [Int], names: [(name: Int32, count: Int64)]) {
    var starts = [Int](repeating: 0, count: lines.count + 1)
    for seen in counts.keys { starts[Int(seen.line) + 1] += 1 }
    for i in lines.indices { starts[i + 1] += starts[i] }
    var next = starts
    var names = [(name: Int32, count: Int64)](repeating: (0, 0), count: counts.count)
    for (seen, count) in counts {
      names[next[Int(seen.line)]] = (seen.name, count)
      next[Int(seen.line)] += 1
    }
    return (starts, names)
  }

  private func kill(
    _ i: Int, _ all: (starts: [Int], names: [(name: Int32, count: Int64)]), _ newest: Set<Int32>
  ) -> WouldKill {
    let line = lines[i]
    let text = lasts[Int(line.key.text)].text
    let names = all.names[all.starts[i]..<all.starts[i + 1]].map {
      WouldKill.Name(name: words[Int($0.name)], count: $0.count)
    }
    return WouldKill(
      rule: RuleID(text.rule), ruleDigest: text.digest, isNewest: newest.contains(line.key.text),
      vcenter: VCenterID(words[Int(line.vcenterName)]), moid: line.moid, vmName: line.vmName,
      vm: VMKey(vcenter: words[Int(line.key.vcenter)], instance: line.key.vm), count: line.count, first: line.first,
      last: line.last, names: names.sorted { ($1.count, $0.name) < ($0.count, $1.name) }, mixed: line.mixed,
      gates: line.gates.map { words[Int($0)] }.sorted())
  }
}

/// Reads the reports of a ledger a rule at a time: what is held is one rule's, and while it is shown nothing of the ledger
/// is (a pager that waits for its reader would keep the daemon's log from being moved into the file).
struct WouldReading {
  private let connection: Connection
  private let filter: HistoryFilter
  private let indexed: Bool
  /// The rules that are left, the next one last; nil: nothing was read yet.
  private var left: [HistoryFilter]?

  init(connection: Connection, filter: HistoryFilter, indexed: Bool) {
    self.connection = connection
    self.filter = filter
    self.indexed = indexed
  }

  /// The next rule's; nil: that was all.
  mutating func next() throws(SQLiteError) -> WouldSum? {
    var left: [HistoryFilter]
    if let known = self.left { left = known } else { left = try parts().reversed() }
    defer { self.left = left }
    while let part = left.popLast() {
      var sum = WouldSum()
      try sum.read(connection, part, indexed: indexed)
      if sum.lineCount > 0 { return sum }
    }
    return nil
  }

  private func parts() throws(SQLiteError) -> [HistoryFilter] {
    // One VM has few lines, and each rule would go through all of its rows.
    if filter.vm != nil || filter.rule != nil { return [filter] }
    var cursor = try connection.query(Self.rules(indexed: indexed))
    var parts: [HistoryFilter] = []
    while try cursor.next() {
      var part = filter
      part.rule = RuleID(cursor.text())
      parts.append(part)
    }
    return parts
  }

  /// From one rule to the next over the index, however many rows each has.
  static func rules(indexed: Bool) -> String {
    guard indexed else { return "SELECT DISTINCT rule FROM kills WHERE outcome = 'reported' ORDER BY rule" }
    let least = "SELECT min(rule) AS rule FROM kills INDEXED BY kills_reported WHERE outcome = 'reported'"
    return """
      WITH RECURSIVE rules AS (
        \(least) UNION ALL SELECT (\(least) AND rule > rules.rule) FROM rules WHERE rules.rule IS NOT NULL)
      SELECT rule FROM rules WHERE rule IS NOT NULL
      """
  }
}
