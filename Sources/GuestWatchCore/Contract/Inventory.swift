/// The operating system family of a guest, as far as it decides how names are compared.
public enum GuestFamily: String, Hashable, Sendable {
  case windows, linux
  /// Known, but neither of the two (Solaris, Darwin, NetWare, other).
  case other
  /// Not reported (yet): names are matched exactly, `unless` and protect are matched folded.
  case unknown
}

/// `runtime.powerState`.
public enum PowerState: String, Hashable, Sendable {
  case on, off, suspended, unknown
}

/// `guest.toolsRunningStatus`.
public enum ToolsState: String, Hashable, Sendable {
  case running, notRunning, executingScripts, unknown
}

/// What the inventory says of one VM. A property that is unset or could not be read is nil: unknown, never a change.
public struct VMFacts: Hashable, Sendable {
  /// The managed object id.
  public var moid: String
  /// The display name: whoever may rename a VM chose it.
  public var name: String
  /// `config.instanceUuid`; nil: the VM cannot be known again and is not watched.
  public var instanceUUID: String?
  /// `config.uuid`, the BIOS uuid.
  public var biosUUID: String?
  public var power: PowerState
  /// `runtime.connectionState` is `connected`.
  public var connected: Bool
  public var tools: ToolsState
  /// `guest.guestOperationsReady`; absent counts as false.
  public var ready: Bool
  public var family: GuestFamily
  /// `config.template`.
  public var template: Bool
  /// `config.managedBy` is set: a solution (vCLS, ...) owns the VM.
  public var managed: Bool
  /// `runtime.bootTime`, seconds since 1970.
  public var bootTime: Int64? { didSet { bootTime = bootTime.map(plausible) } }
  /// `runtime.suspendTime`, seconds since 1970.
  public var suspendTime: Int64? { didSet { suspendTime = suspendTime.map(plausible) } }

  public init(
    moid: String, name: String, instanceUUID: String?, biosUUID: String? = nil, power: PowerState = .on,
    connected: Bool = true, tools: ToolsState = .running, ready: Bool = true, family: GuestFamily = .unknown,
    template: Bool = false, managed: Bool = false, bootTime: Int64? = nil, suspendTime: Int64? = nil
  ) {
    self.moid = moid
    self.name = name
    self.instanceUUID = instanceUUID
    self.biosUUID = biosUUID
    self.power = power
    self.connected = connected
    self.tools = tools
    self.ready = ready
    self.family = family
    self.template = template
    self.managed = managed
    self.bootTime = bootTime.map(plausible)
    self.suspendTime = suspendTime.map(plausible)
  }
}

/// What a vCenter answered about the VMs that a `ScopeQuery` asks for.
public struct Inventory: Hashable, Sendable {
  /// `about.instanceUuid`.
  public var vcenterUUID: String
  /// False before 8.0 U1: no VI JSON, so no kill can be sent; every kill gate is closed.
  public var canTerminate: Bool
  public var vms: [VMFacts]
  /// False where some pages or properties are missing: then a VM that is absent proves nothing.
  public var complete: Bool

  public init(vcenterUUID: String, canTerminate: Bool, vms: [VMFacts], complete: Bool) {
    self.vcenterUUID = vcenterUUID
    self.canTerminate = canTerminate
    self.vms = vms
    self.complete = complete
  }
}

/// Which VMs of a vCenter some rule might reach. Empty selects nothing.
public struct ScopeQuery: Hashable, Sendable {
  /// Globs over VM names.
  public var names: [Glob]
  /// Exact managed object ids.
  public var ids: [String]

  public init(names: [Glob], ids: [String]) {
    self.names = names
    self.ids = ids
  }

  /// True where the VM is one that was asked for.
  public func selects(name: String, moid: String) -> Bool {
    ids.contains(moid) || names.contains { $0.matches(name, folded: false) }
  }
}
