import GuestWatchCore

/// Lists VMs by name: over REST, and where they are too many for one answer (vsphere-api.md, 3.3), by property reads or
/// host by host.
struct VMLists: Sendable {
  let calls: SessionCalls
  let memory: InventoryMemory
  let trace: Trace

  /// A VM as a list has it.
  struct Listed: Sendable {
    var moid: String
    /// nil: the list had only ids; whoever reads the VM's state reads its name, too. A slash, backslash or percent sign
    /// in it is escaped by VI JSON and taken back here; UNVERIFIED whether REST escapes it, so there it is as it came.
    var name: String?
    var power: PowerState = .unknown
  }

  /// Ids in one URL: how long one may be is not documented (vsphere-api.md, 3.3).
  static let idsPerList = 50
  /// VMs in one page of names: an answer of some 300 KB.
  static let namesPerPage = 1000
  /// More VMs than vCenter can hold (45,000, registered); more objects than that are a server that goes in circles.
  static let vmCap = 50_000

  /// VMs and whether those are all: where they were listed host by host, one may have moved past us.
  typealias Whole = (vms: [Listed], complete: Bool)

  /// All VMs.
  func all() async throws(Fault) -> Whole {
    let session = try await calls.keeper.session()
    if memory.isOverCap() {
      return session.canView ? try await throughView() : try await hostByHost(in: nil)
    }
    do throws(Fault) {
      let vms = try await page("/api/vcenter/vm")
      memory.wasListed(overCap: false)
      return (vms, true)
    } catch {
      guard error.kind == .overCap else { throw error }
      memory.wasListed(overCap: true)
      return session.canView ? try await throughView() : try await hostByHost(in: nil)
    }
  }

  /// Those of the ids that vCenter has. Without ids nothing is asked: an empty filter would mean all VMs.
  func exactly(_ ids: [String]) async throws(Fault) -> [Listed] {
    var found: [Listed] = []
    for start in stride(from: 0, to: ids.count, by: VMLists.idsPerList) {
      found += try await page(VMLists.path("vm", "vms", ids[start..<min(start + VMLists.idsPerList, ids.count)]))
    }
    return found
  }

  /// The VMs of a cluster, over REST alone.
  func inCluster(_ cluster: String) async throws(Fault) -> Whole {
    do throws(Fault) {
      return (try await page(VMLists.path("vm", "clusters", [cluster])), true)
    } catch {
      guard error.kind == .overCap else { throw error }
      return try await hostByHost(in: cluster)
    }
  }

  /// The clusters of those names, over REST alone: ids by name.
  func clusters(called names: [String]) async throws(Fault) -> [String: [String]] {
    var found: [String: [String]] = [:]
    for start in stride(from: 0, to: names.count, by: VMLists.idsPerList) {
      let some = names[start..<min(start + VMLists.idsPerList, names.count)]
      for row in try await rows(VMLists.path("cluster", "names", some)) {
        guard let moid = row["cluster"].string, let name = row["name"].string else {
          throw badAnswer("a row of the cluster list lacks cluster or name")
        }
        found[name, default: []].append(moid)
      }
    }
    return found
  }

  /// Names and power of all VMs through a container view, in pages.
  private func throughView() async throws(Fault) -> Whole {
    let calls = calls
    let views = ContainerViews(calls: calls, trace: trace)
    let reading = PropertyReading(calls: calls)
    let pages = try await calls.call { session async -> Attempt<PropertyReading.Pages<Listed>> in
      guard let root = session.vi?.rootFolder else { return .failed(noVIJSON) }
      return await views.with(("Folder", root), of: ["VirtualMachine"], session) { view in
        let request = PropertyReading.request(
          objects: [PropertyReading.all(in: view)], properties: [("VirtualMachine", ["name", "runtime.powerState"])],
          objectsPerPage: VMLists.namesPerPage)
        return await reading.pages(request, atMost: VMLists.vmCap, session) { object -> Listed? in
          guard let properties = Properties(object), let name = properties.unboxed("name").string else { return nil }
          return Listed(moid: properties.moid, name: unescaped(name), power: properties.power)
        }
      }
    }.get()
    if let trouble = pages.trouble { throw trouble }
    if pages.rows.isEmpty { throw badAnswer("a view of all VMs has none, and a list of them too many") }
    return (pages.rows, pages.useless == 0)
  }

  /// Some hosts at a time; fewer where their VMs are too many for one list.
  private func hostByHost(in cluster: String?) async throws(Fault) -> Whole {
    let path = cluster.map { VMLists.path("host", "clusters", [$0]) } ?? "/api/vcenter/host"
    var hosts: [String] = []
    for row in try await rows(path) {
      guard let host = row["host"].string else { throw badAnswer("a row of the host list has no host") }
      hosts.append(host)
    }
    guard !hosts.isEmpty else {
      throw Fault(
        .overCap, code: "UNABLE_TO_ALLOCATE_RESOURCE",
        detail: "more VMs than vCenter lists in one answer, and no host is shown to this account by which to split them"
      )
    }
    var vms: [Listed] = []
    var seen: Set<String> = []
    var lists = 0
    var left = stride(from: 0, to: hosts.count, by: VMLists.idsPerList).map { start in
      hosts[start..<min(start + VMLists.idsPerList, hosts.count)]
    }
    left.reverse()
    while let some = left.popLast() {
      do throws(Fault) {
        vms += try await page(VMLists.path("vm", "hosts", some)).filter { seen.insert($0.moid).inserted }
        lists += 1
      } catch {
        guard error.kind == .overCap, some.count > 1 else { throw error }
        let middle = some.startIndex + some.count / 2
        left.append(some[middle...])
        left.append(some[..<middle])
      }
    }
    return (vms, lists == 1)
  }

  /// The URL of a list with a filter; `values` must not be empty.
  private static func path(_ list: String, _ filter: String, _ values: some Collection<String>) -> String {
    "/api/vcenter/\(list)?" + values.map { "\(filter)=\(percentEncoded($0))" }.joined(separator: "&")
  }

  private func page(_ path: String) async throws(Fault) -> [Listed] {
    var listed: [Listed] = []
    for row in try await rows(path) {
      guard let moid = row["vm"].string, let name = row["name"].string else {
        throw badAnswer("a row of the VM list lacks vm or name")
      }
      let power: PowerState =
        switch row["power_state"].string {
        case "POWERED_ON": .on
        case "POWERED_OFF": .off
        case "SUSPENDED": .suspended
        default: .unknown
        }
      listed.append(Listed(moid: moid, name: name, power: power))
    }
    return listed
  }

  private func rows(_ path: String) async throws(Fault) -> [JSON] {
    let body = try await calls.call { session in
      await calls.restJSON(path, session: session, noting: trace)
    }.get()
    guard let rows = body.isNull ? [] : body.array else { throw badAnswer("the list is not an array") }
    return rows
  }
}
