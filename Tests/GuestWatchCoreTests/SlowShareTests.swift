import Testing

@testable import GuestWatchCore

@Suite("VMs that time out (L3)")
struct SlowShareTests {
  @Test("They share a quarter of the vCenter's places, and the others are surveyed in time")
  func quarter() {
    var stage = Stage()
    let machines = (0..<40).map { i in
      VMFacts(moid: "vm-\(i)", name: "db-\(i)", instanceUUID: "uuid-\(i)", family: .linux, bootTime: 1)
    }
    let dead = Set((0..<20).map { "vm-\($0)" })
    var answered: [String: Int] = [:]
    stage.intercept = { effect, stage in
      switch effect {
      case .refresh(let op, _, _, _): return [(.milliseconds(100), stage.inventoryEvent(op, machines))]
      case .survey(let op, let vm, _, _, _):
        guard dead.contains(vm.moid) else {
          answered[vm.moid, default: 0] += 1
          return [(.seconds(1), .surveyed(op, stage.timing(), .success(Listing(rows: stage.guest, showsEnds: false))))]
        }
        return [(.seconds(30), .surveyed(op, stage.timing(), .failure(Fault(.unanswered, code: "deadline"))))]
      default: return nil
      }
    }
    stage.begin([Stage.rule(every: .seconds(10))]) {
      $0.vcenters[0].maxInFlight = 8
      $0.logins[0].maxInFlight = 8
    }
    stage.run(.seconds(400))
    let healthy = (20..<40).map { answered["vm-\($0)", default: 0] }
    // 400 s at a survey every 10 s, less the first round.
    #expect(healthy.min() ?? 0 >= 25)
    // Each is in flight for 30 s from its start on. The first round finds out which they are.
    let tried = stage.log.compactMap { entry -> Int64? in
      guard case .survey(_, let vm, _, _, _) = entry.effect, dead.contains(vm.moid) else { return nil }
      return entry.at
    }
    let later = tried.filter { $0 > 1_130_000_000_000 }
    for start in later { #expect(later.count { $0 <= start && $0 > start - 30_000_000_000 } <= 2) }
    // They are still asked, each now and then.
    #expect(tried.count > 20)
  }
}
