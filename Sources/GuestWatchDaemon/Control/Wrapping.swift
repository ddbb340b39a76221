import Ledger

/// A text on as many lines as it needs, those after the first two columns further in.
func wrapped(_ line: String, indent: Int = 0, width: Int) -> [String] {
  var lines: [String] = []
  var current = String(repeating: " ", count: indent)
  var used = indent
  var isBlank = true
  for word in line.split(separator: " ") {
    var rest = word[...]
    while !rest.isEmpty {
      let room = width - used - (isBlank ? 0 : 1)
      let fitting = prefix(rest, columns: room)
      // Only a word that is wider than a whole line is broken.
      if fitting.endIndex == rest.endIndex || (isBlank && !fitting.isEmpty) {
        current += (isBlank ? "" : " ") + fitting
        used += terminalColumns(String(fitting)) + (isBlank ? 0 : 1)
        isBlank = false
        rest = rest[fitting.endIndex...]
      }
      if rest.isEmpty { break }
      lines.append(current)
      (current, used, isBlank) = (String(repeating: " ", count: indent + 2), indent + 2, true)
    }
  }
  return lines + [current]
}

/// As much of the text as fits so many columns.
private func prefix(_ text: Substring, columns: Int) -> Substring {
  var used = 0
  var end = text.startIndex
  while end < text.endIndex {
    let next = text.index(after: end)
    used += terminalColumns(String(text[end..<next]))
    if used > columns { break }
    end = next
  }
  return text[..<end]
}
