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
    var facts: [(moid: String, facts: Properties)] = []
    var complete = true
  }

  /// In the order of `listed`; a VM that vCenter does not answer about is left out, and the answer is not complete.
  func read(
    _ listed: [InventoryReading.Listed]
  ) async -> Result<(vms: [VMFacts], complete: Bool), Fault> {
    var found: [String: Properties] = [:]
    var complete = true
    var failure: Fault?
    for start in stride(from: 0, to: listed.count, by: InventoryReading.vmsPerRead) {
      let chunk = Array(listed[start..<min(start + InventoryReading.vmsPerRead, listed.count)])
      let (page, fault) = await retrieve(chunk.map(\.moid))
      for (moid, facts) in page.facts { found[moid] = facts }
      complete = complete && page.complete
      if let fault {
        if VIFacts.concernsAll(fault) { return .failure(fault) }
        failure = fault
      }
    }
    if found.isEmpty, let failure { return .failure(failure) }
    let vms = listed.compactMap { vm in found[vm.moid]?.facts(of: vm) }
    return .success((vms, complete && vms.count == listed.count))
  }

  /// True where the next VMs would fare no better.
  private static func concernsAll(_ fault: Fault) -> Bool {
    switch fault.kind {
    case .sessionLost, .loginRefused, .unreachable, .untrusted, .unanswered, .transient: true
    case .guestLoginRefused, .guestLoginTrouble, .guestDenied, .vmGone, .wrongState, .toolsUnavailable, .unsupported,
      .busy, .notPermitted, .badAnswer, .overCap, .badRequest, .unknown:
      false
    }
  }

  /// Reads some VMs; where the read fails because of one of them, the halves are read on their own, so that a bad VM
  /// does not hide the others.
  private func retrieve(_ moids: [String]) async -> (Page, Fault?) {
    var (page, fault) = await retrieveOnce(moids)
    guard let first = fault, !VIFacts.concernsAll(first), page.facts.isEmpty, moids.count > 1 else {
      return (page, fault)
    }
    fault = nil
    for half in [moids.prefix(moids.count / 2), moids.dropFirst(moids.count / 2)] {
      let (part, wrong) = await retrieve(Array(half))
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
  private func retrieveOnce(_ moids: [String]) async -> (Page, Fault?) {
    var page = Page()
    var token: String?
    // Every page brings at least one object, or the server goes in circles.
    for _ in 0...moids.count {
      let sent = token
      let result = await calls.call { session in await self.one(moids, continuing: sent, session) }
      switch result {
      case .failure(let fault):
        page.complete = false
        return (page, fault)
      case .success(let body):
        if body.isNull { return (page, nil) }
        guard let objects = body["objects"].isNull ? [] : body["objects"].array else {
          page.complete = false
          return (page, badAnswer("the properties are not an array"))
        }
        for object in objects {
          guard let moid = object["obj"]["value"].string, let facts = Properties(object) else {
            page.complete = false
            continue
          }
          if !facts.unreadable.isEmpty { page.complete = false }
          page.facts.append((moid, facts))
        }
        guard let next = body["token"].string else { return (page, nil) }
        token = next
      }
    }
    page.complete = false
    return (page, badAnswer("the property pages do not end"))
  }

  private func one(_ moids: [String], continuing token: String?, _ session: OpenSession) async -> Attempt<JSON> {
    guard let vi = session.vi else { return .failed(Fault(.badRequest, code: "no VI JSON")) }
    let result: Attempt<JSON>
    if let token {
      let path = vi.path("PropertyCollector", vi.propertyCollector, "ContinueRetrievePropertiesEx")
      result = await calls.viJSON(path, body: .object([("token", .string(token))]), session: session, token: vi.token)
    } else {
      let path = vi.path("PropertyCollector", vi.propertyCollector, "RetrievePropertiesEx")
      result = await calls.viJSON(path, body: VIFacts.request(moids), session: session, token: vi.token)
    }
    // A dead session may answer 200 and hide it in every property (vsphere-api.md, section 0, 3).
    if case .value(let body) = result, let fault = VIFacts.hiddenNotAuthenticated(body) { return .dead(.vi, fault) }
    return result
  }

  private static func request(_ moids: [String]) -> JSONOut {
    .object([
      (
        "specSet",
        .array([
          .object([
            ("_typeName", .string("PropertyFilterSpec")),
            (
              "objectSet",
              .array(
                moids.map { moid in
                  .object([("_typeName", .string("ObjectSpec")), ("obj", .reference(type: "VirtualMachine", moid))])
                })
            ),
            (
              "propSet",
              .array([
                .object([
                  ("_typeName", .string("PropertySpec")), ("type", .string("VirtualMachine")), ("all", .bool(false)),
                  ("pathSet", .array(paths.map(JSONOut.string))),
                ])
              ])
            ),
            // Else one VM that was deleted meanwhile fails the whole read.
            ("reportMissingObjectsInResults", .bool(true)),
          ])
        ])
      ),
      (
        "options",
        .object([
          ("_typeName", .string("RetrieveOptions")), ("maxObjects", .integer(Int64(InventoryReading.vmsPerRead))),
        ])
      ),
    ])
  }

  /// The fault where no property of any object could be read and the reason is NotAuthenticated.
  private static func hiddenNotAuthenticated(_ body: JSON) -> Fault? {
    guard let objects = body["objects"].array, !objects.isEmpty else { return nil }
    var found: Fault?
    for object in objects {
      guard object["propSet"].array?.isEmpty ?? true, let missing = object["missingSet"].array, !missing.isEmpty else {
        return nil
      }
      for entry in missing {
        let fault = VIFault(entry["fault"])
        // In some answers the fault is wrapped as LocalizedMethodFault.
        let inner = VIFault(entry["fault"]["fault"])
        guard fault.saysSessionIsDead || inner.saysSessionIsDead else { return nil }
        found = fault.saysSessionIsDead ? fault.fault : inner.fault
      }
    }
    return found
  }
}

/// The properties of one VM.
private struct Properties: Sendable {
  private var values: [String: JSON] = [:]
  /// Paths that exist but could not be read: unknown, unlike those that are unset.
  var unreadable: Set<String> = []

  init?(_ object: JSON) {
    guard object["obj"]["type"].string ?? "VirtualMachine" == "VirtualMachine" else { return nil }
    for property in object["propSet"].array ?? [] {
      if let name = property["name"].string { values[name] = property["val"] }
    }
    for missing in object["missingSet"].array ?? [] {
      if let path = missing["path"].string { unreadable.insert(path) }
    }
  }

  /// A value of an `Any` slot: boxed (`_value`), or bare.
  private func unboxed(_ path: String) -> JSON {
    let value = values[path] ?? .null
    return value.isObject ? value["_value"] : value
  }

  func facts(of vm: InventoryReading.Listed) -> VMFacts {
    let power: PowerState =
      switch unboxed("runtime.powerState").string {
      case "poweredOn": .on
      case "poweredOff": .off
      case "suspended": .suspended
      default: vm.power
      }
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
      moid: vm.moid, name: vm.name, instanceUUID: uuid("config.instanceUuid"), biosUUID: uuid("config.uuid"),
      power: power, connected: unboxed("runtime.connectionState").string == "connected", tools: tools,
      ready: unboxed("guest.guestOperationsReady").bool ?? false, family: family,
      // Where it cannot be read whether the VM is hands off, it is.
      template: unboxed("config.template").bool ?? unreadable.contains("config.template"),
      managed: !(values["config.managedBy"] ?? .null).isNull || unreadable.contains("config.managedBy"),
      bootTime: time("runtime.bootTime"), suspendTime: time("runtime.suspendTime"))
  }

  private func uuid(_ path: String) -> String? {
    guard let text = unboxed(path).string, !text.isEmpty else { return nil }
    return text
  }

  private func time(_ path: String) -> Int64? { unboxed(path).string.flatMap(secondsSince1970(rfc3339:)) }
}
