import NIOHTTP1
import VCenterModel

/// Reads the calls of `/api/cis/tagging` (vsphere-api.md, 3.14).
enum TagReader {
  static func read(_ call: HTTPCall) -> IncomingCall? {
    guard call.segments.starts(with: ["api", "cis", "tagging"]), let kind = kind(call) else { return nil }
    let asked: Result<IncomingCall.Question, Malformed>
    do throws(Malformed) {
      for parameter in call.query where parameter.name != "action" { throw .unknownParameter(parameter.name) }
      guard call.query.count <= 1 else { throw .badParameter("action") }
      asked = .success(.model(.tagging(try question(kind, call))))
    } catch {
      asked = .failure(error)
    }
    return IncomingCall(kind: kind, token: call.sessionToken, asked: asked)
  }

  private static func kind(_ call: HTTPCall) -> CallKind? {
    let action = call.query.first { $0.name == "action" }?.value
    let path = call.segments.dropFirst(3)
    guard let first = path.first, path.allSatisfy({ !$0.isEmpty }) else { return nil }
    switch (call.method, first, path.count, action) {
    case (.GET, "category", 1, nil): return .listCategories
    case (.GET, "category", 2, nil): return .getCategory
    case (.GET, "tag", 1, nil): return .listTags
    case (.GET, "tag", 2, nil): return .getTag
    case (.POST, "tag", 1, "list-tags-for-category"): return .listTagsForCategory
    case (.POST, "tag-association", 2, "list-attached-objects"): return .listAttachedObjects
    case (.POST, "tag-association", 1, "list-attached-objects-on-tags"): return .listAttachedObjectsOnTags
    case (.POST, "tag-association", 1, "list-attached-tags-on-objects"): return .listAttachedTagsOnObjects
    default: return nil
    }
  }

  private static func question(_ kind: CallKind, _ call: HTTPCall) throws(Malformed) -> TagCall {
    let id = call.segments.last ?? ""
    switch kind {
    case .listCategories: return .categories
    case .getCategory: return .category(id)
    case .listTags: return .tags
    case .getTag: return .tag(id)
    case .listTagsForCategory:
      return .tagsForCategory(try call.fields { fields throws(ShapeError) in try fields.string("category_id") })
    case .listAttachedObjects:
      guard call.body.isEmpty else { throw .unexpectedBody }
      return .attachedObjects(id)
    case .listAttachedObjectsOnTags:
      return .attachedObjectsOnTags(
        try call.fields { fields throws(ShapeError) in
          guard let ids = try fields.optionalStrings("tag_ids") else {
            throw ShapeError(path: "tag_ids", .missing)
          }
          return ids
        })
    case .listAttachedTagsOnObjects:
      return .attachedTagsOnObjects(
        try call.fields { fields throws(ShapeError) in
          var objects: [ObjectID] = []
          for element in try fields.array("object_ids") {
            var object = try JSONFields(element.value, path: element.path)
            objects.append(ObjectID(type: try object.string("type"), id: try object.string("id")))
            try object.close()
          }
          return objects
        })
    default: throw .notSimulated(kind.rawValue)
    }
  }
}
