import GuestWatchCore
import RuleFiles
import Systemd
import VSphere

/// From what was found to lines: certificate, release, login and clock of one vCenter. Pure.
struct JudgedVCenter {
  let findings: VCenterFindings
  let needs: Needs
  /// Seconds since 1970.
  let now: Int64

  /// Certificates are renewed by people, who need a while.
  static let certificateDays: Int64 = 30
  /// Beyond this the daemon does not trust any clock (design.md, section 3).
  static let clockLimit: Int64 = 30
  /// Ages of seconds are off by this much.
  static let clockNotice: Int64 = 5

  private var subject: CheckLine.Subject { .vcenter(findings.id) }
  private var entry: String { "[[vcenter]] \(bare(findings.id.name))" }

  var lines: [CheckLine] { [certificate, release, login, clock] }

  // MARK: certificate

  private var certificate: CheckLine {
    if case .failure(let fault) = findings.greeting, fault.kind == .untrusted {
      return .notOK(subject, .certificate, words(fault), mend: untrustedMend)
    }
    switch findings.certificate {
    case nil: return .ok(subject, .certificate, "no TLS: http, to this machine itself")
    case .failure(let fault):
      return .notOK(subject, .certificate, "none was shown: \(words(fault))", mend: connectionMend)
    case .success(let shown): return expiry(shown)
    }
  }

  private func expiry(_ shown: ShownCertificate) -> CheckLine {
    let days = (shown.validUntil - now) / 86_400
    let until = String(timestamp(shown.validUntil).prefix(10))
    let renew =
      findings.trusted == .fingerprint
      ? "renew it, and enter the new one beside the old: fingerprint_sha256 takes a list" : "renew it before that day"
    if shown.validUntil <= now {
      let found = "\(trustedBy), but it was valid until \(until) only"
      // Where the certificate itself is named, its dates are not looked at.
      return findings.trusted == .fingerprint
        ? .warning(subject, .certificate, found, mend: renew)
        : .notOK(subject, .certificate, found, mend: "renew it")
    }
    let found = "\(trustedBy); valid until \(until) (\(counted(Int(clamping: days), "day")))"
    return days < Self.certificateDays
      ? .warning(subject, .certificate, found, mend: renew) : .ok(subject, .certificate, found)
  }

  private var trustedBy: String {
    guard case .success = findings.greeting else { return "not checked to the end, for vCenter did not answer" }
    return switch findings.trusted {
    case .nothing: "not checked"
    case .fingerprint: "trusted by its fingerprint"
    case .authorities(let file): "trusted by ca_file \(shown(file))"
    case .system: "trusted by the system's authorities"
    }
  }

  private var untrustedMend: String {
    switch findings.trusted {
    case .nothing: "write https:// in url of \(entry)"
    case .fingerprint:
      "compare it on vCenter itself (openssl x509 -fingerprint -sha256) and enter the right one as fingerprint_sha256 "
        + "of \(entry)"
    case .authorities:
      "have ca_file of \(entry) hold the certificate of who signed it, and url the name that stands in it"
    case .system: "name who signed it in ca_file of \(entry), or the certificate itself in fingerprint_sha256"
    }
  }

  private var connectionMend: String {
    "check url of \(entry), its name in DNS, and the way from this machine to it"
  }

  // MARK: release

  private var release: CheckLine {
    switch findings.greeting {
    case .failure(let fault):
      let mend: String
      switch fault.kind {
      case .untrusted: mend = "mend its certificate first"
      case .badRequest: mend = "correct url of \(entry)"
      case .guestLoginRefused, .guestLoginTrouble, .guestDenied, .vmGone, .wrongState, .toolsUnavailable, .unsupported,
        .busy, .notPermitted, .sessionLost, .loginRefused, .noSession, .unreachable, .unanswered, .transient,
        .badAnswer, .overCap,
        .unknown, .noCredential:
        mend = connectionMend + "; see whether its services run"
      }
      return .notOK(subject, .release, "it does not say what it is: \(words(fault))", mend: mend)
    case .success(let greeting):
      guard let release = greeting.release else {
        return .warning(
          subject, .release, "no VI JSON (before 8.0 U1): VMs are watched, and nothing can be terminated",
          mend: "upgrade it to 8.0 U1 or later, or let its rules only report")
      }
      return .ok(
        subject, .release,
        "vCenter \(bare(greeting.version)), build \(bare(greeting.build)), API \(bare(greeting.apiVersion)); spoken to as "
          + bare(release))
    }
  }

  // MARK: login

  private var login: CheckLine {
    let account = bare(findings.account)
    switch findings.login {
    case .accepted(let session):
      let sessions =
        !session.hasVIJSON
        ? "a session of REST alone"
        : session.isShared
          ? "one session serves REST and VI JSON" : "REST and VI JSON need a session each (before 8.0 U3)"
      return .ok(subject, .login, "\(account) was accepted; \(sessions)")
    case .failed(let fault):
      let mend =
        fault.kind == .loginRefused
        ? refusedMend : fault.kind == .notPermitted ? "give \(account) a role on the VMs" : "see its release above"
      return .notOK(subject, .login, "\(account): \(words(fault))", mend: mend)
    case .notTried(let why): return notTried(account, why)
    }
  }

  private func notTried(_ account: String, _ why: VCenterFindings.NotTried) -> CheckLine {
    switch why {
    case .noAnswer:
      .notOK(subject, .login, "\(account) was not tried: vCenter did not answer", mend: "mend that first")
    case .refused(let said, let byDaemon):
      .notOK(
        subject, .login,
        byDaemon ? "\(account) was refused to the running daemon and not tried here: \(said)" : "\(account): \(said)",
        mend: refusedMend)
    case .refusedElsewhere(let other):
      .notOK(
        subject, .login, "\(account) was not tried: vCenter \(bare(other.name)) refused it with the same password",
        mend: refusedMend)
    case .noPassword:
      .warning(
        subject, .login, "\(account) was not tried: its password is a credential that is not to be seen here",
        mend: "run it as root with CREDENTIALS_DIRECTORY=/run/credentials/guestwatchd.service")
    case .interrupted: .notOK(subject, .login, "interrupted", mend: "run it again")
    }
  }

  private var refusedMend: String {
    "check username and password of \(entry), and at vCenter whether the account is locked; each try counts there"
  }

  // MARK: clock

  private var clock: CheckLine {
    guard case .success = findings.greeting else {
      return .warning(subject, .clock, "not known: vCenter did not answer", mend: "mend that first")
    }
    guard let ahead = findings.ahead else {
      return .warning(
        subject, .clock, "its answers have no Date, so that nothing proves our clock",
        mend: "see that this machine's clock is set (timedatectl)")
    }
    let off = abs(ahead)
    if off <= 2 { return .ok(subject, .clock, "its clock and ours agree") }
    let found = "its clock is \(words(.seconds(off))) \(ahead > 0 ? "ahead of" : "behind") ours"
    if off <= Self.clockNotice { return .ok(subject, .clock, found) }
    let mend = "set both clocks by NTP"
    if off <= Self.clockLimit { return .warning(subject, .clock, found, mend: mend) }
    return .notOK(
      subject, .clock, "\(found): ages by start time count nothing, and not_during holds",
      mend: mend)
  }
}
