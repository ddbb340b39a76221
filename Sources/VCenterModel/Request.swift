/// Which of the two protocols of a vCenter a call came by.
public enum API: String, Hashable, Sendable {
  /// The Automation REST API, `/api`.
  case rest
  /// The VI JSON API, `/sdk/vim25`.
  case vi
}

/// The account that a guest call names: by user name and password, or by a SAML token. A simulator refuses the other forms
/// itself.
public struct GuestCredential: Hashable, Sendable, CustomStringConvertible {
  /// Empty with a token: whom that belongs to is for the guest to say.
  public var user: String
  public var password: String
  /// A SAML bearer token, in place of the password.
  public var token: String?
  /// `interactive_session`: works only where that user is logged in at the desktop, which nobody is here.
  public var interactive: Bool

  public init(user: String, password: String, interactive: Bool = false) {
    self.user = user
    self.password = password
    self.interactive = interactive
  }

  public init(token: String, user: String?, interactive: Bool = false) {
    self.user = user ?? ""
    self.password = ""
    self.token = token
    self.interactive = interactive
  }

  /// Never the password or the token.
  public var description: String { "guest account \(user)" }
}

/// What to start in a guest (REST `create`, `StartProgramInGuest`).
public struct ProgramSpec: Hashable, Sendable {
  /// Absolute path in the guest.
  public var path: String
  public var arguments: String

  public init(path: String, arguments: String = "") {
    self.path = path
    self.arguments = arguments
  }
}

/// The filters of `GET /api/vcenter/vm` that the model knows: ORed within one, ANDed across. nil or empty: not given.
public struct VMFilter: Hashable, Sendable {
  public var vms: [String]
  public var names: [String]
  public var powerStates: [VirtualMachine.Power]
  public var folders: [String] = []
  public var datacenters: [String] = []
  public var clusters: [String] = []
  public var hosts: [String] = []
  public var resourcePools: [String] = []

  public init(vms: [String] = [], names: [String] = [], powerStates: [VirtualMachine.Power] = []) {
    self.vms = vms
    self.names = names
    self.powerStates = powerStates
  }
}

/// What `RetrievePropertiesEx` reads.
public struct PropertyQuery: Hashable, Sendable {
  /// Over which objects.
  public enum Objects: Hashable, Sendable {
    /// Virtual machines, in this order.
    case vms([String])
    /// Objects of any type, in this order.
    case objects([ObjectID])
    /// All below a container view, by the moId that `createContainerView` answered.
    case view(String)
  }

  public var objects: Objects
  /// Property paths of `VirtualMachine` such as `runtime.powerState`.
  public var paths: [String]
  /// Property paths of other types, by type.
  public var otherPaths: [String: [String]] = [:]
  /// The most objects in one answer; nil: the server decides.
  public var maxObjects: Int?
  /// `reportMissingObjectsInResults`: a VM that is gone is left out instead of failing the whole call.
  public var skipsMissing: Bool

  /// What is asked of a type; nil: nothing.
  func paths(of type: String) -> [String]? {
    type == "VirtualMachine" ? (paths.isEmpty ? nil : paths) : otherPaths[type]
  }

  public init(objects: Objects, paths: [String], maxObjects: Int? = nil, skipsMissing: Bool = false) {
    self.objects = objects
    self.paths = paths
    self.maxObjects = maxObjects
    self.skipsMissing = skipsMissing
  }
}

/// A call that reached the vCenter, typed: whoever drives the model has read the HTTP.
public enum Request: Hashable, Sendable {
  // sessions and release
  /// `POST /api/vcenter/system?action=hello`, since 8.0.2.0; needs no session.
  case hello(releases: [String])
  /// `RetrieveServiceContent`; needs no session.
  case serviceContent
  /// `SessionManager.Login`.
  case viLogin(user: String, password: String)
  /// `SessionManager.Logout`.
  case viLogout
  /// `SessionManager.currentSession`; needs no session.
  case currentSession
  /// `POST /api/session`.
  case restCreateSession(user: String, password: String)
  /// `GET /api/session`.
  case restGetSession
  /// `DELETE /api/session`.
  case restDeleteSession

  // inventory
  /// `GET /api/vcenter/vm`.
  case listVMs(VMFilter)
  /// `GET /api/vcenter/vm/{vm}`.
  case vm(moid: String)
  /// `GET /api/vcenter/vm/{vm}/tools`.
  case tools(moid: String)
  /// `GET /api/vcenter/vm/{vm}/guest/operations`.
  case guestOperations(moid: String)
  /// `GET /api/vcenter/vm/{vm}/guest/identity`.
  case guestIdentity(moid: String)
  /// `GuestOperationsManager.processManager`; needs no session.
  case processManager
  /// `GuestOperationsManager.authManager`; needs no session.
  case authManager
  /// `AuthorizationManager.roleList`.
  case roleList
  /// The lists of places: `GET /api/vcenter/folder` and so on.
  case places(PlaceCall)
  /// The calls of `/api/cis/tagging`.
  case tagging(TagCall)
  /// `ViewManager.CreateContainerView`.
  case createView(ViewQuery)
  /// `ContainerView.view`: what it shows.
  case viewContents(String)
  /// `ContainerView.DestroyView`.
  case destroyView(String)
  /// `PropertyCollector.RetrievePropertiesEx`.
  case retrieveProperties(PropertyQuery)
  /// `ContinueRetrievePropertiesEx`.
  case continueRetrieve(token: String)
  /// `CancelRetrievePropertiesEx`.
  case cancelRetrieve(token: String)

  // guests
  /// REST `list`, or `ListProcessesInGuest` with its optional `pids` (VI JSON only).
  case listProcesses(moid: String, GuestCredential, via: API, pids: [Int64]?)
  /// REST `get`.
  case getProcess(moid: String, GuestCredential, pid: Int64)
  /// REST `delete`, or `TerminateProcessInGuest`.
  case terminate(moid: String, GuestCredential, pid: Int64, via: API)
  /// REST `create`, or `StartProgramInGuest`.
  case startProgram(moid: String, GuestCredential, ProgramSpec, via: API)
  /// `ValidateCredentialsInGuest`: a real login attempt.
  case validateCredentials(moid: String, GuestCredential)

  /// By which protocol this call came: it decides which sessions count.
  public var api: API {
    switch self {
    case .hello, .restCreateSession, .restGetSession, .restDeleteSession, .listVMs, .vm, .tools, .guestOperations,
      .guestIdentity, .getProcess, .places, .tagging:
      .rest
    case .serviceContent, .viLogin, .viLogout, .currentSession, .processManager, .authManager, .createView,
      .viewContents, .roleList,
      .destroyView, .retrieveProperties, .continueRetrieve, .cancelRetrieve, .validateCredentials:
      .vi
    case .listProcesses(_, _, let api, _), .terminate(_, _, _, let api), .startProgram(_, _, _, let api): api
    }
  }
}
