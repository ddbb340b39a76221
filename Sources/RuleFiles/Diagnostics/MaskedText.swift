/// The lines of a file that diagnostics are about, with everything hidden that could be a secret.
///
/// Strict by construction: it does not look for secrets but for what can be none. Shown are keys, punctuation and the values
/// of keys that hold names, patterns for names, numbers and times. Hidden are comments, whatever stands in `[[vcenter]]` and
/// `[[guest_login]]` (their headers aside), strings of several lines, the values of all other keys (`command`, `file`,
/// `description`, unknown ones), and every value of a line whose quotes do not fit together. It reads any text, broken TOML
/// too, once from start to end.
struct MaskedText: Sendable {
  /// By number, counted from 1; a line of which nothing may be shown is not in it.
  private(set) var lines: [Int: MaskedLine] = [:]

  init(_ bytes: [UInt8], wanted: Set<Int>) {
    var scan = TextScan()
    let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
    var rest = (hasMark ? bytes.dropFirst(3) : bytes[...])
    var number = 1
    while true {
      let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
      var line = rest[rest.startIndex..<end]
      if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
      let masked = scan.take(Array(String(decoding: line, as: UTF8.self).unicodeScalars))
      if wanted.contains(number), let masked { lines[number] = masked }
      if end == rest.endIndex { break }
      rest = rest[rest.index(after: end)...]
      number += 1
    }
  }
}

/// Keys whose values are never secrets: names, patterns for names, numbers, times, words of ours.
private let harmlessKeys: Set<String> = [
  "name", "guest_login", "vcenter", "names", "ids", "folders", "clusters", "tags", "except", "owner", "owners", "pid",
  "started", "max_age",
  "max_instances", "forbidden", "keep", "per", "lasting", "every", "not_during", "action", "kills", "per_vm", "within",
  "cooldown", "dry_run", "rules", "log_commands", "time_zone", "scope", "match", "unless", "budget", "vms", "textfile",
]

/// The tables in which passwords belong, and those in which none does.
private let accountTables: Set<String> = ["vcenter", "guest_login"]
private let harmlessTables: Set<String> = ["daemon", "budget", "protect", "ledger", "metrics", "rule"]

/// What is known between two lines.
private struct TextScan {
  private enum Table { case root, harmless, accounts, unknown }

  private var table = Table.root
  /// The quote of a string of several lines that is open.
  private var long: Unicode.Scalar?
  /// For each open bracket, whether the values in it may be shown.
  private var open: [Bool] = []
  /// The value that comes may be shown.
  private var isHarmless = false

  /// The next line; nil where nothing of it may be shown.
  mutating func take(_ line: [Unicode.Scalar]) -> MaskedLine? {
    if let quote = long {
      if let end = endOfLong(line, from: 0, quote) { self.rest(line, from: end) }
      return nil
    }
    if let name = header(line) {
      open = []
      if name.isEmpty {
        table = .unknown
        return nil
      }
      table = accountTables.contains(name) ? .accounts : harmlessTables.contains(name) ? .harmless : .unknown
      return shownHeader(line)
    }
    if open.isEmpty { isHarmless = false }
    let wasAccounts = table == .accounts
    let tokens = tokens(line)
    let isSound = isSound(tokens)
    let masked = mask(line, tokens, isSound: isSound)
    return wasAccounts ? nil : masked
  }

  // MARK: - Headers

  /// The first name of a line that is a header; "" where it is one without a plain name; nil for any other line. Inside
  /// brackets only the tables that are known count: there `["a"]` is a value.
  private func header(_ line: [Unicode.Scalar]) -> String? {
    var at = line.firstIndex { $0 != " " && $0 != "\t" } ?? line.endIndex
    guard at < line.endIndex, line[at] == "[" else { return nil }
    while at < line.endIndex, line[at] == "[" || line[at] == " " || line[at] == "\t" { at += 1 }
    var name = String.UnicodeScalarView()
    while at < line.endIndex, isBare(line[at]), name.count < 64 {
      name.append(line[at])
      at += 1
    }
    let text = String(name)
    if open.isEmpty { return text }
    return accountTables.contains(text) || harmlessTables.contains(text) ? text : nil
  }

  /// The header without a comment; nil where more stands on the line than one.
  private func shownHeader(_ line: [Unicode.Scalar]) -> MaskedLine? {
    let end = line.firstIndex(of: "#") ?? line.endIndex
    guard line[..<end].allSatisfy({ isBare($0) || "[]. \t".unicodeScalars.contains($0) }) else { return nil }
    // A word behind the bracket is no header.
    let words = line[..<end].split(whereSeparator: { " \t".unicodeScalars.contains($0) })
    guard words.count <= 1 || !words.dropFirst().contains(where: { $0.contains(where: isBare) }) else { return nil }
    var masked = MaskedLine()
    masked.show(line[..<end])
    return masked
  }

  // MARK: - Tokens

  private enum Kind { case blank, punctuation, bare, string, openString, long, comment }

  private func tokens(_ line: [Unicode.Scalar]) -> [(kind: Kind, range: Range<Int>)] {
    var tokens: [(Kind, Range<Int>)] = []
    var at = 0
    while at < line.count {
      let start = at
      let kind: Kind
      switch line[at] {
      case " ", "\t":
        kind = .blank
        while at < line.count, line[at] == " " || line[at] == "\t" { at += 1 }
      case "#":
        kind = .comment
        at = line.count
      case "[", "]", "{", "}", ",", "=", ".":
        kind = .punctuation
        at += 1
      case "\"", "'":
        let quote = line[at]
        if line[at...].starts(with: [quote, quote, quote]) {
          kind = .long
          at = endOfLong(line, from: at + 3, quote) ?? line.count
        } else {
          at += 1
          while at < line.count, line[at] != quote {
            at += quote == "\"" && line[at] == "\\" ? 2 : 1
          }
          kind = at < line.count ? .string : .openString
          at = min(at + 1, line.count)
        }
      default:
        kind = .bare
        while at < line.count, !" \t#[]{},=.\"'".unicodeScalars.contains(line[at]) { at += 1 }
      }
      tokens.append((kind, start..<at))
    }
    return tokens
  }

  /// Behind the three quotes that end such a string (up to two more before them belong to it); nil where it goes on.
  private func endOfLong(_ line: [Unicode.Scalar], from start: Int, _ quote: Unicode.Scalar) -> Int? {
    var at = start
    while at < line.count {
      if quote == "\"", line[at] == "\\" {
        at += 2
      } else if line[at...].starts(with: [quote, quote, quote]) {
        at += 3
        while at < line.count, line[at] == quote { at += 1 }
        return at
      } else {
        at += 1
      }
    }
    return nil
  }

  /// True where each string ends and no value stands directly beside another, so that the quotes are the right ones.
  private func isSound(_ tokens: [(kind: Kind, range: Range<Int>)]) -> Bool {
    var wasValue = false
    for (kind, _) in tokens {
      switch kind {
      case .blank, .comment: break
      case .punctuation: wasValue = false
      case .bare, .string:
        if wasValue { return false }
        wasValue = true
      case .openString, .long: return false
      }
    }
    return true
  }

  // MARK: - Masking

  private mutating func mask(
    _ line: [Unicode.Scalar], _ tokens: [(kind: Kind, range: Range<Int>)], isSound: Bool
  ) -> MaskedLine {
    var masked = MaskedLine()
    for (index, token) in tokens.enumerated() {
      let text = line[token.range]
      switch token.kind {
      case .blank: masked.show(text)
      case .comment: return masked
      case .punctuation:
        masked.show(text)
        take(text[text.startIndex])
      case .bare, .string:
        if isKey(index, of: tokens, line) {
          let key = String(String.UnicodeScalarView(text.filter { $0 != "\"" && $0 != "'" }))
          // At the top of a file these are tables with passwords.
          let isAccount = open.isEmpty && table == .root && accountTables.contains(key)
          if isAccount { table = .accounts }
          isHarmless =
            harmlessKeys.contains(key) && (open.last ?? true) && table != .accounts && table != .unknown
          masked.show(text)
        } else if isHarmless && isSound {
          masked.show(text)
        } else {
          masked.hide(text)
        }
      case .openString: masked.hide(text)
      case .long:
        masked.hide(text)
        let quote = line[token.range.lowerBound]
        if endOfLong(line, from: token.range.lowerBound + 3, quote) == nil { long = quote }
      }
    }
    return masked
  }

  /// True where an equals sign follows, at once or behind a few dots with their names.
  private func isKey(_ index: Int, of tokens: [(kind: Kind, range: Range<Int>)], _ line: [Unicode.Scalar]) -> Bool {
    // A name, a dot and two blanks each: no key of ours has more than four parts.
    for token in tokens[(index + 1)...].prefix(16) {
      switch token.kind {
      case .blank, .bare, .string: continue
      case .punctuation where line[token.range.lowerBound] == ".": continue
      case .punctuation: return line[token.range.lowerBound] == "="
      case .openString, .long, .comment: return false
      }
    }
    return false
  }

  private mutating func take(_ mark: Unicode.Scalar) {
    switch mark {
    case "[", "{":
      // Deeper than the parser goes: nothing is known any more.
      if open.count < 64 { open.append(isHarmless) }
    case "]", "}": isHarmless = open.popLast() ?? false
    case ",": isHarmless = open.last ?? false
    default: break
    }
  }

  /// What follows the end of a long string on its line is never shown, but counts.
  private mutating func rest(_ line: [Unicode.Scalar], from start: Int) {
    long = nil
    let tail = Array(line[min(start, line.count)...])
    let tokens = tokens(tail)
    _ = mask(tail, tokens, isSound: false)
  }
}

private func isBare(_ scalar: Unicode.Scalar) -> Bool {
  scalar.isASCII && (isAlphanumeric(UInt8(truncatingIfNeeded: scalar.value)) || scalar == "_" || scalar == "-")
}
