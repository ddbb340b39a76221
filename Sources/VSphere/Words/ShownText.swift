/// How much of somebody else's text may be shown (design.md, section 5).
let shownCap = 256

/// `text` as a fault's detail may carry it: nothing that could steer a terminal or a journal, at most 256 bytes.
func shown(_ text: String) -> String {
  var result = ""
  var bytes = 0
  for scalar in text.unicodeScalars {
    let piece = isSteering(scalar) ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    bytes += piece.utf8.count
    if bytes > shownCap { break }
    result += piece
  }
  return result
}

/// Control characters, line and paragraph separators, and what turns or hides the text around it.
private func isSteering(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
  default: false
  }
}
