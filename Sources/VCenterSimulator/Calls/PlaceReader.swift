import NIOHTTP1
import VCenterModel

/// Reads the lists that turn names into ids (vsphere-api.md, 3.13).
enum PlaceReader {
  static func read(_ call: HTTPCall) -> IncomingCall? {
    guard call.method == .GET, call.segments.count == 3, call.segments.starts(with: ["api", "vcenter"]),
      let kind = kinds[call.segments[2]]
    else { return nil }
    let asked: Result<IncomingCall.Question, Malformed>
    do throws(Malformed) {
      asked = .success(.model(.places(try question(kind, call))))
    } catch {
      asked = .failure(error)
    }
    return IncomingCall(kind: kind, token: call.sessionToken, asked: asked)
  }

  private static let kinds: [String: CallKind] = [
    "datacenter": .listDatacenters, "folder": .listFolders, "cluster": .listClusters, "host": .listHosts,
    "resource-pool": .listResourcePools,
  ]

  private static func question(_ kind: CallKind, _ call: HTTPCall) throws(Malformed) -> PlaceCall {
    switch kind {
    case .listDatacenters:
      return .datacenters(
        try filter(call, ["datacenters": \.ids, "names": \.names, "folders": \.folders]))
    case .listFolders:
      return .folders(
        try filter(
          call, ["folders": \.ids, "names": \.names, "parent_folders": \.folders, "datacenters": \.datacenters]))
    case .listClusters:
      return .clusters(
        try filter(
          call, ["clusters": \.ids, "names": \.names, "folders": \.folders, "datacenters": \.datacenters]))
    case .listHosts:
      return .hosts(
        try filter(
          call,
          [
            "hosts": \.ids, "names": \.names, "folders": \.folders, "datacenters": \.datacenters,
            "clusters": \.clusters,
          ], notSimulated: ["standalone", "connection_states", "host_uuids"]))
    case .listResourcePools:
      return .resourcePools(
        try filter(
          call,
          [
            "resource_pools": \.ids, "names": \.names, "datacenters": \.datacenters, "clusters": \.clusters,
            "hosts": \.hosts,
          ], notSimulated: ["parent_resource_pools"]))
    default: throw .notSimulated(kind.rawValue)
    }
  }

  private static func filter(
    _ call: HTTPCall, _ known: [String: WritableKeyPath<PlaceFilter, [String]>], notSimulated: [String] = []
  ) throws(Malformed) -> PlaceFilter {
    var filter = PlaceFilter()
    for (name, value) in call.query {
      if let path = known[name] {
        filter[keyPath: path].append(value)
      } else if name == "type", known["parent_folders"] != nil {
        // A single one, unlike the others.
        guard filter.kind == nil else { throw .badParameter("type") }
        guard let kind = Places.Folder.Kind(rawValue: value) else {
          if ["DATASTORE", "NETWORK"].contains(value) { throw .notSimulated("folders of type \(value)") }
          throw .badParameter("type")
        }
        filter.kind = kind
      } else if notSimulated.contains(name) {
        throw .notSimulated("the filter \(name)")
      } else {
        throw .unknownParameter(name)
      }
    }
    return filter
  }
}
