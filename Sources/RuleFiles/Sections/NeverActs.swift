import GuestWatchCore

// What is allowed and can never have the effect that was most likely meant. All of it is told from the text of the rules:
// it is never wrong, and does not find everything.

extension Findings {
  /// Of a good rule. Patterns are compared in the first 200 rules of a file alone: it costs more than all else, and nobody
  /// writes as many by hand.
  mutating func lookTwice(_ rule: Rule, in section: Section, known: KnownNames?) {
    if rule.match.exactly != nil, let entry = section["max_instances"] {
      warning(
        entry.value.place, .neverActs,
        "'max_instances' is never exceeded: 'match' with a pid fits one process; write max_age or forbidden = true")
    }
    guard mayCompare() else { return }
    if let entry = section["unless"], let unless = rule.unless.first(where: { $0.fitsAll(of: rule.match) }),
      unless.exactly != nil || !unless.choosesNothing
    {
      warning(
        entry.value.place, .neverActs,
        "'unless' fits whatever 'match' fits, so that this rule never acts; take out what both have")
    }
    if let entry = section["scope"], rule.scope.excludesAll {
      warning(
        entry.value.place, .neverActs,
        "'except' takes away all that this scope chooses, so that this rule never acts; correct one of them")
    }
    guard let known else { return }
    if let entry = section["scope"], let ids = rule.scope.ids, let allowed = known.limitedLogins[rule.login.name],
      !allowed.isEmpty, Set(allowed).isDisjoint(with: ids)
    {
      warning(
        entry.value.place, .neverActs,
        "guest login '\(rule.login.name)' is never sent to these VMs, so that this rule never acts; add their ids to the "
          + "'scope' of the [[guest_login]]")
    }
    if rule.action == .terminate, let entry = section["match"], known.protect.protectsAll(of: rule.match) {
      warning(
        entry.value.place, .neverActs,
        "[protect] holds whatever this 'match' fits, so that this rule never kills; take it out of one of them")
    }
  }

  /// Of the main file, when all rules are read.
  mutating func lookTwice(_ settings: MainSettings, at rules: [Rule]) {
    let terminating = rules.count { $0.action == .terminate }
    if terminating == 0 || settings.dryRun { return }
    let who = terminating == 1 ? "a rule terminates" : "\(terminating) rules terminate"
    for (key, place) in settings.zeroBudgets {
      warning(
        place, .neverActs,
        "'\(key)' of [budget] is 0, so that nothing is ever killed although \(who); write 1 or more, or dry_run = true "
          + "if that is meant")
    }
  }
}

extension Match {
  /// True where each key that is given fits every process.
  var choosesNothing: Bool {
    [names, owners, commands].allSatisfy { $0?.contains { $0.choosesNothing } ?? true }
  }

  /// True where every process that fits `other` surely fits this.
  fileprivate func fitsAll(of other: Match) -> Bool {
    if let exactly, exactly != other.exactly { return false }
    return [(names, other.names), (owners, other.owners), (commands, other.commands)].allSatisfy { mine, others in
      guard let mine, !mine.contains(where: \.fitsEverything) else { return true }
      guard let others else { return false }
      return mine.fitAll(of: others)
    }
  }
}

extension Protect {
  /// True where one list alone protects every process that fits.
  fileprivate func protectsAll(of match: Match) -> Bool {
    [(names, match.names), (owners, match.owners), (commands, match.commands)].contains { protected, matched in
      guard let matched, !matched.isEmpty else { return false }
      return protected.fitAll(of: matched)
    }
  }
}

extension Scope {
  /// True where all names, or all ids, that it may choose are taken away again.
  fileprivate var excludesAll: Bool {
    if except.isEmpty { return false }
    if let names, except.fitAll(of: names) { return true }
    guard let ids, ids.count <= mostCompared else { return false }
    return ids.allSatisfy { id in except.prefix(mostCompared).contains { $0.matches(id, folded: false) } }
  }
}

/// Lists longer than this are not compared each with each; nobody writes such by mistake.
private let mostCompared = 20

extension [Glob] {
  /// True where whatever fits one of `others` surely fits one of these: the same pattern, or a text without any wildcard
  /// that fits.
  fileprivate func fitAll(of others: [Glob]) -> Bool {
    guard count <= mostCompared, others.count <= mostCompared, !isEmpty else { return false }
    return others.allSatisfy { other in
      contains {
        $0 == other || $0.fitsEverything
          || (other.isPlain && $0.pattern.utf8.count <= 128 && $0.matches(other.pattern, folded: false))
      }
    }
  }
}

extension Glob {
  /// True where nothing but the text itself fits. Long ones do not count: comparing them costs their lengths' product.
  fileprivate var isPlain: Bool {
    pattern.utf8.count <= 64 && !pattern.utf8.contains { "*?[".utf8.contains($0) }
  }
}
