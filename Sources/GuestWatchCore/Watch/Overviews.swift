import OrderedCollections

/// What `status` shows: computed from what the decision holds, changes nothing.
extension Watch {
  /// The pauses in force, in the order in which they were given.
  public var pausesInForce: [Pause] { pauses.pauses }

  public func overview(at now: Now) -> Overview {
    guard let configuration else { return Overview(snapshot: Snapshot()) }
    var overview = Overview(snapshot: snapshot(configuration, now))
    overview.fleet = spent(configuration.budget, now)
    overview.vcenters = vcenterStates
    overview.rules = ruleStates(configuration, now)
    overview.logins = logins.troubles
    overview.pauses = pauses.pauses
    overview.unwatched = unwatched()
    overview.standings = standings(at: now, most: Overview.mostStandings)
    overview.openKills = openKills
    return overview
  }

  /// The numbers alone. Goes over all VMs, as a `Snapshot` does.
  public func figures(at now: Now) -> Figures {
    guard let configuration else { return Figures(snapshot: Snapshot()) }
    var figures = Figures(snapshot: snapshot(configuration, now))
    figures.fleet = spent(configuration.budget, now)
    figures.vcenters = vcenterStates
    figures.rules = ruleStates(configuration, now)
    figures.logins = logins.troubles
    figures.unwatched = unwatchedCounts()
    return figures
  }

  private func spent(_ fleet: FleetBudget, _ now: Now) -> Overview.Spent {
    Overview.Spent(
      used: budgets.count(within: fleet.within, now: now.continuous), kills: fleet.kills, within: fleet.within,
      nextRoom: budgets.nextRoom(within: fleet.within, now: now.continuous))
  }

  private var vcenterStates: [Overview.VCenter] {
    vcenters.values.map { state in
      Overview.VCenter(
        id: state.entry.id, answered: state.uuid != nil, down: state.down, canTerminate: state.canTerminate)
    }
  }

  private func ruleStates(_ configuration: Configuration, _ now: Now) -> [Overview.RuleState] {
    configuration.rules.map { rule in
      Overview.RuleState(
        id: rule.id, action: rule.action,
        budget: rule.budget.map { budget in
          Overview.Spent(
            used: budgets.count(within: budget.within, now: now.continuous, of: rule.id), kills: budget.kills,
            within: budget.within, nextRoom: budgets.nextRoom(within: budget.within, now: now.continuous, of: rule.id))
        })
    }
  }

  private var openKills: [Overview.OpenKill] {
    vms.flatMap { vm in
      ([vm.kill].compactMap { $0 } + vm.waitingKills).compactMap { kill -> Overview.OpenKill? in
        guard let id = kill.id else { return nil }
        let step: Overview.OpenKill.Step =
          switch kill.phase {
          case .confirming: .waiting
          case .recording: .recording
          case .terminating: .terminating
          case .verifying: vm.kill?.id == id ? .verifying : .waiting
          case .closing: .closing
          }
        return Overview.OpenKill(
          id: id, cause: kill.ground.cause, address: kill.address, vmName: kill.vmName, process: shown(kill.target),
          decided: kill.decided, step: step)
      }
    }
  }
}

extension LoginBook {
  /// The logins that are not used somewhere, in configuration order.
  var troubles: [Overview.Login] {
    var refused: [Credential: Int] = [:]
    for (place, quarantine) in quarantined where quarantine == .closed { refused[place.credential, default: 0] += 1 }
    return entries.values.compactMap { entry in
      let credential = Credential(account: entry.account, digest: entry.digest)
      let isStopped = state(credential)?.stopped ?? false
      let count = refused[credential] ?? 0
      guard isStopped || count > 0 else { return nil }
      return Overview.Login(
        id: entry.id, isStopped: isStopped, quarantined: count,
        nextTry: isStopped ? accounts[entry.account]?.nextTry : nil)
    }
  }
}
