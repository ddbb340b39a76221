import GuestWatchCore

/// A vCenter that is only looked at: whatever is asked of it, no terminate leaves.
struct LookingLink<Link: VCenterLink>: VCenterLink {
  let link: Link

  var vcenter: VCenterID { link.vcenter }
  var session: ObjectIdentifier { link.session }
  func knows(_ login: LoginID) -> Bool { link.knows(login) }

  func inventory(_ query: ScopeQuery, by: Instant) async -> (Timing, Result<Inventory, Fault>) {
    await link.inventory(query, by: by)
  }

  func survey(
    moid: String, login: LoginID, showingEnds: Bool, by: Instant
  ) async -> (Timing, Result<Listing, Fault>) {
    await link.survey(moid: moid, login: login, showingEnds: showingEnds, by: by)
  }

  func look(moid: String, login: LoginID, pid: Int64, by: Instant) async -> (Timing, Result<Look, Fault>) {
    await link.look(moid: moid, login: login, pid: pid, by: by)
  }

  func terminate(
    moid: String, login: LoginID, pid: Int64, firstByteBy: Instant, firstByteByWall: Int64, by: Instant
  ) async -> (Timing, KillAnswer) {
    let now = Now(continuous: by, wall: firstByteByWall)
    return (.unsent(now), .notSent(Fault(.unknown, code: "not sent", detail: "this command only looks")))
  }

  func leave(by: Instant) async { await link.leave(by: by) }
}

/// The same configurations, with links that only look.
struct LookingSource<Source: ConfigurationSource>: ConfigurationSource {
  let source: Source

  func load(keeping present: [LookingLink<Source.Link>]) async -> LoadOutcome<LookingLink<Source.Link>> {
    switch await source.load(keeping: present.map(\.link)) {
    case .refused(let diagnostics): .refused(diagnostics)
    case .loaded(let setup): .loaded(Self.looking(setup))
    }
  }

  static func looking(_ setup: Setup<Source.Link>) -> Setup<LookingLink<Source.Link>> {
    Setup(
      configuration: setup.configuration, links: setup.links.map(LookingLink.init), warnings: setup.warnings,
      keep: setup.keep)
  }
}
