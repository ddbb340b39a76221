// Ids, folders, clusters and tags, as scopes name them: exactly, without patterns. What they are called is for vCenter to
// say; here it is only looked for what can be no name of any.

extension Findings {
  mutating func objectIDs(_ entry: TomlEntry?) -> [String]? {
    let hint = "ids of VMs as vCenter gives them, such as [\"vm-42\"]"
    return selectors(entry, hint: hint, code: .badID) { text in
      isObjectID(text) ? nil : "is no id (patterns do not work here); write \(hint)"
    }
  }

  /// Folders by name, or by inventory path from the root.
  mutating func folders(_ entry: TomlEntry?) -> [String]? {
    selectors(entry, hint: "names of VM folders, or their paths, such as [\"db\", \"/Datacenter/vm/db\"]") { text in
      guard text.hasPrefix("/") else { return nameMistake(text, isFolder: true) }
      if text == "/" { return "is the root, which holds everything; write names = [\"*\"] if that is meant" }
      if text.hasSuffix("/") { return "ends in a slash; write the path without it" }
      return text.contains("//") ? "has a name that is empty (//); write one slash between names" : textMistake(text)
    }
  }

  mutating func clusters(_ entry: TomlEntry?) -> [String]? {
    selectors(entry, hint: "names of clusters, such as [\"production\"]") { text in
      text.hasPrefix("/") ? "is a path; write the cluster's name alone" : nameMistake(text, isFolder: false)
    }
  }

  /// Tags as "category:name". A category has no colon in its name here, for nobody could tell where it ends.
  mutating func tags(_ entry: TomlEntry?) -> [String]? {
    selectors(entry, hint: "tags as \"category:name\", such as [\"env:production\"]") { text in
      guard let colon = text.firstIndex(of: ":") else {
        return text.isEmpty ? textMistake(text) : "has no category; write it as \"category:name\""
      }
      if colon == text.startIndex { return "has an empty category; write it as \"category:name\"" }
      if text.index(after: colon) == text.endIndex { return "has an empty name; write it as \"category:name\"" }
      return textMistake(text)
    }
  }

  /// - Parameter mistake: what is wrong with an element and what would be right; nil: it is good.
  private mutating func selectors(
    _ entry: TomlEntry?, hint: String, code: Diagnostic.Code = .badSelector, mistake: (String) -> String?
  ) -> [String]? {
    guard let entry else { return nil }
    if entry.value.isEmpty {
      emptySelector(entry)
      return nil
    }
    guard let texts = strings(entry, hint: hint) else { return nil }
    var isGood = true
    for (text, place) in texts {
      guard let mistake = mistake(text) else { continue }
      isGood = false
      error(place, code, "an element of \(shown(entry.key)) \(mistake)")
    }
    return isGood ? texts.map(\.text) : nil
  }
}

private func nameMistake(_ text: String, isFolder: Bool) -> String? {
  text.contains("/")
    ? "has a slash; write \(isFolder ? "the path from the root, such as \"/Datacenter/vm/db\", or " : "")%2f for a slash "
      + "within a name, as vCenter does" : textMistake(text)
}

private func textMistake(_ text: String) -> String? {
  if text.isEmpty { return "is empty; write a name or remove it" }
  return holdsControls(text) ? "holds control characters; write the name as vCenter shows it" : nil
}
