@testable import GuestWatchCore

extension Stage {
  func looks(_ wanted: LookPurpose) -> [(at: Double, address: VMAddress, pid: Int64)] {
    log.compactMap { entry in
      guard case .look(_, let address, _, let pid, let purpose, _) = entry.effect, purpose == wanted else { return nil }
      return (Double(entry.at - 1_000_000_000_000) / 1e9, address, pid)
    }
  }
  func surveys(_ login: LoginID = Stage.login, moid: String = "vm-1", from: Double = 0) -> Int {
    log.count { entry in
      guard case .survey(_, let address, let by, _, _) = entry.effect else { return false }
      return by == login && address.moid == moid && Double(entry.at - 1_000_000_000_000) / 1e9 >= from
    }
  }
  var terminateAddresses: [VMAddress] {
    log.compactMap { entry in
      guard case .terminate(_, _, let address, _, _, _, _, _) = entry.effect else { return nil }
      return address
    }
  }
  mutating func bare(_ pid: Int64) {
    guard let i = guest.firstIndex(where: { $0.pid == pid }) else { return }
    guest[i].command = guest[i].name
  }
  static func openKill(
    _ process: Process, age: Duration = .seconds(5), answer: KillAnswer? = nil, moid: String = "vm-1"
  )
    -> Restored.OpenKill
  {
    let now = Now(continuous: Instant(nanoseconds: 1_000_000_000_000), wall: Stage.epoch * 1_000_000_000)
    let record = KillRecord(
      id: KillID(life: 1, number: 1), cause: .rule(RuleID("r"), .forbidden), action: .terminate, dryRun: false,
      vm: Stage.key, address: VMAddress(vcenter: Stage.vcenter, moid: moid), vmName: "db-07",
      login: Stage.login, process: process, anchors: [], decided: now, confirmed: now)
    return .init(record: record, age: age, answer: answer)
  }
  func inventoryEvent(_ op: OpID, _ vms: [VMFacts], uuid: String = "vc-uuid", complete: Bool = true) -> Event {
    .inventory(
      op, timing(), .success(Inventory(vcenterUUID: uuid, canTerminate: true, vms: vms, complete: complete)))
  }
}

@Sendable func big(_ c: inout Configuration) { c.budget = FleetBudget(kills: 1000, perVM: 1000) }

extension Stage {
  static let b = LoginID("b")

  static func twoLogins(_ c: inout Configuration) {
    c.budget = FleetBudget(kills: 1000, perVM: 1000)
    c.logins.append(LoginEntry(id: b, account: "b", digest: 2))
  }

  static func ruleB(_ name: String = "rb") -> Rule {
    Stage.rule(name, match: "other", action: .report) { $0.login = b }
  }
}
