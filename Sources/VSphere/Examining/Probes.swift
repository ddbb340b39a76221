public import GuestWatchCore
import NIOHTTP1

/// Finds out by reading what the documentation leaves open (vsphere-api.md, section 10). Some of it is asked without a
/// session; nothing of it sends a password, reaches a guest or changes anything.
struct Probes: Sendable {
  let wire: Wire
  let calls: SessionCalls
  let greeting: Greeting

  /// No VM of anybody has it.
  private static let nobody = "vm-0"

  /// - Parameter moids: VMs that there are.
  func run(_ session: SessionShape, _ moids: [String]) async -> [SeenFact] {
    var seen: [SeenFact] = []
    for fact in OpenFact.allCases { seen.append(await look(at: fact, session, moids)) }
    return seen
  }

  private func look(at fact: OpenFact, _ session: SessionShape, _ moids: [String]) async -> SeenFact {
    switch fact {
    case .passwordLogin: .judged(fact, true, "it did")
    case .restTokenForVI: await restToken(session)
    case .sessionRefusal: await sessionRefusal()
    case .viRefusal: await viRefusal()
    case .unknownID: await unknownID()
    case .unknownField: await unknownField()
    case .folderDepth: await folderDepth(moids)
    case .nullForNone: await nullForNone()
    case .idleTimeout: .unseen(fact, "it shows only after hours")
    case .sessionLimit: .unseen(fact, "the limit would have to be reached")
    case .killTimedOut, .timedOut, .negativePID, .windows: .unseen(fact, "something would have to be terminated")
    case .callsAtOnce: .unseen(fact, "it would take two logins in a guest at a time")
    case .quickStats: .unseen(fact, "it would take minutes, and nothing here needs it")
    }
  }

  // MARK: without a session

  private func sessionRefusal() async -> SeenFact {
    let fact = OpenFact.sessionRefusal
    switch await wire.send(HTTPCall(.GET, "/api/session")) {
    case .failure(let fault): return .unseen(fact, fault.code)
    case .success(let answer):
      let error = RESTError(answer)
      let challenge = answer.json?["challenge"].string != nil
      return .judged(
        fact, answer.status == 401 && error.type == "UNAUTHENTICATED" && challenge,
        "\(answer.status) \(shown(error.code))\(challenge ? " with a challenge" : "")")
    }
  }

  private func viRefusal() async -> SeenFact {
    let fact = OpenFact.viRefusal
    guard let release = greeting.release, let manager = greeting.authorizationManager else {
      return .unseen(fact, "there is no VI JSON")
    }
    let path = VISession.path(release: release, "AuthorizationManager", manager, "roleList")
    switch await wire.send(HTTPCall(.GET, path)) {
    case .failure(let fault): return .unseen(fact, fault.code)
    case .success(let answer):
      let fault = VIFault(answer)
      return .judged(
        fact, answer.status == 500 && fault.type == "NotAuthenticated", "\(answer.status) \(shown(fault.code))")
    }
  }

  private func unknownField() async -> SeenFact {
    let fact = OpenFact.unknownField
    guard greeting.hasHello else { return .unseen(fact, "there is no hello") }
    let body = JSONOut.object([
      ("api_releases", .array(Login.releases.map(JSONOut.string))), ("guestwatchd", .bool(true)),
    ])
    switch await wire.send(HTTPCall(.POST, "/api/vcenter/system?action=hello", body: body)) {
    case .failure(let fault): return .unseen(fact, fault.code)
    case .success(let answer):
      return .judged(
        fact, answer.status >= 400, answer.status < 400 ? "it is passed over" : shown(RESTError(answer).code))
    }
  }

  // MARK: with the session

  private func restToken(_ session: SessionShape) async -> SeenFact {
    let fact = OpenFact.restTokenForVI
    guard session.hasVIJSON else { return .unseen(fact, "there is no VI JSON") }
    guard !session.isShared else { return .unseen(fact, "it would take one more login") }
    let (wire, greeting) = (wire, greeting)
    let read: Result<JSON, Fault> = await calls.call { session in
      let path = VISession.path(
        release: greeting.release ?? "", "SessionManager", greeting.sessionManager, "currentSession")
      switch await wire.send(HTTPCall(.GET, path, token: session.rest)) {
      case .failure(let fault): return .failed(fault)
      case .success(let answer):
        // Whatever is said of this token, the sessions live.
        if answer.status == 204 || answer.body.isEmpty { return .value(.null) }
        guard answer.status == 200, let json = answer.json else { return .failed(VIFault(answer).fault) }
        return .value(json)
      }
    }
    switch read {
    case .failure(let fault): return .unseen(fact, fault.code)
    case .success(let json): return .judged(fact, json.isObject, json.isObject ? "it does" : "it has no session there")
    }
  }

  private func unknownID() async -> SeenFact {
    let fact = OpenFact.unknownID
    let calls = calls
    switch await calls.call({ await calls.restJSON("/api/vcenter/vm?vms=\(Self.nobody)", session: $0) }) {
    case .failure(let fault): return .judged(fact, false, fault.code)
    case .success(let json):
      let isEmpty = json.isNull || json.array?.isEmpty == true
      return .judged(fact, isEmpty, json.isNull ? "null" : isEmpty ? "[]" : "it shows VMs")
    }
  }

  private func nullForNone() async -> SeenFact {
    let fact = OpenFact.nullForNone
    guard greeting.release != nil else { return .unseen(fact, "there is no VI JSON") }
    let request = PropertyReading.request(
      objects: [PropertyReading.object(type: "VirtualMachine", Self.nobody)],
      properties: [("VirtualMachine", ["name"])], objectsPerPage: 1)
    let (calls, collector) = (calls, greeting.propertyCollector)
    let read = await calls.call { session in
      await calls.vi(.POST, "PropertyCollector", collector, "RetrievePropertiesEx", body: request, session)
    }
    switch read {
    case .failure(let fault): return .judged(fact, false, fault.code)
    case .success(let json):
      let count = json["objects"].array?.count ?? 0
      return .judged(fact, json.isNull, json.isNull ? "null" : "an answer with \(count) objects")
    }
  }

  /// A VM in a folder that lies in another one: does the outer one show it?
  private func folderDepth(_ moids: [String]) async -> SeenFact {
    let fact = OpenFact.folderDepth
    guard greeting.release != nil else { return .unseen(fact, "there is no VI JSON") }
    // A few are enough: most lie in the same folders.
    let some = Array(moids.prefix(InventoryReading.vmsPerRead))
    let inner = await parents(of: some, type: "VirtualMachine")
    let outer = await parents(of: Array(Set(inner.values.map(\.moid)).sorted()), type: "Folder")
    let vm = some.first { moid in inner[moid].map { outer[$0.moid]?.type == "Folder" } ?? false }
    guard let vm, let folder = inner[vm].flatMap({ outer[$0.moid]?.moid }) else {
      return .unseen(fact, "no VM in scope lies in a folder of a folder")
    }
    let calls = calls
    switch await calls.call({
      await calls.restJSON("/api/vcenter/vm?folders=\(percentEncoded(folder))&vms=\(percentEncoded(vm))", session: $0)
    }) {
    case .failure(let fault): return .unseen(fact, fault.code)
    case .success(let json):
      let shows = json.array?.contains { $0["vm"].string == vm } == true
      return .judged(fact, shows, shows ? "it does" : "only what lies directly in it")
    }
  }

  private func parents(of moids: [String], type: String) async -> [String: (type: String, moid: String)] {
    guard !moids.isEmpty else { return [:] }
    let request = PropertyReading.request(
      objects: moids.map { PropertyReading.object(type: type, $0) }, properties: [(type, ["parent"])],
      objectsPerPage: moids.count)
    let calls = calls
    let read = await calls.call { session in
      await PropertyReading(calls: calls).pages(request, atMost: moids.count, session) { Properties($0) }
    }
    var found: [String: (type: String, moid: String)] = [:]
    for properties in (try? read.get())?.rows ?? [] {
      let value = properties.raw("parent")
      let reference = value["_value"].isObject ? value["_value"] : value
      if let type = reference["type"].string, let moid = reference["value"].string {
        found[properties.moid] = (type, moid)
      }
    }
    return found
  }
}

extension VCenterClient {
  /// What of the documentation's open questions can be seen here without changing anything. To be called after `open`.
  public func openFacts(
    _ session: SessionShape, at greeting: Greeting, knowing moids: [String], by: Instant
  ) async -> [SeenFact] {
    let probes = Probes(wire: wire, calls: calls, greeting: greeting)
    let (_, result) = await answered(by: by, Trace()) { .success(await probes.run(session, moids)) }
    switch result {
    case .success(let seen): return seen
    case .failure(let fault): return OpenFact.allCases.map { SeenFact.unseen($0, fault.code) }
    }
  }
}
