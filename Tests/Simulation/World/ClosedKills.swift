import GuestWatchCore
import VCenterModel

/// The kills on a VM that were closed in an epoch, oldest first, to be found by what they were about.
struct ClosedKills {
  private struct Start: Hashable {
    var pid: Int64
    var started: Int64
  }

  private var kills: [(kill: Checker.Kill, outcome: Outcome)] = []
  private var byIdentity: [OwnIdentity: [Int]] = [:]
  private var byStart: [Start: [Int]] = [:]
  private var byLife: [Truth.Life: [Int]] = [:]
  private var byOrigin: [Truth.Life: [Int]] = [:]
  /// What a life came from: another one where a snapshot brought it back.
  private let origin: (Truth.Life?) -> Truth.Life?

  init(origin: @escaping (Truth.Life?) -> Truth.Life?) { self.origin = origin }

  mutating func append(_ kill: Checker.Kill, _ outcome: Outcome) {
    let i = kills.count
    kills.append((kill, outcome))
    let process = kill.record.process
    byIdentity[OwnIdentity(process), default: []].append(i)
    byStart[Start(pid: process.pid, started: process.started), default: []].append(i)
    if let life = kill.confirmed?.life { byLife[life, default: []].append(i) }
    if let first = origin(kill.confirmed?.life) { byOrigin[first, default: []].append(i) }
  }

  /// A kill ended it, by what it is called or by what it is in truth.
  func hasEnded(_ row: GuestWatchCore.Process, life: Truth.Life?) -> Bool {
    earlier(row, life).contains { isEnd($0.outcome) }
  }

  /// It is stuck, denied to this login, or was tried three times.
  func leave(_ row: GuestWatchCore.Process, life: Truth.Life?, alone login: LoginID) -> Bool {
    var attempts = 0
    for (kill, outcome) in earlier(row, life) {
      switch outcome {
      case .stuck: return true
      case .survived, .unknown: attempts += 1
      case .denied where kill.record.login == login: return true
      case .denied, .exited, .gone, .alreadyGone, .failed, .abandoned: break
      }
    }
    return attempts >= 3
  }

  /// One that a kill ended and that a snapshot brought back, though no epoch was shown: it may count, but is no candidate any
  /// more, also where all starts moved together since. Nor is another that has its pid and start: with a clock that went back,
  /// too, nobody can tell the two apart but by an owner that may change.
  func cameBack(_ row: GuestWatchCore.Process, life: Truth.Life?) -> Bool {
    let same = byStart[Start(pid: row.pid, started: row.started)] ?? []
    let reborn = origin(life).flatMap { byOrigin[$0] } ?? []
    return (same + reborn).contains { isEnd(kills[$0].outcome) }
  }

  /// Kills of this process, by what it is called or by what it is in truth. One that a kill ended is another when a snapshot
  /// brings it back; one that was left alone is not.
  private func earlier(
    _ row: GuestWatchCore.Process, _ life: Truth.Life?
  ) -> [(kill: Checker.Kill, outcome: Outcome)] {
    let named = byIdentity[OwnIdentity(row)] ?? []
    let lived = life.flatMap { byLife[$0] } ?? []
    let reborn = (origin(life).flatMap { byOrigin[$0] } ?? []).filter { !isEnd(kills[$0].outcome) }
    return Set(named + lived + reborn).sorted().map { kills[$0] }
  }

  private func isEnd(_ outcome: Outcome) -> Bool {
    switch outcome {
    case .exited, .gone, .alreadyGone: true
    case .survived, .stuck, .denied, .failed, .abandoned, .unknown: false
    }
  }
}

extension Checker {
  /// Those of the epoch that the VM is known to be in. It is when an outcome was found that counts, not when the disk had room
  /// for it: one of the epoch before says nothing of who lives in this one.
  func closedKills(on vm: VMAddress) -> ClosedKills {
    let epoch = (machines[vm] ?? Machine()).epochKnown
    let lives = lives
    var found = ClosedKills { life in life.flatMap { lives[$0]?.origin } }
    for id in killOrder {
      guard let kill = kills[id], home(kill.record) == vm, let closed = kill.closed, kill.said ?? closed.at > epoch
      else { continue }
      found.append(kill, closed.outcome)
    }
    return found
  }
}
