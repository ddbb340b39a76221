import GuestWatchCore

/// What a reload changed, for one entry of the journal.
///
/// It compares what the decision was told. A reload that changes nothing of that (a comment, a path) has no words.
struct ConfigurationChange {
  private var new: [String] = []
  private var changed: [String] = []
  private var gone: [String] = []

  /// So many names of a list are written; the rest is counted.
  private static let shown = 20

  init(from old: Configuration, to now: Configuration) {
    compare("rule", old.rules, now.rules, \.id.name)
    compare("vCenter", old.vcenters, now.vcenters, \.id.name)
    compare("guest login", old.logins, now.logins, \.id.name)
    let before = old.rules.map(\.id)
    let after = now.rules.map(\.id)
    if before.filter(after.contains) != after.filter(before.contains) { changed.append("the order of the rules") }
    if old.dryRun != now.dryRun { changed.append("dry_run, now \(now.dryRun)") }
    if old.budget != now.budget { changed.append("[budget]") }
    if old.protect != now.protect { changed.append("[protect]") }
    if old.logCommands != now.logCommands { changed.append("log_commands, now \"\(now.logCommands.rawValue)\"") }
    // Without a rule that asks for the time of day there is none.
    if old.timeZone != now.timeZone, [old, now].allSatisfy({ $0.rules.contains { !$0.notDuring.isEmpty } }) {
      changed.append("time_zone")
    }
  }

  /// Such as `new: rule a; changed: [budget]; gone: guest login b`; nil: nothing changed.
  var words: String? {
    let parts = [("new", new), ("changed", changed), ("gone", gone)].filter { !$0.1.isEmpty }
    return parts.isEmpty ? nil : parts.map { "\($0.0): \(ConfigurationChange.list($0.1))" }.joined(separator: "; ")
  }

  private mutating func compare<Item: Equatable>(
    _ kind: String, _ old: [Item], _ now: [Item], _ name: (Item) -> String
  ) {
    let before = Dictionary(old.map { (name($0), $0) }, uniquingKeysWith: { first, _ in first })
    let after = Set(now.map(name))
    for item in now {
      switch before[name(item)] {
      case nil: new.append("\(kind) \(name(item))")
      case item?: break
      case .some: changed.append("\(kind) \(name(item))")
      }
    }
    gone += old.map(name).filter { !after.contains($0) }.map { "\(kind) \($0)" }
  }

  private static func list(_ names: [String]) -> String {
    let rest = names.count - shown
    return names.prefix(shown).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
  }
}
