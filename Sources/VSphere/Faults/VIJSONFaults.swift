import GuestWatchCore

/// A fault of the VI JSON API (vsphere-api.md, sections 4 and 7.2): HTTP 500 with a `_typeName`, which alone tells what
/// happened. What something before the API answers has none.
struct VIFault: Sendable {
  var status: Int
  /// `_typeName`, where the body was a JSON object that had one.
  var type: String?
  var message: String
  /// The type of the managed object that a ManagedObjectNotFound is about.
  var objectType: String?
  /// What a GuestProcessNotFound is about, where it says so.
  var pid: JSON

  init(_ answer: HTTPAnswer) {
    self.init(answer.json ?? .null, status: answer.status)
  }

  /// Also the faults inside an answer, as `missingSet` has them.
  init(_ body: JSON, status: Int = 500) {
    self.status = status
    type = body["_typeName"].string
    objectType = body["obj"]["type"].string
    pid = body["pid"]
    let first = body["faultMessage"].array?.first ?? .null
    let text = body["faultstring"].string ?? body["localizedMessage"].string ?? first["message"].string ?? ""
    message = body["privilegeId"].string.map { "privilege \($0) is missing; \(text)" } ?? text
  }

  var code: String { type ?? "HTTP \(status)" }

  var fault: Fault { Fault(kind, code: shown(code), detail: shown(message)) }

  /// The session is dead. HTTP 401 has no documented meaning here; it can hardly have another. A success says no such
  /// thing, whatever is in it.
  var saysSessionIsDead: Bool { status >= 400 && type == "NotAuthenticated" || type == nil && status == 401 }

  private var kind: FaultKind {
    guard let type else {
      switch status {
      case 401: return .sessionLost
      case 403: return .notPermitted
      case 408, 429, 500, 502, 503, 504: return .transient
      case 400..<500: return .badRequest
      default: return status < 400 ? .badAnswer : .unknown
      }
    }
    // A manager that is not there tells nothing about the VM.
    if type == "ManagedObjectNotFound", let objectType, objectType != "VirtualMachine" { return .badRequest }
    var name = type
    while true {
      if let kind = VIFault.kinds[name] { return kind }
      guard let base = VIFault.bases[name] else { return .unknown }
      name = base
    }
  }

  /// The types that mean something of their own; the more special one always wins over its base.
  private static let kinds: [String: FaultKind] = [
    "NotAuthenticated": .sessionLost,
    "NoPermission": .notPermitted,
    "InvalidLogin": .loginRefused,
    "InvalidLocale": .badRequest,
    "InvalidGuestLogin": .guestLoginRefused,
    "GuestPermissionDenied": .guestDenied,
    "GuestOperationsUnavailable": .toolsUnavailable,
    "InvalidState": .wrongState,
    "TaskInProgress": .busy,
    "GuestComponentsOutOfDate": .unsupported,
    "OperationNotSupportedByGuest": .unsupported,
    "OperationDisabledByGuest": .unsupported,
    "TooManyGuestLogons": .guestLoginTrouble,
    "GuestMultipleMappings": .guestLoginTrouble,
    "GuestAuthenticationChallenge": .guestLoginTrouble,
    "GuestOperationsFault": .unknown,
    "ManagedObjectNotFound": .vmGone,
    "InvalidArgument": .badRequest,
    "InvalidProperty": .badRequest,
    "InvalidRequest": .badRequest,
    "NotSupported": .badRequest,
    "NotImplemented": .badRequest,
    "HostCommunication": .transient,
    "RuntimeFault": .unknown,
    "VimFault": .unknown,
  ]

  /// Child to base: all kinds of the faults above that the vendor's types know, as far as they have no meaning of their
  /// own.
  private static let bases: [String: String] = [
    "NotAuthenticated": "NoPermission",
    "PasswordExpired": "InvalidLogin",
    "InvalidClientCertificate": "InvalidLogin",
    "GuestProcessNotFound": "GuestOperationsFault",
    "GuestRegistryFault": "GuestOperationsFault",
    "GuestRegistryKeyFault": "GuestRegistryFault",
    "GuestRegistryValueFault": "GuestRegistryFault",
    "CannotPowerOffVmInCluster": "InvalidState",
    "EncryptionKeyRequired": "InvalidState",
    "InvalidDatastoreState": "InvalidState",
    "InvalidHostState": "InvalidState",
    "InvalidHostConnectionState": "InvalidHostState",
    "InvalidPowerState": "InvalidState",
    "InvalidVmState": "InvalidState",
    "MksConnectionLimitReached": "InvalidState",
    "NoActiveHostInCluster": "InvalidState",
    "OvfConsumerPowerOnFault": "InvalidState",
    "QuestionPending": "InvalidState",
    "VmPowerOnDisabled": "InvalidState",
    "VAppTaskInProgress": "TaskInProgress",
    "IncompatibleSetting": "InvalidArgument",
    "InvalidIndexArgument": "InvalidArgument",
    "InvalidType": "InvalidRequest",
    "MethodNotFound": "InvalidRequest",
    "HostAccessRestrictedToManagementServer": "NotSupported",
    "HostNotConnected": "HostCommunication",
    "HostNotReachable": "HostCommunication",
    "SystemError": "RuntimeFault",
    "UnexpectedFault": "RuntimeFault",
    "RequestCanceled": "RuntimeFault",
    "MethodDisabled": "RuntimeFault",
    "RestrictedByAdministrator": "RuntimeFault",
    "MethodAlreadyDisabledFault": "RuntimeFault",
  ]
}
