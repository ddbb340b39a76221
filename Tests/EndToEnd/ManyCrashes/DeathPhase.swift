import Foundation

/// Where in a kill a life ended, seen from one VM.
enum DeathPhase: String, CaseIterable, Sendable {
  case starting = "before READY=1"
  case idle = "no runaway there"
  case following = "a runaway is followed, no kill yet"
  case confirming = "the confirm is under way"
  case recorded = "intent on disk, no byte sent"
  case inFlight = "terminate in flight"
  case unwritten = "answered, the ledger does not say so"
  case answered = "answered, not yet looked at"
  case verifying = "looked at, no outcome yet"
  case resolving = "an earlier life's kill is open"

  /// What random moments must have hit in a long run: the phases of a kill, and its resolving.
  static let wanted: [DeathPhase] = [
    .starting, .following, .confirming, .recorded, .inFlight, .unwritten, .answered, .verifying, .resolving,
  ]
}

extension Judgement {
  /// In which phase each death met each VM (a death before READY=1 meets none and counts once).
  func phases() -> [DeathPhase] {
    deaths.flatMap { death in
      death.ready == nil ? [DeathPhase.starting] : CrashPlan.vms.map { phase(of: death, on: $0) }
    }
  }

  private func own(_ row: HistoryRow, _ death: CrashWorld.Death) -> Bool {
    row.recorded.flatMap(date).map { $0 >= death.started } ?? false
  }

  private func terminate(of row: HistoryRow) -> CallBook.Entry? {
    kills.first { $0.row.killId == row.killId }?.terminate
  }

  private func phase(of death: CrashWorld.Death, on vm: String) -> DeathPhase {
    if let row = death.open.last(where: { $0.vm == vm }) {
      guard own(row, death) else { return .resolving }
      guard let terminate = terminate(of: row), terminate.received <= death.reaped else { return .recorded }
      guard let answered = terminate.answered, answered <= death.struck else { return .inFlight }
      if row.answered == nil { return .unwritten }
      let looks = calls.all { $0.vm == vm && !$0.isTerminate }
      return looks.contains { answered <= $0.received && $0.received <= death.struck } ? .verifying : .answered
    }
    let last = calls.all { $0.vm == vm }.last { $0.received <= death.struck }
    let isRunaway = { (pid: Int64?) in members.contains { $0.isRunaway && $0.vm == vm && $0.pid == pid } }
    if let last, last.call.kind == "rest.process.get", isRunaway(last.call.pid),
      // Answered a moment ago: then the intent was on its way.
      last.answered.map({ death.struck.timeIntervalSince($0) < 0.05 }) ?? true
    {
      return .confirming
    }
    let lives = members.contains { $0.isRunaway && $0.vm == vm && ($0.dead.map { $0 > death.struck } ?? true) }
    return lives ? .following : .idle
  }
}
