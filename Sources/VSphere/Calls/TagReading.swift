import GuestWatchCore

/// Finds the VMs that tags are attached to (vsphere-api.md, 3.14). There is no lookup by name: names are read once, kept in
/// the client's memory and checked now and then, so that an inventory by tags is one request, however many VMs have them.
struct TagReading: Sendable {
  let calls: SessionCalls
  let memory: InventoryMemory
  let trace: Trace

  /// By "category:name". A fault, other than that a tag is not there or may not be read, fails them all: it must never look
  /// as if no VM had a tag.
  func run(_ wanted: [String]) async throws(Fault) -> [String: Held] {
    try await checkNames(wanted)
    var answers = try await attached(wanted, missing: try await readNames(for: wanted))
    if answers.values.contains(where: { $0 == nil }) {
      // A tag that was known is not there any more: another may have its name now.
      memory.tags { $0 = TagBook() }
      answers = try await attached(wanted, missing: try await readNames(for: wanted))
    }
    return answers.mapValues { $0 ?? .trouble(.unknown) }
  }

  // MARK: names

  /// Forgets all names where the time has come and one of those that are wanted is not what it was.
  private func checkNames(_ wanted: [String]) async throws(Fault) {
    let book = memory.tags { book in
      book.uses += 1
      return book
    }
    guard book.uses > TagBook.usesCap else { return }
    var same = true
    var seen: Set<String> = []
    for text in wanted where same {
      let tags = book.tags(called: text)
      guard let id = tags.first, tags.count == 1, let tag = book.tags[id] else {
        same = false
        break
      }
      guard case .named(let now) = try await readTag(id), now.name == tag.name, now.category == tag.category else {
        same = false
        break
      }
      if seen.insert(tag.category).inserted {
        guard case .named(let name) = try await readCategory(tag.category), name == book.categories[tag.category] else {
          same = false
          break
        }
      }
    }
    let keep = same
    memory.tags { book in
      if !keep { book = TagBook() }
      book.uses = 0
    }
  }

  /// Reads names until all that are wanted are known or all were read. What stays unknown: why.
  private func readNames(for wanted: [String]) async throws(Fault) -> [String: SelectorTrouble] {
    let book = memory.tags { $0 }
    let open = wanted.filter { book.tags(called: $0).count != 1 }
    guard !open.isEmpty else { return [:] }
    let ids: [String]
    switch try await list("/api/cis/tagging/category") {
    case .named(let listed): ids = listed
    case .gone: throw badAnswer("the list of categories is not there")
    case .denied: return Dictionary(open.map { ($0, .denied) }, uniquingKeysWith: { first, _ in first })
    }
    var isDenied = false
    for id in ids where book.categories[id] == nil {
      switch try await readCategory(id) {
      case .named(let name): memory.tags { $0.categories[id] = name }
      case .gone: break
      case .denied: isDenied = true
      }
    }
    // One that was deleted may have left its name to another.
    let listed = Set(ids)
    let names = memory.tags { book in
      book.categories = book.categories.filter { listed.contains($0.key) }
      book.tags = book.tags.filter { listed.contains($0.value.category) }
      return book.categories
    }
    let speaksOf = Set(open.flatMap(TagBook.categories))
    var deniedIn: Set<String> = []
    for id in ids {
      guard let name = names[id], speaksOf.contains(name) else { continue }
      if try await !readTags(of: id) { deniedIn.insert(name) }
    }
    let read = memory.tags { $0 }
    var troubles: [String: SelectorTrouble] = [:]
    for text in open {
      let found = read.tags(called: text).count
      if found == 1 { continue }
      let categories = TagBook.categories(in: text)
      // Among what may not be read could be the one that is meant.
      let mayBeHidden =
        categories.contains(where: deniedIn.contains)
        || isDenied && !categories.contains(where: Set(names.values).contains)
      troubles[text] = found > 1 ? .ambiguous : mayBeHidden ? .denied : .unknown
    }
    return troubles
  }

  /// Reads the tags of a category that were not read yet. False: some may not be read.
  private func readTags(of category: String) async throws(Fault) -> Bool {
    let body = JSONOut.object([("category_id", .string(category))])
    let ids: [String]
    switch try await list("/api/cis/tagging/tag?action=list-tags-for-category", body: body) {
    case .named(let listed): ids = listed
    case .gone: return true
    case .denied: return false
    }
    let listed = Set(ids)
    let known = memory.tags { book in
      book.tags = book.tags.filter { $0.value.category != category || listed.contains($0.key) }
      return book.tags
    }
    var readable = true
    for id in ids where known[id] == nil {
      switch try await readTag(id) {
      case .named(let tag): memory.tags { $0.tags[id] = tag }
      case .gone: break
      case .denied: readable = false
      }
    }
    return readable
  }

  // MARK: what they are attached to

  /// The VMs of all tags in one request. nil: a tag that was known is not there any more.
  private func attached(
    _ wanted: [String], missing: [String: SelectorTrouble]
  ) async throws(Fault) -> [String: Held?] {
    let book = memory.tags { $0 }
    var answers: [String: Held?] = missing.mapValues { .trouble($0) }
    var ids: [String: String] = [:]
    for text in wanted where missing[text] == nil { ids[text] = book.tags(called: text).first }
    let asked = wanted.compactMap { ids[$0] }
    guard !asked.isEmpty else { return answers }
    let body = JSONOut.object([("tag_ids", .array(asked.map(JSONOut.string)))])
    let path = "/api/cis/tagging/tag-association?action=list-attached-objects-on-tags"
    let found: [String: [String]]
    switch try await read(path, body: body, TagReading.attachments) {
    case .named(let attachments): found = attachments
    case .gone:
      for text in ids.keys { answers.updateValue(nil, forKey: text) }
      return answers
    case .denied:
      for text in ids.keys { answers[text] = .trouble(.denied) }
      return answers
    }
    for text in wanted {
      guard let id = ids[text] else { continue }
      if let vms = found[id] {
        answers[text] = .vms(vms)
        continue
      }
      // Nothing was said of it: it has no objects, or it is gone, or it may not be read any more.
      switch try await readTag(id) {
      case .named(let tag): answers[text] = tag.name == book.tags[id]?.name ? .vms([]) : .some(nil)
      case .gone: answers.updateValue(nil, forKey: text)
      case .denied: answers[text] = .trouble(.denied)
      }
    }
    return answers
  }

  /// `[{"tag_id", "object_ids": [{"type", "id"}]}]`: the VMs by tag.
  private static func attachments(_ body: JSON) -> [String: [String]]? {
    guard let entries = body.isNull ? [] : body.array else { return nil }
    var found: [String: [String]] = [:]
    for entry in entries {
      guard let tag = entry["tag_id"].string, let objects = entry["object_ids"].isNull ? [] : entry["object_ids"].array
      else { return nil }
      for object in objects {
        guard let type = object["type"].string, let id = object["id"].string else { return nil }
        if type == "VirtualMachine" { found[tag, default: []].append(id) }
      }
      found[tag, default: []] += []
    }
    return found
  }

  // MARK: calls

  /// What one call said.
  private enum Said<Value: Sendable>: Sendable {
    case named(Value)
    case gone
    case denied
  }

  private func readCategory(_ id: String) async throws(Fault) -> Said<String> {
    try await read("/api/cis/tagging/category/\(percentEncoded(id))") { $0["name"].string }
  }

  private func readTag(_ id: String) async throws(Fault) -> Said<TagBook.Tag> {
    try await read("/api/cis/tagging/tag/\(percentEncoded(id))") { body in
      guard let name = body["name"].string, let category = body["category_id"].string else { return nil }
      return TagBook.Tag(category: category, name: name)
    }
  }

  private func list(_ path: String, body: JSONOut? = nil) async throws(Fault) -> Said<[String]> {
    try await read(path, body: body) { answer in
      guard let values = answer.isNull ? [] : answer.array else { return nil }
      let ids = values.compactMap(\.string)
      return ids.count == values.count ? ids : nil
    }
  }

  private func read<Value: Sendable>(
    _ path: String, body: JSONOut? = nil, _ value: @escaping @Sendable (JSON) -> Value?
  ) async throws(Fault) -> Said<Value> {
    let result = await calls.call { session in
      // As with one VM: NOT_FOUND speaks of what was named.
      await calls.restJSON(path, body: body, about: .vm, session: session, noting: trace)
    }
    switch result {
    case .success(let body):
      guard let value = value(body) else { throw badAnswer("an answer about tags lacks what it should say") }
      return .named(value)
    case .failure(let fault):
      if fault.kind == .vmGone { return .gone }
      if fault.isDenial { return .denied }
      throw fault
    }
  }
}
