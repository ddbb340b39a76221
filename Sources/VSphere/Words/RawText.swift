import GuestWatchCore

/// A string of an answer as it stands there, between its quotes; its escapes are well formed.
struct RawText {
  var range: Range<Int>
  var isEscaped = false
  /// It holds control characters as they are, which JSON forbids.
  var hasControls = false
}

extension JSONCursor {
  /// What a string says. `damaged`: it held what no JSON text of a process may (bytes or surrogates that are not
  /// Unicode, shown as U+FFFD; control characters that are not escaped; NUL).
  ///
  /// - Parameter most: So many bytes of it are enough; the end of what comes then may be broken.
  func decoded(_ raw: RawText, most: Int = .max) -> (text: String, damaged: Bool) {
    if raw.isEscaped { return unescaped(raw, most: most) }
    let slice = bytes[raw.range].prefix(most)
    if let text = String(validating: slice, as: UTF8.self) { return (text, raw.hasControls) }
    return (String(decoding: slice, as: UTF8.self), true)
  }

  /// Text from inside a guest: capped, and doubtful where it was cut or damaged.
  func guestText(_ raw: RawText) -> GuestText {
    // Of what is too long no more is decoded than shows that it is.
    let (text, damaged) = decoded(raw, most: GuestText.cap + UTF8.longest)
    return GuestText(text, doubtful: damaged)
  }

  /// Whether a string says exactly this.
  func says(_ raw: RawText, _ wanted: [UInt8]) -> Bool {
    if raw.isEscaped { return Array(decoded(raw, most: wanted.count + UTF8.longest).text.utf8) == wanted }
    return raw.range.count == wanted.count && bytes[raw.range].elementsEqual(wanted)
  }

  private func unescaped(_ raw: RawText, most: Int) -> (text: String, damaged: Bool) {
    var kept: [UInt8] = []
    kept.reserveCapacity(min(raw.range.count, most))
    var damaged = raw.hasControls
    var at = raw.range.lowerBound
    while at < raw.range.upperBound, kept.count < most {
      let byte = bytes[at]
      at += 1
      guard byte == UInt8(ascii: "\\") else {
        kept.append(byte)
        continue
      }
      let escape = bytes[at]
      at += 1
      switch escape {
      case UInt8(ascii: "b"): kept.append(0x08)
      case UInt8(ascii: "f"): kept.append(0x0C)
      case UInt8(ascii: "n"): kept.append(0x0A)
      case UInt8(ascii: "r"): kept.append(0x0D)
      case UInt8(ascii: "t"): kept.append(0x09)
      case UInt8(ascii: "u"):
        let scalar = scalar(at: &at, before: raw.range.upperBound)
        // No argument of a process can hold a NUL.
        damaged = damaged || scalar == nil || scalar == "\0"
        kept.append(contentsOf: scalar.flatMap(UTF8.encode) ?? UTF8.encodedReplacementCharacter)
      default: kept.append(escape)
      }
    }
    if let text = String(validating: kept, as: UTF8.self) { return (text, damaged) }
    return (String(decoding: kept, as: UTF8.self), true)
  }

  /// The scalar of the four digits at `at`, or of these and a second escape that make a surrogate pair; nil for a lone
  /// surrogate.
  private func scalar(at place: inout Int, before end: Int) -> Unicode.Scalar? {
    let first = fourDigits(place)
    place += 4
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, place + 6 <= end, bytes[place] == UInt8(ascii: "\\"), bytes[place + 1] == UInt8(ascii: "u")
    else { return nil }
    let second = fourDigits(place + 2)
    guard (0xDC00..<0xE000).contains(second) else { return nil }
    place += 6
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
  }

  private func fourDigits(_ place: Int) -> UInt32 {
    bytes[place..<place + 4].reduce(0) { $0 << 4 | (hexValue($1) ?? 0) }
  }
}

extension UTF8 {
  /// The most bytes of one scalar.
  fileprivate static var longest: Int { 4 }
}
