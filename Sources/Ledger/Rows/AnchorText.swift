import GuestWatchCore

/// Anchors as JSON text: `[[PID,STARTED],...]`, without blanks. Reads only what it writes.
enum AnchorText {
  static func encode(_ anchors: [Anchor]) -> String {
    "[" + anchors.map { "[\($0.pid),\($0.started)]" }.joined(separator: ",") + "]"
  }

  /// nil where the text is anything else.
  static func decode(_ text: String) -> [Anchor]? {
    guard text.hasPrefix("["), text.hasSuffix("]"), text.utf8.count >= 2 else { return nil }
    let inside = text.dropFirst().dropLast()
    if inside.isEmpty { return [] }
    guard inside.hasPrefix("["), inside.hasSuffix("]"), inside.utf8.count >= 2 else { return nil }
    var numbers: [Anchor] = []
    // "1,2],[3,4": the brackets of pairs never touch anything but a comma.
    for pair in splitPairs(inside.dropFirst().dropLast()) {
      let parts = pair.split(separator: ",", omittingEmptySubsequences: false)
      guard parts.count == 2, let pid = Int64(parts[0]), let started = Int64(parts[1]) else { return nil }
      numbers.append(Anchor(pid: pid, started: started))
    }
    return numbers
  }

  private static func splitPairs(_ text: Substring) -> [Substring] {
    var pairs: [Substring] = []
    var rest = text
    while let end = rest.firstIndex(of: "]") {
      let after = rest[end...]
      guard after.hasPrefix("],[") else { return [""] }
      pairs.append(rest[..<end])
      rest = after.dropFirst(3)
    }
    pairs.append(rest)
    return pairs
  }
}
