import GuestWatchCore

/// The names of categories and tags, by id, as far as they were read.
struct TagBook: Sendable {
  struct Tag: Sendable {
    var category: String
    var name: String
  }

  /// So many inventories may use it before names are checked: who renames a tag must not wait for long.
  static let usesCap = 4

  var categories: [String: String] = [:]
  var tags: [String: Tag] = [:]
  /// Inventories that used it since its names were checked.
  var uses = 0

  /// The ids of the tags that "category:name" means; a colon may be part of either. More than one: it is ambiguous.
  func tags(called text: String) -> [String] {
    tags.filter { tag in categories[tag.value.category].map { "\($0):\(tag.value.name)" } == text }.keys.sorted()
  }

  /// The categories that "category:name" may speak of.
  static func categories(in text: String) -> [String] {
    text.indices.filter { text[$0] == ":" }.map { String(text[..<$0]) }
  }
}
