import GuestWatchCore

extension Rule {
  /// Digest of all that the rule decides by, with the defaults filled in: equal for equal rules, whatever their files look
  /// like. The description is not part of it. A change of this text changes the digests of unchanged rules: add to its end,
  /// and only for rules that use what is new.
  var digest: UInt64 {
    var fields = ["name", id.name, "login", login.name, "action", action.rawValue]
    fields += ["every", words(every), "lasting", words(lasting)]
    fields += list("vcenters", vcenters?.map(\.name)) + list("names", scope.names) + list("ids", scope.ids)
    fields += list("except", scope.except)
    fields += words("match", match)
    for match in unless { fields += words("unless", match) }
    switch limits {
    case .forbidden: fields.append("forbidden")
    case .bounded(let age, let instances):
      if let age { fields += ["max_age", words(age)] }
      if let instances {
        fields += ["max_instances", String(instances.count), instances.keep.rawValue, instances.per.rawValue]
      }
    }
    if let budget { fields += ["budget", String(budget.kills), words(budget.within)] }
    if let cooldown { fields += ["cooldown", words(cooldown)] }
    for time in notDuring {
      fields += ["not_during", String(time.days.rawValue), String(time.from), String(time.until)]
    }
    fields += list("folders", scope.folders) + list("clusters", scope.clusters) + list("tags", scope.tags)
    return Digest.of(fields)
  }
}

private func words(_ key: String, _ match: Match) -> [String] {
  [key] + list("names", match.names) + list("owners", match.owners) + list("commands", match.commands)
    + (match.exactly.map { ["exactly", String($0.pid), String($0.started)] } ?? [])
}

private func list(_ key: String, _ globs: [Glob]?) -> [String] { list(key, globs?.map(\.pattern)) }

/// With the number of items, so that where one list ends and the next begins is part of it.
private func list(_ key: String, _ items: [String]?) -> [String] {
  items.map { [key, String($0.count)] + $0 } ?? []
}

private func words(_ duration: Duration) -> String { String(duration.wholeSeconds) }
