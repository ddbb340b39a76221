import GuestWatchCore
import RuleFiles
import Testing

@testable import GuestWatchDaemon
@testable import VSphere

@Suite("doctor: what is shown") struct DoctorReportTests {
  /// Names that would steer a terminal, and are wide.
  private let vm = ScopedVM(vcenter: VCenterID("lab"), moid: "vm-1", name: "\u{1B}]0;x\u{7}\u{202E}web漢字")

  private func report(login: VCenterFindings.Login) -> DoctorReport {
    var heard = Heard()
    heard.known = [VCenterID("lab")]
    heard.reached = [
      Heard.Reached(
        vm: VMKey(vcenter: "u", instance: "i"), place: vm, login: LoginID("linux"), family: .linux, rule: RuleID("r"))
    ]
    heard.guests = [
      GuestFindings(
        place: GuestPlace(family: .linux, login: LoginID("linux"), vm: vm), user: "wat\nch",
        outcome: .listed(
          GuestListing(
            rows: [GuestListing.Row(pid: 1, started: 100, owner: "root")], listed: 5000, took: nil, startsDoubted: nil))
      )
    ]
    let loaded = LoadedConfiguration(
      configuration: Configuration(vcenters: [VCenterEntry(id: VCenterID("lab"))], logins: [], rules: []),
      vcenters: [
        VCenterSettings(id: VCenterID("lab"), host: "vc.example.com", userName: "svc", password: RuleFiles.Secret("pw"))
      ], logins: [], files: [])
    var report = DoctorReport(at: 5_000_000_000_000, heard: heard, loaded: loaded)
    var greeting = Greeting(release: "8.0.3.0", hasHello: true)
    (greeting.version, greeting.build) = ("8\u{1B}[31m", "b\nuild")
    report.take(
      VCenterFindings(
        id: VCenterID("lab"), host: "vc.example.com", account: "svc", trusted: .system,
        certificate: .success(ShownCertificate(fingerprint: "ab", validUntil: 1_000_000_000)),
        greeting: .success(greeting), ahead: 0, login: login,
        rights: .success(
          AccountRights(
            roles: [RoleFacts(id: 1, name: "r", privileges: ["System.View", "System.Read", JudgedRights.query])],
            vms: [VMRights(moid: "vm-1", roles: [1], bootTime: 4000)])),
        facts: [SeenFact(.unknownID, .holds, "\u{1B}[]"), SeenFact(.quickStats, .cannotBeSeen, "why")]))
    return report
  }

  private let accepted = VCenterFindings.Login.accepted(SessionShape(isShared: true, hasVIJSON: true))

  @Test("Within the width, nothing that steers, each mend under its line, and a sum", arguments: [60, 80, 200])
  func text(width: Int) {
    let lines = report(login: .notTried(.noPassword)).text(width: width)
    for line in lines {
      #expect(line.unicodeScalars.count <= width, "\(line)")
      #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E }, "\(line)")
    }
    #expect(lines.first == "guestwatchd \(version)")
    #expect(lines.contains("vCenter lab (https://vc.example.com:443)"))
    #expect(lines.contains { $0.hasPrefix("  warning  login: svc was not tried") })
    #expect(lines.contains { $0.hasPrefix("           mend: run it as root") })
    #expect(lines.contains { $0.hasPrefix("  an id that is not there matches nothing in a filter: holds") })
    #expect(lines.last == "10 ok, 2 warnings, 0 not ok", "\(lines.last ?? "")")
  }

  @Test("What vCenter says of the boot counts for the guest")
  func boot() {
    let line = report(login: accepted).all.first { $0.check == .guestStarts }
    #expect(line?.found == "1 process older than the VM's boot")
  }

  @Test("One JSON object with every check and every fact; what is not ok makes it not ok")
  func json() throws {
    let good = report(login: accepted)
    #expect(good.isOK)
    let object = try JSONReader.read(Array(good.json.utf8))
    #expect(object["is"].string == "doctor" && object["ok"].bool == true && object["daemon"].bool == false)
    let checks = try #require(object["checks"].array)
    #expect(checks.count == good.all.count)
    #expect(checks.compactMap { $0["check"].string }.allSatisfy { CheckLine.Check(rawValue: $0) != nil })
    let guest = checks.first { $0["check"].string == "guest-login" }
    #expect(guest?["vm"].string == "vm-1" && guest?["vm_name"].string == vm.name && guest?["family"].string == "linux")
    #expect(object["facts"].array?.map { $0["here"].string } == ["holds", "cannot be seen"])
    #expect(!good.json.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E })

    // The manual has each word of it.
    let page = try Manual("guestwatchd.8").section("JSON").joined(separator: " ")
    for check in CheckLine.Check.allCases { #expect(page.contains(check.rawValue), "\(check)") }
    let entries: [JSON] = [object] + checks.prefix(1) + (object["facts"].array ?? []).prefix(1)
    for case .object(let members) in entries {
      for key in members.map(\.key) where key != "is" { #expect(page.contains(key), "\(key)") }
    }

    let bad = report(login: .failed(Fault(.loginRefused, code: "InvalidLogin")))
    #expect(!bad.isOK && bad.json.contains(#""ok":false"#))
  }
}
