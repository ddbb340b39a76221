import NIOHTTP1
import VCenterModel

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Reads calls of the Automation API (vsphere-api.md, 2 and 3) as strictly as a vCenter: what it does not know it refuses.
enum RestReader {
  /// Nil where no call has this URL and method.
  static func read(_ call: HTTPCall) -> IncomingCall? {
    guard let route = route(call) else { return PlaceReader.read(call) ?? TagReader.read(call) }
    let asked: Result<IncomingCall.Question, Malformed>
    do throws(Malformed) {
      asked = .success(.model(try request(route, call)))
    } catch {
      asked = .failure(error)
    }
    return IncomingCall(kind: route.kind, token: call.sessionToken, asked: asked)
  }

  private struct Route {
    var kind: CallKind
    var vm = ""
    var pid = ""
  }

  private static func route(_ call: HTTPCall) -> Route? {
    let action = call.query.first { $0.name == "action" }?.value
    let path = call.segments
    guard path.first == "api" else { return nil }
    switch (call.method, path.count, action) {
    case (.POST, 2, nil) where path[1] == "session": return Route(kind: .restCreateSession)
    case (.GET, 2, nil) where path[1] == "session": return Route(kind: .restGetSession)
    case (.DELETE, 2, nil) where path[1] == "session": return Route(kind: .restDeleteSession)
    case (.POST, 3, "hello") where path[1...] == ["vcenter", "system"]: return Route(kind: .hello)
    case (.GET, 3, nil) where path[1...] == ["vcenter", "vm"]: return Route(kind: .listVMs)
    default: break
    }
    guard path.count > 3, path[1] == "vcenter", path[2] == "vm", !path[3].isEmpty else { return nil }
    switch (call.method, path[4...], action) {
    case (.GET, [], nil): return Route(kind: .vm, vm: path[3])
    case (.GET, ["tools"], nil): return Route(kind: .tools, vm: path[3])
    case (.GET, ["guest", "operations"], nil): return Route(kind: .guestOperations, vm: path[3])
    case (.GET, ["guest", "identity"], nil): return Route(kind: .guestIdentity, vm: path[3])
    case (.POST, ["guest", "processes"], "list"): return Route(kind: .listProcesses, vm: path[3])
    case (.POST, let rest, let action?) where rest.count == 3 && rest.starts(with: ["guest", "processes"]):
      switch action {
      case "get": return Route(kind: .getProcess, vm: path[3], pid: path[6])
      case "delete": return Route(kind: .deleteProcess, vm: path[3], pid: path[6])
      default: return nil
      }
    default: return nil
    }
  }

  private static func request(_ route: Route, _ call: HTTPCall) throws(Malformed) -> Request {
    if route.kind != .listVMs {
      for parameter in call.query where parameter.name != "action" { throw .unknownParameter(parameter.name) }
      guard call.query.count <= 1 else { throw .badParameter("action") }
    }
    switch route.kind {
    case .restCreateSession:
      guard call.body.isEmpty else { throw .unexpectedBody }
      guard let (user, password) = basicCredential(call) else { throw .noBasicCredential }
      return .restCreateSession(user: user, password: password)
    case .restGetSession: return .restGetSession
    case .restDeleteSession: return .restDeleteSession
    case .hello:
      return .hello(
        releases: try call.fields { fields throws(ShapeError) in
          guard let releases = try fields.optionalStrings("api_releases") else {
            throw ShapeError(path: "api_releases", .missing)
          }
          return releases
        })
    case .listVMs: return .listVMs(try filter(call))
    case .vm: return .vm(moid: route.vm)
    case .tools: return .tools(moid: route.vm)
    case .guestOperations: return .guestOperations(moid: route.vm)
    case .guestIdentity: return .guestIdentity(moid: route.vm)
    case .listProcesses: return .listProcesses(moid: route.vm, try credential(call), via: .rest, pids: nil)
    case .getProcess: return .getProcess(moid: route.vm, try credential(call), pid: try pid(route))
    case .deleteProcess: return .terminate(moid: route.vm, try credential(call), pid: try pid(route), via: .rest)
    default: throw .notSimulated(route.kind.rawValue)
    }
  }

  private static func pid(_ route: Route) throws(Malformed) -> Int64 {
    guard let pid = Int64(route.pid) else { throw .badParameter("pid") }
    return pid
  }

  private static func filter(_ call: HTTPCall) throws(Malformed) -> VMFilter {
    var filter = VMFilter()
    for (name, value) in call.query {
      switch name {
      case "vms": filter.vms.append(value)
      case "names": filter.names.append(value)
      case "power_states":
        guard let power = VirtualMachine.Power.allCases.first(where: { $0.rest == value }) else {
          throw .badParameter("power_states")
        }
        filter.powerStates.append(power)
      case "hosts": filter.hosts.append(value)
      case "clusters": filter.clusters.append(value)
      case "folders": filter.folders.append(value)
      case "resource_pools": filter.resourcePools.append(value)
      case "datacenters": filter.datacenters.append(value)
      default: throw .unknownParameter(name)
      }
    }
    return filter
  }

  /// `Authorization: Basic base64(user:password)`.
  private static func basicCredential(_ call: HTTPCall) -> (user: String, password: String)? {
    guard let header = call.header("authorization") else { return nil }
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "basic", let bytes = Data(base64Encoded: String(parts[1])),
      let text = String(validating: bytes, as: UTF8.self), let colon = text.firstIndex(of: ":")
    else { return nil }
    return (String(text[..<colon]), String(text[text.index(after: colon)...]))
  }

  /// The body of a guest call: `credentials` and nothing else (vsphere-api.md, 3.8).
  private static func credential(_ call: HTTPCall) throws(Malformed) -> GuestCredential {
    try call.fields { fields throws(ShapeError) in
      var credentials = try fields.object("credentials")
      let type = try credentials.string("type")
      let interactive = try credentials.bool("interactive_session")
      let user = try credentials.optionalString("user_name")
      switch type {
      case "USERNAME_PASSWORD":
        let password = try credentials.string("password")
        // A saml_token is refused as unknown by `close`: this form does not have it.
        try credentials.close()
        return GuestCredential(user: user ?? "", password: password, interactive: interactive)
      case "SAML_BEARER_TOKEN":
        let token = try credentials.string("saml_token")
        try credentials.close()
        return GuestCredential(token: token, user: user, interactive: interactive)
      default:
        throw ShapeError(
          path: credentials.place("type"),
          .invalid("\(type.debugDescription) is neither USERNAME_PASSWORD nor SAML_BEARER_TOKEN"))
      }
    }
  }
}
