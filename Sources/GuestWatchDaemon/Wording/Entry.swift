public import GuestWatchCore
public import Systemd

/// The journal entry of a report: its sentence and its fields.
public func entry(for report: Report) -> JournalEntry {
  JournalEntry(MessageID(report.kind), priority(report.level), sentence(report), fields: fields(of: report))
}

private func priority(_ level: Report.Level) -> JournalEntry.Priority {
  switch level {
  case .info: .info
  case .notice: .notice
  case .warning: .warning
  case .error: .error
  }
}

private func fields(of report: Report) -> [JournalEntry.Field] {
  // Why: the limit for a process, else what the fault means.
  let reason = report.reason.map(field) ?? report.demand?.why ?? report.fault?.kind.rawValue
  let values: [(JournalEntry.Name, String?)] = [
    (.event, report.kind.rawValue),
    (.rule, report.rule?.name),
    (.vcenter, report.vcenter?.name),
    (.vm, report.moid),
    (.vmName, report.vmName),
    (.pid, report.process.map { String($0.pid) }),
    (.process, report.process?.name.value),
    (.owner, report.process?.owner.value),
    (.started, report.process.map { timestamp($0.started) }),
    (.reason, reason),
    (.outcome, report.outcome?.rawValue),
    (.killID, report.killID?.description),
  ]
  return values.compactMap { name, value in value.map { JournalEntry.Field(name, $0) } }
}

private func sentence(_ report: Report) -> String {
  switch report.kind {
  case .runaway:
    "\(report.placeWords) has run away: \(report.reasonWords); it is looked at once more and then killed"
      + report.killWords + report.detailWords
  case .terminating:
    "terminating \(report.placeWords): \(report.reasonWords)" + report.killWords + report.detailWords
  case .waiting:
    "\(report.placeWords) has run away and is not killed for now: \(report.reasonWords), but "
      + (report.gate.map(words) ?? "a gate is closed") + report.untilWords + report.whyWords
  case .wouldKill:
    "would kill \(report.placeWords): \(report.reasonWords); "
      + (report.gate.map(words) ?? "this is a dry run") + report.killWords + report.detailWords
  case .spared:
    "spared \(report.placeWords): it is not the process that "
      + (report.demand.map { "uid \($0.uid) asked to kill" } ?? "\(report.ruleWords) was about to kill")
      + report.killWords + report.detailWords
  case .killed: killed(report)
  case .killAsked: asked(report)
  case .shortLived:
    "\(report.placeWords) matched \(report.ruleWords) and was gone before the second look: not killed"
      + report.detailWords
  case .stillListed:
    "\(report.placeWords) is still listed 5m after it was seen to be gone: left alone"
      + report.killWords + report.detailWords
  case .loginQuarantined:
    "\(report.vmWords) refused \(report.loginWords)\(report.answerWords); it is not used there any more until its "
      + "secret changes or an operator asks (retry-login)"
  case .loginStopped:
    "\(report.loginWords) was refused too often\(report.answerWords); its account is used nowhere any more until its "
      + "secret changes or an operator asks (retry-login)"
  case .loginTried: "\(report.loginWords), which was refused before, is tried on \(report.vmWords)\(report.detailWords)"
  case .loginBelieved:
    "\(report.vmWords) accepted \(report.loginWords), which was refused before: it is used again where it was not refused"
      + report.detailWords
  case .loginUnreadable:
    "the token of \(report.loginWords) cannot be read\(report.answerWords): nothing is looked at or killed with it until it "
      + "can"
  case .loginReadable: "the token of \(report.loginWords) can be read again\(report.detailWords)"
  case .vmParked: "\(report.vmWords) cannot be watched for now\(report.whyWords)"
  case .vmWatched: "\(report.vmWords) is watched\(report.detailWords)"
  case .epochEnded:
    "\(report.vmWords) began a new life (power cycle, revert, clone or the like): all counting starts anew there"
      + report.detailWords
  case .startsDoubted:
    "start times on \(report.vmWords) are not believed any more: only ages that were seen count there"
      + report.detailWords
  case .vcenterUp: "\(report.vcenterWords) answers\(report.detailWords)"
  case .vcenterDown: "\(report.vcenterWords) cannot be asked\(report.whyWords)"
  case .vcenterLoginRefused: "\(report.vcenterWords) refused our login\(report.answerWords)"
  case .watchOnly:
    "\(report.vcenterWords) is only watched, nothing is killed there: it has no VI JSON API (8.0 U1 brings it)"
      + report.detailWords
  case .scopeEmpty: scopeEmpty(report)
  case .selectorUnresolved: selectorUnresolved(report)
  case .clockDoubted:
    "the clock of this machine is not trusted: until it agrees again start times count for nothing, and rules with "
      + "not_during kill nothing"
      + report.detailWords
  case .clockTrusted: "the clock of this machine is trusted\(report.detailWords)"
  case .ledgerFailing: "the ledger cannot be written, so nothing is killed until it can\(report.whyWords)"
  case .ledgerWorks: "the ledger can be written again\(report.detailWords)"
  case .metricsFailing: "the metrics cannot be written; nothing else is held up by that\(report.whyWords)"
  case .metricsWork: "the metrics can be written again\(report.detailWords)"
  case .started: "started\(report.detailWords)"
  case .stopping: "stopping: nothing new is begun\(report.detailWords)"
  case .paused: "an operator paused \(report.rule == nil ? "all rules" : report.ruleWords)\(report.detailWords)"
  case .resumed:
    "\(report.rule == nil ? "a pause" : "the pause of \(report.ruleWords)") is over, kills may begin again"
      + report.detailWords
  case .configured: "configuration loaded\(report.detailWords)"
  case .configurationRefused: "configuration refused, the one before stays in force\(report.whyWords)"
  case .limitReached: "a limit was reached\(report.detailWords)"
  }
}

private func asked(_ report: Report) -> String {
  let order = "\(report.placeWords) is to be killed by hand: \(report.reasonWords); "
  if let gate = report.gate { return order + "not killed: \(words(gate))" + report.whyWords }
  let why = report.whyWords
  return order + (why.isEmpty ? "it is looked at once more and then killed" : "not killed\(why)")
}

private func killed(_ report: Report) -> String {
  let place = report.placeWords
  let because = ": \(report.reasonWords)"
  let told = report.killWords + report.whyWords
  guard let outcome = report.outcome else { return "the kill of \(place) was closed\(because)\(told)" }
  return switch outcome {
  case .exited: "killed \(place)\(because); it was told to end and exited\(told)"
  case .alreadyGone: "not killed: \(place) had ended by itself before the terminate came\(because)\(told)"
  case .gone: "\(place) is gone after a terminate without an answer, the cause is unknown\(because)\(told)"
  case .survived: "\(place) survived a terminate and is tried again later\(because)\(told)"
  case .stuck:
    "\(place) cannot be killed and is left alone until its rule changes or an operator asks\(because)\(told)"
  case .denied: "not killed: the terminate of \(place) was not allowed\(because)\(told)"
  case .failed: "not killed: the terminate of \(place) was not begun and is tried again\(because)\(told)"
  case .abandoned: "not killed: the terminate of \(place) was not sent\(because)\(told)"
  case .unknown: "what became of \(place) after a terminate cannot be known\(because)\(told)"
  }
}
