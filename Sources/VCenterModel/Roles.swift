import OrderedCollections

/// A role of a vCenter: privileges under a name and a number (`AuthorizationRole`).
public struct Role: Hashable, Sendable {
  /// Negative for those that every vCenter has.
  public var id: Int32
  public var name: String
  public var label: String
  /// It cannot be changed.
  public var isSystem: Bool
  /// Sorted.
  public var privileges: [String]
}

/// The roles of a vCenter, made from what its accounts may do: one for each set of privileges that somebody has somewhere.
extension VCenterModel {
  /// `AuthorizationManager.roleList`.
  var roles: [Role] {
    var roles = Role.standard
    // Few VMs withhold anything.
    let withheld = Set(machines.values.lazy.map(\.facts.withheld)).union([[]])
    for account in accounts.values {
      for less in withheld {
        let role = Role.of(account, without: less)
        if !roles.contains(role) { roles.append(role) }
      }
    }
    return roles.sorted { $0.id < $1.id }
  }

  /// What an account may do on a VM; nil: not even see its permissions.
  func effectiveRole(of user: String, on facts: VirtualMachine.Facts) -> Role? {
    guard let account = accounts[user], account.privileges.subtracting(facts.withheld).contains(.view) else {
      return nil
    }
    return Role.of(account, without: facts.withheld)
  }
}

extension Role {
  /// Those that no vCenter is without.
  static let standard = [
    Role(id: -5, name: "NoAccess", label: "No access", isSystem: true, privileges: []),
    Role(id: -4, name: "Anonymous", label: "Anonymous", isSystem: true, privileges: ["System.Anonymous"]),
    Role(id: -3, name: "View", label: "View", isSystem: true, privileges: ["System.Anonymous", "System.View"]),
    Role(
      id: -2, name: "ReadOnly", label: "Read-only", isSystem: true,
      privileges: ["System.Anonymous", "System.Read", "System.View"]),
    Role(id: -1, name: "Admin", label: "Administrator", isSystem: true, privileges: all),
  ]

  /// A real one has some hundreds; these are a few of them besides those that the model asks for.
  private static let all =
    ([
      "System.Anonymous", "Authorization.ModifyPermissions", "Datastore.FileManagement", "Host.Config.Power",
      "VirtualMachine.GuestOperations.Modify", "VirtualMachine.Interact.PowerOff", "VirtualMachine.Inventory.Delete",
    ] + Privilege.allCases.map(\.rawValue)).sorted()

  /// The same privileges have the same number at any time.
  static func of(_ account: VCenterAccount, without less: Set<Privilege>) -> Role {
    let rights = account.privileges.subtracting(less).map(\.rawValue)
    let gone = Set(less.map(\.rawValue))
    let privileges =
      account.administrator ? all.filter { !gone.contains($0) } : (["System.Anonymous"] + rights).sorted()
    if let known = standard.first(where: { $0.privileges == privileges }) { return known }
    var number: Int32 = account.administrator ? 1 << Int32(Privilege.allCases.count) : 0
    for (place, privilege) in Privilege.allCases.enumerated() where rights.contains(privilege.rawValue) {
      number |= 1 << Int32(place)
    }
    return Role(
      id: 100 + number, name: "custom-\(number)", label: "custom \(number)", isSystem: false, privileges: privileges)
  }
}
