/// Every call that the simulator answers; the raw value is its name in logs, faults and hooks.
public enum CallKind: String, Hashable, Sendable, CaseIterable {
  case restCreateSession = "rest.session.create"
  case restGetSession = "rest.session.get"
  case restDeleteSession = "rest.session.delete"
  case hello = "rest.hello"
  case listVMs = "rest.vm.list"
  case listDatacenters = "rest.datacenter.list"
  case listFolders = "rest.folder.list"
  case listClusters = "rest.cluster.list"
  case listHosts = "rest.host.list"
  case listResourcePools = "rest.pool.list"
  case listCategories = "rest.tag.categories"
  case getCategory = "rest.tag.category"
  case listTags = "rest.tag.list"
  case getTag = "rest.tag.get"
  case listTagsForCategory = "rest.tag.of-category"
  case listAttachedObjects = "rest.tag.objects"
  case listAttachedObjectsOnTags = "rest.tag.objects-on-tags"
  case listAttachedTagsOnObjects = "rest.tag.tags-on-objects"
  case vm = "rest.vm.get"
  case tools = "rest.vm.tools"
  case guestOperations = "rest.vm.operations"
  case guestIdentity = "rest.vm.identity"
  case listProcesses = "rest.process.list"
  case getProcess = "rest.process.get"
  case deleteProcess = "rest.process.delete"

  case retrieveServiceContent = "vi.RetrieveServiceContent"
  case login = "vi.Login"
  case logout = "vi.Logout"
  case sessionIsActive = "vi.SessionIsActive"
  case currentSession = "vi.currentSession"
  case processManager = "vi.processManager"
  case authManager = "vi.authManager"
  case roleList = "vi.roleList"
  case validateCredentials = "vi.ValidateCredentialsInGuest"
  case listProcessesInGuest = "vi.ListProcessesInGuest"
  case terminateProcessInGuest = "vi.TerminateProcessInGuest"
  case createContainerView = "vi.CreateContainerView"
  case viewContents = "vi.view"
  case destroyView = "vi.DestroyView"
  case retrievePropertiesEx = "vi.RetrievePropertiesEx"
  case continueRetrievePropertiesEx = "vi.ContinueRetrievePropertiesEx"
  case cancelRetrievePropertiesEx = "vi.CancelRetrievePropertiesEx"

  /// By which protocol the call comes: it decides how errors look.
  public var isREST: Bool { rawValue.hasPrefix("rest.") }

  /// Whether the call reaches into a guest.
  public var isGuestCall: Bool {
    switch self {
    case .listProcesses, .getProcess, .deleteProcess, .validateCredentials, .listProcessesInGuest,
      .terminateProcessInGuest:
      true
    default: false
    }
  }

  /// Whether the call asks for the end of a process.
  public var isTerminate: Bool { self == .deleteProcess || self == .terminateProcessInGuest }

  /// Whether the call shows processes.
  public var isLook: Bool { self == .listProcesses || self == .getProcess || self == .listProcessesInGuest }

  /// Whether the call is answered without a session.
  var isAnonymous: Bool {
    switch self {
    case .restCreateSession, .hello, .retrieveServiceContent, .login, .currentSession, .processManager, .authManager:
      true
    default: false
    }
  }
}

/// Which calls a fault or a hook means: a name of `CallKind`, one with `*` at its end, or `look`, `terminate`, `guest`.
public struct CallPattern: Hashable, Sendable {
  public let text: String

  /// Nil where it fits no call at all, which is surely a slip of the pen.
  public init?(_ text: String) {
    self.text = text
    guard CallKind.allCases.contains(where: { Self.fits(text, $0) }) else { return nil }
  }

  public func fits(_ kind: CallKind) -> Bool { Self.fits(text, kind) }

  private static func fits(_ text: String, _ kind: CallKind) -> Bool {
    switch text {
    case "look": kind.isLook
    case "terminate": kind.isTerminate
    case "guest": kind.isGuestCall
    default: text.last == "*" ? kind.rawValue.hasPrefix(text.dropLast()) : kind.rawValue == text
    }
  }
}
