public import GuestWatchCore

/// The one line of `systemctl status`: what an operator would ask first, troubles before figures.
public func statusLine(_ snapshot: Snapshot) -> String {
  var parts: [String] = []
  if snapshot.ledgerFailing { parts.append("LEDGER FAILING, no kills until it can be written") }
  if !snapshot.vcentersDown.isEmpty {
    parts.append("\(plural("vCenter", snapshot.vcentersDown.count)) down: \(listed(snapshot.vcentersDown.map(\.name)))")
  }
  if !snapshot.loginsStopped.isEmpty {
    parts.append(
      "\(plural("login", snapshot.loginsStopped.count)) stopped: \(listed(snapshot.loginsStopped.map(\.name)))")
  }
  if !snapshot.clockTrusted { parts.append("clock not trusted, only ages that were seen count") }
  if snapshot.dryRun { parts.append("dry run, nothing is killed") }
  parts.append(figures(snapshot))
  return parts.joined(separator: "; ")
}

private func figures(_ snapshot: Snapshot) -> String {
  let watching =
    snapshot.rules == 0
    ? "no rules, nothing to watch"
    : "watching \(snapshot.vmsWatched) of \(counted(snapshot.vmsInScope, "VM")), \(counted(snapshot.rules, "rule"))"
  return "\(watching), \(counted(snapshot.candidates, "candidate")), \(counted(snapshot.openKills, "kill")) open, "
    + "\(snapshot.killsInWindow) of \(counted(snapshot.killsAllowed, "kill")) in the window"
}

private func plural(_ word: String, _ count: Int) -> String { count == 1 ? word : word + "s" }
