import VCenterModel

/// Where a VM is to be put, by names; what is nil stays as it is.
struct Whereabouts: Sendable {
  /// An inventory path.
  var folder: String?
  var cluster: String?
  var host: String?
  /// Tags as "category:name".
  var attach: [String] = []
  var detach: [String] = []
}

extension VCenterModel {
  /// Moves a VM and changes its tags; folders, clusters, hosts and tags that are not there are made.
  mutating func put(_ moid: String, _ whereabouts: Whereabouts) {
    if let path = whereabouts.folder, let folder = places.makeFolder(at: path) { move(moid, toFolder: folder) }
    let folder = virtualMachine(moid)?.facts.folder ?? Places.firstVMFolder
    // A VM in another datacenter runs on a host there.
    let movesHost =
      whereabouts.cluster != nil || whereabouts.host != nil
      || places.datacenter(of: folder) != Places.firstDatacenter && whereabouts.folder != nil
    if movesHost, let host = places.makeHost(whereabouts.host, cluster: whereabouts.cluster, near: folder) {
      move(moid, toHost: host)
    }
    for tag in whereabouts.attach { if let id = tags.make(tag) { attach(id, to: moid) } }
    for tag in whereabouts.detach { for id in tags.tags(called: tag) { detach(id, from: moid) } }
  }
}
