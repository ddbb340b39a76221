import GuestWatchCore
import Systemd

/// What looking into one guest showed. Pure.
struct JudgedGuest {
  let findings: GuestFindings

  /// A start that is so much later than now is in the future (design.md, section 4).
  static let future: Int64 = 5
  /// A start that is so much earlier than the boot was before it (design.md, section 4).
  static let early: Int64 = 60
  /// A look is given up after 30 s.
  static let slow = Duration.seconds(15)
  /// A listing is not taken in beyond 20,000 rows.
  static let many = 15_000

  private var subject: CheckLine.Subject { .guest(findings.place) }
  private var login: String { bare(findings.place.login.name) }
  private var account: String { findings.user.map(bare) ?? "the account of its token" }

  var lines: [CheckLine] {
    switch findings.outcome {
    case .skipped(let why):
      return [
        .warning(
          subject, .guestLogin, "\(account) was not tried: \(why)",
          mend: "mend that, then run this again")
      ]
    case .noneWatchable(let count, let reason):
      return [
        .warning(
          subject, .guestReady,
          "none of \(counted(count, "guest")) in scope can be looked at: \(reason)",
          mend: JudgedCoverage.mend(reason))
      ]
    case .refused(let said):
      return [
        ready,
        .notOK(
          subject, .guestLogin, "\(account): \(said)",
          mend: "check username and password of [[guest_login]] \(login) in that guest, then `guestwatchd retry-login "
            + "\(login)`; until then it is not tried there again"),
      ]
    case .failed(let said):
      return [
        ready,
        .notOK(
          subject, .guestListing, "it cannot be listed: \(said)",
          mend: "see the VM at vCenter and VMware Tools in the guest, then run this again"),
      ]
    case .listed(let listing): return [ready, accepted] + judged(listing)
    }
  }

  private var ready: CheckLine {
    .ok(subject, .guestReady, "guest operations are ready")
  }

  private var accepted: CheckLine { .ok(subject, .guestLogin, "\(account) was accepted") }

  private func judged(_ listing: GuestListing) -> [CheckLine] { [size(listing), starts(listing), owners(listing)] }

  private func size(_ listing: GuestListing) -> CheckLine {
    let count = listing.rows.count
    let time = listing.took.map { " in \(Self.seconds($0))" } ?? ""
    let found = "\(grouped(count)) \(count == 1 ? "process" : "processes")\(time)"
    if let took = listing.took, took > Self.slow {
      return .warning(
        subject, .guestListing, "\(found); a look is given up after 30 s",
        mend: "see why the guest or its VMware Tools are slow, and let rules look at it less often (every)")
    }
    if count > Self.many {
      return .warning(
        subject, .guestListing, "\(found); more than 20,000 are no complete listing, and nothing is killed there",
        mend: "see what starts so many processes")
    }
    return .ok(subject, .guestListing, found)
  }

  // MARK: start times

  private func starts(_ listing: GuestListing) -> CheckLine {
    var odd: [String] = []
    let starts = listing.rows.compactMap { row in row.started.map { (row.pid, $0) } }
    func count(_ what: String, _ isOdd: ((pid: Int64, started: Int64)) -> Bool) {
      let number = starts.count { isOdd((pid: $0.0, started: $0.1)) }
      if number > 0 { odd.append("\(counted(number, "process", "processes")) \(what)") }
    }
    count("of the future") { $0.started > listing.listed + Self.future }
    if let boot = listing.bootTime { count("older than the VM's boot") { $0.started < boot - Self.early } }
    // The first of all on Linux: whatever began before it was dated by another clock.
    if findings.place.family == .linux, let first = starts.first(where: { $0.0 == 1 })?.1 {
      count("older than pid 1") { $0.started < first - 1 }
    }
    if starts.count < listing.rows.count { odd.append("\(listing.rows.count - starts.count) without a start") }
    if let doubt = listing.startsDoubted { odd.append("the daemon doubts them: \(quoted(doubt))") }
    let mend =
      "set the guest's clock by NTP, or reboot it where it was suspended; until then ages count from the first look there"
    guard odd.isEmpty else { return .warning(subject, .guestStarts, odd.joined(separator: "; "), mend: mend) }
    let against = listing.bootTime == nil ? "" : " and against the VM's boot"
    return .ok(subject, .guestStarts, "start times make sense against each other\(against)")
  }

  // MARK: owners

  private func owners(_ listing: GuestListing) -> CheckLine {
    let owners = Set(listing.rows.map(\.owner).filter { !$0.isEmpty })
    // One of them is the account's own, where nobody knows its name.
    let own = findings.user.map(Self.account) ?? owners.min().map(Self.account)
    let others = owners.filter { Self.account($0) != own }
    guard others.isEmpty else {
      return .ok(subject, .guestOwners, "processes of \(counted(others.count, "other owner")) are seen")
    }
    return .warning(
      subject, .guestOwners, "only processes of \(account) itself are seen",
      mend: "where rules are about others, use an account that sees them: on Linux /proc may be mounted with hidepid")
  }

  /// Without its domain, in lower case.
  static func account(_ name: String) -> String {
    let tail = name.split(separator: "\\", omittingEmptySubsequences: false).last.map(String.init) ?? name
    return (tail.split(separator: "@", omittingEmptySubsequences: false).first.map(String.init) ?? tail).lowercased()
  }

  /// `1.2 s`, `45 ms`.
  static func seconds(_ duration: Duration) -> String {
    if duration < .seconds(1) { return "\(max(duration, .zero).nanoseconds / 1_000_000) ms" }
    let tenths = max(duration, .zero).nanoseconds / 100_000_000
    return "\(tenths / 10).\(tenths % 10) s"
  }
}
