/// Says in our words what toml++ found, without the text that it quotes: that may be a secret.
///
/// toml++ writes "Error while parsing WHERE: REASON", and REASON often ends in ", saw 'TEXT'".
func tomlMessage(_ problem: String) -> String {
  let prefix = "Error while parsing "
  guard problem.hasPrefix(prefix), let colon = problem.utf8.firstIndex(of: UInt8(ascii: ":")) else {
    return "this is not TOML: \(problem); correct or remove it"
  }
  let place = String(problem[problem.index(problem.startIndex, offsetBy: prefix.count)..<colon])
  let reason = problem[problem.utf8.index(after: colon)...]
  if isSecondTime(problem) {
    return "this key or table stands here for the second time; keep one of them"
  }
  if reason.contains("encountered end-of-file") {
    return "the file ends inside this \(place); complete it"
  }
  if place == "string", reason.contains("control characters") {
    return "this string does not end on its line, or holds a control character; close it with the quotes it began with"
  }
  return "this is not TOML (\(place)): \(unquoted(reason)); \(advice(for: place))"
}

/// True where toml++ found a key or table that is there already.
func isSecondTime(_ problem: String) -> Bool {
  problem.contains(": cannot redefine existing") || problem.contains(": cannot insert")
}

private func advice(for place: String) -> String {
  switch place {
  case "string": "close it with the quotes it began with, and put text with backslashes in single quotes"
  case "key", "key-value pair", "inline table": "write key = value"
  case "table header": "write [table] or [[list]]"
  case "array": "write [\"one\", \"two\"]"
  case "root table": "write key = value, [table], [[list]] or # comment"
  case "value": "put text in double quotes"
  default: "write a number or date in its range, and put text in double quotes"
  }
}

/// The reason up to ", saw"; of what stands in single quotes only single characters and TOML's own words are kept.
private func unquoted(_ reason: Substring) -> String {
  var kept = ""
  var inside: String.UnicodeScalarView?
  for scalar in cutAtSaw(reason).unicodeScalars {
    if scalar == "'" {
      if let quoted = inside {
        let word = String(quoted)
        let isHarmless = quoted.count <= 1 || ["true", "false", "inf", "nan", "\\n", "\\r"].contains(word)
        kept += isHarmless ? "'\(word)'" : "the value"
        inside = nil
      } else {
        inside = String.UnicodeScalarView()
      }
    } else if inside != nil {
      inside?.append(scalar)
    } else {
      kept.unicodeScalars.append(scalar)
    }
  }
  let words = kept.split(separator: " ")
  return words.isEmpty ? "something else is expected" : words.joined(separator: " ")
}

private func cutAtSaw(_ reason: Substring) -> Substring {
  var from = reason.startIndex
  while let comma = reason[from...].firstIndex(of: ",") {
    if reason[comma...].hasPrefix(", saw") { return reason[..<comma] }
    from = reason.index(after: comma)
  }
  return reason
}
