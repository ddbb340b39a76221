/// A compiled GLOB of the rule files: `*` any run, `?` one character, `[a-z]` and `[!a-z]` one of; backslash is literal.
///
/// A character is a Unicode scalar. It always fits the whole text. Matching takes at most text times pattern steps and
/// never recurses.
public struct Glob: Hashable, Sendable, CustomStringConvertible {
  /// What is wrong with a pattern.
  public enum Mistake: Error, Hashable, Sendable {
    /// The pattern is "".
    case empty
    /// A `[` without its `]`.
    case unclosedBracket
    /// A range whose end comes before its start, such as `[z-a]`.
    case backwardRange
  }

  enum Token: Hashable, Sendable {
    case literal(Unicode.Scalar)
    case one
    case run
    case oneOf([ClosedRange<UInt32>], negated: Bool)
  }

  /// The pattern as it was written.
  public let pattern: String
  let exact: [Token]
  let folded: [Token]

  public init(_ pattern: String) throws(Mistake) {
    self.pattern = pattern
    exact = try Glob.compile(pattern)
    folded = exact.map(Glob.fold)
  }

  public var description: String { pattern }

  public static func == (a: Glob, b: Glob) -> Bool { a.pattern.utf8.elementsEqual(b.pattern.utf8) }
  public func hash(into hasher: inout Hasher) { for byte in pattern.utf8 { hasher.combine(byte) } }

  /// True where the pattern fits every text (`*`, `**`): such a glob selects nothing in particular.
  public var fitsEverything: Bool { exact.allSatisfy { $0 == .run } }

  /// True where the whole of `text` fits. `folded` ignores case by Unicode's simple lower-case mapping.
  public func matches(_ text: String, folded: Bool) -> Bool {
    let tokens = folded ? self.folded : exact
    let scalars = text.unicodeScalars
    var at = scalars.startIndex
    var token = 0
    // Where to go on after a mismatch: the last run takes one more scalar. Earlier runs never need to be tried again.
    var retry: (at: String.UnicodeScalarIndex, token: Int)?
    while true {
      if token < tokens.count, case .run = tokens[token] {
        token += 1
        if token == tokens.count { return true }
        retry = (at, token)
        continue
      }
      if at == scalars.endIndex { return token == tokens.count }
      if token < tokens.count, Glob.fits(tokens[token], folded ? Glob.fold(scalars[at]) : scalars[at]) {
        token += 1
        at = scalars.index(after: at)
      } else if let last = retry {
        let next = scalars.index(after: last.at)
        retry = (next, last.token)
        at = next
        token = last.token
      } else {
        return false
      }
    }
  }

  private static func fits(_ token: Token, _ scalar: Unicode.Scalar) -> Bool {
    switch token {
    case .literal(let wanted): wanted == scalar
    case .one: true
    case .run: false
    case .oneOf(let ranges, let negated): ranges.contains { $0.contains(scalar.value) } != negated
    }
  }

  private static func compile(_ pattern: String) throws(Mistake) -> [Token] {
    if pattern.isEmpty { throw .empty }
    let scalars = Array(pattern.unicodeScalars)
    var tokens: [Token] = []
    var i = 0
    while i < scalars.count {
      switch scalars[i] {
      case "*":
        if tokens.last != .run { tokens.append(.run) }
        i += 1
      case "?":
        tokens.append(.one)
        i += 1
      case "[":
        let (token, next) = try bracket(scalars, from: i + 1)
        tokens.append(token)
        i = next
      default:
        tokens.append(.literal(scalars[i]))
        i += 1
      }
    }
    return tokens
  }

  /// Reads what follows a `[`; a `]` that comes first is literal, as in a shell.
  private static func bracket(_ scalars: [Unicode.Scalar], from start: Int) throws(Mistake) -> (Token, Int) {
    var i = start
    let negated = i < scalars.count && scalars[i] == "!"
    if negated { i += 1 }
    var ranges: [ClosedRange<UInt32>] = []
    let first = i
    while i < scalars.count, scalars[i] != "]" || i == first {
      let low = scalars[i].value
      if i + 2 < scalars.count, scalars[i + 1] == "-", scalars[i + 2] != "]" {
        let high = scalars[i + 2].value
        guard low <= high else { throw .backwardRange }
        ranges.append(low...high)
        i += 3
      } else {
        ranges.append(low...low)
        i += 1
      }
    }
    guard i < scalars.count else { throw .unclosedBracket }
    return (.oneOf(ranges, negated: negated), i + 1)
  }

  /// The lower case of a scalar where that is one scalar, else the scalar itself.
  static func fold(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    if scalar.isASCII {
      return ("A"..."Z").contains(scalar) ? Unicode.Scalar(scalar.value + 32) ?? scalar : scalar
    }
    // Most letters have no case, and this costs a tenth of what the mapping does.
    guard scalar.properties.changesWhenLowercased else { return scalar }
    let lower = scalar.properties.lowercaseMapping.unicodeScalars
    return lower.count == 1 ? lower[lower.startIndex] : scalar
  }

  /// A bracket keeps its ranges and gains the lower case of the letters in them, so that `[A-F]` folds as one expects.
  private static func fold(_ token: Token) -> Token {
    switch token {
    case .literal(let scalar): return .literal(fold(scalar))
    case .one, .run: return token
    case .oneOf(let ranges, let negated):
      var folded = ranges
      for range in ranges {
        let low = max(range.lowerBound, 0x41)
        let high = min(range.upperBound, 0x5A)
        if low <= high { folded.append(low + 32...high + 32) }
        if range.count <= 1024 {
          for value in range where value > 0x7F {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let lower = fold(scalar)
            if lower != scalar { folded.append(lower.value...lower.value) }
          }
        }
      }
      return .oneOf(folded, negated: negated)
    }
  }
}
