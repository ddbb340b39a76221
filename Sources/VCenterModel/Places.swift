import OrderedCollections

/// The places of an inventory: datacenters, folders, clusters and hosts, by their managed object ids.
///
/// There is one datacenter from the start, with its folders, one cluster and one host in it: where the VMs are that were
/// put nowhere else.
public struct Places: Hashable, Sendable {
  /// A datacenter and the two folders that come with it and end with it.
  public struct Datacenter: Hashable, Sendable {
    public var moid: String
    public var name: String
    /// The folder that it lies in.
    public var parent: String
    /// Its folder `vm`, the root of its VM folders.
    public var vmFolder: String
    /// Its folder `host`, where its clusters are.
    public var hostFolder: String
  }

  public struct Folder: Hashable, Sendable {
    /// What may lie in it.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
      case datacenter = "DATACENTER"
      case host = "HOST"
      case virtualMachine = "VIRTUAL_MACHINE"
    }

    public var moid: String
    public var name: String
    public var kind: Kind
    /// The folder or datacenter that it lies in; nil: it is the root.
    public var parent: String?
  }

  public struct Cluster: Hashable, Sendable {
    public var moid: String
    public var name: String
    /// The host folder that it lies in.
    public var parent: String
    public var resourcePool: String
  }

  public struct Host: Hashable, Sendable {
    public var moid: String
    public var name: String
    public var cluster: String
  }

  /// The root folder, in which the datacenters are.
  public static let rootFolder = "group-d1"
  /// The datacenter `Datacenter` of the start, its two folders, and what is in them.
  public static let firstDatacenter = "datacenter-2"
  public static let firstVMFolder = "group-v3"
  public static let firstHostFolder = "group-h4"
  public static let firstCluster = "domain-c7"
  public static let firstResourcePool = "resgroup-8"
  public static let firstHost = "host-9"

  private(set) var datacentersByID: OrderedDictionary<String, Datacenter> = [
    firstDatacenter: Datacenter(
      moid: firstDatacenter, name: "Datacenter", parent: rootFolder, vmFolder: firstVMFolder,
      hostFolder: firstHostFolder)
  ]
  private(set) var foldersByID: OrderedDictionary<String, Folder> = [
    rootFolder: Folder(moid: rootFolder, name: "Datacenters", kind: .datacenter, parent: nil),
    firstVMFolder: Folder(moid: firstVMFolder, name: "vm", kind: .virtualMachine, parent: firstDatacenter),
    firstHostFolder: Folder(moid: firstHostFolder, name: "host", kind: .host, parent: firstDatacenter),
  ]
  private(set) var clustersByID: OrderedDictionary<String, Cluster> = [
    firstCluster: Cluster(
      moid: firstCluster, name: "Cluster", parent: firstHostFolder, resourcePool: firstResourcePool)
  ]
  private(set) var hostsByID: OrderedDictionary<String, Host> = [
    firstHost: Host(moid: firstHost, name: "esx-9.example.com", cluster: firstCluster)
  ]
  private var nextNumber = 1001

  public init() {}

  // MARK: what there is

  public var datacenters: [Datacenter] { Array(datacentersByID.values) }
  public var folders: [Folder] { Array(foldersByID.values) }
  public var clusters: [Cluster] { Array(clustersByID.values) }
  public var hosts: [Host] { Array(hostsByID.values) }

  public func datacenter(_ moid: String) -> Datacenter? { datacentersByID[moid] }
  public func folder(_ moid: String) -> Folder? { foldersByID[moid] }
  public func cluster(_ moid: String) -> Cluster? { clustersByID[moid] }
  public func host(_ moid: String) -> Host? { hostsByID[moid] }

  /// The VM folders of that name; with a slash in front, those of that inventory path ("/Datacenter/vm/db", a slash in a
  /// name written %2f).
  public func folders(called text: String) -> [String] {
    let found = foldersByID.values.filter { folder in
      guard folder.kind == .virtualMachine else { return false }
      if text.hasPrefix("/") { return path(of: folder.moid) == text }
      return folder.name == text || Places.escaped(folder.name) == text
    }
    return found.map(\.moid)
  }

  /// The clusters of that name.
  public func clusters(called name: String) -> [String] {
    clustersByID.values.filter { $0.name == name }.map(\.moid)
  }

  /// The inventory path of a folder, names escaped; nil: there is no such folder. The root's is empty.
  public func path(of folder: String) -> String? {
    guard let end = foldersByID[folder] else { return nil }
    var names: [String] = []
    var at: (name: String, parent: String)? = end.parent.map { (end.name, $0) }
    while let place = at {
      names.append(Places.escaped(place.name))
      if let up = datacentersByID[place.parent] {
        at = (up.name, up.parent)
      } else {
        at = foldersByID[place.parent].flatMap { up in up.parent.map { (up.name, $0) } }
      }
    }
    return names.reversed().map { "/" + $0 }.joined()
  }

  /// The folder itself and all folders below it, through datacenters too.
  public func folders(below top: String) -> Set<String> {
    guard foldersByID[top] != nil else { return [] }
    var found: Set<String> = [top]
    // A folder is added after what it lies in, until something is moved: so once over all is not enough.
    var grew = true
    while grew {
      grew = false
      for folder in foldersByID.values where !found.contains(folder.moid) {
        guard let parent = folder.parent else { continue }
        if found.contains(datacentersByID[parent]?.parent ?? parent) {
          found.insert(folder.moid)
          grew = true
        }
      }
    }
    return found
  }

  /// The hosts of a cluster.
  public func hosts(in cluster: String) -> Set<String> {
    Set(hostsByID.values.lazy.filter { $0.cluster == cluster }.map(\.moid))
  }

  /// The datacenter that a folder is in; nil: none, it is above them.
  public func datacenter(of folder: String) -> String? {
    var at = folder
    while let parent = foldersByID[at]?.parent {
      if datacentersByID[parent] != nil { return parent }
      at = parent
    }
    return nil
  }

  /// A name as the VI JSON API writes it: a slash, a backslash and a percent sign as %2f, %5c and %25.
  public static func escaped(_ name: String) -> String {
    name.replacing("%", with: "%25").replacing("/", with: "%2f").replacing("\\", with: "%5c")
  }

  // MARK: changes

  /// Adds a datacenter with its two folders. nil: there is no such folder for datacenters, or one of that name is in it.
  @discardableResult
  public mutating func addDatacenter(_ name: String, below folder: String = rootFolder) -> String? {
    guard foldersByID[folder]?.kind == .datacenter, isFree(name, in: folder) else { return nil }
    let moid = number("datacenter-")
    let added = Datacenter(
      moid: moid, name: name, parent: folder, vmFolder: number("group-v"), hostFolder: number("group-h"))
    datacentersByID[moid] = added
    foldersByID[added.vmFolder] = Folder(moid: added.vmFolder, name: "vm", kind: .virtualMachine, parent: moid)
    foldersByID[added.hostFolder] = Folder(moid: added.hostFolder, name: "host", kind: .host, parent: moid)
    return moid
  }

  /// Adds a folder of the same kind as the one that it lies in. nil: there is no such one, or one of that name is in it.
  @discardableResult
  public mutating func addFolder(_ name: String, below parent: String = firstVMFolder) -> String? {
    guard let kind = foldersByID[parent]?.kind, isFree(name, in: parent) else { return nil }
    let letter =
      switch kind {
      case .datacenter: "d"
      case .host: "h"
      case .virtualMachine: "v"
      }
    let moid = number("group-\(letter)")
    foldersByID[moid] = Folder(moid: moid, name: name, kind: kind, parent: parent)
    return moid
  }

  /// Adds a cluster to a host folder. nil: there is no such one, or one of that name is in it.
  @discardableResult
  public mutating func addCluster(_ name: String, below folder: String = firstHostFolder) -> String? {
    guard foldersByID[folder]?.kind == .host, isFree(name, in: folder) else { return nil }
    let moid = number("domain-c")
    clustersByID[moid] = Cluster(moid: moid, name: name, parent: folder, resourcePool: number("resgroup-"))
    return moid
  }

  /// Adds a host to a cluster. nil: there is no such one.
  @discardableResult
  public mutating func addHost(_ name: String, to cluster: String = firstCluster) -> String? {
    guard clustersByID[cluster] != nil else { return nil }
    let moid = number("host-")
    hostsByID[moid] = Host(moid: moid, name: name, cluster: cluster)
    return moid
  }

  /// Renames a folder, datacenter or cluster. False: there is none, or another one beside it is called so.
  @discardableResult
  public mutating func rename(_ moid: String, to name: String) -> Bool {
    if let folder = foldersByID[moid] {
      // The folders `vm` and `host` of a datacenter can be renamed too; the root has nothing beside it.
      guard folder.parent.map({ folder.name == name || isFree(name, in: $0) }) ?? true else { return false }
      foldersByID[moid]?.name = name
    } else if let datacenter = datacentersByID[moid] {
      guard datacenter.name == name || isFree(name, in: datacenter.parent) else { return false }
      datacentersByID[moid]?.name = name
    } else if let cluster = clustersByID[moid] {
      guard cluster.name == name || isFree(name, in: cluster.parent) else { return false }
      clustersByID[moid]?.name = name
    } else {
      return false
    }
    return true
  }

  /// Moves a folder, with all in it, into another of its kind. False: one of the two is not there, is another kind, is a
  /// datacenter's own, lies in the other, or the name is taken there.
  @discardableResult
  public mutating func moveFolder(_ moid: String, below parent: String) -> Bool {
    guard let folder = foldersByID[moid], let target = foldersByID[parent], folder.kind == target.kind,
      let old = folder.parent, datacentersByID[old] == nil, !folders(below: moid).contains(parent),
      old == parent || isFree(folder.name, in: parent)
    else { return false }
    foldersByID[moid]?.parent = parent
    return true
  }

  /// Removes a folder in which there is nothing (of VMs it knows nothing). False: there is none, or it is not empty.
  mutating func removeFolder(_ moid: String) -> Bool {
    guard let folder = foldersByID[moid], let parent = folder.parent, datacentersByID[parent] == nil,
      !foldersByID.values.contains(where: { $0.parent == moid }),
      !clustersByID.values.contains(where: { $0.parent == moid }),
      !datacentersByID.values.contains(where: { $0.parent == moid })
    else { return false }
    foldersByID.removeValue(forKey: moid)
    return true
  }

  /// True where nothing in that folder has the name: vCenter refuses a second one.
  private func isFree(_ name: String, in folder: String) -> Bool {
    !foldersByID.values.contains { $0.parent == folder && $0.name == name }
      && !datacentersByID.values.contains { $0.parent == folder && $0.name == name }
      && !clustersByID.values.contains { $0.parent == folder && $0.name == name }
  }

  private mutating func number(_ prefix: String) -> String {
    defer { nextNumber += 1 }
    return "\(prefix)\(nextNumber)"
  }
}
