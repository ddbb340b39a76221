/// `max_instances`: who is there, in `keep` order, and who is beyond the limit.
enum Group {
  /// Starts this close cannot be told apart: then the lower pid counts as older.
  static let sameStart: Int64 = 2

  /// Whom a group counts over; compared byte by byte.
  enum Key: Hashable, Sendable {
    case vm
    case owner(GuestText)
    /// An owner that is not sure may be anybody: such a process is no other's.
    case alone(pid: Int64)
  }

  /// One group in `keep` order: the first `limit.count` may stay.
  struct Ranked: Sendable {
    var key: Key
    var members: [Process]
  }

  /// Splits the matching processes of one listing into groups and ranks each.
  static func rank(_ matching: [Process], _ limit: MaxInstances, family: GuestFamily) -> [Ranked] {
    var order: [Key] = []
    var groups: [Key: [Process]] = [:]
    for process in matching {
      let key: Key
      switch limit.per {
      case .vm: key = .vm
      case .owner where process.ownerIsDoubtful: key = .alone(pid: process.pid)
      case .owner: key = .owner(family == .windows ? GuestText(process.owner.value.lowercased()) : process.owner)
      }
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(process)
    }
    return order.map { key in
      let oldestFirst = byAge(groups[key] ?? [])
      switch limit.keep {
      case .oldest: return Ranked(key: key, members: oldestFirst)
      case .newest: return Ranked(key: key, members: oldestFirst.reversed())
      }
    }
  }

  /// Oldest first. Rows that started within two seconds of the first of them are ordered by pid.
  private static func byAge(_ processes: [Process]) -> [Process] {
    let sorted = processes.sorted { ($0.started, $0.pid) < ($1.started, $1.pid) }
    var result: [Process] = []
    var i = 0
    while i < sorted.count {
      var j = i
      while j < sorted.count, sorted[j].started - sorted[i].started <= sameStart { j += 1 }
      result += sorted[i..<j].sorted { $0.pid < $1.pid }
      i = j
    }
    return result
  }
}
