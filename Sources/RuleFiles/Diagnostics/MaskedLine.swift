/// One line of a file as it may be shown: what could be a secret is `...`.
struct MaskedLine: Sendable {
  /// What is shown.
  private(set) var shown: [Unicode.Scalar] = []
  /// Where in `shown` each scalar of the line stands; of what is hidden, where its dots begin.
  private(set) var columns: [Int] = []

  /// Adds text that is shown. A tab becomes a blank, and what is steering a replacement character.
  mutating func show(_ scalars: ArraySlice<Unicode.Scalar>) {
    for scalar in scalars {
      columns.append(shown.count)
      if scalar == "\t" {
        shown.append(" ")
      } else {
        shown.append(isSteering(scalar) ? "\u{FFFD}" : scalar)
      }
    }
  }

  /// Adds text that is not shown, nor how much it is.
  mutating func hide(_ scalars: ArraySlice<Unicode.Scalar>) {
    if scalars.isEmpty { return }
    let dots: [Unicode.Scalar] = [".", ".", "."]
    // One row of dots for all that stands together.
    let isOpen = shown.suffix(3).elementsEqual(dots) && columns.last == shown.count - 3
    let start = isOpen ? shown.count - 3 : shown.count
    if !isOpen { shown += dots }
    for _ in scalars { columns.append(start) }
  }

  /// The line, cut around the place to `width` columns, and a caret beneath.
  func excerpt(at column: Int, width: Int) -> [String] {
    let margin = 4
    let room = max(20, min(width, 240)) - margin
    let at = columns.indices.contains(column - 1) ? columns[column - 1] : shown.count
    // Two thirds of the room before the caret, for there stands the key.
    let start = at < room ? 0 : at - room * 2 / 3
    var text = String(repeating: " ", count: margin)
    var caret = text
    var used = 0
    for index in start..<max(start, min(shown.count, start + room)) {
      let scalar = shown[index]
      used += columnWidth(of: scalar)
      if used > room { break }
      text.unicodeScalars.append(scalar)
      if index < at { caret += String(repeating: " ", count: columnWidth(of: scalar)) }
    }
    while text.last == " " { text.removeLast() }
    return text.isEmpty ? [] : [text, caret + "^"]
  }
}

/// How many columns of a terminal a scalar takes: marks none, letters of East Asia and pictures two.
private func columnWidth(of scalar: Unicode.Scalar) -> Int {
  if scalar.isASCII { return 1 }
  switch scalar.properties.generalCategory {
  case .nonspacingMark, .enclosingMark: return 0
  default: break
  }
  let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
    0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD,
  ]
  return wide.contains { $0.contains(scalar.value) } ? 2 : 1
}
