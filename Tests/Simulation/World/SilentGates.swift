import GuestWatchCore

/// Three gates keep a runaway only until what goes on already has ended, and no report names them (design.md, L1). Whether
/// a run came to them is asked of the decision itself: the verdict of every process that is followed has its gate.
extension World {
  /// Counts the runaways that such a gate keeps now.
  ///
  /// - Parameter vm: only those of this one; nil: of all.
  mutating func countSilentGates(on vm: VMKey?) {
    for standing in watch.standings(of: vm, at: now) {
      guard case .runaway(_, let gate?) = standing.verdict, gate.isSilent else { continue }
      tally.silentGates[gate, default: 0] += 1
    }
  }
}

extension Gate {
  /// Nobody is told of it.
  var isSilent: Bool {
    switch self {
    case .killOpen, .retryWait, .stopping: true
    case .report, .dryRun, .paused, .protected, .ruleBudget, .vmBudget, .fleetBudget, .cooldown, .notDuring, .toolsBusy,
      .noTerminate, .ledger, .stuck, .denied, .login:
      false
    }
  }
}
