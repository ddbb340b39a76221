import GuestWatchCore
import VCenterModel

/// A vCenter of the world, and what is wrong with it.
struct Server {
  var model: VCenterModel
  /// Nobody listens.
  var isDown = false
  /// A proxy in front of it answers every call with that.
  var sick: Fault?
  /// How far its `Date` is off, in nanoseconds; nil: it says none.
  var dateShift: Int64? = 0
  /// Its VM folders, hosts and tags by id, for VMs to be put into.
  var folders: [String] = []
  var hosts: [String] = []
  var tags: [String] = []
  /// What our account may not read for a while. Never iterated.
  var denied: Set<Selector> = []
}

/// What an entry of the configuration leads to. Found by the digest of the entry.
struct Entrance: Hashable {
  var server: Int
  var user: String
  var password: String
}

/// The daemon's client for one digest: its sessions.
struct Link {
  var digest: UInt64
  var vi: String?
  var rest: String?
  /// The login was refused: only the next inventory tries again.
  var isRefused = false
}

/// A VM as it is now, where the daemon would find it.
struct Place {
  var server: Int
  var moid: String
  var guest: Int
  /// By the first entry of the configuration that leads there, and by every one.
  var address: VMAddress
  var addresses: [VMAddress]
  var facts: VMFacts
  /// The vCenter has VI JSON.
  var canTerminate: Bool
}

extension World {
  /// Every VM that an entry of the configuration leads to.
  var places: [Place] {
    var places: [Place] = []
    for s in servers.indices {
      let entries = configuration.vcenters.filter { entrances[$0.digest]?.server == s }.map(\.id)
      guard let first = entries.first else { continue }
      for facts in servers[s].model.allFacts {
        places.append(
          Place(
            server: s, moid: facts.moid, guest: guestNumber(s, facts.moid),
            address: VMAddress(vcenter: first, moid: facts.moid),
            addresses: entries.map { VMAddress(vcenter: $0, moid: facts.moid) }, facts: Wire.facts(facts),
            canTerminate: servers[s].model.settings.release.hasVIJSON))
      }
    }
    return places
  }

  /// How many there are.
  var placeCount: Int {
    servers.indices.reduce(0) { count, s in
      let leads = configuration.vcenters.contains { entrances[$0.digest]?.server == s }
      return leads ? count + servers[s].model.machineCount : count
    }
  }

  /// True where the daemon may be held to its promises there: one entry leads to it, it answers, it is not the daemon's own
  /// machine, and the rule's login may be sent to it.
  func isFair(_ place: Place, _ rule: Rule) -> Bool {
    if place.addresses.count != 1 || bad.contains(place.guest) { return false }
    if let own = configuration.ownMachine, place.facts.biosUUID == own { return false }
    guard let login = configuration.logins.first(where: { $0.id == rule.login }) else { return false }
    return login.scope.map { OwnRules.stands(in: $0, place.facts) { holds($0, place) } == true } ?? true
  }

  func guest(at place: Place) -> SyntheticGuest? { servers[place.server].model.guest(place.moid) }

  mutating func spawn(_ spawn: Spawn, at place: Place) -> GuestProcess? {
    let at = modelTime
    return servers[place.server].model.withGuest(place.moid) { $0.spawn(spawn, at: at) } ?? nil
  }

  func guestNumber(_ server: Int, _ moid: String) -> Int {
    servers[server].model.look(at: moid) { $0.settings.number } ?? 0
  }

  /// Where the VM with that guest is now; nil: it was deleted, or is in no vCenter for a while.
  func whereabouts(_ guest: Int) -> (server: Int, moid: String)? { homes[guest] }

  /// Some VM of some vCenter; nil: there is none.
  mutating func anyMachine() -> (server: Int, moid: String)? {
    let count = servers.reduce(0) { $0 + $1.model.machineCount }
    guard count > 0 else { return nil }
    var n = random.below(count)
    for s in servers.indices {
      let here = servers[s].model.machineCount
      if n < here { return (s, servers[s].model.moids[n]) }
      n -= here
    }
    return nil
  }

  // MARK: secrets

  /// The digest by which the configuration names a secret that the operator entered.
  static func digest(_ words: String...) -> UInt64 {
    var digest = Digest()
    for word in words { digest.add(word) }
    return digest.value
  }

  mutating func entry(_ id: VCenterID, _ entrance: Entrance, maxInFlight: Int) -> VCenterEntry {
    let digest = World.digest("vcenter", "\(entrance.server)", entrance.user, entrance.password, "\(secretsEntered)")
    entrances[digest] = entrance
    return VCenterEntry(id: id, maxInFlight: maxInFlight, digest: digest)
  }

  mutating func entry(_ old: LoginEntry, _ credential: GuestCredential) -> LoginEntry {
    var entry = old
    entry.account = credential.user.lowercased()
    entry.digest = World.digest("login", credential.user, credential.password, "\(secretsEntered)")
    credentials[entry.digest] = credential
    return entry
  }

  /// The operator enters every password anew, as it is now.
  mutating func reenterSecrets() {
    secretsEntered += 1
    // A secret that is entered is one more chance, and who enters it answers for that.
    toldRefusals = [:]
    for i in configuration.logins.indices {
      guard let old = credentials[configuration.logins[i].digest] else { continue }
      configuration.logins[i] = entry(
        configuration.logins[i],
        GuestCredential(user: old.user, password: passwords[old.user.lowercased()] ?? old.password))
    }
    for i in configuration.vcenters.indices {
      let old = configuration.vcenters[i]
      guard var entrance = entrances[old.digest] else { continue }
      entrance.password = vcenterPasswords[entrance.server]
      configuration.vcenters[i] = entry(old.id, entrance, maxInFlight: old.maxInFlight)
    }
  }
}
