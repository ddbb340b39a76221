import OrderedCollections

extension Watch {
  mutating func report(_ report: Report) { effects.append(.report(report)) }

  /// A report about one VM, with its names filled in.
  func aboutVM(
    _ kind: Report.Kind, _ level: Report.Level, _ place: Int, rule: RuleID? = nil, login: LoginID? = nil,
    process: Process? = nil, killID: KillID? = nil, reason: Reason? = nil, gate: Gate? = nil, fault: Fault? = nil,
    detail: String = "", opens: Opening? = nil
  ) -> Report {
    Report(
      kind, level, rule: rule, vcenter: vms[place].address.vcenter, moid: vms[place].address.moid,
      vmName: vms[place].facts.name, login: login, process: process, killID: killID, reason: reason, gate: gate,
      fault: fault, detail: detail, opens: opens)
  }

  /// A report about a kill, or one that was to be.
  func aboutVM(
    _ kind: Report.Kind, _ level: Report.Level, _ place: Int, cause: Cause, login: LoginID, process: Process,
    gate: Gate? = nil, fault: Fault? = nil, detail: String = ""
  ) -> Report {
    var report = aboutVM(
      kind, level, place, rule: cause.rule, login: login, process: process, reason: cause.reason, gate: gate,
      fault: fault, detail: detail)
    report.demand = cause.demand
    return report
  }

  /// True once an hour for the same thing; the oldest is forgotten where there are too many.
  mutating func isNews(_ sighting: Sighting, _ now: Now) -> Bool {
    if let said = sightings[sighting], now.continuous - said < .seconds(3600) { return false }
    if sightings.count >= 1000 { sightings.removeFirst() }
    sightings[sighting] = now.continuous
    return true
  }

  /// A limit on something that can grow was reached; said once an hour for each VM.
  mutating func limitReached(_ place: Int, _ what: String, _ now: Now) {
    let sighting = Sighting(rule: RuleID(""), vm: vms[place].key, name: stableHash(what))
    guard isNews(sighting, now) else { return }
    report(aboutVM(.limitReached, .warning, place, detail: what))
  }

  /// True where a survey is overdue by more than L2 allows: slots, logins or slow answers hold it up.
  private func isLate(_ place: Int, _ now: Now) -> Bool {
    vms[place].views.indices.contains { v in
      now.continuous - vms[place].views[v].nextSurvey > vms[place].views[v].interval + .seconds(50)
        && !logins.isStopped(vms[place].views[v].login, on: vms[place].key)
    }
  }

  /// Counting goes over all VMs, and in a large fleet every event changes something.
  static let statusPause = Duration.seconds(1)

  /// Says the state in numbers where it changed, once a second at most; `sayWake` sees to it that the last one is said.
  mutating func sayStatus(_ now: Now) {
    guard statusDirty, now.continuous >= statusFrom, let configuration else { return }
    statusDirty = false
    statusFrom = now.continuous + Watch.statusPause
    let snapshot = snapshot(configuration, now)
    guard snapshot != lastStatus else { return }
    lastStatus = snapshot
    effects.append(.status(snapshot))
  }

  /// The state in numbers as it is now. Goes over all VMs.
  func snapshot(_ configuration: Configuration, _ now: Now) -> Snapshot {
    let inScope = vms.indices.filter { vms[$0].present && !vms[$0].views.isEmpty }
    let watched = inScope.filter { whyUnwatched($0) == nil }
    return Snapshot(
      vmsInScope: inScope.count, vmsWatched: watched.count, vmsLate: watched.count { isLate($0, now) },
      candidates: candidateCount,
      openKills: vms.indices.reduce(0) { $0 + (vms[$1].kill?.isOpen == true ? 1 : 0) + vms[$1].waitingKills.count },
      killsInWindow: budgets.count(within: configuration.budget.within, now: now.continuous),
      killsAllowed: configuration.budget.kills, dryRun: configuration.dryRun, rules: configuration.rules.count,
      vcentersDown: vcenters.values.filter { $0.down != nil }.map(\.entry.id), loginsStopped: logins.troubles.map(\.id),
      ledgerFailing: ledger.failing, clockTrusted: clock.trusted)
  }
}
