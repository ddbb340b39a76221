import Testing

@testable import GuestWatchCore

/// Who is asked with an account that was refused, and when.
@Suite("A refused login: alone, stopped, tried again (S10)")
struct LoginTurnTests {
  private static let user = "guestwatch"
  private static let id = LoginID("linux")

  private static func fleet(
    vms: Int, directory: Bool = false, right: Bool = true, maxInFlight: Int = 64, _ more: [LoginEntry] = []
  ) -> Fleet {
    var fleet = Fleet(
      seed: 11, vms: vms,
      logins: [LoginEntry(id: id, account: user, directory: directory, maxInFlight: directory ? 4 : 64, digest: 1)]
        + more, maxInFlight: maxInFlight)
    if right { fleet.right[user] = 1 }
    fleet.start()
    return fleet
  }

  @Test("After a refusal it is next used where it was accepted before, and an acceptance there lays it to the VM")
  func witnesses() {
    var fleet = Self.fleet(vms: 10, maxInFlight: 1)
    // Three that never accepted anything, all of which will refuse.
    fleet.deafVMs = ["vm-0-0", "vm-0-1", "vm-0-2"]
    fleet.run(.seconds(200))
    let bad = fleet.deafVMs
    fleet.deafVMs = []
    fleet.badVMs = bad
    fleet.run(.seconds(400))
    #expect(Set(fleet.refused.map(\.vm)) == bad)
    #expect(fleet.refused.count == 3)
    for (i, use) in fleet.uses.enumerated() where !use.taken {
      #expect(!bad.contains(fleet.uses[i + 1].vm))
      // At once, not when it would have been due.
      #expect(fleet.uses[i + 1].at - use.at < 1_000_000_000)
    }
    #expect(fleet.reports.count { $0.kind == .loginBelieved } == 3)
    #expect(!fleet.reports.contains { $0.kind == .loginStopped })
    #expect(fleet.violations.isEmpty)
  }

  @Test(
    "A stopped account is tried on one VM after 1, 2, 4, 8, 16, 24, 24 h, over crashes too", arguments: [false, true])
  func timer(crashes: Bool) {
    var fleet = Self.fleet(vms: 4, directory: true, right: false)
    fleet.run(.seconds(600))
    #expect(fleet.refused.count == 2)
    #expect(fleet.reports.count { $0.kind == .loginStopped } == 1)
    #expect(fleet.reports.first { $0.kind == .loginStopped }?.detail == "it is tried on one VM in 1 h")
    var last = fleet.refused[1].at
    for hours in [1, 2, 4, 8, 16, 24, 24] {
      let before = fleet.uses.count
      if crashes {
        fleet.run(.seconds(1200))
        fleet.crash()
      }
      fleet.run(.nanoseconds(last + Int64(hours) * 3_600_000_000_000 + 30_000_000_000 - fleet.time))
      #expect(fleet.uses.count == before + 1, "\(hours) h")
      let gap = fleet.uses[fleet.uses.count - 1].at - last
      #expect(abs(gap - Int64(hours) * 3_600_000_000_000) < 20_000_000_000, "\(hours) h: \(gap)")
      last = fleet.uses[fleet.uses.count - 1].at
    }
    // First those that did not refuse it.
    #expect(Set(fleet.refused.prefix(4).map(\.vm)).count == 4)
    #expect(fleet.reports.count { $0.kind == .loginTried } == 7)
  }

  @Test("A try that is accepted ends it: everything is watched again, but not what refused it")
  func believed() {
    var fleet = Self.fleet(vms: 30, directory: true)
    fleet.run(.seconds(120))
    fleet.right[Self.user] = 2
    fleet.run(.seconds(600))
    let quarantined = Set(fleet.refused.map(\.vm))
    #expect((2...4).contains(quarantined.count))
    // The directory is put right again. One VM does not answer: that uses up no try.
    fleet.right[Self.user] = 1
    fleet.deafVMs = ["vm-0-29", "vm-0-28", "vm-0-27"]
    let before = fleet.uses.count
    fleet.run(.seconds(3600 + 300))
    #expect(fleet.refused.count == quarantined.count)
    #expect(fleet.reports.count { $0.kind == .loginBelieved } == 1)
    #expect(Set(fleet.uses[before...].map(\.vm)) == Set(fleet.places[0].vms).subtracting(quarantined))
    #expect(fleet.violations.isEmpty)
  }

  @Test("An operator may ask for a stopped account and for VMs that refused it: one VM first")
  func operatorAsks() {
    var fleet = Self.fleet(vms: 30, directory: true, right: false)
    fleet.run(.seconds(600))
    #expect(fleet.refused.count == 2)
    // Still wrong: that is one refusal for each time somebody asks.
    fleet.retry(Self.id)
    fleet.run(.seconds(600))
    #expect(fleet.refused.count == 3)
    fleet.right[Self.user] = 1
    let before = fleet.uses.count
    fleet.retry(Self.id)
    #expect(fleet.uses.count == before + 1)
    fleet.run(.seconds(300))
    #expect(fleet.reports.contains { $0.kind == .loginTried && $0.detail == "an operator asked" })
    #expect(Set(fleet.uses[before...].map(\.vm)) == Set(fleet.places[0].vms))
    #expect(fleet.refused.count == 3)
    #expect(fleet.watch.logins.troubles.isEmpty)
  }

  @Test("A VM whose one login waits for another VM's answer is watched with its other login (L3)")
  func otherLoginGoesOn() {
    let other = LoginEntry(id: LoginID("other"), account: "other", digest: 7)
    var fleet = Self.fleet(vms: 8, right: false, [other])
    fleet.right["other"] = 7
    // The first login is never proven: each of its uses takes 25 s and says nothing.
    fleet.deafVMs = []
    fleet.slow = Set(fleet.places[0].vms.map { "\($0) linux" })
    fleet.run(.seconds(600))
    for vm in fleet.places[0].vms {
      let surveys = fleet.uses.count { $0.vm == vm && $0.account == "other" }
      // One a minute; what it takes longer is its own operations in flight.
      #expect(surveys >= 8, "\(vm): \(surveys)")
    }
  }

  @Test("A new secret is a new chance, the old one that comes back is not")
  func newSecret() {
    var fleet = Self.fleet(vms: 10, directory: true, right: false)
    func entry(_ digest: UInt64) -> [LoginEntry] {
      [LoginEntry(id: Self.id, account: Self.user, directory: true, maxInFlight: 4, digest: digest)]
    }
    fleet.run(.seconds(100))
    #expect(fleet.refused.count == 2)
    fleet.reload(entry(2))
    fleet.run(.seconds(100))
    #expect(fleet.refused.count { $0.digest == 2 } == 2)
    fleet.reload(entry(1))
    fleet.run(.seconds(100))
    fleet.crash()
    fleet.run(.seconds(100))
    #expect(fleet.refused.count == 4)
    fleet.right[Self.user] = 3
    fleet.reload(entry(3))
    fleet.run(.seconds(100))
    #expect(fleet.refused.count == 4)
    #expect(Set(fleet.uses.filter { $0.taken }.map(\.vm)) == Set(fleet.places[0].vms))
  }
}
