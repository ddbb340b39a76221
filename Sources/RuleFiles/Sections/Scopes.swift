import GuestWatchCore

/// What a scope table is for: that decides which keys it may have.
enum ScopeUse {
  case rule
  /// `[protect] vms`.
  case protection
  case login
}

/// The keys by which a scope chooses, in the order of the design.
private let selectingKeys = ["names", "ids", "folders", "clusters", "tags"]

extension Findings {
  /// A scope table. Nil where it is absent or wrong.
  mutating func scope(_ entry: TomlEntry?, for use: ScopeUse) -> Scope? {
    guard let entry else { return nil }
    let hint = use == .login ? "a table such as { ids = [\"vm-42\"] }" : "a table such as { names = [\"db-*\"] }"
    if entry.value.isEmpty, case .table = entry.value.kind {
      emptySelector(entry)
      return nil
    }
    guard let section = section(entry, title: shown(entry.key), keys: keys(for: use), hint: hint) else { return nil }
    let names = selectingGlobs(section["names"])
    let ids = objectIDs(section["ids"])
    let folders = folders(section["folders"])
    let clusters = clusters(section["clusters"])
    let tags = tags(section["tags"])
    let except = selectingGlobs(section["except"])
    if selectingKeys.allSatisfy({ section[$0] == nil }) {
      // With another wrong key the mistake is that one.
      if section.table.entries.allSatisfy({ $0.key == "except" }) {
        let what =
          use == .login
          ? "ids, folders, clusters or tags" : "names, ids, folders, clusters or tags (all VMs: names = [\"*\"])"
        error(section.place, .noSelector, "\(section.title) chooses no VM; write \(what)")
      }
      return nil
    }
    // A key that is there but wrong has its error: a scope without it must not be mistaken for what was meant.
    let isRead = [
      "names": names != nil, "ids": ids != nil, "folders": folders != nil, "clusters": clusters != nil,
      "tags": tags != nil, "except": except != nil,
    ]
    guard isRead.allSatisfy({ key, isRead in isRead || section[key] == nil }) else { return nil }
    return Scope(
      names: names, ids: ids, folders: folders, clusters: clusters, tags: tags, except: except ?? [])
  }

  private func keys(for use: ScopeUse) -> Keys {
    switch use {
    case .rule, .protection: return Keys(known: selectingKeys + ["except"])
    case .login:
      let reason =
        "may not limit a login, for whoever may rename a VM could draw the password; use 'ids', 'folders', 'clusters' or "
        + "'tags'"
      return Keys(known: selectingKeys.filter { $0 != "names" }, refused: ["names": reason, "except": reason])
    }
  }
}

extension Scope {
  /// True where nothing but what VMs are called chooses them.
  var isByNameAlone: Bool { ids == nil && selectors.isEmpty }
}
