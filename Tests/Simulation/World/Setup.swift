import GuestWatchCore
import VCenterModel

/// What a seed draws before it begins: vCenters and their VMs.
struct Setup {
  var mix: Mix
  var count: Int
  /// How often most rules look.
  var every: Duration
  /// The most processes that a guest of this seed grows to.
  var crowd: Int
  var servers: [Server] = []
  var nextGuest = 1

  /// Accounts that there are, and what is right in the beginning. The words of the passwords appear nowhere else.
  static let passwords = [
    "guestwatch": "canary-local-1", "alice": "canary-plain-1", #"lab\watch"#: "canary-directory-1",
    "watch@lab.example": "canary-directory-1",
  ]

  init(_ mix: Mix, at now: ModelTime, seed: UInt64, _ random: inout Seeded) {
    self.mix = mix
    if random.chance(0.02) {
      every = .seconds(random.between(1...9))
      count = 1 + random.below(2)
    } else {
      every = .seconds(random.pick(10, 12, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 420, 600))
      count = 1 + random.below(20)
    }
    // What has gone is seen to be gone before it comes back; a swarm does not last long.
    if mix.focus == .snapshots || mix.focus == .swarms { every = min(every, .seconds(60)) }
    crowd = random.pick(12, 20, 35, 50)
    let vcenters = count < 2 || random.chance(0.7) ? 1 : 2 + random.below(2)
    // vCenters number their VMs each for itself; two of them may even know VMs of the same uuid.
    let sharesMoids = random.chance(0.5)
    let sharesUUIDs = random.chance(0.3)
    for s in 0..<vcenters {
      let release: Release = random.pick(.v8u3, .v8u3, .v8u3, .v8u3, .v8u2, .v8u1, .v7u3)
      servers.append(
        Server(
          model: VCenterModel(
            settings: VCenterModel.Settings(
              release: release, instanceUUID: "vc-\(s + 1)",
              idleLimit: random.pick(5, 30, 120) * Span.minute, pageSize: random.pick(2, 100),
              answersDeadSessions: random.chance(0.5), overlap: .waits, seed: seed &+ UInt64(s),
              firstCall: UInt64(s) << 40 + 1),
            accounts: [VCenterAccount(user: "svc", password: "canary-vcenter-1")]),
          dateShift: random.chance(0.2) ? nil : 0))
      for (user, password) in [(#"LAB\watch"#, "canary-directory-1"), ("watch@lab.example", "canary-directory-1")] {
        servers[s].model.setDirectoryAccount(GuestAccount(user: user, password: password, lockoutAfter: 5))
      }
    }
    for i in 0..<count {
      let s = random.below(vcenters)
      let number = servers[s].model.machineCount + 1
      let machine = machine(
        moid: sharesMoids || s == 0 ? "vm-\(number)" : "vm-\(s)0\(number)",
        name: random.pick("web-\(i)", "web-\(i)", "db-\(i)", "other-\(i)"),
        uuid: sharesUUIDs ? "instance-\(number)" : "instance-\(s)-\(number)", at: now, &random)
      servers[s].model.add(machine)
    }
    for s in servers.indices { placeEverything(s, &random) }
  }

  private mutating func machine(
    moid: String, name: String, uuid: String, at now: ModelTime, _ random: inout Seeded
  ) -> VirtualMachine {
    var facts = VirtualMachine.Facts(
      moid: moid, name: name, instanceUUID: uuid, biosUUID: Setup.biosUUID(nextGuest), family: .linux)
    let isWindows = random.chance(0.25)
    if isWindows { facts.family = .windows }
    if random.chance(0.06) { facts.family = random.pick(nil, .other, .solaris) }
    if mix.focus == .strangers, random.chance(0.7) { facts.family = nil }
    if random.chance(0.04) { facts.template = true }
    if random.chance(0.04) { facts.managedBy = VirtualMachine.ManagedBy(extensionKey: "com.vmware.vcls", type: "x") }
    let booted = now.advanced(by: -random.between(400...40_000) * Span.second)
    facts.bootTime = random.chance(0.05) ? nil : booted.wall
    let pids: ClosedRange<Int64> =
      mix.quickReuse ? 300...(Int64(random.pick(362, 420, 555)) + Int64(random.below(20))) : 300...4000
    let settings = SyntheticGuest.Settings(
      number: nextGuest, pids: mix.focus == .swarms ? 300...30_000 : pids,
      pidRest: mix.quickReuse ? 0 : 26 * Span.second,
      base: isWindows ? SyntheticGuest.Settings.windows : SyntheticGuest.Settings.linux,
      hidesOthers: random.chance(0.1))
    nextGuest += 1
    return VirtualMachine(
      facts: facts, accounts: Setup.accounts,
      guest: .synthetic(
        SyntheticGuest(
          settings: settings, bootedAt: booted,
          clockOffset: random.chance(0.4) ? random.between(-90_000...90_000) * Span.millisecond : 0)),
      usesDirectory: true)
  }

  static func biosUUID(_ guest: Int) -> String {
    let digits = String(guest, radix: 16)
    return "42000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.utf8.count) + digits
  }

  static var accounts: [GuestAccount] {
    [
      GuestAccount(user: "guestwatch", password: "canary-local-1"),
      GuestAccount(user: "alice", password: "canary-plain-1", superuser: false),
    ]
  }
}
