public import GuestWatchCore

/// One vCenter of one loaded configuration: a client, and the guest logins of that configuration.
///
/// No call throws or waits beyond its `by`; each says what happened and when. Links of two configurations may share a
/// client (`session`): then the session outlives the reload.
public protocol VCenterLink: Sendable {
  /// The entry of the configuration.
  var vcenter: VCenterID { get }
  /// The same for all links that share one client.
  var session: ObjectIdentifier { get }
  /// True where the configuration of this link has that guest login.
  func knows(_ login: LoginID) -> Bool

  /// `Effect.refresh`.
  func inventory(_ query: ScopeQuery, by: Instant) async -> (Timing, Result<Inventory, Fault>)
  /// `Effect.survey`.
  func survey(
    moid: String, login: LoginID, showingEnds: Bool, by: Instant
  ) async -> (Timing, Result<Listing, Fault>)
  /// `Effect.look`.
  func look(moid: String, login: LoginID, pid: Int64, by: Instant) async -> (Timing, Result<Look, Fault>)
  /// `Effect.terminate`.
  func terminate(
    moid: String, login: LoginID, pid: Int64, firstByteBy: Instant, firstByteByWall: Int64, by: Instant
  ) async -> (Timing, KillAnswer)

  /// Logs the client out, then closes it; no other call follows on any link that shares it.
  func leave(by: Instant) async
}
