/// More names than this are not compared: whoever has as many finds the right one faster by looking.
private let mostCompared = 100
/// More names than this are not listed in a message; no table has so many keys.
private let mostListed = 24

/// What of `known` was most likely meant by `text`; nil where nothing is near. The first of equals wins.
package func nearest(to text: String, among known: [String]) -> String? {
  var comparisons = 0
  return nearest(to: text, among: known, comparisons: &comparisons)
}

/// The same where only the first `most` are compared.
package func nearest(to text: String, among known: [String], most: Int) -> String? {
  var comparisons = 0
  return nearest(to: text, among: known, comparisons: &comparisons, most: most)
}

/// `comparisons` grows by the letters that were compared; of `known` only the first `most` are.
func nearest(
  to text: String, among known: [String], comparisons: inout Int, most: Int = mostCompared
) -> String? {
  let wanted = Array(text.utf8.prefix(65).map(lowercased))
  // A key this long is no slip of the fingers, and the work grows with its length.
  if wanted.isEmpty || wanted.count > 64 { return nil }
  var best: (name: String, distance: Int)?
  for name in known.prefix(most) {
    let candidate = name.utf8.map(lowercased)
    // One slip in three letters: "kep" is "keep", but "id" is not "pid and more".
    let most = max(1, min(wanted.count, candidate.count) / 3)
    if abs(wanted.count - candidate.count) > most { continue }
    comparisons += wanted.count * candidate.count
    let distance = editDistance(wanted, candidate)
    if distance > most || distance >= candidate.count { continue }
    if distance < best?.distance ?? .max { best = (name, distance) }
  }
  return best?.name
}

private func lowercased(_ byte: UInt8) -> UInt8 {
  (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
}

/// How many letters must be put in, taken out, exchanged or swapped with a neighbour (optimal string alignment).
func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var twoBefore: [Int] = []
  var before = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var cost = min(before[j + 1] + 1, row[j] + 1, before[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, twoBefore[j - 1] + 1) }
      row.append(cost)
    }
    twoBefore = before
    before = row
  }
  return before[b.count]
}

/// The end of a message about an unknown name: the nearest known one, or the first of all.
package func suggestion(for text: String, among known: [String]) -> String {
  if let near = nearest(to: text, among: known) { return "did you mean '\(near)'?" }
  return listed(known)
}

/// "known: a, b, c", and how many more.
func listed(_ known: [String]) -> String {
  let more = known.count > mostListed ? " and \(known.count - mostListed) more" : ""
  return "known: \(known.prefix(mostListed).joined(separator: ", "))\(more)"
}
