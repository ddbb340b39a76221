/// A `[[rule]]`, as text.
struct RuleText: Sendable {
  var name: String
  var match: String
  var limits: String
  var action = "terminate"
  /// The keys of `scope`.
  var scope: String

  init(
    _ name: String, match: String, _ limits: String, action: String = "terminate",
    scope: String = #"ids = ["vm-101", "vm-102", "vm-103"]"#
  ) {
    self.name = name
    self.match = match
    self.limits = limits
    self.action = action
    self.scope = scope
  }

  var text: String {
    """
    [[rule]]
    name = "\(name)"
    guest_login = "linux"
    scope = { \(scope) }
    match = { \(match) }
    \(limits)
    action = "\(action)"

    """
  }
}

/// The daemon's configuration, as far as tests vary it.
struct Settings: Sendable {
  var rules: [RuleText]
  /// More keys of `[daemon]`.
  var daemon = ""
  var kills = 50
  var perVM = 10
  /// The window of both.
  var within = "1h"
  /// The body of `[protect]`.
  var protect = "owners = [\"postgres\"]"
  var guestPassword = Secrets.guest
  /// What the guest's secret is: `password` or `saml_token`.
  var guestKey = "password"
  var vcenterPassword = Secrets.vcenter
  /// Passwords come from `$CREDENTIALS_DIRECTORY`, not from files by their path.
  var credentials = false
  /// More keys of `[[vcenter]]`.
  var vcenter = ""
  /// `[[notify]]`, and what else belongs at the end of the main file.
  var notify = ""
  /// Another authority than that of the simulator, as a file.
  var authority: String?
  /// Another host than that of the simulator's URL.
  var host: String?
  /// Where metrics are written.
  var textfile: String?

  init(_ rules: RuleText...) { self.rules = rules }

  func main(url: String, authority: String) -> String {
    let from = credentials ? "credential" : "file"
    let url = host.map { url.replacing("localhost", with: $0) } ?? url
    return """
      [daemon]
      every = "1s"
      \(daemon)
      [budget]
      kills = \(kills)
      per_vm = \(perVM)
      within = "\(within)"
      [protect]
      \(protect)
      [[vcenter]]
      name = "sim"
      url = "\(url)"
      username = "svc-guestwatch@vsphere.local"
      password = { \(from) = "vcenter.password" }
      \(vcenter)
      ca_file = "\(self.authority ?? authority)"
      [[guest_login]]
      name = "linux"
      username = "watch"
      \(guestKey) = { \(from) = "guest.password" }
      \(textfile.map { "[metrics]\ntextfile = \"\($0)\"\n" } ?? "")
      \(notify)

      """
  }
}
