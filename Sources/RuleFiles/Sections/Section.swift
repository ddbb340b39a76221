/// The keys of one table, as the design names them.
struct Keys {
  /// Keys that this version carries out, in the order of the design.
  var known: [String]
  /// Keys that come together with a feature of later.
  var later: Set<String> = []
  /// Keys of other places that must not stand here, with what is wrong about that and what would be right.
  var refused: [String: String] = [:]
}

/// One table of a file whose keys have been checked.
struct Section {
  /// How messages name it: "[daemon]", "scope".
  let title: String
  let place: Place
  let table: TomlTable

  subscript(key: String) -> TomlEntry? { table[key] }

  /// The entry, or nil where the key is absent or holds `[]` or `{}`, which counts as absent outside the tables that
  /// choose (design.md, section 5, EMPTY).
  func unlessEmpty(_ key: String) -> TomlEntry? {
    guard let entry = table[key], !entry.value.isEmpty else { return nil }
    return entry
  }
}

extension Findings {
  /// Checks the keys of a table and gives it back to be read.
  mutating func section(_ table: TomlTable, at place: Place, title: String, keys: Keys) -> Section {
    for entry in table.entries { check(entry, in: title, against: keys) }
    return Section(title: title, place: place, table: table)
  }

  /// The table under a key, its keys checked; nil where it is none.
  mutating func section(_ entry: TomlEntry, title: String, keys: Keys, hint: String) -> Section? {
    guard case .table(let table) = entry.value.kind else {
      wrongType(entry, hint)
      return nil
    }
    return section(table, at: entry.value.place, title: title, keys: keys)
  }

  /// The tables of `[[key]]`, whatever else stands among them being an error.
  mutating func tables(_ entry: TomlEntry?, hint: String) -> [(table: TomlTable, place: Place)] {
    guard let entry else { return [] }
    guard case .list(let elements) = entry.value.kind else {
      wrongType(entry, hint)
      return []
    }
    var tables: [(TomlTable, Place)] = []
    for element in elements {
      if case .table(let table) = element.kind {
        tables.append((table, element.place))
      } else {
        error(element.place, .wrongType, "an element of \(shown(entry.key)) is \(element.typeName); write \(hint)")
      }
    }
    return tables
  }

  /// Where the values of a table stand.
  func origins(of table: TomlTable) -> [String: Origin] {
    Dictionary(
      table.entries.map { ($0.key, Origin(file: file, line: $0.value.place.line)) },
      uniquingKeysWith: { first, _ in first })
  }

  mutating func missing(_ key: String, in section: Section, hint: String) {
    error(section.place, .missingKey, "\(section.title) has no '\(key)'; write \(hint)")
  }

  /// `'KEY' is an integer; write HINT`.
  mutating func wrongType(_ entry: TomlEntry, _ hint: String) {
    error(entry.value.place, .wrongType, "\(shown(entry.key)) is \(entry.value.typeName); write \(hint)")
  }

  private mutating func check(_ entry: TomlEntry, in title: String, against keys: Keys) {
    if keys.known.contains(entry.key) { return }
    if let reason = keys.refused[entry.key] {
      error(entry.place, .misplacedKey, "\(shown(entry.key)) \(reason)")
    } else if keys.later.contains(entry.key) {
      error(entry.place, .unsupportedKey, "\(shown(entry.key)) comes in a later version; remove it")
    } else {
      let right = suggestion(for: entry.key, among: keys.known)
      error(entry.place, .unknownKey, "unknown key \(shown(entry.key)) in \(title); \(right)")
    }
  }
}
