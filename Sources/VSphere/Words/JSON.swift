import GuestWatchCore

/// A JSON value as an answer holds it. Its own reader instead of a library's, because a library refuses the whole
/// answer for one invalid byte: then one hostile process would hide all others of its VM.
package enum JSON: Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// A number that is no integer or does not fit: none of ours is read from one.
  case otherNumber
  /// `repaired`: it held bytes or surrogates that are not Unicode, shown as U+FFFD.
  case string(String, repaired: Bool)
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
  package var string: String? { if case .string(let value, _) = self { value } else { nil } }
  package var array: [JSON]? { if case .array(let values) = self { values } else { nil } }
  package var isObject: Bool { if case .object = self { true } else { false } }

  /// Text from inside a guest: capped, and doubtful where it had to be repaired.
  var guestText: GuestText? {
    if case .string(let value, let repaired) = self { GuestText(value, doubtful: repaired) } else { nil }
  }
}

/// What is wrong with a text that should be JSON.
package struct NotJSON: Error, Hashable {
  /// Where it stops to be, counted in bytes from 0.
  var offset: Int
}

/// Reads RFC 8259 JSON from bytes, lenient only inside strings: raw control characters are kept, invalid UTF-8 and lone
/// surrogates become U+FFFD.
package struct JSONReader {
  private let bytes: [UInt8]
  private var at = 0

  /// Deeper nesting is refused: no answer of ours goes beyond 12, and each level costs stack.
  static let depthCap = 64

  package static func read(_ bytes: [UInt8]) throws(NotJSON) -> JSON {
    var reader = JSONReader(bytes: bytes)
    let value = try reader.value(depth: 0)
    reader.skipBlanks()
    guard reader.at == bytes.count else { throw reader.wrong }
    return value
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private var wrong: NotJSON { NotJSON(offset: at) }

  private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  private mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
  }

  private mutating func value(depth: Int) throws(NotJSON) -> JSON {
    guard depth < JSONReader.depthCap else { throw wrong }
    skipBlanks()
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""):
      let (text, repaired) = try string()
      return .string(text, repaired: repaired)
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ text: StaticString, _ value: JSON) throws(NotJSON) -> JSON {
    let count = text.utf8CodeUnitCount
    let fits = text.withUTF8Buffer { wanted in
      at + count <= bytes.count && bytes[at..<at + count].elementsEqual(wanted)
    }
    guard fits else { throw wrong }
    at += count
    return value
  }

  private mutating func object(depth: Int) throws(NotJSON) -> JSON {
    at += 1
    var members: [(key: String, value: JSON)] = []
    skipBlanks()
    if next == UInt8(ascii: "}") {
      at += 1
      return .object(members)
    }
    while true {
      skipBlanks()
      guard next == UInt8(ascii: "\"") else { throw wrong }
      let (key, _) = try string()
      skipBlanks()
      guard next == UInt8(ascii: ":") else { throw wrong }
      at += 1
      members.append((key, try value(depth: depth + 1)))
      if try endsAfterComma(UInt8(ascii: "}")) { return .object(members) }
    }
  }

  private mutating func array(depth: Int) throws(NotJSON) -> JSON {
    at += 1
    var values: [JSON] = []
    skipBlanks()
    if next == UInt8(ascii: "]") {
      at += 1
      return .array(values)
    }
    while true {
      values.append(try value(depth: depth + 1))
      if try endsAfterComma(UInt8(ascii: "]")) { return .array(values) }
    }
  }

  /// Passes over a comma (false) or the closing bracket (true).
  private mutating func endsAfterComma(_ closing: UInt8) throws(NotJSON) -> Bool {
    skipBlanks()
    guard let byte = next, byte == closing || byte == UInt8(ascii: ",") else { throw wrong }
    at += 1
    return byte == closing
  }

  private mutating func number() throws(NotJSON) -> JSON {
    let start = at
    let negative = next == UInt8(ascii: "-")
    if negative { at += 1 }
    let digits = at
    var value: Int64? = 0
    while let byte = next, (0x30...0x39).contains(byte) {
      let digit = Int64(byte - 0x30)
      value = value.flatMap { sum in
        let (tens, tooLarge) = sum.multipliedReportingOverflow(by: 10)
        let (all, tooFar) = negative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
        return tooLarge || tooFar ? nil : all
      }
      at += 1
    }
    guard at > digits, at == digits + 1 || bytes[digits] != 0x30 else {
      at = start
      throw wrong
    }
    var integer = true
    if next == UInt8(ascii: ".") {
      integer = false
      at += 1
      try someDigits()
    }
    if let byte = next, byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
      integer = false
      at += 1
      if let sign = next, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { at += 1 }
      try someDigits()
    }
    if integer, let value { return .integer(value) }
    return .otherNumber
  }

  private mutating func someDigits() throws(NotJSON) {
    let start = at
    while let byte = next, (0x30...0x39).contains(byte) { at += 1 }
    guard at > start else { throw wrong }
  }

  private mutating func string() throws(NotJSON) -> (String, repaired: Bool) {
    at += 1
    let start = at
    while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { at += 1 }
    guard let byte = next else { throw wrong }
    if byte == UInt8(ascii: "\"") {
      let text = JSONReader.text(bytes[start..<at], repaired: false)
      at += 1
      return text
    }
    return try escapedString(from: start)
  }

  /// Goes on where `string` met the first backslash.
  private mutating func escapedString(from start: Int) throws(NotJSON) -> (String, repaired: Bool) {
    var kept = Array(bytes[start..<at])
    var repaired = false
    while let byte = next {
      at += 1
      if byte == UInt8(ascii: "\"") { return JSONReader.text(kept[...], repaired: repaired) }
      guard byte == UInt8(ascii: "\\") else {
        kept.append(byte)
        continue
      }
      guard let escape = next else { throw wrong }
      at += 1
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): kept.append(escape)
      case UInt8(ascii: "b"): kept.append(0x08)
      case UInt8(ascii: "f"): kept.append(0x0C)
      case UInt8(ascii: "n"): kept.append(0x0A)
      case UInt8(ascii: "r"): kept.append(0x0D)
      case UInt8(ascii: "t"): kept.append(0x09)
      case UInt8(ascii: "u"):
        if let scalar = try unicodeEscape() {
          kept.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        } else {
          kept.append(contentsOf: UTF8.encodedReplacementCharacter)
          repaired = true
        }
      default: throw wrong
      }
    }
    throw wrong
  }

  /// The scalar of `\uXXXX`, or of two of them that make a surrogate pair; nil for a lone surrogate.
  private mutating func unicodeEscape() throws(NotJSON) -> Unicode.Scalar? {
    let first = try fourHex()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard (0xD800..<0xDC00).contains(first), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
      bytes[at + 1] == UInt8(ascii: "u")
    else { return nil }
    let back = at
    at += 2
    let second = try fourHex()
    guard (0xDC00..<0xE000).contains(second) else {
      at = back
      return nil
    }
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
  }

  private mutating func fourHex() throws(NotJSON) -> UInt32 {
    guard at + 4 <= bytes.count else { throw wrong }
    var value: UInt32 = 0
    for byte in bytes[at..<at + 4] {
      switch byte {
      case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
      case 0x41...0x46: value = value << 4 | UInt32(byte - 0x41 + 10)
      case 0x61...0x66: value = value << 4 | UInt32(byte - 0x61 + 10)
      default: throw wrong
      }
    }
    at += 4
    return value
  }

  private static func text(_ bytes: ArraySlice<UInt8>, repaired: Bool) -> (String, repaired: Bool) {
    if let text = String(validating: bytes, as: UTF8.self) { return (text, repaired) }
    return (String(decoding: bytes, as: UTF8.self), true)
  }
}
