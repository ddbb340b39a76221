import GuestWatchCore
import VSphere

/// The privileges of our account on the VMs in scope, against what the configuration needs. Pure.
struct JudgedRights {
  /// What every role has, and *Read-only* no more than.
  static let reading = ["System.Anonymous", "System.View", "System.Read"]
  static let query = "VirtualMachine.GuestOperations.Query"
  static let execute = "VirtualMachine.GuestOperations.Execute"

  let id: VCenterID
  let account: String
  let needs: Needs
  let vms: [ScopedVM]
  /// nil: nobody could ask.
  let rights: Result<AccountRights, Fault>?

  private var subject: CheckLine.Subject { .vcenter(id) }

  var line: CheckLine {
    let mend = "see them at vCenter, under Permissions of the VMs"
    guard let rights else {
      return .warning(subject, .privileges, "not known: they are read over VI JSON, after a login", mend: mend)
    }
    switch rights {
    case .failure(let fault):
      return .warning(subject, .privileges, "they cannot be read: \(words(fault))", mend: mend)
    case .success(let rights):
      if vms.isEmpty {
        return .warning(
          subject, .privileges, "not known: no VM is in scope",
          mend: "see whether the account may see the VMs (System.View, System.Read on their folder)")
      }
      return judged(rights)
    }
  }

  private func judged(_ rights: AccountRights) -> CheckLine {
    let roles = Dictionary(rights.roles.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let known = Dictionary(rights.vms.map { ($0.moid, $0.roles) }, uniquingKeysWith: { first, _ in first })
    var missing: [String: [ScopedVM]] = [:]
    var more: Set<String> = []
    var names: Set<String> = []
    var unknown: [ScopedVM] = []
    for vm in vms {
      guard let held = known[vm.moid] ?? nil, held.allSatisfy({ roles[$0] != nil }) else {
        unknown.append(vm)
        continue
      }
      let own = held.compactMap { roles[$0] }
      let privileges = Set(own.flatMap(\.privileges))
      for privilege in wanted where !privileges.contains(privilege) { missing[privilege, default: []].append(vm) }
      let beyond = privileges.subtracting(wanted).subtracting(allowed)
      if !beyond.isEmpty {
        more.formUnion(beyond)
        names.formUnion(own.filter { !beyond.isDisjoint(with: $0.privileges) }.map(\.name))
      }
    }
    let tooMuch =
      more.isEmpty
      ? nil
      : "\(counted(more.count, "privilege")) more than needed (\(few(more.sorted()))), by role "
        + listed(names.sorted().map(bare))
    if !missing.isEmpty { return lacking(missing, tooMuch) }
    if !unknown.isEmpty {
      return .warning(
        subject, .privileges, "of \(counts(unknown)) the roles cannot be read: \(few(unknown))",
        mend: "see them at vCenter, under Permissions of the VMs")
    }
    if let tooMuch {
      return .warning(
        subject, .privileges, tooMuch,
        mend: "give \(bare(account)) a role of its own: `guestwatchd doctor --role-commands` prints how")
    }
    let what = needs.terminates ? "to look and to terminate" : "to look; no rule terminates"
    return .ok(subject, .privileges, "those that are needed \(what), and no more, on \(counts(vms))")
  }

  /// What must be there. In a dry run nothing is terminated, and nothing is lacking for that yet.
  private var wanted: [String] {
    ["System.View", "System.Read", Self.query] + (needs.terminates && !needs.dryRun ? [Self.execute] : [])
  }

  /// What may be there besides.
  private var allowed: [String] { Self.reading + (needs.terminates ? [Self.execute] : []) }

  private func lacking(_ missing: [String: [ScopedVM]], _ tooMuch: String?) -> CheckLine {
    let parts = wanted.compactMap { privilege in
      missing[privilege].map { "\(privilege) is missing on \(counts($0)): \(few($0))" }
    }
    return .notOK(
      subject, .privileges, (parts + [tooMuch].compactMap { $0 }).joined(separator: "; "),
      mend: "give \(bare(account)) a role with it on the folder of these VMs, with all below: "
        + "`guestwatchd doctor --role-commands` prints how")
  }

  private func counts(_ some: [ScopedVM]) -> String {
    some.count == vms.count
      ? counted(vms.count, "VM") : "\(grouped(some.count)) of \(grouped(vms.count)) VMs"
  }

  private func few(_ vms: [ScopedVM]) -> String { few(vms.map(\.name)) }

  private func few(_ names: [String]) -> String {
    let most = 3
    let more = names.count - most
    return names.prefix(most).map(bare).joined(separator: ", ") + (more > 0 ? " and \(grouped(more)) more" : "")
  }
}
