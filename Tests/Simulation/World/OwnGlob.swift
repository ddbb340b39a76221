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
    default: return t.first == first && fits(p.dropFirst(), t.dropFirst())
    }
  }
}
