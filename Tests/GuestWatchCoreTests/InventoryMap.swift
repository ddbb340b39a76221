@testable import GuestWatchCore

/// What vCenters know of folders, clusters and tags: answers every inventory as they would, from what it was asked.
final class InventoryMap {
  /// By vCenter.
  var vms: [VCenterID: [VMFacts]] = [Stage.vcenter: []]
  /// By moid: which selectors hold a VM in truth.
  var held: [String: Set<Selector>] = [:]
  var trouble: [VCenterID: [Selector: SelectorTrouble]] = [:]
  /// These answer nothing.
  var silent: Set<VCenterID> = []
  var complete = true
  /// What an incomplete answer leaves out.
  var hidden: Set<Selector> = []
  var latency = Duration.milliseconds(100)
  private(set) var queries: [(at: Double, vcenter: VCenterID, query: ScopeQuery)] = []

  func queries(of vcenter: VCenterID = Stage.vcenter) -> [ScopeQuery] {
    queries.filter { $0.vcenter == vcenter }.map(\.query)
  }

  func answer(_ effect: Effect, _ stage: Stage) -> [(Duration, Event)]? {
    guard case .refresh(let op, let id, let query, _) = effect else { return nil }
    queries.append((Double(stage.time - 1_000_000_000_000) / 1e9, id, query))
    if silent.contains(id) { return [] }
    let troubles = (trouble[id] ?? [:]).filter { query.selectors.contains($0.key) }
    var shown: [VMFacts] = []
    for var facts in vms[id] ?? [] {
      facts.selectors = (held[facts.moid] ?? []).filter {
        query.selectors.contains($0) && troubles[$0] == nil && !hidden.contains($0)
      }
      if query.selects(name: facts.name, moid: facts.moid, in: facts.selectors) { shown.append(facts) }
    }
    let inventory = Inventory(
      vcenterUUID: "uuid of \(id)", canTerminate: true, vms: shown, complete: complete, unresolved: troubles)
    return [(latency, .inventory(op, stage.timing(), .success(inventory)))]
  }
}

extension Stage {
  /// A stage whose only VM stands where `map` says.
  static func placed(_ held: Set<Selector> = []) -> (stage: Stage, map: InventoryMap) {
    var stage = Stage()
    let map = InventoryMap()
    map.vms[vcenter] = [stage.facts]
    map.held[stage.facts.moid] = held
    stage.intercept = { effect, stage in map.answer(effect, stage) }
    return (stage, map)
  }

  static func rule(in scope: Scope) -> Rule { rule { $0.scope = scope } }

  var unwatched: [String] { watch.unwatched().map(\.reason) }
}
