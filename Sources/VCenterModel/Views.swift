import OrderedCollections

/// What a container view shows (`ViewManager.CreateContainerView`): all objects of some types below a container.
public struct ViewQuery: Hashable, Sendable {
  /// A folder, datacenter, cluster or host.
  public var container: ObjectID
  /// Of `VirtualMachine`, `Folder`, `Datacenter`, `ClusterComputeResource` and `HostSystem`; empty: all of them.
  public var types: [String]

  public init(container: ObjectID, types: [String]) {
    self.container = container
    self.types = types
  }

  /// All virtual machines of the vCenter.
  public static let allVMs = ViewQuery(
    container: ObjectID(type: "Folder", id: Places.rootFolder), types: ["VirtualMachine"])

  /// The types that the model has objects of.
  public static let knownTypes = ["Datacenter", "Folder", "ClusterComputeResource", "HostSystem", "VirtualMachine"]
}

extension Request {
  /// `ViewManager.CreateContainerView` over all virtual machines from the root folder.
  public static let createContainerView = Request.createView(.allVMs)
}

/// A view and the token of the session that it dies with.
struct ContainerView: Hashable, Sendable {
  var query: ViewQuery
  var token: String
}

extension VCenterModel {
  mutating func makeView(_ query: ViewQuery, _ token: String) throws(ModelError) -> String {
    for type in query.types where !ViewQuery.knownTypes.contains(type) { throw .invalidArgument(name: "type") }
    guard isThere(query.container), query.container.type != "VirtualMachine" else {
      throw .objectNotFound(type: query.container.type, value: query.container.id)
    }
    let view = "session[52]\(nextObject)"
    nextObject += 1
    views[view] = ContainerView(query: query, token: token)
    return view
  }

  /// What a view shows now: it follows the inventory.
  func contents(ofView view: String) throws(ModelError) -> [ObjectID] {
    guard let query = views[view]?.query else { throw .objectNotFound(type: "ContainerView", value: view) }
    return contents(query)
  }

  /// True where there is an object of that type and id.
  func isThere(_ object: ObjectID) -> Bool {
    switch object.type {
    case "VirtualMachine": has(object.id)
    case "Folder": places.folder(object.id) != nil
    case "Datacenter": places.datacenter(object.id) != nil
    case "ClusterComputeResource": places.cluster(object.id) != nil
    case "HostSystem": places.host(object.id) != nil
    default: false
    }
  }

  /// All objects of the types below the container, without itself.
  func contents(_ query: ViewQuery) -> [ObjectID] {
    let moid = query.container.id
    var folders: Set<String> = []
    var clusters: Set<String> = []
    var hosts: Set<String> = []
    switch query.container.type {
    case "Folder": folders = places.folders(below: moid)
    case "Datacenter":
      if let datacenter = places.datacenter(moid) {
        folders = places.folders(below: datacenter.vmFolder).union(places.folders(below: datacenter.hostFolder))
      }
    case "ClusterComputeResource": clusters = [moid]
    case "HostSystem": hosts = [moid]
    default: break
    }
    clusters.formUnion(places.clusters.lazy.filter { folders.contains($0.parent) }.map(\.moid))
    hosts.formUnion(places.hosts.lazy.filter { clusters.contains($0.cluster) }.map(\.moid))
    // Through the folders, or through the hosts: never both, for a folder of VMs has no hosts.
    let throughHosts = !["Folder", "Datacenter"].contains(query.container.type)
    var found: [ObjectID] = []
    for type in ViewQuery.knownTypes where query.types.isEmpty || query.types.contains(type) {
      let moids: [String] =
        switch type {
        case "Datacenter": places.datacenters.filter { folders.contains($0.parent) }.map(\.moid)
        case "Folder": places.folders.map(\.moid).filter(folders.contains)
        case "ClusterComputeResource": places.clusters.map(\.moid).filter(clusters.contains)
        case "HostSystem": places.hosts.map(\.moid).filter(hosts.contains)
        case "VirtualMachine":
          allFacts.filter { throughHosts ? hosts.contains($0.host) : folders.contains($0.folder) }.map(\.moid)
        default: []
        }
      for id in moids where id != moid { found.append(ObjectID(type: type, id: id)) }
    }
    return found
  }

  /// The properties of an object, by the paths that are asked of its type; nil: it is not there any more, or nothing is
  /// asked of its type.
  func content(of object: ObjectID, _ query: PropertyQuery, asSeenBy user: String) -> ObjectContent? {
    guard let paths = query.paths(of: object.type) else { return nil }
    if object.type == "VirtualMachine" {
      return machines[object.id].map { $0.facts.content(paths, role: effectiveRole(of: user, on: $0.facts)) }
    }
    guard isThere(object) else { return nil }
    let values = paths.compactMap { path in
      value(path, of: object).map { ObjectContent.Property(path: path, value: $0) }
    }
    return ObjectContent(moid: object.id, type: object.type, values: values, missing: [])
  }

  /// The paths of the types that are no VMs.
  static let placePaths: [String: Set<String>] = [
    "Folder": ["name", "parent", "childType"], "Datacenter": ["name", "parent", "vmFolder", "hostFolder"],
    "ClusterComputeResource": ["name", "parent"], "HostSystem": ["name", "parent"],
  ]

  /// nil: unset.
  private func value(_ path: String, of object: ObjectID) -> PropertyValue? {
    func named(_ name: String?) -> PropertyValue? { name.map { .string(Places.escaped($0)) } }
    func reference(_ type: String, _ moid: String?) -> PropertyValue? { moid.map { .reference(type: type, value: $0) } }
    switch object.type {
    case "Folder":
      let folder = places.folder(object.id)
      switch path {
      case "name": return named(folder?.name)
      case "parent":
        return folder?.parent.flatMap { reference(places.datacenter($0) == nil ? "Folder" : "Datacenter", $0) }
      default: return folder.map { .strings($0.kind.childTypes) }
      }
    case "Datacenter":
      let datacenter = places.datacenter(object.id)
      switch path {
      case "name": return named(datacenter?.name)
      case "parent": return reference("Folder", datacenter?.parent)
      case "vmFolder": return reference("Folder", datacenter?.vmFolder)
      default: return reference("Folder", datacenter?.hostFolder)
      }
    case "ClusterComputeResource":
      let cluster = places.cluster(object.id)
      return path == "name" ? named(cluster?.name) : reference("Folder", cluster?.parent)
    case "HostSystem":
      let host = places.host(object.id)
      return path == "name" ? named(host?.name) : reference("ClusterComputeResource", host?.cluster)
    default: return nil
    }
  }
}

extension Places.Folder.Kind {
  /// `Folder.childType`.
  var childTypes: [String] {
    switch self {
    case .datacenter: ["Folder", "Datacenter"]
    case .host: ["Folder", "ComputeResource"]
    case .virtualMachine: ["Folder", "VirtualMachine", "VirtualApp"]
    }
  }
}
