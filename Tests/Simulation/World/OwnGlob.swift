import GuestWatchCore

/// A second opinion on globs, written from design.md section 5 alone: recursive where the product's is a loop.
///
/// For the checker only; the patterns of a simulation are short.
enum OwnGlob {
  static func fits(_ pattern: String, _ text: String, folded: Bool) -> Bool {
    func scalars(_ s: String) -> [Unicode.Scalar] { Array((folded ? s.lowercased() : s).unicodeScalars) }
    return fits(scalars(pattern)[...], scalars(text)[...])
  }

  private static func fits(_ p: ArraySlice<Unicode.Scalar>, _ t: ArraySlice<Unicode.Scalar>) -> Bool {
    guard let first = p.first else { return t.isEmpty }
    switch first {
    case "*":
      let rest = p.dropFirst()
      return (0...t.count).contains { fits(rest, t.dropFirst($0)) }
    case "?": return !t.isEmpty && fits(p.dropFirst(), t.dropFirst())
    case "[":
      // A "]" that comes first is one of the characters.
      let negated = p.dropFirst().first == "!"
      let inside = p.dropFirst(negated ? 2 : 1)
      guard let close = inside.dropFirst().firstIndex(of: "]"), let scalar = t.first else { return false }
      return holds(inside[..<close], scalar) != negated && fits(p[(close + 1)...], t.dropFirst())
    default: return t.first == first && fits(p.dropFirst(), t.dropFirst())
    }
  }

  /// True where the scalar is one of those between the brackets; `a-z` is a range, a "-" at either end is itself.
  private static func holds(_ set: ArraySlice<Unicode.Scalar>, _ scalar: Unicode.Scalar) -> Bool {
    var rest = set
    while let low = rest.popFirst() {
      if rest.first == "-", let high = rest.dropFirst().first {
        rest = rest.dropFirst(2)
        if low.value <= scalar.value && scalar.value <= high.value { return true }
      } else if low == scalar {
        return true
      }
    }
    return false
  }
}
