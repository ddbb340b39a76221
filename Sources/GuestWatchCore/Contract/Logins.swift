/// A guest that refused a login: kept over restarts, so that none of them is one more try (S10).
public struct LoginRefusal: Hashable, Sendable {
  public var vm: VMKey
  /// The entry that it was sent for: for people; a refusal holds under any name.
  public var login: LoginID
  /// The account of the login, case folded: refusals in a row count over all of its entries.
  public var account: String
  /// `LoginEntry.digest` of what was refused: another secret gets a new chance.
  public var digest: UInt64
  /// True until what was refused is accepted somewhere: the refusal counts among those in a row.
  public var inRow: Bool

  public init(vm: VMKey, login: LoginID, account: String, digest: UInt64, inRow: Bool = true) {
    self.vm = vm
    self.login = login
    self.account = account
    self.digest = digest
    self.inRow = inRow
  }
}

/// What the ledger keeps of a credential (one user name with one secret) beyond the VMs that refused it.
public struct LoginStanding: Hashable, Sendable {
  public var account: String
  public var digest: UInt64
  /// Uses of it that nobody has seen answered: an earlier life ended before. Each counts as a refusal in the row, so that
  /// no chain of crashes can guess on.
  public var doubts: Int
  /// The account is stopped; so many tries of the timer since. nil: it is not stopped.
  public var tries: Int?
  /// How long ago it was noted, in running time that the ledger saw; 0 in a note.
  public var age: Duration

  public init(account: String, digest: UInt64, doubts: Int, tries: Int?, age: Duration = .zero) {
    self.account = account
    self.digest = digest
    self.doubts = doubts
    self.tries = tries
    self.age = age
  }

  /// Nothing that had to be kept.
  public var isClear: Bool { doubts == 0 && tries == nil }
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
  /// A guest accepted a credential after refusals: those in a row are over, and so is a quarantine on this VM. Other VMs
  /// that refused it stay.
  case accepted(VMKey, account: String, digest: UInt64)
  /// Where a credential stands now; takes the place of what was noted before.
  case standing(LoginStanding)
  /// A vCenter refused the login of an entry with this digest, so many times in a row.
  case vcenterRefused(digest: UInt64, count: Int)
  /// A vCenter took a login that it had refused.
  case vcenterAccepted(digest: UInt64)
}
