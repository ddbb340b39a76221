import GuestWatchCore

/// What a scope table is for: that decides which keys it may have.
enum ScopeUse {
  case rule
  /// `[protect] vms`.
  case protection
  case login
}

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
    let except = selectingGlobs(section["except"])
    if section["names"] == nil, section["ids"] == nil {
      // With another wrong key the mistake is that one.
      if section.table.entries.allSatisfy({ $0.key == "except" }) {
        let what = use == .login ? "write ids" : "write names or ids (all VMs: names = [\"*\"])"
        error(section.place, .noSelector, "\(section.title) chooses no VM; \(what)")
      }
      return nil
    }
    // A key that is there but wrong has its error: a scope without it must not be mistaken for what was meant.
    if section["names"] != nil && names == nil || section["ids"] != nil && ids == nil
      || section["except"] != nil && except == nil
    {
      return nil
    }
    return Scope(names: names, ids: ids, except: except ?? [])
  }

  private func keys(for use: ScopeUse) -> Keys {
    switch use {
    case .rule, .protection:
      let instead = "use 'names' or 'ids'"
      return Keys(
        known: ["names", "ids", "except"], notYet: ["folders": instead, "clusters": instead, "tags": instead])
    case .login:
      let instead = "use 'ids'"
      let reason = "may not limit a login, for whoever may rename a VM could draw the password; use 'ids'"
      return Keys(
        known: ["ids"], notYet: ["folders": instead, "clusters": instead, "tags": instead],
        refused: ["names": reason, "except": reason])
    }
  }

  private mutating func objectIDs(_ entry: TomlEntry?) -> [String]? {
    guard let entry else { return nil }
    if entry.value.isEmpty {
      emptySelector(entry)
      return nil
    }
    let hint = "ids of VMs as vCenter gives them, such as [\"vm-42\"]"
    guard let texts = strings(entry, hint: hint) else { return nil }
    var isGood = true
    for (text, place) in texts where !isObjectID(text) {
      isGood = false
      error(place, .badID, "an element of \(shown(entry.key)) is no id (patterns do not work here); write \(hint)")
    }
    return isGood ? texts.map(\.text) : nil
  }
}
