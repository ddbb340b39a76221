public import GuestWatchCore

/// Which rows `history` shows: all conditions that are given must hold.
public struct HistoryFilter: Hashable, Sendable {
  /// Decided at this wall time (nanoseconds since 1970) or later.
  public var since: Int64?
  /// The VM's exact name or managed object id.
  public var vm: String?
  public var rule: RuleID?
  public var outcome: HistoryOutcome?
  /// The newest so many; 0: all.
  public var limit: Int

  public init(
    since: Int64? = nil, vm: String? = nil, rule: RuleID? = nil, outcome: HistoryOutcome? = nil, limit: Int = 0
  ) {
    self.since = since
    self.vm = vm
    self.rule = rule
    self.outcome = outcome
    self.limit = limit
  }

  /// A way to the rows: an index of `kills`, each in the order of `decided_wall` and `id`, and what else must hold.
  struct Way {
    var index: String
    var conditions: [String]
    var values: [Value]
  }

  /// One way, or two that may meet the same row. The index is named and not left to SQLite: without statistics it would
  /// go through the whole table where a filter finds little.
  var ways: [Way] {
    var rest = Way(index: "kills_decided", conditions: [], values: [])
    switch outcome {
    case nil: break
    case .open?:
      rest.index = "kills_outcome"
      rest.conditions.append("outcome IS NULL")
    case .reported?, .closed?:
      rest.index = "kills_outcome"
      rest.conditions.append("outcome = ?")
      rest.values.append(outcome.map { .text($0.word) } ?? .null)
    }
    if let rule {
      rest.index = "kills_rule"
      rest.conditions.append("rule = ?")
      rest.values.append(.text(rule.name))
    }
    if let since {
      rest.conditions.append("decided_wall >= ?")
      rest.values.append(.integer(since))
    }
    guard let vm else { return [rest] }
    return [("kills_moid", "moid = ?", Value.text(vm)), ("kills_vm_name", "vm_name = ?", Value.bytes(vm))].map {
      Way(index: $0.0, conditions: [$0.1] + rest.conditions, values: [$0.2] + rest.values)
    }
  }

  /// A SELECT of `wall` and `id`, without its order. Everything that was given to us is bound, never part of the text.
  ///
  /// - Parameter indexed: False for a file of a version that lacks the indexes.
  func places(_ more: String? = nil, _ values: [Value] = [], indexed: Bool) -> (sql: String, values: [Value]) {
    var texts: [String] = []
    var bound: [Value] = []
    for way in ways {
      let conditions = way.conditions + (more.map { [$0] } ?? [])
      texts.append(
        "SELECT decided_wall AS wall, id FROM kills" + (indexed ? " INDEXED BY \(way.index)" : "")
          + (conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")))
      bound += way.values + values
    }
    return (texts.joined(separator: " UNION "), bound)
  }
}
