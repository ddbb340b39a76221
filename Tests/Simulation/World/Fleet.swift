import GuestWatchCore
import VCenterModel

/// A quiet fleet, to measure how fast decision, model and checker go together: many VMs, hardly anything wrong.
public struct Fleet: Hashable, Sendable {
  public var machines: Int
  /// In each guest.
  public var processes: Int
  public var every: Duration
  /// Virtual hours.
  public var hours: Int

  public init(machines: Int = 100, processes: Int = 50, every: Duration = .seconds(300), hours: Int = 24) {
    self.machines = machines
    self.processes = processes
    self.every = every
    self.hours = hours
  }

  static let mix = Mix()

  func setup(at now: ModelTime, _ random: inout Seeded) -> Setup { Setup(fleet: self, at: now, &random) }

  /// Three rules that everybody has: a runaway job, too many of something, what is forbidden.
  func configure(_ world: inout World) throws(Glob.Mistake) {
    let login = LoginID("root")
    func rule(_ id: String, _ name: String, _ limits: Limits) throws(Glob.Mistake) -> Rule {
      Rule(
        id: RuleID(id), login: login, scope: Scope(names: [try Glob("*")]), match: Match(names: [try Glob(name)]),
        limits: limits, lasting: .seconds(60), every: every, action: .terminate)
    }
    world.configuration = Configuration(
      budget: FleetBudget(kills: 1_000, perVM: 50, within: .seconds(3_600)),
      vcenters: [
        world.entry(
          VCenterID("vc1"), Entrance(server: 0, user: "svc", password: world.vcenterPasswords[0]), maxInFlight: 64)
      ],
      logins: [
        world.entry(
          LoginEntry(id: login, account: "guestwatch"),
          GuestCredential(user: "guestwatch", password: world.passwords["guestwatch"] ?? ""))
      ],
      rules: [
        try rule("old", "backup", .bounded(maxAge: .seconds(7_200), maxInstances: nil)),
        try rule("many", "java*", .bounded(maxAge: nil, maxInstances: MaxInstances(count: 3))),
        try rule("never", "miner", .forbidden),
      ])
  }

  /// Services that stay, and now and then a runaway.
  func populate(_ world: inout World) {
    let at = world.modelTime
    for guest in world.homes.keys.sorted() {
      guard let (s, moid) = world.homes[guest] else { continue }
      world.servers[s].model.withGuest(moid) { guest in
        for i in guest.processes.count..<processes {
          guest.spawn(Spawn(name: "service-\(i)", owner: "svc", command: "/usr/sbin/service-\(i) --foreground"), at: at)
        }
      }
      for hour in 0..<hours where world.random.chance(0.05) {
        let name = world.random.pick("backup", "miner", "java")
        world.agenda.enter(
          .runaway(guest: guest, name: name),
          at: world.clock + (Int64(hour) * 3_600 + world.random.between(0...3_599)) * Span.second)
      }
    }
    world.agenda.enter(.end, at: world.clock + Int64(hours) * Span.hour)
  }
}

extension World {
  /// A world for measuring.
  public init(seed: UInt64, fleet: Fleet) throws {
    try self.init(seed: seed, fleet: fleet, kept: 60, loud: false, rendered: false, hours: nil, ignoring: [])
  }

  mutating func runAway(_ guest: Int, _ name: String) {
    guard let (s, moid) = homes[guest] else { return }
    let at = modelTime
    servers[s].model.withGuest(moid) { guest in
      for _ in 0..<(name == "java" ? 5 : 1) {
        guest.spawn(Spawn(name: name, owner: "alice", command: "/opt/\(name) --run"), at: at)
      }
    }
  }
}

extension Setup {
  fileprivate init(fleet: Fleet, at now: ModelTime, _ random: inout Seeded) {
    mix = Fleet.mix
    count = fleet.machines
    every = fleet.every
    crowd = fleet.processes
    var model = VCenterModel(
      settings: VCenterModel.Settings(instanceUUID: "vc-1", idleLimit: Span.hour, pageSize: 100, overlap: .waits),
      accounts: [VCenterAccount(user: "svc", password: "canary-vcenter-1")])
    for i in 1...fleet.machines {
      let booted = now.advanced(by: -random.between(40_000...400_000) * Span.second)
      let facts = VirtualMachine.Facts(
        moid: "vm-\(i)", name: "web-\(i)", instanceUUID: "instance-\(i)", biosUUID: "bios-\(i)", family: .linux,
        bootTime: booted.wall)
      let settings = SyntheticGuest.Settings(number: i, pids: 300...4000, pidRest: 26 * Span.second)
      model.add(
        VirtualMachine(
          facts: facts, accounts: Setup.accounts,
          guest: .synthetic(SyntheticGuest(settings: settings, bootedAt: booted))))
    }
    servers = [Server(model: model)]
    nextGuest = fleet.machines + 1
  }
}
