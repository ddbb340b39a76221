import GuestWatchCore

extension Findings {
  /// `match`: must choose something in particular.
  mutating func match(in rule: Section) -> Match? {
    let hint = "match = { name = \"...\" }, or by owner, command, or pid with started"
    guard let entry = rule["match"] else {
      missing("match", in: rule, hint: hint)
      return nil
    }
    guard let (match, section) = conditions(entry.value, key: "match", hint: hint) else { return nil }
    if match.exactly == nil, match.choosesNothing {
      error(
        section.place, .matchesEverything,
        "'match' fits every process; give a pattern that chooses, such as name = \"bkagent\"")
      return nil
    }
    return match
  }

  /// `unless`: a table or a list of tables. Nil after an error, for a rule without its exceptions kills too much.
  mutating func unless(in rule: Section) -> [Match]? {
    let hint = "a table such as { command = \"*--keep*\" }, or a list of tables"
    guard let entry = rule["unless"] else { return [] }
    if entry.value.isEmpty {
      emptySelector(entry)
      return nil
    }
    let values: [TomlValue]
    switch entry.value.kind {
    case .table: values = [entry.value]
    case .list(let elements): values = elements
    case .string, .integer, .float, .boolean, .date, .time, .localDateTime, .dateTime:
      wrongType(entry, hint)
      return nil
    }
    var matches: [Match] = []
    for value in values {
      guard let (match, section) = conditions(value, key: "unless", hint: hint) else { continue }
      if match.exactly == nil, match.choosesNothing {
        warning(
          section.place, .neverActs,
          "'unless' fits every process, so that this rule never acts; give a pattern that chooses")
      }
      matches.append(match)
    }
    return matches.count == values.count ? matches : nil
  }

  /// The keys that `match` and `unless` share.
  private mutating func conditions(_ value: TomlValue, key: String, hint: String) -> (Match, Section)? {
    guard case .table(let table) = value.kind else {
      error(value.place, .wrongType, "'\(key)' is \(value.typeName); write \(hint)")
      return nil
    }
    if table.entries.isEmpty {
      error(value.place, .emptySelector, "'\(key)' is empty and would choose nothing; write \(hint)")
      return nil
    }
    let keys = Keys(known: ["name", "owner", "command", "pid", "started"])
    let section = section(table, at: value.place, title: "'\(key)'", keys: keys)
    let match = Match(
      names: selectingGlobs(section["name"]), owners: selectingGlobs(section["owner"]),
      commands: selectingGlobs(section["command"]), exactly: exactly(in: section))
    let isWhole =
      (section["name"] == nil) == (match.names == nil) && (section["owner"] == nil) == (match.owners == nil)
      && (section["command"] == nil) == (match.commands == nil)
      && (section["pid"] == nil && section["started"] == nil) == (match.exactly == nil)
      && table.entries.allSatisfy { keys.known.contains($0.key) }
    return isWhole ? (match, section) : nil
  }

  private mutating func exactly(in section: Section) -> Exactly? {
    let pid = integer(section["pid"], in: 5...Int64.max, hint: "an integer of 5 or more")
    let started = started(section["started"])
    switch (section["pid"], section["started"]) {
    case (.some(let entry), nil):
      error(
        entry.place, .keysConflict, "'pid' alone may name another process tomorrow; add 'started' with its start time")
    case (nil, .some(let entry)):
      error(entry.place, .keysConflict, "'started' goes only together with 'pid'; add it or remove 'started'")
    case (nil, nil), (.some, .some): break
    }
    guard let pid, let started else { return nil }
    return Exactly(pid: pid, started: started)
  }

  private mutating func started(_ entry: TomlEntry?) -> Int64? {
    guard let entry else { return nil }
    let hint = "a date-time with its offset and without quotes, such as 2026-03-01T08:30:00Z"
    guard case .dateTime(let moment) = entry.value.kind else {
      wrongType(entry, hint)
      return nil
    }
    if moment.nanosecond != 0 {
      error(
        entry.value.place, .badTime, "'started' has a fraction of a second; guests give whole seconds: leave it out")
      return nil
    }
    return moment.secondsSince1970
  }
}
