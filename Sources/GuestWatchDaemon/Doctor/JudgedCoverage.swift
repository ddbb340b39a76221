import GuestWatchCore

/// How many of the VMs in scope can be watched, and why the others cannot. Pure.
struct JudgedCoverage {
  let id: VCenterID
  let coverage: Coverage

  private var subject: CheckLine.Subject { .vcenter(id) }

  var line: CheckLine {
    if let unknown = coverage.unknown {
      return .warning(
        subject, .coverage, "not known: \(unknown)", mend: "mend what stands above; `guestwatchd status` shows it, too")
    }
    let total = coverage.vms.count
    guard total > 0 else {
      return .warning(
        subject, .coverage, "no rule's scope reaches a VM that the account may see",
        mend: "check the scopes of the rules, and that the account may see the VMs (System.View, System.Read)")
    }
    let watchable = coverage.vms.count { coverage.unwatched[$0.moid] == nil }
    let found =
      "\(grouped(watchable)) of \(grouped(total)) \(total == 1 ? "VM in scope is" : "VMs in scope are") watchable"
    if watchable == total { return .ok(subject, .coverage, found) }
    var counts: [String: Int] = [:]
    for vm in coverage.vms { if let reason = coverage.unwatched[vm.moid] { counts[reason, default: 0] += 1 } }
    // The most frequent first; by text where as many.
    let reasons = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let parts = reasons.map { "\(grouped($0.value)) because \($0.key)" }
    let text = "\(found); the rest: \(parts.joined(separator: "; "))"
    let odd = reasons.filter { !Self.isNatural($0.key) }
    guard let first = odd.first else { return .ok(subject, .coverage, text) }
    let mend = Self.mend(first.key)
    return watchable == 0
      ? .notOK(subject, .coverage, text, mend: mend) : .warning(subject, .coverage, text, mend: mend)
  }

  /// Nobody would want it otherwise.
  static func isNatural(_ reason: String) -> Bool {
    switch Unwatchable(rawValue: reason) {
    case .off, .template, .managed, .protected, .own: true
    case .disconnected, .notReady, .protectionUnknown, .twice, .nameless, .outOfSight, .unconfirmed, nil: false
    }
  }

  static func mend(_ reason: String) -> String {
    switch Unwatchable(rawValue: reason) {
    case .notReady: "install or start VMware Tools (open-vm-tools) in these guests"
    case .disconnected: "see at vCenter why their host is not connected"
    case .protectionUnknown: "have `[protect] vms` name folders and tags that the account may see"
    case .twice, .nameless: "give each VM an instance uuid of its own (config.instanceUuid)"
    case .outOfSight, .unconfirmed: "wait for the next inventory, two minutes"
    case .off, .template, .managed, .protected, .own: "nothing"
    // A login that is stopped, a vCenter that is down, a VM that is parked.
    case nil: "`guestwatchd status` shows each with the reason"
    }
  }
}
