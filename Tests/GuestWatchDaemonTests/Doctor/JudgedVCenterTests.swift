import GuestWatchCore
import Testing

@testable import GuestWatchDaemon
@testable import VSphere

@Suite("doctor: from what a vCenter said to lines") struct JudgedVCenterTests {
  private static let now: Int64 = 1_790_000_000
  private static let day: Int64 = 86_400

  private static var well: VCenterFindings {
    var greeting = Greeting(release: "8.0.3.0", hasHello: true)
    (greeting.version, greeting.build, greeting.apiVersion) = ("8.0.3", "24022515", "8.0.3.0")
    return VCenterFindings(
      id: VCenterID("lab"), host: "vc.example.com", account: "svc@vsphere.local",
      trusted: .authorities(file: "/ca.pem"),
      certificate: .success(ShownCertificate(fingerprint: "ab", validUntil: now + 90 * day)),
      greeting: .success(greeting),
      ahead: 0, login: .accepted(SessionShape(isShared: true, hasVIJSON: true)))
  }

  private func lines(_ change: (inout VCenterFindings) -> Void = { _ in }) -> [CheckLine.Check: CheckLine] {
    var findings = Self.well
    change(&findings)
    let judged = JudgedVCenter(
      findings: findings, needs: Needs(terminates: true, dryRun: false), now: Self.now)
    for line in judged.lines {
      // What is not ok, or only nearly, says what to do.
      #expect((line.mend == nil) == (line.result == .ok), "\(line)")
      #expect(line.subject == .vcenter(VCenterID("lab")))
    }
    return Dictionary(judged.lines.map { ($0.check, $0) }, uniquingKeysWith: { first, _ in first })
  }

  @Test("All well: one ok for each check")
  func well() {
    let lines = lines()
    #expect(lines.count == 4 && lines.values.allSatisfy { $0.result == .ok })
    #expect(lines[.certificate]?.found == "trusted by ca_file /ca.pem; valid until 2026-12-20 (90 days)")
    #expect(lines[.release]?.found == "vCenter 8.0.3, build 24022515, API 8.0.3.0; spoken to as 8.0.3.0")
    #expect(lines[.login]?.found == "svc@vsphere.local was accepted; one session serves REST and VI JSON")
  }

  @Test(
    "A certificate: how it is trusted and how long",
    arguments: [
      (.system, 30, .ok), (.system, 29, .warning), (.system, 0, .notOK), (.system, -3, .notOK),
      (.authorities(file: "/x"), 1, .warning), (.fingerprint, 31, .ok), (.fingerprint, 2, .warning),
      // Its dates are not looked at where it is named itself.
      (.fingerprint, -3, .warning),
    ] as [(VCenterFindings.Trusted, Int64, CheckLine.Result)])
  func certificate(trusted: VCenterFindings.Trusted, days: Int64, result: CheckLine.Result) {
    let line = lines {
      $0.trusted = trusted
      $0.certificate = .success(ShownCertificate(fingerprint: "ab", validUntil: Self.now + days * Self.day))
    }[.certificate]
    #expect(line?.result == result, "\(line as Any)")
  }

  @Test("A certificate that is not the right one, and none at all")
  func untrusted() {
    for (trusted, mend) in [
      (.fingerprint, "fingerprint_sha256"), (.authorities(file: "/x"), "ca_file"), (.system, "ca_file"),
    ] as [(VCenterFindings.Trusted, String)] {
      let found = lines {
        $0.trusted = trusted
        $0.greeting = .failure(Fault(.untrusted, code: "NIOSSLError", detail: "bad\u{1B}[2J"))
        $0.login = .notTried(.noAnswer)
      }
      #expect(found[.certificate]?.result == .notOK && found[.certificate]?.mend?.contains(mend) == true)
      #expect(found[.release]?.result == .notOK && found[.login]?.result == .notOK)
      #expect(found.values.allSatisfy { !$0.found.contains("\u{1B}") })
    }
    let http = lines {
      $0.trusted = .nothing
      $0.certificate = nil
    }
    #expect(http[.certificate]?.result == .ok)
    let down = lines {
      $0.certificate = .failure(Fault(.unreachable, code: "errno 111"))
      $0.greeting = .failure(Fault(.unreachable, code: "errno 111"))
      $0.login = .notTried(.noAnswer)
    }
    #expect(down[.certificate]?.result == .notOK && down[.release]?.mend?.contains("DNS") == true)
  }

  @Test("A release without VI JSON is watched and says so")
  func old() {
    let found = lines {
      $0.greeting = .success(Greeting(release: nil, hasHello: false))
      $0.login = .accepted(SessionShape(isShared: false, hasVIJSON: false))
    }
    #expect(found[.release]?.result == .warning && found[.login]?.found.contains("REST alone") == true)
    let two = lines { $0.login = .accepted(SessionShape(isShared: false, hasVIJSON: true)) }
    #expect(two[.login]?.result == .ok && two[.login]?.found.contains("before 8.0 U3") == true)
  }

  @Test(
    "A login that is not accepted, for each reason",
    arguments: [
      (.failed(Fault(.loginRefused, code: "InvalidLogin")), .notOK, "vCenter refused our login"),
      (.failed(Fault(.notPermitted, code: "NoPermission")), .notOK, "lacks a privilege"),
      (.failed(Fault(.unreachable, code: "x")), .notOK, "no connection"),
      (.notTried(.noAnswer), .notOK, "did not answer"),
      (.notTried(.refused("said", byDaemon: true)), .notOK, "not tried here: said"),
      (.notTried(.refused("said", byDaemon: false)), .notOK, "svc@vsphere.local: said"),
      (.notTried(.refusedElsewhere(VCenterID("west"))), .notOK, "vCenter west refused it"),
      (.notTried(.noPassword), .warning, "credential"), (.notTried(.interrupted), .notOK, "interrupted"),
    ] as [(VCenterFindings.Login, CheckLine.Result, String)])
  func login(login: VCenterFindings.Login, result: CheckLine.Result, says: String) {
    let line = lines { $0.login = login }[.login]
    #expect(line?.result == result && line?.found.contains(says) == true, "\(line as Any)")
  }

  @Test(
    "The clock: how far it is off",
    arguments: [
      (0, .ok), (2, .ok), (-5, .ok), (6, .warning), (-30, .warning), (31, .notOK), (-86_400, .notOK), (nil, .warning),
    ] as [(Int64?, CheckLine.Result)])
  func clock(ahead: Int64?, result: CheckLine.Result) {
    let line = lines { $0.ahead = ahead }[.clock]
    #expect(line?.result == result, "\(line as Any)")
    if let ahead, abs(ahead) > 2 {
      #expect(line?.found.contains(ahead > 0 ? "ahead of ours" : "behind ours") == true)
    }
  }
}
