import OrderedCollections

/// What chooses VMs by folders, clusters and tags.
enum ScopeUser: Hashable, Sendable {
  case rule(RuleID)
  /// `[protect] vms`.
  case protection
  case login(LoginID)
}

/// What was said of a selector that nobody could resolve at a vCenter.
struct SaidTrouble: Hashable, Sendable {
  struct Place: Hashable, Sendable {
    var vcenter: VCenterID
    var selector: Selector
  }

  var trouble: SelectorTrouble
  var at: Instant
  /// It was resolved since.
  var isOver = false

  /// One that comes and goes is said once in this time, not each time.
  static let again = Duration.seconds(3600)
}

/// A selector that holds no VM that could be looked at.
struct SaidEmpty: Hashable, Sendable {
  var user: ScopeUser
  var selector: Selector
}

extension Watch {
  /// Everything that chooses VMs by selectors, with these and the vCenters that it concerns.
  private var scopeUsers: [(user: ScopeUser, selectors: [Selector], vcenters: Set<VCenterID>)] {
    guard let configuration else { return [] }
    let all = Set(vcenters.keys)
    var users: [(ScopeUser, [Selector], Set<VCenterID>)] = []
    var byLogin: [LoginID: Set<VCenterID>] = [:]
    for rule in configuration.rules {
      let concerned = rule.vcenters.map { all.intersection($0) } ?? all
      byLogin[rule.login, default: []].formUnion(concerned)
      users.append((.rule(rule.id), rule.scope.selectors, concerned))
    }
    if let scope = configuration.protect.vms { users.append((.protection, scope.selectors, all)) }
    for login in configuration.logins {
      guard let scope = login.scope, let concerned = byLogin[login.id] else { continue }
      users.append((.login(login.id), scope.selectors, concerned))
    }
    return users.filter { !$0.1.isEmpty }
  }

  /// Says which selectors choose nothing because they cannot be resolved, each once.
  mutating func sayUnresolved(_ now: Now) {
    let users = scopeUsers
    guard !users.isEmpty else { return }
    for id in vcenters.keys {
      guard let state = vcenters[id], state.uuid != nil else { continue }
      for selector in query(id).selectors {
        let place = SaidTrouble.Place(vcenter: id, selector: selector)
        let mine = users.filter { $0.vcenters.contains(id) && $0.selectors.contains(selector) }
        guard case .trouble(let trouble)? = state.book[selector], mine.contains(where: { isTrouble(selector, $0, id) })
        else {
          saidUnresolved[place]?.isOver = true
          continue
        }
        if let said = saidUnresolved[place], said.trouble == trouble,
          !said.isOver || now.continuous - said.at < SaidTrouble.again
        {
          saidUnresolved[place]?.isOver = false
          continue
        }
        saidUnresolved[place] = SaidTrouble(trouble: trouble, at: now.continuous)
        let isPromise = state.unsure.contains(selector)
        report(
          Report(
            .selectorUnresolved, isPromise ? .error : .warning, vcenter: id,
            detail: isPromise ? "[protect] vms names it, so no VM that it may hold is looked into there" : "",
            selector: selector, trouble: trouble))
      }
    }
  }

  /// That a vCenter does not know a selector is news only where no other does that the same scope concerns.
  private func isTrouble(
    _ selector: Selector, _ user: (user: ScopeUser, selectors: [Selector], vcenters: Set<VCenterID>), _ id: VCenterID
  ) -> Bool {
    guard case .trouble(.unknown)? = vcenters[id]?.book[selector] else { return true }
    if case .tag = selector, user.user == .protection { return true }
    return !vcenters.values.contains { other in
      guard user.vcenters.contains(other.entry.id) else { return false }
      if other.book.knows(selector) { return true }
      // One that will say it soon is waited for.
      return other.book[selector] == nil && other.down == nil && query(other.entry.id).selectors.contains(selector)
    }
  }

  /// True where every vCenter that is asked has said all that there is to be known for the rules as they are.
  private var areAnswered: Bool {
    vcenters.keys.allSatisfy { id in
      let query = query(id)
      return query.isEmpty || vcenters[id]?.answered?.covers(query) == true
    }
  }

  /// A rule whose scope reaches no VM of any vCenter selects none, and that is said once; so is what `[protect] vms` or the
  /// scope of a login names in vain.
  mutating func sayEmptyScopes() {
    guard let configuration, areAnswered else { return }
    for (i, rule) in configuration.rules.enumerated() where !saidEmpty.contains(rule.id) {
      guard !vms.contains(where: { vm in vm.present && vm.views.contains { $0.rules.contains(i) } }) else { continue }
      saidEmpty.append(rule.id)
      report(Report(.scopeEmpty, .warning, rule: rule.id))
    }
    for user in scopeUsers {
      let login: LoginID?
      switch user.user {
      case .rule: continue
      case .protection: login = nil
      case .login(let id): login = id
      }
      for selector in user.selectors {
        let empty = SaidEmpty(user: user.user, selector: selector)
        guard !saidEmptySelectors.contains(empty),
          vcenters.values.contains(where: { $0.book[selector] == .found }),
          !vms.contains(where: { $0.present && $0.facts.selectors.contains(selector) })
        else { continue }
        saidEmptySelectors.insert(empty)
        report(Report(.scopeEmpty, .warning, login: login, selector: selector))
      }
    }
  }
}
