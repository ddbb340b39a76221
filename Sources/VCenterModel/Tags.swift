import OrderedCollections

/// A managed object by type and id, as tagging names it.
public struct ObjectID: Hashable, Sendable {
  /// Such as `VirtualMachine`.
  public var type: String
  public var id: String

  public init(type: String = "VirtualMachine", id: String) {
    self.type = type
    self.id = id
  }
}

/// Categories, the tags in them, and what they are attached to.
public struct Tags: Hashable, Sendable {
  public struct Category: Hashable, Sendable {
    /// `urn:vmomi:InventoryServiceCategory:...:GLOBAL`.
    public var id: String
    public var name: String
    /// False: an object has at most one tag of it.
    public var isMultiple: Bool
  }

  public struct Tag: Hashable, Sendable {
    /// `urn:vmomi:InventoryServiceTag:...:GLOBAL`.
    public var id: String
    /// The id of its category.
    public var category: String
    public var name: String
  }

  /// What the account may do with a category or tag.
  public enum Access: Hashable, Sendable {
    case readable
    /// It is in no list, and who names it is told that there is none.
    case hidden
    /// It is in the lists, and who reads it is refused. UNVERIFIED whether a vCenter lists it.
    case denied
  }

  private(set) var categoriesByID: OrderedDictionary<String, Category> = [:]
  private(set) var tagsByID: OrderedDictionary<String, Tag> = [:]
  private var attached: OrderedDictionary<String, OrderedSet<ObjectID>> = [:]
  private var restricted: [String: Access] = [:]
  private var nextNumber = 1

  public init() {}

  // MARK: what there is

  public var categories: [Category] { Array(categoriesByID.values) }
  public var tags: [Tag] { Array(tagsByID.values) }

  public func category(_ id: String) -> Category? { categoriesByID[id] }
  public func tag(_ id: String) -> Tag? { tagsByID[id] }

  /// The tags that "category:name" means; a colon may be part of either.
  public func tags(called text: String) -> [String] {
    tagsByID.values.filter { tag in categoriesByID[tag.category].map { "\($0.name):\(tag.name)" } == text }.map(\.id)
  }

  /// What the tag is attached to, in that order.
  public func objects(with tag: String) -> [ObjectID] { attached[tag].map { Array($0) } ?? [] }

  /// The tags of an object, in the order in which they were made.
  public func tags(of object: ObjectID) -> [String] {
    tagsByID.keys.filter { attached[$0]?.contains(object) == true }
  }

  public func access(_ id: String) -> Access { restricted[id] ?? .readable }

  // MARK: changes

  /// Adds a category. nil: there is one of that name.
  @discardableResult
  public mutating func addCategory(_ name: String, isMultiple: Bool = true) -> String? {
    guard !categoriesByID.values.contains(where: { $0.name == name }) else { return nil }
    let id = urn("Category")
    categoriesByID[id] = Category(id: id, name: name, isMultiple: isMultiple)
    return id
  }

  /// Adds a tag to a category. nil: there is no such category, or it has one of that name.
  @discardableResult
  public mutating func addTag(_ name: String, to category: String) -> String? {
    guard categoriesByID[category] != nil,
      !tagsByID.values.contains(where: { $0.category == category && $0.name == name })
    else { return nil }
    let id = urn("Tag")
    tagsByID[id] = Tag(id: id, category: category, name: name)
    return id
  }

  /// Renames a category or tag. False: there is none, or another is called so.
  @discardableResult
  public mutating func rename(_ id: String, to name: String) -> Bool {
    if categoriesByID[id] != nil {
      guard !categoriesByID.values.contains(where: { $0.id != id && $0.name == name }) else { return false }
      categoriesByID[id]?.name = name
    } else if let tag = tagsByID[id] {
      guard !tagsByID.values.contains(where: { $0.id != id && $0.category == tag.category && $0.name == name }) else {
        return false
      }
      tagsByID[id]?.name = name
    } else {
      return false
    }
    return true
  }

  /// Removes a tag, or a category with its tags, from everything.
  public mutating func remove(_ id: String) {
    for tag in tagsByID.values where tag.id == id || tag.category == id {
      tagsByID.removeValue(forKey: tag.id)
      attached.removeValue(forKey: tag.id)
      restricted.removeValue(forKey: tag.id)
    }
    categoriesByID.removeValue(forKey: id)
    restricted.removeValue(forKey: id)
  }

  /// Attaches a tag; of a category with one tag an object, it takes the place of the other. False: there is no such tag.
  @discardableResult
  public mutating func attach(_ id: String, to object: ObjectID) -> Bool {
    guard let tag = tagsByID[id] else { return false }
    if categoriesByID[tag.category]?.isMultiple == false {
      for other in tagsByID.values where other.category == tag.category && other.id != id {
        detach(other.id, from: object)
      }
    }
    attached[id, default: []].append(object)
    return true
  }

  public mutating func detach(_ id: String, from object: ObjectID) { attached[id]?.remove(object) }

  /// Takes all tags off an object, as when it is deleted.
  mutating func forget(_ object: ObjectID) {
    for id in attached.keys { attached[id]?.remove(object) }
  }

  /// Says what the account may do with a category or tag.
  public mutating func restrict(_ id: String, _ access: Access) {
    restricted[id] = access == .readable ? nil : access
  }

  private mutating func urn(_ kind: String) -> String {
    defer { nextNumber += 1 }
    let digits = String(nextNumber, radix: 16)
    let uuid = "7e57ab1e-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    return "urn:vmomi:InventoryService\(kind):\(uuid):GLOBAL"
  }
}
