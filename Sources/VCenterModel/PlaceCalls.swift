import OrderedCollections

/// The lists of `/api/vcenter` that turn names into ids (vsphere-api.md 3.13).
public enum PlaceCall: Hashable, Sendable {
  /// `GET /api/vcenter/datacenter`.
  case datacenters(PlaceFilter)
  /// `GET /api/vcenter/folder`.
  case folders(PlaceFilter)
  /// `GET /api/vcenter/cluster`.
  case clusters(PlaceFilter)
  /// `GET /api/vcenter/host`.
  case hosts(PlaceFilter)
  /// `GET /api/vcenter/resource-pool`: the one root pool of each cluster.
  case resourcePools(PlaceFilter)
}

/// The filters of these lists: ORed within one, ANDed across. Empty: not given. Each list has some of them.
public struct PlaceFilter: Hashable, Sendable {
  /// Of what is listed.
  public var ids: [String] = []
  public var names: [String] = []
  /// That it lies in, directly.
  public var folders: [String] = []
  public var datacenters: [String] = []
  public var clusters: [String] = []
  public var hosts: [String] = []
  /// `type` of folders.
  public var kind: Places.Folder.Kind?

  public init() {}
}

/// One line of such a list.
public struct PlaceSummary: Hashable, Sendable {
  public var moid: String
  public var name: String
  /// `type` of a folder.
  public var kind: Places.Folder.Kind?
}

extension VCenterModel {
  /// The most lines of a list.
  static let placeCap = 1000
  static let hostCap = 2500

  func list(_ call: PlaceCall) throws(ModelError) -> [PlaceSummary] {
    let found: [PlaceSummary]
    var cap = VCenterModel.placeCap
    switch call {
    case .datacenters(let filter):
      found = places.datacenters.filter { filter.fits($0.moid, $0.name, folder: $0.parent) }
        .map { PlaceSummary(moid: $0.moid, name: $0.name) }
    case .folders(let filter):
      found = places.folders.filter { folder in
        (filter.kind == nil || filter.kind == folder.kind)
          && filter.fits(
            folder.moid, folder.name, folder: folder.parent ?? "", datacenter: places.datacenter(of: folder.moid))
      }.map { PlaceSummary(moid: $0.moid, name: $0.name, kind: $0.kind) }
    case .clusters(let filter):
      found = places.clusters.filter {
        filter.fits($0.moid, $0.name, folder: $0.parent, datacenter: places.datacenter(of: $0.parent))
      }.map { PlaceSummary(moid: $0.moid, name: $0.name) }
    case .hosts(let filter):
      cap = VCenterModel.hostCap
      found = places.hosts.filter { host in
        let folder = places.cluster(host.cluster)?.parent ?? ""
        return filter.fits(
          host.moid, host.name, folder: folder, datacenter: places.datacenter(of: folder), cluster: host.cluster)
      }.map { PlaceSummary(moid: $0.moid, name: $0.name) }
    case .resourcePools(let filter):
      found = places.clusters.filter { cluster in
        filter.fits(
          cluster.resourcePool, "Resources", folder: cluster.parent, datacenter: places.datacenter(of: cluster.parent),
          cluster: cluster.moid, hosts: places.hosts(in: cluster.moid))
      }.map { PlaceSummary(moid: $0.resourcePool, name: "Resources") }
    }
    guard found.count <= cap else { throw .tooMany }
    return found
  }

  /// True where a VM passes the filters of `GET /api/vcenter/vm` that speak of places. UNVERIFIED whether a folder stands
  /// for those below it, too: here it does not.
  func fits(_ facts: VirtualMachine.Facts, _ filter: VMFilter) -> Bool {
    let cluster = places.host(facts.host).flatMap { places.cluster($0.cluster) }
    func passes(_ wanted: [String], _ value: String?) -> Bool { wanted.isEmpty || value.map(wanted.contains) == true }
    return passes(filter.folders, facts.folder) && passes(filter.hosts, facts.host)
      && passes(filter.clusters, cluster?.moid) && passes(filter.resourcePools, cluster?.resourcePool)
      && passes(filter.datacenters, places.datacenter(of: facts.folder))
  }
}

extension PlaceFilter {
  fileprivate func fits(
    _ moid: String, _ name: String, folder: String, datacenter: String? = nil, cluster: String? = nil,
    hosts on: Set<String> = []
  ) -> Bool {
    (ids.isEmpty || ids.contains(moid)) && (names.isEmpty || names.contains(name))
      && (folders.isEmpty || folders.contains(folder))
      && (datacenters.isEmpty || datacenter.map(datacenters.contains) == true)
      && (clusters.isEmpty || cluster.map(clusters.contains) == true)
      && (hosts.isEmpty || hosts.contains(moid) || hosts.contains(where: on.contains))
  }
}
