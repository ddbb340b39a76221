import GuestWatchCore

/// What an operator hears about a kill by hand.
func words(_ answer: HandAnswer, to question: Question) -> Answer {
  switch answer {
  case .step(let step): .step(words(step))
  case .found(let found): .found(found)
  case .closed(let id, let outcome, let fault):
    .killed(
      id, outcome: outcome.rawValue, isDone: outcome == .exited,
      "\(words(outcome)) [kill \(id)]\(fault.map { ": \(words($0))" } ?? "")")
  case .open(let id):
    .killed(
      id, outcome: "open", isDone: false,
      "its outcome is not known yet [kill \(id)]; `guestwatchd history` will show it, and nothing is sent twice")
  case .refused(let refusal): words(refusal, to: question)
  }
}

private func words(_ step: HandAnswer.Step) -> String {
  switch step {
  case .confirming(let wait):
    wait.wholeSeconds > 0
      ? "every gate is open; it is looked at once more in \(words(wait))"
      : "every gate is open; it is looked at once more"
  case .recording(let id): "it is the same process; the intent is being recorded [kill \(id)]"
  case .terminating(let id): "the terminate is sent [kill \(id)]"
  case .verifying(let id): "the terminate was answered or given up; looking what became of it [kill \(id)]"
  }
}

private func words(_ outcome: Outcome) -> String {
  switch outcome {
  case .exited: "killed: it was told to end and exited"
  case .alreadyGone: "not killed: it had ended by itself before the terminate came"
  case .gone: "it is gone after a terminate without an answer, the cause is unknown"
  case .survived: "not killed: it survived the terminate; it may be tried again in 30 s, then in 10 minutes"
  case .stuck: "not killed: it survived again, as it did before"
  case .denied: "not killed: the guest or vCenter does not allow it"
  case .failed: "not killed: the terminate was not begun; it may be tried again"
  case .abandoned: "not killed: the terminate was not sent"
  case .unknown: "what became of it cannot be known"
  }
}

private func words(_ refusal: HandAnswer.Refusal, to question: Question) -> Answer {
  let nothing = "nothing was sent"
  switch refusal {
  case .unknownVM(let unheard):
    let vm = if case .find(let wanted) = question { "called \(bare(wanted.vm))" } else { "like that" }
    return .refused(
      unheard.isEmpty ? .usage : .unavailable,
      "no rule's scope reaches a VM \(vm), and guestwatchd looks into no other (a rule with action = \"report\" is enough)",
      notes: unheard.map { "vCenter \(bare($0.name)) has not answered yet: it may have one" })
  case .ambiguousVM(let names, let unheard):
    let vm = if case .find(let wanted) = question { bare(wanted.vm) } else { "that" }
    let silent = unheard.map { "vCenter \(bare($0.name)) has not answered yet: it may have one, too" }
    return .refused(
      unheard.isEmpty ? .usage : .unavailable,
      "\(vm) may be any of several VMs; name it by vCenter and id, such as --vm "
        + (names.first.map { bare("\($0.address)") } ?? "lab:vm-42"),
      notes: names.map {
        "\(bare("\($0.address)")): \(bare($0.name)), \(bare($0.address.moid)) of vCenter \(bare($0.address.vcenter.name))"
      }
        + silent)
  case .unwatched(let why, let fault):
    return .refused(.unavailable, "the VM is not looked into: \(why)\(fault.map { ": \(words($0))" } ?? "")")
  case .loginNeeded(let logins):
    return .refused(
      .usage, "rules look at this VM with several guest logins; name one of them with --login: \(list(logins))")
  case .loginElsewhere(let login, let logins):
    return .refused(.usage, "no rule looks at this VM with guest login \(bare(login.name)); rules use: \(list(logins))")
  case .gone: return .refused(.unavailable, "no running process has this pid there; \(nothing)")
  case .another(let process):
    return .refused(
      .unavailable,
      "the pid belongs to another process now: \(quotedProcess(process)), started \(timestamp(process.started)); \(nothing)"
    )
  case .gate(let gate): return .refused(.unavailable, "not killed: \(words(gate)); \(nothing)")
  case .failed(let fault): return .refused(.unavailable, "it cannot be looked at: \(words(fault)); \(nothing)")
  case .changed(let why): return .refused(.unavailable, "\(why); \(nothing)")
  case .busy:
    return .refused(.unavailable, "somebody else asks about a process of this VM at this moment; \(nothing)")
  case .notRecorded(let message):
    return .refused(.stateUnusable, "the intent cannot be recorded, so \(nothing): \(message)")
  case .tooLate:
    return .refused(
      .unavailable,
      "the VM did not answer in the time that an operator is kept waiting; \(nothing), and nothing will be")
  }
}

private func list(_ logins: [LoginID]) -> String { logins.map { bare($0.name) }.joined(separator: ", ") }

private func quotedProcess(_ process: Process) -> String {
  var report = Report(.killAsked, .info)
  report.process = process
  return report.processWords
}
