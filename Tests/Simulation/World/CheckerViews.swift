import GuestWatchCore

/// What operators are shown who only look. That such a look is sent as any other (S6, S10) and that no kill comes of it is
/// checked where looks and kills are.
extension Checker {
  mutating func see(_ answer: ViewAnswer, to ask: AskID) throws(Violation) {
    guard let mine = asked[ask] else { throw Violation("contract", "\(ask) is answered, but nobody waits") }
    if mine.isWithdrawn { throw Violation("contract", "\(ask) is answered, but has gone") }
    asked[ask] = nil
    guard case .explained(let explanation) = answer else { return }
    if let facts = machines[explanation.address]?.facts, let protect = configuration?.protect,
      isUntouchable(explanation.address, facts, protect)
    {
      throw Violation("S2", "an operator is shown \(explanation.address), which is never in scope")
    }
    try judge(explanation)
  }

  /// Every row that some rule matches is said to match, and no other; all that says so is evaluated a second time.
  private func judge(_ explanation: Explanation) throws(Violation) {
    guard let configuration, let machine = machines[explanation.address],
      let listing = machine.shown.last(where: {
        $0.sent == onTrueClock(explanation.sent) && $0.login == explanation.login
      }),
      case .listing(let listed) = listing.what
    else { return }
    for i in 0..<explanation.count {
      let said = explanation.process(i)
      guard let row = listed.rows.first(where: { $0.pid == said.process.pid }) else {
        throw Violation("explain", "pid \(said.process.pid) of \(explanation.address) was not listed")
      }
      for (r, rule) in explanation.rules.enumerated() {
        let judgement = explanation.judgement(of: i, by: r)
        let reaches = OwnRules.reaches(rule, row, family: explanation.family)
        let isMismatch = if case .mismatch = judgement { true } else { false }
        if reaches == isMismatch {
          throw Violation("explain", "rule \(rule.id) and \(Line.of(row)): \(judgement)")
        }
        guard reaches else { continue }
        let isProtected = OwnRules.isProtected(row, configuration.protect, family: explanation.family)
        let protector = explanation.protector(of: i)
        if isProtected != (protector != nil) {
          throw Violation("explain", "\(Line.of(row)) is said to be protected by \(String(describing: protector))")
        }
        guard case .fits(let fit) = judgement, !fit.isBeingKilled else { continue }
        let open =
          fit.gates.isEmpty
          && (isProtected || rule.action == .report || configuration.dryRun)
        if open { throw Violation("explain", "no gate is said to be closed for \(Line.of(row)) and rule \(rule.id)") }
      }
    }
  }

  func guardSecrets(_ answer: ViewAnswer) throws(Violation) {
    switch answer {
    case .explained(let explanation):
      for i in 0..<explanation.count { try guardSecret(explanation.process(i).process) }
    case .refused(.failed(let fault)): try guardText(fault.code, fault.detail)
    case .reached, .refused: break
    }
  }
}
