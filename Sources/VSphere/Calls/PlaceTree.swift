import GuestWatchCore

/// The places of a vCenter by which VMs are selected, as it showed them: turns a name into one of them.
struct PlaceTree: Sendable {
  struct Place: Sendable {
    var moid: String
    var kind: Kind
    /// As VI JSON writes it: a slash, a backslash and a percent sign as %2f, %5c and %25.
    var name: String
    /// What it lies in; nil where this was not shown.
    var parent: String?
  }

  enum Kind: Sendable {
    /// A folder; `holdsVMs`: one for VMs, not for hosts, datastores, networks or datacenters.
    case folder(holdsVMs: Bool)
    case datacenter
    case cluster
  }

  /// What a name means.
  enum Resolution: Hashable, Sendable {
    /// The managed object id of the only one.
    case found(String)
    case trouble(SelectorTrouble)
  }

  private let root: String
  private let places: [String: Place]
  private let order: [String]

  /// `root`: the root folder, at which all paths begin; it is none of the places.
  init(root: String, places: [Place]) {
    self.root = root
    self.places = Dictionary(places.map { ($0.moid, $0) }, uniquingKeysWith: { first, _ in first })
    order = places.map(\.moid)
  }

  var isEmpty: Bool { order.isEmpty }

  /// The VM folder of that name, or with a slash in front of that inventory path ("/Datacenter/vm/db"; folders above the
  /// datacenter count). In a path a slash that is part of a name is written %2f.
  func folder(_ text: String) -> Resolution {
    let path = text.hasPrefix("/") ? text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) : nil
    if let path, path.contains(where: \.isEmpty) { return .trouble(.unknown) }
    return only { place in
      guard case .folder(holdsVMs: true) = place.kind else { return false }
      return path.map { isAt(place, $0.map(String.init)) } ?? PlaceTree.isCalled(place.name, text)
    }
  }

  /// The cluster of that name.
  func cluster(_ name: String) -> Resolution {
    only { place in
      guard case .cluster = place.kind else { return false }
      return PlaceTree.isCalled(place.name, name)
    }
  }

  private func only(_ fits: (Place) -> Bool) -> Resolution {
    var found: Set<String> = []
    for moid in order { if let place = places[moid], fits(place) { found.insert(moid) } }
    guard let first = found.first else { return .trouble(.unknown) }
    return found.count == 1 ? .found(first) : .trouble(.ambiguous)
  }

  /// True where the names from the root folder down to the place are those.
  private func isAt(_ place: Place, _ path: [String]) -> Bool {
    var at = place
    // As many steps as the path has names, so that a circle of parents cannot hold it.
    for (left, name) in zip(path.indices, path).reversed() {
      guard PlaceTree.isCalled(at.name, name) else { return false }
      if at.parent == root { return left == 0 }
      guard let parent = at.parent, let up = places[parent] else { return false }
      at = up
    }
    return false
  }

  /// True where `text` is the name that vCenter writes as `wire`, escaped or not.
  private static func isCalled(_ wire: String, _ text: String) -> Bool {
    let name = unescaped(wire)
    return text == wire || text == name || unescaped(text) == name
  }
}

/// A name of VI JSON as people write it. vCenter escapes a slash, a backslash and a percent sign in it, and nothing else.
func unescaped(_ wire: String) -> String {
  guard wire.contains("%") else { return wire }
  var result: [UInt8] = []
  var rest = Array(wire.utf8)[...]
  while let byte = rest.first {
    let meant: UInt8? =
      switch Array(rest.prefix(3)) {
      case Array("%2f".utf8), Array("%2F".utf8): UInt8(ascii: "/")
      case Array("%5c".utf8), Array("%5C".utf8): UInt8(ascii: "\\")
      case Array("%25".utf8): UInt8(ascii: "%")
      default: nil
      }
    result.append(meant ?? byte)
    rest = rest.dropFirst(meant == nil ? 1 : 3)
  }
  return String(decoding: result, as: UTF8.self)
}
