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
    throw TomlProblem(place: Place(place), message: tomlMessage(text(problem, length)))
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
