import OrderedCollections

/// Which VMs folders, clusters and tags hold, as far as vCenters have said.
extension Watch {
  /// Which VMs of a vCenter some rule might reach, and those that a kill is open on.
  func query(_ vcenter: VCenterID) -> ScopeQuery {
    var scopes: OrderedSet<Scope> = []
    var selectors: OrderedSet<Selector> = []
    var used: OrderedSet<LoginID> = []
    for rule in configuration?.rules ?? [] where rule.vcenters?.contains(vcenter) ?? true {
      scopes.append(rule.scope)
      selectors.append(contentsOf: rule.scope.selectors)
      used.append(rule.login)
    }
    var ids: OrderedSet<String> = []
    for vm in vms where vm.address.vcenter == vcenter && vm.kill != nil { ids.append(vm.address.moid) }
    if !scopes.isEmpty || !ids.isEmpty {
      selectors.append(contentsOf: configuration?.protect.vms?.selectors ?? [])
      for login in used { selectors.append(contentsOf: logins.entries[login]?.scope?.selectors ?? []) }
    }
    return ScopeQuery(scopes: Array(scopes), ids: Array(ids), selectors: Array(selectors))
  }

  /// The selectors of `[protect] vms` of which it cannot be known whether they hold a VM of this vCenter: it was not asked
  /// for them yet, cannot say, or knows no such tag. A folder or cluster that another vCenter knows is simply not here.
  func unsure(_ vcenter: VCenterID) -> Set<Selector> {
    guard let scope = configuration?.protect.vms, let book = vcenters[vcenter]?.book,
      !mutated(.touchWhatMayBeProtected), !mutated(.forgetProtectSelectors)
    else { return [] }
    return Set(
      scope.selectors.filter { selector in
        switch book[selector] {
        case .found?: return false
        case nil, .trouble(.ambiguous)?, .trouble(.denied)?, .trouble(.unsupported)?: return true
        case .trouble(.unknown)?:
          if case .tag = selector { return true }
          return !vcenters.values.contains { $0.book.knows(selector) }
        }
      })
  }

  /// Finds out anew what cannot be known of `[protect] vms`. What one vCenter says may end a doubt at another.
  ///
  /// - Parameter but: the rules are applied to its VMs by the caller.
  mutating func weighProtection(but busy: VCenterID, _ now: Now) {
    for id in vcenters.keys {
      let unsure = unsure(id)
      guard unsure != vcenters[id]?.unsure else { continue }
      vcenters[id]?.unsure = unsure
      for place in vms.indices where vms[place].address.vcenter == id {
        vms[place].rulesApply = false
        if id != busy { applyRules(place, now) }
      }
    }
  }

  /// Whether `[protect] vms` covers a VM, or may.
  func reasonOfProtection(_ vm: VMState, _ scope: Scope) -> Unwatchable? {
    if mutated(.forgetProtectSelectors), !scope.selectors.isEmpty { return nil }
    if scope.reaches(vm.facts) { return .protected }
    if mutated(.touchWhatMayBeProtected) { return nil }
    var may = vcenters[vm.address.vcenter]?.unsure ?? []
    if !vm.isPlaced { may.formUnion(scope.selectors) }
    guard !may.isEmpty else { return nil }
    may.formUnion(vm.facts.selectors)
    return scope.reaches(name: vm.facts.name, moid: vm.facts.moid, in: may) ? .protectionUnknown : nil
  }

  /// Nothing is asked of a vCenter that no rule concerns: what it said once is not believed when one does again.
  mutating func forgetPlaces(of vcenter: VCenterID, _ now: Now) {
    guard vcenters[vcenter]?.answered != nil else { return }
    vcenters[vcenter]?.answered = nil
    vcenters[vcenter]?.book.forget()
    for place in vms.indices where vms[place].address.vcenter == vcenter {
      vms[place].isPlaced = false
      vms[place].facts.selectors = []
      vms[place].rulesApply = false
    }
    weighProtection(but: vcenter, now)
    for place in vms.indices where vms[place].address.vcenter == vcenter { applyRules(place, now) }
  }
}
