// Names from guests are an attacker's text: what would move a cursor, colour, hide or reorder text, or end a line is
// written as a code.

/// False for what does more than show a glyph: control and format characters (ANSI, bidi overrides, zero width), line and
/// paragraph separators, odd blanks, private and unassigned code points.
private func isPlain(_ scalar: Unicode.Scalar) -> Bool {
  if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7f }
  if scalar.properties.isDefaultIgnorableCodePoint { return false }
  return switch scalar.properties.generalCategory {
  case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator:
    false
  default: true
  }
}

/// How many columns of a terminal a plain scalar takes: 0 for marks that sit on the letter before, 2 for wide letters.
private func columns(of scalar: Unicode.Scalar) -> Int {
  // Most are: below come letters and signs of one column only.
  if scalar.value < 0x300 { return 1 }
  switch scalar.properties.generalCategory {
  case .nonspacingMark, .enclosingMark: return 0
  default: break
  }
  return switch scalar.value {
  case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
    0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f680...0x1f6ff, 0x1f900...0x1faff, 0x20000...0x3fffd:
    2
  default: 1
  }
}

/// How many columns of a terminal a text takes that has nothing in it but what shows a glyph.
package func terminalColumns(_ text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + columns(of: $1) } }

/// The text in exactly `width` columns: escaped, cut with a `~` at the end where it is longer, filled with blanks where it
/// is shorter.
package func terminalCell(_ text: String, width: Int, alignedRight: Bool = false) -> String {
  // Nearly all are, and a million lines have many cells.
  if let cell = plainCell(text, width: width, alignedRight: alignedRight) { return cell }
  var shown = ""
  var used = 0
  // Where to cut if it turns out that not all of it fits: after what leaves one column for the `~`.
  var (kept, keptColumns) = ("", 0)
  var marks = 0
  for scalar in text.unicodeScalars {
    let plain = isPlain(scalar)
    let piece = plain ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
    let wide = plain ? columns(of: scalar) : piece.utf8.count
    // More than a few marks on one letter smear over the lines above and below.
    marks = wide == 0 ? marks + 1 : 0
    if marks > 3 { continue }
    if used + wide > width {
      let cut = kept + "~"
      return cut + String(repeating: " ", count: width - keptColumns - 1)
    }
    shown += piece
    used += wide
    if used < width { (kept, keptColumns) = (shown, used) }
  }
  let blanks = String(repeating: " ", count: width - used)
  return alignedRight ? blanks + shown : shown + blanks
}

/// The same for printable ASCII, where every byte is a column; nil: something else is in it.
private func plainCell(_ text: String, width: Int, alignedRight: Bool) -> String? {
  var text = text
  return text.withUTF8 { bytes -> String? in
    guard width > 0, bytes.allSatisfy({ 0x20 <= $0 && $0 < 0x7f }) else { return nil }
    return String(unsafeUninitializedCapacity: width) { cell in
      cell.initialize(repeating: UInt8(ascii: " "))
      let isCut = bytes.count > width
      let start = alignedRight && !isCut ? width - bytes.count : 0
      for i in 0..<min(bytes.count, width) { cell[start + i] = bytes[i] }
      if isCut { cell[width - 1] = UInt8(ascii: "~") }
      return width
    }
  }
}

/// The text as a JSON string with its quotation marks: ASCII control characters and whatever a terminal would act on as
/// `\uXXXX`.
package func jsonString(_ text: String) -> String {
  let isAsItIs = text.utf8.allSatisfy {
    0x20 <= $0 && $0 < 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
  }
  // Nearly all are.
  if isAsItIs { return "\"\(text)\"" }
  var quoted = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": quoted += "\\\""
    case "\\": quoted += "\\\\"
    case "\n": quoted += "\\n"
    case "\r": quoted += "\\r"
    case "\t": quoted += "\\t"
    default:
      if isPlain(scalar) {
        quoted.unicodeScalars.append(scalar)
      } else {
        for unit in UTF16.encode(scalar) ?? .init() {
          let hex = String(unit, radix: 16)
          quoted += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
        }
      }
    }
  }
  return quoted + "\""
}
