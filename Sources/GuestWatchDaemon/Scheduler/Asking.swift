import DequeModule
import GuestWatchCore
import RuleFiles

/// What operators asked and were not answered yet, and what only the scheduler can tell them.
struct Asking {
  /// So many of the last warnings and errors are shown.
  static let mostTroubles = 20

  private(set) var started = Now(continuous: Instant(nanoseconds: 0), wall: 0)
  private(set) var life: UInt32 = 0
  private(set) var configuration: Configuration?
  private(set) var loadedAt: Now?
  /// How much the configuration holds, and what the last reload changed.
  private(set) var loadedWords = ""
  /// The load after that one was refused.
  var refusedAt: Now?
  /// Oldest first.
  private(set) var troubles: Deque<StatusReport.Trouble> = []
  /// Who waits until the ledger has answered so often.
  var pauses: [(answers: Int, reply: @Sendable (Answer) -> Void, words: String)] = []
  /// Who waits until so many loads are over.
  var reloads: [(loads: Int, reply: @Sendable (Answer) -> Void)] = []
  private(set) var loadsBegun = 0
  /// Who waits for what became of a kill by hand, or which process it would be, or what rules say.
  var hands: [AskID: (question: Question, reply: @Sendable (Answer) -> Void)] = [:]

  mutating func began(_ now: Now, life: UInt32) {
    started = now
    self.life = life
  }

  mutating func loadBegins() { loadsBegun += 1 }

  mutating func loaded(_ configuration: Configuration, _ words: String, _ now: Now) {
    self.configuration = configuration
    loadedWords = words
    loadedAt = now
    refusedAt = nil
  }

  mutating func note(_ report: Report, _ now: Now) {
    switch report.level {
    case .info, .notice: return
    case .warning, .error: break
    }
    if troubles.count == Self.mostTroubles { troubles.removeFirst() }
    troubles.append(StatusReport.Trouble(report: report, at: now))
  }
}

/// What operators ask over the control socket.
extension Scheduler {
  /// An operator asks. `reply` is called on the actor, for any number of steps and once for the end, when what was asked for
  /// is durable; never where the scheduler ends before.
  public nonisolated func ask(
    _ question: Question, by enquirer: Enquirer, reply: @escaping @Sendable (Answer) -> Void
  ) {
    mailbox.yield(.asked(question, enquirer, reply: reply))
  }

  /// Whoever asked waits no more: a kill by hand that is not recorded yet does not happen.
  public nonisolated func leave(_ enquirer: Enquirer) { mailbox.yield(.enquirerGone(enquirer)) }

  func asked(
    _ question: Question, _ enquirer: Enquirer, _ reply: @escaping @Sendable (Answer) -> Void,
    _ children: inout DiscardingTaskGroup
  ) {
    if question == .status { return reply(.status(statusReport())) }
    guard phase == .running else { return reply(.refused(.unavailable, "the daemon is stopping")) }
    switch question {
    case .status: break
    case .pause(let rule, let vms, let lasting): pause(rule, vms, lasting, enquirer, reply, &children)
    case .resume(let rule, let vms): resume(rule, vms, enquirer, reply, &children)
    case .find(let wanted):
      let ask = AskID(enquirer.number)
      asking.hands[ask] = (question, reply)
      feed(.asked(.find(ask, wanted)), &children)
    case .view(.vms(let filter)):
      let known = asking.configuration?.rules.map(\.id) ?? []
      if let rule = filter.rule, !known.contains(rule) {
        return reply(.refused(.usage, unknown("rule", rule.name, known.map(\.name))))
      }
      let ask = AskID(enquirer.number)
      asking.hands[ask] = (question, reply)
      feed(.asked(.vms(ask, filter)), &children)
    case .view(.explain(let vm, let login, _)), .view(.list(let vm, let login)):
      let ask = AskID(enquirer.number)
      asking.hands[ask] = (question, reply)
      feed(.asked(.explain(ask, vm, login)), &children)
    case .kill(let vm, let login, let identity, let why):
      let ask = AskID(enquirer.number)
      asking.hands[ask] = (question, reply)
      let order = KillOrder(vm: vm, login: login, identity: identity, demand: Demand(uid: enquirer.uid, why: why))
      feed(.asked(.kill(ask, order)), &children)
    case .retryLogin(let login):
      let known = asking.configuration?.logins.map(\.id) ?? []
      guard known.contains(login) else {
        return reply(.refused(.usage, unknown("guest login", login.name, known.map(\.name))))
      }
      feed(.asked(.retryLogin(login)), &children)
      reply(
        .done("guest login \(bare(login.name)): where it was refused or stopped it may be tried again, on one VM first")
      )
    case .reload:
      // One that is under way may have read the files already.
      asking.reloads.append((asking.loadsBegun + 1, reply))
      reloadAsked(&children)
    }
  }

  private func pause(
    _ rule: RuleID?, _ vms: Glob?, _ lasting: Duration?, _ enquirer: Enquirer,
    _ reply: @escaping @Sendable (Answer) -> Void, _ children: inout DiscardingTaskGroup
  ) {
    let known = asking.configuration?.rules.map(\.id) ?? []
    if let rule, !known.contains(rule) {
      return reply(.refused(.usage, unknown("rule", rule.name, known.map(\.name))))
    }
    let now = clock.now()
    let pause = Pause(rule: rule, vms: vms, until: lasting.map { now.continuous + $0 })
    feed(.asked(.pause(pause, by: enquirer.uid)), at: now, &children)
    guard decision.pausesInForce.contains(pause) else {
      return reply(
        .refused(
          .unavailable, "\(Pause.cap) pauses are in force and there are no more; resume some that are not needed"))
    }
    answerWhenKept(
      "paused: \(gates(rule, vms))\(lasting.map { ", for \(words($0))" } ?? ", until it is resumed")", reply)
  }

  private func resume(
    _ rule: RuleID?, _ vms: Glob?, _ enquirer: Enquirer, _ reply: @escaping @Sendable (Answer) -> Void,
    _ children: inout DiscardingTaskGroup
  ) {
    let before = decision.pausesInForce
    feed(.asked(.resume(rule: rule, vms: vms, by: enquirer.uid)), &children)
    let ended = before.count - decision.pausesInForce.count
    if ended == 0 && (rule != nil || vms != nil) {
      return reply(
        .refused(
          .usage, "no pause of exactly this is in force: \(gates(rule, vms))",
          notes: before.map { "in force: \(gates($0.rule, $0.vms))" }))
    }
    answerWhenKept(ended == 0 ? "nothing was paused" : "resumed: \(counted(ended, "pause")) ended", reply)
  }

  /// The decision says something to whoever asked about a kill by hand.
  func tell(_ ask: AskID, _ answer: HandAnswer) {
    guard let (question, reply) = asking.hands[ask] else { return }
    let said = words(answer, to: question)
    if case .step = said {} else { asking.hands[ask] = nil }
    reply(said)
  }

  /// The decision shows something to whoever asked for it.
  func show(_ ask: AskID, _ answer: ViewAnswer) {
    guard let (question, reply) = asking.hands.removeValue(forKey: ask) else { return }
    reply(words(answer, to: question))
  }

  func enquirerGone(_ enquirer: Enquirer, _ children: inout DiscardingTaskGroup) {
    let ask = AskID(enquirer.number)
    guard let (_, reply) = asking.hands.removeValue(forKey: ask) else { return }
    feed(.asked(.withdraw(ask)), &children)
    reply(.refused(.unavailable, "whoever asked has gone"))
  }

  /// Answers at once where the ledger has all pauses as they are.
  private func answerWhenKept(_ words: String, _ reply: @escaping @Sendable (Answer) -> Void) {
    guard let pauses = unkeptPauses else { return reply(.done(words)) }
    // What failed before is tried again now, not only with the next mark.
    if pausesUnderWay == 0 { give(pauses, clock.now()) }
    asking.pauses.append((pausesGiven, reply, words))
  }

  /// The ledger is done with pauses.
  func answerPauses(_ result: Result<Void, LedgerFailure>) {
    let waited = asking.pauses.filter { $0.answers <= pausesAnswered }
    asking.pauses.removeAll { $0.answers <= pausesAnswered }
    for (_, reply, words) in waited {
      switch result {
      case .success: reply(.done(words))
      case .failure(let failure):
        reply(
          .refused(
            .stateUnusable,
            "\(words), but only while this daemon lives: the ledger could not keep it (\(failure.message)); it is tried "
              + "again every minute"))
      }
    }
  }

  /// A load is over.
  func answerReload(_ outcome: LoadOutcome<Source.Link>) {
    if case .refused = outcome { asking.refusedAt = clock.now() }
    let loads = asking.loadsBegun
    let waited = asking.reloads.filter { $0.loads <= loads }
    asking.reloads.removeAll { $0.loads <= loads }
    for (_, reply) in waited {
      switch outcome {
      case .loaded(let setup):
        reply(.done("configuration loaded: \(asking.loadedWords)", notes: setup.warnings))
      case .refused(let diagnostics):
        reply(
          .refused(.configuration, "configuration refused, the one before stays in force", notes: diagnostics))
      }
    }
  }

  private func gates(_ rule: RuleID?, _ vms: Glob?) -> String {
    "\(rule.map { "rule \(bare($0.name))" } ?? "all rules"), \(vms.map { "VMs \(bare($0.pattern))" } ?? "all VMs")"
  }

  private func statusReport() -> StatusReport {
    let now = clock.now()
    return StatusReport(
      at: now, started: asking.started, life: asking.life, loaded: asking.loadedAt, refused: asking.refusedAt,
      configHash: asking.configuration?.digests?.files, overview: decision.overview(at: now),
      ledgerFailing: ledgerFails, troubles: Array(asking.troubles))
  }
}

/// A name that the loaded configuration does not have.
func unknown(_ kind: String, _ name: String, _ known: [String]) -> String {
  let right = known.isEmpty ? "the loaded configuration has none" : suggestion(for: name, among: known)
  return "there is no \(kind) \(bare(name)) in the loaded configuration; \(right)"
}
