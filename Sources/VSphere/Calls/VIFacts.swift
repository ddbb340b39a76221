import GuestWatchCore

/// Reads the state of VMs in bulk with `RetrievePropertiesEx` (vsphere-api.md, 5.6).
struct VIFacts: Sendable {
  let calls: SessionCalls

  private static let paths = [
    "runtime.powerState", "runtime.connectionState", "runtime.bootTime", "runtime.suspendTime",
    "guest.toolsRunningStatus", "guest.guestOperationsReady", "guest.guestFamily", "config.instanceUuid", "config.uuid",
    "config.template", "config.managedBy",
  ]

  /// What one read brought.
  private struct Page: Sendable {
    var facts: [Properties] = []
    var complete = true
  }

  /// In the order of `listed`; a VM that vCenter does not answer about is left out, and named in `absent` where it was not
  /// a fault that hid it.
  func read(
    _ listed: [VMLists.Listed]
  ) async -> Result<(vms: [VMFacts], complete: Bool, absent: [String]), Fault> {
    var found: [String: Properties] = [:]
    var complete = true
    var failure: Fault?
    let paths = VIFacts.paths + (listed.contains { $0.name == nil } ? ["name"] : [])
    for start in stride(from: 0, to: listed.count, by: InventoryReading.vmsPerRead) {
      let chunk = Array(listed[start..<min(start + InventoryReading.vmsPerRead, listed.count)])
      let (page, fault) = await retrieve(chunk.map(\.moid), paths)
      for facts in page.facts { found[facts.moid] = facts }
      complete = complete && page.complete
      if let fault {
        if VIFacts.concernsAll(fault) { return .failure(fault) }
        failure = fault
      }
    }
    if found.isEmpty, let failure { return .failure(failure) }
    var vms: [VMFacts] = []
    var absent: [String] = []
    for vm in listed {
      guard let properties = found[vm.moid] else {
        absent.append(vm.moid)
        continue
      }
      // Of a VM without a name nobody knows whether it is meant.
      if let facts = properties.facts(of: vm) { vms.append(facts) } else { complete = false }
    }
    return .success((vms, complete, absent))
  }

  /// True where the next VMs would fare no better.
  private static func concernsAll(_ fault: Fault) -> Bool {
    switch fault.kind {
    case .sessionLost, .loginRefused, .noSession, .unreachable, .untrusted, .unanswered, .transient: true
    case .guestLoginRefused, .guestLoginTrouble, .noCredential, .guestDenied, .vmGone, .wrongState, .toolsUnavailable,
      .unsupported, .busy, .notPermitted, .badAnswer, .overCap, .badRequest, .unknown:
      false
    }
  }

  /// Reads some VMs; where the read fails because of one of them, the halves are read on their own, so that a bad VM
  /// does not hide the others.
  private func retrieve(_ moids: [String], _ paths: [String]) async -> (Page, Fault?) {
    var (page, fault) = await retrieveOnce(moids, paths)
    guard let first = fault, !VIFacts.concernsAll(first), page.facts.isEmpty, moids.count > 1 else {
      return (page, fault)
    }
    fault = nil
    page.complete = true
    for half in [moids.prefix(moids.count / 2), moids.dropFirst(moids.count / 2)] {
      let (part, wrong) = await retrieve(Array(half), paths)
      page.facts += part.facts
      page.complete = page.complete && part.complete
      if let wrong {
        fault = wrong
        if VIFacts.concernsAll(wrong) { break }
      }
    }
    return (page, fault)
  }

  /// One `RetrievePropertiesEx` and the pages that follow.
  private func retrieveOnce(_ moids: [String], _ paths: [String]) async -> (Page, Fault?) {
    let request = PropertyReading.request(
      objects: moids.map { PropertyReading.object(type: "VirtualMachine", $0) },
      properties: [("VirtualMachine", paths)], objectsPerPage: InventoryReading.vmsPerRead)
    let reading = PropertyReading(calls: calls)
    let result = await calls.call { session in
      await reading.pages(request, atMost: moids.count, session) { object -> Properties? in
        guard let properties = Properties(object), properties.type ?? "VirtualMachine" == "VirtualMachine" else {
          return nil
        }
        return properties
      }
    }
    switch result {
    case .failure(let fault): return (Page(complete: false), fault)
    case .success(let pages):
      // A property that cannot be read is unknown of a VM that is there: who is there is known all the same.
      let whole = pages.trouble == nil && pages.useless == 0
      return (Page(facts: pages.rows, complete: whole), pages.trouble)
    }
  }
}

extension Properties {
  /// `runtime.powerState`.
  var power: PowerState {
    switch unboxed("runtime.powerState").string {
    case "poweredOn": .on
    case "poweredOff": .off
    case "suspended": .suspended
    default: .unknown
    }
  }

  /// nil where neither the list nor the properties have a name.
  fileprivate func facts(of vm: VMLists.Listed) -> VMFacts? {
    guard let name = vm.name ?? unboxed("name").string.map(unescaped) else { return nil }
    let tools: ToolsState =
      switch unboxed("guest.toolsRunningStatus").string {
      case "guestToolsRunning": .running
      case "guestToolsNotRunning": .notRunning
      case "guestToolsExecutingScripts": .executingScripts
      default: .unknown
      }
    let family: GuestFamily =
      switch unboxed("guest.guestFamily").string {
      case "windowsGuest": .windows
      case "linuxGuest": .linux
      case nil, "": .unknown
      default: .other
      }
    return VMFacts(
      moid: vm.moid, name: name, instanceUUID: uuid("config.instanceUuid"), biosUUID: uuid("config.uuid"),
      power: power == .unknown ? vm.power : power, connected: unboxed("runtime.connectionState").string == "connected",
      tools: tools,
      ready: unboxed("guest.guestOperationsReady").bool ?? false, family: family,
      // Where it cannot be read whether the VM is hands off, it is.
      template: unboxed("config.template").bool ?? (missing["config.template"] != nil),
      managed: !raw("config.managedBy").isNull || missing["config.managedBy"] != nil,
      bootTime: time("runtime.bootTime"), suspendTime: time("runtime.suspendTime"))
  }

  private func uuid(_ path: String) -> String? {
    guard let text = unboxed(path).string, !text.isEmpty else { return nil }
    return text
  }

  private func time(_ path: String) -> Int64? { unboxed(path).string.flatMap(secondsSince1970(rfc3339:)) }
}
