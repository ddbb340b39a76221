/// A guest that refused a login: kept over restarts, so that none of them is one more try (S10).
public struct LoginRefusal: Hashable, Sendable {
  public var vm: VMKey
  public var login: LoginID
  /// The account of the login, case folded: refusals in a row count over all of its entries.
  public var account: String
  /// `LoginEntry.digest` of what was refused: another secret gets a new chance.
  public var digest: UInt64
  /// True until the account is accepted somewhere: the refusal counts among those in a row.
  public var inRow: Bool

  public init(vm: VMKey, login: LoginID, account: String, digest: UInt64, inRow: Bool = true) {
    self.vm = vm
    self.login = login
    self.account = account
    self.digest = digest
    self.inRow = inRow
  }
}

/// A vCenter that refused our own login.
public struct VCenterRefusal: Hashable, Sendable {
  /// `VCenterEntry.digest` of what was refused.
  public var digest: UInt64
  /// Refusals in a row.
  public var count: Int
  /// How long ago the last one was, in running time that the ledger saw.
  public var age: Duration

  public init(digest: UInt64, count: Int, age: Duration) {
    self.digest = digest
    self.count = count
    self.age = age
  }
}

/// What a login was answered, where the ledger has to remember it.
public enum LoginNote: Hashable, Sendable {
  /// A guest refused a login.
  case refused(LoginRefusal)
  /// A guest accepted the account after refusals: those in a row are over, the VMs that refused it stay.
  case accepted(account: String)
  /// A vCenter refused the login of an entry with this digest, so many times in a row.
  case vcenterRefused(digest: UInt64, count: Int)
  /// A vCenter took a login that it had refused.
  case vcenterAccepted(digest: UInt64)
}
