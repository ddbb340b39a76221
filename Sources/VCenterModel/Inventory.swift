import OrderedCollections

/// What is left of a property query that was answered in part.
struct PropertyRest: Hashable, Sendable {
  var objects: [ObjectID]
  var query: PropertyQuery
  /// Of the session that it dies with.
  var token: String
}

/// Virtual machines, and reading their properties.
extension VCenterModel {
  /// All virtual machines, in the order in which they were added.
  public var virtualMachines: [VirtualMachine] { Array(machines.values) }

  /// The ids of all virtual machines, in the same order.
  public var moids: [String] { Array(machines.keys) }

  public var machineCount: Int { machines.count }

  /// How many rows the process table of a VM's guest has; 0 where it is external.
  public func processCount(_ moid: String) -> Int { look(at: moid) { $0.state.processes.count } ?? 0 }

  /// What the inventory says of each, in the same order.
  public var allFacts: [VirtualMachine.Facts] { machines.values.map(\.facts) }

  public func virtualMachine(_ moid: String) -> VirtualMachine? { machines[moid] }

  /// Adds a VM, or puts another in the place of the one with this moid. Where its folder or host is not there (it comes
  /// from another vCenter), it is put where all are that were put nowhere.
  public mutating func add(_ machine: VirtualMachine) {
    var machine = machine
    if places.folder(machine.facts.folder) == nil { machine.facts.folder = Places.firstVMFolder }
    if places.host(machine.facts.host) == nil { machine.facts.host = Places.firstHost }
    machines[machine.facts.moid] = machine
    nextDue = .min
    drain(machine.facts.moid)
  }

  /// Deletes a VM.
  public mutating func remove(_ moid: String) { _ = take(moid) }

  /// Takes a VM out as it is, running or not, to be put back under another id or into another vCenter; its tags are lost.
  /// nil: there is none.
  public mutating func take(_ moid: String) -> VirtualMachine? {
    tags.forget(ObjectID(id: moid))
    return machines.removeValue(forKey: moid)
  }

  /// Changes while the process table of a guest is the same as before mean the same rows: what a listing shows is equal as
  /// long as this number is. nil: there is no such VM, or its guest is external.
  public func rowsVersion(_ moid: String) -> UInt64? { look(at: moid) { $0.version } }

  /// Changes what the inventory says (name, tools, readiness, ...). Power has calls of its own.
  public mutating func update(_ moid: String, _ change: (inout VirtualMachine) -> Void) {
    guard let i = machines.index(forKey: moid) else { return }
    change(&machines.values[i])
  }

  func list(_ filter: VMFilter) throws(ModelError) -> [VMSummary] {
    let found = machines.values.map(\.facts).filter { facts in
      (filter.vms.isEmpty || filter.vms.contains(facts.moid))
        && (filter.names.isEmpty || filter.names.contains(facts.name))
        && (filter.powerStates.isEmpty || filter.powerStates.contains(facts.power)) && fits(facts, filter)
    }
    guard found.count <= settings.listCap else { throw .tooMany }
    return found.map {
      VMSummary(moid: $0.moid, name: $0.name, power: $0.power, cpuCount: $0.cpuCount, memoryMiB: $0.memoryMiB)
    }
  }

  func facts(_ moid: String, _ session: Session) throws(ModelError) -> VirtualMachine.Facts {
    guard let machine = machines[moid] else { throw .objectNotFound(type: "VirtualMachine", value: moid) }
    try require(.read, of: session, on: moid)
    return machine.facts
  }

  func identity(of facts: VirtualMachine.Facts) throws(ModelError) -> GuestIdentity {
    guard facts.power == .on, facts.tools != .notRunning, let family = facts.family else {
      throw .serviceUnavailable
    }
    return GuestIdentity(
      name: facts.guestOS, family: family, fullName: facts.guestOS,
      hostName: facts.hostName.isEmpty ? facts.name : facts.hostName, ipAddress: facts.ipAddress)
  }

  mutating func page(_ query: PropertyQuery, _ token: String) throws(ModelError) -> PropertyPage? {
    for path in query.paths where !VirtualMachine.Facts.paths.contains(path) { throw .invalidProperty(path: path) }
    for (type, paths) in query.otherPaths.sorted(by: { $0.key < $1.key }) {
      for path in paths where VCenterModel.placePaths[type]?.contains(path) != true {
        throw .invalidProperty(path: path)
      }
    }
    let objects = try objects(of: query).filter { query.paths(of: $0.type) != nil }
    if objects.isEmpty { return nil }
    return nextPage(PropertyRest(objects: objects, query: query, token: token))
  }

  private func objects(of query: PropertyQuery) throws(ModelError) -> [ObjectID] {
    let named: [ObjectID]
    switch query.objects {
    case .view(let view): return try contents(ofView: view)
    case .vms(let moids): named = moids.map { ObjectID(id: $0) }
    case .objects(let objects): named = objects
    }
    for object in named where !isThere(object) && !query.skipsMissing {
      throw .objectNotFound(type: object.type, value: object.id)
    }
    return named.filter(isThere)
  }

  mutating func nextPage(_ rest: PropertyRest) -> PropertyPage {
    let size = max(1, min(settings.pageSize, rest.query.maxObjects ?? settings.pageSize))
    let now = rest.objects.prefix(size)
    var token: String?
    if rest.objects.count > size {
      let name = "\(nextObject)"
      nextObject += 1
      pages[name] = PropertyRest(
        objects: Array(rest.objects.dropFirst(size)), query: rest.query, token: rest.token)
      token = name
    }
    let user = sessions.open[rest.token]?.info.user ?? ""
    // One that was deleted between two pages is simply not there any more.
    return PropertyPage(objects: now.compactMap { content(of: $0, rest.query, asSeenBy: user) }, token: token)
  }

  /// What a dead session is told: all objects, and of all properties that they cannot be read.
  func unauthenticatedPage(_ query: PropertyQuery) throws(ModelError) -> PropertyPage? {
    let objects: [ObjectID]
    switch query.objects {
    // The view died with the session, but this answer has all the objects of its kind.
    case .view:
      let types = Array(query.otherPaths.keys) + (query.paths.isEmpty ? [] : ["VirtualMachine"])
      objects = contents(ViewQuery(container: ViewQuery.allVMs.container, types: types))
    case .vms(let named): objects = named.map { ObjectID(id: $0) }.filter(isThere)
    case .objects(let named): objects = named.filter(isThere)
    }
    if objects.isEmpty { return nil }
    return PropertyPage(
      objects: objects.map { object in
        ObjectContent(
          moid: object.id, type: object.type, values: [],
          missing: (query.paths(of: object.type) ?? []).map {
            ObjectContent.Missing(path: $0, error: .notAuthenticated)
          })
      }, token: nil)
  }
}

extension VirtualMachine.Facts {
  /// The property paths that the model knows (vsphere-api.md 5.6).
  static let paths: Set<String> = [
    "name", "parent", "runtime.powerState", "runtime.connectionState", "runtime.bootTime", "runtime.suspendTime",
    "runtime.maxCpuUsage", "runtime.host", "guest.toolsRunningStatus", "guest.guestOperationsReady",
    "guest.guestFamily", "config.instanceUuid", "config.uuid", "config.template", "config.managedBy",
    "summary.quickStats.overallCpuUsage", "summary.quickStats.guestMemoryUsage",
    "summary.quickStats.uptimeSeconds", effectiveRole,
  ]
  static let effectiveRole = "effectiveRole"

  /// - Parameter role: of whoever asks; nil: he may not see this VM's permissions (`System.View`).
  func content(_ paths: [String], role: Role?) -> ObjectContent {
    var content = ObjectContent(moid: moid, values: [], missing: [])
    for path in paths {
      if path == Self.effectiveRole, !unreadable.contains(path) {
        if let role {
          content.values.append(ObjectContent.Property(path: path, value: .ints([role.id])))
        } else {
          content.missing.append(
            ObjectContent.Missing(path: path, error: .noPermission(moid: moid, privilege: Privilege.view.rawValue)))
        }
      } else if unreadable.contains(path) {
        content.missing.append(
          ObjectContent.Missing(path: path, error: .noPermission(moid: moid, privilege: Privilege.read.rawValue)))
      } else if let value = value(path) {
        content.values.append(ObjectContent.Property(path: path, value: value))
      }
    }
    return content
  }

  /// nil: unset.
  private func value(_ path: String) -> PropertyValue? {
    switch path {
    case "name": .string(Places.escaped(name))
    case "parent": .reference(type: "Folder", value: folder)
    case "runtime.powerState": .enumeration(type: "VirtualMachinePowerState", value: power.vi)
    case "runtime.connectionState":
      .enumeration(type: "VirtualMachineConnectionState", value: connection.rawValue)
    case "runtime.bootTime": power == .on ? bootTime.map(PropertyValue.dateTime) : nil
    case "runtime.suspendTime": suspendTime.map(PropertyValue.dateTime)
    case "runtime.maxCpuUsage": .int(Int32(clamping: 2_400 * cpuCount))
    case "runtime.host": .reference(type: "HostSystem", value: host)
    case "guest.toolsRunningStatus": .string(power == .on ? tools.vi : VirtualMachine.Tools.notRunning.vi)
    case "guest.guestOperationsReady": power == .on ? ready.map(PropertyValue.boolean) : .boolean(false)
    case "guest.guestFamily": family.map { .string($0.vi) }
    case "config.instanceUuid": instanceUUID.map(PropertyValue.string)
    case "config.uuid": biosUUID.map(PropertyValue.string)
    case "config.template": .boolean(template)
    case "config.managedBy": managedBy.map { .managedBy(extensionKey: $0.extensionKey, type: $0.type) }
    default: nil
    }
  }
}
