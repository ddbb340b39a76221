/// One sort of figure, by the name that it has in Prometheus. Names and labels are part of the public contract.
///
/// Every value of a label is a name of the configuration or of one of our enums: a guest adds none.
enum MetricFamily: String, CaseIterable {
  enum Kind: String { case gauge, counter, histogram }

  // the daemon
  case build = "guestwatchd_build_info"
  case started = "guestwatchd_start_time_seconds"
  case taken = "guestwatchd_metrics_time_seconds"
  case writes = "guestwatchd_metrics_writes_total"
  case reloadSuccessful = "guestwatchd_config_last_reload_successful"
  case reloadTime = "guestwatchd_config_last_reload_success_timestamp_seconds"
  case dryRun = "guestwatchd_dry_run"
  case pauses = "guestwatchd_pauses"
  case ledgerFailing = "guestwatchd_ledger_failing"
  case clockTrusted = "guestwatchd_clock_trusted"
  case events = "guestwatchd_events_total"

  // VMs and processes
  case rules = "guestwatchd_rules"
  case inScope = "guestwatchd_vms_in_scope"
  case watched = "guestwatchd_vms_watched"
  case late = "guestwatchd_vms_late"
  case unwatched = "guestwatchd_vms_unwatched"
  case candidates = "guestwatchd_candidates"

  // kills
  case kills = "guestwatchd_kills_total"
  case wouldKills = "guestwatchd_would_kills_total"
  case openKills = "guestwatchd_kills_open"
  case budget = "guestwatchd_budget_kills"
  case budgetLeft = "guestwatchd_budget_kills_left"
  case ruleBudget = "guestwatchd_rule_budget_kills"
  case ruleBudgetLeft = "guestwatchd_rule_budget_kills_left"

  // vCenters and guest logins
  case up = "guestwatchd_vcenter_up"
  case lastAnswer = "guestwatchd_vcenter_last_answer_timestamp_seconds"
  case calls = "guestwatchd_vcenter_calls_total"
  case durations = "guestwatchd_vcenter_call_duration_seconds"
  case loginStopped = "guestwatchd_guest_login_stopped"
  case loginRefusing = "guestwatchd_guest_login_refusing_vms"

  var kind: Kind {
    switch self {
    case .writes, .events, .kills, .wouldKills, .calls: .counter
    case .durations: .histogram
    case .build, .started, .taken, .reloadSuccessful, .reloadTime, .dryRun, .pauses, .ledgerFailing, .clockTrusted,
      .rules, .inScope, .watched, .late, .unwatched, .candidates, .openKills, .budget, .budgetLeft, .ruleBudget,
      .ruleBudgetLeft, .up, .lastAnswer, .loginStopped, .loginRefusing:
      .gauge
    }
  }

  /// Besides `daemon`, which all have, and the `le` of a histogram's buckets.
  var labels: [String] {
    switch self {
    case .build: ["version"]
    case .writes: ["result"]
    case .events: ["event"]
    case .unwatched: ["reason"]
    case .kills: ["rule", "outcome"]
    case .wouldKills, .ruleBudget, .ruleBudgetLeft: ["rule"]
    case .up, .lastAnswer: ["vcenter"]
    case .calls: ["vcenter", "call", "result"]
    case .durations: ["vcenter", "call"]
    case .loginStopped, .loginRefusing: ["guest_login"]
    case .started, .taken, .reloadSuccessful, .reloadTime, .dryRun, .pauses, .ledgerFailing, .clockTrusted, .rules,
      .inScope, .watched, .late, .candidates, .openKills, .budget, .budgetLeft:
      []
    }
  }

  /// One line, without a backslash.
  var help: String {
    switch self {
    case .build: "1, with the version of guestwatchd."
    case .started: "When the daemon started, as unix time."
    case .taken: "When these figures were taken, as unix time."
    case .writes: "Writes of this file by their result; skipped: the one before had not ended."
    case .reloadSuccessful: "1 if the configuration was taken at its last load, 0 if the one before stays in force."
    case .reloadTime: "When the configuration in force was loaded, as unix time."
    case .dryRun: "1 while [daemon] dry_run is true."
    case .pauses: "Pauses of operators in force."
    case .ledgerFailing: "1 while the ledger cannot be written, so that nothing is killed."
    case .clockTrusted: "0 while the clock of this machine is not trusted."
    case .events: "Entries of the journal by their GUESTWATCH_EVENT."
    case .rules: "Rules in force."
    case .inScope: "VMs that some rule reaches."
    case .watched: "Of those, VMs that are surveyed."
    case .late: "Of those, VMs that wait longer for their survey than promised."
    case .unwatched: "VMs that some rule reaches and that are not surveyed, by the reason."
    case .candidates: "Processes that match a rule and are followed."
    case .kills: "Kills by their outcome; without a rule an operator asked."
    case .wouldKills: "Runaways that were only reported, by a rule or in dry run."
    case .openKills: "Kills without an outcome."
    case .budget: "Kills that [budget] allows in its window."
    case .budgetLeft: "Of those, kills that are left now."
    case .ruleBudget: "Kills that the budget of the rule allows in its window."
    case .ruleBudgetLeft: "Of those, kills that are left now."
    case .up: "1 if the vCenter answers, 0 if it cannot be asked or has not answered yet."
    case .lastAnswer: "When the vCenter last answered what it was asked, as unix time; 0: not since the start."
    case .calls: "Calls to the vCenter by their kind and result."
    case .durations: "Time from the first byte sent to the end of the call."
    case .loginStopped: "1 while the account is used nowhere, because it was refused too often."
    case .loginRefusing: "VMs that refused the login, where it is not used any more."
    }
  }
}
