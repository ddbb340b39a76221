import GuestWatchCore

/// SIGHUP.
extension Scheduler {
  func reloadAsked(_ children: inout DiscardingTaskGroup) {
    guard phase == .running else { return }
    switch reload {
    case .none: startLoad(&children)
    case .loading, .loadingThenAgain: reload = .loadingThenAgain
    }
  }

  func startLoad(_ children: inout DiscardingTaskGroup) {
    reload = .loading
    asking.loadBegins()
    line.reloading()
    let present = routes.current
    children.addTask { [source, mailbox] in mailbox.yield(.loaded(await source.load(keeping: present))) }
  }

  func loaded(_ outcome: LoadOutcome<Source.Link>, _ children: inout DiscardingTaskGroup) {
    let again = reload == .loadingThenAgain
    reload = .none
    switch outcome {
    case .loaded(let setup):
      // Also while stopping, so that clients that were just made are closed with all others.
      routes.install(setup.links, at: clock.now().continuous)
      if phase == .running {
        sayLoaded(setup)
        reach = setup.reach
        feed(.configured(setup.configuration), &children)
        measure(at: setup.textfile)
      }
    case .refused(let diagnostics):
      for diagnostic in diagnostics { say(Report(.configurationRefused, .error, detail: diagnostic)) }
    }
    line.ready()
    answerReload(outcome)
    if again && phase == .running { startLoad(&children) }
  }

  func sayLoaded(_ setup: Setup<Source.Link>) {
    line.notify(setup.notify)
    let configuration = setup.configuration
    let mode = configuration.dryRun ? ", dry run: nothing is terminated" : ""
    var words =
      "rules: \(configuration.rules.count), vCenters: \(configuration.vcenters.count), guest logins: "
      + "\(configuration.logins.count)\(mode)"
    if let before = asking.configuration, let changes = ConfigurationChange(from: before, to: configuration).words {
      words += "; \(changes)"
    }
    asking.loaded(configuration, words, clock.now())
    for warning in setup.warnings { say(Report(.configured, .warning, detail: warning)) }
    say(Report(.configured, .info, detail: words))
  }
}
