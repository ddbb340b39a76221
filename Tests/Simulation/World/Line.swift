import GuestWatchCore

/// Short and exact renderings: everything that a decision may depend on is in the line, or hashed into it.
enum Line {
  static func time(_ at: Instant) -> String {
    let ms = at.nanoseconds / Span.millisecond
    let rest = String(ms % 1000 + 1000).dropFirst()
    return "\(ms / 1000).\(rest)"
  }

  static func of(_ p: GuestWatchCore.Process) -> String {
    "\(p.pid)@\(p.started) \(p.owner.value)/\(p.name.value)\(p.finished.map { " finished \($0)" } ?? "") [\(p.command.value)]"
  }

  static func of(_ timing: Timing) -> String {
    "sent \(timing.firstByte.map { time($0.continuous) } ?? "never") ended \(time(timing.ended.continuous))"
  }

  static func of(_ effect: Effect) -> String {
    switch effect {
    case .refresh(let op, let vcenter, _, let by): "refresh \(op) \(vcenter) by \(time(by))"
    case .survey(let op, let vm, let login, let ends, let by):
      "survey \(op) \(vm) \(login)\(ends ? " with ends" : "") by \(time(by))"
    case .look(let op, let vm, let login, let pid, let purpose, let by):
      "look \(op) \(vm) \(login) pid \(pid) \(purpose) by \(time(by))"
    case .record(let kill, let step): "record \(kill) \(of(step))"
    case .note(let note): "note \(note)"
    case .remember(let memory):
      "remember \(memory.vm) as \(memory.moid ?? "-") boot \(memory.bootTime ?? 0) suspend \(memory.suspendTime ?? 0) "
        + memory.seen.map { "\($0.login) \($0.identity.pid)@\($0.identity.started) since \(time($0.firstSeen))" }
        .joined(separator: "; ")
    case .keepPauses(let pauses): "keep pauses \(pauses)"
    case .answer(let ask, let answer): "answer \(ask) \(of(answer))"
    case .show(let ask, let answer): "show \(ask) \(of(answer))"
    case .terminate(let op, let kill, let vm, let login, let pid, let firstByteBy, _, let by):
      "TERMINATE \(op) \(kill) \(vm) \(login) pid \(pid) first byte by \(time(firstByteBy)) by \(time(by))"
    case .report(let r):
      "report \(r.kind.rawValue) \(r.rule?.name ?? "-") \(r.moid ?? "-") \(r.process.map(of) ?? "-") "
        + "\(r.gate?.rawValue ?? "-") \(r.outcome?.rawValue ?? "-") \(r.fault?.kind.rawValue ?? "-") \(r.detail)"
    case .status(let s):
      "status \(s.vmsWatched)/\(s.vmsInScope) candidates \(s.candidates) open \(s.openKills) "
        + "\(s.killsInWindow)/\(s.killsAllowed)"
    case .wake(let at): "wake \(time(at))"
    case .ready: "ready"
    case .stopped: "stopped"
    }
  }

  static func of(_ step: LedgerStep) -> String {
    switch step {
    case .intent(let r): "intent \(r.cause.rule?.name ?? "by hand") \(r.vmName) \(of(r.process)) \(of(r.cause))"
    case .answered(let timing, let answer): "answered \(of(answer)) \(of(timing))"
    case .closed(let outcome, let error, _, _): "closed \(outcome.rawValue) \(error?.kind.rawValue ?? "")"
    case .reported(let r, let gate):
      "reported \(r.cause.rule?.name ?? "-") \(r.vmName) \(of(r.process)) \(gate.rawValue)"
    }
  }

  static func of(_ c: Configuration) -> String {
    let logins = c.logins.map {
      "\($0.id)=\($0.account) \($0.maxInFlight)\($0.directory ? " directory" : "")"
        + ($0.scope.map { " only " + of($0) } ?? "")
    }
    let vcenters = c.vcenters.map { "\($0.id) \($0.maxInFlight)" }
    let protect =
      "\(globs(c.protect.names))/\(globs(c.protect.owners))/\(globs(c.protect.commands))"
      + (c.protect.vms.map { " VMs " + of($0) } ?? "")
    let zone = "\(c.timeZone.first) \(c.timeZone.transitions.map { "\($0.at) \($0.offset)" })"
    return "configured\(c.dryRun ? " dry run" : "") budget \(c.budget.kills), \(c.budget.perVM) in \(c.budget.within) "
      + "zone \(zone) own \(c.ownMachine ?? "-") protects \(protect), \(vcenters.joined(separator: ", ")), \(logins.joined(separator: ", ")): "
      + c.rules.map { of($0) }.joined(separator: "; ")
  }

  private static func globs(_ globs: [Glob]?) -> String {
    globs.map { $0.map(\.pattern).joined(separator: " or ") } ?? "any"
  }

  static func of(_ scope: Scope) -> String {
    "\(globs(scope.names)) \(scope.ids.map { $0.joined(separator: " or ") } ?? "any")"
      + scope.selectors.map { " \($0)" }.joined()
      + (scope.except.isEmpty ? "" : " except \(globs(scope.except))")
  }

  static func of(_ rule: Rule) -> String {
    func match(_ m: Match) -> String {
      "\(globs(m.owners))/\(globs(m.names)) [\(globs(m.commands))]"
        + (m.exactly.map { " \($0.pid)@\($0.started)" } ?? "")
    }
    let unless = rule.unless.map { " unless \(match($0))" }.joined()
    return "\(rule.id) \(rule.login) \(rule.vcenters.map { "\($0) " } ?? "")\(of(rule.scope)) "
      + "\(match(rule.match))\(unless) \(rule.limits) "
      + "lasting \(rule.lasting) every \(rule.every) \(rule.action.rawValue) budget "
      + "\(rule.budget.map { "\($0.kills) in \($0.within)" } ?? "none") cooldown \(rule.cooldown.map { "\($0)" } ?? "none")"
  }

  static func of(_ cause: Cause) -> String {
    switch cause {
    case .rule(_, let reason): of(reason)
    case .demand(let demand): "asked by \(demand.uid): \(demand.why)"
    }
  }

  static func of(_ answer: HandAnswer) -> String {
    switch answer {
    case .step(let step): "step \(step)"
    case .found(let f): "found \(f.address) \(f.login) \(of(f.process)) \(f.gate?.rawValue ?? "open")"
    case .closed(let id, let outcome, let fault): "closed \(id) \(outcome.rawValue) \(fault?.detail ?? "")"
    case .open(let id): "open \(id)"
    case .refused(let refusal): "refused \(refusal)"
    }
  }

  static func of(_ answer: ViewAnswer) -> String {
    switch answer {
    case .reached(let reach):
      "VMs \(reach.vms.map { "\($0.address) \($0.login)" }) silent \(reach.silent.map(\.id.name))"
    case .explained(let e):
      "explained \(e.address) \(e.login) "
        + (0..<e.count).map { row in "\(e.pid(row)) \(e.rules.indices.map { e.judgement(of: row, by: $0) })" }
        .joined(separator: "; ")
    case .refused(let why): "refused \(why)"
    }
  }

  static func of(_ reason: Reason) -> String {
    switch reason {
    case .tooOld(let limit, let proven, let claimed):
      "too old: \(proven.nanoseconds / Span.millisecond) ms proven, \(claimed.wholeSeconds) s claimed, "
        + "limit \(limit.wholeSeconds) s"
    case .tooMany(let limit, let count, let place): "too many: place \(place) of \(count), limit \(limit)"
    case .forbidden: "forbidden"
    }
  }

  static func of(_ answer: KillAnswer) -> String {
    switch answer {
    case .done: "done"
    case .notFound: "not found"
    case .notBegun(let f): "not begun \(f.kind.rawValue)"
    case .denied(let f): "denied \(f.kind.rawValue)"
    case .ambiguous(let f): "ambiguous \(f.kind.rawValue)"
    case .notSent(let f): "not sent \(f.kind.rawValue)"
    case .unanswered: "unanswered"
    }
  }

  static func of(_ event: Event) -> String {
    switch event {
    case .began(let seed, let restored):
      "began life \(restored.life) seed \(seed) rows \(restored.rows.count) open \(restored.open.count)"
    case .configured(let c): of(c)
    case .timeCame: "time came"
    case .inventory(let op, let timing, .success(let i)):
      "inventory \(op) \(of(timing)) \(i.complete ? "" : "incomplete ")"
        + i.unresolved.map { "\($0.key) \($0.value), " }.sorted().joined()
        + i.vms.map {
          "\($0.moid) \($0.instanceUUID ?? "-") \($0.name) \($0.power) \($0.tools) \($0.ready) \($0.bootTime ?? 0) \($0.suspendTime ?? 0)"
            + $0.selectors.map { " \($0)" }.sorted().joined()
        }
        .joined(separator: ", ")
    case .inventory(let op, let timing, .failure(let f)): "inventory \(op) \(of(timing)) failed \(f.kind.rawValue)"
    case .surveyed(let op, let timing, .success(let l)):
      "surveyed \(op) \(of(timing)) \(l.complete ? "complete" : "INCOMPLETE")\(l.showsEnds ? " ends" : "") "
        + l.rows.map(of).joined(separator: "; ")
    case .surveyed(let op, let timing, .failure(let f)): "surveyed \(op) \(of(timing)) failed \(f.kind.rawValue)"
    case .looked(let op, let timing, .success(let look)): "looked \(op) \(of(timing)) \(of(look))"
    case .looked(let op, let timing, .failure(let f)): "looked \(op) \(of(timing)) failed \(f.kind.rawValue)"
    case .terminated(let op, let timing, let answer): "terminated \(op) \(of(timing)) \(of(answer))"
    case .recorded(let kill, let kind, .success): "recorded \(kill) \(kind.rawValue)"
    case .recorded(let kill, let kind, .failure): "recorded \(kill) \(kind.rawValue) FAILED"
    case .asked(.pause(let pause, nil)): "asked pause(\(String(reflecting: pause)))"
    case .asked(.resume(let rule, let vms, nil)):
      "asked resume(rule: \(String(describing: rule)), vms: \(String(describing: vms)))"
    case .asked(let request): "asked \(request)"
    case .shutdownAsked: "shutdown asked"
    }
  }

  static func of(_ look: Look) -> String {
    switch look {
    case .running(let p): "running \(of(p))"
    case .finished(let p): "finished \(of(p))"
    case .gone: "gone"
    case .vmGone: "vm gone"
    }
  }
}
