import Testing

@testable import GuestWatchCore

@Suite("What an operator is shown")
struct OverviewTests {
  @Test("Before a configuration there is nothing to show")
  func empty() {
    #expect(Watch().overview(at: Stage().now) == Overview(snapshot: Snapshot()))
  }

  @Test(
    "Figures as STATUS has them, vCenters, budgets with their next room, pauses and candidates; asking changes nothing")
  func all() {
    var stage = Stage()
    var rule = Stage.rule()
    rule.budget = Budget(kills: 2, within: .seconds(1000))
    stage.begin([rule])
    stage.run(.seconds(5))
    stage.spawn(500)
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
    let pause = Pause(rule: RuleID("r"), until: stage.now.continuous + .seconds(500))
    stage.send(.asked(.pause(pause)))
    stage.spawn(501)
    stage.run(.seconds(60))

    let overview = stage.watch.overview(at: stage.now)
    #expect(overview == stage.watch.overview(at: stage.now))
    let statuses = stage.log.compactMap { entry in if case .status(let status) = entry.effect { status } else { nil } }
    #expect(overview.snapshot == statuses.last)
    #expect(overview.pauses == [pause] && stage.watch.pausesInForce == [pause])
    #expect(overview.vcenters.map(\.id) == [Stage.vcenter])
    #expect(overview.vcenters.allSatisfy { $0.answered && $0.canTerminate && $0.down == nil })
    let spent = overview.rules.first?.budget
    #expect(overview.rules.count == 1 && spent?.used == 1 && spent?.kills == 2 && spent?.within == .seconds(1000))
    #expect(overview.fleet?.used == 1)
    // The room comes when the one intent is as old as the window.
    if let room = spent?.nextRoom, let fleet = overview.fleet?.nextRoom, let within = overview.fleet?.within {
      #expect(room > stage.now.continuous + .seconds(870) && room < stage.now.continuous + .seconds(1000))
      #expect(fleet - room == within - .seconds(1000))
    } else {
      Issue.record("no room ever")
    }
    #expect(overview.standings.map(\.process.pid) == [501])
    guard case .runaway(_, gate: .paused)? = overview.standings.first?.verdict else {
      Issue.record("\(overview.standings)")
      return
    }
    #expect(overview.openKills.isEmpty && overview.unwatched.isEmpty && overview.logins.isEmpty)
  }

  @Test("A kill is open from its intent to its outcome, with the step it is at and no command line")
  func openKill() throws {
    var stage = Stage()
    stage.intercept = { effect, _ in
      // Never answered: it stays in flight.
      if case .terminate = effect { [] } else { nil }
    }
    stage.spawn(500)
    stage.begin([Stage.rule()])
    stage.run(.seconds(20))
    let kill = try #require(stage.watch.overview(at: stage.now).openKills.first)
    #expect(kill.step == .terminating && kill.process.pid == 500 && kill.process.command == "")
    #expect(kill.cause == .rule(RuleID("r"), .forbidden) && kill.id.life == 1)
    #expect(stage.watch.overview(at: stage.now).snapshot.openKills == 1)
  }

  @Test("A login that a VM refused is shown with how many VMs did, and the VM with the reason")
  func login() {
    var stage = Stage()
    stage.intercept = { effect, stage in
      guard case .survey(let op, _, _, _, _) = effect else { return nil }
      return [
        (
          .milliseconds(5),
          .surveyed(op, stage.timing(), .failure(Fault(.guestLoginRefused, code: "InvalidGuestLogin")))
        )
      ]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(20))
    let overview = stage.watch.overview(at: stage.now)
    #expect(overview.logins == [Overview.Login(id: Stage.login, isStopped: false, quarantined: 1, nextTry: nil)])
    #expect(overview.unwatched.map(\.reason) == ["every guest login that reaches it is stopped there"])
  }

  @Test("The figures are those of the overview, with the VMs that are not watched counted by cause")
  func figures() {
    #expect(Watch().figures(at: Stage().now) == Figures(snapshot: Snapshot()))

    var stage = Stage()
    stage.intercept = { effect, stage in
      guard case .survey(let op, _, _, _, _) = effect else { return nil }
      return [
        (
          .milliseconds(5),
          .surveyed(op, stage.timing(), .failure(Fault(.guestLoginRefused, code: "InvalidGuestLogin")))
        )
      ]
    }
    var rule = Stage.rule()
    rule.budget = Budget(kills: 2, within: .seconds(1000))
    stage.begin([rule])
    stage.run(.seconds(20))
    let figures = stage.watch.figures(at: stage.now)
    let overview = stage.watch.overview(at: stage.now)
    #expect(figures.snapshot == overview.snapshot && figures.fleet == overview.fleet)
    #expect(figures.vcenters == overview.vcenters && figures.rules == overview.rules)
    #expect(figures.logins == overview.logins && figures.logins.count == 1)
    #expect(figures.unwatched == [.loginsStopped: 1])
    #expect(overview.unwatched.map(\.reason) == figures.unwatched.keys.map(\.words))
  }

  @Test("Every cause has words of its own")
  func causes() {
    #expect(Set(UnwatchedCause.allCases.map(\.words)).count == UnwatchedCause.allCases.count)
  }
}
