import GuestWatchCore

/// `max_instances` as design.md section 5 has it, evaluated a second time for the checker.
enum OwnGroups {
  /// Who counts in the group of `victim`, without it: same rule, same VM, and same owner where `per` says so.
  static func others(
    than victim: GuestWatchCore.Process, in rows: [GuestWatchCore.Process], of rule: Rule, _ most: MaxInstances,
    family: GuestFamily
  ) -> [GuestWatchCore.Process] {
    rows.filter { row in
      guard row.finished == nil, row.pid != victim.pid, OwnRules.reaches(rule, row, family: family) else {
        return false
      }
      switch most.per {
      case .vm: return true
      case .owner:
        // Nobody's decoys push out another's: an owner that is not sure is nobody's other.
        if row.owner.doubtful || row.owner.value.isEmpty { return false }
        return family == .windows
          ? row.owner.value.lowercased() == victim.owner.value.lowercased() : row.owner == victim.owner
      }
    }
  }

  enum Order { case before, after, unsure }

  /// Where each of the others stands as seen from `victim` in keep order, as they come.
  ///
  /// Starts within 2 s count as equal, and then the lower pid as older. In a chain of them (1, 3, 5) the design does not
  /// say who is older than whom: that is `unsure`.
  static func places(
    of others: [GuestWatchCore.Process], from victim: GuestWatchCore.Process, _ keep: Keep
  ) -> [Order] {
    let starts = others.map(\.started).sorted()
    // The chain that the victim is in: no step in it is over 2 s.
    var low = victim.started
    var high = victim.started
    for start in starts where start > high && start - high <= 2 { high = start }
    for start in starts.reversed() where start < low && low - start <= 2 { low = start }
    return others.map { other in
      let isOlder: Bool
      if other.started < low || other.started > high {
        isOlder = other.started < low
      } else if high - low <= 2 {
        isOlder = other.pid < victim.pid
      } else {
        return .unsure
      }
      switch keep {
      case .oldest: return isOlder ? .before : .after
      case .newest: return isOlder ? .after : .before
      }
    }
  }
}
