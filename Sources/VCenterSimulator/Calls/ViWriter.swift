import VCenterModel

/// Writes answers of the VI JSON API (vsphere-api.md, 4 and 5).
enum ViWriter {
  static func answer(_ response: Response, to kind: CallKind) -> HTTPAnswer {
    switch response {
    case .done: return .empty(204)
    case .serviceContent(let content): return .json(200, serviceContent(content))
    case .loggedIn(let session, let token):
      var answer = HTTPAnswer.json(200, userSession(session))
      answer.headers.append(("vmware-api-session-id", token))
      return answer
    case .session(let session): return .json(200, session.map(userSession) ?? .null)
    case .object(let moid): return .json(200, reference(type(of: kind), moid))
    case .objects(let objects):
      return .json(200, .array(objects.map { reference($0.type, $0.id) }))
    case .roles(let roles): return .json(200, .array(roles.map(role)))
    case .properties(let page): return .json(200, page.map(properties) ?? .null)
    case .processes(let processes): return .json(200, processes.isEmpty ? .null : .array(processes.map(process)))
    case .started(let pid): return .json(200, .integer(pid))
    case .failure(let error): return .json(500, fault(error))
    case .release, .vms, .places, .tagging, .vm, .tools, .guestOperationsReady, .guestIdentity, .process:
      // No call of this API asks for these.
      return fault("SystemError", text: "no answer for \(kind.rawValue)", ["reason": "no answer"])
    }
  }

  /// A request that was refused before anybody looked at what it asks. UNVERIFIED which fault a vCenter has for which
  /// mistake; all of these are kinds of RuntimeFault that say "your request is wrong".
  static func answer(_ malformed: Malformed) -> HTTPAnswer {
    let text = malformed.message
    return switch malformed {
    case .json, .shape, .contentType, .unexpectedBody, .noBasicCredential: fault("InvalidRequest", text: text)
    case .badParameter(let name), .unknownParameter(let name):
      fault("InvalidArgument", text: text, ["invalidProperty": .string(name)])
    case .wrongTypeName(let place, _, _): fault("InvalidArgument", text: text, ["invalidProperty": .string(place)])
    case .notSimulated: fault("NotSupported", text: text)
    case .noSuchObject(let type, let value):
      fault("ManagedObjectNotFound", text: text, ["obj": reference(type, value)])
    }
  }

  /// Any fault by name: HTTP 500 with the fault as body.
  static func fault(_ name: String, text: String, _ fields: JSON = .object([])) -> HTTPAnswer {
    guard case .object(let members) = fields else { return .json(500, fields) }
    return .json(
      500,
      .object([JSON.Member("_typeName", .string(name))] + members + [JSON.Member("faultstring", .string(text))]))
  }

  private static func fault(_ error: ModelError) -> JSON {
    .object(faultMembers(error) + [JSON.Member("faultstring", .string(error.message))])
  }

  private static func faultMembers(_ error: ModelError) -> [JSON.Member] {
    let fault = error.fault
    return [JSON.Member("_typeName", .string(fault.name))]
      + fault.fields.map { field in
        switch field.value {
        case .int(let value): JSON.Member(field.name, .integer(value))
        case .string(let value): JSON.Member(field.name, .string(value))
        case .reference(let type, let value): JSON.Member(field.name, reference(type, value))
        }
      }
  }

  static func reference(_ type: String, _ value: String) -> JSON {
    ["_typeName": "ManagedObjectReference", "type": .string(type), "value": .string(value)]
  }

  /// The type of the object that a call answers with.
  private static func type(of kind: CallKind) -> String {
    switch kind {
    case .processManager: "GuestProcessManager"
    case .authManager: "GuestAuthManager"
    case .createContainerView: "ContainerView"
    default: "ManagedEntity"
    }
  }

  private static func time(_ nanoseconds: Int64) -> JSON { .string(WallTime(nanoseconds: nanoseconds).microseconds) }

  private static func userSession(_ session: SessionInfo) -> JSON {
    [
      "_typeName": "UserSession", "key": .string(session.key), "userName": .string(session.user),
      "fullName": .string(session.user), "loginTime": time(session.created), "lastActiveTime": time(session.lastUsed),
      "locale": "en", "messageLocale": "en", "extensionSession": false, "ipAddress": "127.0.0.1", "userAgent": "",
      "callCount": .integer(Int64(session.calls)),
    ]
  }

  private static func serviceContent(_ content: ServiceContent) -> JSON {
    [
      "_typeName": "ServiceContent", "rootFolder": reference("Folder", content.rootFolder),
      "propertyCollector": reference("PropertyCollector", content.propertyCollector),
      "viewManager": reference("ViewManager", content.viewManager),
      "about": [
        "_typeName": "AboutInfo", "name": "VMware vCenter Server",
        "fullName": .string("VMware vCenter Server \(content.version) build-\(content.build)"),
        "vendor": "VMware, Inc.", "version": .string(content.version), "build": .string(content.build),
        "localeVersion": "INTL", "localeBuild": "000", "osType": "linux-x64", "productLineId": "vpx",
        "apiType": "VirtualCenter", "apiVersion": .string(content.apiVersion),
        "instanceUuid": .string(content.instanceUUID), "licenseProductName": "VMware VirtualCenter Server",
        "licenseProductVersion": .string(content.version),
      ],
      "sessionManager": reference("SessionManager", content.sessionManager),
      "guestOperationsManager": reference("GuestOperationsManager", content.guestOperationsManager),
      "authorizationManager": reference("AuthorizationManager", content.authorizationManager),
    ]
  }

  private static func role(_ role: Role) -> JSON {
    .fields([
      "_typeName": "AuthorizationRole", "roleId": .integer(Int64(role.id)), "system": .bool(role.isSystem),
      "name": .string(role.name),
      "info": ["_typeName": "Description", "label": .string(role.label), "summary": .string(role.label)],
      "privilege": role.privileges.isEmpty ? nil : .array(role.privileges.map(JSON.string)),
    ])
  }

  private static func process(_ process: ProcessInfo) -> JSON {
    .fields([
      "_typeName": "GuestProcessInfo", "name": .string(process.name), "pid": .integer(process.pid),
      "owner": .string(process.owner), "cmdLine": .string(process.command),
      "startTime": .string(WallTime(nanoseconds: process.started * 1_000_000_000).wholeSeconds),
      "endTime": process.finished.map { .string(WallTime(nanoseconds: $0 * 1_000_000_000).wholeSeconds) },
      "exitCode": process.exitCode.map(JSON.integer),
    ])
  }

  private static func properties(_ page: PropertyPage) -> JSON {
    .fields([
      "_typeName": "RetrieveResult", "token": page.token.map(JSON.string),
      "objects": .array(page.objects.map(object)),
    ])
  }

  private static func object(_ content: ObjectContent) -> JSON {
    .fields([
      "_typeName": "ObjectContent", "obj": reference(content.type, content.moid),
      "propSet": content.values.isEmpty
        ? nil
        : .array(
          content.values.map {
            ["_typeName": "DynamicProperty", "name": .string($0.path), "val": any($0.value)]
          }),
      "missingSet": content.missing.isEmpty
        ? nil
        : .array(
          content.missing.map {
            ["_typeName": "MissingProperty", "path": .string($0.path), "fault": .object(faultMembers($0.error))]
          }),
    ])
  }

  /// A value in an `Any` slot: primitives and enums boxed, data objects inline (vsphere-api.md, 4).
  private static func any(_ value: PropertyValue) -> JSON {
    func boxed(_ type: String, _ value: JSON) -> JSON { ["_typeName": .string(type), "_value": value] }
    return switch value {
    case .string(let text): boxed("string", .string(text))
    case .boolean(let flag): boxed("boolean", .bool(flag))
    case .int(let number): boxed("int", .integer(Int64(number)))
    case .dateTime(let moment): boxed("dateTime", time(moment))
    case .enumeration(let type, let value): boxed(type, .string(value))
    case .managedBy(let key, let type):
      ["_typeName": "ManagedByInfo", "extensionKey": .string(key), "type": .string(type)]
    case .strings(let texts): boxed("ArrayOfString", .array(texts.map(JSON.string)))
    case .ints(let numbers): boxed("ArrayOfInt", .array(numbers.map { .integer(Int64($0)) }))
    case .reference(let type, let value): reference(type, value)
    }
  }
}
