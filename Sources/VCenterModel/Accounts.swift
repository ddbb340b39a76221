/// A privilege of an account on all virtual machines.
public enum Privilege: String, Hashable, Sendable, CaseIterable {
  case view = "System.View"
  case read = "System.Read"
  case guestQuery = "VirtualMachine.GuestOperations.Query"
  case guestExecute = "VirtualMachine.GuestOperations.Execute"
}

/// An account of the vCenter (SSO).
public struct VCenterAccount: Hashable, Sendable, CustomStringConvertible {
  public var user: String
  public var password: String
  public var privileges: Set<Privilege>
  /// It has the role Admin: besides those, all that a vCenter knows.
  public var administrator = false
  /// Refusals in a row after which the account is locked; the usual policy is 5.
  public var lockoutAfter: Int
  /// Refusals in a row so far.
  public internal(set) var refusals = 0
  /// True where it was locked: even the right password is refused.
  public var locked = false

  public init(
    user: String, password: String, privileges: Set<Privilege> = Set(Privilege.allCases), lockoutAfter: Int = 5
  ) {
    self.user = user
    self.password = password
    self.privileges = privileges
    self.lockoutAfter = lockoutAfter
  }

  /// Never the password.
  public var description: String { "vCenter account \(user)" }

  /// One attempt to log in; counts towards the lockout.
  mutating func admits(_ password: String) -> Bool {
    if !locked, password == self.password {
      refusals = 0
      return true
    }
    refusals += 1
    if refusals >= lockoutAfter { locked = true }
    return false
  }
}

/// An account inside a guest, or in a directory that guests ask.
public struct GuestAccount: Hashable, Sendable, CustomStringConvertible {
  public var user: String
  public var password: String
  /// The SAML token that the guest takes for this account; nil: none.
  public var token: String?
  /// root or an administrator: sees and kills everything.
  public var superuser: Bool
  /// Refusals in a row after which the account is locked; 0: never.
  public var lockoutAfter: Int
  /// Refusals in a row so far.
  public internal(set) var refusals = 0
  /// True where it was locked: even the right password is refused.
  public var locked = false

  public init(user: String, password: String, superuser: Bool = true, lockoutAfter: Int = 3) {
    self.user = user
    self.password = password
    self.superuser = superuser
    self.lockoutAfter = lockoutAfter
  }

  /// Never the password or the token.
  public var description: String { "guest account \(user)" }

  /// One attempt to log in; counts towards the lockout.
  mutating func admits(_ password: String) -> Bool {
    if !locked, password == self.password {
      refusals = 0
      return true
    }
    refusals += 1
    if lockoutAfter > 0, refusals >= lockoutAfter { locked = true }
    return false
  }
}
