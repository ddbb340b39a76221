import GuestWatchCore

/// SIGTERM, and the logouts.
extension Scheduler {
  func shutdownAsked(_ children: inout DiscardingTaskGroup) {
    // A second one changes nothing: above all it does not skip the logout.
    guard phase == .running else { return }
    line.stopping()
    say(
      Report(
        .stopping, .info,
        detail: "terminates already sent are waited for, \(Self.stopLimit.wholeSeconds) s at most"))
    phase = .stopping(until: clock.now().continuous + Self.stopLimit)
    feed(.shutdownAsked, &children)
  }

  /// Logs out of clients that no configuration, kill or operation needs any more.
  func leaveUnused() {
    for link in routes.takeUnused(at: clock.now().continuous, operations: operations) { goodbyeBox.yield(link) }
  }

  /// Logs out side by side, each as soon as it is asked for, until there are no more. Not a child of the operations'
  /// group: giving those up must not cut a logout short.
  static func leave(_ links: AsyncStream<Source.Link>, _ clock: any DaemonClock) async {
    await withDiscardingTaskGroup { leaving in
      for await link in links {
        leaving.addTask { await link.leave(by: clock.now().continuous + Self.leaveLimit) }
      }
    }
  }
}
