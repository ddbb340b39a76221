import GuestWatchCore
import Testing

@testable import GuestWatchDaemon

@Suite("doctor: from a look into a guest to lines") struct JudgedGuestTests {
  private static let now: Int64 = 1_790_000_000
  typealias Row = GuestListing.Row

  private func lines(
    _ outcome: GuestFindings.Outcome, family: GuestPlace.Family = .linux, user: String? = "watch"
  ) -> [CheckLine.Check: CheckLine] {
    let vm = ScopedVM(vcenter: VCenterID("lab"), moid: "vm-1", name: "web-01")
    let findings = GuestFindings(
      place: GuestPlace(family: family, login: LoginID("linux"), vm: vm), user: user, outcome: outcome)
    let lines = JudgedGuest(findings: findings).lines
    for line in lines { #expect((line.mend == nil) == (line.result == .ok), "\(line)") }
    #expect(Set(lines.map(\.check)).count == lines.count)
    return Dictionary(lines.map { ($0.check, $0) }, uniquingKeysWith: { first, _ in first })
  }

  private func listed(
    _ rows: [Row], took: Duration? = .milliseconds(1240), doubt: String? = nil, boot: Int64? = now - 1000,
    family: GuestPlace.Family = .linux, user: String? = "watch"
  ) -> [CheckLine.Check: CheckLine] {
    lines(
      .listed(
        GuestListing(rows: rows, listed: Self.now, took: took, startsDoubted: doubt, bootTime: boot)),
      family: family, user: user)
  }

  private var good: [Row] {
    [
      Row(pid: 1, started: Self.now - 990, owner: "root"), Row(pid: 77, started: Self.now - 989, owner: "watch"),
      Row(pid: 78, started: Self.now, owner: "carol"),
    ]
  }

  @Test("All well: five lines, all ok")
  func well() {
    let lines = listed(good)
    #expect(lines.count == 5 && lines.values.allSatisfy { $0.result == .ok })
    #expect(lines[.guestListing]?.found == "3 processes in 1.2 s")
    #expect(lines[.guestOwners]?.found == "processes of 2 other owners are seen")
    #expect(lines[.guestStarts]?.found.contains("the VM's boot") == true)
  }

  @Test("A login that was refused, and what is not tried")
  func refused() {
    let refused = lines(.refused("the guest refused the login"))
    #expect(refused.count == 2 && refused[.guestReady]?.result == .ok)
    #expect(refused[.guestLogin]?.result == .notOK)
    #expect(refused[.guestLogin]?.mend?.contains("guestwatchd retry-login linux") == true)
    #expect(lines(.skipped("it was refused"))[.guestLogin]?.result == .warning)
    #expect(lines(.failed("busy"))[.guestListing]?.result == .notOK)
    #expect(lines(.noneWatchable(3, "it is not powered on"))[.guestReady]?.result == .warning)
  }

  @Test("Start times that make no sense")
  func starts() {
    func found(_ rows: [Row], boot: Int64? = Self.now - 1000, doubt: String? = nil, family: GuestPlace.Family = .linux)
      -> String?
    {
      let line = listed(rows, doubt: doubt, boot: boot, family: family)[.guestStarts]
      return line?.result == .warning ? line?.found : nil
    }
    #expect(found(good) == nil && found(good, boot: nil) == nil)
    #expect(found(good + [Row(pid: 9, started: Self.now + 5, owner: "x")]) == nil)
    #expect(found(good + [Row(pid: 9, started: Self.now + 6, owner: "x")]) == "1 process of the future")
    let old = good + [Row(pid: 9, started: Self.now - 1061, owner: "x")]
    #expect(found(old) == "1 process older than the VM's boot; 1 process older than pid 1")
    // Windows has no such first process.
    #expect(found(old, boot: nil, family: .windows) == nil)
    #expect(found(good + [Row(pid: 9, started: nil, owner: "x")]) == "1 without a start")
    let hostile = found(good, doubt: "step\u{1B}[0m")
    #expect(hostile?.contains("the daemon doubts them") == true && hostile?.contains("\u{1B}") == false)
  }

  @Test("Only the account's own processes: a warning, whatever the account is called in full")
  func owners() {
    let own = [Row(pid: 7, started: Self.now, owner: "WATCH"), Row(pid: 8, started: Self.now, owner: "")]
    for user in ["watch", "CORP\\watch", "watch@corp.example.com"] {
      #expect(listed(own, user: user)[.guestOwners]?.result == .warning, "\(user)")
      #expect(listed(good, user: user)[.guestOwners]?.found == "processes of 2 other owners are seen", "\(user)")
    }
  }

  @Test("An account that only its token knows: one of the owners is it")
  func token() {
    let lines = listed(good, user: nil)
    #expect(lines[.guestLogin]?.found == "the account of its token was accepted")
    #expect(lines[.guestOwners]?.found == "processes of 2 other owners are seen")
    #expect(listed([good[0]], user: nil)[.guestOwners]?.result == .warning)
  }

  @Test("A listing that is slow or large")
  func size() {
    #expect(listed(good, took: .seconds(16))[.guestListing]?.result == .warning)
    #expect(listed(good, took: .milliseconds(45))[.guestListing]?.found == "3 processes in 45 ms")
    #expect(listed(good, took: nil)[.guestListing]?.found == "3 processes")
    let many = Array(repeating: good[0], count: 15_001)
    #expect(listed(many)[.guestListing]?.found.hasPrefix("15,001 processes in 1.2 s; more than 20,000") == true)
  }
}
