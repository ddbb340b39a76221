import GuestWatchCore
import VCenterModel

/// The kills on a VM that were closed in an epoch, oldest first, to be found by what they were about.
struct ClosedKills {
  private var kills: [(kill: Checker.Kill, outcome: Outcome, at: Instant)] = []
  private var byIdentity: [OwnIdentity: [Int]] = [:]
  private var byStart: [OwnStart: [Int]] = [:]
  private var byLife: [Truth.Life: [Int]] = [:]
  private var byOrigin: [Truth.Life: [Int]] = [:]
  /// What a life came from: another one where a snapshot brought it back.
  private let origin: (Truth.Life?) -> Truth.Life?

  init(origin: @escaping (Truth.Life?) -> Truth.Life?) { self.origin = origin }

  mutating func append(_ kill: Checker.Kill, _ outcome: Outcome, at: Instant) {
    let i = kills.count
    kills.append((kill, outcome, at))
    let process = kill.record.process
    byIdentity[OwnIdentity(process), default: []].append(i)
    byStart[OwnStart(process), default: []].append(i)
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
    for (kill, outcome, _) in earlier(row, life) {
      switch outcome {
      case .stuck: return true
      case .survived, .unknown: attempts += 1
      case .denied where kill.record.login == login: return true
      case .denied, .exited, .gone, .alreadyGone, .failed, .abandoned: break
      }
    }
    return attempts >= 3
  }

  /// With which logins it was tried, and when each try was closed.
  func tries(_ row: GuestWatchCore.Process, life: Truth.Life?) -> [(login: LoginID, at: Instant)] {
    earlier(row, life).map { ($0.kill.record.login, $0.at) }
  }

  /// One that a kill ended and that a snapshot brought back, though no epoch was shown: it may count, but is no candidate any
  /// more, also where all starts moved together since. Nor is another that has its pid and start: with a clock that went back,
  /// too, nobody can tell the two apart but by an owner that may change.
  func cameBack(_ row: GuestWatchCore.Process, life: Truth.Life?) -> Bool {
    let same = byStart[OwnStart(row)] ?? []
    let reborn = origin(life).flatMap { byOrigin[$0] } ?? []
    return (same + reborn).contains { isEnd(kills[$0].outcome) }
  }

  /// Kills of this process, by what it is called or by what it is in truth. One that a kill ended is another when a snapshot
  /// brings it back; one that was left alone is not.
  private func earlier(
    _ row: GuestWatchCore.Process, _ life: Truth.Life?
  ) -> [(kill: Checker.Kill, outcome: Outcome, at: Instant)] {
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
  /// Those of the epoch that the VM is known to be in; under another instance uuid it was another VM. It is when an outcome was found that counts, not when the disk had room
  /// for it: one of the epoch before says nothing of who lives in this one.
  func closedKills(of key: VMKey, on vm: VMAddress) -> ClosedKills {
    let epoch = (machines[vm] ?? Machine()).epochKnown
    let lives = lives
    var found = ClosedKills { life in life.flatMap { lives[$0]?.origin } }
    for id in killOrder {
      guard let kill = kills[id], kill.record.vm == key, let closed = kill.closed, kill.said ?? closed.at > epoch
      else { continue }
      found.append(kill, closed.outcome, at: closed.at)
    }
    return found
  }
}
