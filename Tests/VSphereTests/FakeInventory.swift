import GuestWatchCore

@testable import VSphere

/// The inventory of a scripted vCenter. It remembers nothing: views and page tokens say themselves what they are.
struct FakeInventory: Sendable {
  typealias S = VCenterScript

  struct Place: Sendable {
    var type: String
    var moid: String
    var name: String
    var parent: String
    /// The VMs in it or below it.
    var vms: [String] = []
    var childType = #"["Folder","VirtualMachine","VirtualApp"]"#
  }

  struct Tag: Sendable {
    var id: String
    var category: String
    var name: String
    var objects: [String] = []
  }

  var vms: [String] = []
  /// Names of VMs that are not called as their ids are.
  var names: [String: String] = [:]
  var places: [Place] = []
  var categories: [(id: String, name: String)] = []
  var tags: [Tag] = []
  /// The VMs on each host.
  var hosts: [(moid: String, vms: [String])] = []
  var listCap = 4000
  /// Objects in one page, whatever is asked for.
  var pageSize = 1000
  /// Nothing but names is known of the VMs: where there are many.
  var isBrief = false

  static let release = "/sdk/vim25/8.0.3.0"
  static let create = "POST \(release)/ViewManager/Views/CreateContainerView"
  static let all = "GET /api/vcenter/vm"
  static let categoryList = "GET /api/cis/tagging/category"
  static let tagsOf = "POST /api/cis/tagging/tag?action=list-tags-for-category"
  static let attached = "POST /api/cis/tagging/tag-association?action=list-attached-objects-on-tags"
  static func category(_ id: String) -> String { "GET /api/cis/tagging/category/\(id)" }
  static func tag(_ id: String) -> String { "GET /api/cis/tagging/tag/\(id)" }
  /// What a container view is read with: its making, its objects, its end.
  static func contents(_ container: String) -> [String] {
    let view = "\(release)/ContainerView/\(container).VirtualMachine"
    return [create, "GET \(view)/view", "POST \(view)/DestroyView"]
  }
  /// What all names of a view are read with, in so many pages.
  static func pages(_ count: Int, of types: String) -> [String] {
    [create, S.properties] + Array(repeating: S.moreProperties, count: count - 1)
      + ["POST \(release)/ContainerView/root.\(types)/DestroyView"]
  }
  static let placeTypes = "Folder.Datacenter"
  /// What the state of so many VMs is read with.
  static func states(_ count: Int) -> [String] { Array(repeating: S.properties, count: (count + 99) / 100) }

  /// For a test's server.
  var script: ScriptedServer.Script {
    // Once for all requests: with 20,000 VMs it takes its time.
    let known = Set(vms)
    return { reply($0, known: known) }
  }

  func reply(_ request: Received, known: Set<String>? = nil) -> Reply {
    let body = (try? JSONReader.read(Array(request.body.utf8))) ?? .null
    let path = request.target.split(separator: "?", maxSplits: 1).first.map(String.init) ?? ""
    switch request.line {
    case S.content: return .json(FakeInventory.content)
    case FakeInventory.create:
      let container = body["container"]["value"].string ?? ""
      let types = (body["type"].array ?? []).compactMap(\.string).joined(separator: ".")
      guard container == "root" || places.contains(where: { $0.moid == container }) else {
        return .fault("ManagedObjectNotFound", more: #","obj":{"type":"Folder","value":"\#(container)"}"#)
      }
      return .json(#"{"type":"ContainerView","value":"\#(container).\#(types)"}"#)
    case S.properties: return properties(body, known: known ?? Set(vms))
    case S.moreProperties:
      let parts = (body["token"].string ?? "").split(separator: "/").map(String.init)
      return page(of: parts[0], from: Int(parts[1]) ?? 0)
    case FakeInventory.categoryList: return .json(list(categories.map { "\"\($0.id)\"" }))
    case FakeInventory.tagsOf:
      return .json(list(tags.filter { $0.category == body["category_id"].string }.map { "\"\($0.id)\"" }))
    case FakeInventory.attached:
      let asked = (body["tag_ids"].array ?? []).compactMap(\.string)
      return .json(
        list(
          asked.compactMap { id in tags.first { $0.id == id } }.map { tag in
            let objects =
              [#"{"type":"HostSystem","id":"host-1"}"#]
              + tag.objects.map { #"{"type":"VirtualMachine","id":"\#($0)"}"# }
            return #"{"tag_id":"\#(tag.id)","object_ids":\#(list(objects))}"#
          }))
    default: break
    }
    if path.hasPrefix("/api/vcenter/") { return restList(request, path) }
    if let id = after("/api/cis/tagging/category/", path) {
      guard let found = categories.first(where: { $0.id == id }) else { return .rest("NOT_FOUND", status: 404) }
      return .json(#"{"id":"\#(id)","name":"\#(found.name)"}"#)
    }
    if let id = after("/api/cis/tagging/tag/", path) {
      guard let found = tags.first(where: { $0.id == id }) else { return .rest("NOT_FOUND", status: 404) }
      return .json(#"{"id":"\#(id)","category_id":"\#(found.category)","name":"\#(found.name)"}"#)
    }
    if let view = after("\(FakeInventory.release)/ContainerView/", path) {
      if request.method == "POST" { return .empty(204) }
      let container = view.split(separator: ".").first.map(String.init)
      let found = places.first { $0.moid == container }
      return .json(list((found?.vms ?? []).map { #"{"type":"VirtualMachine","value":"\#($0)"}"# }))
    }
    return S.healthy(request)
  }

  static let content = """
    {"about":{"apiType":"VirtualCenter","instanceUuid":"vc-uuid"},
    "rootFolder":{"type":"Folder","value":"root"},"viewManager":{"type":"ViewManager","value":"Views"},
    "sessionManager":{"type":"SessionManager","value":"Sessions"},
    "propertyCollector":{"type":"PropertyCollector","value":"Props"},
    "guestOperationsManager":{"type":"GuestOperationsManager","value":"GuestOps"}}
    """

  private func list(_ items: [String]) -> String { "[" + items.joined(separator: ",") + "]" }

  private func after(_ start: String, _ path: String) -> String? {
    path.hasPrefix(start) ? String(path.dropFirst(start.count)) : nil
  }

  private func restList(_ request: Received, _ path: String) -> Reply {
    let query = request.target.split(separator: "?").dropFirst().first.map(String.init) ?? ""
    var filters: [String: [String]] = [:]
    for part in query.split(separator: "&") {
      let pair = part.split(separator: "=").map(String.init)
      filters[pair[0], default: []].append(pair[1])
    }
    switch path {
    case "/api/vcenter/vm":
      var found = vms
      if let ids = filters["vms"] { found = found.filter(ids.contains) }
      if let wanted = filters["hosts"] {
        let there = Set(hosts.filter { wanted.contains($0.moid) }.flatMap(\.vms))
        found = found.filter(there.contains)
      }
      if let wanted = filters["clusters"] {
        let there = Set(places.filter { wanted.contains($0.moid) }.flatMap(\.vms))
        found = found.filter(there.contains)
      }
      guard found.count <= listCap else { return .rest("UNABLE_TO_ALLOCATE_RESOURCE", status: 500) }
      return .json(
        list(found.map { #"{"vm":"\#($0)","name":"\#(names[$0] ?? $0)","power_state":"POWERED_ON"}"# }))
    case "/api/vcenter/host":
      return .json(list(hosts.map { #"{"host":"\#($0.moid)","name":"h","connection_state":"CONNECTED"}"# }))
    case "/api/vcenter/cluster":
      let found = places.filter {
        $0.type == "ClusterComputeResource" && filters["names"]?.contains($0.name) == true
      }
      return .json(list(found.map { #"{"cluster":"\#($0.moid)","name":"\#($0.name)"}"# }))
    default: return S.healthy(request)
    }
  }

  private func properties(_ body: JSON, known there: Set<String>) -> Reply {
    let objects = body["specSet"].array?.first?["objectSet"].array ?? []
    if objects.first?["obj"]["type"].string == "ContainerView" {
      return page(of: objects.first?["obj"]["value"].string ?? "", from: 0)
    }
    let found = objects.compactMap { $0["obj"]["value"].string }.filter(there.contains)
    if found.isEmpty { return .json("null") }
    return .json(#"{"objects":\#(list(found.map { object($0, full: true) }))}"#)
  }

  private func object(_ vm: String, full: Bool) -> String {
    let name = InventoryTests.property("name", #"{"_typeName":"string","_value":"\#(names[vm] ?? vm)"}"#)
    return InventoryTests.object(vm, full && !isBrief ? name + "," + InventoryTests.full : name)
  }

  /// `root.TYPES`: all VMs, or all places of these types.
  private func page(of view: String, from start: Int) -> Reply {
    let types = view.split(separator: ".").dropFirst().map(String.init)
    let all: [String]
    if types == ["VirtualMachine"] {
      all = vms.map { object($0, full: false) }
    } else {
      all = places.filter { types.contains($0.type) }.map { place in
        let properties = [
          InventoryTests.property("name", #"{"_typeName":"string","_value":"\#(place.name)"}"#),
          InventoryTests.property(
            "parent", #"{"_typeName":"ManagedObjectReference","type":"Folder","value":"\#(place.parent)"}"#),
          InventoryTests.property("childType", #"{"_typeName":"ArrayOfString","_value":\#(place.childType)}"#),
        ]
        return #"{"obj":{"type":"\#(place.type)","value":"\#(place.moid)"},"propSet":\#(list(properties))}"#
      }
    }
    if all.isEmpty { return .json("null") }
    let end = min(start + pageSize, all.count)
    let token = end < all.count ? #""token":"\#(view)/\#(end)","# : ""
    return .json("{\(token)\"objects\":\(list(Array(all[start..<end])))}")
  }
}

extension FakeInventory {
  /// One folder whose name could not be read, for this reason.
  static func unnamed(_ fault: String) -> Reply {
    .json(
      #"{"objects":[{"obj":{"type":"Folder","value":"f7"},"missingSet":["#
        + #"{"path":"name","fault":{"_typeName":"\#(fault)"}}]}]}"#)
  }

  /// `vm-1` and so on.
  static func vms(_ count: Int) -> [String] { (1...count).map { "vm-\($0)" } }

  /// A datacenter `DC` with its folder `vm`, and folders in that.
  static func folders(_ folders: [(name: String, vms: [String])]) -> [Place] {
    [
      Place(type: "Datacenter", moid: "dc", name: "DC", parent: "root"),
      Place(type: "Folder", moid: "f", name: "vm", parent: "dc", vms: folders.flatMap(\.vms)),
      Place(type: "Folder", moid: "h", name: "host", parent: "dc", childType: #"["Folder","ComputeResource"]"#),
    ]
      + folders.enumerated().map { number, folder in
        Place(type: "Folder", moid: "f\(number)", name: folder.name, parent: "f", vms: folder.vms)
      }
  }
}

extension Bench {
  /// The inventory of some scopes.
  func inventory(_ scopes: Scope..., ids: [String] = [], more: [Selector] = []) async -> Result<Inventory, Fault> {
    await inventory(scopes, ids: ids, more: more)
  }

  func inventory(_ scopes: [Scope], ids: [String] = [], more: [Selector] = []) async -> Result<Inventory, Fault> {
    let query = ScopeQuery(scopes: scopes, ids: ids, selectors: scopes.flatMap(\.selectors) + more)
    return await client.inventory(query, by: clock.after(.seconds(90))).1
  }

  /// The requests since this was last asked.
  func sent() -> [String] {
    defer { server.clear() }
    return server.lines
  }
}
