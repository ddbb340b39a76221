public import GuestWatchCore

/// What a vCenter tells anybody about itself, before a login (vsphere-api.md, sections 3.2 and 5.1).
public struct Greeting: Sendable, Hashable {
  /// The part of VI JSON's URLs that names the schema; nil: it has no VI JSON, and the rest is not known.
  public var release: String?
  /// False before 8.0 U2.
  public var hasHello: Bool
  /// `about`: such as `8.0.3`, `24022515` and `8.0.3.0`.
  public var version = ""
  public var build = ""
  public var apiVersion = ""
  /// The AuthorizationManager, the PropertyCollector and the SessionManager.
  var authorizationManager: String?
  var propertyCollector = ""
  var sessionManager = ""
}

extension VCenterClient {
  /// Asks what anybody may ask: no password and no session is sent. `Timing.date` is what its clock says.
  public func greet(by: Instant) async -> (Timing, Result<Greeting, Fault>) {
    let trace = Trace()
    let wire = wire
    return await answered(by: by, trace) {
      do throws(Fault) { return .success(try await VCenterClient.greeting(wire, trace)) } catch {
        return .failure(error)
      }
    }
  }

  private static func greeting(_ wire: Wire, _ trace: Trace) async throws(Fault) -> Greeting {
    let first = FirstContact(wire: wire, trace: trace)
    let hello = try await first.hello()
    let release = hello ?? Login.oldest
    var greeting = Greeting(hasHello: hello != nil)
    guard !release.isEmpty, let content = try await first.content(release: release, mayLack: hello == nil) else {
      return greeting
    }
    greeting.release = release
    guard let body = content.json, let apiType = body["about"]["apiType"].string else {
      throw badAnswer("the service content lacks its apiType")
    }
    guard apiType == "VirtualCenter" else {
      throw Fault(.badRequest, code: "apiType", detail: shown("it is not a vCenter but \(apiType); correct url"))
    }
    greeting.version = shown(body["about"]["version"].string ?? "")
    greeting.build = shown(body["about"]["build"].string ?? "")
    greeting.apiVersion = shown(body["about"]["apiVersion"].string ?? "")
    greeting.authorizationManager = body["authorizationManager"]["value"].string
    greeting.propertyCollector = body["propertyCollector"]["value"].string ?? ""
    greeting.sessionManager = body["sessionManager"]["value"].string ?? ""
    return greeting
  }
}
