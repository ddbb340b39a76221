import RuleFiles

/// The text of a first configuration: one vCenter, one guest login, one rule that only reports.
struct StarterFiles: Hashable, Sendable {
  /// Where they are to be; absolute.
  var directory: String
  var url: String
  var userName: String
  var caFile: String?
  /// 64 hex digits.
  var fingerprint: String?
  var guestUserName: String
  /// The VM that was looked into: its id, and what it is called.
  var moid: String
  var vmName: String
  /// A GLOB on process names.
  var processes: String

  var vcenterPassword: String { "\(directory)/vcenter.password" }
  var guestPassword: String { "\(directory)/guest.password" }
  var mainPath: String { "\(directory)/guestwatchd.toml" }
  var rulePath: String { "\(directory)/rules.d/10-first.toml" }

  var main: String {
    var trust: [String] = []
    if let caFile { trust = ["ca_file = \(tomlText(caFile))"] }
    if let fingerprint {
      trust = [
        "# The certificate that was shown when this was written. Where it is replaced, enter the new one beside it.",
        "fingerprint_sha256 = \(tomlText(fingerprint))",
      ]
    }
    let lines =
      [
        "# Written by guestwatchd init. After a change: guestwatchd check, then systemctl reload guestwatchd.", "",
        "[daemon]", "# Nothing is terminated until this is false; what would be is reported.", "dry_run = true",
        "every = \"5m\"", "", "[[vcenter]]", "name = \"vcenter\"", "url = \(tomlText(url))",
        "username = \(tomlText(userName))", "password = { file = \(tomlText(vcenterPassword)) }",
      ] + trust + [
        "", "[[guest_login]]", "name = \"guest\"", "username = \(tomlText(guestUserName))",
        "password = { file = \(tomlText(guestPassword)) }",
      ]
    return lines.joined(separator: "\n") + "\n"
  }

  var rule: String {
    let lines = [
      "# A first rule: it reports what has been running for a day, and terminates nothing. `guestwatchd explain` says what it",
      "# sees, `guestwatchd history --would` what it would have killed.", "[[rule]]", "name = \"running-for-a-day\"",
      "guest_login = \"guest\"", "# \(comment(vmName))", "scope = { ids = [\(tomlText(moid))] }",
      "match = { name = \(tomlText(processes)) }", "max_age = \"1d\"", "action = \"report\"",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  /// A name of a VM is anybody's text.
  private func comment(_ text: String) -> String { String(tomlText(text).dropFirst().dropLast()) }
}
