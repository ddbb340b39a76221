import GuestWatchCore
import NIOHTTP1

/// Reads properties of many objects, page after page (vsphere-api.md, 5.6).
struct PropertyReading: Sendable {
  let calls: SessionCalls

  /// What came of one read.
  struct Pages<Row: Sendable>: Sendable {
    var rows: [Row] = []
    /// How many objects came of which nothing could be made.
    var useless = 0
    /// Why not all pages came.
    var trouble: Fault?
  }

  /// All pages of one read, with one session: a page token dies with its session, so that a read whose session dies is made
  /// anew from its start.
  ///
  /// `limit`: more objects than that cannot come; a server that goes in circles is stopped there.
  func pages<Row: Sendable>(
    _ request: JSONOut, atMost limit: Int, _ session: OpenSession, noting trace: Trace? = nil,
    _ row: (JSON) -> Row?
  ) async -> Attempt<Pages<Row>> {
    guard let collector = session.vi?.propertyCollector else { return .failed(noVIJSON) }
    var pages = Pages<Row>()
    var count = 0
    var member = "RetrievePropertiesEx"
    var body = request
    while true {
      let answer: JSON
      switch await calls.vi(.POST, "PropertyCollector", collector, member, body: body, session, noting: trace) {
      case .dead(let api, let fault): return .dead(api, fault)
      case .failed(let fault):
        pages.trouble = fault
        return .value(pages)
      case .value(let value): answer = value
      }
      // A dead session may answer 200 and hide it in every property (vsphere-api.md, section 0, 3).
      if let fault = PropertyReading.hiddenNotAuthenticated(answer) { return .dead(.vi, fault) }
      // Nothing matches, or a page that was promised is not there.
      if answer.isNull {
        if count > 0 { pages.trouble = badAnswer("a page of properties is missing") }
        return .value(pages)
      }
      guard let objects = answer["objects"].array else {
        pages.trouble = badAnswer("the properties are not an array")
        return .value(pages)
      }
      for object in objects {
        if let row = row(object) { pages.rows.append(row) } else { pages.useless += 1 }
      }
      count += objects.count
      guard let token = answer["token"].string else { return .value(pages) }
      guard !objects.isEmpty, count <= limit else {
        pages.trouble = badAnswer("the property pages do not end")
        return .value(pages)
      }
      member = "ContinueRetrievePropertiesEx"
      body = .object([("token", .string(token))])
    }
  }

  /// The parameters of `RetrievePropertiesEx`; `properties`: paths by the type that has them.
  static func request(
    objects: [JSONOut], properties: [(type: String, paths: [String])], objectsPerPage: Int
  ) -> JSONOut {
    let propertySpecs = properties.map { type, paths in
      JSONOut.object([
        ("_typeName", .string("PropertySpec")), ("type", .string(type)), ("all", .bool(false)),
        ("pathSet", .array(paths.map(JSONOut.string))),
      ])
    }
    let filter = JSONOut.object([
      ("_typeName", .string("PropertyFilterSpec")), ("objectSet", .array(objects)),
      ("propSet", .array(propertySpecs)),
      // Else one object that was deleted meanwhile fails the whole read.
      ("reportMissingObjectsInResults", .bool(true)),
    ])
    return .object([
      ("specSet", .array([filter])),
      (
        "options",
        .object([("_typeName", .string("RetrieveOptions")), ("maxObjects", .integer(Int64(objectsPerPage)))])
      ),
    ])
  }

  /// One object, for `objects`.
  static func object(type: String, _ moid: String) -> JSONOut {
    .object([("_typeName", .string("ObjectSpec")), ("obj", .reference(type: type, moid))])
  }

  /// All that a container view shows, for `objects`.
  static func all(in view: String) -> JSONOut {
    .object([
      ("_typeName", .string("ObjectSpec")), ("obj", .reference(type: "ContainerView", view)), ("skip", .bool(true)),
      (
        "selectSet",
        .array([
          .object([
            ("_typeName", .string("TraversalSpec")), ("name", .string("view")), ("type", .string("ContainerView")),
            ("path", .string("view")), ("skip", .bool(false)),
          ])
        ])
      ),
    ])
  }

  /// The fault where no property of any object could be read and the reason is NotAuthenticated.
  private static func hiddenNotAuthenticated(_ body: JSON) -> Fault? {
    guard let objects = body["objects"].array, !objects.isEmpty else { return nil }
    var found: Fault?
    for object in objects {
      guard object["propSet"].array?.isEmpty ?? true, let missing = object["missingSet"].array, !missing.isEmpty else {
        return nil
      }
      for entry in missing {
        let fault = VIFault(entry["fault"])
        let inner = VIFault(entry["fault"]["fault"])
        guard fault.saysSessionIsDead || inner.saysSessionIsDead else { return nil }
        found = fault.saysSessionIsDead ? fault.fault : inner.fault
      }
    }
    return found
  }
}

/// The properties of one object.
struct Properties: Sendable {
  let type: String?
  let moid: String
  private var values: [String: JSON] = [:]
  /// Paths that exist but could not be read, and why: unknown, unlike those that are unset.
  private(set) var missing: [String: Fault] = [:]

  init?(_ object: JSON) {
    guard let moid = object["obj"]["value"].string else { return nil }
    self.moid = moid
    type = object["obj"]["type"].string
    for property in object["propSet"].array ?? [] {
      if let name = property["name"].string { values[name] = property["val"] }
    }
    for entry in object["missingSet"].array ?? [] {
      guard let path = entry["path"].string else { continue }
      // In some answers the fault is wrapped as LocalizedMethodFault.
      let fault = entry["fault"]
      missing[path] = VIFault(fault["fault"].isObject ? fault["fault"] : fault).fault
    }
  }

  /// The value as it came.
  func raw(_ path: String) -> JSON { values[path] ?? .null }

  /// A value of an `Any` slot: boxed (`_value`), or bare.
  func unboxed(_ path: String) -> JSON {
    let value = raw(path)
    return value.isObject ? value["_value"] : value
  }

  /// The id of a reference, inline or boxed.
  func reference(_ path: String) -> String? {
    let value = raw(path)
    return (value["_value"].isObject ? value["_value"] : value)["value"].string
  }

  /// A list of texts, boxed or bare.
  func strings(_ path: String) -> [String] { (unboxed(path).array ?? []).compactMap(\.string) }
}

/// A call of VI JSON on a vCenter that has none, or none any more.
let noVIJSON = Fault(.badRequest, code: "no VI JSON")
