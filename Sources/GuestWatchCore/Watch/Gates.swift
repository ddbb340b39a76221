import OrderedCollections

/// Step 2 of a kill: what keeps a process alive although a rule or an operator wants it dead.
extension Gate {
  /// Those that keep a process from ever being killed in somebody's name as things are.
  static let lasting: [Gate] = [.protected, .stuck, .denied]
  /// In the order in which they are asked: what lasts first, what ends by itself last.
  static let order: [Gate] =
    lasting + [
      .report, .dryRun, .paused, .noTerminate, .login, .notDuring, .toolsBusy, .stopping, .cooldown, .retryWait,
      .ruleBudget, .vmBudget, .fleetBudget,
    ]
  /// Those of the VM's one kill and of the ledger, asked before a kill begins.
  static let ofBeginning: [Gate] = [.killOpen, .ledger]
  static let all: [Gate] = order + ofBeginning
  /// Those that differ from process to process; all others are the same for all that a rule matches on a VM.
  static let ofProcess: [Gate] = [.protected, .stuck, .denied, .retryWait]
  static let ofRule: [Gate] = all.filter { !ofProcess.contains($0) }
}

extension Watch {
  /// The gate that keeps this process from ever being killed in this name as things are.
  func lastingGate(_ process: Process, _ asker: Asker, _ place: Int, _ now: Now) -> Gate? {
    guard let configuration else { return .stopping }
    return Gate.lasting.first { isClosed($0, process, asker, place, own: nil, configuration, now) }
  }

  /// The first gate that is closed; nil: all are open.
  ///
  /// - Parameter own: the row that is being asked for, which does not count against itself.
  func gate(_ process: Process, _ asker: Asker, _ place: Int, own: KillID?, _ now: Now) -> Gate? {
    guard let configuration else { return .stopping }
    return Gate.order.first { isClosed($0, process, asker, place, own: own, configuration, now) }
  }

  /// Which of these gates are closed for a kill of this rule. Turns at a budget are no gate of one alone.
  func closedGates(_ gates: [Gate], _ process: Process, _ rule: Rule, _ place: Int, _ now: Now) -> [Gate] {
    guard let configuration else { return [.stopping] }
    return gates.filter { isClosed($0, process, .rule(rule), place, own: nil, configuration, now) }
  }

  /// All gates before a kill begins; the ledger and the VM's one kill among them.
  func gateNow(_ process: Process, _ rule: Rule, _ place: Int, due: Instant, _ now: Now) -> Gate? {
    if let gate = gate(process, .rule(rule), place, own: nil, now) {
      // Its own kill has taken the room that it would wait for.
      let isTarget = vms[place].kill?.identity == process.identity
      return isTarget && gate != .report && gate != .dryRun ? .killOpen : gate
    }
    return openGate(place, now) ?? budgetGate(rule, place, due: due, now)
  }

  /// The gates of the VM's one kill and of the ledger.
  func openGate(_ place: Int, _ now: Now) -> Gate? {
    if let kill = vms[place].kill, !mutated(.killTwoAtATime) || !kill.isOpen { return .killOpen }
    if !ledger.takesIntents(now.continuous), !mutated(.ignoreLedgerTrouble) { return .ledger }
    return nil
  }

  private func isClosed(
    _ gate: Gate, _ process: Process, _ asker: Asker, _ place: Int, own: KillID?, _ configuration: Configuration,
    _ now: Now
  ) -> Bool {
    switch gate {
    case .protected: Protection.protects(process, configuration.protect, family: vms[place].facts.family)
    // "Left alone until an operator asks": where one does, it still waits for its next try.
    case .stuck: asker.rule != nil && attempts(on: process, place).contains { $0.stuck }
    case .denied:
      attempts(on: process, place).contains { $0.denied.contains(asker.login) } && !mutated(.forgetDenied)
    case .report:
      if case .rule(let rule) = asker { rule.action == .report && !mutated(.ignoreReport) } else { false }
    case .dryRun: configuration.dryRun && !mutated(.ignoreDryRun)
    case .paused:
      pauses.covers(asker.rule, name: vms[place].facts.name, moid: vms[place].facts.moid, now.continuous)
        && !mutated(.forgetPauses)
    case .noTerminate: vcenters[vms[place].address.vcenter]?.canTerminate != true
    case .login: logins.isStopped(asker.login, on: vms[place].key)
    case .notDuring:
      if case .rule(let rule) = asker { isQuiet(rule, configuration, now) && !mutated(.killAtAnyHour) } else { false }
    case .toolsBusy:
      !vms[place].watchable
        || (vms[place].facts.tools == .executingScripts && !mutated(.ignoreToolsScripts))
    case .stopping: shutdown != nil
    case .cooldown:
      if case .rule(let rule) = asker {
        budgets.cools(rule: rule, vm: vms[place].key, now: now.continuous)
      } else {
        false
      }
    case .retryWait:
      attempts(on: process, place).contains { now.continuous < $0.waitsUntil }
        || (own == nil && (now.continuous < vms[place].killRestUntil || hasTriedTooMany(process, place)))
    case .ruleBudget:
      if case .rule(let rule) = asker { budgets.isFull(rule, own: own, now: now.continuous) } else { false }
    case .vmBudget: budgets.isFull(vm: vms[place].key, configuration.budget, own: own, now: now.continuous)
    case .fleetBudget: budgets.isFull(configuration.budget, own: own, now: now.continuous)
    case .killOpen, .ledger: openGate(place, now) == gate
    }
  }

  /// True where so many were tried that nobody else is: whether it was tried is not known any more then.
  func hasTriedTooMany(_ process: Process, _ place: Int) -> Bool {
    vms[place].attempts.count >= VMState.attemptsCap && attempts(on: process, place).isEmpty
  }

  private func attempts(on process: Process, _ place: Int) -> [Attempts] {
    vms[place].attempts(on: process.identity)
  }
}
