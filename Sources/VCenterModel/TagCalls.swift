/// The calls of `/api/cis/tagging` (vsphere-api.md 3.14).
public enum TagCall: Hashable, Sendable {
  /// `GET category`: ids.
  case categories
  /// `GET category/{id}`.
  case category(String)
  /// `GET tag`: ids.
  case tags
  /// `GET tag/{id}`.
  case tag(String)
  /// `POST tag?action=list-tags-for-category`.
  case tagsForCategory(String)
  /// `POST tag-association/{id}?action=list-attached-objects`.
  case attachedObjects(String)
  /// `POST tag-association?action=list-attached-objects-on-tags`.
  case attachedObjectsOnTags([String])
  /// `POST tag-association?action=list-attached-tags-on-objects`.
  case attachedTagsOnObjects([ObjectID])
}

/// What these calls answer.
public enum TagAnswer: Hashable, Sendable {
  case ids([String])
  case category(Tags.Category)
  case tag(Tags.Tag)
  case objects([ObjectID])
  case objectsOnTags([TaggedObjects])
  case tagsOnObjects([ObjectTags])
}

/// A tag and what it is attached to.
public struct TaggedObjects: Hashable, Sendable {
  public var tag: String
  public var objects: [ObjectID]
}

/// An object and its tags.
public struct ObjectTags: Hashable, Sendable {
  public var object: ObjectID
  public var tags: [String]
}

extension VCenterModel {
  func answer(_ call: TagCall) throws(ModelError) -> TagAnswer {
    switch call {
    case .categories: return .ids(tags.categories.map(\.id).filter { tags.access($0) != .hidden })
    case .category(let id):
      guard let category = tags.category(id), tags.access(id) != .hidden else {
        throw .objectNotFound(type: "category", value: id)
      }
      try readable(id)
      return .category(category)
    case .tags: return .ids(tags.tags.map(\.id).filter { tags.access($0) != .hidden })
    case .tag(let id): return .tag(try tag(id))
    case .tagsForCategory(let id):
      guard tags.category(id) != nil, tags.access(id) != .hidden else {
        throw .objectNotFound(type: "category", value: id)
      }
      try readable(id)
      return .ids(tags.tags.filter { $0.category == id && tags.access($0.id) != .hidden }.map(\.id))
    case .attachedObjects(let id): return .objects(tags.objects(with: try tag(id).id))
    case .attachedObjectsOnTags(let ids):
      // Only what may be read is answered: the rest is silently absent.
      return .objectsOnTags(
        ids.filter { tags.tag($0) != nil && tags.access($0) == .readable }.map { id in
          TaggedObjects(tag: id, objects: tags.objects(with: id))
        })
    case .attachedTagsOnObjects(let objects):
      return .tagsOnObjects(
        objects.map { object in
          ObjectTags(object: object, tags: tags.tags(of: object).filter { tags.access($0) == .readable })
        })
    }
  }

  private func tag(_ id: String) throws(ModelError) -> Tags.Tag {
    guard let tag = tags.tag(id), tags.access(id) != .hidden else { throw .objectNotFound(type: "tag", value: id) }
    try readable(id)
    return tag
  }

  private func readable(_ id: String) throws(ModelError) {
    if tags.access(id) == .denied { throw .noPermission(moid: id, privilege: "System.Read") }
  }
}
