/// What was found in one file, in the order of its places.
struct Findings {
  let file: String
  private var found: [Diagnostic] = []
  /// Suggestions cost more than the mistakes that they are for, and nobody reads a thousand of them.
  private var suggestionsLeft = 50
  private var rulesToCompare = 200
  /// How many letters were compared for suggestions.
  private(set) var comparisons = 0

  init(file: String) { self.file = file }

  var diagnostics: [Diagnostic] {
    // Swift's sort is stable: two findings at one place stay as they came.
    found.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
  }

  mutating func error(_ place: Place, _ code: Diagnostic.Code, _ message: String) { add(place, .error, code, message) }
  mutating func warning(_ place: Place, _ code: Diagnostic.Code, _ message: String) {
    add(place, .warning, code, message)
  }

  /// The end of a message about an unknown name: the nearest known one, or the first of all.
  mutating func suggestion(for text: String, among known: [String]) -> String {
    guard suggestionsLeft > 0 else { return listed(known) }
    suggestionsLeft -= 1
    if let near = nearest(to: text, among: known, comparisons: &comparisons) { return "did you mean '\(near)'?" }
    return listed(known)
  }

  /// True where one of the few `names` was most likely meant, so that its absence needs no telling.
  mutating func isMeant(_ text: String, among names: [String]) -> Bool {
    nearest(to: text, among: names, comparisons: &comparisons) != nil
  }

  /// Takes one from the rules whose patterns are compared; false when there is none left.
  mutating func mayCompare() -> Bool {
    guard rulesToCompare > 0 else { return false }
    rulesToCompare -= 1
    return true
  }

  private mutating func add(
    _ place: Place, _ severity: Diagnostic.Severity, _ code: Diagnostic.Code, _ message: String
  ) {
    found.append(
      Diagnostic(
        file: file, line: place.line, column: place.column, severity: severity, code: code, message: message))
  }
}
