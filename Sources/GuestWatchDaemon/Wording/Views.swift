import GuestWatchCore
import RuleFiles

/// What an operator hears who only looks.
func words(_ answer: ViewAnswer, to question: Question) -> Answer {
  switch answer {
  case .reached(let reach):
    let filter = if case .view(.vms(let filter)) = question { filter } else { VMFilter() }
    return words(reach, filter)
  case .explained(let explanation):
    let choice = if case .view(.explain(_, _, let choice)) = question { choice } else { RowChoice() }
    return .explained(explanation, choice)
  case .refused(let why): return .refused(.unavailable, words(why))
  }
}

private func words(_ reach: Reach, _ filter: VMFilter) -> Answer {
  let silent = reach.silent.map { trouble in
    "vCenter \(bare(trouble.id.name)) \(trouble.fault.map { "cannot be asked: \(words($0))" } ?? "has not answered yet")"
  }
  guard reach.vms.isEmpty && reach.nameless.isEmpty else { return .vms(reach, notes: silent) }
  let scope = filter.rule.map { "the scope of rule \(bare($0.name))" } ?? "no rule's scope"
  let login = filter.login.map { " with guest login \(bare($0.name))" } ?? ""
  let called = filter.vms.map { " called \(bare($0.pattern))" } ?? ""
  let what = filter.rule == nil ? "\(scope) reaches a VM\(called)\(login)" : "\(scope) reaches no VM\(called)\(login)"
  // One that does not answer may have it.
  guard silent.isEmpty else { return .refused(.unavailable, what, notes: silent) }
  let near = filter.vms.flatMap { nearest(to: $0.pattern, among: reach.names, most: Reach.mostNames) }
  let known = reach.names.isEmpty ? "" : "; rules reach \(listed(reach.names.map(bare)))"
  return .refused(.usage, what + (near.map { "; did you mean \(bare($0))?" } ?? known))
}

func words(_ why: ViewAnswer.NoView) -> String {
  switch why {
  case .unwatched(let why, let fault): "\(why)\(fault.map { ": \(words($0))" } ?? "")"
  case .login: "the guest login was refused and is not used there any more (`guestwatchd retry-login`)"
  case .changed(let why): why
  case .failed(let fault): words(fault)
  case .tooLate: "it was not listed in the time that an operator is kept waiting"
  case .stopping: "the daemon is stopping"
  }
}
