import GuestWatchCore

/// `WATCHDOG=1`, or why not (L4).
extension Scheduler {
  /// The alarm that led here is the probe: it passed through the clock and the mailbox, as every event does.
  func feedWatchdog(_ now: Instant, late: Bool) {
    let hanging = operations.hanging(at: now)
    // A mark counts too: while nothing is killed it is all that asks the disk.
    let stuckDisk = [writing.first, marking].contains { given in given.map { $0 + Self.writeLimit < now } ?? false }
    if hanging == nil && !stuckDisk {
      saidHanging = false
      if !late { line.alive() }
      return
    }
    if saidHanging { return }
    saidHanging = true
    let what =
      hanging.map { "operation \($0.0) (\($0.1.kind.rawValue) of \($0.1.target)) did not come back at its deadline" }
      ?? "a step has been waiting for the ledger's disk for over \(Self.writeLimit.wholeSeconds) s"
    say(
      Report(
        .limitReached, .error,
        detail: "the watchdog is not fed, so the service manager will start the daemon anew: \(what)"))
  }
}
