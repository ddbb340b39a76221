/// A JSON value as an answer of vCenter itself holds it, or a line of our own. Listings of guests do not go through here
/// (`GuestRows`).
package enum JSON: Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// A number that is no integer or does not fit: none of ours is read from one.
  case otherNumber
  /// What is not Unicode in it is shown as U+FFFD.
  case string(String)
  case array([JSON])
  case object([(key: String, value: JSON)])

  /// The value of a key; `.null` where it is absent, because both mean the same in both APIs. The last one of several.
  package subscript(_ key: String) -> JSON {
    if case .object(let members) = self { return members.last { $0.key == key }?.value ?? .null }
    return .null
  }

  package var isNull: Bool { if case .null = self { true } else { false } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var int: Int64? { if case .integer(let value) = self { value } else { nil } }
  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var array: [JSON]? { if case .array(let values) = self { values } else { nil } }
  package var isObject: Bool { if case .object = self { true } else { false } }
}

/// Reads whole values from bytes.
package struct JSONReader {
  private var cursor: JSONCursor
  private var values = 0

  /// More values than this are refused: each costs some 40 bytes, however short it is written. The largest answers of
  /// vCenter (40,000 VMs with a tag) have a quarter of it.
  static let valueCap = 500_000

  package static func read(_ bytes: [UInt8]) throws(NotJSON) -> JSON {
    var reader = JSONReader(cursor: JSONCursor(bytes))
    let value = try reader.value()
    try reader.cursor.end()
    return value
  }

  private init(cursor: JSONCursor) { self.cursor = cursor }

  /// It calls itself for each level, of which the cursor allows `JSONCursor.depthCap`.
  private mutating func value() throws(NotJSON) -> JSON {
    values += 1
    guard values <= JSONReader.valueCap else { throw cursor.wrong }
    switch try cursor.peek() {
    case .object: return .object(try members())
    case .array: return .array(try elements())
    case .string: return .string(cursor.decoded(try cursor.text()).text)
    case .number: return try cursor.integer().map(JSON.integer) ?? .otherNumber
    case .true:
      try cursor.word("true")
      return .bool(true)
    case .false:
      try cursor.word("false")
      return .bool(false)
    case .null:
      try cursor.word("null")
      return .null
    }
  }

  private mutating func members() throws(NotJSON) -> [(key: String, value: JSON)] {
    var members: [(key: String, value: JSON)] = []
    guard try cursor.opens(.object) else { return members }
    repeat {
      let key = cursor.decoded(try cursor.key()).text
      members.append((key, try value()))
    } while try cursor.goesOn(.object)
    return members
  }

  private mutating func elements() throws(NotJSON) -> [JSON] {
    var values: [JSON] = []
    guard try cursor.opens(.array) else { return values }
    repeat { values.append(try value()) } while try cursor.goesOn(.array)
    return values
  }
}
