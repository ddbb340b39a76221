/// Guest text as it may be shown: one line, printable, at most `cap` bytes of UTF-8.
///
/// Everything that could end a line, move a cursor, hide or turn text around is written as an escape: `\n`, `\r`, `\t`,
/// else `\u{1B}`. That is all of Unicode's control, format (bidi controls, zero-width), separator, private and unassigned
/// characters; a blank other than U+0020 too. Bytes that were not UTF-8 have become U+FFFD before. A backslash stays as it
/// is (Windows owners have one), so the result is for people and filters, not for reading back. Where text was cut off it
/// ends in `…`. Showing shown text again with the same or a larger cap changes nothing.
///
/// - Parameter cap: The most bytes of the result, the `…` counted; 3 or more.
public func shown(_ text: String, cap: Int = 256) -> String {
  shown(text, cap: cap, alsoEscaping: nil)
}

/// Guest text between double quotes, as it may stand in a sentence: nothing in it can look like the closing quote.
public func quoted(_ text: String, cap: Int = 256) -> String {
  "\"\(shown(text, cap: cap, alsoEscaping: "\""))\""
}

private func shown(_ text: String, cap: Int, alsoEscaping extra: Unicode.Scalar?) -> String {
  let ellipsis = "…"
  var result = ""
  var bytes = 0
  // How much may stay if something does not fit: the longest beginning that leaves room for the ellipsis.
  var keep = result.endIndex
  for scalar in text.unicodeScalars {
    let piece = scalar == extra ? hexadecimal(scalar) : escape(scalar)
    let width = piece?.utf8.count ?? UTF8.width(scalar)
    if bytes + width > cap {
      return result[..<keep] + ellipsis
    }
    if let piece { result += piece } else { result.unicodeScalars.append(scalar) }
    bytes += width
    if bytes + ellipsis.utf8.count <= cap { keep = result.endIndex }
  }
  return result
}

/// What is written instead of a character that must not be shown as it is; nil: it may.
private func escape(_ scalar: Unicode.Scalar) -> String? {
  if scalar.isASCII && scalar.value >= 0x20 && scalar.value != 0x7F { return nil }
  switch scalar {
  case "\n": return "\\n"
  case "\r": return "\\r"
  case "\t": return "\\t"
  default: break
  }
  switch scalar.properties.generalCategory {
  case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator:
    return hexadecimal(scalar)
  case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
    .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber, .connectorPunctuation,
    .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
    .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol:
    return nil
  @unknown default: return hexadecimal(scalar)
  }
}

private func hexadecimal(_ scalar: Unicode.Scalar) -> String {
  "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
}
