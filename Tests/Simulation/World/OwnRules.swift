import GuestWatchCore

/// The rules as design.md sections 1, 4 and 5 have them, evaluated a second time for the checker.
enum OwnRules {
  /// AND between keys, OR in a list.
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
    if let exactly = match.exactly, exactly.pid != p.pid || exactly.started != p.started { return false }
    return any(match.names, p.name, emptyIsDoubt: false) && any(match.owners, p.owner, emptyIsDoubt: true)
      && any(match.commands, p.command, emptyIsDoubt: false)
  }

  /// The process matches the rule and is not excepted.
  static func reaches(_ rule: Rule, _ p: GuestWatchCore.Process, family: GuestFamily) -> Bool {
    fits(rule.match, p, family: family, lenient: false)
      && !rule.unless.contains { fits($0, p, family: family, lenient: true) }
  }

  /// `holds`: whether a folder, cluster or tag holds the VM; nil: nobody knows. Then nothing is reached by it.
  static func reaches(
    _ rule: Rule, _ vm: VMFacts, of vcenter: VCenterID, holds: (Selector) -> Bool?
  ) -> Bool {
    if let only = rule.vcenters, !only.contains(vcenter) { return false }
    return stands(in: rule.scope, vm, holds: holds) == true
  }

  /// Whether the VM is in the scope; nil: it depends on what nobody knows.
  static func stands(in scope: Scope, _ vm: VMFacts, holds: (Selector) -> Bool?) -> Bool? {
    func any(_ globs: [Glob], _ text: String) -> Bool {
      globs.contains { OwnGlob.fits($0.pattern, text, folded: false) }
    }
    if any(scope.except, vm.name) || any(scope.except, vm.moid) { return false }
    var keys: [Bool?] = []
    if let names = scope.names { keys.append(any(names, vm.name)) }
    if let ids = scope.ids { keys.append(ids.contains(vm.moid)) }
    func either(_ all: [Selector]) {
      let said = all.map(holds)
      keys.append(said.contains(true) ? true : said.contains(nil) ? Bool?.none : false)
    }
    if let folders = scope.folders { either(folders.map { .folder($0) }) }
    if let clusters = scope.clusters { either(clusters.map { .cluster($0) }) }
    if let tags = scope.tags { either(tags.map { .tag($0) }) }
    if keys.isEmpty || keys.contains(false) { return false }
    return keys.contains(nil) ? nil : true
  }

  /// Only such a listing may prove that something is absent. Whether it was read to its end only the client knows.
  static func isComplete(_ listing: Listing) -> Bool {
    let rows = listing.rows
    guard listing.complete, !rows.isEmpty else { return false }
    // In ascending order, as they mostly are, no pid can be there twice.
    if rows.indices.dropFirst().allSatisfy({ rows[$0 - 1].pid < rows[$0].pid }) { return true }
    return Set(rows.map(\.pid)).count == rows.count
  }

  /// Outcomes by which nothing was killed (S3).
  static func givesBack(_ outcome: Outcome) -> Bool {
    switch outcome {
    case .abandoned, .failed, .alreadyGone, .denied: true
    case .exited, .gone, .survived, .stuck, .unknown: false
    }
  }

  /// VMs that are never touched, or of which nobody knows whether they may be (S2).
  static func isUntouchable(_ vm: VMFacts, _ protect: Protect, holds: (Selector) -> Bool?) -> Bool {
    vm.template || vm.managed || protect.vms.map { stands(in: $0, vm, holds: holds) != false } ?? false
  }

  /// The rule is what it was, so that a reload keeps its state (S7).
  static func isSame(_ a: Rule, _ b: Rule) -> Bool {
    a.id == b.id && a.scope == b.scope && a.match == b.match && a.unless == b.unless && a.limits == b.limits
      && a.login == b.login && a.vcenters == b.vcenters && a.action == b.action
  }

  private static let systemAccounts = [
    "root", "0", "", "unknown", "system", "local service", "network service", "lokaler dienst", "netzwerkdienst",
  ]
  private static let builtIn = [
    "init", "systemd", "launchd", "kthreadd", "vmtoolsd", "vgauthservice", "system", "registry", "smss", "csrss",
    "wininit", "winlogon", "services", "lsass", "lsaiso", "svchost", "dwm", "fontdrvhost", "memory compression",
    "secure system", "msmpeng",
  ]
  /// Kernel threads as a guest shows them: alone or with a number or purpose behind a slash.
  private static let kernelThreads = [
    "kworker", "ksoftirqd", "migration", "kswapd0", "rcu_sched", "khugepaged", "kauditd",
  ]

  /// Protected by the list or built in (S2).
  static func isProtected(_ p: GuestWatchCore.Process, _ protect: Protect, family: GuestFamily) -> Bool {
    if p.pid <= 4 { return true }
    let account = p.owner.value.split(separator: "\\").last.map(String.init) ?? ""
    // An owner that is cut off or not UTF-8 may be any of them.
    if p.owner.doubtful || systemAccounts.contains(account.lowercased()) {
      // Cut off or not UTF-8: it may be any of them.
      if p.name.doubtful { return true }
      var name = p.name.value.lowercased()
      if name.hasSuffix(".exe") { name.removeLast(4) }
      if builtIn.contains(name) || kernelThreads.contains(where: { name == $0 || name.hasPrefix($0 + "/") }) {
        return true
      }
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
}

/// What stays of an identity where its owner changes.
struct OwnStart: Hashable {
  var pid: Int64
  var started: Int64

  init(_ process: GuestWatchCore.Process) {
    pid = process.pid
    started = process.started
  }

  init(_ identity: OwnIdentity) {
    pid = identity.pid
    started = identity.started
  }
}

/// What a process is known by: pid, start and the bytes of its owner, compared here a second time.
struct OwnIdentity: Hashable {
  var pid: Int64
  var started: Int64
  var owner: [UInt8]

  init(_ process: GuestWatchCore.Process) {
    pid = process.pid
    started = process.started
    owner = Array(process.owner.value.utf8) + (process.owner.doubtful ? [0] : [])
  }
}
