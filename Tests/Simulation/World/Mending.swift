import GuestWatchCore
import VCenterModel

/// What was broken is mended.
extension World {
  mutating func mend(_ mending: Mending) throws(Violation) {
    note("* mended: \(mending)")
    let at = modelTime
    switch mending {
    case .switchOn(let guest):
      if let (s, moid) = homes[guest] { servers[s].model.switchOn(moid, at: at) }
    case .resume(let guest):
      if let (s, moid) = homes[guest] { servers[s].model.resumeVM(moid, at: at) }
    case .tools(let guest):
      update(guest) {
        if $0.facts.tools == .notRunning { $0.facts.tools = .running }
        $0.facts.ready = true
        $0.busy = false
      }
    case .scripts(let guest): update(guest) { if $0.facts.tools == .executingScripts { $0.facts.tools = .running } }
    case .login(let guest):
      let passwords = passwords
      // These are new accounts: nobody was refused by them yet.
      for user in passwords.keys { toldRefusals[World.accountKey(user, guest)] = nil }
      update(guest) { machine in
        for i in machine.accounts.indices {
          let account = machine.accounts[i]
          machine.accounts[i] = GuestAccount(
            user: account.user, password: passwords[account.user] ?? "", superuser: account.superuser)
        }
      }
    case .name(let guest, let name): update(guest) { $0.facts.name = name }
    case .family(let guest):
      let isWindows = homes[guest].flatMap { servers[$0.server].model.guest($0.moid) }?.settings.base
        .contains { $0.name == "smss.exe" }
      update(guest) { $0.facts.family = isWindows == true ? .windows : .linux }
    case .hiding(let guest):
      if let (s, moid) = homes[guest] { servers[s].model.withGuest(moid) { $0.hideOthers(false, at: at) } }
    case .connection(let guest): update(guest) { $0.facts.connection = .connected }
    // Once everything has healed each VM has a uuid of its own, which stays.
    case .uuid(let guest, let uuid): if hasFaults { update(guest) { $0.facts.instanceUUID = uuid } }
    case .enabled(let guest): update(guest) { $0.disabled = [] }
    case .placeName(let server, let folder, let name): servers[server].model.places.rename(folder, to: name)
    case .places(let server): servers[server].denied = []
    case .back(let guest): comeBack(limbo: guest)
    case .up(let server): servers[server].isDown = false
    case .well(let server): servers[server].sick = nil
    case .vcenterLogin(let server), .privilege(let server):
      servers[server].model.setAccount(VCenterAccount(user: "svc", password: vcenterPasswords[server]))
    case .date(let server): servers[server].dateShift = 0
    case .slew: setSlew(0)
    case .disk: isDiskFull = false
    case .pauses: if isRunning { try tell(.asked(.resume(rule: nil, vms: nil))) }
    case .dryRun:
      configuration.dryRun = false
      if isRunning { try tell(.configured(configuration)) }
    case .secrets:
      reenterSecrets()
      if isRunning { try tell(.configured(configuration)) }
    }
    try takeTruths()
  }

  private mutating func update(_ guest: Int, _ change: (inout VirtualMachine) -> Void) {
    if let (s, moid) = homes[guest] { servers[s].model.update(moid, change) }
  }

  /// Everything that may still be broken is mended, and nothing breaks any more.
  mutating func mendAll() throws(Violation) {
    for guest in limbo.map(\.number) { comeBack(limbo: guest) }
    for guest in homes.keys.sorted() {
      for mending in [
        Mending.switchOn(guest), .resume(guest), .tools(guest), .scripts(guest), .login(guest), .hiding(guest),
        .connection(guest), .enabled(guest),
      ] {
        try mend(mending)
      }
    }
    // What has no uuid, or one that is there twice, is not watched: each gets one of its own.
    for s in servers.indices {
      var seen = Set<String>()
      for facts in servers[s].model.allFacts
      where !seen.insert(facts.instanceUUID ?? "").inserted || facts.instanceUUID == nil {
        uuids += 1
        let uuid = "healed-\(uuids)"
        servers[s].model.update(facts.moid) { $0.facts.instanceUUID = uuid }
      }
      for mending in [Mending.up(server: s), .well(server: s), .privilege(server: s)] { try mend(mending) }
      if servers[s].dateShift != nil { try mend(.date(server: s)) }
      try mend(.places(server: s))
    }
    // An account that no guest has is a mistake of the operator's: it is put right.
    for (digest, credential) in credentials where credential.user == "GuestWatch" {
      credentials[digest]?.user = "guestwatch"
    }
    let isNarrow =
      configuration.vcenters.contains { $0.maxInFlight < 4 } || configuration.logins.contains { $0.maxInFlight < 4 }
    if homes.count > 2, !isNarrow, random.chance(0.15), let guest = random.pick(homes.keys.sorted()) {
      note("* guest \(guest) answers nothing any more")
      bad.insert(guest)
    }
    try mend(.slew)
    try mend(.disk)
    wakeHost()
    // By then a daemon runs again, if none does now.
    agenda.enter(.mend(.pauses), at: clock + 20 * Span.minute)
  }
}
