import Testing

@testable import GuestWatchCore

/// S10 by brute force: what a directory would count, over random fleets, reloads, crashes and rotations.
@Suite("No account is ever locked out by us (S10)")
struct LockoutTests {
  private static let user = #"corp\svc"#

  private static func entries(_ n: Int, digest: UInt64, directory: Bool, _ name: String = "login") -> [LoginEntry] {
    (0..<n).map { i in
      LoginEntry(
        id: LoginID("\(name)\(i)"), account: user, directory: directory && i == 0, maxInFlight: directory ? 4 : 64,
        digest: digest)
    }
  }

  /// Reloads, crashes, deaf VMs and time at random. Entries are renamed, taken away and brought back; the secret stays.
  private static func shake(_ fleet: inout Fleet, steps: Int, directory: Bool, crashes: Bool = true) {
    for step in 0..<steps {
      switch fleet.draw(8) {
      case 0 where crashes: fleet.crash()
      case 1:
        fleet.reload(entries(1 + fleet.draw(3), digest: 1, directory: directory, "renamed\(step)-"))
      case 2: fleet.reload(entries(1 + fleet.draw(3), digest: 1, directory: directory))
      case 3: fleet.deafVMs = fleet.places.reduce(into: []) { deaf, place in deaf.insert(place.vms[0]) }
      case 4: fleet.deafVMs = []
      default: break
      }
      fleet.run(.milliseconds(10 + fleet.draw(20_000)))
    }
  }

  @Test("A wrong secret is refused twice in all for a directory account, three times for another", arguments: 0..<2)
  func wrongFromTheStart(_ kind: Int) {
    let directory = kind == 0
    var most = 0
    for seed in 1...60 as ClosedRange<UInt64> {
      var fleet = Fleet(
        seed: seed, vcenters: 1 + Int(seed % 3), vms: 1 + Int(seed % 7),
        logins: Self.entries(1 + Int(seed % 3), digest: 1, directory: directory),
        maxInFlight: [1, 2, 64][Int(seed % 3)])
      fleet.latency = .milliseconds([5, 300, 15_000][Int(seed / 3 % 3)])
      fleet.start()
      Self.shake(&fleet, steps: 60, directory: directory)
      #expect(fleet.refused.count <= (directory ? 2 : 3), "seed \(seed)")
      #expect(fleet.violations.isEmpty, "seed \(seed): \(fleet.violations.first ?? "")")
      most = max(most, fleet.refused.count)
    }
    // The bound is reached, so that it means something.
    #expect(most == (directory ? 2 : 3))
  }

  @Test("A secret that is rotated in the directory while we run", arguments: 0..<2)
  func rotated(_ kind: Int) {
    let directory = kind == 0
    let allowed = directory ? 2 : 3
    var most = 0
    for seed in 1...60 as ClosedRange<UInt64> {
      var fleet = Fleet(
        seed: seed, vcenters: 1 + Int(seed % 3), vms: 2 + Int(seed % 30),
        logins: Self.entries(1 + Int(seed % 3), digest: 1, directory: directory))
      fleet.latency = .milliseconds([5, 300, 15_000][Int(seed / 3 % 3)])
      fleet.right[Self.user] = 1
      fleet.start()
      Self.shake(&fleet, steps: 10, directory: directory)
      #expect(fleet.refused.isEmpty)
      fleet.right[Self.user] = 2
      let crashes = seed % 2 == 0
      Self.shake(&fleet, steps: 60, directory: directory, crashes: crashes)
      // What was in flight when the first refusal came cannot be called back: the cap bounds it. A crash that hides those
      // adds them once; every life after it proves nothing.
      let first = fleet.refused.first?.at ?? 0
      let atOnce = fleet.refused.count { $0.at <= first + fleet.latency.nanoseconds * 6 / 5 }
      if directory { #expect(atOnce <= 4 + (crashes ? allowed : 0), "seed \(seed)") }
      let bound = max(allowed, atOnce + (crashes ? allowed : 0))
      #expect(fleet.refused.count <= bound, "seed \(seed): \(fleet.refused.count) > \(bound)")
      #expect(fleet.violations.isEmpty, "seed \(seed): \(fleet.violations.first ?? "")")
      most = max(most, fleet.refused.count)
    }
    #expect(most >= allowed)
  }

  @Test("Two wrong secrets of one account, whose entries come and go, are refused twice each at most")
  func twoSecrets() {
    for seed in 1...60 as ClosedRange<UInt64> {
      let a = Self.entries(1, digest: 1, directory: true, "a")
      let b = Self.entries(1, digest: 2, directory: false, "b")
      var fleet = Fleet(seed: seed, vms: 6, logins: a + b)
      fleet.start()
      fleet.run(.seconds(Int64(fleet.draw(120))))
      let bothLoaded = fleet.refused.count
      #expect(bothLoaded <= 2, "seed \(seed)")
      for _ in 0..<40 {
        switch fleet.draw(5) {
        case 0: fleet.reload(a)
        case 1: fleet.reload(b)
        case 2: fleet.reload(a + b)
        case 3: fleet.crash()
        default: break
        }
        fleet.run(.milliseconds(10 + fleet.draw(20_000)))
      }
      for digest in [1, 2] as [UInt64] {
        #expect(fleet.refused.count { $0.digest == digest } <= 2, "seed \(seed)")
      }
      #expect(fleet.violations.isEmpty, "seed \(seed): \(fleet.violations.first ?? "")")
    }
  }

  @Test(
    "A VM that gets another uuid refuses a login once all the same (simulation seed 5398)", arguments: [false, true])
  func otherUUIDs(crashes: Bool) {
    var fleet = Fleet(seed: 1, vms: 3, logins: Self.entries(2, digest: 1, directory: false))
    fleet.right[Self.user] = 1
    fleet.badVMs = ["vm-0-1"]
    fleet.start()
    // Those in between accept the login: its row ends each time, and the account of the one guest would be locked.
    for n in 0..<6 {
      fleet.run(.seconds(900))
      fleet.uuids["vm-0-1"] = "uuid-\(n)"
      if crashes { fleet.crash() }
    }
    #expect(fleet.refused.map(\.vm) == ["vm-0-1"])
    #expect(fleet.violations.isEmpty, "\(fleet.violations.first ?? "")")
    // What an operator opens is open under the uuid that it has by now, once.
    fleet.badVMs = []
    fleet.retry(LoginID("login0"))
    fleet.run(.seconds(900))
    #expect(fleet.uses.last { $0.vm == "vm-0-1" }?.taken == true)
    fleet.uuids["vm-0-1"] = "uuid-6"
    fleet.run(.seconds(900))
    let last = fleet.time - Duration.seconds(120).nanoseconds
    #expect(fleet.uses.contains { $0.vm == "vm-0-1" && $0.at > last })
  }

  @Test("Bad VMs are left alone one by one, and the others are watched all the time (L3)")
  func badVMs() {
    for seed in 1...20 as ClosedRange<UInt64> {
      var fleet = Fleet(
        seed: seed, vcenters: 2, vms: 20, logins: Self.entries(2, digest: 1, directory: seed % 2 == 0))
      fleet.right[Self.user] = 1
      fleet.start()
      fleet.run(.seconds(120))
      // One after the other: two that refuse at the same moment stop a directory account.
      for vm in ["vm-0-3", "vm-1-7", "vm-0-11"] {
        fleet.badVMs.insert(vm)
        fleet.run(.seconds(200))
      }
      #expect(fleet.violations.isEmpty, "seed \(seed): \(fleet.violations.first ?? "")")
      #expect(fleet.refused.count == 3, "seed \(seed)")
      #expect(!fleet.reports.contains { $0.kind == .loginStopped }, "seed \(seed)")
      #expect(fleet.reports.count { $0.kind == .loginBelieved } == 3, "seed \(seed)")
      for vm in fleet.places.flatMap(\.vms) where !fleet.badVMs.contains(vm) {
        let surveys = fleet.uses.count { $0.vm == vm && $0.at > fleet.time - 130_000_000_000 }
        #expect(surveys >= 4, "seed \(seed): \(vm) \(surveys)")
      }
    }
  }
}
