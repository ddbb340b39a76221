import GuestWatchCore

/// What one check of `doctor` found, in words that hold nothing of a guest or a vCenter as it came.
struct CheckLine: Hashable, Sendable {
  enum Check: String, Hashable, Sendable, CaseIterable {
    case daemon, certificate, release, login, clock, privileges, coverage
    case guestReady = "guest-ready"
    case guestLogin = "guest-login"
    case guestListing = "guest-listing"
    case guestStarts = "guest-starts"
    case guestOwners = "guest-owners"
  }

  enum Result: String, Hashable, Sendable {
    case ok, warning
    case notOK = "not ok"
  }

  /// What it is about; nil: the daemon.
  enum Subject: Hashable, Sendable {
    case daemon
    case vcenter(VCenterID)
    case guest(GuestPlace)
  }

  var subject: Subject
  var check: Check
  var result: Result
  var found: String
  /// What to do about it, in a sentence; nil only where it is ok.
  var mend: String?

  static func ok(_ subject: Subject, _ check: Check, _ found: String) -> CheckLine {
    CheckLine(subject: subject, check: check, result: .ok, found: found)
  }

  static func warning(_ subject: Subject, _ check: Check, _ found: String, mend: String) -> CheckLine {
    CheckLine(subject: subject, check: check, result: .warning, found: found, mend: mend)
  }

  static func notOK(_ subject: Subject, _ check: Check, _ found: String, mend: String) -> CheckLine {
    CheckLine(subject: subject, check: check, result: .notOK, found: found, mend: mend)
  }
}

/// Guests that are looked at through one of them: those of one family, with one login.
struct GuestPlace: Hashable, Sendable {
  enum Family: String, Hashable, Sendable, CaseIterable {
    case linux, windows, other

    init(_ family: GuestFamily) {
      switch family {
      case .linux: self = .linux
      case .windows: self = .windows
      case .other, .unknown: self = .other
      }
    }

    var words: String {
      switch self {
      case .linux: "Linux"
      case .windows: "Windows"
      case .other: "Other"
      }
    }
  }

  var family: Family
  var login: LoginID
  /// The one that stands for them; nil: none can be looked at.
  var vm: ScopedVM?
}

/// A VM that rules reach.
struct ScopedVM: Hashable, Sendable {
  var vcenter: VCenterID
  var moid: String
  var name: String

  var words: String { "\(bare(name)) (\(bare(moid)) of \(bare(vcenter.name)))" }
}

/// `2,431`.
func grouped(_ number: Int) -> String {
  var text = ""
  for (place, digit) in String(number).reversed().enumerated() {
    if place > 0, place % 3 == 0, digit != "-" { text.append(",") }
    text.append(digit)
  }
  return String(text.reversed())
}
