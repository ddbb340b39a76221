import Testing
import VCenterModel

@Suite struct RoleTests {
  private func privileges(_ lab: Lab) -> [String]? {
    let query = PropertyQuery(objects: .vms(["vm-1"]), paths: ["effectiveRole"])
    guard case .properties(let page?) = lab.call(.retrieveProperties(query)),
      case .roles(let roles) = lab.call(.roleList)
    else { return nil }
    #expect(Set(roles.map(\.id)).count == roles.count && roles.map(\.id) == roles.map(\.id).sorted())
    guard case .ints(let ids)? = page.objects.first?.values.first?.value else { return nil }
    #expect(ids.count == 1)
    return roles.first { ids.contains($0.id) }?.privileges
  }

  @Test(
    arguments: [
      [.view], [.view, .read], [.view, .read, .guestQuery], [.view, .read, .guestQuery, .guestExecute],
      [.view, .guestExecute],
    ] as [Set<Privilege>])
  func `the role of an account has exactly what the account may do`(may: Set<Privilege>) throws {
    let lab = Lab(privileges: may)
    #expect(try #require(privileges(lab)) == (["System.Anonymous"] + may.map(\.rawValue)).sorted())
    // What the role says holds.
    let refusal = ModelError.noPermission(moid: "vm-1", privilege: Privilege.guestQuery.rawValue)
    #expect(
      (lab.call(.listProcesses(moid: "vm-1", lab.root, via: .vi, pids: nil)) == .failure(refusal))
        == !may.contains(.guestQuery))
  }

  @Test func `read-only and administrators have the roles that every vCenter has`() throws {
    let lab = Lab(privileges: [.view, .read])
    #expect(try #require(privileges(lab)) == ["System.Anonymous", "System.Read", "System.View"])
    var account = lab.model.vcenterAccounts[0]
    account.privileges = Set(Privilege.allCases)
    account.administrator = true
    lab.model.setAccount(account)
    let all = try #require(privileges(lab))
    #expect(all.contains("Host.Config.Power") && Set(Privilege.allCases.map(\.rawValue)).isSubset(of: all))
  }

  @Test func `what a VM withholds is in no role on it, and is refused there`() throws {
    let lab = Lab()
    lab.model.update("vm-1") { $0.facts.withheld = [.guestExecute] }
    #expect(try #require(privileges(lab)).contains("VirtualMachine.GuestOperations.Execute") == false)
    #expect(
      lab.kill(203) == .failure(.noPermission(moid: "vm-1", privilege: "VirtualMachine.GuestOperations.Execute")))
  }

  @Test func `who may not view sees no roles`() {
    let lab = Lab(privileges: [.guestQuery])
    let query = PropertyQuery(objects: .vms(["vm-1"]), paths: ["effectiveRole", "name"])
    guard case .properties(let page?) = lab.call(.retrieveProperties(query)) else {
      Issue.record("no page")
      return
    }
    #expect(page.objects[0].missing.map(\.path) == ["effectiveRole"])
    #expect(lab.call(.roleList) == .failure(.noPermission(moid: "group-d1", privilege: "System.View")))
    lab.token = nil
    #expect(lab.call(.roleList) == .failure(.notAuthenticated))
  }
}
