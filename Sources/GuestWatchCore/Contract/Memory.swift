/// What one life of the daemon leaves to the next about a VM: the epoch that it knew, and since when it has seen what it
/// follows for its age (design.md, section 4).
///
/// The last one given counts, whole. Where one is lost, ages are proven later, never wrongly.
public struct VMMemory: Hashable, Sendable {
  /// One identity and when it was first seen.
  public struct Seen: Hashable, Sendable {
    /// Looks with one login prove nothing for another.
    public var login: LoginID
    public var identity: Identity
    /// When the look was answered that first showed it. Restored, it is rebased on the clock of the new life and may lie
    /// before its zero.
    public var firstSeen: Instant

    public init(login: LoginID, identity: Identity, firstSeen: Instant) {
      self.login = login
      self.identity = identity
      self.firstSeen = firstSeen
    }
  }

  public var vm: VMKey
  /// The managed object id under which it was last known; nil: it is not known. Under another it is registered anew: its
  /// epoch is over.
  public var moid: String?
  /// The last known `runtime.bootTime` and `runtime.suspendTime`, seconds since 1970; nil: never read.
  public var bootTime: Int64?
  public var suspendTime: Int64?
  /// When its epoch began, where that was seen: what was closed before says nothing of the identities of today. Rebased
  /// as `firstSeen` is. A memory in which it changed is to be written at once: until then the next life would believe
  /// what was seen in the epoch before.
  public var epochBegan: Instant?
  /// At most `VMMemory.cap`; what is beyond is not kept.
  public var seen: [Seen]

  /// The most identities that are kept of one VM: what has no place is proven later.
  public static let cap = 1_000

  public init(
    vm: VMKey, moid: String? = nil, bootTime: Int64?, suspendTime: Int64?, epochBegan: Instant? = nil, seen: [Seen]
  ) {
    self.vm = vm
    self.moid = moid
    self.bootTime = bootTime
    self.suspendTime = suspendTime
    self.epochBegan = epochBegan
    self.seen = seen
  }
}
