import OrderedCollections

/// Where VMs are, and which VMs are somewhere.
extension VCenterModel {
  /// The VMs in a folder and all folders below it, in the order of the inventory; none where there is no such folder.
  public func vms(below folder: String) -> [String] {
    let within = places.folders(below: folder)
    return machines.values.filter { within.contains($0.facts.folder) }.map(\.facts.moid)
  }

  /// The VMs on the hosts of a cluster, in the order of the inventory.
  public func vms(inCluster cluster: String) -> [String] {
    let hosts = places.hosts(in: cluster)
    return machines.values.filter { hosts.contains($0.facts.host) }.map(\.facts.moid)
  }

  /// The VMs that a tag is attached to, in the order of the inventory.
  public func vms(taggedWith tag: String) -> [String] {
    let tagged = Set(tags.objects(with: tag).lazy.filter { $0.type == "VirtualMachine" }.map(\.id))
    return tagged.isEmpty ? [] : machines.keys.filter(tagged.contains)
  }

  /// Moves a VM into another VM folder. False: one of the two is not there.
  @discardableResult
  public mutating func move(_ moid: String, toFolder folder: String) -> Bool {
    guard machines[moid] != nil, places.folder(folder)?.kind == .virtualMachine else { return false }
    update(moid) { $0.facts.folder = folder }
    return true
  }

  /// Moves a VM to another host, as vMotion does. False: one of the two is not there.
  @discardableResult
  public mutating func move(_ moid: String, toHost host: String) -> Bool {
    guard machines[moid] != nil, places.host(host) != nil else { return false }
    update(moid) { $0.facts.host = host }
    return true
  }

  /// Attaches a tag to a VM. False: one of the two is not there.
  @discardableResult
  public mutating func attach(_ tag: String, to moid: String) -> Bool {
    machines[moid] != nil && tags.attach(tag, to: ObjectID(id: moid))
  }

  public mutating func detach(_ tag: String, from moid: String) { tags.detach(tag, from: ObjectID(id: moid)) }

  /// Removes a folder in which there is nothing. False: there is none, or it is not empty.
  @discardableResult
  public mutating func removeFolder(_ moid: String) -> Bool {
    !machines.values.contains { $0.facts.folder == moid } && places.removeFolder(moid)
  }
}
