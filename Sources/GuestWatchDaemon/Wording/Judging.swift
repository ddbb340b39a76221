import GuestWatchCore
import Systemd

/// The limits of a rule in the words of its file: `max_age 2h, lasting 5m`.
func limitWords(_ rule: Rule) -> String {
  var parts: [String] = []
  switch rule.limits {
  case .forbidden: parts = ["forbidden"]
  case .bounded(let maxAge, let instances):
    if let maxAge { parts.append("max_age \(words(maxAge))") }
    if let instances {
      parts.append(
        "max_instances \(instances.count) per \(instances.per.rawValue), keep \(instances.keep.rawValue)")
    }
  }
  if rule.lasting > .zero { parts.append("lasting \(words(rule.lasting))") }
  return parts.joined(separator: ", ")
}

/// The limits of one that exceeds none, with where it stands: `max_age 2h, number 1 of 3, max_instances 4`.
func withinWords(_ fit: Fit, _ rule: Rule) -> String {
  var parts: [String] = []
  if case .bounded(let maxAge?, _) = rule.limits { parts.append("max_age \(words(maxAge))") }
  if let place = fit.place { parts.append("number \(place.place) of \(place.count), max_instances \(place.limit)") }
  return parts.joined(separator: ", ")
}

/// The first condition that fails: `owner does not fit "backup"`.
func mismatchWords(_ mismatch: Mismatch, _ rule: Rule, _ process: Process) -> String {
  switch mismatch {
  case .unless(let place):
    return "excepted by unless" + (rule.unless.count > 1 ? " \(place + 1)" : "")
      + (rule.unless.indices.contains(place) ? " (\(matchWords(rule.unless[place])))" : "")
  case .match(let key):
    let wanted = keyWords(rule.match, key) ?? ""
    switch doubt(key, process) {
    case nil: return "\(key.rawValue) does not fit \(wanted)"
    case let doubt?: return "\(key.rawValue) is \(doubt), and what is in doubt does not match (wanted: \(wanted))"
    }
  }
}

/// What protects a process: `built in`, or `owners "postgres*" of [protect]`.
func protectorWords(_ protector: Protector, _ list: Protect) -> String {
  switch protector {
  case .builtIn: return "what is built in: a process that carries its system"
  case .listed(let key, let place):
    let globs: [Glob] =
      switch key {
      case .name: list.names
      case .owner: list.owners
      case .command: list.commands
      case .pid, .started: []
      }
    return "\(key.rawValue)s \(globs.indices.contains(place) ? quoted(globs[place].pattern) : "") of [protect]"
  }
}

private func matchWords(_ match: Match) -> String {
  MatchKey.allCases.compactMap { key in keyWords(match, key).map { "\(key.rawValue) \($0)" } }.joined(separator: ", ")
}

/// What a key of a match wants; nil: it is not given.
private func keyWords(_ match: Match, _ key: MatchKey) -> String? {
  switch key {
  case .pid: match.exactly.map { String($0.pid) }
  case .started: match.exactly.map { timestamp($0.started) }
  case .name: match.names.map(globWords)
  case .owner: match.owners.map(globWords)
  case .command: match.commands.map(globWords)
  }
}

private func globWords(_ globs: [Glob]) -> String {
  let most = 3
  let more = globs.count > most ? " or \(globs.count - most) more" : ""
  return globs.prefix(most).map { quoted($0.pattern) }.joined(separator: " or ") + more
}

/// Why a text is not sure; nil: it is.
private func doubt(_ key: MatchKey, _ process: Process) -> String? {
  switch key {
  case .pid, .started: nil
  case .name: process.name.doubtful ? "cut off or not valid" : nil
  case .owner: process.owner.value.isEmpty ? "not known" : process.owner.doubtful ? "cut off or not valid" : nil
  case .command: process.command.doubtful ? "cut off or not valid" : nil
  }
}
