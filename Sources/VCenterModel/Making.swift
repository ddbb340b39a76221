/// Places and tags by their names, made where they are not there yet: for scenarios.
extension Places {
  /// The VM folder of an inventory path such as "/Datacenter/vm/db", with all that is missing on the way to it. The name
  /// before the first `vm` is the datacenter's. nil: no VM folder can have this path.
  public mutating func makeFolder(at path: String) -> String? {
    let names = path.split(separator: "/", omittingEmptySubsequences: false).map { Places.unescaped(String($0)) }
    guard names.first == "", let root = names.firstIndex(of: "vm"), root >= 2,
      !names.dropFirst().contains("")
    else { return nil }
    var above = Places.rootFolder
    for name in names[1..<root - 1] {
      let known = folders.first { $0.parent == above && $0.name == name }?.moid
      guard let next = known ?? addFolder(name, below: above) else { return nil }
      above = next
    }
    let name = names[root - 1]
    let known = datacenters.first { $0.parent == above && $0.name == name }?.moid
    guard let moid = known ?? addDatacenter(name, below: above), let datacenter = datacenter(moid) else { return nil }
    var folder = datacenter.vmFolder
    for name in names[(root + 1)...] {
      let known = folders.first { $0.parent == folder && $0.name == name }?.moid
      guard let next = known ?? addFolder(name, below: folder) else { return nil }
      folder = next
    }
    return folder
  }

  /// The host of that name in the cluster of that name, both made where they are not there, in the datacenter of a VM
  /// folder. Without a name: the first one there is.
  public mutating func makeHost(_ host: String?, cluster: String?, near folder: String) -> String? {
    guard let moid = datacenter(of: folder), let datacenter = datacenter(moid) else { return nil }
    let around = folders(below: datacenter.hostFolder)
    let known = clusters.first { around.contains($0.parent) && (cluster == nil || $0.name == cluster) }?.moid
    guard let within = known ?? addCluster(cluster ?? "Cluster", below: datacenter.hostFolder) else { return nil }
    let there = hosts.first { $0.cluster == within && (host == nil || $0.name == host) }?.moid
    return there ?? addHost(host ?? "esx-1.\(within).example.com", to: within)
  }

  /// A name as people write it, from the form that `escaped` makes.
  static func unescaped(_ name: String) -> String {
    name.replacing("%2f", with: "/").replacing("%2F", with: "/").replacing("%5c", with: "\\")
      .replacing("%5C", with: "\\").replacing("%25", with: "%")
  }
}

extension Tags {
  /// The tag that "category:name" means, made with its category where they are not there; the name begins after the first
  /// colon. nil: there is no colon.
  public mutating func make(_ text: String) -> String? {
    if let known = tags(called: text).first { return known }
    guard let colon = text.firstIndex(of: ":") else { return nil }
    let name = String(text[..<colon])
    guard let category = categories.first(where: { $0.name == name })?.id ?? addCategory(name) else { return nil }
    return addTag(String(text[text.index(after: colon)...]), to: category)
  }
}
