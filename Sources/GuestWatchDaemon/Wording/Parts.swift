import GuestWatchCore
import Systemd

/// The parts of a sentence that a report may or may not have.
extension Report {
  /// `"spin" (pid 4242, owner bob)`; with a command line only where that may be logged.
  var processWords: String {
    guard let process else { return "a process" }
    let command = process.command.value.isEmpty ? "" : ", command \(quoted(process.command.value))"
    let owner = process.owner.value.isEmpty ? "owner unknown" : "owner \(bare(process.owner.value))"
    return "\(quoted(process.name.value)) (pid \(process.pid), \(owner)\(command))"
  }

  /// `VM "db-07"`.
  var vmWords: String {
    if let vmName { return "VM \(quoted(vmName))" }
    if let moid { return "VM \(bare(moid))" }
    return "a VM"
  }

  /// `rule "spinners"`.
  var ruleWords: String { rule.map { "rule \(quoted($0.name))" } ?? "a rule" }

  /// `vCenter "lab"`.
  var vcenterWords: String { vcenter.map { "vCenter \(quoted($0.name))" } ?? "a vCenter" }

  /// `guest login "linux"`.
  var loginWords: String { login.map { "guest login \(quoted($0.name))" } ?? "a guest login" }

  /// `"spin" (pid 4242, owner bob) on VM "db-07"`.
  var placeWords: String { "\(processWords) on \(vmWords)" }

  /// Why the rule calls it a runaway: `rule "spinners" allows 10s, it was proven 14s old`; or `uid 0 asked for it:
  /// "it eats the disk"`.
  var reasonWords: String {
    if let demand { return "uid \(demand.uid) asked for it: \(quoted(demand.why))" }
    return "\(ruleWords) \(reason.map(verdict) ?? "calls it a runaway")"
  }

  /// ` [kill 3-1]`.
  var killWords: String { killID.map { " [kill \($0)]" } ?? "" }

  /// `: what detail says`; empty where there is none.
  var detailWords: String { detail.isEmpty ? "" : ": \(detail)" }

  /// `: what the fault means; what detail says`; empty where there is neither.
  var whyWords: String {
    let parts = [fault.map { words($0.kind) + codeWords($0) }, detail.isEmpty ? nil : detail].compactMap { $0 }
    return parts.isEmpty ? "" : ": \(parts.joined(separator: "; "))"
  }

  /// ` until 2026-11-23T06:00:00+01:00`, by the clocks of the operator's time zone; empty where nobody knows.
  var untilWords: String { opens.map { " until \(timestamp($0.at, offset: $0.offset))" } ?? "" }

  /// The same behind a sentence that has said already what the fault means.
  var answerWords: String { (fault.map(codeWords) ?? "") + detailWords }
}

private func verdict(_ reason: Reason) -> String {
  switch reason {
  case .tooOld(let limit, let proven, let claimed):
    // An age of 10.4 s is over a limit of 10 s and must not read as if it were not.
    let age = proven.wholeSeconds == limit.wholeSeconds ? "just over \(words(proven))" : words(proven)
    // The two differ by 2 s where all is well; more is worth a thought of whoever reads it.
    let differs = claimed.wholeSeconds.subtractingReportingOverflow(proven.wholeSeconds).partialValue.magnitude > 10
    return "allows \(words(limit)), it was proven \(age) old"
      + (differs ? " (its start time claims \(words(claimed)))" : "")
  case .tooMany(let limit, let count, let place):
    return "allows \(limit), it was number \(place) of \(count)"
  case .forbidden:
    return "forbids it"
  }
}

/// The reason as the value of `GUESTWATCH_REASON`, in the words of rule files.
func field(_ reason: Reason) -> String {
  switch reason {
  case .tooOld(let limit, let proven, let claimed):
    "max_age \(words(limit)), proven \(words(proven)), claimed \(words(claimed))"
  case .tooMany(let limit, let count, let place): "max_instances \(limit), number \(place) of \(count)"
  case .forbidden: "forbidden"
  }
}

/// Text as a word of a sentence: as it is where it is one plain word, else between quotes.
func bare(_ text: String) -> String {
  let plain = text.utf8.allSatisfy { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "@"), UInt8(ascii: "\\"),
      UInt8(ascii: "$"), UInt8(ascii: "+"):
      true
    default: false
    }
  }
  return plain && !text.isEmpty && text.utf8.count <= 64 ? text : quoted(text)
}

/// ` (InvalidState), it says "..."`: what vCenter called a failure, and what it said.
private func codeWords(_ fault: Fault) -> String {
  // Nobody was asked.
  if fault.kind == .noCredential { return fault.detail.isEmpty ? "" : " (\(fault.detail))" }
  let code = fault.code.isEmpty ? "" : " (\(bare(fault.code)))"
  return fault.detail.isEmpty ? code : "\(code), it says \(quoted(fault.detail))"
}

/// What a failure means, what vCenter called it and what it said.
func words(_ fault: Fault) -> String { words(fault.kind) + codeWords(fault) }

private func words(_ kind: FaultKind) -> String {
  switch kind {
  case .guestLoginRefused: "the guest refused the login"
  case .guestLoginTrouble: "the guest could not decide on the login"
  case .noCredential: "the token of the guest login cannot be read"
  case .guestDenied: "the account may not do this in the guest"
  case .vmGone: "the VM does not exist any more"
  case .wrongState: "the VM is off, suspended or not in a state to be asked"
  case .toolsUnavailable: "VMware Tools does not run in the guest"
  case .unsupported: "the guest or its VMware Tools cannot do this or has it switched off"
  case .busy: "the VM is busy"
  case .notPermitted: "our vCenter account lacks a privilege"
  case .sessionLost: "the vCenter session is lost"
  case .loginRefused: "vCenter refused our login"
  case .noSession: "vCenter takes no login now: too many sessions are open, or it is starting"
  case .unreachable: "no connection"
  case .untrusted: "the certificate is not the expected one"
  case .unanswered: "no answer in time"
  case .transient: "a passing error of vCenter"
  case .badAnswer: "an answer that makes no sense"
  case .overCap: "more matches than vCenter lists"
  case .badRequest: "vCenter calls the request wrong"
  case .unknown: "an error of unknown meaning"
  }
}

/// What keeps a runaway alive.
func words(_ gate: Gate) -> String {
  switch gate {
  case .report: "the rule only reports"
  case .dryRun: "this is a dry run"
  case .paused: "an operator paused it"
  case .protected: "it is protected"
  case .ruleBudget: "the rule's budget is used up"
  case .vmBudget: "the VM's budget is used up"
  case .fleetBudget: "the budget of all rules is used up"
  case .cooldown: "the rule's cooldown on this VM is not over"
  case .notDuring: "the rule's not_during holds"
  case .toolsBusy: "VMware Tools executes power scripts there"
  case .noTerminate: "this vCenter has no VI JSON API, nothing can be terminated through it"
  case .ledger: "the ledger cannot be written"
  case .killOpen: "another kill is still open there"
  case .retryWait: "it was tried before, and the wait until the next try is not over"
  case .stuck: "it survived three times and is left alone"
  case .denied: "the guest or vCenter does not allow it"
  case .login: "the guest login is stopped"
  case .stopping: "the daemon is stopping"
  }
}
