import GuestWatchCore

/// What a selector holds.
enum Held: Sendable {
  case vms([String])
  case trouble(SelectorTrouble)
}

extension Fault {
  /// vCenter itself says that the account may not do this; a page of something before it, which has no code of vCenter's,
  /// proves nothing.
  var isDenial: Bool { kind == .notPermitted && !code.hasPrefix("HTTP ") }
}

/// Finds the VMs that selectors hold.
struct SelectorReading: Sendable {
  let calls: SessionCalls
  let memory: InventoryMemory
  let trace: Trace

  /// What is known of them.
  struct Holdings: Sendable {
    /// The VMs of those that could be resolved, in vCenter's order.
    var vms: [Selector: [String]] = [:]
    var unresolved: [Selector: SelectorTrouble] = [:]
    /// False: a VM that is in none of them may be all the same.
    var complete = true
  }

  /// Objects in one page of the places' names.
  static let placesPerPage = 1000
  /// More folders, datacenters and clusters than that are a server that goes in circles.
  static let placeCap = 200_000

  /// A fault, other than that something is not there or may not be read, fails them all: it must never look as if a place
  /// were empty.
  func run(_ wanted: [Selector]) async throws(Fault) -> Holdings {
    var holdings = Holdings()
    var tags: [String] = []
    var places: [Selector] = []
    for selector in wanted {
      switch selector {
      case .tag(let text): tags.append(text)
      case .folder, .cluster: places.append(selector)
      }
    }
    if !places.isEmpty {
      if try await calls.keeper.session().canView {
        try await readPlaces(places, &holdings)
      } else {
        try await readClusters(places, &holdings)
      }
    }
    if !tags.isEmpty {
      for (text, answer) in try await TagReading(calls: calls, memory: memory, trace: trace).run(tags) {
        switch answer {
        case .vms(let vms): holdings.vms[.tag(text)] = vms
        case .trouble(let trouble): holdings.unresolved[.tag(text)] = trouble
        }
      }
    }
    return holdings
  }

  // MARK: with VI JSON

  private func readPlaces(_ wanted: [Selector], _ holdings: inout Holdings) async throws(Fault) {
    let tree: PlaceTree
    let hidesSome: Bool
    do throws(Fault) {
      (tree, hidesSome) = try await readTree(wanted)
      // There always is a datacenter: what is unknown then may be there all the same.
      if tree.isEmpty, !hidesSome { holdings.complete = false }
    } catch {
      guard error.isDenial else { throw error }
      for selector in wanted { holdings.unresolved[selector] = .denied }
      return
    }
    // Two selectors may mean the same folder, one by its name and one by its path.
    var read: [String: Held] = [:]
    for selector in wanted {
      let resolution: PlaceTree.Resolution
      let type: String
      switch selector {
      case .folder(let text): (resolution, type) = (tree.folder(text), "Folder")
      case .cluster(let name): (resolution, type) = (tree.cluster(name), "ClusterComputeResource")
      case .tag: continue
      }
      switch resolution {
      // Among what may not be read could be the one that is meant.
      case .trouble(.unknown) where hidesSome: holdings.unresolved[selector] = .denied
      case .trouble(let trouble): holdings.unresolved[selector] = trouble
      case .found(let moid):
        let answer: Held
        if let known = read[moid] { answer = known } else { answer = try await vms(below: (type, moid)) }
        read[moid] = answer
        switch answer {
        case .vms(let vms): holdings.vms[selector] = vms
        case .trouble(let trouble): holdings.unresolved[selector] = trouble
        }
      }
    }
  }

  private func vms(below container: (type: String, moid: String)) async throws(Fault) -> Held {
    let views = ContainerViews(calls: calls, trace: trace)
    switch await calls.call({ session in await views.vms(below: container, session) }) {
    case .success(let vms): return .vms(vms)
    // It was deleted after it was found.
    case .failure(let fault) where fault.code == "ManagedObjectNotFound": return .trouble(.unknown)
    case .failure(let fault) where fault.isDenial: return .trouble(.denied)
    case .failure(let fault): throw fault
    }
  }

  /// What one object of the tree was.
  private enum Branch: Sendable {
    case place(PlaceTree.Place)
    /// It is there, and its name may not be read.
    case hidden
  }

  /// The folders, datacenters and clusters; `hidesSome`: the names of some may not be read.
  private func readTree(_ wanted: [Selector]) async throws(Fault) -> (tree: PlaceTree, hidesSome: Bool) {
    let calls = calls
    let views = ContainerViews(calls: calls, trace: trace)
    let reading = PropertyReading(calls: calls)
    var properties: [(type: String, paths: [String])] = []
    if wanted.contains(where: { if case .folder = $0 { true } else { false } }) {
      properties.append(("Folder", ["name", "parent", "childType"]))
      properties.append(("Datacenter", ["name", "parent"]))
    }
    if wanted.contains(where: { if case .cluster = $0 { true } else { false } }) {
      properties.append(("ClusterComputeResource", ["name"]))
    }
    let paths = properties
    let (root, pages) = try await calls.call { session async -> Attempt<(String, PropertyReading.Pages<Branch>)> in
      guard let root = session.vi?.rootFolder else { return .failed(noVIJSON) }
      return await views.with(("Folder", root), of: paths.map(\.type), session) { view in
        let request = PropertyReading.request(
          objects: [PropertyReading.all(in: view)], properties: paths, objectsPerPage: SelectorReading.placesPerPage)
        return await reading.pages(
          request, atMost: SelectorReading.placeCap, session, noting: nil, SelectorReading.branch
        ).map { (root, $0) }
      }
    }.get()
    if let trouble = pages.trouble { throw trouble }
    if pages.useless > 0 { throw badAnswer("a folder, datacenter or cluster lacks what it should say") }
    var places: [PlaceTree.Place] = []
    for case .place(let place) in pages.rows { places.append(place) }
    return (PlaceTree(root: root, places: places), places.count < pages.rows.count)
  }

  private static func branch(_ object: JSON) -> Branch? {
    guard let properties = Properties(object), let type = properties.type else { return nil }
    guard let name = properties.unboxed("name").string else {
      return properties.missing["name"]?.isDenial == true ? .hidden : nil
    }
    let kind: PlaceTree.Kind
    switch type {
    case "Folder": kind = .folder(holdsVMs: properties.strings("childType").contains("VirtualMachine"))
    case "Datacenter": kind = .datacenter
    case "ClusterComputeResource": kind = .cluster
    default: return nil
    }
    return .place(
      PlaceTree.Place(moid: properties.moid, kind: kind, name: name, parent: properties.reference("parent")))
  }

  // MARK: over REST alone

  /// Clusters by the lists' filters. Whether the filter for folders goes into the folders below is not documented
  /// (vsphere-api.md, 3.3), so folders are not supported there.
  private func readClusters(_ wanted: [Selector], _ holdings: inout Holdings) async throws(Fault) {
    let lists = VMLists(calls: calls, memory: memory, trace: trace)
    var names: [String] = []
    for selector in wanted {
      switch selector {
      case .cluster(let name): names.append(name)
      case .folder, .tag: holdings.unresolved[selector] = .unsupported
      }
    }
    guard !names.isEmpty else { return }
    let found: [String: [String]]
    do throws(Fault) {
      found = try await lists.clusters(called: names)
    } catch {
      guard error.isDenial else { throw error }
      for name in names { holdings.unresolved[.cluster(name)] = .denied }
      return
    }
    for name in names {
      let moids = found[name] ?? []
      guard let moid = moids.first, moids.count == 1 else {
        holdings.unresolved[.cluster(name)] = moids.isEmpty ? .unknown : .ambiguous
        continue
      }
      let (vms, complete) = try await lists.inCluster(moid)
      holdings.vms[.cluster(name)] = vms.map(\.moid)
      holdings.complete = holdings.complete && complete
    }
  }
}
