import GuestWatchCore
import OrderedCollections

/// Which link an operation goes over, through reloads: the loaded configuration's, except for a kill that was sent
/// before. That keeps client and login until it is closed, 90 s at most.
struct Routes<Link: VCenterLink> {
  /// A kill is verified for 25 s after an answer that may take 60 s; 90 s covers both.
  static var keepsFor: Duration { .seconds(90) }

  private struct Sent {
    var address: VMAddress
    var login: LoginID
    var pid: Int64
    var link: Link
    /// nil: no reload came since.
    var until: Instant?
  }

  /// In configuration order.
  private(set) var current: [Link] = []
  private var byID: [VCenterID: Link] = [:]
  /// Kills that were sent and are not closed.
  private var sent: OrderedDictionary<KillID, Sent> = [:]
  /// Links of configurations before this one, one for each client that is not in use any more.
  private(set) var retired: [Link] = []

  /// Takes a new configuration's links over.
  mutating func install(_ links: [Link], at now: Instant) {
    let kept = Set(links.map(\.session))
    retired += current.filter { !kept.contains($0.session) }
    current = links
    byID = Dictionary(links.map { ($0.vcenter, $0) }, uniquingKeysWith: { first, _ in first })
    for kill in sent.keys where sent[kill]?.until == nil { sent[kill]?.until = now + Self.keepsFor }
  }

  /// The link for the inventory of a vCenter.
  func link(_ vcenter: VCenterID) -> Link? { byID[vcenter] }

  /// The link for a survey or a terminate; nil where neither vCenter nor login are left.
  func link(_ address: VMAddress, _ login: LoginID) -> Link? {
    if let link = byID[address.vcenter], link.knows(login) { return link }
    return sent.values.first { $0.address == address && $0.login == login }?.link
  }

  /// The link for a look at a pid.
  func link(_ address: VMAddress, _ login: LoginID, pid: Int64, for purpose: LookPurpose) -> Link? {
    switch purpose {
    case .verify, .resolve:
      let kill = sent.values.first { $0.address == address && $0.login == login && $0.pid == pid }
      return kill?.link ?? link(address, login)
    case .check, .confirm, .find:
      return link(address, login)
    }
  }

  /// A terminate leaves over that link.
  mutating func killSent(_ kill: KillID, _ address: VMAddress, _ login: LoginID, pid: Int64, over link: Link) {
    sent[kill] = Sent(address: address, login: login, pid: pid, link: link, until: nil)
  }

  mutating func killClosed(_ kill: KillID) { sent.removeValue(forKey: kill) }

  /// When `takeUnused` has to be asked next because time passed.
  func nextExpiry() -> Instant? { sent.values.compactMap(\.until).min() }

  /// Takes the retired links out that nothing needs any more: to be logged out.
  mutating func takeUnused(at now: Instant, operations: Operations) -> [Link] {
    if sent.values.contains(where: { $0.until.map { $0 <= now } ?? false }) {
      sent = sent.filter { $0.value.until.map { $0 > now } ?? true }
    }
    if retired.isEmpty { return [] }
    let needed = Set(sent.values.map(\.link.session))
    let unused = retired.filter { !needed.contains($0.session) && !operations.uses($0.session) }
    let gone = Set(unused.map(\.session))
    retired.removeAll { gone.contains($0.session) }
    return unused
  }

  /// Takes everything out, for the end: each client once.
  mutating func takeAll() -> [Link] {
    let all = current + retired
    current = []
    byID = [:]
    retired = []
    sent = [:]
    return all
  }
}
