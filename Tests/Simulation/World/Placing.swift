import GuestWatchCore
import VCenterModel

/// Folders, clusters and tags of the worlds, and where VMs really stand.
enum Landmarks {
  static let folders = ["web", "db", "prod", "/Datacenter/vm/prod/db", "/Datacenter/vm/web", "test"]
  static let clusters = ["Cluster", "c2"]
  static let tags = ["env:prod", "env:test", "ops:hands-off", "login:ok"]
  /// What no vCenter has.
  static let nowhere: [Selector] = [
    .folder("attic"), .folder("/Datacenter/vm/attic"), .cluster("c9"), .tag("env:none"),
  ]
}

extension Setup {
  /// Two folders of one name in some vCenters, a second cluster, and tags; the VMs somewhere in that.
  mutating func placeEverything(_ s: Int, _ random: inout Seeded) {
    var places = servers[s].model.places
    var folders = [Places.firstVMFolder]
    for name in ["web", "test"] where random.chance(0.9) { folders.append(places.addFolder(name) ?? "") }
    if let prod = places.addFolder("prod") {
      folders += [prod, places.addFolder("db", below: prod) ?? prod]
    }
    if random.chance(0.3) { folders.append(places.addFolder("db") ?? "") }
    var hosts = [Places.firstHost]
    if random.chance(0.8), let cluster = places.addCluster("c2") {
      hosts.append(places.addHost("esx-2.example.com", to: cluster) ?? Places.firstHost)
    }
    servers[s].model.places = places
    var tags: [String] = []
    for name in Landmarks.tags where random.chance(0.9) {
      let parts = name.split(separator: ":").map(String.init)
      let category =
        servers[s].model.tags.categories.first { $0.name == parts[0] }?.id
        ?? servers[s].model.tags.addCategory(parts[0]) ?? ""
      tags.append(servers[s].model.tags.addTag(parts[1], to: category) ?? "")
    }
    servers[s].folders = folders.filter { !$0.isEmpty }
    servers[s].hosts = hosts
    servers[s].tags = tags.filter { !$0.isEmpty }
    for moid in servers[s].model.moids {
      servers[s].model.move(moid, toFolder: random.pick(servers[s].folders) ?? Places.firstVMFolder)
      servers[s].model.move(moid, toHost: random.pick(servers[s].hosts) ?? Places.firstHost)
      for tag in servers[s].tags where random.chance(0.3) { servers[s].model.attach(tag, to: moid) }
    }
  }
}

extension Server {
  /// Which VMs a selector holds, as this vCenter would answer.
  func resolve(_ selector: Selector) -> Result<Set<String>, Unresolved> {
    if denied.contains(selector) { return .failure(Unresolved(.denied)) }
    func only(_ found: [String]) -> Result<String, Unresolved> {
      if let first = found.first, found.count == 1 { return .success(first) }
      return .failure(Unresolved(found.isEmpty ? .unknown : .ambiguous))
    }
    let hasVIJSON = model.settings.release.hasVIJSON
    switch selector {
    case .folder(let text):
      guard hasVIJSON else { return .failure(Unresolved(.unsupported)) }
      return only(model.places.folders(called: text)).map { Set(model.vms(below: $0)) }
    case .cluster(let name):
      return only(model.places.clusters(called: name)).map { Set(model.vms(inCluster: $0)) }
    case .tag(let text):
      guard hasVIJSON else { return .failure(Unresolved(.unsupported)) }
      return only(model.tags.tags(called: text)).map { Set(model.vms(taggedWith: $0)) }
    }
  }

  struct Unresolved: Error {
    var trouble: SelectorTrouble
    init(_ trouble: SelectorTrouble) { self.trouble = trouble }
  }
}

extension World {
  /// Whether a selector holds a VM in truth; nil: its vCenter would not say.
  func holds(_ selector: Selector, _ place: Place) -> Bool? {
    switch servers[place.server].resolve(selector) {
    case .success(let vms): vms.contains(place.moid)
    case .failure: nil
    }
  }

  /// The same for `[protect] vms`: what another vCenter has, and that one is asked for, is simply not in this one.
  func mayHold(_ selector: Selector, _ place: Place) -> Bool? {
    if let known = holds(selector, place) { return known }
    if case .tag = selector { return nil }
    guard case .failure(let here) = servers[place.server].resolve(selector), here.trouble == .unknown else {
      return nil
    }
    let isElsewhere = configuration.vcenters.contains { entry in
      guard configuration.rules.contains(where: { $0.vcenters?.contains(entry.id) ?? true }),
        let server = entrances[entry.digest]?.server
      else { return false }
      switch servers[server].resolve(selector) {
      case .success: return true
      case .failure(let there): return there.trouble == .ambiguous
      }
    }
    return isElsewhere ? false : nil
  }

  // MARK: changes

  /// VMs are moved, tags come and go, places are renamed or may not be read for a while.
  mutating func displace(_ trouble: Trouble, _ server: Int, _ moid: String) {
    switch trouble {
    case .relocate:
      if random.chance(0.7) {
        servers[server].model.move(moid, toFolder: random.pick(servers[server].folders) ?? Places.firstVMFolder)
      } else {
        servers[server].model.move(moid, toHost: random.pick(servers[server].hosts) ?? Places.firstHost)
      }
    case .retag:
      guard let tag = random.pick(servers[server].tags) else { return }
      if servers[server].model.vms(taggedWith: tag).contains(moid) {
        servers[server].model.detach(tag, from: moid)
      } else {
        servers[server].model.attach(tag, to: moid)
      }
    case .renamePlace:
      guard let folder = random.pick(Array(servers[server].folders.dropFirst())),
        let name = servers[server].model.places.folder(folder)?.name, !name.hasPrefix("old-")
      else { return }
      servers[server].model.places.rename(folder, to: "old-\(name)")
      after(30...1_200, .placeName(server: server, folder, name))
    case .denyPlace:
      servers[server].denied.insert(drawSelector())
      after(30...1_200, .places(server: server))
    case .agentRestart, .guestClockStep, .guestClockDrift, .hiding, .fork, .scripts, .reboot, .suspend, .revert,
      .snapshot, .tools, .rename, .family, .hostCutOff, .delete, .clone, .reregister, .newUUID, .twinUUID, .noUUID,
      .move, .login, .rotation, .vcenterLogin, .privilege, .disabled, .down, .sick, .sessionsEnd, .guestSessionsEnd,
      .date, .hostClockStep, .hostSlew, .hostSuspend, .hostReboot, .diskFull, .gracefulRestart, .kill, .reload,
      .request:
      break
    }
  }

  mutating func drawSelector() -> Selector {
    if random.chance(0.06), let nowhere = random.pick(Landmarks.nowhere) { return nowhere }
    switch random.below(5) {
    case 0, 1: return .folder(random.pick(Landmarks.folders) ?? "web")
    case 2: return .cluster(random.pick(Landmarks.clusters) ?? "c2")
    default: return .tag(random.pick(Landmarks.tags) ?? "env:prod")
    }
  }

  /// Adds one key, or two, of folders, clusters and tags.
  mutating func addSelectors(to scope: inout Scope) {
    for _ in 0..<(random.chance(0.8) ? 1 : 2) {
      switch drawSelector() {
      case .folder(let name): scope.folders = (scope.folders ?? []) + [name]
      case .cluster(let name): scope.clusters = (scope.clusters ?? []) + [name]
      case .tag(let name): scope.tags = (scope.tags ?? []) + [name]
      }
    }
  }
}
