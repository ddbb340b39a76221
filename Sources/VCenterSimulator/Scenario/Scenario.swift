public import VCenterModel

/// What a simulated vCenter holds at its start. As a JSON file (everything optional unless said; unknown keys are errors;
/// times in seconds, whole or not):
///
/// ```
/// {
///   "release": "8.0.3.0",            which vCenter: 7.0.3.0 (no VI JSON), 8.0.1.0 (no hello), 8.0.2.0 (two sessions), ...
///   "instance_uuid": "...",          of the vCenter
///   "session_idle_s": 1800,          idle for longer, a session is dead
///   "session_limit": 550, "page_size": 100, "list_cap": 4000,
///   "answers_dead_sessions": true,   RetrievePropertiesEx says 200 to a dead session, everything in missingSet
///   "overlap": "refused",            a second guest call on a VM is "refused" (busy) or "waits"
///   "kill_scale": 1.0,               times the agent's 5 s and 15 s in real guests: 0.1 = 0.5 s and 1.5 s
///   "seed": 1,                       makes the tokens
///   "certificate_days": 90,          how long the server's certificate is valid
///   "accounts": [                    required: who may log in to the vCenter
///     {"user": "svc@vsphere.local", "password": "...", "lockout_after": 5,
///      "privileges": ["System.View", "System.Read", "VirtualMachine.GuestOperations.Query", "...Execute"],
///      "administrator": false}],     all privileges that there are
///   "directory": [ <guest account> ],   asked by guests with "uses_directory"
///   "vms": [{                        required
///     "id": "vm-101", "name": "web01",            required
///     "guest": "real" | "synthetic",              required
///     "accounts": [{"user": "root", "password": "...", "saml_token": "...", "superuser": true, "lockout_after": 3}],
///     "uses_directory": false,
///     "processes": [ ... ],                       see below
///     "instance_uuid", "bios_uuid", "guest_os", "host_name", "ip_address": "...",
///     "power": "on" | "off" | "suspended", "connection": "connected" | "disconnected" | ...,
///     "tools": "running" | "notRunning" | "executingScripts", "ready": true, "family": "linux" | "windows" | ...,
///     "template": false, "managed_by": {"extension_key": "...", "type": "..."},
///     "booted_s_ago": 3600, "suspended_s_ago": null, "cpu_count": 2, "memory_mib": 4096,
///     "folder": "/Datacenter/vm/db",              its VM folder; made, datacenter and all, where it is not there
///     "cluster": "gold", "host": "esx-1",         in the same datacenter; made where they are not there
///     "tags": ["tier:gold"],                      category and name; made where they are not there
///     "unreadable": ["guest.guestFamily"],        properties that come in missingSet
///     "withheld": ["VirtualMachine.GuestOperations.Execute"],   privileges that no account has on this VM
///     "disabled": ["list", "terminate"],          switched off in the guest's tools.conf
///     "busy": false
///   }],
///   "folders": ["/Datacenter/vm/empty"], "tags": ["tier:tin"],   more of them, without VMs
///   "faults": [ ... ], "hooks": [ ... ]           as the control endpoint takes them, see `ControlEndpoint`
/// }
/// ```
///
/// A process of a real guest is a program that the simulator starts on this machine:
/// `{"label": "spinner", "argv": ["/bin/bash", "-c", "while :; do :; done"], "name": "argv[0] to show", "owner": "name to show",
/// "ignores_sigterm": false, "pid": 4242}` (`argv` required; `pid` is shown instead of the kernel's; `label` finds it in the
/// ready line and at the control endpoint).
///
/// A process of a synthetic guest is a value: `{"label", "name", "owner", "command", "pid", "age_s": 60, "ends_after_s": 0.02}`
/// (`name` and `owner` required) with `"ignores_sigterm": true` or `"unkillable": true`, `"lives_s"`, `"zombie_s"`.
public struct Scenario: Sendable {
  public var settings: VCenterModel.Settings
  public var killScale: Double
  public var accounts: [VCenterAccount]
  public var directory: [GuestAccount]
  public var machines: [Machine]
  public var faults: [InjectedFault]
  public var hooks: [Hook]
  /// How long the server's certificate is valid.
  public var certificateDays = 90
  /// Inventory paths of VM folders, and tags as "category:name", that are there without any VM.
  public var folders: [String] = []
  public var tags: [String] = []

  /// A virtual machine and what runs in its guest.
  public struct Machine: Sendable {
    public var facts: VirtualMachine.Facts
    public var accounts: [GuestAccount]
    public var usesDirectory: Bool
    public var disabled: Set<VirtualMachine.Switch>
    public var busy: Bool
    /// How long before the simulator's start the VM booted; nil: a real guest with this machine, a synthetic one an hour ago.
    public var bootedAgo: Duration?
    public var suspendedAgo: Duration?
    public var guest: Guest
    /// The inventory path of its folder; nil: the first datacenter's `vm`.
    public var folder: String?
    /// Names; nil: the first there is.
    public var cluster: String?
    public var host: String?
    /// As "category:name".
    public var tags: [String] = []

    public init(
      _ facts: VirtualMachine.Facts, accounts: [GuestAccount], guest: Guest, usesDirectory: Bool = false,
      disabled: Set<VirtualMachine.Switch> = [], busy: Bool = false, bootedAgo: Duration? = nil,
      suspendedAgo: Duration? = nil
    ) {
      self.facts = facts
      self.accounts = accounts
      self.guest = guest
      self.usesDirectory = usesDirectory
      self.disabled = disabled
      self.busy = busy
      self.bootedAgo = bootedAgo
      self.suspendedAgo = suspendedAgo
    }
  }

  public enum Guest: Sendable {
    case real([RealProcess])
    case synthetic([SyntheticProcess])
  }

  /// A program to start in a real guest.
  public struct RealProcess: Sendable {
    public var label: String?
    public var program: GuestProgram
    /// The pid to show; nil: the kernel's.
    public var pid: Int64?

    public init(_ program: GuestProgram, label: String? = nil, pid: Int64? = nil) {
      self.program = program
      self.label = label
      self.pid = pid
    }
  }

  /// A process that is there from the start in a synthetic guest.
  public struct SyntheticProcess: Sendable {
    public var label: String?
    public var spawn: Spawn
    /// How long before the simulator's start it began.
    public var age: Duration

    public init(_ spawn: Spawn, label: String? = nil, age: Duration = .zero) {
      self.spawn = spawn
      self.label = label
      self.age = age
    }
  }

  public init(
    settings: VCenterModel.Settings = VCenterModel.Settings(), killScale: Double = 1, accounts: [VCenterAccount],
    directory: [GuestAccount] = [], machines: [Machine], faults: [InjectedFault] = [], hooks: [Hook] = []
  ) {
    self.settings = settings
    self.killScale = killScale
    self.accounts = accounts
    self.directory = directory
    self.machines = machines
    self.faults = faults
    self.hooks = hooks
  }

  /// Reads the JSON of a scenario file.
  public init(json: [UInt8]) throws(SimulatorError) {
    let value: JSON
    do throws(JSONError) {
      value = try JSON(parsing: json)
    } catch {
      throw SimulatorError("the scenario is not JSON: \(error.what) at byte \(error.offset)")
    }
    do throws(ShapeError) {
      self = try ScenarioReader.scenario(value)
    } catch {
      throw SimulatorError("the scenario is wrong: \(error)")
    }
  }
}
