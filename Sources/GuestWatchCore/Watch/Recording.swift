extension Watch {
  /// What a row says of where it comes from. Its command line is the one that was judged, not the one that may be shown.
  ///
  /// - Parameter rule: nil: an operator asked.
  func origin(_ rule: RuleID?, _ process: Process) -> Origin {
    let command = process.command.value
    return Origin(
      rule: rule.flatMap { configuration?.digests?.rules[$0] }, configuration: configuration?.digests?.files,
      command: command.isEmpty ? nil : commandKey?.digest(of: command))
  }

  /// Gives a step that is no intent to the ledger; it is kept until it is on disk.
  mutating func write(_ id: KillID, _ step: LedgerStep) {
    if ledger.unwritten.count >= LedgerState.unwrittenCap, step.kind == .reported { return }
    // Steps of one kill are written in their order: one waits for the one before.
    if ledger.unwritten.contains(where: { $0.id == id }) {
      ledger.unwritten.append(LedgerState.Unwritten(id: id, step: step, inFlight: false))
      return
    }
    ledger.unwritten.append(LedgerState.Unwritten(id: id, step: step, inFlight: false))
    give(ledger.unwritten.count - 1)
  }

  /// A step goes to the ledger. One that waited may have been made when more of a command line could be written down.
  private mutating func give(_ i: Int) {
    if case .reported(var record, let gate) = ledger.unwritten[i].step {
      record.process = shown(record.process)
      ledger.unwritten[i].step = .reported(record, gate: gate)
    }
    ledger.unwritten[i].inFlight = true
    effects.append(.record(ledger.unwritten[i].id, ledger.unwritten[i].step))
  }

  mutating func recorded(
    _ id: KillID, _ kind: LedgerStep.Kind, _ result: Result<Void, LedgerFailure>, _ now: Now
  ) {
    switch kind {
    case .intent: intentRecorded(id, result, now)
    case .answered, .closed, .reported: stepRecorded(id, kind, result, now)
    }
  }

  private mutating func intentRecorded(_ id: KillID, _ result: Result<Void, LedgerFailure>, _ now: Now) {
    guard let key = killPlaces[id], let place = places[key], vms[place].kill?.id == id else { return }
    switch mutated(.sendWithoutAnIntent) ? .success(()) : result {
    case .success:
      if ledger.takesIntents(now.continuous) { ledgerWorks() }
      terminateNow(place, now)
    case .failure(let failure):
      // No record, no kill. The failure may have hidden that it is on disk, so it is closed as what it is.
      giveSlotBack(place, now)
      dropKill(place, .notRecorded(failure.message))
      killPlaces[id] = nil
      ledger.intentsFrom = now.continuous + KillTiming.ledgerRetry
      ledgerFails(failure)
      let fault = Fault(.unknown, code: "not recorded", detail: failure.message)
      write(id, .closed(.abandoned, error: fault, verified: nil, at: now))
    }
    book(place, now)
  }

  private mutating func stepRecorded(
    _ id: KillID, _ kind: LedgerStep.Kind, _ result: Result<Void, LedgerFailure>, _ now: Now
  ) {
    guard let i = ledger.unwritten.firstIndex(where: { $0.id == id && $0.step.kind == kind && $0.inFlight }) else {
      return
    }
    switch mutated(.loseAnOutcome) ? .success(()) : result {
    case .failure(let failure):
      ledger.unwritten[i].inFlight = false
      ledger.unwritten[i].failed = true
      ledger.unwritten[i].failedAt = now.continuous
      ledger.retriesFrom = now.continuous + KillTiming.ledgerRetry
      ledgerFails(failure)
    case .success:
      let step = ledger.unwritten.remove(at: i).step
      ledger.retriesFrom = now.continuous
      writeNext(id)
      // Not before it is on disk: after a crash the next life would count it, with what took its place (S3).
      if case .closed(let outcome, _, _, _) = step, outcome.givesBack { budgets.giveBack(id) }
      if !ledger.unwritten.contains(where: \.failed) { ledgerWorks() }
      guard kind == .closed else { return }
      forgetKill(id, now)
    }
  }

  /// The next step of the same kill goes out.
  private mutating func writeNext(_ id: KillID) {
    guard let i = ledger.unwritten.firstIndex(where: { $0.id == id }) else { return }
    give(i)
  }

  /// The outcome is on disk: the VM may have its next kill.
  private mutating func forgetKill(_ id: KillID, _ now: Now) {
    guard let key = killPlaces.removeValue(forKey: id), let place = places[key], vms[place].kill?.id == id else {
      return
    }
    if let kill = vms[place].kill, case .closing(let outcome) = kill.phase {
      answer(kill.ask, .closed(id, outcome, kill.error))
    }
    vms[place].kill = nil
    if !vms[place].waitingKills.isEmpty {
      vms[place].kill = vms[place].waitingKills.removeFirst()
      if vms[place].kill?.lost == true { close(place, .unknown, error: nil, verified: nil, now) }
    }
    statusDirty = true
    decide(place, now)
    book(place, now)
  }

  /// What could not be written is tried again every 10 s; a later step of a kill never overtakes an earlier one. One row
  /// at a time, the one that failed longest ago: a full disk is not asked for each of many, and no row that can never be
  /// written holds up the others.
  mutating func retryLedger(_ now: Now) {
    guard let at = ledger.nextRetry, at <= now.continuous,
      let i = ledger.unwritten.indices.filter({ ledger.unwritten[$0].failed }).min(by: {
        (ledger.unwritten[$0].failedAt, $0) < (ledger.unwritten[$1].failedAt, $1)
      })
    else { return }
    give(i)
  }

  private mutating func ledgerFails(_ failure: LedgerFailure) {
    guard !ledger.failing else { return }
    ledger.failing = true
    statusDirty = true
    report(Report(.ledgerFailing, .error, detail: failure.message))
  }

  private mutating func ledgerWorks() {
    guard ledger.failing else { return }
    ledger.failing = false
    statusDirty = true
    report(Report(.ledgerWorks, .info))
  }
}
