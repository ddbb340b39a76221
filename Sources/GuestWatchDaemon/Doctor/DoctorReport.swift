import GuestWatchCore
import Ledger
import RuleFiles
import Systemd
import VSphere

/// All that `doctor` found, judged: the lines for a person, or one JSON object.
public struct DoctorReport: Sendable {
  /// Unix nanoseconds.
  private let at: Int64
  private let heard: Heard
  private let loaded: LoadedConfiguration
  private(set) var lines: [CheckLine]
  private(set) var facts: [(vcenter: VCenterID, seen: [SeenFact])] = []
  /// What vCenter says of the boot of VMs.
  private var boots: [ScopedVM: Int64] = [:]

  init(at: Int64, heard: Heard, loaded: LoadedConfiguration) {
    self.at = at
    self.heard = heard
    self.loaded = loaded
    lines = JudgedDaemon(heard: heard, filesHash: loaded.configuration.digests?.files).lines
  }

  mutating func take(_ findings: VCenterFindings) {
    let needs = Needs(loaded.configuration, findings.id)
    let coverage = heard.coverage(of: findings.id)
    lines += JudgedVCenter(findings: findings, needs: needs, now: at / 1_000_000_000).lines
    lines.append(
      JudgedRights(
        id: findings.id, account: findings.account, needs: needs, vms: coverage.vms, rights: findings.rights
      ).line)
    lines.append(JudgedCoverage(id: findings.id, coverage: coverage).line)
    if !findings.facts.isEmpty { facts.append((findings.id, findings.facts)) }
    guard case .success(let rights)? = findings.rights else { return }
    let places = Dictionary(coverage.vms.map { ($0.moid, $0) }, uniquingKeysWith: { first, _ in first })
    for vm in rights.vms { if let place = places[vm.moid], let boot = vm.bootTime { boots[place] = boot } }
  }

  /// With those of the guests, which are judged by what the vCenters said.
  var all: [CheckLine] {
    lines
      + heard.guests.flatMap { findings in
        var findings = findings
        if case .listed(var listing) = findings.outcome, let vm = findings.place.vm {
          listing.bootTime = boots[vm]
          findings.outcome = .listed(listing)
        }
        return JudgedGuest(findings: findings).lines
      }
  }

  /// Nothing is `not ok`.
  public var isOK: Bool { !all.contains { $0.result == .notOK } }

  // MARK: - For a person

  /// - Parameter width: columns of the terminal; lines are no shorter than 60.
  public func text(width: Int) -> [String] {
    let width = min(max(width, 60), 200)
    var text: [String] = []
    var subject: CheckLine.Subject?
    for line in all {
      if line.subject != subject {
        if let title = title(of: line.subject) {
          if !text.isEmpty { text.append("") }
          text += wrapped(title, width: width)
        }
        subject = line.subject
      }
      let mark = line.result.rawValue + String(repeating: " ", count: 8 - line.result.rawValue.utf8.count)
      text += hanging("  \(mark) ", "\(line.check.rawValue): \(clean(line.found))", width)
      if let mend = line.mend { text += hanging("           ", "mend: \(clean(mend))", width) }
    }
    for (vcenter, seen) in facts {
      text += ["", "what documentation leaves open, at vCenter \(bare(vcenter.name))"]
      for fact in seen {
        text += hanging("  ", "\(fact.fact.sentence): \(fact.result.rawValue) (\(clean(fact.seen)))", width)
      }
    }
    let marks = all.map(\.result)
    text.append("")
    text.append(
      "\(marks.count { $0 == .ok }) ok, \(counted(marks.count { $0 == .warning }, "warning")), "
        + "\(marks.count { $0 == .notOK }) not ok")
    return text
  }

  private func title(of subject: CheckLine.Subject) -> String? {
    switch subject {
    case .daemon: "guestwatchd \(version)"
    case .vcenter(let id):
      "vCenter \(bare(id.name))"
        + (loaded.vcenters.first { $0.id == id }.map { " (\($0.scheme.rawValue)://\(bare($0.host)):\($0.port))" } ?? "")
    case .guest(let place):
      "\(place.family.words) guests, login \(bare(place.login.name))\(place.vm.map { ", looked at \($0.words)" } ?? "")"
    }
  }

  /// Whoever made the sentence has escaped what is in it; nothing is lost where it is done twice.
  private func clean(_ text: String) -> String { shown(text, cap: 4096) }

  /// A text behind a head, its further lines below its first.
  private func hanging(_ head: String, _ text: String, _ width: Int) -> [String] {
    let indent = head.utf8.count
    let lines = wrapped(text, width: width - indent)
    return lines.enumerated().map { place, line in
      (place == 0 ? head : String(repeating: " ", count: indent)) + line
    }
  }

  // MARK: - For a program

  public var json: String {
    let checks = all.map { line -> String in
      var (vcenter, place): (VCenterID?, GuestPlace?)
      switch line.subject {
      case .daemon: break
      case .vcenter(let id): vcenter = id
      case .guest(let guest): (vcenter, place) = (guest.vm?.vcenter, guest)
      }
      return jsonObject([
        ("check", jsonString(line.check.rawValue)), ("result", jsonString(line.result.rawValue)),
        ("found", jsonString(line.found)), ("mend", text(line.mend)), ("vcenter", text(vcenter?.name)),
        ("family", text(place?.family.rawValue)), ("guest_login", text(place?.login.name)),
        ("vm", text(place?.vm?.moid)), ("vm_name", text(place?.vm?.name)),
      ])
    }
    let open = facts.flatMap { vcenter, seen in
      seen.map { fact in
        jsonObject([
          ("fact", jsonString(fact.fact.rawValue)), ("vcenter", jsonString(vcenter.name)),
          ("says", jsonString(fact.fact.sentence)), ("here", jsonString(fact.result.rawValue)),
          ("seen", jsonString(fact.seen)),
        ])
      }
    }
    return jsonObject([
      ("is", jsonString("doctor")), ("version", jsonString(version)), ("at", jsonTime(at)),
      ("daemon", heard.isRunning ? "true" : "false"), ("ok", isOK ? "true" : "false"),
      ("checks", "[" + checks.joined(separator: ",") + "]"), ("facts", "[" + open.joined(separator: ",") + "]"),
    ])
  }

  private func text(_ text: String?) -> String { text.map(jsonString) ?? "null" }
}

extension Needs {
  init(_ configuration: Configuration, _ id: VCenterID) {
    self.init(
      terminates: configuration.rules.contains {
        $0.action == .terminate && ($0.vcenters.map { $0.contains(id) } ?? true)
      }, dryRun: configuration.dryRun)
  }
}
