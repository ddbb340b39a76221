import Testing

@testable import GuestWatchCore

@Suite("Several logins, unreadable owners")
struct LoginTests {
  @Test("A listing with another login, which does not see the process, forgets no tries")
  func otherLoginForgets() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, _, _, _, _):
        return [(.seconds(20), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x"))))]
      case .survey(let id, _, Stage.b, let ends, _):
        let rows = stage.guest.filter { $0.pid != 500 }
        return [(.milliseconds(100), .surveyed(id, stage.timing(), .success(Listing(rows: rows, showsEnds: ends))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule(), Stage.ruleB()], Stage.twoLogins)
    stage.run(.seconds(3600))
    #expect(stage.outcomes == [.survived, .survived, .stuck])
  }

  @Test("A login that may not list does not hold up the VM's other login (L3)")
  func deniedLoginParks() {
    var stage = Stage()
    stage.intercept = { effect, stage in
      guard case .survey(let op, _, Stage.b, _, _) = effect else { return nil }
      return [(.milliseconds(100), .surveyed(op, stage.timing(), .failure(Fault(.guestDenied, code: "no"))))]
    }
    stage.begin([Stage.rule(), Stage.ruleB()], Stage.twoLogins)
    stage.run(.seconds(3600))
    #expect(stage.surveys() >= 200)
  }

  @Test("An owner that could not be read once does not make a runaway immortal")
  func ownerFlaps() {
    var stage = Stage()
    let process = stage.spawn(500)
    var n = 0
    stage.intercept = { effect, stage in
      guard case .survey(let id, _, _, let ends, _) = effect else { return nil }
      n += 1
      guard n == 2 else { return nil }
      var rows = stage.guest
      rows[rows.count - 1].owner = ""
      return [(.milliseconds(100), .surveyed(id, stage.timing(), .success(Listing(rows: rows, showsEnds: ends))))]
    }
    stage.begin([Stage.rule(lasting: .seconds(60))])
    stage.run(.seconds(900))
    #expect(n > 3)
    #expect(stage.killed == [process.pid])
  }

  @Test(
    "A refusal of a login that stays configured is never repeated on that VM, whatever asked", arguments: [0, 1, 2])
  func refusedOnce(_ which: Int) {
    var stage = Stage()
    stage.spawn(500)
    var refused = 0
    stage.intercept = { effect, stage in
      let fault = Fault(.guestLoginRefused, code: "InvalidGuestLogin")
      switch effect {
      case .look(let op, _, _, _, .check, _) where which == 0, .look(let op, _, _, _, .confirm, _) where which == 1:
        refused += 1
        return [(.milliseconds(100), .looked(op, stage.timing(), .failure(fault)))]
      case .terminate(let id, _, _, _, _, _, _, _) where which == 2:
        refused += 1
        return [(.milliseconds(100), .terminated(id, stage.timing(), .denied(fault)))]
      default:
        if refused > 0 {
          switch effect {
          case .look, .survey, .terminate: refused += 100
          default: break
          }
        }
        return nil
      }
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(4000))
    #expect(refused == 1)
  }

  @Test("A refusal outlives a restart; another secret is a new chance (S10)")
  func refusalsAreKept() {
    var stage = Stage()
    stage.spawn(500)
    let refusal = LoginRefusal(vm: Stage.key, login: Stage.login, account: "guestwatch", digest: 1)
    stage.begin([Stage.rule()], restored: Restored(life: 2, refusals: [refusal]))
    stage.run(.seconds(3600))
    #expect(stage.surveys == 0)
    stage.send(.configured(Stage.configuration([Stage.rule()]) { $0.logins[0].digest = 2 }))
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
  }

  @Test("Refusals in a row are counted over restarts and stop the account everywhere (S10)")
  func refusalsInARowAreKept() {
    var stage = Stage()
    stage.spawn(500)
    let others = (0..<3).map { n in
      LoginRefusal(
        vm: VMKey(vcenter: "vc-uuid", instance: "other-\(n)"), login: Stage.login, account: "guestwatch", digest: 1)
    }
    stage.begin([Stage.rule()], restored: Restored(life: 2, refusals: others))
    stage.run(.seconds(600))
    #expect(stage.surveys == 0)
  }

  @Test("Two lives that ended before the answer to a guess stop the account, one does not (S10, simulation seed 12)")
  func doubtsInARow() {
    func surveys(doubts: Int, for duration: Duration) -> Int {
      // Whoever reads the journal of this life alone is told.
      var stage = Stage()
      stage.spawn(500)
      let standing = LoginStanding(account: "guestwatch", digest: 1, doubts: doubts, tries: nil)
      stage.begin([Stage.rule()], restored: Restored(life: 3, standings: [standing]))
      #expect(stage.reports(.loginStopped).map(\.detail) == (doubts == 2 ? ["it is tried on one VM in 1 h"] : []))
      stage.run(duration)
      return stage.surveys
    }
    #expect(surveys(doubts: 1, for: .seconds(60)) > 0)
    #expect(surveys(doubts: 2, for: .seconds(3590)) == 0)
    // The timer's try is accepted.
    #expect(surveys(doubts: 2, for: .seconds(3700)) > 1)
  }

  @Test("What a guest refused and what ended it are kept in the ledger")
  func refusalsAreNoted() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .survey(let id, _, _, _, _) = effect, stage.notes.count <= 1 else { return nil }
      let fault = Fault(.guestLoginRefused, code: "InvalidGuestLogin")
      return [(.milliseconds(100), .surveyed(id, stage.timing(), .failure(fault)))]
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(30))
    let refusal = LoginRefusal(vm: Stage.key, login: Stage.login, account: "guestwatch", digest: 1)
    // What is not proven is noted before it leaves, so that a crash before its answer counts.
    let doubted = LoginStanding(account: "guestwatch", digest: 1, doubts: 1, tries: nil)
    let clear = LoginStanding(account: "guestwatch", digest: 1, doubts: 0, tries: nil)
    #expect(stage.notes == [.standing(doubted), .refused(refusal), .standing(clear)])
  }

  @Test("A vCenter's refusal outlives a restart (S10)")
  func vcenterRefusalsAreKept() {
    var stage = Stage()
    stage.spawn(500)
    let refusal = VCenterRefusal(digest: 0, count: 2, age: .seconds(100))
    stage.begin([Stage.rule()], restored: Restored(life: 2, vcenterRefusals: [refusal]))
    let refreshes = { (stage: Stage) in
      stage.log.count { if case .refresh = $0.effect { true } else { false } }
    }
    stage.run(.seconds(1600))
    #expect(refreshes(stage) == 0)
    #expect(stage.reports(.vcenterLoginRefused).count == 1)
    stage.run(.seconds(200))
    #expect(refreshes(stage) > 0)
    #expect(stage.notes.first == .vcenterAccepted(digest: 0))
  }
}
