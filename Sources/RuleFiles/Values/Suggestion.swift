/// What of `known` was most likely meant by `text`; nil where nothing is near. The first of equals wins.
func nearest(to text: String, among known: [String]) -> String? {
  let wanted = Array(text.lowercased().utf8)
  // A key this long is no slip of the fingers, and the work grows with its length.
  if wanted.isEmpty || wanted.count > 64 { return nil }
  var best: (name: String, distance: Int)?
  for name in known {
    let candidate = Array(name.lowercased().utf8)
    let distance = editDistance(wanted, candidate)
    // One slip in three letters: "kep" is "keep", but "id" is not "pid and more".
    if distance > max(1, min(wanted.count, candidate.count) / 3) || distance >= candidate.count { continue }
    if distance < best?.distance ?? .max { best = (name, distance) }
  }
  return best?.name
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

/// The end of a message about an unknown name: the nearest known one, or all of them.
package func suggestion(for text: String, among known: [String]) -> String {
  if let near = nearest(to: text, among: known) { return "did you mean '\(near)'?" }
  return "known: \(known.joined(separator: ", "))"
}
