import NIOHTTP1
import VCenterModel

/// Reads calls of the VI JSON API (vsphere-api.md, 4 and 5) as strictly as a vCenter.
enum ViReader {
  /// Nil where the release, type or member is unknown, or the method is wrong: 404.
  static func read(_ call: HTTPCall, release: Release, objects: ServiceContent) -> IncomingCall? {
    let path = call.segments
    guard path.count == 6, path[0] == "sdk", path[1] == "vim25", release.speaks(path[2]), call.query.isEmpty,
      let kind = kind(call, type: path[3], member: path[5])
    else { return nil }
    let asked: Result<IncomingCall.Question, Malformed>
    do throws(Malformed) {
      try requireObject(type: path[3], moid: path[4], objects)
      asked = .success(try question(kind, moid: path[4], call, objects))
    } catch {
      asked = .failure(error)
    }
    return IncomingCall(kind: kind, token: call.sessionToken, asked: asked)
  }

  /// POST calls a method, GET reads a property.
  private static func kind(_ call: HTTPCall, type: String, member: String) -> CallKind? {
    switch (call.method, type, member) {
    case (.POST, "ServiceInstance", "RetrieveServiceContent"), (.GET, "ServiceInstance", "content"):
      .retrieveServiceContent
    case (.POST, "SessionManager", "Login"): .login
    case (.POST, "SessionManager", "Logout"): .logout
    case (.POST, "SessionManager", "SessionIsActive"): .sessionIsActive
    case (.GET, "SessionManager", "currentSession"): .currentSession
    case (.GET, "GuestOperationsManager", "processManager"): .processManager
    case (.GET, "GuestOperationsManager", "authManager"): .authManager
    case (.GET, "AuthorizationManager", "roleList"): .roleList
    case (.POST, "GuestAuthManager", "ValidateCredentialsInGuest"): .validateCredentials
    case (.POST, "GuestProcessManager", "ListProcessesInGuest"): .listProcessesInGuest
    case (.POST, "GuestProcessManager", "TerminateProcessInGuest"): .terminateProcessInGuest
    case (.POST, "ViewManager", "CreateContainerView"): .createContainerView
    case (.GET, "ContainerView", "view"): .viewContents
    case (.POST, "ContainerView", "DestroyView"): .destroyView
    case (.POST, "PropertyCollector", "RetrievePropertiesEx"): .retrievePropertiesEx
    case (.POST, "PropertyCollector", "ContinueRetrievePropertiesEx"): .continueRetrievePropertiesEx
    case (.POST, "PropertyCollector", "CancelRetrievePropertiesEx"): .cancelRetrievePropertiesEx
    default: nil
    }
  }

  /// The object of the URL must be the one that the service content names; views are looked up by the model.
  private static func requireObject(type: String, moid: String, _ objects: ServiceContent) throws(Malformed) {
    let expected: String? =
      switch type {
      case "ServiceInstance": "ServiceInstance"
      case "SessionManager": objects.sessionManager
      case "GuestOperationsManager": objects.guestOperationsManager
      case "GuestProcessManager": WellKnown.processManager
      case "GuestAuthManager": WellKnown.authManager
      case "ViewManager": objects.viewManager
      case "AuthorizationManager": objects.authorizationManager
      case "PropertyCollector": objects.propertyCollector
      default: nil
      }
    if let expected, expected != moid { throw .noSuchObject(type: type, value: moid) }
  }

  private static func question(
    _ kind: CallKind, moid: String, _ call: HTTPCall, _ objects: ServiceContent
  ) throws(Malformed) -> IncomingCall.Question {
    switch kind {
    case .retrieveServiceContent:
      try empty(call)
      return .model(.serviceContent)
    case .login:
      return .model(
        try parameters(call, of: "Login") { fields throws(ShapeError) in
          let user = try fields.string("userName")
          let password = try fields.string("password")
          _ = try fields.optionalString("locale")
          return .viLogin(user: user, password: password)
        })
    case .logout:
      try empty(call)
      return .model(.viLogout)
    case .sessionIsActive:
      try parameters(call, of: "SessionIsActive") { fields throws(ShapeError) in
        _ = try fields.string("sessionID")
        _ = try fields.string("userName")
      }
      return .sessionIsActive
    case .currentSession: return .model(.currentSession)
    case .processManager: return .model(.processManager)
    case .authManager: return .model(.authManager)
    case .roleList: return .model(.roleList)
    case .validateCredentials:
      return try guestCall(call, of: "ValidateCredentialsInGuest") { vm, credential, _ throws(ShapeError) in
        .validateCredentials(moid: vm, credential)
      }
    case .listProcessesInGuest:
      return try guestCall(call, of: "ListProcessesInGuest") { vm, credential, fields throws(ShapeError) in
        var pids: [Int64]?
        if let elements = try fields.optionalArray("pids") {
          var numbers: [Int64] = []
          for element in elements { numbers.append(try element.value.integer(at: element.path)) }
          // An empty array is "not given", as everywhere in this API.
          pids = numbers.isEmpty ? nil : numbers
        }
        return .listProcesses(moid: vm, credential, via: .vi, pids: pids)
      }
    case .terminateProcessInGuest:
      return try guestCall(call, of: "TerminateProcessInGuest") { vm, credential, fields throws(ShapeError) in
        .terminate(moid: vm, credential, pid: try fields.integer("pid"), via: .vi)
      }
    case .createContainerView:
      return .model(.createView(try ViQueryReader.containerView(call)))
    case .viewContents: return .model(.viewContents(moid))
    case .destroyView:
      try empty(call)
      return .model(.destroyView(moid))
    case .retrievePropertiesEx: return .model(.retrieveProperties(try ViQueryReader.query(call)))
    case .continueRetrievePropertiesEx:
      return .model(
        try parameters(call, of: "ContinueRetrievePropertiesEx") { fields throws(ShapeError) in
          .continueRetrieve(token: try fields.string("token"))
        })
    case .cancelRetrievePropertiesEx:
      return .model(
        try parameters(call, of: "CancelRetrievePropertiesEx") { fields throws(ShapeError) in
          .cancelRetrieve(token: try fields.string("token"))
        })
    default: throw .notSimulated(kind.rawValue)
    }
  }

  /// A method without parameters: no body, or an object with at most its own `_typeName`.
  private static func empty(_ call: HTTPCall) throws(Malformed) {
    guard !call.body.isEmpty else { return }
    try call.fields { fields throws(ShapeError) in _ = try fields.optionalString("_typeName") }
  }

  /// The parameters of a method. `_typeName` is optional at the root: `<Method>RequestType` or `<Method>`.
  static func parameters<Value>(
    _ call: HTTPCall, of method: String, _ read: (inout JSONFields) throws(ShapeError) -> Value
  ) throws(Malformed) -> Value {
    try call.fields { fields throws(ShapeError) in
      if let name = try fields.optionalString("_typeName"), name != method, name != "\(method)RequestType" {
        throw ShapeError(path: "_typeName", .invalid("\(name.debugDescription) is not \(method)RequestType"))
      }
      return try read(&fields)
    }
  }

  private static func guestCall(
    _ call: HTTPCall, of method: String,
    _ read: (String, GuestCredential, inout JSONFields) throws(ShapeError) -> Request
  ) throws(Malformed) -> IncomingCall.Question {
    let request: Request? = try parameters(call, of: method) { fields throws(ShapeError) in
      let vm = try reference(&fields, "vm", type: "VirtualMachine")
      let credential = try authentication(&fields)
      let request = try read(vm, credential ?? GuestCredential(user: "", password: ""), &fields)
      return credential == nil ? nil : request
    }
    guard let request else { throw .notSimulated("this kind of GuestAuthentication") }
    return .model(request)
  }

  /// `auth`: its type is a subtype of the declared one, so it must say which (vsphere-api.md, 4).
  /// - Returns: nil for a kind that a vCenter knows and the simulator does not.
  private static func authentication(_ fields: inout JSONFields) throws(ShapeError) -> GuestCredential? {
    var auth = try fields.object("auth")
    let type = try auth.string("_typeName")
    let interactive = try auth.bool("interactiveSession")
    switch type {
    case "NamePasswordAuthentication":
      let user = try auth.string("username")
      let password = try auth.string("password")
      try auth.close()
      return GuestCredential(user: user, password: password, interactive: interactive)
    case "SAMLTokenAuthentication":
      let token = try auth.string("token")
      let user = try auth.optionalString("username")
      try auth.close()
      return GuestCredential(token: token, user: user, interactive: interactive)
    case "SSPIAuthentication", "TicketedSessionAuthentication": return nil
    default:
      throw ShapeError(
        path: auth.place("_typeName"), .invalid("\(type.debugDescription) is no GuestAuthentication"))
    }
  }

  /// A reference to an object of a certain type.
  static func reference(
    _ fields: inout JSONFields, _ name: String, type expected: String
  ) throws(ShapeError) -> String {
    let (type, value) = try reference(fields.required(name), at: fields.place(name))
    guard type == expected else {
      throw ShapeError(path: fields.place(name), .invalid("\(type.debugDescription) is no \(expected)"))
    }
    return value
  }

  /// `{"type", "value"}`, `_typeName` optional; never a bare string.
  static func reference(_ json: JSON, at path: String) throws(ShapeError) -> (type: String, value: String) {
    var reference = try JSONFields(json, path: path)
    try typeName(&reference, "ManagedObjectReference")
    let type = try reference.string("type")
    let value = try reference.string("value")
    try reference.close()
    return (type, value)
  }

  /// `_typeName` of a typed slot: optional, but if it is there it must be right.
  static func typeName(_ fields: inout JSONFields, _ expected: String) throws(ShapeError) {
    guard let found = try fields.optionalString("_typeName"), found != expected else { return }
    throw ShapeError(path: fields.place("_typeName"), .invalid("\(found.debugDescription) is not \(expected)"))
  }
}

/// The managers that the service content does not name; the model answers with these ids.
enum WellKnown {
  static let processManager = "guestOperationsProcessManager"
  static let authManager = "guestOperationsAuthManager"
}
