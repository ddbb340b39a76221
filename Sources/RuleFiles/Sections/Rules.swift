import GuestWatchCore

/// What rules of every file have in common.
struct RuleContext {
  /// `[daemon] every`.
  var every: Duration = .seconds(300)
  /// Nil where the main file could not be read: then nothing can be said about references.
  var known: KnownNames?
  /// Where each rule name was first defined.
  var defined: [String: (file: String, place: Place)] = [:]
  /// Some rule has a `not_during`, so that the time zone is needed.
  var needsZone = false
  /// Where the values of each rule stand.
  var origins: [[String: Origin]] = []
  /// How many `[[rule]]` were seen, good or not.
  var count = 0
}

private let ruleKeys = Keys(
  known: [
    "name", "description", "guest_login", "vcenter", "scope", "match", "unless", "max_age", "max_instances",
    "forbidden", "keep", "per", "lasting", "every", "not_during", "action", "budget", "cooldown",
  ],
  later: ["max_cpu", "max_memory", "when"])

/// The keys of a file of the rules folder.
private let ruleFileKeys: Keys = {
  let reason = "belongs in the main file; a rule file holds nothing but [[rule]]"
  let mainOnly = ["daemon", "budget", "protect", "ledger", "metrics", "vcenter", "guest_login", "notify"]
  return Keys(
    known: ["rule"],
    refused: Dictionary(uniqueKeysWithValues: mainOnly.map { ($0, reason) }))
}()

extension Findings {
  /// Checks that a rule file holds rules only.
  mutating func checkRuleFile(_ root: TomlTable) {
    _ = section(root, at: .start, title: "a rule file", keys: ruleFileKeys)
  }

  /// All `[[rule]]` of a file.
  mutating func rules(_ root: TomlTable, context: inout RuleContext) -> [Rule] {
    guard let entry = root["rule"], !entry.value.isEmpty else { return [] }
    var rules: [Rule] = []
    for (table, place) in tables(entry, hint: "[[rule]]") {
      let section = section(table, at: place, title: "[[rule]]", keys: ruleKeys)
      context.count += 1
      guard let rule = rule(in: section, context: &context) else { continue }
      rules.append(rule)
      context.origins.append(origins(of: table))
      lookTwice(rule, in: section, known: context.known)
    }
    return rules
  }

  private mutating func rule(in section: Section, context: inout RuleContext) -> Rule? {
    let name = name(in: section)
    if let name { define(name, context: &context) }
    let description = string(section["description"], hint: "a sentence in quotes") ?? ""
    let login = login(in: section, known: context.known?.logins)
    let vcenters = vcenters(section["vcenter"], known: context.known?.vcenters)
    if section["scope"] == nil { missing("scope", in: section, hint: "scope = { names = [\"...\"] }") }
    let scope = scope(section["scope"], for: .rule)
    let match = match(in: section)
    let unless = unless(in: section)
    let limits = limits(in: section)
    let every = every(in: section) ?? context.every
    let lasting = lasting(in: section, every: every)
    let action = word(section["action"], of: [Action.report, .terminate]) ?? .report
    let budget = budget(section.unlessEmpty("budget"), action: action)
    let cooldown = duration(section["cooldown"])
    let notDuring = notDuring(section.unlessEmpty("not_during"), action: action)
    if !notDuring.isEmpty { context.needsZone = true }

    let isLimited = context.known.flatMap { known in login.map { known.limitedLogins[$0] != nil } } ?? false
    if action == .terminate, !isLimited, let entry = section["scope"], let scope, scope.isByNameAlone {
      warning(
        entry.value.place, .scopeByNameAlone,
        "this rule terminates and its scope is by name alone: whoever may name a VM can draw the login's password "
          + "there; give 'folders', 'tags' or 'ids' too, or limit the [[guest_login]] by 'scope'")
    }
    guard let name, let login, let scope, let match, let unless, let limits else { return nil }
    return Rule(
      id: RuleID(name.name), description: description, login: LoginID(login), vcenters: vcenters, scope: scope,
      match: match, unless: unless, limits: limits, lasting: lasting, every: every, action: action, budget: budget,
      cooldown: cooldown, notDuring: notDuring)
  }

  private mutating func define(_ name: (name: String, place: Place), context: inout RuleContext) {
    if let first = context.defined[name.name] {
      let place = "\(first.file):\(first.place.line):\(first.place.column)"
      error(name.place, .duplicateName, "rule '\(name.name)' was defined before, at \(place); give each its own name")
    } else {
      context.defined[name.name] = (file, name.place)
    }
  }

  private mutating func login(in section: Section, known: NameList?) -> String? {
    let hint = "guest_login = \"...\", the name of a [[guest_login]]"
    guard let entry = section["guest_login"] else {
      missing("guest_login", in: section, hint: hint)
      return nil
    }
    guard let text = string(entry, hint: hint) else { return nil }
    return reference(text, at: entry.value.place, to: "[[guest_login]]", known: known)
  }

  /// Nil means every vCenter; after an error it means nothing, for then nothing is loaded.
  private mutating func vcenters(_ entry: TomlEntry?, known: NameList?) -> [VCenterID]? {
    guard let entry else { return nil }
    if entry.value.isEmpty {
      emptySelector(entry)
      return nil
    }
    guard let texts = strings(entry, hint: "the name of a [[vcenter]] in quotes, or a list of names") else {
      return nil
    }
    var ids = NameList()
    for (text, place) in texts {
      if let name = reference(text, at: place, to: "[[vcenter]]", known: known) { ids.append(name) }
    }
    return ids.names.map { VCenterID($0) }
  }

  private mutating func reference(_ text: String, at place: Place, to what: String, known: NameList?) -> String? {
    guard isName(text) else {
      error(place, .badName, "this is not a name; write the 'name' of a \(what)")
      return nil
    }
    guard let known else { return text }
    if known.contains(text) { return text }
    let right = known.names.isEmpty ? "add one to the main file" : suggestion(for: text, among: known.names)
    error(place, .unknownReference, "no \(what) is named '\(text)'; \(right)")
    return nil
  }

  private mutating func limits(in section: Section) -> Limits? {
    let maxAge = duration(section["max_age"])
    let most = integer(
      section["max_instances"], in: 1...Int64.max,
      hint: "an integer of 1 or more (none at all: forbidden = true)")
    let forbidden = boolean(section["forbidden"]) ?? false
    let keep = word(section["keep"], of: [Keep.oldest, .newest])
    let per = word(section["per"], of: [Per.owner, .vm])
    if section["max_instances"] == nil {
      for entry in [section["keep"], section["per"]].compactMap({ $0 }) {
        error(
          entry.place, .keysConflict, "'\(entry.key)' goes only with 'max_instances'; add that or remove '\(entry.key)'"
        )
      }
    }
    if let entry = section["forbidden"], forbidden {
      if section["max_age"] != nil || section["max_instances"] != nil {
        error(entry.place, .keysConflict, "'forbidden' leaves nothing for another limit to decide; keep one of them")
        return nil
      }
      return .forbidden
    }
    if section["max_age"] == nil, section["max_instances"] == nil {
      // A limit that is wrong or comes later has its error already.
      let limits = ["max_age", "max_instances", "forbidden"]
      let isTold = section.table.entries.contains {
        ruleKeys.later.contains($0.key) || (!ruleKeys.known.contains($0.key) && isMeant($0.key, among: limits))
      }
      let isWrong = section["forbidden"].map { if case .boolean = $0.value.kind { false } else { true } } ?? false
      if !isTold, !isWrong {
        error(section.place, .noLimit, "[[rule]] has no limit; write max_age, max_instances or forbidden = true")
      }
      return nil
    }
    let instances = most.map { MaxInstances(count: Int($0), keep: keep ?? .oldest, per: per ?? .owner) }
    if (section["max_age"] == nil) != (maxAge == nil) || (section["max_instances"] == nil) != (most == nil) {
      return nil
    }
    return .bounded(maxAge: maxAge, maxInstances: instances)
  }

  private mutating func lasting(in section: Section, every: Duration) -> Duration {
    guard let entry = section["lasting"], let lasting = duration(entry, orZero: true) else { return .zero }
    if lasting > .zero, lasting < every {
      warning(
        entry.value.place, .shortLasting,
        "'lasting' is shorter than 'every', so that no look may fall into it; write at least as much as 'every'")
    }
    return lasting
  }

  private mutating func budget(_ entry: TomlEntry?, action: Action) -> Budget? {
    guard let entry else { return nil }
    let hint = "{ kills = 5, within = \"1h\" }"
    guard let section = section(entry, title: "'budget'", keys: Keys(known: ["kills", "within"]), hint: hint) else {
      return nil
    }
    for key in ["kills", "within"] where section[key] == nil { missing(key, in: section, hint: hint) }
    let kills = count(section["kills"])
    let within = duration(section["within"])
    guard let kills, let within else { return nil }
    if kills == 0, action == .terminate {
      warning(
        entry.value.place, .neverActs,
        "this 'budget' never lets the rule kill; write action = \"report\" if that is meant")
    }
    return Budget(kills: kills, within: within)
  }
}
