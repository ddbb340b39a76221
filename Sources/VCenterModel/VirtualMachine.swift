/// A virtual machine: what the inventory says of it, and its guest.
public struct VirtualMachine: Sendable {
  /// `runtime.powerState`.
  public enum Power: String, Hashable, Sendable, CaseIterable {
    case on, off, suspended

    /// As `/api` spells it.
    public var rest: String {
      switch self {
      case .on: "POWERED_ON"
      case .off: "POWERED_OFF"
      case .suspended: "SUSPENDED"
      }
    }

    /// As `/sdk/vim25` spells it.
    public var vi: String {
      switch self {
      case .on: "poweredOn"
      case .off: "poweredOff"
      case .suspended: "suspended"
      }
    }
  }

  /// `runtime.connectionState`; the raw value is the wire's.
  public enum Connection: String, Hashable, Sendable { case connected, disconnected, orphaned, inaccessible, invalid }

  /// `guest.toolsRunningStatus` and `run_state`.
  public enum Tools: String, Hashable, Sendable {
    case running, notRunning, executingScripts

    /// As `/api` spells it.
    public var rest: String {
      switch self {
      case .running: "RUNNING"
      case .notRunning: "NOT_RUNNING"
      case .executingScripts: "EXECUTING_SCRIPTS"
      }
    }

    /// As `/sdk/vim25` spells it.
    public var vi: String {
      switch self {
      case .running: "guestToolsRunning"
      case .notRunning: "guestToolsNotRunning"
      case .executingScripts: "guestToolsExecutingScripts"
      }
    }
  }

  /// The family of the guest's operating system.
  public enum Family: String, Hashable, Sendable {
    case linux, windows, solaris, darwin, netware, other

    /// As `/api` spells it.
    public var rest: String { rawValue.uppercased() }

    /// As `/sdk/vim25` spells it (`guest.guestFamily`).
    public var vi: String {
      switch self {
      case .linux: "linuxGuest"
      case .windows: "windowsGuest"
      case .solaris: "solarisGuest"
      case .darwin: "darwinGuestFamily"
      case .netware: "netwareGuest"
      case .other: "otherGuestFamily"
      }
    }
  }

  /// `config.managedBy`: a solution such as vCLS owns the VM.
  public struct ManagedBy: Hashable, Sendable {
    public var extensionKey: String
    public var type: String

    public init(extensionKey: String, type: String) {
      self.extensionKey = extensionKey
      self.type = type
    }
  }

  /// What the inventory says.
  public struct Facts: Hashable, Sendable {
    /// The managed object id, `vm-101`.
    public var moid: String
    public var name: String
    public var instanceUUID: String?
    public var biosUUID: String?
    public var power: Power
    public var connection: Connection
    public var tools: Tools
    /// `guest.guestOperationsReady`; nil: not known, so the property is unset.
    public var ready: Bool?
    public var family: Family?
    /// Such as `UBUNTU_64`, `guest_OS` of `/api`.
    public var guestOS: String
    public var hostName: String
    public var ipAddress: String?
    public var template: Bool
    public var managedBy: ManagedBy?
    /// Nanoseconds since 1970.
    public var bootTime: Int64?
    /// Nanoseconds since 1970.
    public var suspendTime: Int64?
    public var cpuCount: Int
    public var memoryMiB: Int
    /// The VM folder that it lies in.
    public var folder: String
    /// The host that it runs on.
    public var host: String
    /// Properties (by path) that the account may not read; they come in `missingSet`.
    public var unreadable: Set<String>
    /// Privileges that no account has on this VM: a permission on it gives less than the one above.
    public var withheld: Set<Privilege> = []

    public init(
      moid: String, name: String, instanceUUID: String? = nil, biosUUID: String? = nil, power: Power = .on,
      connection: Connection = .connected, tools: Tools = .running, ready: Bool? = true, family: Family? = .linux,
      guestOS: String = "DEBIAN_12_64", hostName: String = "", ipAddress: String? = nil, template: Bool = false,
      managedBy: ManagedBy? = nil, bootTime: Int64? = nil, suspendTime: Int64? = nil, cpuCount: Int = 2,
      memoryMiB: Int = 4096, folder: String = Places.firstVMFolder, host: String = Places.firstHost,
      unreadable: Set<String> = []
    ) {
      self.moid = moid
      self.name = name
      self.instanceUUID = instanceUUID
      self.biosUUID = biosUUID
      self.power = power
      self.connection = connection
      self.tools = tools
      self.ready = ready
      self.family = family
      self.guestOS = guestOS
      self.hostName = hostName
      self.ipAddress = ipAddress
      self.template = template
      self.managedBy = managedBy
      self.bootTime = bootTime
      self.suspendTime = suspendTime
      self.cpuCount = cpuCount
      self.memoryMiB = memoryMiB
      self.folder = folder
      self.host = host
      self.unreadable = unreadable
    }
  }

  /// Calls that the guest's tools.conf can switch off (vsphere-api.md 8.4).
  public enum Switch: Hashable, Sendable { case list, terminate, start }

  /// What answers the guest calls.
  public enum Guest: Sendable {
    /// A process table of the model's own.
    case synthetic(SyntheticGuest)
    /// Whoever drives the model carries them out (`Reply.guest`).
    case external
  }

  public var facts: Facts
  /// Accounts that exist in this guest.
  public var accounts: [GuestAccount]
  /// True where the guest also asks the model's directory.
  public var usesDirectory: Bool
  public var disabled: Set<Switch>
  /// True where vCenter holds a task on the VM: guest calls are refused as busy.
  public var busy: Bool
  /// The guest where it is of the model's own: changed in its place, so that no process table is copied.
  var synthetic: SyntheticGuest?
  public var guest: Guest {
    get { synthetic.map { .synthetic($0) } ?? .external }
    set {
      switch newValue {
      case .synthetic(let guest): synthetic = guest
      case .external: synthetic = nil
      }
    }
  }

  public init(
    facts: Facts, accounts: [GuestAccount], guest: Guest, usesDirectory: Bool = false, disabled: Set<Switch> = [],
    busy: Bool = false
  ) {
    self.facts = facts
    self.accounts = accounts
    if case .synthetic(let guest) = guest { synthetic = guest }
    self.usesDirectory = usesDirectory
    self.disabled = disabled
    self.busy = busy
  }
}
