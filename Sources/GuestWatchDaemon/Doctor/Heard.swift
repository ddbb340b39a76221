import Glibc
import GuestWatchCore
import Ledger
import RuleFiles
import VSphere

/// What a daemon answered to `doctor`: the one that runs, or one that the command is itself.
public struct Heard: Sendable {
  /// One VM and a login that rules look at it with.
  struct Reached: Hashable, Sendable {
    var vm: VMKey
    var place: ScopedVM
    var login: LoginID
    var family: GuestPlace.Family
    /// One of the rules that do.
    var rule: RuleID?
  }

  /// A daemon runs.
  var isRunning = false
  var configHash: String?
  /// A load of newer files was refused.
  var hasRefusedFiles = false
  var ledgerFails = false
  var clockTrusted = true
  /// What each vCenter's login was refused with, in words.
  var refused: [VCenterID: String] = [:]
  /// Those of the daemon's configuration.
  var known: Set<VCenterID> = []
  /// Those that answer.
  var up: Set<VCenterID> = []
  /// Why others cannot be asked, in words.
  var down: [VCenterID: String] = [:]
  /// Guest logins that are used nowhere.
  var stopped: Set<LoginID> = []
  /// Reason by VM.
  var unwatched: [ScopedVM: String] = [:]
  /// VMs of which nobody knows who they are: no rule looks at them.
  var nameless: [ScopedVM] = []
  var reached: [Reached] = []
  /// Why there are no VMs; nil: they were asked for and said.
  var silence: String?
  var guests: [GuestFindings] = []

  public init() {}

  /// Takes the lines of `status`.
  mutating func takeStatus(_ lines: [String]) {
    for line in lines {
      guard let object = try? JSONReader.read(Array(line.utf8)) else { continue }
      switch object["is"].string {
      case "daemon":
        configHash = object["config_hash"].string
        hasRefusedFiles = object["refused"].string != nil
        ledgerFails = object["ledger_failing"].bool == true
        clockTrusted = object["clock_trusted"].bool != false
      case "vcenter":
        let id = VCenterID(object["vcenter"].string ?? "")
        known.insert(id)
        let error = object["error"].string
        if object["login_refused"].bool == true { refused[id] = error ?? "refused" }
        if object["up"].bool == true { up.insert(id) }
        if let error { down[id] = error }
      case "login":
        if object["stopped"].bool == true { stopped.insert(LoginID(object["guest_login"].string ?? "")) }
      case "unwatched":
        guard let place = Self.place(object) else { continue }
        // What vCenter or the guest answered may differ from VM to VM; the reason is what is counted.
        unwatched[place] = object["reason"].string ?? "?"
      default: break
      }
    }
  }

  /// Takes the lines of `vms`.
  mutating func takeVMs(_ lines: [String]) {
    for line in lines {
      guard let object = try? JSONReader.read(Array(line.utf8)), let place = Self.place(object) else { continue }
      if object["is"].string == "unwatched" {
        nameless.append(place)
        unwatched[place] = object["reason"].string ?? "?"
      } else if let reached = ReachedLine(object) {
        let family = object["family"].string.flatMap { GuestFamily(rawValue: $0) } ?? .unknown
        self.reached.append(
          Reached(
            vm: reached.vm, place: place, login: reached.login, family: GuestPlace.Family(family),
            rule: object["rules"].array?.first?.string.map { RuleID($0) }))
      }
    }
  }

  private static func place(_ object: JSON) -> ScopedVM? {
    guard let vcenter = object["vcenter"].string, let moid = object["vm"].string else { return nil }
    return ScopedVM(vcenter: VCenterID(vcenter), moid: moid, name: object["vm_name"].string ?? moid)
  }

  /// The VMs in scope at one vCenter, each once.
  func coverage(of id: VCenterID) -> Coverage {
    if let down = down[id] { return Coverage(unknown: "the vCenter cannot be asked (\(down))") }
    guard known.contains(id) else { return Coverage(unknown: silence ?? "nobody asked the vCenter for its VMs") }
    if let silence, reached.isEmpty { return Coverage(unknown: silence) }
    var coverage = Coverage()
    var seen: Set<String> = []
    for place in reached.map(\.place) + nameless where place.vcenter == id && seen.insert(place.moid).inserted {
      coverage.vms.append(place)
      coverage.unwatched[place.moid] = unwatched[place]
    }
    return coverage
  }
}

extension Examiner {
  /// The configuration of the daemon that answered `status`, where it is another than this one; nil: it is this one.
  public func otherConfiguration(_ status: [String], than path: String) -> String? {
    for line in status where line.starts(with: #"{"is":"daemon""#) {
      guard let object = try? JSONReader.read(Array(line.utf8)), let other = object["configuration"].string else {
        continue
      }
      let isSame = object["config_hash"].string.map(jsonString) == jsonDigest(loaded.configuration.digests?.files)
      return isSame || Self.absolute(other) == Self.absolute(path) ? nil : bare(other)
    }
    return nil
  }

  private static func absolute(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }
}
