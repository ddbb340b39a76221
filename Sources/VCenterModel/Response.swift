/// A session as its owner sees it.
public struct SessionInfo: Hashable, Sendable {
  /// The id that may be shown (`UserSession.key`); it is not the token.
  public var key: String
  public var user: String
  /// Nanoseconds since 1970.
  public var created: Int64
  /// Nanoseconds since 1970.
  public var lastUsed: Int64
  /// Calls made with it.
  public var calls: Int
  /// By which API it was created.
  public var api: API
}

/// `about` and the manager ids of `RetrieveServiceContent`. Clients must take the ids from here.
public struct ServiceContent: Hashable, Sendable {
  public var instanceUUID: String
  /// Such as `8.0.3`.
  public var version: String
  /// Such as `8.0.3.0`.
  public var apiVersion: String
  public var build: String
  public var rootFolder: String
  public var propertyCollector: String
  public var sessionManager: String
  public var viewManager: String
  public var guestOperationsManager: String
  public var authorizationManager: String
}

/// One line of `GET /api/vcenter/vm`.
public struct VMSummary: Hashable, Sendable {
  public var moid: String
  public var name: String
  public var power: VirtualMachine.Power
  public var cpuCount: Int
  public var memoryMiB: Int
}

/// What the guest says it is (`GET .../guest/identity`).
public struct GuestIdentity: Hashable, Sendable {
  /// Such as `UBUNTU_64`.
  public var name: String
  public var family: VirtualMachine.Family
  public var fullName: String
  public var hostName: String
  public var ipAddress: String?
}

/// One process as the guest agent reports it.
public struct ProcessInfo: Hashable, Sendable {
  public var pid: Int64
  public var name: String
  public var owner: String
  public var command: String
  /// Whole seconds since 1970 on the guest's clock.
  public var started: Int64
  /// Set only for an ended process that was started through the API. REST `list` does not show it.
  public var finished: Int64?
  /// Set with `finished`; -1 where it is not known.
  public var exitCode: Int64?

  public init(
    pid: Int64, name: String, owner: String, command: String, started: Int64, finished: Int64? = nil,
    exitCode: Int64? = nil
  ) {
    self.pid = pid
    self.name = name
    self.owner = owner
    self.command = command
    self.started = started
    self.finished = finished
    self.exitCode = exitCode
  }
}

/// A value in an `Any` slot of the property collector.
public enum PropertyValue: Hashable, Sendable {
  case string(String)
  case boolean(Bool)
  case int(Int32)
  /// Nanoseconds since 1970.
  case dateTime(Int64)
  /// An enum with its `_typeName`, such as `VirtualMachinePowerState`.
  case enumeration(type: String, value: String)
  /// `ManagedByInfo`.
  case managedBy(extensionKey: String, type: String)
  /// `ArrayOfString`.
  case strings([String])
  /// `ArrayOfInt`.
  case ints([Int32])
  /// A reference to a managed object, such as `runtime.host`.
  case reference(type: String, value: String)
}

/// What one object answered. A property that is unset is in neither list.
public struct ObjectContent: Hashable, Sendable {
  public var moid: String
  public var type = "VirtualMachine"
  /// In the order in which they were asked for.
  public var values: [Property]
  public var missing: [Missing]

  public struct Property: Hashable, Sendable {
    public var path: String
    public var value: PropertyValue
  }

  /// A property that could not be read, and why.
  public struct Missing: Hashable, Sendable {
    public var path: String
    public var error: ModelError
  }
}

/// One answer of the property collector.
public struct PropertyPage: Hashable, Sendable {
  public var objects: [ObjectContent]
  /// Set where there is more.
  public var token: String?
}

/// What a call is answered with.
public enum Response: Hashable, Sendable {
  /// 204: nothing to say.
  case done
  /// Of `hello`; "" where nothing is in common.
  case release(String)
  case serviceContent(ServiceContent)
  /// Of `viLogin` (the token goes into the header) and of `restCreateSession` (it is the body).
  case loggedIn(SessionInfo, token: String)
  /// Of `restGetSession` and `currentSession`; nil: there is none.
  case session(SessionInfo?)
  case vms([VMSummary])
  case vm(VirtualMachine.Facts)
  case places([PlaceSummary])
  case tagging(TagAnswer)
  case tools(VirtualMachine.Tools)
  case guestOperationsReady(Bool)
  case guestIdentity(GuestIdentity)
  /// A manager or view, by its moId.
  case object(String)
  /// Of `viewContents`.
  case objects([ObjectID])
  case roles([Role])
  /// nil: nothing matched.
  case properties(PropertyPage?)
  case processes([ProcessInfo])
  case process(ProcessInfo)
  /// Of `startProgram`.
  case started(pid: Int64)
  case failure(ModelError)
}

/// Names one guest call that is not answered yet.
public struct CallID: Hashable, Sendable, Comparable {
  public var number: UInt64

  public init(number: UInt64) { self.number = number }

  public static func < (a: CallID, b: CallID) -> Bool { a.number < b.number }
}

/// A guest call that was admitted (session, privileges, state of the VM and guest login are checked) on a VM whose
/// guest is `external`: whoever drives the model carries it out and answers with `VCenterModel.finish`.
public struct GuestCall: Hashable, Sendable {
  public enum Operation: Hashable, Sendable {
    case list(pids: [Int64]?)
    case get(pid: Int64)
    case terminate(pid: Int64)
    case start(ProgramSpec)
  }

  public var id: CallID
  public var moid: String
  /// The account in the guest that the call runs as.
  public var account: GuestAccount
  public var operation: Operation
}

/// How an external guest carried out a call.
public enum GuestResult: Hashable, Sendable {
  case processes([ProcessInfo])
  case process(ProcessInfo)
  case done
  case started(pid: Int64)
  /// ESRCH.
  case noSuchProcess(pid: Int64)
  /// EPERM, or the agent itself.
  case notPermitted
  /// Still there after SIGTERM, 5 s, SIGKILL and 15 s (vsphere-api.md 8.3).
  case timedOut
  /// The program could not be started.
  case notStarted
}

/// What the model says to a request.
public enum Reply: Hashable, Sendable {
  /// The answer.
  case now(Response)
  /// The guest needs time: call `VCenterModel.resume` at that moment (or later).
  case later(at: ModelTime, CallID)
  /// An external guest has to do it.
  case guest(GuestCall)
}
