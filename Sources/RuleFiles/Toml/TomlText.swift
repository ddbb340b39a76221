import CTomlPlusPlus

/// Why a text is not TOML. The message quotes nothing of the text: it may hold a secret.
struct TomlProblem: Error, Hashable, Sendable {
  var place: Place
  var message: String
}

/// Reads a whole file. Any bytes may be given.
func readToml(_ bytes: [UInt8]) throws(TomlProblem) -> TomlTable {
  let document = bytes.withUnsafeBytes { buffer in
    ctoml_read(buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
  }
  guard let document else {
    throw TomlProblem(place: .start, message: "memory ran out while the file was read; free some")
  }
  defer { ctoml_release(document) }

  var length = 0
  var place = ctoml_place(line: 1, column: 1)
  if let problem = ctoml_problem(document, &length, &place) {
    let description = text(problem, length)
    let shownPlace = isSecondTime(description) ? keyPlace(before: Place(place), in: bytes) : Place(place)
    throw TomlProblem(place: bounded(shownPlace, by: bytes), message: tomlMessage(description))
  }

  var count = 0
  let nodes = UnsafeBufferPointer(start: ctoml_nodes(document, &count), count: count)
  var reading = NodeReading(nodes: nodes)
  guard case .table(let root)? = reading.value()?.kind else {
    throw TomlProblem(place: .start, message: "the parser gave no table; report this as a defect")
  }
  return root
}

/// Turns the shim's list of nodes, each followed by its own, back into a tree. The shim bounds the depth.
private struct NodeReading {
  let nodes: UnsafeBufferPointer<ctoml_node>
  var next = 0

  mutating func value() -> TomlValue? {
    guard next < nodes.count else { return nil }
    let node = nodes[next]
    next += 1
    return TomlValue(kind: kind(of: node), place: Place(node.place))
  }

  private mutating func kind(of node: ctoml_node) -> TomlValue.Kind {
    switch node.kind {
    case .table: return .table(table(node))
    case .array:
      var elements: [TomlValue] = []
      for _ in 0..<node.children {
        if let element = value() { elements.append(element) }
      }
      return .list(elements)
    case .string: return .string(text(node.string, node.string_length))
    case .integer: return .integer(node.integer)
    case .floating: return .float(node.floating)
    case .boolean: return .boolean(node.boolean)
    case .date: return .date
    case .time: return .time
    case .localDateTime: return .localDateTime
    case .offsetDateTime: return .dateTime(TomlDateTime(node.moment))
    }
  }

  private mutating func table(_ node: ctoml_node) -> TomlTable {
    var entries: [TomlEntry] = []
    for _ in 0..<node.children {
      guard next < nodes.count else { break }
      let child = nodes[next]
      guard let value = value() else { break }
      entries.append(
        TomlEntry(key: text(child.key, child.key_length), place: Place(child.key_place), value: value))
    }
    return TomlTable(entries: entries)
  }
}

/// The place of the key whose value begins at `place`, where the parser shows a key that stands twice; `place` itself
/// where no `key =` stands before it on its line.
private func keyPlace(before place: Place, in bytes: [UInt8]) -> Place {
  let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: place.line, omittingEmptySubsequences: false)
  guard lines.indices.contains(place.line - 1) else { return place }
  var line = Array(String(decoding: lines[place.line - 1], as: UTF8.self).unicodeScalars)
  // A byte order mark has no column.
  if place.line == 1, line.first == "\u{FEFF}" { line.removeFirst() }
  var end = min(place.column - 1, line.count)
  let skipBlanks = { while end > 0, line[end - 1] == " " || line[end - 1] == "\t" { end -= 1 } }
  skipBlanks()
  guard end > 0, line[end - 1] == "=" else { return place }
  end -= 1
  skipBlanks()
  var start = end
  if end > 1, line[end - 1] == "\"" || line[end - 1] == "'" {
    start = line[..<(end - 1)].lastIndex(of: line[end - 1]) ?? end
  } else {
    while start > 0, line[start - 1].isASCII,
      line[start - 1].properties.isAlphabetic
        || "0123456789_-".unicodeScalars.contains(line[start - 1])
    {
      start -= 1
    }
  }
  return start < end ? Place(line: place.line, column: start + 1) : place
}

/// The place, or the end of its line or text where the parser looked beyond it: at the end of a file it counts on.
private func bounded(_ place: Place, by bytes: [UInt8]) -> Place {
  var line = 1
  var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  while line < place.line, let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
    line += 1
    start = end + 1
  }
  let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
  // Every scalar begins with a byte that does not go on with another.
  let width = bytes[start..<end].count { $0 & 0xC0 != 0x80 }
  return Place(line: line, column: min(line < place.line ? width + 1 : place.column, width + 1))
}

private func text(_ start: UnsafePointer<CChar>?, _ length: Int) -> String {
  String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
}

extension Place {
  fileprivate init(_ place: ctoml_place) {
    self.init(line: Int(place.line), column: Int(place.column))
  }
}

extension TomlDateTime {
  fileprivate init(_ moment: ctoml_moment) {
    self.init(
      year: Int(moment.year), month: Int(moment.month), day: Int(moment.day), hour: Int(moment.hour),
      minute: Int(moment.minute), second: Int(moment.second), nanosecond: Int(moment.nanosecond),
      offsetMinutes: Int(moment.offset_minutes))
  }
}
