import GuestWatchCore

/// Finds the VMs of a query and reads what decides about them.
struct InventoryReading: Sendable {
  let calls: SessionCalls
  let query: ScopeQuery
  let trace: Trace

  /// Ids in one URL: how long one may be is not documented (vsphere-api.md, 3.3).
  static let idsPerList = 50
  /// VMs in one property read: an answer of some 150 KB, well under the 7 MB that old vCenters allow.
  static let vmsPerRead = 100

  /// A VM as the list has it.
  struct Listed: Sendable {
    var moid: String
    var name: String
    var power: PowerState
  }

  func run() async -> Result<Inventory, Fault> {
    await calls.keeper.lookForVIJSON()
    let listed: [Listed]
    switch await list() {
    case .failure(let fault): return .failure(fault)
    case .success(let found): listed = found.filter { query.selects(name: $0.name, moid: $0.moid, in: []) }
    }
    let session: OpenSession
    do throws(Fault) { session = try await calls.keeper.session() } catch { return .failure(error) }
    let vms: Result<(vms: [VMFacts], complete: Bool), Fault>
    if session.vi == nil {
      vms = await RESTFacts(calls: calls).read(listed)
    } else {
      vms = await VIFacts(calls: calls).read(listed)
    }
    // The session that is there now may be another one; what it knows of the vCenter is what counts.
    let known = await calls.keeper.known ?? session
    return vms.map { read in
      Inventory(
        vcenterUUID: known.vcenterUUID, canTerminate: known.vi?.processManager != nil, vms: read.vms,
        complete: read.complete,
        unresolved: Dictionary(query.selectors.map { ($0, .unsupported) }, uniquingKeysWith: { first, _ in first }))
    }
  }

  /// `GET /api/vcenter/vm` (3.3): all where names are asked for, else exactly the ids. An empty filter would mean all
  /// VMs, so it is never sent.
  private func list() async -> Result<[Listed], Fault> {
    // Where a scope has ids, they are a superset of what it reaches.
    if query.scopes.contains(where: { $0.ids == nil }) { return await page("/api/vcenter/vm") }
    var known: Set<String> = []
    let exact = (query.scopes.flatMap { $0.ids ?? [] } + query.ids).filter { known.insert($0).inserted }
    var found: [Listed] = []
    for start in stride(from: 0, to: exact.count, by: InventoryReading.idsPerList) {
      let ids = exact[start..<min(start + InventoryReading.idsPerList, exact.count)]
      switch await page("/api/vcenter/vm?" + ids.map { "vms=\(percentEncoded($0))" }.joined(separator: "&")) {
      case .failure(let fault): return .failure(fault)
      case .success(let rows): found += rows
      }
    }
    return .success(found)
  }

  private func page(_ path: String) async -> Result<[Listed], Fault> {
    let body: JSON
    switch await calls.call({ session in await calls.restJSON(path, session: session, noting: trace) }) {
    case .failure(let fault): return .failure(fault)
    case .success(let json): body = json
    }
    guard let rows = body.isNull ? [] : body.array else { return .failure(badAnswer("the VM list is not an array")) }
    var listed: [Listed] = []
    for row in rows {
      guard let moid = row["vm"].string, let name = row["name"].string else {
        return .failure(badAnswer("a row of the VM list lacks vm or name"))
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
    return .success(listed)
  }
}
