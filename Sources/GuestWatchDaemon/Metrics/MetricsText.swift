import GuestWatchCore

/// A picture as node_exporter reads it. Every series that can be is there from the beginning, with 0.
///
/// - Parameter daemon: the value of the label `daemon`.
func metricsText(_ picture: MetricsPicture, daemon: String) -> String {
  var page = Exposition(daemon: daemon)
  for family in MetricFamily.allCases {
    page.begin(family)
    picture.put(family, on: &page)
  }
  return page.text
}

extension MetricsPicture {
  fileprivate func put(_ family: MetricFamily, on page: inout Exposition) {
    let snapshot = figures.snapshot
    switch family {
    case .build: page.sample([version], 1)
    case .started: page.sample([], seconds: .nanoseconds(started.wall))
    case .taken: page.sample([], seconds: .nanoseconds(at.wall))
    case .writes:
      page.sample(["ok"], writes.ok)
      page.sample(["failed"], writes.failed)
      page.sample(["skipped"], writes.skipped)
    case .reloadSuccessful: page.sample([], !isRefused)
    case .reloadTime: page.sample([], seconds: .nanoseconds(loaded?.wall ?? 0))
    case .dryRun: page.sample([], snapshot.dryRun)
    case .pauses: page.sample([], pauses)
    case .ledgerFailing: page.sample([], ledgerFailing)
    case .clockTrusted: page.sample([], snapshot.clockTrusted)
    case .events: for kind in Report.Kind.allCases { page.sample([kind.rawValue], tally.reports[kind] ?? 0) }
    case .rules: page.sample([], snapshot.rules)
    case .inScope: page.sample([], snapshot.vmsInScope)
    case .watched: page.sample([], snapshot.vmsWatched)
    case .late: page.sample([], snapshot.vmsLate)
    case .unwatched: for cause in UnwatchedCause.allCases { page.sample([cause.label], figures.unwatched[cause] ?? 0) }
    case .candidates: page.sample([], snapshot.candidates)
    case .kills: kills(on: &page)
    case .wouldKills: for rule in tally.rules { page.sample([rule.name], tally[rule].wouldKill) }
    case .openKills: page.sample([], snapshot.openKills)
    case .budget: page.sample([], snapshot.killsAllowed)
    case .budgetLeft: page.sample([], max(snapshot.killsAllowed - snapshot.killsInWindow, 0))
    case .ruleBudget: for (rule, budget) in ruleBudgets { page.sample([rule], budget.kills) }
    case .ruleBudgetLeft: for (rule, budget) in ruleBudgets { page.sample([rule], max(budget.kills - budget.used, 0)) }
    case .up:
      for vcenter in figures.vcenters { page.sample([vcenter.id.name], vcenter.answered && vcenter.down == nil) }
    case .lastAnswer:
      for vcenter in tally.vcenters {
        page.sample([vcenter.name], seconds: .nanoseconds(tally[vcenter].lastAnswer ?? 0))
      }
    case .calls: calls(on: &page)
    case .durations:
      for vcenter in tally.vcenters {
        for kind in Operations.Kind.allCases {
          page.sample([vcenter.name, kind.rawValue], tally[vcenter].latencies[kind] ?? Latencies())
        }
      }
    case .loginStopped:
      for login in logins { page.sample([login.name], troubles[login]?.isStopped ?? false) }
    case .loginRefusing:
      for login in logins { page.sample([login.name], troubles[login]?.quarantined ?? 0) }
    }
  }

  private func kills(on page: inout Exposition) {
    for rule in tally.rules {
      for outcome in Outcome.allCases {
        page.sample([rule.name, outcome.rawValue], tally[rule].outcomes[outcome] ?? 0)
      }
    }
    for outcome in Outcome.allCases { page.sample(["", outcome.rawValue], tally.byHand[outcome] ?? 0) }
  }

  private func calls(on page: inout Exposition) {
    for vcenter in tally.vcenters {
      for kind in Operations.Kind.allCases {
        for result in CallResult.allCases {
          let count = tally[vcenter].calls[CallTally.Call(kind: kind, result: result)] ?? 0
          page.sample([vcenter.name, kind.rawValue, result.label], count)
        }
      }
    }
  }

  private var ruleBudgets: [(rule: String, budget: Overview.Spent)] {
    figures.rules.compactMap { rule in rule.budget.map { (rule.id.name, $0) } }
  }

  private var troubles: [LoginID: Overview.Login] {
    Dictionary(figures.logins.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
  }
}

extension UnwatchedCause {
  /// The value of the label `reason`.
  var label: String {
    switch self {
    case .vm(let why): why.label
    case .vcenterDown: "vcenter-down"
    case .leftAlone: "left-alone"
    case .loginsStopped: "logins-stopped"
    case .loginsDenied: "logins-denied"
    }
  }
}

extension Unwatchable {
  fileprivate var label: String {
    switch self {
    case .off: "off"
    case .disconnected: "disconnected"
    case .notReady: "not-ready"
    case .template: "template"
    case .managed: "managed"
    case .protected: "protected"
    case .protectionUnknown: "protection-unknown"
    case .twice: "uuid-twice"
    case .own: "own-machine"
    case .nameless: "no-uuid"
    case .outOfSight: "out-of-sight"
    case .unconfirmed: "unconfirmed"
    }
  }
}
