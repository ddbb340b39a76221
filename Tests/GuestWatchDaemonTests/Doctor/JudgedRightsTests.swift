import Foundation
import GuestWatchCore
import Testing

@testable import GuestWatchDaemon
@testable import VSphere

@Suite("doctor: privileges by name, and coverage") struct JudgedRightsTests {
  private static let look = ["System.Anonymous", "System.View", "System.Read", JudgedRights.query]
  private static let roles = [
    RoleFacts(id: -2, name: "ReadOnly", privileges: ["System.Anonymous", "System.View", "System.Read"]),
    RoleFacts(id: 1, name: "look", privileges: look),
    RoleFacts(id: 2, name: "kill", privileges: look + [JudgedRights.execute]),
    RoleFacts(id: 3, name: "execute", privileges: [JudgedRights.execute]),
    RoleFacts(id: -1, name: "Ad\u{1B}min", privileges: look + [JudgedRights.execute, "Host.Config.Power", "Z.Y"]),
  ]

  private func vms(_ count: Int) -> [ScopedVM] {
    (0..<count).map { ScopedVM(vcenter: VCenterID("lab"), moid: "vm-\($0)", name: "n\($0)") }
  }

  private func line(
    _ held: [[Int64]?], terminates: Bool = true, dryRun: Bool = false, of count: Int? = nil
  ) -> CheckLine {
    let rights = AccountRights(
      roles: Self.roles, vms: held.enumerated().map { VMRights(moid: "vm-\($0)", roles: $1) })
    let line = JudgedRights(
      id: VCenterID("lab"), account: "svc", needs: Needs(terminates: terminates, dryRun: dryRun),
      vms: vms(count ?? held.count), rights: .success(rights)
    ).line
    #expect((line.mend == nil) == (line.result == .ok) && line.check == .privileges)
    return line
  }

  @Test("Roles add up; what is needed and no more is ok")
  func enough() {
    #expect(line([[2], [2]]).result == .ok)
    #expect(line([[1, 3]]).result == .ok)
    #expect(line([[1]], terminates: false).result == .ok)
    // For later.
    #expect(line([[1]], dryRun: true).result == .ok && line([[2]], dryRun: true).result == .ok)
  }

  @Test("What is missing is named, with the number of VMs and some of them")
  func missing() {
    let one = line([[2], [1], [2]])
    #expect(one.result == .notOK)
    #expect(one.found == "VirtualMachine.GuestOperations.Execute is missing on 1 of 3 VMs: n1")
    let all = line([[-2], [-2], [-2], [-2]], terminates: false)
    #expect(all.found == "VirtualMachine.GuestOperations.Query is missing on 4 VMs: n0, n1, n2 and 1 more")
    #expect(all.mend?.contains("--role-commands") == true)
    #expect(line([[]]).found.contains("System.View is missing"))
    // What is missing weighs more than what is too much.
    let both = line([[-1], [1]])
    #expect(both.result == .notOK && both.found.contains("n1; 2 privileges more than needed"))
  }

  @Test("An administrator, and Execute where no rule terminates, are more than needed")
  func more() {
    let admin = line([[-1], [2]])
    #expect(admin.result == .warning)
    #expect(admin.found.hasPrefix("2 privileges more than needed (Host.Config.Power, Z.Y), by role \"Ad"))
    #expect(!admin.found.contains("\u{1B}"))
    #expect(line([[2]], terminates: false).found.contains("1 privilege more than needed (VirtualMachine.Guest"))
  }

  @Test("What cannot be read is no ok")
  func unknown() {
    #expect(line([nil, [2]]).result == .warning)
    #expect(line([[77]]).result == .warning)
    #expect(line([[2]], of: 2).found == "of 1 of 2 VMs the roles cannot be read: n1")
    #expect(line([], of: 0).result == .warning)
    for rights in [nil, .failure(Fault(.notPermitted, code: "NoPermission"))] as [Result<AccountRights, Fault>?] {
      let line = JudgedRights(
        id: VCenterID("lab"), account: "svc", needs: Needs(terminates: true, dryRun: false), vms: vms(1), rights: rights
      ).line
      #expect(line.result == .warning)
    }
  }

  @Test("2,431 of 3,000 are watchable; the rest by reason, in the daemon's words, the most frequent first")
  func coverage() {
    let off = Unwatchable.off.rawValue
    let notReady = Unwatchable.notReady.rawValue
    var coverage = Coverage(vms: vms(3000))
    for i in 0..<569 { coverage.unwatched["vm-\(i)"] = i < 12 ? notReady : off }
    let line = JudgedCoverage(id: VCenterID("lab"), coverage: coverage).line
    #expect(line.result == .warning && line.mend?.contains("VMware Tools") == true)
    #expect(
      line.found == "2,431 of 3,000 VMs in scope are watchable; the rest: 557 because \(off); 12 because \(notReady)")
  }

  @Test("Coverage: what is natural is ok, nothing at all is not")
  func coverageResults() {
    func result(_ count: Int, _ reasons: [String], unknown: String? = nil) -> CheckLine {
      var coverage = Coverage(vms: vms(count), unknown: unknown)
      for (place, reason) in reasons.enumerated() { coverage.unwatched["vm-\(place)"] = reason }
      let line = JudgedCoverage(id: VCenterID("lab"), coverage: coverage).line
      #expect((line.mend == nil) == (line.result == .ok))
      return line
    }
    #expect(result(1, []).found == "1 of 1 VM in scope is watchable")
    #expect(result(2, []).result == .ok)
    #expect(result(0, []).result == .warning)
    #expect(result(2, [], unknown: "nobody answers").result == .warning)
    for reason in Unwatchable.allCases {
      #expect(result(2, [reason.rawValue]).result == (JudgedCoverage.isNatural(reason.rawValue) ? .ok : .warning))
    }
    #expect(result(2, [Unwatchable.notReady.rawValue, Unwatchable.off.rawValue]).result == .notOK)
    #expect(result(1, ["every guest login that reaches it is stopped there"]).result == .notOK)
  }

  @Test("The commands name the privileges that are checked, as SECURITY.md does")
  func commands() throws {
    let text = roleCommands.joined(separator: "\n")
    let page = try String(contentsOfFile: Self.root + "/SECURITY.md", encoding: .utf8)
    for word in [
      JudgedRights.query, JudgedRights.execute, "guestwatch-report", "guestwatch-terminate", "govc role.create",
      "govc permissions.set", "New-VIRole", "New-VIPermission", "System.View, System.Read",
    ] {
      #expect(text.contains(word) && page.contains(word), "\(word)")
    }
    #expect(roleCommands.allSatisfy { $0.count <= 80 })
  }

  /// Of the repository: this file stands four folders below it.
  private static var root: String {
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
  }
}
