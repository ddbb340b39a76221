import GuestWatchCore

/// Finds the VMs of a query and reads what decides about them: which VMs the selectors hold, then as few lists of names as
/// the scopes allow, then the state of exactly the VMs that are meant.
struct InventoryReading: Sendable {
  let calls: SessionCalls
  let memory: InventoryMemory
  let query: ScopeQuery
  let trace: Trace

  /// VMs in one property read: an answer of some 150 KB, well under the 7 MB that old vCenters allow.
  static let vmsPerRead = 100
  /// So many VMs that are not there although a tag or folder had them are looked for one by one; more are left open.
  private static let absentCap = 1000

  func run() async -> Result<Inventory, Fault> {
    await calls.keeper.lookForVIJSON()
    do throws(Fault) { return .success(try await read()) } catch { return .failure(error) }
  }

  private func read() async throws(Fault) -> Inventory {
    var seen: Set<Selector> = []
    let wanted = (query.selectors + query.scopes.flatMap(\.selectors)).filter { seen.insert($0).inserted }
    let holdings = try await SelectorReading(calls: calls, memory: memory, trace: trace).run(wanted)
    var held: [String: Set<Selector>] = [:]
    for (selector, vms) in holdings.vms { for vm in vms { held[vm, default: []].insert(selector) } }

    let lists = VMLists(calls: calls, memory: memory, trace: trace)
    var (listed, complete) = try await candidates(holdings, lists)
    complete = complete && holdings.complete
    var known: Set<String> = []
    listed = listed.filter { vm in
      known.insert(vm.moid).inserted
        && (vm.name.map { query.selects(name: $0, moid: vm.moid, in: held[vm.moid] ?? []) } ?? true)
    }
    let session = try await calls.keeper.session()
    let answer: (vms: [VMFacts], complete: Bool, absent: [String])
    if session.vi == nil {
      let (vms, whole) = try await RESTFacts(calls: calls).read(listed).get()
      answer = (vms, whole, [])
    } else {
      answer = try await VIFacts(calls: calls).read(listed).get()
    }
    complete = complete && answer.complete
    if complete, !answer.absent.isEmpty { complete = try await areGone(answer.absent, of: listed, lists) }
    var vms: [VMFacts] = []
    for var vm in answer.vms {
      vm.selectors = held[vm.moid] ?? []
      if query.selects(name: vm.name, moid: vm.moid, in: vm.selectors) { vms.append(vm) }
    }
    // The session that is there now may be another one; what it knows of the vCenter is what counts.
    let last = await calls.keeper.known ?? session
    return Inventory(
      vcenterUUID: last.vcenterUUID, canTerminate: last.vi?.processManager != nil, vms: vms, complete: complete,
      unresolved: holdings.unresolved)
  }

  /// The VMs that some scope may reach, each once. All names are only listed where a scope has nothing but names; else ids
  /// are asked for one by one, and what a selector holds is taken as it is.
  private func candidates(
    _ holdings: SelectorReading.Holdings, _ lists: VMLists
  ) async throws(Fault) -> VMLists.Whole {
    var chosen: [String] = []
    var exact: [String] = []
    for scope in query.scopes {
      var found = scope.ids
      for key in [
        scope.folders?.map(Selector.folder), scope.clusters?.map(Selector.cluster), scope.tags?.map(Selector.tag),
      ] {
        guard let selectors = key else { continue }
        let vms = selectors.flatMap { holdings.vms[$0] ?? [] }
        if let before = found {
          let both = Set(vms)
          found = before.filter(both.contains)
        } else {
          found = vms
        }
      }
      guard let found else {
        if scope.names == nil { continue }
        return try await lists.all()
      }
      if scope.ids == nil { chosen += found } else { exact += found }
    }
    var seen: Set<String> = []
    chosen = chosen.filter { seen.insert($0).inserted }
    exact = (exact + query.ids).filter { seen.insert($0).inserted }
    let session = try await calls.keeper.session()
    // Over REST alone only a list tells the names.
    if session.vi == nil { return (try await lists.exactly(chosen + exact), true) }
    return (chosen.map { VMLists.Listed(moid: $0) } + (try await lists.exactly(exact)), true)
  }

  /// False where a VM that vCenter told nothing about may be there all the same.
  private func areGone(
    _ absent: [String], of listed: [VMLists.Listed], _ lists: VMLists
  ) async throws(Fault) -> Bool {
    // One that was listed a moment ago is told about by the next inventory; a tag may stay on a VM that is long gone.
    let named = Set(listed.lazy.filter { $0.name != nil }.map(\.moid))
    guard absent.count <= InventoryReading.absentCap, !absent.contains(where: named.contains) else { return false }
    return try await lists.exactly(absent).isEmpty
  }
}
