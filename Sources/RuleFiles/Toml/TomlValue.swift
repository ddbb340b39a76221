/// Where something stands in a file: line and column counted from 1, a column being one Unicode scalar.
struct Place: Hashable, Comparable, Sendable {
  var line: Int
  var column: Int

  /// Where what is said of a whole file is shown.
  static let start = Place(line: 1, column: 1)

  static func < (a: Place, b: Place) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

/// A value of a TOML file with the place where it begins.
struct TomlValue: Sendable {
  enum Kind: Sendable {
    case string(String)
    case integer(Int64)
    case float(Double)
    case boolean(Bool)
    case date
    case time
    /// A date and time without an offset: it names no instant.
    case localDateTime
    case dateTime(TomlDateTime)
    case list([TomlValue])
    case table(TomlTable)
  }

  var kind: Kind
  var place: Place

  /// What the value is, for a sentence such as "'every' is an integer".
  var typeName: String {
    switch kind {
    case .string: "a string"
    case .integer: "an integer"
    case .float: "a float"
    case .boolean: "a boolean"
    case .date: "a date"
    case .time: "a time"
    case .localDateTime: "a date-time without an offset"
    case .dateTime: "a date-time"
    case .list: "a list"
    case .table: "a table"
    }
  }

  /// True for `[]` and `{}`.
  var isEmpty: Bool {
    switch kind {
    case .list(let elements): elements.isEmpty
    case .table(let table): table.entries.isEmpty
    case .string, .integer, .float, .boolean, .date, .time, .localDateTime, .dateTime: false
    }
  }
}

/// A key with its value.
struct TomlEntry: Sendable {
  var key: String
  /// Where the key stands.
  var place: Place
  var value: TomlValue
}

/// The entries of a table in document order; a key stands once.
struct TomlTable: Sendable {
  var entries: [TomlEntry]

  subscript(key: String) -> TomlEntry? { entries.first { $0.key.utf8.elementsEqual(key.utf8) } }
}

/// A date and time with an offset, as toml++ checked it: the fields are in their ranges.
struct TomlDateTime: Hashable, Sendable {
  var year: Int
  var month: Int
  var day: Int
  var hour: Int
  var minute: Int
  var second: Int
  var nanosecond: Int
  var offsetMinutes: Int

  /// Seconds since 1970 in UTC, the fraction cut off.
  var secondsSince1970: Int64 {
    let days = daysSince1970(year: year, month: month, day: day)
    return days * 86_400 + Int64(hour * 3600 + minute * 60 + second) - Int64(offsetMinutes) * 60
  }
}
