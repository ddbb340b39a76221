/// Why a vCenter refuses, in the words of both protocols; whoever speaks HTTP only spells it out.
public enum ModelError: Error, Hashable, Sendable {
  // sessions and rights
  /// No session, or a dead one.
  case notAuthenticated
  /// vCenter refused the user name or password, or the account is locked.
  case loginRefused
  /// The account lacks a privilege on the object.
  case noPermission(moid: String, privilege: String)

  // requests
  /// The call does not exist in this release.
  case noSuchCall
  /// A parameter is wrong.
  case invalidArgument(name: String)
  /// A property path does not exist.
  case invalidProperty(path: String)
  /// More matches than one answer may hold.
  case tooMany
  /// No such object (a VM, a view, a token of the collector).
  case objectNotFound(type: String, value: String)

  // virtual machines and their guests
  /// The VM is not powered on.
  case powerState(moid: String, VirtualMachine.Power)
  /// The ESXi host is cut off, or the VM's files are.
  case hostNotConnected
  /// The guest agent does not run.
  case toolsNotRunning
  /// The agent runs, but is not ready for guest operations.
  case guestNotReady
  /// The guest's tools.conf switches the call off.
  case disabledByGuest
  /// The agent cannot do this.
  case notSupportedByGuest
  /// Another operation runs on the VM.
  case busy(moid: String)
  /// The guest refused the account.
  case guestLoginRefused
  /// The account may not do this in the guest.
  case guestPermissionDenied
  /// No process has this pid.
  case processNotFound(pid: Int64)
  /// The agent gave up: still there after 20 s.
  case couldNotTerminate(pid: Int64)
  /// The program did not start.
  case couldNotStart

  // injected
  /// The service is overloaded, restarting or not there.
  case serviceUnavailable
  /// Anything that the vendor calls an internal error.
  case internalError

  /// The REST view.
  public struct Rest: Hashable, Sendable {
    /// One of the 25 values of `error_type`.
    public var errorType: String
    /// HTTP status by the published OpenAPI.
    public var status: Int
    /// `data.pid`.
    public var pid: Int64?
    /// `challenge`, where the session was refused.
    public var challenge: String?
    /// The id of the first message. Not a contract, but clients see it.
    public var messageID: String
  }

  /// The VI JSON view: HTTP 500 with the fault as its body.
  public struct Fault: Hashable, Sendable {
    /// `_typeName`.
    public var name: String
    /// Further members in the order in which they are written.
    public var fields: [Field]

    public struct Field: Hashable, Sendable {
      public var name: String
      public var value: Value
    }

    public enum Value: Hashable, Sendable {
      case int(Int64)
      case string(String)
      case reference(type: String, value: String)
    }
  }

  /// As `/api` says it.
  public var rest: Rest {
    switch self {
    case .notAuthenticated:
      Rest(
        errorType: "UNAUTHENTICATED", status: 401,
        challenge: "Basic realm=\"VAPI endpoint\",SIGN realm=\"VAPI endpoint\"",
        messageID: "com.vmware.vapi.endpoint.method.authentication.required")
    case .loginRefused:
      Rest(errorType: "UNAUTHENTICATED", status: 401, messageID: "com.vmware.vapi.endpoint.login.refused")
    case .noPermission:
      Rest(errorType: "UNAUTHORIZED", status: 403, messageID: "com.vmware.api.vcenter.no_permission")
    case .noSuchCall:
      Rest(errorType: "NOT_FOUND", status: 404, messageID: "com.vmware.vapi.rest.httpNotFound")
    case .invalidArgument, .invalidProperty:
      Rest(errorType: "INVALID_ARGUMENT", status: 400, messageID: "com.vmware.api.vcenter.invalid_argument")
    case .tooMany:
      Rest(errorType: "UNABLE_TO_ALLOCATE_RESOURCE", status: 500, messageID: "com.vmware.api.vcenter.too_many")
    case .objectNotFound:
      Rest(errorType: "NOT_FOUND", status: 404, messageID: "com.vmware.api.vcenter.object_not_found")
    case .powerState:
      Rest(
        errorType: "NOT_ALLOWED_IN_CURRENT_STATE", status: 400, messageID: "com.vmware.api.vcenter.vm.wrong_power_state"
      )
    case .hostNotConnected:
      Rest(errorType: "RESOURCE_INACCESSIBLE", status: 500, messageID: "com.vmware.api.vcenter.host_not_connected")
    case .toolsNotRunning, .guestNotReady:
      Rest(errorType: "SERVICE_UNAVAILABLE", status: 503, messageID: "com.vmware.api.vcenter.vm.guest.unavailable")
    case .disabledByGuest, .notSupportedByGuest:
      Rest(errorType: "UNSUPPORTED", status: 400, messageID: "com.vmware.api.vcenter.vm.guest.unsupported")
    case .busy:
      Rest(errorType: "RESOURCE_BUSY", status: 500, messageID: "com.vmware.api.vcenter.vm.busy")
    case .guestLoginRefused:
      Rest(errorType: "UNAUTHENTICATED", status: 401, messageID: "com.vmware.api.vcenter.vm.guest.login_refused")
    case .guestPermissionDenied:
      Rest(errorType: "UNAUTHORIZED", status: 403, messageID: "com.vmware.api.vcenter.vm.guest.permission_denied")
    case .processNotFound(let pid):
      Rest(
        errorType: "NOT_FOUND", status: 404, pid: pid, messageID: "com.vmware.api.vcenter.vm.guest.process_not_found")
    case .couldNotTerminate, .internalError:
      Rest(errorType: "ERROR", status: 500, messageID: "com.vmware.api.vcenter.error")
    case .couldNotStart:
      Rest(
        errorType: "UNABLE_TO_ALLOCATE_RESOURCE", status: 500, messageID: "com.vmware.api.vcenter.vm.guest.not_started")
    case .serviceUnavailable:
      Rest(errorType: "SERVICE_UNAVAILABLE", status: 503, messageID: "com.vmware.api.vcenter.service_unavailable")
    }
  }

  /// As `/sdk/vim25` says it.
  public var fault: Fault {
    func fault(_ name: String, _ fields: [Fault.Field] = []) -> Fault { Fault(name: name, fields: fields) }
    switch self {
    case .notAuthenticated:
      return fault(
        "NotAuthenticated",
        [
          Fault.Field(name: "object", value: .reference(type: "Folder", value: "group-d1")),
          Fault.Field(name: "privilegeId", value: .string("System.View")),
        ])
    case .loginRefused: return fault("InvalidLogin")
    case .noPermission(let moid, let privilege):
      return fault(
        "NoPermission",
        [
          Fault.Field(name: "object", value: .reference(type: "VirtualMachine", value: moid)),
          Fault.Field(name: "privilegeId", value: .string(privilege)),
        ])
    case .noSuchCall: return fault("MethodNotFound")
    case .invalidArgument(let name):
      return fault("InvalidArgument", [Fault.Field(name: "invalidProperty", value: .string(name))])
    case .invalidProperty(let path): return fault("InvalidProperty", [Fault.Field(name: "name", value: .string(path))])
    case .tooMany: return fault("SystemError", [Fault.Field(name: "reason", value: .string("too many results"))])
    case .objectNotFound(let type, let value):
      return fault("ManagedObjectNotFound", [Fault.Field(name: "obj", value: .reference(type: type, value: value))])
    case .powerState(_, let power):
      return fault(
        "InvalidPowerState",
        [
          Fault.Field(name: "requestedState", value: .string(VirtualMachine.Power.on.vi)),
          Fault.Field(name: "existingState", value: .string(power.vi)),
        ])
    case .hostNotConnected: return fault("HostNotConnected")
    case .toolsNotRunning, .guestNotReady: return fault("GuestOperationsUnavailable")
    case .disabledByGuest: return fault("OperationDisabledByGuest")
    case .notSupportedByGuest: return fault("OperationNotSupportedByGuest")
    case .busy(let moid):
      return fault(
        "TaskInProgress", [Fault.Field(name: "task", value: .reference(type: "Task", value: "task-\(moid)"))])
    case .guestLoginRefused: return fault("InvalidGuestLogin")
    case .guestPermissionDenied: return fault("GuestPermissionDenied")
    case .processNotFound(let pid): return fault("GuestProcessNotFound", [Fault.Field(name: "pid", value: .int(pid))])
    case .couldNotTerminate, .couldNotStart: return fault("GuestOperationsFault")
    case .serviceUnavailable, .internalError:
      return fault("SystemError", [Fault.Field(name: "reason", value: .string("internal error"))])
    }
  }

  /// A sentence for people, as vCenter would put one into `messages` or `faultstring`. Holds no secret.
  public var message: String {
    switch self {
    case .notAuthenticated: "The session is not authenticated."
    case .loginRefused: "Cannot complete login due to an incorrect user name or password."
    case .noPermission(let moid, let privilege): "Permission \(privilege) on \(moid) was denied."
    case .noSuchCall: "There is no such call."
    case .invalidArgument(let name): "The argument \(name) is not valid."
    case .invalidProperty(let path): "There is no property \(path)."
    case .tooMany: "There are more results than one answer may hold."
    case .objectNotFound(let type, let value): "The object \(type):\(value) was deleted or never existed."
    case .powerState(let moid, let power): "\(moid) is in the power state \(power.vi)."
    case .hostNotConnected: "The host is not connected."
    case .toolsNotRunning: "The guest operations agent could not be contacted."
    case .guestNotReady: "The guest is not ready for guest operations."
    case .disabledByGuest: "The operation was disabled in the guest."
    case .notSupportedByGuest: "The guest does not support the operation."
    case .busy(let moid): "Another operation is in progress on \(moid)."
    case .guestLoginRefused: "Failed to authenticate with the guest operating system."
    case .guestPermissionDenied: "The account may not do this in the guest."
    case .processNotFound(let pid): "There is no process \(pid)."
    case .couldNotTerminate(let pid): "Process \(pid) could not be terminated."
    case .couldNotStart: "The program could not be started."
    case .serviceUnavailable: "The service is not available."
    case .internalError: "An internal error occurred."
    }
  }
}
