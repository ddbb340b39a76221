import GuestWatchCore

/// The rules as design.md sections 1, 4 and 5 have them, evaluated a second time for the checker.
enum OwnRules {
  /// AND between keys, OR in a list. Not for `match.exactly`, which no simulated rule uses.
  /// `lenient`: `unless` and protect, which match more where there is doubt.
  static func fits(
    _ match: Match, _ p: GuestWatchCore.Process, family: GuestFamily, lenient: Bool
  ) -> Bool {
    let folded = family == .windows || (lenient && family == .unknown)
    func any(_ globs: [Glob]?, _ text: GuestText, emptyIsDoubt: Bool) -> Bool {
      guard let globs else { return true }
      if text.doubtful || (emptyIsDoubt && text.value.isEmpty) { return lenient }
      return globs.contains { OwnGlob.fits($0.pattern, text.value, folded: folded) }
    }
    return any(match.names, p.name, emptyIsDoubt: false) && any(match.owners, p.owner, emptyIsDoubt: true)
      && any(match.commands, p.command, emptyIsDoubt: false)
  }

  /// The process matches the rule and is not excepted.
  static func reaches(_ rule: Rule, _ p: GuestWatchCore.Process, family: GuestFamily) -> Bool {
    fits(rule.match, p, family: family, lenient: false)
      && !rule.unless.contains { fits($0, p, family: family, lenient: true) }
  }

  static func reaches(_ rule: Rule, _ vm: VMFacts, of vcenter: VCenterID) -> Bool {
    if let only = rule.vcenters, !only.contains(vcenter) { return false }
    return reaches(rule.scope, vm)
  }

  static func reaches(_ scope: Scope, _ vm: VMFacts) -> Bool {
    if scope.names == nil && scope.ids == nil { return false }
    func any(_ globs: [Glob], _ text: String) -> Bool {
      globs.contains { OwnGlob.fits($0.pattern, text, folded: false) }
    }
    if let names = scope.names, !any(names, vm.name) { return false }
    if let ids = scope.ids, !ids.contains(vm.moid) { return false }
    return !any(scope.except, vm.name) && !any(scope.except, vm.moid)
  }

  /// VMs that are never touched (S2).
  static func isUntouchable(_ vm: VMFacts, _ protect: Protect) -> Bool {
    vm.template || vm.managed || protect.vms.map { reaches($0, vm) } ?? false
  }

  private static let systemAccounts = ["root", "0", "", "unknown", "system", "local service", "network service"]
  private static let builtIn = [
    "init", "systemd", "launchd", "kthreadd", "vmtoolsd", "vgauthservice", "system", "registry", "smss", "csrss",
    "wininit", "winlogon", "services", "lsass", "lsaiso", "svchost", "dwm", "fontdrvhost", "memory compression",
    "secure system", "msmpeng",
  ]

  /// Protected by the list or built in (S2).
  static func isProtected(_ p: GuestWatchCore.Process, _ protect: Protect, family: GuestFamily) -> Bool {
    if p.pid <= 4 { return true }
    let account = p.owner.value.split(separator: "\\").last.map(String.init) ?? ""
    if systemAccounts.contains(account.lowercased()) {
      var name = p.name.value.lowercased()
      if name.hasSuffix(".exe") { name.removeLast(4) }
      if builtIn.contains(name) { return true }
    }
    if p.owner.value.isEmpty && !protect.owners.isEmpty { return true }
    let lists = [(protect.names, p.name), (protect.owners, p.owner), (protect.commands, p.command)]
    let folded = family == .windows || family == .unknown
    return lists.contains { globs, text in
      if globs.isEmpty { return false }
      if text.doubtful { return true }
      return globs.contains { OwnGlob.fits($0.pattern, text.value, folded: folded) }
    }
  }

  /// Who counts in the group of `victim`, without it: same rule, same VM, and same owner where `per` says so.
  static func others(
    than victim: GuestWatchCore.Process, in rows: [GuestWatchCore.Process], of rule: Rule, _ most: MaxInstances,
    family: GuestFamily
  ) -> [GuestWatchCore.Process] {
    rows.filter { row in
      guard row.finished == nil, row.pid != victim.pid, reaches(rule, row, family: family) else { return false }
      switch most.per {
      case .vm: return true
      case .owner:
        return family == .windows
          ? row.owner.value.lowercased() == victim.owner.value.lowercased() : row.owner == victim.owner
      }
    }
  }

  /// True where `a` may stand before `b` in keep order; where starts are within 2 s both ways count, as the order of
  /// a chain of them is not fixed by the design.
  static func mayStand(_ a: GuestWatchCore.Process, before b: GuestWatchCore.Process, _ keep: Keep) -> Bool {
    switch keep {
    case .oldest: a.started <= b.started + 2
    case .newest: a.started >= b.started - 2
    }
  }
}
