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
  /// Those of the query's selectors that hold the VM.
  public var selectors: Set<Selector>

  public init(
    moid: String, name: String, instanceUUID: String?, biosUUID: String? = nil, power: PowerState = .on,
    connected: Bool = true, tools: ToolsState = .running, ready: Bool = true, family: GuestFamily = .unknown,
    template: Bool = false, managed: Bool = false, bootTime: Int64? = nil, suspendTime: Int64? = nil,
    selectors: Set<Selector> = []
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
    self.selectors = selectors
  }
}

/// What a vCenter answered about the VMs that a `ScopeQuery` asks for.
public struct Inventory: Hashable, Sendable {
  /// `about.instanceUuid`.
  public var vcenterUUID: String
  /// False before 8.0 U1: no VI JSON, so no kill can be sent; every kill gate is closed.
  public var canTerminate: Bool
  public var vms: [VMFacts]
  /// False where VMs may be missing, or may be in a selector that is not said of them: then absence proves nothing.
  public var complete: Bool
  /// The selectors of the query of which nobody knows which VMs they hold: they select none. All others were resolved,
  /// though perhaps to no VM.
  public var unresolved: [Selector: SelectorTrouble]

  public init(
    vcenterUUID: String, canTerminate: Bool, vms: [VMFacts], complete: Bool,
    unresolved: [Selector: SelectorTrouble] = [:]
  ) {
    self.vcenterUUID = vcenterUUID
    self.canTerminate = canTerminate
    self.vms = vms
    self.complete = complete
    self.unresolved = unresolved
  }
}

/// Which VMs of a vCenter are asked for: those that some rule might reach. Without scopes and ids it selects nothing.
public struct ScopeQuery: Hashable, Sendable {
  /// A VM that any of them reaches.
  public var scopes: [Scope]
  /// Exact managed object ids, whatever the scopes say.
  public var ids: [String]
  /// Of each VM it is to be told which of these hold it: those of the scopes, and what else decides about it (`[protect]
  /// vms`, the scopes of guest logins).
  public var selectors: [Selector]

  public init(scopes: [Scope], ids: [String] = [], selectors: [Selector] = []) {
    self.scopes = scopes
    self.ids = ids
    self.selectors = selectors
  }

  /// True where no VM is asked for.
  public var isEmpty: Bool { scopes.isEmpty && ids.isEmpty }

  /// True where the VM is one that was asked for; `held`: the selectors that hold it.
  public func selects(name: String, moid: String, in held: Set<Selector>) -> Bool {
    ids.contains(moid) || scopes.contains { $0.reaches(name: name, moid: moid, in: held) }
  }
}
