import GuestWatchCore

extension Findings {
  /// GLOBS: one pattern or a list. Nil where the key is absent or something is wrong; an empty list is given back.
  mutating func globs(_ entry: TomlEntry?) -> [Glob]? {
    guard let entry else { return nil }
    guard let texts = strings(entry, hint: "a pattern in quotes such as \"db-*\", or a list of patterns") else {
      return nil
    }
    var globs: [Glob] = []
    var isGood = true
    for (text, place) in texts {
      do {
        globs.append(try Glob(text))
      } catch {
        isGood = false
        self.error(place, .badPattern, "\(shown(entry.key)) has \(message(for: error))")
      }
    }
    return isGood ? globs : nil
  }

  /// GLOBS in a table that chooses: an empty list is an error.
  mutating func selectingGlobs(_ entry: TomlEntry?) -> [Glob]? {
    guard let entry else { return nil }
    if entry.value.isEmpty {
      emptySelector(entry)
      return nil
    }
    return globs(entry)
  }

  /// An empty list or table where one chooses: nobody can know whether all or none was meant.
  mutating func emptySelector(_ entry: TomlEntry) {
    error(
      entry.value.place, .emptySelector,
      "\(shown(entry.key)) is empty and would choose nothing; fill it or remove the key")
  }

  /// A string or a list of strings, each with its place.
  mutating func strings(_ entry: TomlEntry, hint: String) -> [(text: String, place: Place)]? {
    switch entry.value.kind {
    case .string(let text): return [(text, entry.value.place)]
    case .list(let elements):
      var texts: [(String, Place)] = []
      var isGood = true
      for element in elements {
        if case .string(let text) = element.kind {
          texts.append((text, element.place))
        } else {
          isGood = false
          error(element.place, .wrongType, "an element of \(shown(entry.key)) is \(element.typeName); write \(hint)")
        }
      }
      return isGood ? texts : nil
    case .integer, .float, .boolean, .date, .time, .localDateTime, .dateTime, .table:
      wrongType(entry, hint)
      return nil
    }
  }

  private func message(for mistake: Glob.Mistake) -> String {
    switch mistake {
    case .empty: "an empty pattern; write \"*\" for any text"
    case .unclosedBracket: "a pattern with '[' and no ']'; close it, or write [[] for a '[' itself"
    case .backwardRange: "a pattern with a range that runs backwards; write the lower character first, as in [a-z]"
    }
  }
}

extension Glob {
  /// True where nearly every text fits, so that the pattern chooses nothing in particular: `*`, `?*`.
  var choosesNothing: Bool {
    pattern.utf8.contains(UInt8(ascii: "*"))
      && pattern.utf8.allSatisfy { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
  }
}
