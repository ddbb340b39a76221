/// What is wrong with a text that should be JSON.
package struct NotJSON: Error, Hashable {
  /// Where it stops to be, counted in bytes from 0.
  var offset: Int
}

/// Walks over RFC 8259 JSON, one token at a time, and builds nothing that nobody asks for: what an answer costs is
/// decided by who reads it, not by who wrote it.
///
/// Strict about structure and lenient inside strings, because these hold what a guest says: a library refuses the whole
/// answer for one invalid byte, and then one hostile process would hide all others of its VM. Every byte is passed at
/// most twice, and no answer drives it into recursion.
struct JSONCursor {
  let bytes: [UInt8]
  private(set) var at = 0
  private var depth = 0

  /// Deeper nesting is refused: no answer of ours goes beyond 12. One bit a level fits in a word.
  static let depthCap = 64

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var wrong: NotJSON { NotJSON(offset: at) }

  /// What begins with the next byte.
  enum Token { case object, array, string, number, `true`, `false`, null }

  /// Looks at the value that comes next and passes nothing but blanks.
  mutating func peek() throws(NotJSON) -> Token {
    skipBlanks()
    switch next {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"): return .true
    case UInt8(ascii: "f"): return .false
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"): return .number
    case let byte? where (0x30...0x39).contains(byte): return .number
    default: throw wrong
    }
  }

  /// Passes the bracket that opens an object (`closing` is its other one) or an array; false where it closes at once.
  mutating func opens(_ closing: Closing) throws(NotJSON) -> Bool {
    guard depth < JSONCursor.depthCap else { throw wrong }
    at += 1
    skipBlanks()
    if next == closing.rawValue {
      at += 1
      return false
    }
    depth += 1
    return true
  }

  /// Passes the comma (true) or the closing bracket (false) after a member or an element.
  mutating func goesOn(_ closing: Closing) throws(NotJSON) -> Bool {
    skipBlanks()
    switch next {
    case UInt8(ascii: ","):
      at += 1
      return true
    case closing.rawValue:
      at += 1
      depth -= 1
      return false
    default: throw wrong
    }
  }

  /// How an object or an array ends.
  enum Closing: UInt8 {
    case object = 0x7D
    case array = 0x5D
  }

  /// Passes the name of a member and its colon.
  mutating func key() throws(NotJSON) -> RawText {
    skipBlanks()
    guard next == UInt8(ascii: "\"") else { throw wrong }
    let key = try text()
    skipBlanks()
    guard next == UInt8(ascii: ":") else { throw wrong }
    at += 1
    return key
  }

  /// Passes `true`, `false` or `null`.
  mutating func word(_ text: StaticString) throws(NotJSON) {
    let count = text.utf8CodeUnitCount
    let fits = text.withUTF8Buffer { wanted in
      at + count <= bytes.count && bytes[at..<at + count].elementsEqual(wanted)
    }
    guard fits else { throw wrong }
    at += count
  }

  /// Passes a number; nil where it is no integer or does not fit: none of ours is read from one.
  mutating func integer() throws(NotJSON) -> Int64? {
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
    guard at > digits, at == digits + 1 || bytes[digits] != 0x30 else { throw wrong }
    if next == UInt8(ascii: ".") {
      value = nil
      at += 1
      try someDigits()
    }
    if let byte = next, byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
      value = nil
      at += 1
      if let sign = next, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { at += 1 }
      try someDigits()
    }
    return value
  }

  /// Passes a whole value, whatever it is.
  mutating func skip() throws(NotJSON) {
    // A bit for each level that is open here: 1 an object, 0 an array.
    var objects: UInt64 = 0
    let outside = depth
    while true {
      switch try peek() {
      case .object:
        if try opens(.object) {
          objects = objects << 1 | 1
          _ = try key()
          continue
        }
      case .array:
        if try opens(.array) {
          objects <<= 1
          continue
        }
      case .string: _ = try text()
      case .number: _ = try integer()
      case .true: try word("true")
      case .false: try word("false")
      case .null: try word("null")
      }
      while true {
        if depth == outside { return }
        let isObject = objects & 1 == 1
        if try goesOn(isObject ? .object : .array) {
          if isObject { _ = try key() }
          break
        }
        objects >>= 1
      }
    }
  }

  /// Nothing but blanks may follow.
  mutating func end() throws(NotJSON) {
    skipBlanks()
    guard at == bytes.count else { throw wrong }
  }

  private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  private mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
  }

  private mutating func someDigits() throws(NotJSON) {
    let start = at
    while let byte = next, (0x30...0x39).contains(byte) { at += 1 }
    guard at > start else { throw wrong }
  }

  /// Passes a string without decoding it: most of what is passed is never asked for.
  mutating func text() throws(NotJSON) -> RawText {
    var place = at + 1
    var raw = RawText(range: place..<place)
    while place < bytes.count {
      let byte = bytes[place]
      switch byte {
      case UInt8(ascii: "\""):
        raw.range = raw.range.lowerBound..<place
        at = place + 1
        return raw
      case UInt8(ascii: "\\"):
        raw.isEscaped = true
        place = try escapeEnd(place)
      case 0..<0x20:
        raw.hasControls = true
        place += 1
      default: place += 1
      }
    }
    at = place
    throw wrong
  }

  /// Where the escape that begins at `place` ends.
  private mutating func escapeEnd(_ place: Int) throws(NotJSON) -> Int {
    at = place
    guard place + 1 < bytes.count else { throw wrong }
    switch bytes[place + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return place + 2
    case UInt8(ascii: "u"):
      guard place + 6 <= bytes.count, bytes[place + 2..<place + 6].allSatisfy({ hexValue($0) != nil }) else {
        throw wrong
      }
      return place + 6
    default: throw wrong
    }
  }
}

/// The value of a hexadecimal digit.
func hexValue(_ byte: UInt8) -> UInt32? {
  switch byte {
  case 0x30...0x39: UInt32(byte - 0x30)
  case 0x41...0x46: UInt32(byte - 0x41 + 10)
  case 0x61...0x66: UInt32(byte - 0x61 + 10)
  default: nil
  }
}
