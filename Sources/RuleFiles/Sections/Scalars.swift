// How single values are read. Each gives nil where the key is absent, and nil after an error where it is wrong.

extension Findings {
  mutating func string(_ entry: TomlEntry?, hint: String) -> String? {
    guard let entry else { return nil }
    guard case .string(let text) = entry.value.kind else {
      wrongType(entry, hint)
      return nil
    }
    return text
  }

  mutating func boolean(_ entry: TomlEntry?) -> Bool? {
    guard let entry else { return nil }
    guard case .boolean(let value) = entry.value.kind else {
      wrongType(entry, "true or false")
      return nil
    }
    return value
  }

  mutating func integer(_ entry: TomlEntry?, in range: ClosedRange<Int64>, hint: String) -> Int64? {
    guard let entry else { return nil }
    guard case .integer(let value) = entry.value.kind else {
      wrongType(entry, hint)
      return nil
    }
    guard range.contains(value) else {
      error(entry.value.place, .badNumber, "\(shown(entry.key)) is \(value); write \(hint)")
      return nil
    }
    return value
  }

  /// A number of kills: 0 or more.
  mutating func count(_ entry: TomlEntry?) -> Int? {
    integer(entry, in: 0...Int64.max, hint: "an integer of 0 or more, such as 3").map { Int($0) }
  }

  mutating func maxInFlight(_ entry: TomlEntry?, most: Int64 = 1024, why: String = "") -> Int? {
    integer(entry, in: 1...most, hint: "an integer from 1 to \(most)\(why)").map { Int($0) }
  }

  /// `orZero`: "0s" is allowed too.
  mutating func duration(_ entry: TomlEntry?, orZero: Bool = false) -> Duration? {
    let hint = "a duration in quotes, such as \"2h30m\" or \"90s\""
    guard let entry, let text = string(entry, hint: hint) else { return nil }
    if orZero && text == "0s" { return .zero }
    do {
      return try RuleFiles.duration(text)
    } catch {
      let problem =
        switch error {
        case .malformed: "is not a duration; write whole numbers with d, h, m, s in this order, such as \"2h30m\""
        case .zero: "is 0; write \(orZero ? "\"0s\"" : "\"1s\" or more")"
        case .tooLong: "is longer than 3650 days; write at most \"3650d\""
        }
      self.error(entry.value.place, .badDuration, "\(shown(entry.key)) \(problem)")
      return nil
    }
  }

  /// One of a few words.
  mutating func word<Word: RawRepresentable>(_ entry: TomlEntry?, of words: [Word]) -> Word?
  where Word.RawValue == String {
    let quoted = words.map { "\"\($0.rawValue)\"" }
    guard let entry, let text = string(entry, hint: quoted.joined(separator: " or ")) else { return nil }
    if let word = Word(rawValue: text) { return word }
    let right = nearest(to: text, among: words.map(\.rawValue)).map { "did you mean \"\($0)\"?" }
    error(
      entry.value.place, .badWord,
      "\(shown(entry.key)) is neither \(quoted.joined(separator: " nor ")); \(right ?? "write one of them")")
    return nil
  }

  /// The NAME of a thing that is being defined here.
  mutating func name(in section: Section) -> (name: String, place: Place)? {
    let hint = "name = \"...\", 1 to 64 of letters, digits, '.', '_' and '-', the first a letter or digit"
    guard let entry = section["name"] else {
      missing("name", in: section, hint: hint)
      return nil
    }
    guard let text = string(entry, hint: hint) else { return nil }
    guard isName(text) else {
      error(entry.value.place, .badName, "'name' is not a name; write \(hint)")
      return nil
    }
    return (text, entry.value.place)
  }

  /// An account's name: anything printable.
  mutating func userName(in section: Section, hint: String) -> String? {
    guard let entry = section["username"] else {
      missing("username", in: section, hint: hint)
      return nil
    }
    guard let text = string(entry, hint: hint) else { return nil }
    if text.isEmpty || holdsControls(text) {
      error(
        entry.value.place, .badText, "'username' is empty or holds control characters; write \(hint)")
      return nil
    }
    return text
  }

  /// A path, made absolute or relative to where the daemon runs by way of the folder of the main file.
  mutating func path(_ entry: TomlEntry?, from folder: String, hint: String) -> String? {
    guard let entry, let text = string(entry, hint: hint) else { return nil }
    if text.isEmpty || holdsControls(text) {
      error(entry.value.place, .badText, "\(shown(entry.key)) is empty or holds control characters; write \(hint)")
      return nil
    }
    return joined(folder, text)
  }
}
